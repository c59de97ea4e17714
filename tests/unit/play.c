/* The engine against a scripted server: which verdict comes out, and why. What violations of ours lead
 * to is in closes.c.
 */
#include "tests/unit/scripted.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/transport/endpoint.h"

/* ---- cases --------------------------------------------------------------------------------- */

CASE(ping, .title = "PINGREQ is answered", .refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	send_pingreq(client);
	expect(client, PINGRESP);
}

static void an_answer_in_time_is_a_pass(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_ping, MQTT_311, SCRIPTS(CONNACK_311 "r sD000"));
	assert_verdict(p, PASS);
	assert_null(p.record.failure);
	assert_int_equal(p.record.statement_count, 1);
	assert_string_equal(p.record.statements[0].name, "3.1.1:MQTT-3.12.4-1");
	assert_int_equal(p.record.statements[0].verdict, VERDICT_PASS);
	done(&p);
}

static void a_missing_answer_is_a_fail_with_its_place(void **state)
{
	(void)state;
	struct played p;
	play_with(&p, (struct play){ .def = &case_ping, .version = MQTT_50, .answer_us = 500000 },
		SCRIPTS(CONNACK_50 "r"));
	assert_verdict(p, FAIL);
	assert_string_equal(p.record.failure->expected, "PINGRESP");
	assert_contains(p.record.failure->actual, "nothing for");
	assert_string_equal(p.record.failure->step, "expect(client, PINGRESP)");
	assert_contains(p.record.failure->file, "tests/unit/play.c");
	assert_string_equal(p.record.failure->statement, "5.0:MQTT-3.12.4-1");
	assert_int_equal(p.record.statements[0].verdict, VERDICT_FAIL);
	done(&p);
}

static void an_end_instead_of_an_answer_is_told_apart_from_silence(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_ping, MQTT_311, SCRIPTS(CONNACK_311 "r x"));
	assert_verdict(p, FAIL);
	assert_contains(p.record.failure->actual, "the connection closed (no packet)");
	done(&p);
	play(&p, &case_ping, MQTT_50, SCRIPTS(CONNACK_50 "r sE00182 x"));
	assert_verdict(p, FAIL);
	assert_contains(p.record.failure->actual, "DISCONNECT");
	assert_contains(p.record.failure->actual, "closed");
	done(&p);
}

static void a_failed_set_up_is_inconclusive(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_ping, MQTT_311, SCRIPTS("r s20020005 x"));
	assert_verdict(p, INCONCLUSIVE);
	assert_null(p.record.failure->statement);
	assert_contains(p.record.failure->actual, "CONNACK");
	assert_int_equal(p.record.statements[0].verdict, VERDICT_INCONCLUSIVE);
	done(&p);
	play_with(&p, (struct play){ .def = &case_ping, .version = MQTT_311, .answer_us = 500000 },
		SCRIPTS("r"));
	assert_verdict(p, INCONCLUSIVE);
	done(&p);
}

CASE(recommended, .title = "A SHOULD", .refs = { "5.0:U50-DISC-CLOSE" }, .level = SHOULD,
	.versions = V50)
{
	struct peer *client = join(t, "client");
	send_disconnect(client);
	expect_closed(client);
}

static void a_breach_of_a_should_is_nonstrict(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_recommended, .version = MQTT_50, .answer_us = 500000 },
		SCRIPTS(CONNACK_50 "r"));
	assert_verdict(p, NONSTRICT);
	assert_int_equal(p.record.statements[0].verdict, VERDICT_NONSTRICT);
	done(&p);
}

CASE(lanes, .title = "Packets that nothing orders are found in any order",
	.refs = { "3.1.1:MQTT-3.8.4-1" }, .level = MUST, .versions = V311)
{
	struct peer *client = join(t, "client");
	send_subscribe(client, .filter = "a", .qos = 1, .id = 9);
	expect_ack(client, SUBACK, 9);
	struct packet message = expect(client, PUBLISH);
	check_text(t, message.topic, "a");
	check_text(t, message.payload, "x");
}

static void a_retained_message_may_come_before_the_suback(void **state)
{
	(void)state;
	struct played p;
	/* PUBLISH "k1/a" "x" retain, then SUBACK 9: 0x01 */
	play(&p, &case_lanes, MQTT_311, SCRIPTS(CONNACK_311 "r s310700046B312F6178 s9003000901"));
	assert_verdict(p, PASS);
	done(&p);
}

CASE(outcomes, .title = "Several outcomes", .refs = { "5.0:MQTT-4.7.1-1" }, .level = MUST,
	.versions = V50)
{
	struct peer *client = join(t, "client");
	misbehave(client);
	send_subscribe(client, .filter = "a#", .id = 1);
	expect_one_of(client,
		OUTCOMES({ SUBACK, .code = SET(0x8F) },
			{ SUBACK, .code = SET(0x80), .verdict = VERDICT_NONSTRICT,
				.says = "vague" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "closes" }));
}

static void each_outcome_has_its_verdict(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		enum verdict verdict;
	} samples[] = {
		{ CONNACK_50 "r s900400010 08F", VERDICT_FAIL }, /* malformed SUBACK */
		{ CONNACK_50 "r s90040001008F", VERDICT_PASS },
		{ CONNACK_50 "r s900400010080", VERDICT_NONSTRICT },
		{ CONNACK_50 "r s900400010000", VERDICT_FAIL },
		{ CONNACK_50 "r x", VERDICT_INFO },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){
				.def = &case_outcomes, .version = MQTT_50, .answer_us = 1000000 },
			SCRIPTS(samples[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		done(&p);
	}
}

CASE(two_statements, .title = "One statement after the other",
	.refs = { "3.1.1:MQTT-3.12.4-1", "3.1.1:MQTT-3.14.4-3" }, .level = MUST, .versions = V311)
{
	struct peer *client = join(t, "client");
	judging(t, "3.1.1:MQTT-3.12.4-1");
	send_pingreq(client);
	expect(client, PINGRESP);
	judging(t, "3.1.1:MQTT-3.14.4-3");
	send_disconnect(client);
	expect_closed(client);
}

static void a_statement_passed_stays_passed(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){
			.def = &case_two_statements, .version = MQTT_311, .answer_us = 500000 },
		SCRIPTS(CONNACK_311 "r sD000 r"));
	assert_verdict(p, FAIL);
	assert_int_equal(p.record.statement_count, 2);
	assert_int_equal(p.record.statements[0].verdict, VERDICT_PASS);
	assert_int_equal(p.record.statements[1].verdict, VERDICT_FAIL);
	assert_string_equal(p.record.failure->statement, "3.1.1:MQTT-3.14.4-3");
	done(&p);
}

CASE(witnessed, .title = "With a bystander", .refs = { "3.1.1:MQTT-3.12.4-1" }, .level = MUST,
	.versions = V311)
{
	witness(t);
	struct peer *client = join(t, "client");
	send_pingreq(client);
	expect(client, PINGRESP);
}

static void a_witness_that_is_cut_off_is_a_fail(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_witnessed, MQTT_311,
		SCRIPTS(CONNACK_311 "r s9003000100 p100 x", CONNACK_311 "r sD000"));
	assert_verdict(p, FAIL);
	assert_contains(p.record.failure->step, "witness");
	done(&p);
	/* "k1/witness" "still here" comes back, then the answer to PINGREQ */
	play(&p, &case_witnessed, MQTT_311,
		SCRIPTS(CONNACK_311 "r s9003000100 r "
				    "s3016000A6B312F7769746E6573737374696C6C2068657265 e",
			CONNACK_311 "r sD000"));
	assert_verdict(p, PASS);
	done(&p);
}

static void what_the_monitor_sees_is_a_fail_of_its_own_statement(void **state)
{
	(void)state;
	struct played p;
	/* CONNACK with a reserved flag set */
	play(&p, &case_ping, MQTT_50, SCRIPTS("r s2003020000 r sD000"));
	assert_verdict(p, FAIL);
	assert_string_equal(p.record.failure->statement, "5.0:MQTT-3.2.2-1");
	assert_int_equal(p.record.statements[0].verdict, VERDICT_PASS);
	assert_string_equal(p.record.statements[1].name, "5.0:MQTT-3.2.2-1");
	assert_int_equal(p.record.statements[1].verdict, VERDICT_FAIL);
	assert_false(p.record.statements[0].watched);
	assert_true(p.record.statements[1].watched);
	done(&p);
}

CASE(optional, .title = "An optional feature", .refs = { "5.0:U50-SHARE-ONE" }, .level = STATED,
	.versions = V50)
{
	require(t, offers(t)->shared, "no such thing");
	require(t, !offers(t)->wildcards, "the target says that it has wildcards");
}

static void what_the_target_does_not_offer_is_inapplicable(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_optional, MQTT_50, SCRIPTS(""));
	assert_verdict(p, INAPPLICABLE);
	assert_contains(p.record.note, "has wildcards");
	assert_null(p.record.failure);
	done(&p);
}

CASE(between, .title = "Both versions", .refs = { "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = BOTH)
{
	join(t, "other", .other_version = true);
}

/* It is silent to the CONNECT: waiting for it would end as `inconclusive`. */
static void a_version_that_the_file_leaves_out_is_not_asked_for(void **state)
{
	(void)state;
	struct capabilities offers = offers_all();
	struct played p;

	offers.other_unserved = true;
	for (int i = 0; i < 2; i++) {
		play_with(&p,
			(struct play){ .def = &case_between,
				.version = i ? MQTT_50 : MQTT_311,
				.capabilities = &offers },
			SCRIPTS("r"));
		assert_verdict(p, INAPPLICABLE);
		assert_contains(p.record.note, "does not serve the other version");
		assert_int_equal(transcript_count(&p, "CONNECT"), 0);
		done(&p);
	}
}

/* What the survey has seen in a CONNACK is excused there, and nothing else is. */
static void what_every_connack_breaks_is_no_failure_of_the_case_run(void **state)
{
	(void)state;
	static const char *const flags[] = { "5.0:MQTT-2.1.3-1", NULL };
	static const char *const other[] = { "5.0:MQTT-3.2.2-1", NULL };
	struct play known = { .def = &case_ping, .version = MQTT_50, .known = flags };
	struct play unknown = { .def = &case_ping, .version = MQTT_50, .known = other };
	struct played p;

	play_with(&p, known, SCRIPTS("r s2103000000 r sD000"));
	assert_verdict(p, PASS);
	assert_int_equal(p.record.statement_count, 1);
	assert_true(transcript_count(&p, "(5.0:MQTT-2.1.3-1), as in every CONNACK") > 0);
	done(&p);
	play_with(&p, unknown, SCRIPTS("r s2103000000 r sD000"));
	assert_verdict(p, FAIL);
	assert_string_equal(p.record.failure->statement, "5.0:MQTT-2.1.3-1");
	assert_string_equal(p.record.failure->difference, "monitor");
	done(&p);
	play_with(&p, known, SCRIPTS("r s2103000000 r sD100"));
	assert_verdict(p, FAIL);
	assert_string_equal(p.record.failure->statement, "5.0:MQTT-2.1.3-1");
	done(&p);
}

CASE(optional_in_the_end, .title = "An optional feature", .refs = { "5.0:U50-SHARE-ONE" },
	.level = STATED, .versions = V50)
{
	join(t, "client");
	require(t, !offers(t)->wildcards, "the target says that it has wildcards");
}

static void a_breach_seen_before_the_case_did_not_apply_stands(void **state)
{
	(void)state;
	struct played p;
	/* CONNACK with a reserved flag set */
	play(&p, &case_optional_in_the_end, MQTT_50, SCRIPTS("r s2003020000"));
	assert_verdict(p, FAIL);
	assert_non_null(p.record.failure);
	assert_string_equal(p.record.failure->statement, "5.0:MQTT-3.2.2-1");
	assert_null(p.record.note);
	assert_int_equal(p.record.statements[0].verdict, VERDICT_INAPPLICABLE);
	assert_string_equal(p.record.statements[1].name, "5.0:MQTT-3.2.2-1");
	assert_int_equal(p.record.statements[1].verdict, VERDICT_FAIL);
	done(&p);
}

static void segmentation_changes_the_writes_and_nothing_else(void **state)
{
	(void)state;
	for (enum segmentation s = SEGMENT_WHOLE; s <= SEGMENT_BATCH; s++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_ping,
				.version = MQTT_311,
				.segmentation = s,
				.split_at = 1 },
			SCRIPTS(CONNACK_311 "r sD000"));
		assert_verdict(p, PASS);
		assert_true(transcript_count(&p, "PINGREQ") > 0);
		done(&p);
	}
}

static void a_refused_connection_is_inconclusive(void **state)
{
	(void)state;
	struct arena a;
	struct record_case record;
	struct endpoint target;
	const char *error;
	struct capabilities none = { 0 };
	arena_init(&a);
	assert_true(endpoint_parse(&a, "mqtt://127.0.0.1:1", &target, &error));
	struct play play = { .def = &case_ping,
		.version = MQTT_311,
		.transport = target.transport,
		.target = &target,
		.capabilities = &none,
		.prefix = "k1",
		.answer_us = 500000 };
	play_case(&a, &play, &record);
	assert_string_equal(verdict_name(record.verdict), "inconclusive");
	assert_contains(record.failure->actual, "refused");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_in_time_is_a_pass),
		cmocka_unit_test(a_missing_answer_is_a_fail_with_its_place),
		cmocka_unit_test(an_end_instead_of_an_answer_is_told_apart_from_silence),
		cmocka_unit_test(a_failed_set_up_is_inconclusive),
		cmocka_unit_test(a_breach_of_a_should_is_nonstrict),
		cmocka_unit_test(a_retained_message_may_come_before_the_suback),
		cmocka_unit_test(each_outcome_has_its_verdict),
		cmocka_unit_test(a_statement_passed_stays_passed),
		cmocka_unit_test(a_witness_that_is_cut_off_is_a_fail),
		cmocka_unit_test(what_the_monitor_sees_is_a_fail_of_its_own_statement),
		cmocka_unit_test(what_the_target_does_not_offer_is_inapplicable),
		cmocka_unit_test(a_version_that_the_file_leaves_out_is_not_asked_for),
		cmocka_unit_test(what_every_connack_breaks_is_no_failure_of_the_case_run),
		cmocka_unit_test(a_breach_seen_before_the_case_did_not_apply_stands),
		cmocka_unit_test(segmentation_changes_the_writes_and_nothing_else),
		cmocka_unit_test(a_refused_connection_is_inconclusive),
	};
	return cmocka_run_group_tests_name("play", tests, NULL, NULL);
}
