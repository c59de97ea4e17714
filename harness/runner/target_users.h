/* [users], [access] and [auth] of a target's file: whom the target knows, what they may do, and how else than by a
 * password they can prove who they are.
 */
#ifndef HARNESS_TARGET_USERS_H
#define HARNESS_TARGET_USERS_H

#include <stdbool.h>

#include "harness/users.h"

struct arena;
struct ini_setting;

/* Under way; all zero at first. */
struct target_users {
	struct user *list;
	size_t count, capacity;
	bool no_strangers, has_strangers;
	const char *const *urls; /* NULL after the last; NULL: none are given */
	int line;                /* of [users]; 0: there is none */
	bool has_refused;        /* of the last user */
	const char *method;      /* of [auth], and whose name and password go with it; NULL: none */
	const char *by_method;
	int auth_line;           /* of [auth]; 0: there is none */
	struct user *privileged; /* of [access]: whom the lines are about; NULL: nobody yet */
};

/* One line of [users], or of [access]. `folder` is that of the file, for password_file. NULL: it is fine;
 * else what is wrong with it, as a sentence in the arena that shows no secret.
 */
const char *target_users_read(
	struct arena *a, struct target_users *u, const char *folder, const struct ini_setting *s);
const char *target_users_read_access(
	struct arena *a, struct target_users *u, const struct ini_setting *s);

const char *target_users_read_auth(
	struct arena *a, struct target_users *u, const struct ini_setting *s);

/* What no single line can say; NULL: nothing is wrong. */
const char *target_users_missing(const struct target_users *u);

/* In the arena. */
struct users *target_users_all(struct arena *a, const struct target_users *u);

#endif
