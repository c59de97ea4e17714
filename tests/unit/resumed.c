/* Session Present 0 where a session should be kept: is it gone, or only not told of? */
#include "tests/unit/scripted.h"

CASE(comes_back, .title = "A session with a subscription is resumed",
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client", .kept = true);
	subscribe(client, .filter = "a");
	leave(client);
	client = dial(t, "client");
	send_connect(client, .kept = true);
	judging(t, "3.1.1:MQTT-3.1.2-4");
	judging(t, "5.0:MQTT-3.1.2-23");
	expect_resumed(client);
}

CASE(comes_back_empty, .title = "A session with nothing to be looked at is resumed",
	.refs = { "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-3.1.2-5" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client", .kept = true);
	subscribe(client, .filter = "+");
	leave(client);
	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
}

#define FIRST   "a a r x"
#define LOOKING "a a a m30:a=look a"

static void what_is_broken_shows_in_what_the_session_brings(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		const char *second;
		const char *verdict;
		const char *id_311, *id_50;
	} samples[] = {
		{ &case_comes_back, "a a m30:a=look m30:mqttspec/resumed=marker", "fail",
			"MQTT-3.2.2-2", "MQTT-3.2.2-3" },
		{ &case_comes_back, "a a m30:mqttspec/resumed=marker", "fail", "MQTT-3.1.2-4",
			"MQTT-3.1.2-23" },
		{ &case_comes_back_empty, "a", "fail", "MQTT-3.2.2-2", "MQTT-3.2.2-3" },
		{ &case_comes_back, "a x", "inconclusive", NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		for (enum mqtt_version v = MQTT_311; v <= MQTT_50; v++) {
			struct played p;
			play(&p, samples[i].def, v, SCRIPTS(FIRST, samples[i].second, LOOKING));
			assert_string_equal(verdict_name(p.record.verdict), samples[i].verdict);
			if (samples[i].id_311)
				assert_accused(
					&p, v == MQTT_50 ? samples[i].id_50 : samples[i].id_311);
			done(&p);
		}
}

static void a_session_that_is_told_of_is_not_looked_at(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_comes_back, MQTT_311, SCRIPTS(FIRST, "r s20020100"));
	assert_verdict(p, PASS);
	done(&p);
	play(&p, &case_comes_back, MQTT_50, SCRIPTS(FIRST, "r s2003010000"));
	assert_verdict(p, PASS);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_broken_shows_in_what_the_session_brings),
		cmocka_unit_test(a_session_that_is_told_of_is_not_looked_at),
	};
	return cmocka_run_group_tests_name("resumed", tests, NULL, NULL);
}
