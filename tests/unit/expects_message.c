/* What does not come since the target has a small window or a short queue. */
#include "tests/unit/scripted.h"

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
		play_for(&p, VERDICT_INAPPLICABLE,
			(struct play){ .def = &case_unacknowledged, .version = MQTT_50 },
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

CASE(in_order, .title = "Two messages, one after the other", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	publish(client, .topic = "a", .payload = "2", .qos = 1);
	expect_message(client, .payload = "1");
}

CASE(checked, .title = "The payload of a message is checked by itself", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	publish(client, .topic = "a", .payload = "2", .qos = 1);
	struct packet m = expect(client, PUBLISH);
	check_text(t, m.payload, "1");
}

CASE(first_of_three, .title = "Three messages, of which the first is checked by itself", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	publish(client, .topic = "a", .payload = "2", .qos = 1);
	publish(client, .topic = "a", .payload = "3", .qos = 1);
	struct packet m = expect(client, PUBLISH);
	check_text(t, m.payload, "1");
}

CASE(first_of_three_whole, .title = "The same at QoS 2", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 2);
	publish(client, .topic = "a", .payload = "1", .qos = 2);
	publish(client, .topic = "a", .payload = "2", .qos = 2);
	publish(client, .topic = "a", .payload = "3", .qos = 2);
	struct packet m = expect(client, PUBLISH);
	check_text(t, m.payload, "1");
}

CASE(code_checked, .title = "A code is checked, whatever becomes of messages", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	publish(client, .topic = "a", .payload = "2", .qos = 1);
	send_subscribe(client, .filter = "b", .id = 9);
	check_eq(t, expect_ack(client, SUBACK, 9).codes.data[0], 2);
}

static void a_short_queue_is_by_the_targets_file(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		const char *script;
		bool spared; /* by a queue that is too short */
	} samples[] = {
		{ &case_unacknowledged, BOTH_PUBLISHED "m32:1:a=1 r", true },
		{ &case_in_order, "a a a a m32:2:a=2", true },
		{ &case_checked, "a a a a m32:2:a=2", true },
		{ &case_code_checked, "a a a a a", false },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		for (unsigned queue = 1; queue <= 2; queue++) {
			struct capabilities short_queue = offers_all();
			bool spared = queue == 1 && samples[i].spared;
			struct played p;
			short_queue.queue = queue;
			play_for(&p, spared ? VERDICT_INAPPLICABLE : VERDICT_FAIL,
				(struct play){ .def = samples[i].def,
					.version = MQTT_50,
					.capabilities = &short_queue },
				SCRIPTS(samples[i].script));
			if (spared) {
				assert_verdict(p, INAPPLICABLE);
				assert_contains(
					p.record.note, "no more than 1 message for a client");
			} else {
				assert_verdict(p, FAIL);
			}
			done(&p);
		}
	}
}

/* The awaited message is sent once the one that overtook it has been acknowledged. */
static void what_overtakes_in_a_window_of_one_is_out_of_order(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_in_order, "a a a a m32:2:a=2 r m32:1:a=1 r", VERDICT_FAIL, "order",
			"MQTT-4.6.0-6", "MQTT-4.6.0-5" },
		{ &case_checked, "a a a a m32:2:a=2 r m32:1:a=1 r", VERDICT_FAIL, "order",
			"MQTT-4.6.0-6", "MQTT-4.6.0-5" },
		{ &case_first_of_three, "a a a a a m32:3:a=3 r m32:2:a=2 r m32:1:a=1 r",
			VERDICT_FAIL, "order", "MQTT-4.6.0-6", "MQTT-4.6.0-5" },
		{ &case_first_of_three, /* one is sent again though it has been settled */
			"a a a a a m32:3:a=3 r m3A:3:a=3 m32:2:a=2 r m32:1:a=1 r", VERDICT_FAIL,
			"order", "MQTT-4.6.0-6", NULL },
		{ &case_first_of_three_whole,
			"a a a a a a a a m34:2:a=2 r s62020002 r m34:3:a=3 r s62020003 r "
			"m34:1:a=1 r s62020001 r",
			VERDICT_FAIL, "order", "MQTT-4.6.0-6", "MQTT-4.6.0-5" },
		{ &case_checked, "a a a a m32:2:a=2 r x", VERDICT_FAIL, "missing", "MQTT-4.5.0-1",
			"MQTT-4.5.0-1" },
	};
	ASSERT_ACCUSATIONS(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_of_one_is_the_targets_right),
		cmocka_unit_test(a_message_that_never_comes_is_lost),
		cmocka_unit_test(a_short_queue_is_by_the_targets_file),
		cmocka_unit_test(what_overtakes_in_a_window_of_one_is_out_of_order),
	};
	return cmocka_run_group_tests_name("expects_message", tests, NULL, NULL);
}
