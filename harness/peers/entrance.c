#include "harness/peers/entrance.h"

#include <string.h>

#include "base/clock.h"
#include "harness/test.h"

bool entrance_show(struct test *t, const struct tls_files *files, const char **error)
{
	struct tls *tls = tls_new_listening(t->arena, files, error);

	if (!tls)
		return false;
	/* Connections that are still there have those before. */
	t->shown = arena_grow(
		t->arena, t->shown, t->shown_count, &t->shown_capacity, sizeof(struct tls *));
	t->shown[t->shown_count++] = tls;
	t->listener->tls = tls;
	return true;
}

void entrance_close(struct test *t)
{
	while (t->shown_count)
		tls_free(t->shown[--t->shown_count]);
}

/* ---- connections --------------------------------------------------------------------------- */

static struct pipe *accept_whole(
	struct test *t, int64_t deadline_us, void *user, const char **error)
{
	(void)user;
	return listener_accept(t->arena, t->listener, deadline_us, error);
}

struct peer *entrance_whole(struct test *t, int64_t until_us, const char **fault)
{
	return peer_accept_by(t, "server", until_us, accept_whole, NULL, fault);
}

static struct pipe *accept_lowest(
	struct test *t, int64_t deadline_us, void *user, const char **error)
{
	const struct transport *lowest = t->listener->transport;

	(void)user;
	while (lowest->below)
		lowest = lowest->below;
	struct pipe *pipe = lowest->accept(t->arena, t->listener, deadline_us, error);
	if (pipe)
		pipe_await(pipe, POLLIN, deadline_us);
	return pipe;
}

struct peer *entrance_bare(struct test *t, int64_t until_us)
{
	const char *fault;
	struct peer *p = peer_accept_by(t, "server", until_us, accept_lowest, NULL, &fault);

	if (p)
		p->reading = READS_FOR_NOBODY;
	return p;
}

/* ---- WebSockets ---------------------------------------------------------------------------- */

static struct pipe *accept_request(
	struct test *t, int64_t deadline_us, void *asked, const char **error)
{
	return ws_hear(t->arena, t->listener, deadline_us, asked, error);
}

struct peer *entrance_asked(
	struct test *t, int64_t until_us, struct ws_asked *asked, const char **fault)
{
	struct peer *p = peer_accept_by(t, "server", until_us, accept_request, asked, fault);

	if (p)
		p->reading = READS_FOR_NOBODY;
	return p;
}

void entrance_reply(struct peer *p, const struct ws_asked *asked, const struct ws_reply *reply)
{
	struct test *t = p->test;
	const char *head = reply->head ? reply->head : ws_reply_usual;

	p->last_begun_us = tape_now_us(&t->tape);
	struct pipe *pipe =
		ws_reply(t->arena, p->pipe, asked, reply, clock_now_us() + test_answer_wait_us(t));
	p->last_sent_us = tape_now_us(&t->tape);
	test_remark(t, p, "answers \"%.*s\"", (int)strcspn(head, "\n"), head);
	if (!pipe) {
		p->ended = ENDED_RESET;
		p->ended_us = p->last_sent_us;
		p->closed = true;
		return;
	}
	p->reading = READS;
	p->pipe = pipe;
}
