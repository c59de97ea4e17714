#include "harness/peers/web.h"

#include "harness/test.h"

struct asking {
	const struct ws_request *request;
	struct ws_answer *answer;
	const char *error; /* there is nothing to ask */
};

static struct pipe *ask(struct peer *p, int64_t deadline_us, void *user, const char **error)
{
	struct test *t = p->test;
	struct asking *asking = user;
	struct ws_answer *answer = asking->answer;
	struct pipe *pipe;

	if (!ws_try(t->arena, test_target(t), asking->request, deadline_us, answer, &pipe,
		    &asking->error))
		*error = asking->error;
	else if (answer->fault)
		*error = answer->fault;
	else if (!pipe)
		*error = arena_printf(t->arena, "the request for a WebSocket is answered with %u",
			answer->status);
	return pipe;
}

bool peer_upgrade(struct peer *p, const struct ws_request *request, struct ws_answer *answer,
	const char **error)
{
	struct asking asking = { .request = request, .answer = answer };
	const char *why;

	peer_dial_by(p, ask, &asking, &why);
	*error = asking.error;
	return !asking.error;
}

void peer_frame_as(struct peer *p, const struct framing *framing)
{
	peer_flush(p);
	websocket_frame_as(p->pipe, framing);
}

static bool may_send(struct peer *p)
{
	peer_flush(p);
	p->last_begun_us = tape_now_us(&p->test->tape);
	return !p->closed && !p->ended;
}

static void note_frame(struct peer *p, bool sent, const char *name)
{
	p->last_sent_us = tape_now_us(&p->test->tape);
	if (sent)
		test_remark(p->test, p, "sends a %s frame", name);
	else
		peer_drain(p);
}

void peer_ping(struct peer *p, const char *text)
{
	if (may_send(p))
		note_frame(p, websocket_ping(p->pipe, text), "Ping");
}

void peer_end(struct peer *p, unsigned code)
{
	if (may_send(p))
		note_frame(p, websocket_end(p->pipe, code), "Close");
}

const struct websocket_heard *peer_heard(const struct peer *p)
{
	return websocket_heard(p->pipe);
}
