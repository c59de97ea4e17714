/* What violations of ours lead to: the close, or a target that puts up with them, which 3.1.1 forbids and
 * 5.0 mostly does not.
 */
#include "tests/unit/scripted.h"

#include <string.h>

CASE(violation, .title = "A bad packet ends the connection",
	.refs = { "3.1.1:MQTT-2.2.2-2", "5.0:U50-FLAGS-MALFORMED" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client");
	send_template(client, "C1 r0");
	expect_violation_closed(client, .codes = { 0x81 });
}

static void a_violation_must_be_followed_by_the_close(void **state)
{
	(void)state;
	static const struct {
		enum mqtt_version version;
		const char *script;
		enum verdict verdict;
		const char *says;
	} samples[] = {
		{ MQTT_311, CONNACK_311 "r x", VERDICT_PASS, NULL },
		{ MQTT_311, CONNACK_311 "r X", VERDICT_PASS, NULL },
		{ MQTT_311, CONNACK_311 "r p50 x", VERDICT_PASS, NULL },
		/* The answer to the fence proves that the connection lives on. */
		{ MQTT_311, CONNACK_311 "r e", VERDICT_FAIL, "lives on: PINGRESP" },
		/* An answer that was under way does not. */
		{ MQTT_311, CONNACK_311 "r r sD000 p20 x", VERDICT_PASS, NULL },
		{ MQTT_50, CONNACK_50 "r sE00181 x", VERDICT_PASS, NULL },
		/* The close may come long after the word of it. */
		{ MQTT_50, CONNACK_50 "r sE00181 p300 x", VERDICT_PASS, NULL },
		{ MQTT_50, CONNACK_50 "r sE00182 x", VERDICT_NONSTRICT, "0x82" },
		{ MQTT_50, CONNACK_50 "r x", VERDICT_NONSTRICT, "without a DISCONNECT" },
		/* A DISCONNECT binds who sent it. */
		{ MQTT_50, CONNACK_50 "r sE00181 e", VERDICT_FAIL, "DISCONNECT" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_violation,
				.version = samples[i].version,
				.answer_us = 1000000 },
			SCRIPTS(samples[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		if (samples[i].says)
			assert_contains(p.record.failure->actual, samples[i].says);
		done(&p);
	}
}

/* A reset takes with it what was lost on the way before it, and only from afar anything is lost. */
static void a_reset_from_afar_accuses_nobody_of_silence(void **state)
{
	(void)state;
	static const struct {
		int64_t round_trip_us;
		const char *script;
		enum verdict verdict;
	} samples[] = {
		{ 100, CONNACK_50 "r r X", VERDICT_NONSTRICT },
		{ 50000, CONNACK_50 "r r X", VERDICT_INFO },
		{ 50000, CONNACK_50 "r r sE00182 X", VERDICT_NONSTRICT },
		{ 50000, CONNACK_50 "r r x", VERDICT_NONSTRICT },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		int64_t us = samples[i].round_trip_us;
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_violation,
				.version = MQTT_50,
				.round_trip = { us, us, us },
				.answer_us = 1000000 },
			SCRIPTS(samples[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		done(&p);
	}
}

CASE(refused, .title = "A bad level is refused",
	.refs = { "3.1.1:MQTT-3.1.2-2", "5.0:MQTT-3.1.2-2" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_template(client, "10 r s\"MQTT\" 07 02 n0 p{} c");
	expect_refused(client, .return_code = 1, .codes = { 0x84 });
}

static void a_refusal_has_its_form_in_each_version(void **state)
{
	(void)state;
	static const struct {
		enum mqtt_version version;
		const char *script;
		enum verdict verdict;
	} samples[] = {
		{ MQTT_311, "r s20020001 x", VERDICT_PASS },
		{ MQTT_311, "r s20020002 x", VERDICT_FAIL },
		{ MQTT_311, "r x", VERDICT_FAIL },
		{ MQTT_311, "r s20020001", VERDICT_FAIL }, /* stays open */
		{ MQTT_50, "r s2003008400 x", VERDICT_PASS },
		{ MQTT_50, "r x", VERDICT_PASS },
		{ MQTT_50, "r s2003008100 x", VERDICT_NONSTRICT },
		{ MQTT_50, "r s2003000000", VERDICT_FAIL },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_refused,
				.version = samples[i].version,
				.answer_us = 1000000 },
			SCRIPTS(samples[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		done(&p);
	}
}

/* ---- rigour -------------------------------------------------------------------------------- */

#define GOES_ON_311 CONNACK_311 "e"
#define GOES_ON_50  CONNACK_50 "e"
#define SILENT_50   CONNACK_50 "r r"

#define FLAGS_CASE(name, ...)                                                                \
	CASE(name, .title = "A SUBSCRIBE with wrong flags ends the connection",              \
		.refs = { __VA_ARGS__ }, .level = MUST, .versions = BOTH)                    \
	{                                                                                    \
		struct peer *client = join(t, "client");                                     \
		send_template(client, "80 r m1 p{} t\"a\" 00");                              \
		expect_violation_closed(client);                                             \
		check(t, is_open(client), "the case goes on, and knows that nothing closed", \
			"it is otherwise");                                                  \
	}

FLAGS_CASE(bound, "3.1.1:MQTT-3.8.1-1", "5.0:MQTT-3.8.1-1", "5.0:U50-FLAGS-MALFORMED")
FLAGS_CASE(stated, "3.1.1:MQTT-3.8.1-1", "5.0:U50-FLAGS-MALFORMED", "5.0:MQTT-4.13.1-1")
FLAGS_CASE(sent, "3.1.1:MQTT-2.3.1-1", "5.0:MQTT-2.2.1-3")
FLAGS_CASE(noticed, "3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1")

static void only_a_statement_that_binds_the_receiver_is_broken_by_not_noticing(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		enum mqtt_version version;
		const char *script;
		enum verdict verdict;
		const char *statement;
	} samples[] = {
		{ &case_bound, MQTT_50, GOES_ON_50, VERDICT_FAIL, "5.0:MQTT-3.8.1-1" },
		{ &case_bound, MQTT_50, SILENT_50, VERDICT_FAIL, "5.0:MQTT-3.8.1-1" },
		{ &case_stated, MQTT_50, GOES_ON_50, VERDICT_NONSTRICT, "5.0:U50-FLAGS-MALFORMED" },
		{ &case_stated, MQTT_50, SILENT_50, VERDICT_NONSTRICT, "5.0:U50-FLAGS-MALFORMED" },
		{ &case_sent, MQTT_50, GOES_ON_50, VERDICT_NONSTRICT, "5.0:MQTT-2.2.1-3" },
		{ &case_noticed, MQTT_50, GOES_ON_50, VERDICT_NONSTRICT, "5.0:MQTT-4.13.1-1" },
		/* 3.1.1 leaves nothing to the receiver. */
		{ &case_bound, MQTT_311, GOES_ON_311, VERDICT_FAIL, "3.1.1:MQTT-3.8.1-1" },
		{ &case_sent, MQTT_311, GOES_ON_311, VERDICT_FAIL, "3.1.1:MQTT-2.3.1-1" },
		{ &case_noticed, MQTT_311, GOES_ON_311, VERDICT_FAIL, "3.1.1:MQTT-4.8.0-1" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_for(&p, samples[i].verdict,
			(struct play){ .def = samples[i].def, .version = samples[i].version },
			SCRIPTS(samples[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		assert_string_equal(p.record.failure->statement, samples[i].statement);
		assert_string_equal(p.record.failure->difference, "open");
		assert_int_equal(p.record.statements[0].verdict, samples[i].verdict);
		done(&p);
	}
}

/* Not to notice is legal; to say DISCONNECT and go on is not. */
static void who_says_disconnect_closes(void **state)
{
	(void)state;
	static const char *const scripts[] = { CONNACK_50 "r r sE00181",
		CONNACK_50 "r r sD000 sE00181" };
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		struct played p;
		play_for(&p, VERDICT_FAIL, (struct play){ .def = &case_stated, .version = MQTT_50 },
			SCRIPTS(scripts[i]));
		assert_verdict(p, FAIL);
		assert_string_equal(p.record.failure->statement, "5.0:MQTT-3.14.4-2");
		assert_string_equal(p.record.failure->difference, "open");
		done(&p);
	}
}

CASE(outcomes, .title = "An answer, or the close", .refs = { "5.0:U50-PKT-TYPE" }, .level = MUST,
	.versions = V50)
{
	struct peer *client = join(t, "client");
	send_subscribe(client, .filter = "a", .id = 1);
	expect_one_of(client, OUTCOMES({ SUBACK, .code = SET(0) }, { .type = CLOSED }));
}

static void who_says_disconnect_among_outcomes_closes_too(void **state)
{
	(void)state;
	struct played p;
	play_for(&p, VERDICT_FAIL, (struct play){ .def = &case_outcomes, .version = MQTT_50 },
		SCRIPTS(CONNACK_50 "r sE00181"));
	assert_verdict(p, FAIL);
	assert_string_equal(p.record.failure->statement, "5.0:MQTT-3.14.4-2");
	done(&p);
	play(&p, &case_outcomes, MQTT_50, SCRIPTS(CONNACK_50 "r sE00181 x"));
	assert_verdict(p, PASS);
	done(&p);
}

CASE(second_connect, .title = "Of several statements the one on trial decides",
	.refs = { "5.0:U50-PKT-TYPE", "5.0:MQTT-3.1.0-2" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");
	misbehave(client);
	judging(t, "5.0:MQTT-3.1.0-2");
	send_connect(client, .keep_alive = 0);
	expect_violation_closed(client);
}

static void judging_puts_the_duty_on_trial(void **state)
{
	(void)state;
	struct played p;
	play_for(&p, VERDICT_FAIL, (struct play){ .def = &case_second_connect, .version = MQTT_50 },
		SCRIPTS(GOES_ON_50));
	assert_verdict(p, FAIL);
	assert_string_equal(p.record.failure->statement, "5.0:MQTT-3.1.0-2");
	done(&p);
}

/* ---- the first packet ---------------------------------------------------------------------- */

CASE(first, .title = "A connection that does not begin with CONNECT is closed",
	.refs = { "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_template(client, "82 r m1 p{} t\"a\" 00");
	expect_violation_closed(client);
}

CASE(malformed, .title = "A malformed CONNECT is not accepted",
	.refs = { "3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_template(client, "10 r s\"MQTT\" l 02 n0 p{} c 00");
	expect_violation_closed(client, .codes = { 0x81 });
}

CASE(method, .title = "An unknown Authentication Method is refused",
	.refs = { "5.0:MQTT-4.12.0-1" }, .level = MUST, .versions = V50)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .props = PROPS(P_AUTH_METHOD("m")));
	expect_refused(client, .by_choice = true, .codes = { 0x8C });
}

static void a_connection_begins_with_a_good_connect(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		enum mqtt_version version;
		const char *script;
		enum verdict verdict;
		const char *statement;
	} samples[] = {
		{ &case_first, MQTT_311, "r x", VERDICT_PASS, NULL },
		{ &case_first, MQTT_311, "r r", VERDICT_FAIL, "3.1.1:MQTT-3.1.0-1" },
		{ &case_first, MQTT_50, "r x", VERDICT_PASS, NULL },
		{ &case_first, MQTT_50, "r r", VERDICT_NONSTRICT, "5.0:MQTT-3.1.0-1" },
		/* Served before CONNECT: that is more than not to notice. */
		{ &case_first, MQTT_50, "r s900400010000", VERDICT_FAIL, "5.0:MQTT-3.2.0-1" },

		{ &case_malformed, MQTT_50, "r x", VERDICT_PASS, NULL },
		{ &case_malformed, MQTT_50, "r s2003008100 x", VERDICT_PASS, NULL },
		{ &case_malformed, MQTT_50, "r s2003000000 e", VERDICT_FAIL, "5.0:MQTT-3.1.4-1" },
		{ &case_malformed, MQTT_50, "r s2003008100 r", VERDICT_FAIL, "5.0:MQTT-3.2.2-7" },
		{ &case_malformed, MQTT_311, "r s20020000 e", VERDICT_FAIL, "3.1.1:MQTT-3.1.4-1" },

		{ &case_method, MQTT_50, "r s2003008C00 x", VERDICT_PASS, NULL },
		/* Let in, and the method named; let in without. */
		{ &case_method, MQTT_50, "r s20070000041500016D", VERDICT_INFO, NULL },
		{ &case_method, MQTT_50, "r s2003000000", VERDICT_FAIL, "5.0:MQTT-4.12.0-5" },
		{ &case_method, MQTT_50, "r s2003008C00 r", VERDICT_FAIL, "5.0:MQTT-3.2.2-7" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_for(&p, samples[i].verdict,
			(struct play){ .def = samples[i].def, .version = samples[i].version },
			SCRIPTS(samples[i].script));
		if (p.record.verdict != samples[i].verdict)
			fail_msg("sample %zu: %s", i, verdict_name(p.record.verdict));
		if (samples[i].statement)
			assert_string_equal(p.record.failure->statement, samples[i].statement);
		done(&p);
	}
}

/* ---- triggers ------------------------------------------------------------------------------ */

CASE(triggered, .title = "What is after a refused packet has no effect",
	.refs = { "3.1.1:MQTT-3.1.4-5", "5.0:MQTT-3.1.4-6" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	send_template(client, "C1 r");
	require_closed(client);
}

CASE(triggered_first, .title = "What is after a refused CONNECT has no effect",
	.refs = { "3.1.1:MQTT-3.1.4-5", "5.0:MQTT-3.1.4-6" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_template(client, "10 r s\"MQTT\" l 03 n0 p{} c");
	require_closed(client);
}

CASE(triggered_by_violation, .title = "A close for a violation leads to the Will",
	.refs = { "5.0:MQTT-4.13.1-1", "5.0:MQTT-3.1.2-8" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");
	send_template(client, "C1 r");
	expect_violation_closed(client, .quiet = true);
	require(t, !is_open(client), "the target goes on");
}

static void a_trigger_that_does_nothing_puts_nothing_on_trial(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		enum mqtt_version version;
		const char *script;
		enum verdict verdict;
	} samples[] = {
		{ &case_triggered, MQTT_50, CONNACK_50 "r x", VERDICT_PASS },
		{ &case_triggered, MQTT_50, GOES_ON_50, VERDICT_INAPPLICABLE },
		{ &case_triggered, MQTT_50, SILENT_50, VERDICT_INAPPLICABLE },
		{ &case_triggered, MQTT_311, GOES_ON_311, VERDICT_INAPPLICABLE },
		{ &case_triggered_first, MQTT_50, "r x", VERDICT_PASS },
		{ &case_triggered_first, MQTT_50, "r s2003008100 x", VERDICT_PASS },
		{ &case_triggered_first, MQTT_50, "r s2003000000", VERDICT_INAPPLICABLE },
		{ &case_triggered_first, MQTT_311, "r s20020000", VERDICT_INAPPLICABLE },
		{ &case_triggered_by_violation, MQTT_50, CONNACK_50 "r x", VERDICT_PASS },
		{ &case_triggered_by_violation, MQTT_50, GOES_ON_50, VERDICT_NONSTRICT },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_for(&p, samples[i].verdict,
			(struct play){ .def = samples[i].def, .version = samples[i].version },
			SCRIPTS(samples[i].script));
		if (p.record.verdict != samples[i].verdict)
			fail_msg("sample %zu: %s", i, verdict_name(p.record.verdict));
		if (samples[i].def == &case_triggered_by_violation && i + 1 == 10)
			assert_int_equal(p.record.statements[1].verdict, VERDICT_INAPPLICABLE);
		done(&p);
	}
}

/* ---- effects ------------------------------------------------------------------------------- */

/* PUBLISH "k1/a" at QoS 0: the marker; with Receive Maximum; on "k1/\xFF". */
#define MARKER           "s302200046B312F61006D61726B65722061667465722074686520626164207061636B6574 "
#define FOREIGN_PROPERTY "s300B00046B312F610321000A78 "
#define GOOD_MESSAGE     "s300800046B312F610078 "
#define WATCHER          CONNACK_50 "r s900400010002 "

static const struct vector forbidden[] = {
	{ "receive_maximum", "30 r t\"a\" p{21 n10} b\"x\"", .codes = { 0x81 } },
};

CASE(harm, .title = "A property that belongs elsewhere is not handed on",
	.refs = { "5.0:U50-PROP-WRONG-PACKET" }, .level = STATED, .versions = V50, ROWS(forbidden))
{
	struct peer *watcher = watch_row(t, "a");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client, .quiet = true);
	expect_no_harm(watcher, client, .topic = "a");
}

static void an_error_that_is_handed_on_is_a_fail(void **state)
{
	(void)state;
	static const struct {
		const char *watcher, *client;
		enum verdict verdict;
	} samples[] = {
		{ WATCHER MARKER, CONNACK_50 "r x", VERDICT_PASS },
		{ WATCHER FOREIGN_PROPERTY MARKER, CONNACK_50 "r x", VERDICT_FAIL },
		{ WATCHER MARKER, GOES_ON_50, VERDICT_NONSTRICT },
		{ WATCHER GOOD_MESSAGE MARKER, GOES_ON_50, VERDICT_NONSTRICT },
		{ WATCHER FOREIGN_PROPERTY MARKER, GOES_ON_50, VERDICT_FAIL },
		/* What may still be on its way to the watcher is waited for. */
		{ WATCHER, CONNACK_50 "r x", VERDICT_INCONCLUSIVE },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_harm,
				.row = &forbidden[0],
				.version = MQTT_50,
				.answer_us = 1000000 },
			SCRIPTS(samples[i].watcher, samples[i].client, CONNACK_50));
		if (p.record.verdict != samples[i].verdict)
			fail_msg("sample %zu: %s", i, verdict_name(p.record.verdict));
		if (samples[i].verdict == VERDICT_FAIL)
			assert_string_equal(
				p.record.failure->statement, "5.0:U50-PROP-WRONG-PACKET");
		assert_true(transcript_count(&p, "marker after the bad packet") > 0);
		done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_violation_must_be_followed_by_the_close),
		cmocka_unit_test(a_reset_from_afar_accuses_nobody_of_silence),
		cmocka_unit_test(a_refusal_has_its_form_in_each_version),
		cmocka_unit_test(
			only_a_statement_that_binds_the_receiver_is_broken_by_not_noticing),
		cmocka_unit_test(who_says_disconnect_closes),
		cmocka_unit_test(who_says_disconnect_among_outcomes_closes_too),
		cmocka_unit_test(judging_puts_the_duty_on_trial),
		cmocka_unit_test(a_connection_begins_with_a_good_connect),
		cmocka_unit_test(a_trigger_that_does_nothing_puts_nothing_on_trial),
		cmocka_unit_test(an_error_that_is_handed_on_is_a_fail),
	};
	return cmocka_run_group_tests_name("closes", tests, NULL, NULL);
}
