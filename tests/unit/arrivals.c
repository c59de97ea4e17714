/* What comes, and is not laid down for the case. */
#include "tests/unit/scripted.h"

#include <stdio.h>
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

CASE(no_topic_spelt, .title = "A client that asks for the topic of no characters", COMMON)
{
	struct peer *client = join(t, "client");
	send_template(client, "82 r m1 p{} s\"\" 00");
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

/* With whoever asked for everything it would come and go. */
static void what_is_wrong_with_messages_of_others_is_theirs(void **state)
{
	(void)state;
	static const struct {
		const char *publish, *verdict;
		const struct case_def *def; /* NULL: all_topics */
	} samples[] = {
		{ "s300C0009616230303030362F2B78 ", "pass", NULL }, /* ab00006/+ */
		{ "s300C0009616230303030352F2B78 ", "fail", NULL }, /* ab00005/+ */
		{ "s3003000078 ", "pass", NULL },                   /* no topic */
		{ "s3003000078 ", "pass", &case_no_topic_spelt },
		{ "s3010000D24746573742F6162303030303678 ", "pass", NULL }, /* $test/ab00006 */
		{ "s3010000D24746573742F6162303030303578 ", "fail", NULL }, /* $test/ab00005 */
		{ "s30090006245359532F6178 ", "fail", NULL }, /* $SYS/a: the server's */
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		char script[128];
		snprintf(script, sizeof(script), "a r s9003000100 %se", samples[i].publish);
		play_with(&p,
			(struct play){ .def = samples[i].def ? samples[i].def : &case_all_topics,
				.version = MQTT_311,
				.prefix = "ab00005" },
			SCRIPTS(script));
		if (strcmp(verdict_name(p.record.verdict), samples[i].verdict) != 0)
			fail_msg("sample %zu: %s", i, verdict_name(p.record.verdict));
		done(&p);
	}
}

static void messages_of_other_case_runs_are_out_of_sight(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		enum verdict verdict;
		const char *foreign;
	} samples[] = {
		{ CONNACK_311 "a r " OWN "e", VERDICT_PASS, NULL },
		{ CONNACK_311 "a r " TO_ANOTHER OWN "e", VERDICT_PASS, "ab00006/a" },
		{ CONNACK_311 "a r " OWN TO_ANOTHER TO_ANOTHER "e", VERDICT_PASS, "ab00006/a" },
		{ CONNACK_311 "a r " AT_QOS_1 OWN "e", VERDICT_PASS, "ab00006/a" },
		{ CONNACK_311 "a r " TO_CHECKUP OWN "e", VERDICT_PASS, "ab0CHECKUP1" },
		/* It may have blocked the other one. */
		{ CONNACK_311 "a r " AT_QOS_1, VERDICT_INCONCLUSIVE, "ab00006/a" },
		{ CONNACK_311 "a r " TO_ANOTHER, VERDICT_FAIL, "ab00006/a" },
		/* Nobody of this run publishes there. */
		{ CONNACK_311 "a r " TO_LONGER OWN "e", VERDICT_FAIL, NULL },
		{ CONNACK_311 "a r " TO_SHORTER OWN "e", VERDICT_FAIL, NULL },
		{ CONNACK_311 "a r " TO_ELSEWHERE OWN "e", VERDICT_FAIL, NULL },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_for(&p, samples[i].verdict,
			(struct play){ .def = &case_undisturbed,
				.version = MQTT_311,
				.prefix = "ab00005" },
			SCRIPTS(samples[i].script));
		if (p.record.verdict != samples[i].verdict)
			fail_msg("sample %zu: %s", i, verdict_name(p.record.verdict));
		if (samples[i].foreign)
			assert_string_equal(p.record.foreign, samples[i].foreign);
		else
			assert_null(p.record.foreign);
		done(&p);
	}
}

/* ---- what makes no packet -------------------------------------------------------------------- */

CASE(answered, .title = "An answer", COMMON)
{
	struct peer *client = join(t, "client");
	send_pingreq(client);
	expect(client, PINGRESP);
}

#define HALF_A_PUBLISH "300A000161 " /* ten bytes are announced, three come */
#define HTTP                                                                           \
	"s485454502F312E312034303020426164205265717565737420"                          \
	"2020202020202020202020202020202020202020202020202020202020202020202020202020" \
	"20202020202020202020202020202020202020202020202020202020 "

/* Lines of the transcript for what came, not remarks about it. */
static size_t count_of_what_came(const struct played *p, const char *part)
{
	size_t count = 0;

	for (size_t i = 0; i < p->record.transcript_count; i++)
		count += p->record.transcript[i].direction == '<' &&
			strstr(p->record.transcript[i].text, part);
	return count;
}

static void what_makes_no_packet_is_shown_with_its_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *script, *actual;
		const char *line; /* of the transcript */
	} samples[] = {
		{ CONNACK_311 "r s" HALF_A_PUBLISH "x",
			"; unfinished packet: 30 0A 00 01 61 (\"0...a\")",
			"unfinished packet: 30 0A 00 01 61 (\"0...a\")" },
		{ CONNACK_311 "r s" HALF_A_PUBLISH "X", "; unfinished packet: 30 0A 00 01 61",
			"unfinished packet: 30 0A 00 01 61" },
		/* It stays open. */
		{ CONNACK_311 "r s" HALF_A_PUBLISH, "nothing for", "unfinished packet: 30 0A 00" },
		/* A length that no packet has: all is lost. */
		{ CONNACK_311 "r s30FFFFFFFFFF00 x",
			"more than four bytes: 30 FF FF FF FF FF 00 (\"0......\")",
			"malformed at byte 1" },
		{ CONNACK_311 "r s30FFFFFFFFFF00 x", NULL, "30 FF FF FF FF FF 00" },
		{ "r " HTTP "x", NULL, "HTTP/1.1 400 Bad Request" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_answered,
				.version = MQTT_311,
				.answer_us = ANSWER_US },
			SCRIPTS(samples[i].script));
		if (samples[i].actual)
			assert_contains(p.record.failure->actual, samples[i].actual);
		if (count_of_what_came(&p, samples[i].line) != 1)
			fail_msg("sample %zu: %s", i, p.record.failure->actual);
		done(&p);
	}
}

CASE(unread, .title = "A client that stops reading", COMMON)
{
	struct peer *client = join(t, "client");
	stop_reading(client);
	send_pingreq(client);
	let_pass(t, 100);
	read_to_end(client);
	expect_closed(client);
	check(t, false, "whatever it is", "it is not");
}

/* What we left unread is not the target's fault. */
static void what_is_not_read_is_not_unfinished(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_unread, .version = MQTT_311, .answer_us = ANSWER_US },
		SCRIPTS("r s20020000300A00 r s0161 x"));
	assert_int_equal(transcript_count(&p, "unfinished"), 0);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_everything_gets_messages_of_others),
		cmocka_unit_test(what_is_wrong_with_messages_of_others_is_theirs),
		cmocka_unit_test(messages_of_other_case_runs_are_out_of_sight),
		cmocka_unit_test(what_makes_no_packet_is_shown_with_its_bytes),
		cmocka_unit_test(what_is_not_read_is_not_unfinished),
	};
	return cmocka_run_group_tests_name("arrivals", tests, NULL, NULL);
}
