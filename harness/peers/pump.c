/* Every wait goes through here: all connections are read at once, so that each event carries the time at
 * which it came.
 */
#include <poll.h>

#include "harness/test.h"

/* A wait this long is one for a clock, or for something that does not come: what is at work on either side
 * is quicker.
 */
enum { WORKING_US = 25000 };

static bool is_readable(const struct peer *p)
{
	return p->pipe && !p->closed && !p->ended;
}

/* Something to read that no poll tells of. */
static bool has_pending(const struct peer *p)
{
	return p->reading != READS_NOTHING && pipe_pending(p->pipe);
}

/* The client that is judged: what its agent says, and the connections that it opens. Returns the number
 * of descriptors.
 */
static nfds_t add_client(const struct test *t, struct pollfd *fds)
{
	if (!t->agent)
		return 0;
	agent_poll(t->agent, fds);
	fds[AGENT_POLLED] =
		(struct pollfd){ .fd = t->accepting ? t->listener->fd : -1, .events = POLLIN };
	return AGENT_POLLED + 1;
}

/* A target that is slow or floods keeps a case run from its end, and is no fault of the suite. */
static void check_bounds(struct test *t)
{
	if (t->play->limit_us && tape_now_us(&t->tape) >= t->play->limit_us + test_paced_us(t))
		test_end(t, AT("the time of the case run"), VERDICT_INCONCLUSIVE,
			arena_printf(t->arena, "it was not over after %.0f s: the target is slow",
				(double)t->play->limit_us / 1e6));
	if (t->packets_in >= PACKETS_MAX || t->bytes_in >= RECEIVED_MAX)
		test_end(t, AT("the target's packets"), VERDICT_INCONCLUSIVE,
			arena_printf(t->arena, "the target floods: %zu packets, %zu kB in %.1f s",
				t->packets_in, t->bytes_in / 1000,
				(double)tape_now_us(&t->tape) / 1e6));
}

/* Polls all open peers, `writer` for room to write too, and the client that is judged; true if anything
 * came.
 */
bool test_poll(struct test *t, const struct peer *writer, int64_t until_us)
{
	struct pollfd fds[PEERS_MAX + AGENT_POLLED + 2];
	struct peer *of[PEERS_MAX];
	nfds_t n = 0, all;
	bool pending = false;

	for (size_t i = 0; i < t->peer_count; i++) {
		struct peer *p = t->peers[i];
		if (!is_readable(p))
			continue;
		fds[n] = (struct pollfd){ .fd = p->pipe->fd,
			.events = p->reading == READS_NOTHING ? POLLRDHUP : POLLIN };
		if (p == writer)
			fds[n].events |= POLLOUT;
		of[n++] = p;
		pending |= has_pending(p);
	}
	int64_t left_us = until_us - tape_now_us(&t->tape);
	struct timespec wait = { .tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000 };
	if (left_us <= 0 || pending)
		wait = (struct timespec){ 0 };
	all = n + add_client(t, fds + n);
	bool any = false;
	fds[all] = (struct pollfd){ .fd = lateness_fd(&t->lateness), .events = POLLIN };
	lateness_turn(&t->lateness);
	int ready = ppoll(fds, all + 1, &wait, NULL);
	lateness_turn(&t->lateness);
	check_bounds(t);
	if (ready <= 0 && !pending)
		return false;
	for (nfds_t i = 0; i < n; i++) {
		if (fds[i].revents & ~POLLOUT || has_pending(of[i])) {
			if (of[i]->reading == READS_NOTHING)
				peer_drain(of[i]);
			else
				peer_receive(of[i]);
			any = true;
		}
	}
	for (nfds_t i = n; i < all; i++)
		any |= fds[i].revents != 0;
	if (t->agent)
		client_listen(t);
	return any;
}

static void tell_waits(struct test *t, bool waits)
{
	if (t->waits == waits || !t->play->waits)
		return;
	t->waits = waits;
	t->play->waits(t->play->waits_user, waits);
}

/* An agent that has not said hello yet is at work, loading what it needs. */
static bool may_wait(const struct test *t)
{
	return t->play->waits && (!t->agent || t->agent->plain || t->hearing_count);
}

/* Until a wait that began then is a long one. */
static int64_t waiting_slice_us(const struct test *t, int64_t since_us, int64_t until_us)
{
	bool short_yet = may_wait(t) && !t->waits && since_us + WORKING_US < until_us;

	return short_yet ? since_us + WORKING_US : until_us;
}

bool test_pump(struct test *t, int64_t until_us)
{
	int64_t since_us = tape_now_us(&t->tape);
	bool any = false;

	test_flush(t);
	do {
		keeping_turn(t);
		int64_t now_us = tape_now_us(&t->tape);
		if (may_wait(t) && now_us >= since_us + WORKING_US)
			tell_waits(t, true);
		int64_t slice_us = lateness_slice_us(&t->lateness, now_us, until_us);
		slice_us = waiting_slice_us(t, since_us, slice_us);
		any = test_poll(t, NULL, keeping_slice_us(t, slice_us));
	} while (!any && tape_now_us(&t->tape) < until_us);
	tell_waits(t, false);
	return tape_now_us(&t->tape) < until_us;
}

void test_read_ready(struct test *t)
{
	int64_t until_us = tape_now_us(&t->tape) + t->play->answer_us;

	test_flush(t);
	while (test_poll(t, NULL, 0) && tape_now_us(&t->tape) < until_us)
		;
}
