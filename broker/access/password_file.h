/* Changing a password_file or a scram_file. Everybody else's lines, and what is a comment, stay as they are. */
#ifndef BROKER_ACCESS_PASSWORD_FILE_H
#define BROKER_ACCESS_PASSWORD_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* NULL, or why nobody can have this name. */
const char *user_name_lack(const char *name);

/* Gives the user these entries, one "NAME:ENTRY" a line, in the place of those that were there; without any, takes
 * the user out. The file is replaced as a whole, or is as it was;
 * one that is missing is made, for the owner alone. False, with a sentence in the arena, if that cannot be done.
 */
bool password_file_change(struct arena *a, const char *path, const char *user,
	const char *const *entries, size_t count, const char **error);

#endif
