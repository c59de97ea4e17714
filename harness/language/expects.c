/* The expectations: each waits for something the target must do, with a deadline. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/test.h"

enum {
	ACKS = SPEC_PACKET(PUBACK) | SPEC_PACKET(PUBREC) | SPEC_PACKET(PUBCOMP),
	GREETINGS = SPEC_PACKET(CONNACK) | SPEC_PACKET(AUTH),
	STATUS_US =
		500000, /* by which a command line whose connection has ended has ended itself */
};

/* The packets that the standard orders against this type. */
static uint32_t lane_of(unsigned type)
{
	uint32_t one = SPEC_PACKET(type);

	if (one & ACKS)
		return ACKS;
	return one & GREETINGS ? GREETINGS : one;
}

int64_t test_answer_wait_us(const struct test *t)
{
	const struct play *p = t->play;

	return p->patience_us > p->answer_us ? p->patience_us : p->answer_us;
}

int64_t test_answer_deadline_us(const struct test *t)
{
	return tape_now_us(&t->tape) + test_answer_wait_us(t);
}

/* The one that would be accused if it had not come at all. */
static const char *late_statement(struct test *t, unsigned type)
{
	struct difference missing = DIFFERENCE(SPEC_MISSING, spec_packet_name(type));
	bool own;
	const struct claim *c =
		type == CLOSED ? claim_on_trial(t) : claim_accused(t, &missing, &own);

	return c ? c->name : NULL;
}

void test_note_late(struct test *t, struct place at, unsigned type, int64_t since_us, int64_t at_us)
{
	int64_t took_us = at_us - since_us;

	if (!t->play->patience_us || took_us <= t->play->answer_us)
		return;
	const char *what = type == CLOSED ? "the close" : spec_packet_name(type);
	const char *late =
		arena_printf(t->arena, "late: %s after %.1f s", what, (double)took_us / 1e6);
	/* A set-up step says nothing about the statement, whether it is late or not. */
	if (t->setting_up && t->def->role != ROLE_AGENT) {
		test_remark(t, NULL, "%s", late);
		return;
	}
	test_note_on(t, at, VERDICT_NONSTRICT, late_statement(t, type),
		arena_printf(t->arena, "%s within %.0f s", what, (double)t->play->answer_us / 1e6),
		late);
}

/* What it means that this came, or nothing, in place of a packet of `type`. */
static struct difference in_place_of(struct peer *p, const struct arrival *a, enum packet_type type)
{
	struct difference d = DIFFERENCE(SPEC_MISSING, spec_packet_name(type));

	if (a) {
		d.kind = SPEC_PACKET;
	} else if (p->ended || peer_arrival(p, SPEC_PACKET(DISCONNECT))) {
		d.kind = SPEC_CLOSED;
	} else {
		d.waited = !p->closed && !p->lost;
	}
	d.kinds |= SPEC_SHOWS(d.kind);
	return d;
}

/* A reset can swallow a DISCONNECT; a command that was content then ends with status 0. */
static bool ended_well(struct test *t)
{
	int64_t until_us = tape_now_us(&t->tape) + STATUS_US;

	while (!t->agent->ended && test_pump(t, until_us))
		;
	return t->agent->ended && WIFEXITED(t->agent->status) && !WEXITSTATUS(t->agent->status);
}

void peer_check_leave(struct place at, struct peer *p)
{
	struct test *t = p->test;
	const struct arrival *d = peer_arrival(p, SPEC_PACKET(DISCONNECT));

	if (!t->agent || !t->agent->plain)
		return;
	if (d ? !d->packet.code : p->ended == ENDED_RESET && ended_well(t))
		test_end(t, at, VERDICT_INAPPLICABLE,
			"the command line left by itself before it had read what was sent");
}

struct packet expect_at(struct place at, struct peer *p, enum packet_type type)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape);
	struct arrival *a = peer_wait(p, lane_of(type), test_answer_deadline_us(t));

	if (!a)
		peer_check_leave(at, p);
	if (!a && type == PUBLISH)
		window_check(at, p);
	if (!a || a->packet.type != type)
		test_differ(t, at, in_place_of(p, a, type), spec_packet_name(type),
			peer_situation(p, since_us));
	a->taken = true;
	test_note_late(t, at, type, since_us, a->at_us);
	return a->packet;
}

struct packet expect_ack_at(struct place at, struct peer *p, enum packet_type type, unsigned id)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape), until_us = test_answer_deadline_us(t);
	uint32_t lane = lane_of(type);
	struct arrival *a;

	a = peer_wait_ack(p, lane, id, until_us);
	if (!a)
		peer_check_leave(at, p);
	if (!a || a->packet.type != type)
		test_differ(t, at, in_place_of(p, a, type),
			arena_printf(t->arena, "%s %u", spec_packet_name(type), id),
			peer_situation(p, since_us));
	a->taken = true;
	test_note_late(t, at, type, since_us, a->at_us);
	return a->packet;
}

static void is_let_in(struct peer *p, const struct packet *connack)
{
	p->connack = *connack;
	p->accepted = true;
}

struct packet expect_accepted_at(struct place at, struct peer *p)
{
	struct test *t = p->test;
	struct packet connack = expect_at(at, p, CONNACK);

	if (connack.code) {
		struct difference refused = DIFFERENCE(SPEC_CLOSED, "CONNACK");
		refused.kinds |= SPEC_SHOWS(SPEC_CODE);
		test_differ(t, at, refused, "CONNACK with code 0",
			wire_describe(t->arena, p->version, &connack));
	}
	is_let_in(p, &connack);
	return connack;
}

/* ---- fences -------------------------------------------------------------------------------- */

void peer_send_fence(struct place at, struct peer *p)
{
	if (test_theirs(p->test) == SIDE_SERVER)
		send_pingreq_at(at, p);
	else
		send_publish_at(at, p,
			(struct publish){ .topic = FENCE_TOPIC, .qos = 1, .id = ++p->last_fence });
}

void fence_at(struct place at, struct peer *p)
{
	peer_send_fence(at, p);
	if (test_theirs(p->test) == SIDE_SERVER)
		expect_at(at, p, PINGRESP);
	else
		expect_ack_at(at, p, PUBACK, p->last_fence);
}

void expect_no_at(struct place at, struct peer *p, enum packet_type type)
{
	struct test *t = p->test;

	fence_at(at, p);
	struct arrival *a = peer_arrival(p, SPEC_PACKET(type));
	if (!a)
		return;
	struct difference d = DIFFERENCE(SPEC_EXTRA, spec_packet_name(type));
	d.kinds |= SPEC_SHOWS(SPEC_REPEATED);
	test_differ(t, at, d, arena_printf(t->arena, "no %s", spec_packet_name(type)),
		wire_describe(t->arena, p->version, &a->packet));
}

bool lives_on_at(struct place at, struct peer *server)
{
	struct test *t = server->test;
	int64_t since_us = tape_now_us(&t->tape);
	int64_t until_us = test_answer_deadline_us(t);

	peer_send_fence(at, server);
	struct arrival *a = peer_wait_ack(server, ACKS, server->last_fence, until_us);
	if (!a && !server->ended)
		test_differ(t, at, in_place_of(server, NULL, PUBACK),
			"the PUBACK of the fence, or the close", peer_situation(server, since_us));
	if (a)
		a->taken = true;
	return a;
}

void prefer_no_at(struct place at, struct peer *p, enum packet_type type, const char *sentence)
{
	struct test *t = p->test;

	fence_at(at, p);
	if (peer_arrival(p, SPEC_PACKET(type)))
		test_note(t, at, VERDICT_NONSTRICT,
			arena_printf(t->arena, "no %s", spec_packet_name(type)), sentence);
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

/* " (Topic Filter invalid)"; "" for success, and in 3.1.1, whose codes have no names but in CONNACK. */
static const char *code_in_words(struct test *t, const struct outcome *o)
{
	uint8_t code = (uint8_t)o->code.value;

	if (!code || !version_traits(t->play->version).reason_codes)
		return "";
	return arena_printf(t->arena, " (%s)", spec_reason_name(code, o->type));
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
			text = arena_printf(
				t->arena, "%s 0x%02X%s", text, o->code.value, code_in_words(t, o));
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

static bool is_listed(const struct outcome *outcomes, size_t count, unsigned type)
{
	for (size_t i = 0; i < count; i++)
		if (outcomes[i].type == type)
			return true;
	return false;
}

/* None of the outcomes: what was to be refused was tolerated, or a listed packet came with another
 * code, or another packet came.
 */
static struct difference unlisted(struct test *t, struct peer *p, const struct arrival *a,
	const struct outcome *outcomes, size_t count)
{
	unsigned due = outcomes[0].type == CLOSED ? RESERVED_0 : outcomes[0].type;

	if (!a || a->packet.type == SUBACK || a->packet.type == UNSUBACK ||
		!is_listed(outcomes, count, a->packet.type))
		return in_place_of(p, a, due);
	if (a->packet.code < 0x80 && is_listed(outcomes, count, CLOSED))
		return DIFFERENCE(SPEC_OPEN, NULL);
	return DIFFERENCE(SPEC_CODE,
		arena_printf(
			t->arena, "%s/0x%02X", spec_packet_name(a->packet.type), a->packet.code));
}

struct packet expect_one_of_at(
	struct place at, struct peer *p, const struct outcome *outcomes, size_t count)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape);
	const char *expected = outcomes_text(t, outcomes, count);
	uint32_t types = 0;
	bool may_close = false;

	for (size_t i = 0; i < count; i++)
		if (outcomes[i].type == CLOSED)
			may_close = true;
		else
			types |= lane_of(outcomes[i].type);
	struct arrival *a = peer_wait(p, types, test_answer_deadline_us(t));
	if (!a && may_close)
		test_close_after_notice(at, p, expected, since_us);
	if (!a && peer_arrival(p, SPEC_PACKET(DISCONNECT)))
		peer_wait_end(p, test_answer_deadline_us(t));
	struct packet packet = a ? a->packet : (struct packet){ .type = CLOSED };
	if (!a && !p->ended) {
		struct difference d = in_place_of(p, NULL, outcomes[0].type);
		if (outcomes[0].type == CLOSED)
			d = (struct difference){ .kind = SPEC_OPEN, .waited = d.waited };
		d.kinds |= SPEC_SHOWS(SPEC_OPEN);
		test_differ(t, at, d, expected, peer_situation(p, since_us));
	}
	if (!a)
		peer_check_leave(at, p);
	for (size_t i = 0; i < count; i++) {
		if (!outcome_matches(&outcomes[i], &packet))
			continue;
		const char *actual = a ? wire_describe(t->arena, p->version, &packet)
				       : peer_situation(p, since_us);
		if (a)
			a->taken = true;
		if (packet.type == CONNACK && !packet.code)
			is_let_in(p, &packet);
		test_note_late(t, at, packet.type, since_us, a ? a->at_us : p->ended_us);
		judge_outcome(at, t, &outcomes[i], expected, actual);
		return packet;
	}
	test_differ(
		t, at, unlisted(t, p, a, outcomes, count), expected, peer_situation(p, since_us));
}

/* ---- looking around ------------------------------------------------------------------------ */

double wait_packet_ms(struct peer *peer, enum packet_type type, unsigned ms)
{
	struct test *t = peer->test;
	int64_t until_us = tape_now_us(&t->tape) + (int64_t)ms * 1000 + t->play->round_trip.most_us;
	struct arrival *a = peer_wait(peer, SPEC_PACKET(type), until_us);

	return a ? (double)a->at_us / 1000 : NAN;
}

bool has_packet(struct peer *peer, enum packet_type type)
{
	return peer_arrival(peer, SPEC_PACKET(type)) != NULL;
}

size_t packets_waiting(struct peer *peer, enum packet_type type)
{
	size_t n = 0;

	for (size_t i = peer->arrival_first; i < peer->arrival_count; i++)
		n += !peer->arrivals[i].taken && peer->arrivals[i].packet.type == type;
	return n;
}

bool is_open(struct peer *peer)
{
	return peer->pipe && !peer->closed && !peer->ended;
}

struct test *test_of(struct peer *peer)
{
	return peer->test;
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
