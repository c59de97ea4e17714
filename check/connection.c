#include "check/connection.h"

#include <stdlib.h>
#include <string.h>

#include "check/exchange.h"
#include "check/joining.h"
#include "check/recogniser.h"
#include "check/unwrap.h"
#include "pcap/tls_stream.h"

enum {
	STRANGE_CHUNKS = 32, /* that do not hold, before a stream is given up */
	CERTAIN_AFTER = 8,   /* packets in a row that make it certain where the next begins */
};

/* What one side sends. */
struct stream {
	struct way way;
	struct unwrap *unwrap; /* NULL: nothing is around MQTT */
	uint8_t first[RECOGNISER_BYTES];
	uint8_t first_size;
	bool in_step;     /* it is known where packets begin */
	bool lost;        /* and will not be any more */
	unsigned strange; /* chunks that did not hold since */
	unsigned in_row;  /* packets since, up to CERTAIN_AFTER */
	uint32_t trouble; /* of TCP, when it was heard last */
};

struct connection {
	struct judge *judge;
	struct flow *flow;
	struct check_connection facts;
	bool known;           /* the server is one of MQTT */
	enum side opener;     /* the side of FLOW_FROM_OPENER */
	bool sides_are_clear; /* whose side that is need not be found out */
	bool done;
	struct version_guess guess;
	const char *fault; /* of the opening of a WebSocket, told once it is known to be for MQTT */
	const char *fault_what;
	enum side fault_of;
	bool heard;               /* something has come */
	struct tls_stream *tls;   /* NULL: nothing is encrypted */
	struct stream streams[2]; /* by enum side */
	struct exchange exchange;
};

static enum side side_of(const struct connection *c, enum flow_from from)
{
	return (from == FLOW_FROM_OPENER) == (c->opener == SIDE_CLIENT) ? SIDE_CLIENT : SIDE_SERVER;
}

static enum flow_from from_of(const struct connection *c, enum side side)
{
	return side == c->opener ? FLOW_FROM_OPENER : FLOW_FROM_ACCEPTOR;
}

static void name_ends(struct connection *c)
{
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		flow_end_text(c->flow, from_of(c, (enum side)side), c->facts.ends[side]);
	c->exchange.place.ipv6 = c->flow->ipv6;
	c->exchange.place.server = c->flow->ends[from_of(c, SIDE_SERVER)];
}

struct connection *connection_new(struct judge *judge, struct flow *flow, bool known)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct session_place place = { .ipv6 = flow->ipv6 };

	if (!c)
		abort();
	c->judge = judge;
	c->flow = flow;
	c->known = known;
	c->opener = SIDE_CLIENT;
	c->facts = (struct check_connection){
		.number = flow->number, .transport = "tcp", .first = flow->first
	};
	exchange_init(&c->exchange, judge, &c->facts, &place);
	name_ends(c);
	return c;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		way_fini(&c->streams[side].way);
		unwrap_free(c->streams[side].unwrap);
	}
	tls_stream_free(c->tls);
	exchange_fini(&c->exchange);
	free(c);
}

const struct check_connection *connection_facts(const struct connection *c)
{
	return &c->facts;
}

size_t connection_memory(const struct connection *c)
{
	return sizeof(*c) + c->exchange.arena.taken + c->exchange.findings.arena.taken +
		c->streams[0].way.partial.cap + c->streams[1].way.partial.cap;
}

bool connection_is_done(const struct connection *c)
{
	return c->done;
}

static bool is_mqtt(const struct connection *c)
{
	return c->facts.kind >= CONNECTION_MQTT;
}

static void give_up(struct connection *c, enum connection_kind kind)
{
	if (kind == CONNECTION_TLS)
		postings_end(c->judge->postings);
	c->facts.kind = kind;
	c->done = true;
}

/* ---- MQTT ---------------------------------------------------------------------------------- */

static void lose_step(struct connection *c, enum side side, const struct moment *moment)
{
	struct stream *s = &c->streams[side];

	s->in_step = false;
	s->in_row = 0;
	s->strange = 0;
	way_reset(&s->way);
	exchange_unseen(&c->exchange, side, moment);
}

/* The version that CONNECT would say: until it is known nothing is judged. */
static void guess_version(struct connection *c, enum side side, struct bytes raw)
{
	enum mqtt_version version;

	if (!version_guess_see(&c->guess, &c->judge->scratch, side, raw)) {
		c->streams[side].in_step = false;
		return;
	}
	c->facts.packets[side]++;
	if (version_guess_is_made(&c->guess, &version))
		exchange_take_up(&c->exchange, version);
}

static bool is_version_open(const struct connection *c)
{
	return !c->facts.whole && !c->exchange.monitors[0] && !c->facts.client_id;
}

static void take_malformed(struct connection *c, enum side side, const struct way_packet *packet,
	const struct moment *moment)
{
	struct stream *s = &c->streams[side];
	bool certain = !c->exchange.joined || s->in_row == CERTAIN_AFTER;

	exchange_malformed(&c->exchange, side, packet, moment, certain);
	if (certain && !packet->result.consumed)
		s->lost = true;
	else if (!certain)
		lose_step(c, side, moment);
}

static void take_packets(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment)
{
	struct stream *s = &c->streams[side];
	struct exchange *x = &c->exchange;
	struct way_packet packet;

	while (s->in_step && !s->lost && data.len) {
		arena_reset(&c->judge->scratch);
		enum way_got got = way_next(&s->way, &c->judge->scratch,
			x->version ? x->version : MQTT_311, &data, &packet);
		switch (got) {
		case WAY_NOTHING: continue;
		case WAY_TOO_LONG: exchange_unseen(x, side, moment); continue;
		case WAY_PACKET:
		case WAY_MALFORMED: break;
		}
		if (is_version_open(c))
			guess_version(c, side, packet.raw);
		else if (got == WAY_PACKET)
			exchange_packet(x, side, &packet, moment);
		else
			take_malformed(c, side, &packet, moment);
		if (got == WAY_PACKET && s->in_row < CERTAIN_AFTER)
			s->in_row++;
	}
}

/* Where the stream can be taken up: at the beginning of a chunk from which on packets hold. */
static bool holds(struct connection *c, enum side side, struct bytes data)
{
	struct arena *a = &c->judge->scratch;

	arena_reset(a);
	if (c->exchange.version)
		return joining_holds(a, c->exchange.version, side, data);
	return joining_holds(a, MQTT_311, side, data) || joining_holds(a, MQTT_50, side, data);
}

static void swap_sides(struct connection *c)
{
	struct stream kept = c->streams[SIDE_CLIENT];

	c->streams[SIDE_CLIENT] = c->streams[SIDE_SERVER];
	c->streams[SIDE_SERVER] = kept;
	c->opener = c->opener == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
	name_ends(c);
}

static void take_mqtt(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment)
{
	enum side other = side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	if (c->streams[side].in_step) {
		take_packets(c, side, data, moment);
		return;
	}
	bool held = holds(c, side, data);
	if (!held && !c->sides_are_clear && holds(c, other, data)) {
		swap_sides(c);
		side = other;
		held = true;
	}
	struct stream *s = &c->streams[side];
	if (!held) {
		if (++s->strange == STRANGE_CHUNKS && !is_mqtt(c))
			give_up(c, CONNECTION_OTHER);
		return;
	}
	c->sides_are_clear = true;
	if (!is_mqtt(c)) {
		c->facts.kind = CONNECTION_MQTT;
		sessions_clear(c->judge->sessions);
		postings_end(c->judge->postings);
	}
	s->in_step = true;
	take_packets(c, side, data, moment);
}

/* ---- what is around it --------------------------------------------------------------------- */

static void tell_fault(struct connection *c, const struct moment *moment)
{
	if (c->fault && c->exchange.is_judged) {
		exchange_fault(&c->exchange, c->fault_of, c->fault, c->fault_what, moment);
		c->fault = NULL;
	}
}

static void take_wrapped(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment)
{
	struct unwrap_out out;

	for (;;) {
		switch (unwrap_next(c->streams[side].unwrap, &data, &out)) {
		case UNWRAP_NOTHING: return;
		case UNWRAP_BYTES: break;
		case UNWRAP_FAULT:
			if (!c->fault) {
				c->fault = out.statement;
				c->fault_what = out.what;
				c->fault_of = side;
			}
			break;
		case UNWRAP_LOST:
			if (is_mqtt(c))
				lose_step(c, side, moment);
			c->streams[side].lost = true;
			return;
		case UNWRAP_NO:
			if (!is_mqtt(c))
				give_up(c, CONNECTION_OTHER);
			return;
		}
		if (out.bytes.len && !is_mqtt(c)) {
			/* Frames may be as short as one byte: the first ones tell little. */
			if (out.bytes.data[0] >> 4 != CONNECT && !c->known) {
				give_up(c, CONNECTION_OTHER);
				return;
			}
			c->facts.kind = CONNECTION_MQTT;
		}
		if (out.bytes.len)
			take_mqtt(c, side, out.bytes, moment);
		tell_fault(c, moment);
	}
}

static void wrap(struct connection *c)
{
	c->facts.transport = c->tls ? "wss" : "ws";
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		c->streams[side].unwrap = unwrap_new((enum side)side);
}

static void take(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment)
{
	if (c->streams[side].lost || !data.len)
		return;
	if (c->streams[side].unwrap)
		take_wrapped(c, side, data, moment);
	else
		take_mqtt(c, side, data, moment);
}

/* ---- what it is ---------------------------------------------------------------------------- */

static void take_plain(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment);

static void on_plain(void *to, enum flow_from from, const uint8_t *data, size_t size,
	const struct moment *moment)
{
	struct connection *c = to;

	if (size && !c->done)
		take_plain(c, side_of(c, from), (struct bytes){ data, size }, moment);
}

/* What is left cannot be read, nor can it be known how much it is. */
static void lose_tls(struct connection *c, const struct moment *moment)
{
	if (!is_mqtt(c)) {
		give_up(c, CONNECTION_TLS);
		return;
	}
	c->done = true;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		exchange_unseen(&c->exchange, (enum side)side, moment);
}

static void take_tls(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment)
{
	if (!tls_stream_bytes(c->tls, from_of(c, side), data.data, data.len, moment))
		lose_tls(c, moment);
}

/* `before` bytes of the client have come already. */
static void begin_tls(
	struct connection *c, uint8_t before, struct bytes data, const struct moment *moment)
{
	static const struct tls_listener hears = { .plain = on_plain };
	struct stream *s = &c->streams[SIDE_CLIENT];

	s->first_size = 0;
	if (c->tls) { /* within another one */
		give_up(c, CONNECTION_OTHER);
		return;
	}
	c->tls = c->judge->secrets ? tls_stream_new(c->judge->secrets, &hears, c) : NULL;
	if (!c->tls) {
		give_up(c, CONNECTION_TLS);
		return;
	}
	c->facts.transport = "tls";
	take_tls(c, SIDE_CLIENT, (struct bytes){ s->first, before }, moment);
	if (!c->done)
		take_tls(c, SIDE_CLIENT, data, moment);
}

/* The first bytes of an opener whose SYN was seen. */
static void recognise_whole(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment)
{
	struct stream *s = &c->streams[side];
	size_t room = sizeof(s->first) - s->first_size;
	size_t more = data.len < room ? data.len : room;
	uint8_t before = s->first_size;

	if (side == SIDE_SERVER) { /* it speaks before the client has said what it wants */
		if (c->known)
			c->facts.kind = CONNECTION_MQTT;
		else
			give_up(c, CONNECTION_OTHER);
		return;
	}
	memcpy(s->first + s->first_size, data.data, more);
	s->first_size = (uint8_t)(s->first_size + more);
	switch (recognise((struct bytes){ s->first, s->first_size })) {
	case RECOGNISED_MORE:
		if (!c->known || s->first[0] >> 4 != CONNECT || s->first[0] == 0x16)
			return;
		c->facts.kind = CONNECTION_MQTT;
		break;
	case RECOGNISED_MQTT: c->facts.kind = CONNECTION_MQTT; break;
	case RECOGNISED_HTTP: wrap(c); break;
	case RECOGNISED_TLS: begin_tls(c, before, data, moment); return;
	case RECOGNISED_OTHER:
		if (!c->known) {
			give_up(c, CONNECTION_OTHER);
			return;
		}
		c->facts.kind = CONNECTION_MQTT;
		break;
	}
	take(c, side, (struct bytes){ s->first, before }, moment);
}

/* The SYN is not in the capture. What a client says first is all the same, and nothing comes before it. */
static void recognise_joined(struct connection *c, enum side side, struct bytes data)
{
	enum recognised first = recognise(data);

	if (first == RECOGNISED_TLS || (data.len > 2 && !memcmp(data.data, "\x17\x03", 2))) {
		give_up(c, CONNECTION_TLS);
		return;
	}
	if (first != RECOGNISED_MQTT && first != RECOGNISED_HTTP)
		return;
	if (side == SIDE_SERVER)
		swap_sides(c);
	c->sides_are_clear = true;
	c->facts.whole = true;
	for (int each = SIDE_CLIENT; each <= SIDE_SERVER; each++)
		c->streams[each].in_step = true;
}

/* Whether a SYN was seen is known by now. */
static void hear_first(struct connection *c)
{
	c->heard = true;
	c->facts.whole = c->sides_are_clear = c->flow->whole;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
		c->streams[side].in_step = c->flow->whole;
}

static bool is_open(const struct connection *c)
{
	return c->facts.kind == CONNECTION_OPEN && c->facts.whole &&
		!c->streams[SIDE_CLIENT].unwrap;
}

/* ---- what the capture tells ---------------------------------------------------------------- */

static uint32_t trouble_of(const struct flow *flow)
{
	uint32_t sum = 0;

	for (int from = FLOW_FROM_OPENER; from <= FLOW_FROM_ACCEPTOR; from++)
		sum += flow->ways[from].retransmissions + flow->ways[from].reordered +
			flow->ways[from].zero_windows + flow->ways[from].probes;
	return sum;
}

/* One side has stopped reading at some time: what the other one says may wait for long. */
static bool is_pressed(const struct flow *flow)
{
	return flow->ways[0].zero_windows || flow->ways[1].zero_windows;
}

/* Bytes of MQTT, or of what carries it. */
static void take_plain(
	struct connection *c, enum side side, struct bytes data, const struct moment *moment)
{
	uint32_t trouble = trouble_of(c->flow);

	bool was_encrypted = c->tls;
	if (is_open(c))
		recognise_whole(c, side, data, moment);
	/* TLS that has begun here has taken it. */
	if (is_open(c) || connection_is_done(c) || (c->tls && !was_encrypted))
		return;
	if (is_pressed(c->flow))
		keep_alive_excuse_server(&c->exchange.keep_alive);
	exchange_heard(&c->exchange, side, moment, c->streams[side].trouble != trouble);
	c->streams[side].trouble = trouble;
	take(c, side, data, moment);
}

void connection_bytes(
	struct connection *c, enum flow_from from, struct bytes data, const struct moment *moment)
{
	enum side side = side_of(c, from);

	if (connection_is_done(c))
		return;
	if (!c->heard) {
		hear_first(c);
		if (!c->facts.whole)
			recognise_joined(c, side, data);
		side = side_of(c, from);
	}
	if (c->tls)
		take_tls(c, side, data, moment);
	else if (!c->done)
		take_plain(c, side, data, moment);
}

void connection_gap(
	struct connection *c, enum flow_from from, uint64_t missing, const struct moment *moment)
{
	enum side side = side_of(c, from);

	if (!c->heard)
		hear_first(c);

	c->facts.missing[side] += missing;
	if (c->tls) {
		tls_stream_gap(c->tls, from);
		lose_tls(c, moment);
		return;
	}
	if (is_open(c) || c->streams[side].unwrap) {
		/* Nobody can tell any more where a frame begins. */
		c->streams[side].lost = true;
		if (is_open(c) && side == SIDE_CLIENT && !c->known)
			give_up(c, CONNECTION_OTHER);
		else if (is_open(c)) /* as if it had begun before the capture */
			c->facts.whole = c->streams[0].in_step = c->streams[1].in_step =
				c->streams[side].lost = false;
		if (is_mqtt(c))
			exchange_unseen(&c->exchange, side, moment);
		return;
	}
	lose_step(c, side, moment);
}

void connection_ended(struct connection *c, enum flow_from from, enum flow_end_how how,
	const struct moment *moment)
{
	(void)how;
	if (is_pressed(c->flow))
		keep_alive_excuse_server(&c->exchange.keep_alive);
	exchange_closed(&c->exchange, side_of(c, from), moment);
}

static bool is_told(const struct connection *c)
{
	const struct scope *scope = c->judge->scope;

	return exchange_is_told(&c->exchange) &&
		(!scope || scope_has_span(scope, c->facts.first.at_us, c->facts.last.at_us));
}

void connection_over(struct connection *c)
{
	c->facts.last = c->flow->last;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		const struct flow_way *way = &c->flow->ways[from_of(c, (enum side)side)];
		c->facts.retransmissions[side] = way->retransmissions;
		c->facts.reordered[side] = way->reordered;
	}
	exchange_over(&c->exchange);
	if (!is_told(c)) {
		c->judge->left_out += is_mqtt(c);
		return;
	}
	if (c->judge->listener.over)
		c->judge->listener.over(c->judge->to, &c->facts, c->exchange.findings.list,
			c->exchange.findings.count);
}
