/* Verbs about WebSocket: its handshake, and its frames. */
#include <string.h>

#include "harness/peers/web.h"
#include "harness/test.h"

struct upgrade ask_upgrade_at(
	struct place at, struct test *t, const char *name, struct ws_request request)
{
	struct upgrade u = { .peer = peer_new(t, name) };
	const char *error;

	t->setting_up++;
	if (!peer_upgrade(u.peer, &request, &u.answer, &error))
		test_fail(t, at, "a connection", error);
	t->setting_up--;
	return u;
}

const char *upgrade_text(const struct upgrade *u)
{
	struct arena *a = u->peer->test->arena;

	if (!u->answer.status)
		return arena_printf(a, "no answer: %s", u->answer.fault);
	if (!u->answer.protocol)
		return arena_printf(a, "%u, without a subprotocol", u->answer.status);
	return arena_printf(
		a, "%u, with the subprotocol \"%s\"", u->answer.status, u->answer.protocol);
}

void frame_as_at(struct place at, struct peer *p, struct framing framing)
{
	(void)at;
	peer_frame_as(p, &framing);
}

void send_ping_frame_at(struct place at, struct peer *p, const char *text)
{
	(void)at;
	peer_ping(p, text);
}

void send_close_frame_at(struct place at, struct peer *p, unsigned code)
{
	(void)at;
	peer_end(p, code);
}

void expect_pong_at(struct place at, struct peer *p, const char *text)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape), until_us = test_answer_deadline_us(t);
	const struct websocket_heard *heard = peer_heard(p);
	bool in_time = true;

	while (!heard->pongs && !p->ended && in_time)
		in_time = test_pump(t, until_us);
	if (!heard->pongs)
		test_fail(t, at, "a Pong", peer_situation(p, since_us));
	if (heard->pong_size != strlen(text) || memcmp(heard->pong, text, heard->pong_size) != 0)
		test_fail(t, at, arena_printf(t->arena, "a Pong with \"%s\"", text),
			arena_printf(t->arena, "a Pong with \"%.*s\"", heard->pong_size,
				(const char *)heard->pong));
}

bool has_close_frame(struct peer *p)
{
	return p->test->play->transport->has_path && peer_heard(p)->close;
}
