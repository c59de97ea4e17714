/* The users of a scram_file: one "NAME:ENTRY" a line, see scram_key.h; a user may have a line for each method. */
#ifndef BROKER_ACCESS_SCRAM_USERS_H
#define BROKER_ACCESS_SCRAM_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "broker/access/scram_key.h"

struct arena;
struct scram_users;

/* To be cleared before the arena goes, which has the names. NULL, with a sentence that names file and line, if any of it is
 * wrong. scram_users_parse changes the text.
 */
struct scram_users *scram_users_read(struct arena *a, const char *path, const char **error);
struct scram_users *scram_users_parse(
	struct arena *a, const char *name, char *text, size_t len, const char **error);

/* Whether anybody can use it. */
bool scram_users_know(const struct scram_users *u, enum scram_method method);

/* A name that is unknown gets a key that nobody has the password for, and whose challenge looks like that of
 * the first user: always the same, also after a restart, until the file changes. False without memory.
 */
bool scram_users_find(const struct scram_users *u, enum scram_method method, const char *name,
	struct scram_key *key);

/* Wipes the keys. NULL is fine. */
void scram_users_clear(struct scram_users *u);

#endif
