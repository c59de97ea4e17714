#include "harness/peers/bare.h"

#include "harness/test.h"
#include "harness/transport/endpoint.h"
#include "harness/transport/tls_context.h"
#include "harness/transport/transport.h"

static struct pipe *dial_lowest(struct peer *p, int64_t deadline_us, void *user, const char **error)
{
	(void)user;
	return endpoint_dial_bare(p->test->arena, test_target(p->test), deadline_us, error);
}

bool peer_dial_bare(struct peer *p, const char **error)
{
	p->reading = READS_FOR_NOBODY;
	return peer_dial_by(p, dial_lowest, NULL, error);
}

static struct pipe *dial_tls(struct peer *p, int64_t deadline_us, void *user, const char **error)
{
	const struct peer_tls *how = user;
	struct arena *a = p->test->arena;
	struct endpoint to = *test_target(p->test);
	struct tls_files files = to.tls->files;

	if (how->shows) {
		files.cert =
			how->name ? arena_printf(a, "%s/%s.pem", how->folder, how->name) : NULL;
		files.key = how->name ? arena_printf(a, "%s/%s.key", how->folder, how->name) : NULL;
	}
	files.version = how->version;
	p->tls = tls_new_dialling(a, &files, error);
	if (!p->tls)
		test_end(p->test, AT("a TLS handshake"), VERDICT_ERROR, *error);
	to.tls = p->tls;
	return endpoint_dial(a, &to, deadline_us, error);
}

bool peer_dial_tls(struct peer *p, const struct peer_tls *how, const char **error)
{
	return peer_dial_by(p, dial_tls, (void *)(uintptr_t)how, error);
}

int peer_was_notified(const struct peer *p)
{
	return p->ended && p->pipe ? pipe_was_notified(p->pipe) : -1;
}

void peer_disturb(struct peer *p)
{
	static const char no_record[] = "This is no record of TLS.";

	peer_flush(p);
	if (p->closed || p->ended)
		return;
	p->last_begun_us = tape_now_us(&p->test->tape);
	if (!pipe_disturb(p->pipe, no_record, sizeof(no_record)))
		peer_drain(p);
	p->last_sent_us = tape_now_us(&p->test->tape);
	test_remark(p->test, p, "sends bytes that are no record of TLS");
}

void peer_cut(struct peer *p)
{
	peer_flush(p);
	if (p->closed || p->ended)
		return;
	p->last_begun_us = tape_now_us(&p->test->tape);
	pipe_cut(p->pipe);
	p->last_sent_us = tape_now_us(&p->test->tape);
	test_remark(p->test, p, "ends its side of the connection without close_notify");
}
