/* Changing a password file. Everybody else's line, and what is a comment, stays as it is. */
#ifndef BROKER_ACCESS_PASSWORD_FILE_H
#define BROKER_ACCESS_PASSWORD_FILE_H

#include <stdbool.h>

struct arena;
struct password;

/* NULL, or why nobody can have this name. */
const char *user_name_lack(const char *name);

/* Adds the user, or replaces the password; NULL takes the user out. The file is replaced as a whole, or is as it was;
 * one that is missing is made, for the owner alone. False, with a sentence in the arena, if that cannot be done.
 */
bool password_file_change(struct arena *a, const char *path, const char *user,
	const struct password *password, const char **error);

#endif
