/* Expectations of a connection's end, and of several outcomes. */
#include "tests/unit/play_rig.h"

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
		{ MQTT_50, CONNACK_50 "r sE00182 x", VERDICT_NONSTRICT, "0x82" },
		{ MQTT_50, CONNACK_50 "r x", VERDICT_NONSTRICT, "without a DISCONNECT" },
		{ MQTT_50, CONNACK_50 "r sE00181 e", VERDICT_FAIL, "DISCONNECT" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_violation,
				.version = samples[i].version,
				.answer_us = 10000000 },
			SCRIPTS(samples[i].script));
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		if (samples[i].says)
			assert_contains(p.record.failure->actual, samples[i].says);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_violation_must_be_followed_by_the_close),
		cmocka_unit_test(a_refusal_has_its_form_in_each_version),
		cmocka_unit_test(each_outcome_has_its_verdict),
	};
	return cmocka_run_group_tests_name("closes", tests, NULL, NULL);
}
