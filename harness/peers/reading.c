/* How a peer reads when it does not read everything at once: nothing, a little, or only to find the
 * end.
 */
#include <poll.h>

#include "harness/test.h"

void stop_reading_at(struct place at, struct peer *p)
{
	(void)at;
	if (!is_open(p))
		return;
	p->reading = READS_NOTHING;
	pipe_narrow(p->pipe);
	tape_add(&p->test->tape, TAPE_SHUT, p->party, (struct bytes){ 0 }, NULL);
}

void read_some_at(struct place at, struct peer *p, size_t bytes)
{
	enum reading before = p->reading;
	size_t until = p->bytes_in + bytes;

	(void)at;
	if (!is_open(p))
		return;
	struct pollfd fd = { .fd = p->pipe->fd, .events = POLLIN };
	p->reading = READS;
	while (is_open(p) && p->bytes_in < until && (pipe_pending(p->pipe) || poll(&fd, 1, 0) > 0))
		peer_receive(p);
	p->reading = before;
}

static void read_again(struct peer *p, enum reading how, const char *remark)
{
	if (!is_open(p))
		return;
	p->reading = how;
	tape_add(&p->test->tape, TAPE_OPENED, p->party, (struct bytes){ 0 }, remark);
}

void read_on_at(struct place at, struct peer *p)
{
	(void)at;
	read_again(p, READS, "reads on");
}

void read_to_end_at(struct place at, struct peer *p)
{
	(void)at;
	read_again(p, READS_FOR_NOBODY, "reads on, and throws away what comes");
}

void off_the_record_at(struct place at, struct peer *p)
{
	(void)at;
	if (p->party->off_the_record)
		return;
	test_remark(p->test, p, "its messages are left out from here on");
	p->party->off_the_record = true;
}

size_t bytes_read(struct peer *peer)
{
	return peer->bytes_in;
}
