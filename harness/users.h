/* Whom a target knows, and what each of them may do there: what its file says in [users] and [access].
 * Plain data, borrowed from the file.
 */
#ifndef HARNESS_USERS_H
#define HARNESS_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/wire/wire.h"

enum right { TO_PUBLISH, TO_SUBSCRIBE, TO_RECEIVE, RIGHT_COUNT };

struct user {
	const char *name;     /* NULL: it gives none */
	const char *password; /* NULL: it gives none ... */
	struct bytes secret;  /* ... unless it has these bytes, which need not be text */
	bool refused;         /* is not let in, whatever it says */
	/* Topics as cases write them, NULL after the last; each stands for those below it, too. NULL: none are
	 * named.
	 */
	const char *const *may[RIGHT_COUNT];
	const char *const *may_not[RIGHT_COUNT];
};

struct users {
	const struct user *list; /* the first one may do everything */
	size_t count;
	bool no_strangers;            /* a CONNECT without a user name is refused */
	const char *method;           /* of enhanced authentication, and who has it; NULL: none */
	const struct user *by_method; /* one of the list */
	const char *lack;             /* with no users: why, as a sentence */
};

#endif
