/* What a client under test is: which versions it speaks, by its agent's word or by its own CONNECT. */
#include "harness/agent/client.h"

#include <string.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/agent/contract.h"
#include "harness/transport/transport.h"
#include "harness/versions.h"

enum { CONNECT_BYTES = 4096 /* of a CONNECT, as far as its level is of interest */ };

struct probing {
	struct arena *arena;
	struct agent agent;
	struct agent_place place;
	struct listener *listener;
	struct pipe *connection;
	bool closed; /* it has ended its connection */
	int64_t deadline_us;
	const char **error;
};

static bool give_up(struct probing *p, const char *sentence)
{
	const char *last = tail_cause(&p->agent.tail, p->arena);

	*p->error =
		arena_printf(p->arena, "%s%s%s", sentence, *last ? "; its last words: " : "", last);
	return false;
}

/* Waits for anything from the client; false when the time is up. */
static bool wait_a_turn(struct probing *p)
{
	struct pollfd fds[AGENT_POLLED + 2];
	int64_t left_ms = (p->deadline_us - clock_now_us() + 999) / 1000;

	if (left_ms <= 0)
		return false;
	agent_poll(&p->agent, fds);
	fds[AGENT_POLLED] = (struct pollfd){ .fd = p->listener->fd, .events = POLLIN };
	fds[AGENT_POLLED + 1] =
		(struct pollfd){ .fd = p->connection ? p->connection->fd : -1, .events = POLLIN };
	poll(fds, AGENT_POLLED + 2, (int)left_ms);
	agent_turn(&p->agent);
	return true;
}

/* One that cannot be completed does not count: the client may try again. */
static struct pipe *accept_next(struct probing *p)
{
	const char *error;

	return listener_accept(p->arena, p->listener, p->deadline_us, &error);
}

static bool start(struct probing *p, const struct client *client, enum mqtt_version version)
{
	const char *error;

	p->listener = transport_listen(p->arena, client->transport, client->tls, &error);
	if (!p->listener)
		return give_up(p, error);
	p->place = agent_place(p->arena, client, p->listener, version);
	return agent_start(&p->agent, p->arena, client, &p->place, p->error);
}

static void finish(struct probing *p)
{
	if (p->connection)
		pipe_close(p->connection);
	listener_close(p->listener);
	agent_stop(&p->agent);
}

/* ---- an agent ------------------------------------------------------------------------------ */

static bool await_hello(struct probing *p, struct client_facts *out)
{
	const char *line, *error;
	struct hello hello;
	struct told told;
	size_t len;

	while (!(line = agent_line(&p->agent, &len))) {
		if (p->agent.ended)
			return give_up(p,
				"the agent ended before it said hello, as an agent does first of "
				"all "
				"(AGENT.md); a program without an agent is judged with --exec");
		if (!wait_a_turn(p))
			return give_up(p, "the agent did not say hello in time");
	}
	if (!contract_event(p->arena, line, len, &told, &hello, &error))
		return give_up(p,
			arena_printf(
				p->arena, "the first line of the agent is no hello: %s", error));
	if (told.kind != TOLD_HELLO)
		return give_up(p, "the first line of the agent is no hello");
	*out = (struct client_facts){
		.name = hello.name,
		.version = hello.version,
		.versions = hello.versions,
		.transports = hello.transports,
		.preload = hello.preload,
	};
	return true;
}

/* Whether the agent says that the client has no way to connect without Keep Alive. One that says nothing
 * in time may be slow; the cases will show.
 */
static bool needs_keep_alive(struct probing *p, const struct client_facts *facts)
{
	const struct connect off = { 0 };
	const char *line, *error;
	struct hello hello;
	struct told told;
	size_t len;

	p->place.version = spec_version_name(version_at(facts->versions & V50));
	agent_tell(&p->agent, contract_connect(p->arena, 1, &p->place, "mqttspecprobe", &off));
	for (;;) {
		p->connection = accept_next(p);
		if (p->connection)
			return false;
		line = agent_line(&p->agent, &len);
		if (!line && (p->agent.ended || !wait_a_turn(p)))
			return false;
		if (line && contract_event(p->arena, line, len, &told, &hello, &error) &&
			told.command == 1)
			return told.kind == TOLD_UNSUPPORTED && strstr(told.text, "keep_alive");
	}
}

/* ---- a plain command line ------------------------------------------------------------------ */

/* The level of the CONNECT that it sends: 0 when none comes in time, or ever, since the command has ended. */
static unsigned await_level(struct probing *p, enum mqtt_version version)
{
	uint8_t data[CONNECT_BYTES];
	size_t len = 0;

	for (;;) {
		struct packet packet;
		bool ended = p->agent.ended; /* what it has sent by then is there */
		if (!p->connection)
			p->connection = accept_next(p);
		ssize_t n = p->connection ? pipe_read(p->connection, data + len, sizeof(data) - len)
					  : PIPE_AGAIN;
		if (n > 0)
			len += (size_t)n;
		struct wire_result r = wire_parse(
			p->arena, version, data, len, WIRE_REMAINING_LENGTH_MAX, &packet);
		if (r.status == WIRE_PACKET && packet.type == CONNECT)
			return packet.level;
		p->closed = n == PIPE_END || n == PIPE_RESET;
		bool over = r.status != WIRE_NEED_MORE || p->closed || len == sizeof(data);
		if (over || (n == PIPE_AGAIN && (ended || !wait_a_turn(p))))
			return 0;
	}
}

/* What to say of a command that sent no CONNECT. */
static bool give_up_plain(struct probing *p)
{
	int status = p->agent.status;

	if (p->closed)
		return give_up(p, "the command line closed its connection without a CONNECT");
	if (p->connection && p->agent.ended)
		return give_up(p, "the command line ended without a CONNECT on its connection");
	if (!p->agent.ended)
		return give_up(p, "the command line sent no CONNECT in time");
	if (WIFSIGNALED(status))
		return give_up(p,
			arena_printf(p->arena,
				"the command line died of signal %d (%s) and never connected",
				WTERMSIG(status), strsignal(WTERMSIG(status))));
	return give_up(p,
		arena_printf(p->arena, "the command line ended with status %d and never connected",
			WEXITSTATUS(status)));
}

static bool probe_plain(struct arena *a, const struct client *client, unsigned versions,
	int64_t answer_us, struct client_facts *out, const char **error)
{
	bool connected = false;

	*out = (struct client_facts){ .name = "", .version = "" };
	for (int i = 0; i < VERSION_COUNT; i++) {
		enum mqtt_version version = version_at(i);
		if (!(versions & version_bit(version)))
			continue;
		struct probing p = { .arena = a, .agent.program = PROGRAM_NONE, .error = error };
		p.deadline_us = clock_now_us() + CLIENT_START_ANSWERS * answer_us;
		bool ok = start(&p, client, version);
		unsigned level = ok ? await_level(&p, version) : 0;
		if (ok && !level)
			give_up_plain(&p);
		connected |= level != 0;
		if (level == (unsigned)version)
			out->versions |= i ? V50 : V311;
		finish(&p);
	}
	return connected;
}

bool client_hello(struct arena *a, const struct client *client, int64_t answer_us,
	struct client_facts *out, const char **error)
{
	struct client over_tcp = *client;
	struct probing p = { .arena = a, .agent.program = PROGRAM_NONE, .error = error };

	over_tcp.transport = transports[0];
	p.deadline_us = clock_now_us() + CLIENT_START_ANSWERS * answer_us;
	bool ok = start(&p, &over_tcp, MQTT_50) && await_hello(&p, out);
	finish(&p);
	return ok;
}

bool client_probe(struct arena *a, const struct client *client, unsigned versions,
	int64_t answer_us, struct client_facts *out, const char **error)
{
	if (!client->agent)
		return probe_plain(a, client, versions, answer_us, out, error);
	return client_hello(a, client, answer_us, out, error);
}

bool client_needs_keep_alive(struct arena *a, const struct client *client,
	const struct client_facts *facts, const struct transport *transport, int64_t answer_us)
{
	const char *error;
	struct client over = *client;
	struct client_facts again;
	struct probing p = { .arena = a, .agent.program = PROGRAM_NONE, .error = &error };

	over.transport = transport;
	p.deadline_us = clock_now_us() + CLIENT_START_ANSWERS * answer_us;
	bool ok = start(&p, &over, MQTT_50) && await_hello(&p, &again);
	p.deadline_us = clock_now_us() + answer_us;
	ok = ok && needs_keep_alive(&p, facts);
	finish(&p);
	return ok;
}
