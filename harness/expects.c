/* The expectations: each waits for something the target must do, with a deadline. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/test.h"

enum {
	ACKS = SPEC_PACKET(PUBACK) | SPEC_PACKET(PUBREC) | SPEC_PACKET(PUBCOMP),
	GREETINGS = SPEC_PACKET(CONNACK) | SPEC_PACKET(AUTH),
	ANY_ACK = ACKS | SPEC_PACKET(SUBACK) | SPEC_PACKET(UNSUBACK),
	STILL_CLOSING_US = 500000, /* a target may answer what it had read before it closes */
};

/* The packets that the standard orders against this type. */
static uint32_t lane_of(unsigned type)
{
	uint32_t one = SPEC_PACKET(type);

	if (one & ACKS)
		return ACKS;
	return one & GREETINGS ? GREETINGS : one;
}

static int64_t answer_deadline(const struct test *t)
{
	return tape_now_us(&t->tape) + t->play->answer_us;
}

struct packet expect_at(struct place at, struct peer *p, enum packet_type type)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape);
	struct arrival *a = peer_wait(p, lane_of(type), answer_deadline(t));

	if (!a || a->packet.type != type)
		test_fail(t, at, spec_packet_name(type), peer_situation(p, since_us));
	a->taken = true;
	return a->packet;
}

/* The oldest packet of the lane with this identifier. */
static struct arrival *find_ack(struct peer *p, uint32_t lane, unsigned id)
{
	for (size_t i = 0; i < p->arrival_count; i++) {
		struct arrival *a = &p->arrivals[i];
		if (!a->taken && lane & SPEC_PACKET(a->packet.type) && a->packet.id == id)
			return a;
	}
	return NULL;
}

struct packet expect_ack_at(struct place at, struct peer *p, enum packet_type type, unsigned id)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape), until_us = answer_deadline(t);
	uint32_t lane = lane_of(type);
	struct arrival *a;

	while (!(a = find_ack(p, lane, id)) && !p->ended && !p->closed && !p->lost)
		if (!test_pump(t, until_us))
			break;
	if (!a || a->packet.type != type)
		test_fail(t, at, arena_printf(t->arena, "%s %u", spec_packet_name(type), id),
			peer_situation(p, since_us));
	a->taken = true;
	return a->packet;
}

struct packet expect_accepted_at(struct place at, struct peer *p)
{
	struct test *t = p->test;
	struct packet connack = expect_at(at, p, CONNACK);

	if (connack.code)
		test_fail(t, at, "CONNACK with code 0",
			wire_describe(t->arena, t->play->version, &connack));
	p->connack = connack;
	p->accepted = true;
	return connack;
}

/* ---- messages ------------------------------------------------------------------------------ */

static void compare_message(
	struct place at, struct peer *p, const struct packet *packet, const struct message *m)
{
	struct test *t = p->test;
	struct bytes want = m->payload ? bytes_of(m->payload) : m->bytes;
	bool same = (!m->topic || bytes_equal(packet->topic, bytes_of(m->topic))) &&
		(!want.data || bytes_equal(packet->payload, want)) &&
		(!m->qos.set || packet->qos == m->qos.value) &&
		(!m->retain.set || packet->retain == !!m->retain.value) &&
		(!m->dup.set || packet->dup == !!m->dup.value);
	if (same)
		return;
	struct buf text;
	buf_init(&text, 4096);
	buf_add_text(&text, "PUBLISH");
	if (m->topic)
		buf_printf(&text, " \"%.200s\"", m->topic);
	if (m->qos.set)
		buf_printf(&text, " q%u", m->qos.value);
	if (m->retain.set)
		buf_printf(&text, " retain %u", m->retain.value);
	if (m->dup.set)
		buf_printf(&text, " dup %u", m->dup.value);
	if (m->payload)
		buf_printf(&text, " \"%.200s\"", m->payload);
	else if (m->bytes.data)
		buf_printf(&text, " with %zu certain bytes", m->bytes.len);
	const char *expected = arena_text(t->arena, buf_text(&text));
	buf_fini(&text);
	test_fail(t, at, expected,
		arena_printf(t->arena, "%s (retain %d, dup %d)",
			wire_describe(t->arena, t->play->version, packet), packet->retain,
			packet->dup));
}

struct packet expect_message_at(struct place at, struct peer *p, struct message m)
{
	struct packet packet = expect_at(at, p, PUBLISH);

	compare_message(at, p, &packet, &m);
	if (packet.qos == 1) {
		send_ack_at(at, p, PUBACK, packet.id, (struct ack){ 0 });
	} else if (packet.qos == 2) {
		send_ack_at(at, p, PUBREC, packet.id, (struct ack){ 0 });
		expect_ack_at(at, p, PUBREL, packet.id);
		send_ack_at(at, p, PUBCOMP, packet.id, (struct ack){ 0 });
	}
	return packet;
}

void fence_at(struct place at, struct peer *p)
{
	send_pingreq_at(at, p);
	expect_at(at, p, PINGRESP);
}

void expect_no_at(struct place at, struct peer *p, enum packet_type type)
{
	struct test *t = p->test;

	fence_at(at, p);
	struct arrival *a = peer_arrival(p, SPEC_PACKET(type));
	if (a)
		test_fail(t, at, arena_printf(t->arena, "no %s", spec_packet_name(type)),
			wire_describe(t->arena, t->play->version, &a->packet));
}

/* ---- ends of connections ------------------------------------------------------------------- */

void expect_closed_at(struct place at, struct peer *p)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape);

	if (!peer_wait_end(p, answer_deadline(t)))
		test_fail(t, at, "the connection closed", peer_situation(p, since_us));
}

static int64_t quiet_since_us(const struct peer *p)
{
	return p->hang_us >= 0 ? p->hang_us : p->last_sent_us;
}

void expect_closed_between_at(struct place at, struct peer *p, unsigned lo_ms, unsigned hi_ms)
{
	struct test *t = p->test;
	int64_t from_us = quiet_since_us(p);
	int64_t most_us = (int64_t)hi_ms * 1000 + t->play->slack_us;
	const char *window =
		arena_printf(t->arena, "the connection closed after %u to %u ms", lo_ms, hi_ms);

	if (!peer_wait_end(p, from_us + most_us + 1000))
		test_fail(t, at, window,
			arena_printf(t->arena, "still open after %.0f ms",
				(double)(tape_now_us(&t->tape) - from_us) / 1000));
	int64_t took_us = p->ended_us - from_us;
	if (took_us < (int64_t)lo_ms * 1000 || took_us > most_us)
		test_fail(t, at, window,
			arena_printf(t->arena, "closed after %.0f ms", (double)took_us / 1000));
}

double wait_closed_ms(struct peer *peer, unsigned ms)
{
	int64_t from_us = quiet_since_us(peer);

	if (!peer_wait_end(peer, from_us + (int64_t)ms * 1000) || !peer->ended)
		return NAN;
	return (double)(peer->ended_us - from_us) / 1000;
}

/* ---- refusals and violations --------------------------------------------------------------- */

enum { CODES_MAX = 6 };

static bool code_fits(uint8_t code, const uint8_t codes[CODES_MAX])
{
	bool any = false;

	for (size_t i = 0; i < CODES_MAX; i++) {
		if (codes[i] && codes[i] == code)
			return true;
		any |= codes[i] != 0;
	}
	return !any;
}

static const char *codes_text(struct test *t, const uint8_t codes[CODES_MAX])
{
	const char *text = "";

	for (size_t i = 0; i < CODES_MAX && codes[i]; i++)
		text = arena_printf(t->arena, "%s%s0x%02X", text, *text ? " or " : "", codes[i]);
	return *text ? text : "a Reason Code of an error";
}

/* Grades the code of a CONNACK or DISCONNECT that precedes a demanded close. */
static void grade_code(struct place at, struct peer *p, const struct packet *packet,
	const uint8_t codes[CODES_MAX])
{
	struct test *t = p->test;

	if (!code_fits(packet->code, codes))
		test_note(t, at, VERDICT_NONSTRICT, codes_text(t, codes),
			arena_printf(t->arena, "the target says %s 0x%02X (%s), fitting is %s",
				spec_packet_name(packet->type), packet->code,
				spec_reason_name(packet->code, packet->type),
				codes_text(t, codes)));
}

/* Waits for the close, after a packet that must lead to it. */
static void need_close(struct place at, struct peer *p, const char *expected, int64_t since_us)
{
	if (!peer_wait_end(p, answer_deadline(p->test)))
		test_fail(p->test, at, expected, peer_situation(p, since_us));
}

/* A CONNECT was at fault: the target closes, in 5.0 perhaps behind a CONNACK of 0x80 or above. */
static void expect_connect_violation(struct place at, struct peer *p, const struct violation *v,
	const char *expected, int64_t since_us)
{
	struct test *t = p->test;
	struct arrival *a = peer_wait(p, GREETINGS, answer_deadline(t));

	if (a &&
		(t->play->version != MQTT_50 || a->packet.type != CONNACK || a->packet.code < 0x80))
		test_fail(t, at, expected, peer_situation(p, since_us));
	if (a) {
		a->taken = true;
		grade_code(at, p, &a->packet, v->codes);
	}
	need_close(at, p, expected, since_us);
}

void expect_violation_closed_at(struct place at, struct peer *p, struct violation v)
{
	struct test *t = p->test;
	const char *expected = "the connection closed";
	int64_t since_us = tape_now_us(&t->tape);

	if (!v.incomplete && !(t->play->row && t->play->row->incomplete))
		send_pingreq_at(at, p);
	if (!p->accepted) {
		expect_connect_violation(at, p, &v, expected, since_us);
		return;
	}
	const uint32_t answers = ANY_ACK | SPEC_PACKET(PINGRESP);
	struct arrival *a = peer_wait(p, answers, answer_deadline(t));
	if (a && a->packet.type != PINGRESP)
		test_fail(t, at, expected, peer_situation(p, since_us));
	if (a && !peer_wait_end(p, tape_now_us(&t->tape) + STILL_CLOSING_US))
		test_fail(t, at, expected,
			"the connection lives on: the PINGREQ behind was answered");
	need_close(at, p, expected, since_us);
	if (t->play->version != MQTT_50)
		return;
	struct arrival *d = peer_arrival(p, SPEC_PACKET(DISCONNECT));
	if (d) {
		d->taken = true;
		grade_code(at, p, &d->packet, v.codes);
	} else if (!v.quiet) {
		test_note(t, at, VERDICT_NONSTRICT, "DISCONNECT with a Reason Code, then the close",
			"closed without a DISCONNECT, which a server should send [U50-ERR-SERVER]");
	}
}

void expect_refused_at(struct place at, struct peer *p, struct refusal r)
{
	struct test *t = p->test;
	bool v5 = t->play->version == MQTT_50;
	int64_t since_us = tape_now_us(&t->tape);
	bool need_connack = !v5 && r.return_code && !r.silent;
	const char *expected = v5
		? arena_printf(t->arena, "CONNACK %s, then the close, or the close alone",
			  codes_text(t, r.codes))
		: r.return_code ? arena_printf(t->arena, "CONNACK 0x%02X (%s), then the close%s",
					  r.return_code, spec_return_code_name(r.return_code),
					  r.silent ? ", or the close alone" : "")
				: "the connection closed without a CONNACK";
	struct arrival *a = peer_wait(p, GREETINGS, answer_deadline(t));

	if (a) {
		bool fits = a->packet.type == CONNACK &&
			(v5 ? a->packet.code >= 0x80 : a->packet.code == r.return_code);
		if (!fits || (!v5 && !r.return_code))
			test_fail(t, at, expected, peer_situation(p, since_us));
		a->taken = true;
		if (v5)
			grade_code(at, p, &a->packet, r.codes);
	} else if (need_connack) {
		test_fail(t, at, expected, peer_situation(p, since_us));
	}
	need_close(at, p, expected, since_us);
}

/* ---- several outcomes ---------------------------------------------------------------------- */

static bool outcome_matches(const struct outcome *o, const struct packet *packet)
{
	if (o->type != packet->type)
		return false;
	if (!o->code.set)
		return true;
	bool list = packet->type == SUBACK || packet->type == UNSUBACK;
	uint8_t code = list ? (packet->codes.len ? packet->codes.data[0] : 0) : packet->code;
	return code == o->code.value;
}

static const char *outcomes_text(struct test *t, const struct outcome *outcomes, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++) {
		const struct outcome *o = &outcomes[i];
		if (o->verdict == VERDICT_FAIL)
			continue;
		const char *name = o->type == CLOSED ? "the close" : spec_packet_name(o->type);
		text = arena_printf(t->arena, "%s%s%s", text, *text ? ", or " : "", name);
		if (o->code.set)
			text = arena_printf(t->arena, "%s 0x%02X", text, o->code.value);
	}
	return text;
}

static void judge_outcome(struct place at, struct test *t, const struct outcome *o,
	const char *expected, const char *actual)
{
	if (o->verdict == VERDICT_PASS)
		return;
	const char *says = o->says ? arena_printf(t->arena, "%s: %s", actual, o->says) : actual;
	if (o->verdict == VERDICT_NONSTRICT || o->verdict == VERDICT_INFO)
		test_note(t, at, o->verdict, expected, says);
	else if (o->verdict == VERDICT_FAIL)
		test_fail(t, at, expected, says);
	else
		test_end(t, at, o->verdict, says);
}

struct packet expect_one_of_at(
	struct place at, struct peer *p, const struct outcome *outcomes, size_t count)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape);
	const char *expected = outcomes_text(t, outcomes, count);
	uint32_t types = 0;

	for (size_t i = 0; i < count; i++)
		if (outcomes[i].type != CLOSED)
			types |= lane_of(outcomes[i].type);
	struct arrival *a = peer_wait(p, types, answer_deadline(t));
	struct packet packet = a ? a->packet : (struct packet){ .type = CLOSED };
	if (!a && !peer_wait_end(p, answer_deadline(t)))
		test_fail(t, at, expected, peer_situation(p, since_us));
	for (size_t i = 0; i < count; i++) {
		if (!outcome_matches(&outcomes[i], &packet))
			continue;
		const char *actual = a ? wire_describe(t->arena, t->play->version, &packet)
				       : peer_situation(p, since_us);
		if (a)
			a->taken = true;
		judge_outcome(at, t, &outcomes[i], expected, actual);
		return packet;
	}
	test_fail(t, at, expected, peer_situation(p, since_us));
}

/* ---- looking around ------------------------------------------------------------------------ */

bool has_packet(struct peer *peer, enum packet_type type)
{
	return peer_arrival(peer, SPEC_PACKET(type)) != NULL;
}

size_t packets_waiting(struct peer *peer, enum packet_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < peer->arrival_count; i++)
		n += !peer->arrivals[i].taken && peer->arrivals[i].packet.type == type;
	return n;
}

bool is_open(struct peer *peer)
{
	return peer->transport && !peer->closed && !peer->ended;
}

const char *client_id(struct peer *peer)
{
	return peer->client_id;
}

struct packet connack(struct peer *peer)
{
	return peer->connack;
}

unsigned next_id(struct peer *peer)
{
	return ++peer->last_id;
}
