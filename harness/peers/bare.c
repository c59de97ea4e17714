#include "harness/peers/bare.h"

#include "harness/test.h"

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
