/* Expectations of a connection's end: closes in time, refusals, and what a violation must lead to. */
#include <math.h>
#include <string.h>

#include "harness/test.h"

enum {
	CODES_MAX = 6,
	STILL_CLOSING = 10, /* part of the time that an answer has */
};

/* It may yet be closed. */
static struct difference still_open(void)
{
	struct difference d = DIFFERENCE(SPEC_OPEN, NULL);

	d.waited = true;
	return d;
}

void expect_closed_at(struct place at, struct peer *p)
{
	struct test *t = p->test;
	int64_t since_us = tape_now_us(&t->tape);

	if (!peer_wait_end(p, test_answer_deadline_us(t)))
		test_differ(
			t, at, still_open(), "the connection closed", peer_situation(p, since_us));
	test_note_late(t, at, CLOSED, since_us, p->ended_us);
}

/* Since when at the latest, and at the earliest, the peer says nothing. */
static int64_t quiet_since_us(const struct peer *p)
{
	return p->hangs ? p->hang_us : p->last_sent_us;
}

static int64_t quiet_begun_us(const struct peer *p)
{
	return p->hangs ? p->hang_begun_us : p->last_begun_us;
}

void expect_closed_between_at(struct place at, struct peer *p, unsigned lo_ms, unsigned hi_ms)
{
	struct test *t = p->test;
	int64_t from_us = quiet_since_us(p);
	int64_t most_us = (int64_t)hi_ms * 1000 + t->play->slack_us;
	const char *window =
		arena_printf(t->arena, "the connection closed after %u to %u ms", lo_ms, hi_ms);

	struct difference d = DIFFERENCE(SPEC_TIME, NULL);
	d.kinds |= SPEC_SHOWS(SPEC_OPEN);
	d.waited = true;
	while (!peer_wait_end(p, from_us + most_us + lateness_us(&t->lateness) + 1000))
		if (tape_now_us(&t->tape) > from_us + most_us + lateness_us(&t->lateness))
			test_differ(t, at, d, window,
				arena_printf(t->arena, "still open after %.0f ms",
					(double)(tape_now_us(&t->tape) - from_us) / 1000));
	int64_t least_us = p->ended_us - quiet_begun_us(p), took_us = p->ended_us - from_us;
	if (took_us > most_us && took_us <= most_us + lateness_us(&t->lateness))
		test_late(t, at);
	d.waited = took_us > most_us;
	if (least_us < (int64_t)lo_ms * 1000 || took_us > most_us)
		test_differ(t, at, d, window,
			arena_printf(t->arena, "closed after %.0f ms", (double)took_us / 1000));
}

double wait_closed_ms(struct peer *peer, unsigned ms)
{
	int64_t from_us = quiet_begun_us(peer);

	int64_t until_us =
		quiet_since_us(peer) + (int64_t)ms * 1000 + peer->test->play->round_trip.most_us;

	if (!peer_wait_end(peer, until_us) || !peer->ended)
		return NAN;
	return (double)(peer->ended_us - from_us) / 1000;
}

/* ---- refusals and violations --------------------------------------------------------------- */

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

/* Where the case names no codes, those of the table's row count. */
static void default_codes(const struct test *t, uint8_t codes[CODES_MAX])
{
	if (!codes[0] && t->play->row)
		memcpy(codes, t->play->row->codes, CODES_MAX);
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
		test_note_on(t, at, VERDICT_NONSTRICT, "5.0:U50-ERR-CODES", codes_text(t, codes),
			arena_printf(t->arena, "the target says %s 0x%02X (%s), fitting is %s",
				spec_packet_name(packet->type), packet->code,
				spec_reason_name(packet->code, packet->type),
				codes_text(t, codes)));
}

/* The statement on trial says how closely a target has to look, so it is the one accused. */
static void differ_on_trial(struct place at, struct test *t, struct difference d,
	const char *expected, const char *actual) __attribute__((noreturn));

static void differ_on_trial(struct place at, struct test *t, struct difference d,
	const char *expected, const char *actual)
{
	d.on_trial = true;
	test_differ(t, at, d, expected, actual);
}

/* Waits for the close that a refusing CONNACK announces. */
static void need_close(struct place at, struct peer *p, const char *expected, int64_t since_us)
{
	struct test *t = p->test;

	if (!peer_wait_end(p, test_answer_deadline_us(t))) {
		judging_at(at, t, "3.1.1:MQTT-3.2.2-5");
		judging_at(at, t, "5.0:MQTT-3.2.2-7");
		differ_on_trial(at, t, still_open(), expected, peer_situation(p, since_us));
	}
	test_note_late(t, at, CLOSED, since_us, p->ended_us);
}

/* 4.13.1 of 5.0 leaves it to the receiver how closely it looks. Where the statement on trial does
 * not put the duty on it, it is legal not to notice an error.
 */
static bool is_left_to_the_target(struct test *t)
{
	enum spec_receiver judged =
		test_theirs(t) == SIDE_CLIENT ? RECEIVER_CLIENT : RECEIVER_SERVER;
	const char *name = test_on_trial(t);
	const struct spec_statement *s = name ? spec_find(name) : NULL;

	return version_traits(t->play->version).errors_may_pass && !(s && s->receivers & judged);
}

/* The target has tolerated the packet: a `fail`, or its own choice. Returns only for the latter. */
static void put_up_with(struct place at, struct test *t, struct difference d, const char *expected,
	const char *actual)
{
	if (!is_left_to_the_target(t))
		differ_on_trial(at, t, d, expected, actual);
	/* Not `waited`: a close that comes later says nothing better of it. */
	test_note(t, at, VERDICT_NONSTRICT, expected, actual);
	if (t->failure && !t->failure->difference)
		t->failure->difference = spec_difference_name(d.kind);
}

/* Waits for one of these; where a DISCONNECT comes first, for the close, which has as long as any answer. */
static struct arrival *wait_or_close(struct peer *p, uint32_t types)
{
	int64_t until_us = test_answer_deadline_us(p->test);
	struct arrival *a = peer_wait(p, types, until_us);

	if (!a && peer_arrival(p, SPEC_PACKET(DISCONNECT)))
		peer_wait_end(p, until_us);
	return a;
}

/* The first packet was at fault: the target closes, in 5.0 perhaps after a CONNACK of 0x80 or above. */
static void expect_connect_violation(struct place at, struct peer *p, const struct violation *v,
	const char *expected, int64_t since_us)
{
	struct test *t = p->test;
	struct arrival *a = wait_or_close(p, SPEC_PACKET(CONNACK) | SPEC_PACKET(AUTH));
	bool reasons = version_traits(t->play->version).reason_codes;
	bool refused = a && a->packet.type == CONNACK &&
		(reasons ? a->packet.code >= 0x80 : a->packet.code != 0);

	if (a ? !refused : !p->ended) {
		put_up_with(at, t, a ? DIFFERENCE(SPEC_OPEN, NULL) : still_open(), expected,
			peer_situation(p, since_us));
		return;
	}
	if (a) {
		a->taken = true;
		if (reasons)
			grade_code(at, p, &a->packet, v->codes);
		need_close(at, p, expected, since_us);
		if (!reasons)
			test_note_on(t, at, VERDICT_NONSTRICT, "3.1.1:MQTT-3.1.4-1",
				"the close without a CONNACK",
				"the CONNECT is refused by a CONNACK before the close");
	} else {
		test_note_late(t, at, CLOSED, since_us, p->ended_us);
	}
}

uint32_t test_signs_of_life(const struct test *t)
{
	const uint32_t acks = SPEC_PACKET(PUBACK) | SPEC_PACKET(PUBREC) | SPEC_PACKET(PUBCOMP);

	if (test_theirs(t) == SIDE_CLIENT)
		return acks | SPEC_PACKET(PUBREL);
	return acks | SPEC_PACKET(SUBACK) | SPEC_PACKET(UNSUBACK) | SPEC_PACKET(PINGRESP);
}

int64_t test_still_closing_us(const struct test *t)
{
	int64_t now_us = tape_now_us(&t->tape);

	return now_us + (test_answer_deadline_us(t) - now_us) / STILL_CLOSING;
}

void test_close_after_notice(
	struct place at, struct peer *p, const char *expected, int64_t since_us)
{
	struct test *t = p->test;

	if (p->ended || t->setting_up || !version_traits(p->version).reason_codes ||
		!peer_arrival(p, SPEC_PACKET(DISCONNECT)) ||
		peer_wait_end(p, test_answer_deadline_us(t)))
		return;
	judging_at(at, t, "5.0:MQTT-3.14.4-2");
	differ_on_trial(at, t, still_open(), expected, peer_situation(p, since_us));
}

/* Whether the target has tolerated the packet; *a: the first that came of it. */
static bool goes_on(
	struct place at, struct peer *p, const char *expected, int64_t since_us, struct arrival **a)
{
	struct test *t = p->test;
	bool in_haste = test_theirs(t) == SIDE_CLIENT || is_left_to_the_target(t);

	*a = wait_or_close(p, test_signs_of_life(t));
	/* What had been read before may be answered all the same. Where a server could be accused, it
	 * has as long to close as any answer has.
	 */
	int64_t until_us = in_haste ? test_still_closing_us(t) : test_answer_deadline_us(t);
	if (*a)
		peer_wait_end(p, until_us);
	test_close_after_notice(at, p, expected, since_us);
	const char *situation = peer_situation(p, since_us);
	if (!p->ended && *a)
		put_up_with(at, t, DIFFERENCE(SPEC_OPEN, NULL), expected,
			arena_printf(t->arena, "the connection lives on: %s", situation));
	else if (!p->ended)
		put_up_with(at, t, still_open(), expected, situation);
	return !p->ended;
}

/* In 5.0 the close should come after a DISCONNECT that says why. A target that closes before it has read
 * everything, the fence for instance, resets the connection, and over a distance DISCONNECT may be lost.
 */
static void grade_notice(struct place at, struct peer *p, const struct violation *v)
{
	struct test *t = p->test;
	bool judges_client = test_theirs(t) == SIDE_CLIENT;
	struct arrival *d = peer_arrival(p, SPEC_PACKET(DISCONNECT));

	if (d) {
		d->taken = true;
		grade_code(at, p, &d->packet, v->codes);
	} else if (v->quiet || !p->accepted) {
		return;
	} else if (p->ended == ENDED_RESET && round_trip_may_lose(&t->play->round_trip)) {
		test_note(t, at, VERDICT_INFO, NULL,
			"reset from afar: a DISCONNECT before it may have been lost on its way");
	} else {
		test_note_on(t, at, VERDICT_NONSTRICT,
			judges_client ? "5.0:U50-ERR-CLIENT" : "5.0:U50-ERR-SERVER",
			"DISCONNECT with a Reason Code, then the close",
			judges_client ? "closed without a DISCONNECT, which a client should send"
				      : "closed without a DISCONNECT, which a server should send");
	}
}

void expect_violation_closed_at(struct place at, struct peer *p, struct violation v)
{
	struct test *t = p->test;
	const char *expected = "the connection closed";
	int64_t since_us = tape_now_us(&t->tape);
	struct arrival *a;

	default_codes(t, v.codes);
	if (!v.incomplete && !(t->play->row && t->play->row->incomplete))
		peer_send_fence(at, p);
	if (!p->accepted && test_theirs(t) == SIDE_SERVER) {
		expect_connect_violation(at, p, &v, expected, since_us);
		return;
	}
	if (goes_on(at, p, expected, since_us, &a))
		return;
	test_note_late(t, at, CLOSED, since_us, p->ended_us);
	peer_check_leave(at, p);
	if (a && a->packet.type != PINGRESP)
		test_note(t, at, VERDICT_NONSTRICT, expected,
			"the packet was acknowledged before the close");
	if (version_traits(t->play->version).reason_codes)
		grade_notice(at, p, &v);
}

void expect_refused_at(struct place at, struct peer *p, struct refusal r)
{
	struct test *t = p->test;
	bool reasons = version_traits(t->play->version).reason_codes;
	int64_t since_us = tape_now_us(&t->tape);
	bool need_connack = !reasons && r.return_code && !r.silent;

	default_codes(t, r.codes);
	const char *expected = reasons
		? arena_printf(t->arena, "CONNACK %s, then the close, or the close alone",
			  codes_text(t, r.codes))
		: r.return_code ? arena_printf(t->arena, "CONNACK 0x%02X (%s), then the close%s",
					  r.return_code, spec_return_code_name(r.return_code),
					  r.silent ? ", or the close alone" : "")
				: "the connection closed without a CONNACK";
	struct arrival *a =
		peer_wait(p, SPEC_PACKET(CONNACK) | SPEC_PACKET(AUTH), test_answer_deadline_us(t));

	if (a && reasons && r.by_choice && a->packet.code < 0x80)
		test_end(t, at, VERDICT_INFO,
			arena_printf(t->arena, "let in: %s", peer_situation(p, since_us)));
	if (a) {
		bool fits = a->packet.type == CONNACK &&
			(reasons ? a->packet.code >= 0x80 : a->packet.code == r.return_code);
		if (!fits || (!reasons && !r.return_code))
			differ_on_trial(at, t, DIFFERENCE(SPEC_OPEN, NULL), expected,
				peer_situation(p, since_us));
		a->taken = true;
		if (reasons)
			grade_code(at, p, &a->packet, r.codes);
		need_close(at, p, expected, since_us);
	} else if (need_connack && p->ended) {
		differ_on_trial(at, t, DIFFERENCE(SPEC_MISSING, NULL), expected,
			peer_situation(p, since_us));
	} else if (!peer_wait_end(p, test_answer_deadline_us(t))) {
		differ_on_trial(at, t, still_open(), expected, peer_situation(p, since_us));
	} else {
		test_note_late(t, at, CLOSED, since_us, p->ended_us);
	}
}
