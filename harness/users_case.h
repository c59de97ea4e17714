/* The case language for users and their rights. Cases get it by harness/case.h. */
#ifndef HARNESS_USERS_CASE_H
#define HARNESS_USERS_CASE_H

#include <stdbool.h>

#include "harness/users.h"
#include "harness/wire/wire.h"

struct peer;
struct test;

/* In a case with .of_users: whom the target's file speaks of. Every CONNECT that does not say .as somebody else
 * is of some_user, who may do everything. Without one of the kind the run is `inapplicable`.
 */
const struct user *some_user(struct test *t);
const struct user *other_user(struct test *t);            /* who is let in, too */
const struct user *refused_user(struct test *t);          /* who is not, with the right password */
struct user with_wrong_password(const struct user *user); /* the same one but for that */
bool has_no_strangers(const struct test *t);              /* nobody is let in without a name */

/* A user with a topic that it may use and another one that it may not. `of_server`: the latter begins with $. */
struct bounds {
	const struct user *user;
	const char *may, *may_not;
};

struct bounds bounded_user(struct test *t, enum right right, bool of_server);

/* The method of enhanced authentication that the target's file names, and whose exchange goes with it (5.0). */
const char *auth_method(struct test *t);
const struct user *auth_user(struct test *t);

/* Authentication Data of the client, the first of an exchange, or the next after what the server said. */
struct said {
	struct bytes data;
	bool done;   /* the server has proved that it knows the password, too */
	bool broken; /* what it said does not belong there, or proves nothing */
};

struct said auth_begin(struct peer *peer, const struct user *user);
struct said auth_next(struct peer *peer, struct bytes heard);

#endif
