/* Windows, answers that are late, and whose fault it is. */
#include "tests/unit/scripted.h"

#include <math.h>
#include <string.h>

#include "harness/peers/lateness.h"
#include "harness/transport/transport.h"

/* ---- the measure ----------------------------------------------------------------------------- */

/* A pulse that is answered as the test says. */
struct fake_pulse {
	struct pipe pipe; /* first */
	unsigned asked;
	bool answers, ends;
};

static ssize_t fake_read(struct pipe *t, void *data, size_t size)
{
	struct fake_pulse *pulse = (struct fake_pulse *)t;

	(void)data, (void)size;
	if (pulse->ends)
		return PIPE_END;
	if (!pulse->answers || !pulse->asked)
		return PIPE_AGAIN;
	pulse->answers = false;
	return 2;
}

static ssize_t fake_write(struct pipe *t, const void *data, size_t size)
{
	(void)data;
	((struct fake_pulse *)t)->asked++;
	return (ssize_t)size;
}

static void fake_close(struct pipe *t)
{
	(void)t;
}

static const struct pipe_ops fake_ops = {
	.read = fake_read,
	.write = fake_write,
	.close = fake_close,
	.reset = fake_close,
};

enum { MS = 1000, BEGIN = 5000 * MS };

/* Turns every 10 ms from `from_ms` up to `to_ms`. */
static void turn_steadily(struct lateness *l, int64_t from_ms, int64_t to_ms)
{
	for (int64_t ms = from_ms; ms <= to_ms; ms += 10)
		lateness_turn_at(l, BEGIN + ms * MS);
}

static void nothing_is_late_that_nobody_watches(void **state)
{
	(void)state;
	struct lateness l = { 0 };
	lateness_turn_at(&l, BEGIN);
	lateness_turn_at(&l, BEGIN + 9000 * MS);
	assert_int_equal(lateness_us_at(&l, BEGIN + 9000 * MS), 0);
	assert_int_equal(lateness_slice_us(&l, 0, 9000 * MS), 9000 * MS);
}

static void a_stall_of_our_own_is_what_lies_between_two_turns(void **state)
{
	(void)state;
	struct lateness l = { .watched = true };
	turn_steadily(&l, 0, 1000);
	assert_int_equal(lateness_us_at(&l, BEGIN + 1000 * MS), 0);
	lateness_turn_at(&l, BEGIN + 1070 * MS); /* what a scheduler may do */
	assert_int_equal(l.own_us, 0);
	lateness_turn_at(&l, BEGIN + 1820 * MS); /* 750 ms */
	assert_int_equal(l.own_us, 680 * MS);
	turn_steadily(&l, 1830, 3000);
	lateness_turn_at(&l, BEGIN + 3170 * MS);
	assert_int_equal(lateness_us_at(&l, BEGIN + 3170 * MS), 780 * MS);
	/* A long wait comes up for air, so it is no stall. */
	assert_int_equal(lateness_slice_us(&l, 0, 9000 * MS), 50 * MS);
	assert_int_equal(lateness_slice_us(&l, 0, 20 * MS), 20 * MS);
}

static void a_target_is_as_late_as_its_pulse(void **state)
{
	(void)state;
	struct fake_pulse pulse = { .pipe = { .ops = &fake_ops, .fd = 7 } };
	struct lateness l = { .watched = true, .pulse = &pulse.pipe };
	lateness_turn_at(&l, BEGIN);
	assert_int_equal(pulse.asked, 1);
	assert_int_equal(lateness_fd(&l), 7);
	turn_steadily(&l, 10, 40);
	pulse.answers = true;
	turn_steadily(&l, 50, 140);
	assert_int_equal(l.target_us, 0);
	assert_int_equal(pulse.asked, 1); /* it rests */
	turn_steadily(&l, 150, 900);
	assert_int_equal(pulse.asked, 2);
	/* No answer yet: it counts as far as it has come. */
	assert_int_equal(lateness_us_at(&l, BEGIN + 900 * MS), 700 * MS);
	pulse.answers = true;
	turn_steadily(&l, 910, 910);
	assert_int_equal(l.target_us, 710 * MS);
	turn_steadily(&l, 920, 1000);
	assert_int_equal(lateness_us_at(&l, BEGIN + 1000 * MS), 710 * MS);
	assert_int_equal(l.own_us, 0);
}

static void a_pulse_that_is_far_away_is_not_late(void **state)
{
	(void)state;
	struct fake_pulse pulse = { .pipe = { .ops = &fake_ops } };
	struct lateness l = { .watched = true, .pulse = &pulse.pipe, .round_trip_us = 300 * MS };
	lateness_turn_at(&l, BEGIN);
	turn_steadily(&l, 10, 340);
	pulse.answers = true;
	turn_steadily(&l, 350, 350);
	assert_int_equal(lateness_us_at(&l, BEGIN + 350 * MS), 0);
	turn_steadily(&l, 360, 950);
	assert_int_equal(pulse.asked, 2); /* after 450 ms */
	assert_int_equal(lateness_us_at(&l, BEGIN + 950 * MS), 150 * MS);
}

static void a_stall_of_our_own_is_not_the_targets(void **state)
{
	(void)state;
	struct fake_pulse pulse = { .pipe = { .ops = &fake_ops } };
	struct lateness l = { .watched = true, .pulse = &pulse.pipe };
	lateness_turn_at(&l, BEGIN);
	pulse.answers = true; /* at once, and we do not come to read it */
	lateness_turn_at(&l, BEGIN + 750 * MS);
	assert_int_equal(l.own_us, 680 * MS);
	assert_in_range(l.target_us, 0, 20 * MS); /* what the scheduler is allowed */
}

static void a_pulse_that_ends_is_felt_no_more(void **state)
{
	(void)state;
	struct fake_pulse pulse = { .pipe = { .ops = &fake_ops, .fd = 7 } };
	struct lateness l = { .watched = true, .pulse = &pulse.pipe };
	lateness_turn_at(&l, BEGIN);
	pulse.ends = true;
	turn_steadily(&l, 10, 900);
	assert_null(l.pulse);
	assert_int_equal(lateness_fd(&l), -1);
	assert_int_equal(lateness_us_at(&l, BEGIN + 900 * MS), 0);
	lateness_end(&l);
}

/* ---- windows --------------------------------------------------------------------------------- */

CASE(window, .title = "Closed in time", .refs = { "3.1.1:MQTT-3.1.2-24" }, .level = MUST,
	.versions = V311, .budget_ms = 400)
{
	struct peer *client = join(t, "client", .keep_alive = 1);
	hang(client);
	expect_closed_between(client, 100, 300);
}

static void a_window_has_two_ends(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		enum verdict verdict;
		const char *says;
	} samples[] = {
		{ CONNACK_311 "x", VERDICT_FAIL, "closed after" },
		{ CONNACK_311 "p200 x", VERDICT_PASS, NULL },
		{ CONNACK_311, VERDICT_FAIL, "still open" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_window,
				.version = MQTT_311,
				.answer_us = 1000000,
				.slack_us = 1000000 },
			SCRIPTS(SCRIPT_PULSE, samples[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		if (samples[i].says)
			assert_contains(p.record.failure->actual, samples[i].says);
		done(&p);
	}
}

CASE(distribution, .title = "Values in a window", .refs = { "3.1.1:MQTT-3.1.2-24" }, .level = MUST,
	.versions = V311)
{
	struct peer *first = join(t, "first");
	struct peer *second = join(t, "second");
	send_pingreq(first);
	send_pingreq(second);
	measure(t, "close", "ms", wait_closed_ms(first, 2000), 0, 2000);
	measure(t, "close", "ms", wait_closed_ms(second, 2000), 0, 2000);
}

static void every_value_of_a_distribution_counts(void **state)
{
	(void)state;
	static const struct {
		const char *first, *second;
		double least_ms[2]; /* nothing is early, whatever the machine does */
	} samples[] = {
		{ CONNACK_311 "r p20 x", CONNACK_311 "r p200 x", { 20, 200 } },
		{ CONNACK_311 "r p200 x", CONNACK_311 "r p20 x", { 200, 20 } },
	};
	struct played p;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		play(&p, &case_distribution, MQTT_311,
			SCRIPTS(samples[i].first, samples[i].second));
		assert_verdict(p, PASS);
		assert_int_equal(p.record.measurement_count, 1);
		assert_int_equal(p.record.measurements[0].count, 2);
		for (size_t value = 0; value < 2; value++)
			assert_true(p.record.measurements[0].values[value] >=
				samples[i].least_ms[value]);
		done(&p);
	}
	play(&p, &case_distribution, MQTT_311, SCRIPTS(CONNACK_311 "r x", CONNACK_311));
	assert_verdict(p, FAIL);
	assert_true(isnan(p.record.measurements[0].values[1]));
	assert_contains(p.record.failure->actual, "value 2 of 2: never");
	done(&p);
}

CASE(watched_window, .title = "Closed in time", .refs = { "3.1.1:MQTT-3.1.2-24" }, .level = MUST,
	.versions = V311, .budget_ms = 400)
{
	struct peer *client = join(t, "client", .keep_alive = 1);
	hang(client);
	measure(t, "close", "ms", wait_closed_ms(client, 3000), 100, 300);
}

/* So late that no machine is as slow as to come into the window with what comes at once. */
CASE(far_window, .title = "Closed much later", .refs = { "3.1.1:MQTT-3.1.2-24" }, .level = MUST,
	.versions = V311, .budget_ms = 6000)
{
	struct peer *client = join(t, "client", .keep_alive = 1);
	hang(client);
	expect_closed_between(client, 5000, 6000);
}

CASE(watched_far_window, .title = "Closed much later", .refs = { "3.1.1:MQTT-3.1.2-24" },
	.level = MUST, .versions = V311, .budget_ms = 6000)
{
	struct peer *client = join(t, "client", .keep_alive = 1);
	hang(client);
	measure(t, "close", "ms", wait_closed_ms(client, 6000), 5000, 6000);
}

/* Where this machine is so late that a verdict is held back, as it should be, the sample tells nothing. One that is
 * held back each time is not the machine's.
 */
static void play_unless_late(
	struct played *p, const char *verdict, struct play play, const char *const *scripts)
{
	enum { PLAYS = 5 };

	for (int i = 0; i < PLAYS; i++) {
		if (i)
			done(p);
		play_with(p, play, scripts);
		if (!strcmp(verdict_name(p->record.verdict), verdict) ||
			p->record.verdict != VERDICT_INCONCLUSIVE)
			return;
	}
}

/* A pulse that stops for a while, together with the close. */
#define STOPPED_PULSE "a a a r p700 sD000 e"

static void what_is_too_late_by_no_more_than_the_machine_accuses_nobody(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		const char *pulse, *script;
		const char *verdict;
		bool again; /* when nothing else keeps the target busy */
	} samples[] = {
		{ &case_watched_window, STOPPED_PULSE, CONNACK_311 "p850 x", "inconclusive", true },
		{ &case_window, STOPPED_PULSE, CONNACK_311 "p850 x", "inconclusive", true },
		/* A target's timers may be late where its pulse is not. */
		{ &case_watched_window, SCRIPT_PULSE, CONNACK_311 "p1500 x", "fail", true },
		{ &case_window, SCRIPT_PULSE, CONNACK_311 "p1500 x", "fail", true },
		{ &case_watched_window, SCRIPT_PULSE, CONNACK_311, "fail", true },
		{ &case_window, SCRIPT_PULSE, CONNACK_311, "fail", true },
		/* Beyond that it is the target's. */
		{ &case_watched_window, STOPPED_PULSE, CONNACK_311 "p2500 x", "fail", true },
		{ &case_window, STOPPED_PULSE, CONNACK_311 "p2500 x", "fail", true },
		/* Nobody is early since the machine was late. */
		{ &case_watched_far_window, STOPPED_PULSE, CONNACK_311 "x", "fail", false },
		{ &case_far_window, STOPPED_PULSE, CONNACK_311 "x", "fail", false },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_unless_late(&p, samples[i].verdict,
			(struct play){ .def = samples[i].def,
				.version = MQTT_311,
				.answer_us = 3000000,
				.slack_us = 100000 },
			SCRIPTS(samples[i].pulse, samples[i].script));
		if (strcmp(verdict_name(p.record.verdict), samples[i].verdict) != 0 ||
			p.record.waited != samples[i].again)
			fail_msg("sample %zu: %s and not %s, waited %d", i,
				verdict_name(p.record.verdict), samples[i].verdict,
				p.record.waited);
		done(&p);
	}
}

/* ---- questions that have their time ---------------------------------------------------------- */

CASE(question, .title = "A question that has its time", .refs = { "3.1.1:MQTT-3.12.4-1" },
	.level = MUST, .versions = V311)
{
	struct peer *client = join(t, "client");
	int64_t since_us = now_us(t);
	only_until(t, since_us, 1000);
	send_pingreq(client);
	expect(client, PINGRESP);
	only_until(t, 0, 0);
	send_pingreq(client);
	expect(client, PINGRESP);
}

static void a_question_whose_time_is_over_accuses_nobody(void **state)
{
	(void)state;
	static const struct {
		const char *script, *verdict;
	} samples[] = {
		{ CONNACK_311 "e", "pass" },
		{ CONNACK_311 "r p1200 x", "inconclusive" }, /* too late to tell anything */
		{ CONNACK_311 "r x", "fail" },               /* in time */
		{ CONNACK_311 "r p1200 sD000 e", "pass" },   /* late, and right all the same */
		{ CONNACK_311 "r sD000 r p1200 x", "fail" }, /* after it */
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play(&p, &case_question, MQTT_311, SCRIPTS(samples[i].script));
		assert_string_equal(verdict_name(p.record.verdict), samples[i].verdict);
		done(&p);
	}
}

/* The answer may have left before the time was over. */
static void a_question_is_good_for_a_round_trip_more(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_question,
			.version = MQTT_311,
			.answer_us = 3000000,
			.round_trip = { .least_us = 5000000 } },
		SCRIPTS(CONNACK_311 "r p1200 x"));
	assert_verdict(p, FAIL);
	done(&p);
}

CASE(in_time, .title = "Something done in time", .refs = { "3.1.1:MQTT-3.12.4-1" }, .level = MUST,
	.versions = V311)
{
	struct peer *client = join(t, "client");
	int64_t since_us = now_us(t);
	send_pingreq(client);
	expect(client, PINGRESP);
	in_time(t, since_us, 500);
	send_pingreq(client);
	expect(client, PINGRESP);
}

static void what_is_done_too_late_tells_nothing(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_in_time, MQTT_311, SCRIPTS(CONNACK_311 "e"));
	assert_verdict(p, PASS);
	done(&p);
	play(&p, &case_in_time, MQTT_311, SCRIPTS(CONNACK_311 "r p600 sD000 x"));
	assert_verdict(p, INCONCLUSIVE);
	assert_true(p.record.waited);
	done(&p);
	/* The limit is lifted again. */
	play(&p, &case_in_time, MQTT_311, SCRIPTS(CONNACK_311 "r sD000 r p600 x"));
	assert_verdict(p, FAIL);
	done(&p);
}

/* ---- patience -------------------------------------------------------------------------------- */

CASE(answer, .title = "An answer", .refs = { "3.1.1:MQTT-3.12.4-1" }, .level = MUST,
	.versions = V311)
{
	struct peer *client = join(t, "client");
	send_pingreq(client);
	expect(client, PINGRESP);
}

CASE(acknowledgement, .title = "An acknowledgement", .refs = { "3.1.1:MQTT-3.3.4-1" },
	.level = MUST, .versions = V311)
{
	struct peer *client = join(t, "client");
	send_publish(client, .topic = "a", .qos = 1, .id = 1);
	expect_ack(client, PUBACK, 1);
}

CASE(close, .title = "A close", .refs = { "3.1.1:MQTT-3.14.4-3" }, .level = MUST, .versions = V311)
{
	struct peer *client = join(t, "client");
	send_disconnect(client);
	expect_closed(client);
}

CASE(either, .title = "A SUBACK, or the close", .refs = { "3.1.1:MQTT-3.8.4-1" }, .level = MUST,
	.versions = V311)
{
	struct peer *client = join(t, "client");
	send_subscribe(client, .filter = "a", .id = 1);
	expect_one_of(client, OUTCOMES({ SUBACK, .code = SET(0) }, { .type = CLOSED }));
}

/* Judged is the PUBACK, among other things. */
CASE(several, .title = "An acknowledgement of what is sent after a SUBACK",
	.refs = { "3.1.1:MQTT-3.12.4-1", "3.1.1:MQTT-3.3.4-1" }, .level = MUST, .versions = V311)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	send_publish(client, .topic = "b", .qos = 1, .id = 7);
	expect_ack(client, PUBACK, 7);
	fence(client);
}

static void what_is_late_is_a_matter_of_its_own_statement(void **state)
{
	(void)state;
	static const struct {
		const char *script, *verdict;
	} samples[] = {
		{ CONNACK_311 "r p900 s9003000100 r s40020007 e", "pass" }, /* the set-up */
		{ CONNACK_311 "a r p900 s40020007 e", "nonstrict" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_several,
				.version = MQTT_311,
				.answer_us = 500000,
				.patience_us = 2000000 },
			SCRIPTS(samples[i].script));
		assert_string_equal(verdict_name(p.record.verdict), samples[i].verdict);
		if (p.record.verdict == VERDICT_NONSTRICT)
			assert_accused(&p, "MQTT-3.3.4-1");
		assert_int_equal(transcript_count(&p, "late: "), 1);
		done(&p);
	}
}

static void what_comes_late_is_no_breach_and_what_never_comes_is_waited_for(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		const char *script;
		int64_t patience_us;
		const char *verdict;
		bool waited;
	} samples[] = {
		{ &case_answer, CONNACK_311 "r p900 sD000", 0, "fail", true },
		{ &case_answer, CONNACK_311 "r p900 sD000", 2000000, "nonstrict", false },
		{ &case_answer, CONNACK_311 "r sD000", 2000000, "pass", false },
		{ &case_answer, CONNACK_311 "r", 700000, "fail", true },
		{ &case_answer, CONNACK_311 "r x", 2000000, "fail", false },
		{ &case_acknowledgement, CONNACK_311 "r p900 s40020001", 0, "fail", true },
		{ &case_acknowledgement, CONNACK_311 "r p900 s40020001", 2000000, "nonstrict",
			false },
		{ &case_acknowledgement, CONNACK_311 "r x", 2000000, "fail", false },
		{ &case_close, CONNACK_311 "r p900 x", 0, "fail", true },
		{ &case_close, CONNACK_311 "r p900 x", 2000000, "nonstrict", false },
		{ &case_either, CONNACK_311 "r p900 s9003000100", 0, "fail", true },
		{ &case_either, CONNACK_311 "r p900 s9003000100", 2000000, "nonstrict", false },
		{ &case_either, CONNACK_311 "r p900 x", 2000000, "nonstrict", false },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = samples[i].def,
				.version = MQTT_311,
				.answer_us = 500000,
				.patience_us = samples[i].patience_us },
			SCRIPTS(samples[i].script));
		if (strcmp(verdict_name(p.record.verdict), samples[i].verdict) != 0 ||
			p.record.waited != samples[i].waited)
			fail_msg("sample %zu: %s%s", i, verdict_name(p.record.verdict),
				p.record.waited ? ", waited" : "");
		if (p.record.verdict == VERDICT_NONSTRICT)
			assert_contains(p.record.note, "late: ");
		done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_late_that_nobody_watches),
		cmocka_unit_test(a_stall_of_our_own_is_what_lies_between_two_turns),
		cmocka_unit_test(a_target_is_as_late_as_its_pulse),
		cmocka_unit_test(a_pulse_that_is_far_away_is_not_late),
		cmocka_unit_test(a_stall_of_our_own_is_not_the_targets),
		cmocka_unit_test(a_pulse_that_ends_is_felt_no_more),
		cmocka_unit_test(a_window_has_two_ends),
		cmocka_unit_test(every_value_of_a_distribution_counts),
		cmocka_unit_test(what_is_too_late_by_no_more_than_the_machine_accuses_nobody),
		cmocka_unit_test(a_question_whose_time_is_over_accuses_nobody),
		cmocka_unit_test(a_question_is_good_for_a_round_trip_more),
		cmocka_unit_test(what_is_done_too_late_tells_nothing),
		cmocka_unit_test(what_is_late_is_a_matter_of_its_own_statement),
		cmocka_unit_test(what_comes_late_is_no_breach_and_what_never_comes_is_waited_for),
	};
	return cmocka_run_group_tests_name("lateness", tests, NULL, NULL);
}
