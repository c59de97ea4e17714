#include "check/check.h"

#include <stdlib.h>
#include <string.h>

enum {
	MQTT_PORT = 1883, /* registered with IANA */
	SERVERS_MAX = 256,
	SESSION_BYTES = 64 * 1024 * 1024,
};

/* Where CONNECT was seen: other connections to it are of MQTT, too. */
struct server {
	bool ipv6;
	struct flow_end end;
};

struct check {
	const struct check_options *options;
	struct check_listener listener;
	void *to;
	struct judge judge;
	struct scope scope;
	bool begun; /* a packet has come */
	struct flows *flows;
	struct server servers[SERVERS_MAX];
	size_t server_count;
	struct check_count count;
};

/* ---- servers ------------------------------------------------------------------------------- */

static bool is_known_server(const struct check *c, const struct flow *flow)
{
	const struct flow_end *end = &flow->ends[FLOW_FROM_ACCEPTOR];

	if (end->port == MQTT_PORT)
		return true;
	for (size_t i = 0; i < c->options->port_count; i++)
		if (c->options->ports[i] == end->port)
			return true;
	for (size_t i = 0; i < c->server_count; i++)
		if (c->servers[i].ipv6 == flow->ipv6 &&
			!memcmp(&c->servers[i].end, end, sizeof(*end)))
			return true;
	return false;
}

static void remember_server(struct check *c, const struct flow *flow)
{
	if (c->server_count == SERVERS_MAX || is_known_server(c, flow))
		return;
	c->servers[c->server_count++] =
		(struct server){ flow->ipv6, flow->ends[FLOW_FROM_ACCEPTOR] };
}

/* ---- flows --------------------------------------------------------------------------------- */

static void on_begun(void *to, struct flow *flow)
{
	struct check *c = to;

	flow->judge = connection_new(&c->judge, flow, is_known_server(c, flow));
}

static void on_bytes(void *to, struct flow *flow, enum flow_from from, const uint8_t *data,
	size_t size, const struct moment *moment)
{
	struct check *c = to;
	struct connection *connection = flow->judge;

	if (!connection)
		return;
	bool was_open = connection_facts(connection)->kind == CONNECTION_OPEN;
	connection_bytes(connection, from, (struct bytes){ data, size }, moment);
	if (was_open && connection_facts(connection)->whole &&
		connection_facts(connection)->kind >= CONNECTION_MQTT)
		remember_server(c, flow);
	flow->ignored = connection_is_done(connection);
}

static void on_gap(void *to, struct flow *flow, enum flow_from from, uint64_t missing,
	const struct moment *moment)
{
	(void)to;
	if (flow->judge)
		connection_gap(flow->judge, from, missing, moment);
}

static void on_ended(void *to, struct flow *flow, enum flow_from from, enum flow_end_how how,
	const struct moment *moment)
{
	(void)to;
	if (flow->judge)
		connection_ended(flow->judge, from, how, moment);
}

static void on_over(void *to, struct flow *flow, enum flow_over_why why)
{
	struct check *c = to;

	(void)why;
	if (!flow->judge)
		return;
	connection_over(flow->judge);
	connection_free(flow->judge);
	c->count.left_out = c->judge.left_out;
	flow->judge = NULL;
}

/* ---- what is told -------------------------------------------------------------------------- */

static void on_found(
	void *to, const struct check_connection *connection, const struct check_finding *finding)
{
	struct check *c = to;

	if (c->listener.found)
		c->listener.found(c->to, connection, finding);
}

static void on_connection_over(void *to, const struct check_connection *connection,
	const struct check_finding *findings, size_t count)
{
	struct check *c = to;

	c->count.connections[connection->kind]++;
	c->count.gaps += connection->kind >= CONNECTION_MQTT &&
		(connection->missing[0] || connection->missing[1]);
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		c->count.packets += connection->packets[side];
		c->count.findings[side] += connection->findings[side];
		c->count.connections_with[side] += connection->findings[side] > 0;
	}
	if (c->listener.over)
		c->listener.over(c->to, connection, findings, count);
}

struct check *check_new(
	const struct check_options *options, const struct check_listener *listener, void *to)
{
	static const struct flow_listener hears = { .begun = on_begun,
		.bytes = on_bytes,
		.gap = on_gap,
		.ended = on_ended,
		.over = on_over };
	struct check *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->options = options;
	c->listener = *listener;
	c->to = to;
	c->scope = options->scope;
	c->judge = (struct judge){ .listener = { on_found, on_connection_over },
		.to = c,
		.summary = options->summary,
		.secrets = options->secrets,
		.scope = scope_is_open(&c->scope) ? NULL : &c->scope };
	c->judge.sessions =
		sessions_new(options->session_bytes ? options->session_bytes : SESSION_BYTES);
	c->judge.postings = postings_new();
	arena_init(&c->judge.scratch);
	c->flows = flows_new(NULL, &hears, c);
	if (!c->flows)
		abort();
	return c;
}

void check_packet(struct check *c, const struct captured *packet)
{
	if (!c->begun)
		scope_begin(&c->scope, packet->at_ns / 1000);
	c->begun = true;
	if (!flows_packet(c->flows, packet))
		abort();
}

void check_time(struct check *c, int64_t now_us)
{
	flows_time(c->flows, now_us);
}

void check_end(struct check *c)
{
	flows_end(c->flows);
}

const struct check_count *check_counted(const struct check *c)
{
	return &c->count;
}

const struct flows *check_flows(const struct check *c)
{
	return c->flows;
}

void check_free(struct check *c)
{
	if (!c)
		return;
	check_end(c);
	flows_free(c->flows);
	sessions_free(c->judge.sessions);
	postings_free(c->judge.postings);
	arena_fini(&c->judge.scratch);
	free(c);
}
