/* What comes, and is not laid down for the case. */
#include "tests/unit/scripted.h"

#include <string.h>

enum { ANSWER_US = 300000 };

#define COMMON \
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH

CASE(undisturbed, .title = "A message, whatever others do", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1");
	expect_message(client, .topic = "a", .payload = "1");
	expect_no(client, PUBLISH);
}

/* PUBLISH packets of 3.1.1, payload "x"; and "1" to the case run's own topic. */
#define TO_ANOTHER       \
	"s300C0009"      \
	"61623030303036" \
	"2F61"           \
	"78 " /* ab00006/a */
#define AT_QOS_1         \
	"s320E0009"      \
	"61623030303036" \
	"2F61"           \
	"0001"           \
	"78 "
#define TO_CHECKUP               \
	"s300E000B"              \
	"616230434845434B555031" \
	"78 " /* ab0CHECKUP1 */
#define TO_LONGER          \
	"s300D000A"        \
	"6162303030303061" \
	"2F61"             \
	"78 " /* ab00000a/a */
#define TO_SHORTER     \
	"s300B0008"    \
	"616230303030" \
	"2F61"         \
	"78 " /* ab0000/a */
#define TO_ELSEWHERE     \
	"s300C0009"      \
	"71623030303036" \
	"2F61"           \
	"78 " /* qb00006/a */
#define OWN              \
	"s300C0009"      \
	"61623030303035" \
	"2F61"           \
	"31 " /* ab00005/a */

CASE(all_topics, .title = "A client that asks for everything", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#", .raw = true);
	send_pingreq(client);
	expect(client, PINGRESP);
}

CASE(all_topics_spelt, .title = "A client that asks for everything, in bytes of its own", COMMON)
{
	struct peer *client = join(t, "client");
	send_template(client, "82 r m1 p{} s\"#\" 00");
	expect_ack(client, SUBACK, 1);
	send_pingreq(client);
	expect(client, PINGRESP);
}

CASE(all_topics_malformed, .title = "A client that asks for everything, with wrong flags", COMMON)
{
	struct peer *client = join(t, "client");
	send_template(client, "80 r m1 p{} s\"#\" 00");
	expect_ack(client, SUBACK, 1);
	send_pingreq(client);
	expect(client, PINGRESP);
}

static void who_asks_for_everything_gets_messages_of_others(void **state)
{
	(void)state;
	static const struct case_def *const defs[] = { &case_all_topics, &case_all_topics_spelt,
		&case_all_topics_malformed };
	for (size_t i = 0; i < sizeof(defs) / sizeof(*defs); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = defs[i], .version = MQTT_311, .prefix = "ab00005" },
			SCRIPTS("a r s9003000100 " TO_ANOTHER "e"));
		assert_verdict(p, PASS);
		assert_null(p.record.foreign);
		done(&p);
	}
}

static void messages_of_other_case_runs_are_out_of_sight(void **state)
{
	(void)state;
	static const struct {
		const char *script, *verdict, *foreign;
	} samples[] = {
		{ CONNACK_311 "a r " OWN "e", "pass", NULL },
		{ CONNACK_311 "a r " TO_ANOTHER OWN "e", "pass", "ab00006/a" },
		{ CONNACK_311 "a r " OWN TO_ANOTHER TO_ANOTHER "e", "pass", "ab00006/a" },
		{ CONNACK_311 "a r " AT_QOS_1 OWN "e", "pass", "ab00006/a" },
		{ CONNACK_311 "a r " TO_CHECKUP OWN "e", "pass", "ab0CHECKUP1" },
		/* It may have blocked the other one. */
		{ CONNACK_311 "a r " AT_QOS_1, "inconclusive", "ab00006/a" },
		{ CONNACK_311 "a r " TO_ANOTHER, "fail", "ab00006/a" },
		/* Nobody of this run publishes there. */
		{ CONNACK_311 "a r " TO_LONGER OWN "e", "fail", NULL },
		{ CONNACK_311 "a r " TO_SHORTER OWN "e", "fail", NULL },
		{ CONNACK_311 "a r " TO_ELSEWHERE OWN "e", "fail", NULL },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_undisturbed,
				.version = MQTT_311,
				.prefix = "ab00005",
				.answer_us = ANSWER_US },
			SCRIPTS(samples[i].script));
		if (strcmp(verdict_name(p.record.verdict), samples[i].verdict) != 0)
			fail_msg("sample %zu: %s", i, verdict_name(p.record.verdict));
		if (samples[i].foreign)
			assert_string_equal(p.record.foreign, samples[i].foreign);
		else
			assert_null(p.record.foreign);
		done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_everything_gets_messages_of_others),
		cmocka_unit_test(messages_of_other_case_runs_are_out_of_sight),
	};
	return cmocka_run_group_tests_name("arrivals", tests, NULL, NULL);
}
