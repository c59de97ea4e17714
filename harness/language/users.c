/* The users of the target's file, as cases ask for them. */
#include <string.h>

#include "harness/peers/scram.h"
#include "harness/test.h"

static const char where[] = "docs/TARGETS.md, Users and rights";

static const struct users *users_of(const struct test *t)
{
	return t->play->target->users;
}

static void lack(struct test *t, const char *what) __attribute__((noreturn));

static void lack(struct test *t, const char *what)
{
	test_end(t, AT("the users of the target"), VERDICT_INAPPLICABLE,
		arena_printf(t->arena, "the target's file names %s: see %s", what, where));
}

void test_need_users(struct test *t)
{
	const struct users *u = users_of(t);

	if (u && u->lack)
		test_end(t, AT("the users of the target"), VERDICT_INAPPLICABLE, u->lack);
	if (!u || !u->count)
		lack(t, "no [users]");
}

const struct user *some_user(struct test *t)
{
	test_need_users(t);
	return &users_of(t)->list[0];
}

static const struct user *find(struct test *t, bool refused)
{
	const struct users *u = users_of(t);

	test_need_users(t);
	for (size_t i = 1; i < u->count; i++)
		if (u->list[i].refused == refused)
			return &u->list[i];
	return NULL;
}

const struct user *other_user(struct test *t)
{
	const struct user *found = find(t, false);

	if (!found)
		lack(t, "only one user who is let in");
	return found;
}

struct user with_wrong_password(const struct user *user)
{
	struct user wrong = *user;

	wrong.password = "mqttspec: not the password"; /* nobody's, so no secret */
	return wrong;
}

const struct user *refused_user(struct test *t)
{
	const struct user *found = find(t, true);

	if (!found)
		lack(t, "no user who is `refused`");
	return found;
}

bool has_no_strangers(const struct test *t)
{
	const struct users *u = users_of(t);

	return u && u->no_strangers;
}

/* The first that begins with $, or does not; NULL: none does. */
static const char *pick(const char *const *topics, bool of_server)
{
	for (; topics && *topics; topics++)
		if ((**topics == '$') == of_server)
			return *topics;
	return NULL;
}

struct bounds bounded_user(struct test *t, enum right right, bool of_server)
{
	static const char *const verbs[RIGHT_COUNT] = {
		[TO_PUBLISH] = "publish",
		[TO_SUBSCRIBE] = "subscribe",
		[TO_RECEIVE] = "receive",
	};
	const struct users *u = users_of(t);

	test_need_users(t);
	for (size_t i = 1; i < u->count; i++) {
		const struct user *one = &u->list[i];
		struct bounds b = { one, pick(one->may[right], false),
			pick(one->may_not[right], of_server) };
		if (!one->refused && b.may && b.may_not)
			return b;
	}
	lack(t,
		arena_printf(t->arena, "nobody with both `%s` and `no_%s`%s in [access]",
			verbs[right], verbs[right], of_server ? ", the latter on a $ topic," : ""));
}

/* ---- enhanced authentication --------------------------------------------------------------- */

const char *auth_method(struct test *t)
{
	test_need_users(t);
	if (!users_of(t)->method)
		lack(t, "no method of enhanced authentication ([auth])");
	return users_of(t)->method;
}

const struct user *auth_user(struct test *t)
{
	auth_method(t);
	return users_of(t)->by_method;
}

struct said auth_begin(struct peer *p, const struct user *user)
{
	struct test *t = p->test;

	scram_free(p->scram);
	p->scram = scram_new(auth_method(t), user);
	if (!p->scram)
		test_end(t, AT("auth_begin(peer, user)"), VERDICT_ERROR,
			"libgsasl does not begin an exchange");
	return auth_next(p, (struct bytes){ 0 });
}

struct said auth_next(struct peer *p, struct bytes heard)
{
	struct said said = { 0 };
	enum scram_status status = scram_step(p->scram, p->test->arena, heard, &said.data);

	said.done = status == SCRAM_DONE;
	said.broken = status == SCRAM_BROKEN;
	return said;
}
