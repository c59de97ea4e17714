/* Verbs about TLS, and what is below it. */
#include "harness/peers/bare.h"
#include "harness/test.h"

struct peer *dial_bare_at(struct place at, struct test *t, const char *name)
{
	struct peer *p = peer_new(t, name);
	const char *error;

	t->setting_up++;
	if (!peer_dial_bare(p, &error))
		test_fail(t, at, "a connection", error);
	t->setting_up--;
	return p;
}

struct peer *expect_connection_at(struct place at, struct test *t, const char *name)
{
	struct peer *p = peer_new(t, name);
	const char *error;

	if (!peer_dial(p, &error))
		test_fail(t, at, "a connection", error);
	return p;
}

void disturb_at(struct place at, struct peer *p)
{
	(void)at;
	peer_disturb(p);
}

void cut_at(struct place at, struct peer *p)
{
	(void)at;
	peer_cut(p);
}
