/* A client under fuzz. */
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "fuzz/agency.h"
#include "fuzz/site.h"
#include "harness/transport/transport.h"
#include "harness/wire/wire.h"
#include "record/record.h"

enum {
	ACCEPT_US = 2000000 /* with its handshakes */,
	ASK_STEP_US = 1500000,
	POLL_MS = 10,
	IN_MAX = 4096,
	LOG_LIMIT_BYTES = 64 * 1024 * 1024
};

static enum opened open_connection(
	void *user, struct arena *a, struct pipe **pipe, const char **error)
{
	const struct site *s = user;

	*pipe = listener_accept(a, s->agency->listener, clock_now_us() + ACCEPT_US, error);
	return *pipe ? OPENED : OPENED_LATER;
}

static void tell(void *user, enum mqtt_version version, const char *what)
{
	const struct site *s = user;

	(void)version; /* it is the same for all connections of a process */
	agency_tell(s->agency, what);
}

/* What it has said on stderr since the last look. */
static void hear_complaints(struct site *s)
{
	struct agency *g = s->agency;
	const struct tail *t = &g->agent.tail;

	if (t->total - g->heard > TAIL_BYTES)
		g->heard = t->total - TAIL_BYTES;
	for (; g->heard < t->total; g->heard++) {
		const char *c = &t->ring[g->heard % TAIL_BYTES];
		complaints_hear(&s->complaints, c, 1);
		if (s->log && s->logged++ < LOG_LIMIT_BYTES)
			putc(*c, s->log);
	}
}

static void look(struct site *s)
{
	struct agent *agent = &s->agency->agent;

	agency_turn(s->agency);
	hear_complaints(s);
	if (!agent->ended)
		return;
	agency_turn(s->agency);
	hear_complaints(s);
	site_note_death(s,
		&(struct record_death){
			.signal = WIFSIGNALED(agent->status) ? WTERMSIG(agent->status) : 0,
			.exit_code = WIFEXITED(agent->status) ? WEXITSTATUS(agent->status) : 0,
		});
}

/* ---- the next connection --------------------------------------------------------------------- */

static void wait_a_moment(const struct site *s, const struct pipe *pipe)
{
	struct pollfd fds[AGENT_POLLED + 2];

	agent_poll(&s->agency->agent, fds);
	fds[AGENT_POLLED] = (struct pollfd){ .fd = s->agency->listener->fd, .events = POLLIN };
	fds[AGENT_POLLED + 1] = (struct pollfd){ .fd = pipe ? pipe->fd : -1, .events = POLLIN };
	poll(fds, AGENT_POLLED + 2, POLL_MS);
}

static bool is_in_time(struct site *s, int64_t deadline_us)
{
	look(s);
	return !s->dead && clock_now_us() < deadline_us;
}

/* A connection that nobody took. */
static void turn_away(struct site *s, struct arena *a)
{
	struct pollfd waiting = { .fd = s->agency->listener->fd, .events = POLLIN };
	const char *error;

	if (poll(&waiting, 1, 0) <= 0)
		return;
	struct pipe *pipe =
		listener_accept(a, s->agency->listener, clock_now_us() + ACCEPT_US, &error);
	if (pipe)
		pipe_close(pipe);
}

/* What there was before is over: the client knows it, or is told to end it. */
static bool is_settled(struct site *s, struct arena *a, int64_t deadline_us)
{
	struct agency *g = s->agency;

	if (g->connected && !g->disconnecting)
		agency_tell(g, "disconnect");
	while (g->connecting || g->disconnecting || g->connected) {
		if (!is_in_time(s, deadline_us))
			return false;
		turn_away(s, a);
		wait_a_moment(s, NULL);
	}
	return true;
}

static struct pipe *await_client(struct site *s, struct arena *a, int64_t deadline_us)
{
	struct pipe *pipe = NULL;
	const char *error;

	while (is_in_time(s, deadline_us)) {
		pipe = listener_accept(a, s->agency->listener, clock_now_us() + ACCEPT_US, &error);
		if (pipe)
			return pipe;
		wait_a_moment(s, NULL);
	}
	return NULL;
}

/* A whole CONNECT came, and CONNACK is what the client reports. */
static bool is_greeted(struct site *s, struct arena *a, struct pipe *pipe, int64_t deadline_us)
{
	bool is_50 = s->agency->version == MQTT_50;
	const struct bytes connack =
		is_50 ? BYTES("\x20\x03\x00\x00\x00") : BYTES("\x20\x02\x00\x00");
	uint8_t in[IN_MAX];
	size_t len = 0;
	struct packet p;

	while (wire_parse(a, s->agency->version, in, len, IN_MAX, &p).status == WIRE_NEED_MORE) {
		ssize_t n = pipe_read(pipe, in + len, IN_MAX - len);
		if (n > 0)
			len += (size_t)n;
		else if (n != PIPE_AGAIN || !is_in_time(s, deadline_us))
			return false;
		else
			wait_a_moment(s, pipe);
	}
	if (pipe_write(pipe, connack.data, connack.len) != (ssize_t)connack.len)
		return false;
	while (!s->agency->connected) {
		if (!s->agency->connecting || !is_in_time(s, deadline_us))
			return false;
		wait_a_moment(s, pipe);
	}
	return true;
}

static bool answers(struct site *s, bool *gone)
{
	int64_t deadline_us = clock_now_us() + ASK_STEP_US;
	struct arena a;
	bool ok = false;

	*gone = false;
	arena_init(&a);
	if (is_settled(s, &a, deadline_us)) {
		agency_tell(s->agency, "connect");
		struct pipe *pipe = await_client(s, &a, deadline_us);
		ok = pipe && is_greeted(s, &a, pipe, deadline_us);
		if (pipe)
			pipe_close(pipe);
		ok = ok && is_settled(s, &a, deadline_us);
	}
	arena_fini(&a);
	return ok;
}

/* ---- as a site ------------------------------------------------------------------------------- */

/* Leaks, say, are told only at the end. */
static void retire(struct site *s)
{
	agency_stop(s->agency);
	hear_complaints(s);
}

static bool renew(struct site *s)
{
	retire(s);
	return agency_launch(s->agency, &s->error);
}

static pid_t group(const struct site *s)
{
	return s->agency->agent.program.pid;
}

static size_t poll_for(const struct site *s, struct pollfd *fds, size_t count, size_t max)
{
	if (count + AGENT_POLLED + 1 > max)
		return count;
	agent_poll(&s->agency->agent, fds + count);
	count += AGENT_POLLED;
	fds[count++] = (struct pollfd){ .fd = s->agency->listener->fd, .events = POLLIN };
	return count;
}

void site_init_client(struct site *s, struct agency *agency)
{
	static const struct site_ops ops = { look, answers, renew, retire, group, poll_for };

	*s = (struct site){
		.ops = &ops,
		.stop_fd = -1,
		.ask_us = SITE_ASK_US,
		.agency = agency,
		.launched = true,
		.versions = agency->version == MQTT_50 ? V50 : V311,
		.host = { .ours = SIDE_SERVER, .user = s, .open = open_connection, .tell = tell },
	};
}
