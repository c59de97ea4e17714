/* Verbs about TLS, and what is below it. */
#include <unistd.h>

#include "harness/peers/bare.h"
#include "harness/test.h"
#include "harness/transport/endpoint.h"

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

/* ---- certificates -------------------------------------------------------------------------- */

void test_need_certificates(struct test *t)
{
	const struct certificates *c = t->play->target->certificates;

	if (!c || c->lack)
		test_end(t, AT("the certificates of the target"), VERDICT_INAPPLICABLE,
			c ? c->lack : "the target has no [certificates]");
}

/* "client-expired", if there is such a file; else the run ends. */
static const char *file_of(struct test *t, const struct certificates *c, enum certificate which)
{
	const char *word = certificate_word(which);
	const char *name = word ? arena_printf(t->arena, "client-%s", word) : "client";
	const char *path = arena_printf(t->arena, "%s/%s.pem", c->folder, name);

	if (access(path, R_OK))
		test_end(t, AT("the certificates of the target"), VERDICT_INAPPLICABLE,
			arena_printf(t->arena, "there is no %s", path));
	return name;
}

struct peer *dial_showing_at(
	struct place at, struct test *t, const char *name, enum certificate certificate)
{
	const struct certificates *c = t->play->target->certificates;
	struct peer_tls how = { .folder = c->folder, .shows = true };
	const char *error;

	(void)at;
	if (certificate && !c->refused[certificate])
		test_end(t, at, VERDICT_INAPPLICABLE,
			arena_printf(t->arena,
				"the target's [certificates] do not say that it refuses those that "
				"are "
				"`%s`",
				certificate_word(certificate)));
	if (certificate != CERTIFICATE_MISSING)
		how.name = file_of(t, c, certificate);
	struct peer *p = peer_new(t, name);
	peer_dial_tls(p, &how, &error);
	return p;
}

/* ---- versions and ends --------------------------------------------------------------------- */

struct peer *dial_version_at(
	struct place at, struct test *t, const char *name, enum tls_version version)
{
	struct peer *p = peer_new(t, name);
	const char *error;

	(void)at;
	peer_dial_tls(p, &(struct peer_tls){ .version = (int)version }, &error);
	return p;
}

int has_close_notify(const struct peer *p)
{
	return peer_was_notified(p);
}
