/* What does not come since the target has a small window or a short queue. */
#include "tests/unit/scripted.h"

enum { ANSWER_US = 300000 };

#define COMMON \
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH

CASE(unacknowledged, .title = "Two messages, neither of them acknowledged", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 2);
	publish(client, .topic = "a", .payload = "1", .qos = 2);
	publish(client, .topic = "a", .payload = "2", .qos = 2);
	expect(client, PUBLISH);
	expect(client, PUBLISH);
}

#define BOTH_PUBLISHED "a a a a a a "

static void a_window_of_one_is_the_targets_right(void **state)
{
	(void)state;
	static const char *const scripts[] = {
		BOTH_PUBLISHED "m32:1:a=1 r m32:2:a=2",   /* PUBACK brings the other one */
		BOTH_PUBLISHED "m34:1:a=1 a r m34:2:a=2", /* PUBREC, PUBREL, PUBCOMP */
	};
	for (size_t i = 0; i < 2; i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_unacknowledged,
				.version = MQTT_50,
				.answer_us = ANSWER_US },
			SCRIPTS(scripts[i]));
		assert_verdict(p, INAPPLICABLE);
		assert_contains(p.record.note, "no more than 1 unacknowledged message under way");
		done(&p);
	}
}

static void a_message_that_never_comes_is_lost(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_unacknowledged, BOTH_PUBLISHED "m32:1:a=1 r", VERDICT_FAIL, "missing",
			"MQTT-4.5.0-1", "MQTT-4.5.0-1" },
		{ &case_unacknowledged, BOTH_PUBLISHED "m34:1:a=1 a r", VERDICT_FAIL, "missing",
			"MQTT-4.5.0-1", "MQTT-4.5.0-1" },
		{ &case_unacknowledged, BOTH_PUBLISHED, VERDICT_FAIL, "missing", "MQTT-4.5.0-1",
			"MQTT-4.5.0-1" },
	};
	ASSERT_ACCUSATIONS(samples);
}

static void a_short_queue_is_by_the_targets_file(void **state)
{
	(void)state;
	struct capabilities short_queue = offers_all();
	short_queue.queue = 1;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_unacknowledged,
			.version = MQTT_50,
			.capabilities = &short_queue,
			.answer_us = ANSWER_US },
		SCRIPTS(BOTH_PUBLISHED "m32:1:a=1 r"));
	assert_verdict(p, INAPPLICABLE);
	assert_contains(p.record.note, "no more than 1 message");
	done(&p);
	/* Long enough: the loss is one. */
	short_queue.queue = 2;
	play_with(&p,
		(struct play){ .def = &case_unacknowledged,
			.version = MQTT_50,
			.capabilities = &short_queue,
			.answer_us = ANSWER_US },
		SCRIPTS(BOTH_PUBLISHED "m32:1:a=1 r"));
	assert_verdict(p, FAIL);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_of_one_is_the_targets_right),
		cmocka_unit_test(a_message_that_never_comes_is_lost),
		cmocka_unit_test(a_short_queue_is_by_the_targets_file),
	};
	return cmocka_run_group_tests_name("expects_message", tests, NULL, NULL);
}
