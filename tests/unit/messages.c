/* Telling what a message is that came in place of another, and whom that accuses. */
#include "tests/unit/scripted.h"

/* Of a statement that no message has to do with. */
#define PING_REFS "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1"
#define COMMON    .refs = { PING_REFS }, .level = MUST, .versions = BOTH

/* Each script begins with CONNACK and SUBACK, and takes what is published. */
#define THREE "a a r r r "
#define TWO   "a a r r "

CASE(three, .title = "Three messages at QoS 0", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#");
	publish(client, .topic = "a", .payload = "1");
	publish(client, .topic = "a", .payload = "2");
	publish(client, .topic = "a", .payload = "3");
	expect_message(client, .topic = "a", .payload = "1");
	expect_message(client, .topic = "a", .payload = "2");
	expect_message(client, .topic = "a", .payload = "3");
}

CASE(after_connack, .title = "Three messages, where CONNACK comes first",
	.refs = { "3.1.1:MQTT-3.2.0-1", "5.0:MQTT-3.2.0-1" }, .level = MUST, .versions = BOTH)
{
	play_three(t);
}

CASE(second_alone, .title = "Of two messages the second comes", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#");
	publish(client, .topic = "b", .payload = "1");
	publish(client, .topic = "a", .payload = "2");
	expect_message(client, .topic = "a", .payload = "2");
}

CASE(zero_byte, .title = "A message with a zero byte", COMMON)
{
	struct peer *client = join(t, "client");
	struct bytes payload = { (const uint8_t *)"ab\0cd", 5 };
	subscribe(client, .filter = "#");
	publish(client, .topic = "a", .bytes = payload);
	expect_message(client, .topic = "a", .bytes = payload);
}

static void another_message_is_told_by_what_was_published(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_three, THREE "m30:a=2 m30:a=1 m30:a=3", VERDICT_FAIL, "order",
			"MQTT-4.6.0-6", "MQTT-4.6.0-5" },
		/* The order of messages is no matter of whatever else has an order. */
		{ &case_after_connack, THREE "m30:a=2 m30:a=1 m30:a=3", VERDICT_FAIL, "order",
			"MQTT-4.6.0-6", "MQTT-4.6.0-5" },
		{ &case_three, THREE "m30:a=2 m30:a=3 x", VERDICT_FAIL, "missing", "MQTT-4.5.0-1",
			"MQTT-4.5.0-1" },
		{ &case_three, THREE "m30:a=1 m30:a=1 m30:a=2", VERDICT_FAIL, "repeated",
			"UALL-QOS0-AT-MOST-ONCE", "UALL-QOS0-AT-MOST-ONCE" },
		{ &case_second_alone, TWO "m30:b=1 m30:a=2", VERDICT_FAIL, "extra", "MQTT-3.3.2-3",
			"MQTT-3.3.2-3" },
		{ &case_three, THREE "m30:a=?", VERDICT_FAIL, "payload", "UALL-PAYLOAD-INTACT",
			"UALL-PAYLOAD-INTACT" },
		{ &case_zero_byte, "a a r m30:a=ab", VERDICT_FAIL, "payload", "UALL-PAYLOAD-INTACT",
			"UALL-PAYLOAD-INTACT" },
		{ &case_three, THREE "m30:b=1", VERDICT_FAIL, "topic", "MQTT-3.3.2-3",
			"MQTT-3.3.2-3" },
		{ &case_three, THREE "m30:b=?", VERDICT_FAIL, "extra", "MQTT-3.3.2-3",
			"MQTT-3.3.2-3" },
	};
	ASSERT_ACCUSATIONS(samples);
}

CASE(exactly_once, .title = "Two messages at QoS 2", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 2);
	publish(client, .topic = "a", .payload = "1", .qos = 2);
	publish(client, .topic = "a", .payload = "2", .qos = 2);
	expect_message(client, .payload = "1");
	expect_message(client, .payload = "2");
}

CASE(at_least_once, .title = "Two messages at QoS 1", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	publish(client, .topic = "a", .payload = "2", .qos = 1);
	expect_message(client, .payload = "1");
	expect_message(client, .payload = "2");
}

CASE(once_by_name, .title = "Two messages at QoS 1, of which the first must not come again",
	.refs = { PING_REFS, "3.1.1:MQTT-3.1.2-10", "5.0:MQTT-3.1.2-10" }, .level = MUST,
	.versions = BOTH)
{
	play_at_least_once(t);
}

CASE(overlapping, .title = "Two messages at QoS 0, and two subscriptions", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	subscribe(client, .filter = "+");
	publish(client, .topic = "a", .payload = "1");
	publish(client, .topic = "a", .payload = "2");
	expect_message(client, .payload = "1");
	expect_message(client, .payload = "2");
}

CASE(forgotten, .title = "What came before a clean start does not come after it",
	.refs = { PING_REFS, "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client", .kept = true);
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	expect_message(client, .payload = "1");
	drop(client);
	client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "2", .qos = 1);
	expect_message(client, .payload = "2");
}

static void a_second_copy_is_a_matter_of_the_qos(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_exactly_once, "a a a a a a m34:1:a=1 a r m34:2:a=1", VERDICT_FAIL,
			"repeated", "UALL-QOS2-EXACTLY-ONCE", "UALL-QOS2-EXACTLY-ONCE" },
		/* At QoS 1 it is legal, if it does not take the place of the next message. */
		{ &case_at_least_once, "a a a a m32:1:a=1 r m32:2:a=1 r x", VERDICT_FAIL, "closed",
			"MQTT-4.5.0-1", "MQTT-4.5.0-1" },
		{ &case_once_by_name, "a a a a m32:1:a=1 r m32:2:a=1 r m32:3:a=2", VERDICT_FAIL,
			"repeated", "MQTT-3.1.2-10", "MQTT-3.1.2-10" },
	};
	static const struct {
		const struct case_def *def;
		const char *script;
	} legal[] = {
		{ &case_at_least_once, "a a a a m32:1:a=1 r m32:2:a=1 r m32:3:a=2 r" },
		{ &case_overlapping, "a a a r r m30:a=1 m30:a=1 m30:a=2" },
	};
	struct played p;
	ASSERT_ACCUSATIONS(samples);
	for (size_t i = 0; i < sizeof(legal) / sizeof(*legal); i++) {
		play(&p, legal[i].def, MQTT_50, SCRIPTS(legal[i].script));
		assert_verdict(p, PASS);
		assert_int_equal(transcript_count(&p, "passed over"), 1);
		done(&p);
	}
}

static void a_copy_on_another_connection_may_be_what_should_be_forgotten(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_forgotten, MQTT_50, SCRIPTS("a a a m32:1:a=1 r", "a a a m32:1:a=1 r"));
	assert_verdict(p, FAIL);
	assert_accused(&p, "MQTT-3.1.2-4");
	done(&p);
}

CASE(sent_again, .title = "What was under way comes again in its first order", COMMON)
{
	struct peer *client = join(t, "client", .kept = true);
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	publish(client, .topic = "a", .payload = "2", .qos = 1);
	expect(client, PUBLISH);
	expect(client, PUBLISH);
	drop(client);
	client = join(t, "client", .kept = true);
	expect_message(client, .payload = "1");
	expect_message(client, .payload = "2");
}

static void what_is_sent_again_out_of_its_turn_is_no_copy(void **state)
{
	(void)state;
	static const char *const statements[] = { "MQTT-4.6.0-6", "MQTT-4.6.0-5" };
	struct played p;

	for (int i = 0; i < 2; i++) {
		play(&p, &case_sent_again, i ? MQTT_50 : MQTT_311,
			SCRIPTS("a a a a m32:1:a=1 m32:2:a=2", "a m3A:2:a=2 m3A:1:a=1"));
		assert_verdict(p, FAIL);
		assert_accused(&p, statements[i]);
		done(&p);
	}
}

CASE(two_streams, .title = "Two messages, demanded in an order that the standard does not know",
	COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	publish(client, .topic = "a", .payload = "2");
	expect_message(client, .payload = "1");
	expect_message(client, .payload = "2");
}

static void an_order_that_the_standard_does_not_know_accuses_nobody(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_two_streams, MQTT_50, SCRIPTS("a a a r m30:a=2 m32:1:a=1 r"));
	assert_verdict(p, ERROR);
	assert_contains(p.record.note, "order");
	done(&p);
}

/* SUBSCRIBE has its options in the order of the filters: of "a" what is kept is due, of "b" it is not. */
CASE(handlings, .title = "Of two filters in one SUBSCRIBE, one forbids what is kept",
	.refs = { "5.0:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-11" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");
	publish(client, .topic = "a", .payload = "1", .qos = 1, .retain = true);
	publish(client, .topic = "b", .payload = "2", .qos = 1, .retain = true);
	subscribe(client, .filter = "b", .qos = 1, .retain_handling = 2,
		.more = (const struct subscribe[]){
			{ .filter = "a", .qos = 1 }, { .filter = NULL } });
	expect_message(client, .topic = "a", .payload = "1", .retain = SET(1));
}

CASE(handling_1, .title = "A filter of the session, and a new one",
	.refs = { "5.0:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-11", "5.0:MQTT-3.3.1-10" }, .level = MUST,
	.versions = V50)
{
	struct peer *client = join(t, "client");
	publish(client, .topic = "a", .payload = "1", .qos = 1, .retain = true);
	publish(client, .topic = "b", .payload = "2", .qos = 1, .retain = true);
	subscribe(client, .filter = "b", .qos = 1, .retain_handling = 2);
	subscribe(client, .filter = "b", .qos = 1, .retain_handling = 1,
		.more = (const struct subscribe[]){
			{ .filter = "a", .qos = 1 }, { .filter = NULL } });
	expect_message(client, .topic = "a", .payload = "1", .retain = SET(1));
}

static void what_is_kept_is_not_due_where_its_retain_handling_forbids_it(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_handlings, "a a a a m33:1:b=2 m33:2:a=1 r r", VERDICT_FAIL, "extra", NULL,
			"MQTT-3.3.1-11" },
		/* Only the first is missed: whether it is kept at all is another matter. */
		{ &case_handlings, "a a a a m33:1:b=2 x", VERDICT_FAIL, "missing", NULL,
			"MQTT-3.3.1-9" },
		{ &case_handling_1, "a a a a a m33:1:b=2 m33:2:a=1 r r", VERDICT_FAIL, "extra",
			NULL, "MQTT-3.3.1-10" },
	};
	struct played p;
	ASSERT_ACCUSATIONS(samples);
	play(&p, &case_handlings, MQTT_50, SCRIPTS("a a a a m33:1:a=1 r"));
	assert_verdict(p, PASS);
	done(&p);
}

/* ---- shares ---------------------------------------------------------------------------------- */

CASE(shared, .title = "A message through a shared subscription", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "$share/g/a");
	publish(client, .topic = "a", .payload = "1");
	expect_message(client, .topic = "a", .payload = "1");
}

static void a_share_is_the_case_runs_own_by_its_name_too(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_shared, MQTT_50, SCRIPTS("a a r m30:a=1"));
	assert_verdict(p, PASS);
	assert_int_equal(transcript_count(&p, "$share/g" PLAY_PREFIX "/" PLAY_PREFIX "/a"), 1);
	done(&p);
}

/* ---- flags ----------------------------------------------------------------------------------- */

CASE(plain_flags, .title = "A message at QoS 1, neither kept nor repeated", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	expect_message(client, .payload = "1", .qos = SET(1), .retain = SET(0), .dup = SET(0));
}

CASE(resumed_flags, .title = "A new message of an old session", COMMON)
{
	struct peer *client = join(t, "client", .kept = true, .resumed = true);
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	expect_message(client, .payload = "1", .dup = SET(0));
}

CASE(kept_flag, .title = "A message that was kept", COMMON)
{
	struct peer *client = join(t, "client");
	publish(client, .topic = "a", .payload = "1", .qos = 1, .retain = true);
	subscribe(client, .filter = "a", .qos = 1);
	expect_message(client, .payload = "1", .retain = SET(1));
}

CASE(repeated_flag, .title = "A message that is sent again", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a", .qos = 1);
	publish(client, .topic = "a", .payload = "1", .qos = 1);
	expect_message(client, .payload = "1", .dup = SET(1));
}

CASE(flag_at_qos_0, .title = "A message at QoS 0 that is not repeated", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "a");
	publish(client, .topic = "a", .payload = "1");
	expect_message(client, .payload = "1", .dup = SET(0));
}

static void each_flag_has_its_statement(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_plain_flags, "a a a m30:a=1", VERDICT_FAIL, "qos", "MQTT-3.8.4-6",
			"MQTT-3.8.4-8" },
		/* Of a session that was there before the monitor knows less. */
		{ &case_resumed_flags, "r s20020100 a a m3A:1:a=1", VERDICT_FAIL, "dup",
			"MQTT-3.3.1-3", NULL },
		{ &case_plain_flags, "a a a m33:1:a=1", VERDICT_FAIL, "retain", "MQTT-3.3.1-9",
			"MQTT-3.3.1-12" },
		{ &case_kept_flag, "a a a m32:1:a=1", VERDICT_FAIL, "retain", "MQTT-3.3.1-8",
			"U50-RETAIN-FLAG" },
		{ &case_repeated_flag, "a a a m32:1:a=1", VERDICT_FAIL, "dup", "MQTT-3.3.1-1",
			"MQTT-3.3.1-1" },
		/* The monitor is first. */
		{ &case_flag_at_qos_0, "a a r m38:a=1", VERDICT_FAIL, "monitor", "MQTT-3.3.1-2",
			"MQTT-3.3.1-2" },
	};
	ASSERT_ACCUSATIONS(samples);
}

/* ---- the Will -------------------------------------------------------------------------------- */

CASE(no_will, .title = "The Will does not come before a message", COMMON)
{
	struct peer *client = join(t, "client", .will = { .topic = "w", .payload = "gone" });
	subscribe(client, .filter = "#");
	publish(client, .topic = "a", .payload = "1");
	expect_message(client, .payload = "1");
}

CASE(will_first, .title = "The Will comes before a message", COMMON)
{
	struct peer *client = join(t, "client", .will = { .topic = "w", .payload = "gone" });
	subscribe(client, .filter = "#");
	publish(client, .topic = "a", .payload = "1");
	expect_message(client, .topic = "w", .payload = "gone");
}

static void a_will_has_statements_of_its_own(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_no_will, "a a r m30:w=gone", VERDICT_FAIL, "extra", "MQTT-3.1.2-12",
			"MQTT-3.1.2-10" },
		{ &case_will_first, "a a r m30:a=1 x", VERDICT_FAIL, "missing", "MQTT-3.1.2-8",
			"MQTT-3.1.2-8" },
	};
	ASSERT_ACCUSATIONS(samples);
}

/* ---- markers --------------------------------------------------------------------------------- */

CASE(young_subscription, .title = "A marker through a subscription that is too young", COMMON)
{
	struct peer *client = join(t, "client");
	publish(client, .topic = "a", .payload = "hit");
	subscribe(client, .filter = "a");
	publish(client, .topic = "a", .payload = "marker");
	expect_message(client, .payload = "marker");
}

CASE(old_subscription, .title = "A marker through a subscription that is old enough", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "+");
	publish(client, .topic = "b", .payload = "hit");
	unsubscribe(client, .filter = "b");
	publish(client, .topic = "a", .payload = "marker");
	expect_message(client, .payload = "marker");
}

CASE(routed, .title = "A marker after a message that somebody has", COMMON)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "b");
	publish(client, .topic = "b", .payload = "hit");
	expect_message(client, .payload = "hit");
	subscribe(client, .filter = "+");
	publish(client, .topic = "a", .payload = "marker");
	expect_message(client, .payload = "marker");
}

static void a_marker_proves_nothing_of_what_is_older_than_its_subscription(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_young_subscription, MQTT_50, SCRIPTS("a r a r m30:a=marker"));
	assert_verdict(p, ERROR);
	assert_contains(p.record.note, "before the subscription");
	done(&p);
	play(&p, &case_old_subscription, MQTT_50, SCRIPTS("a a r a r m30:a=marker"));
	assert_verdict(p, PASS);
	done(&p);
	play(&p, &case_routed, MQTT_50, SCRIPTS("a a r m30:b=hit a r m30:a=marker"));
	assert_verdict(p, PASS);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_message_is_told_by_what_was_published),
		cmocka_unit_test(a_second_copy_is_a_matter_of_the_qos),
		cmocka_unit_test(a_copy_on_another_connection_may_be_what_should_be_forgotten),
		cmocka_unit_test(what_is_sent_again_out_of_its_turn_is_no_copy),
		cmocka_unit_test(an_order_that_the_standard_does_not_know_accuses_nobody),
		cmocka_unit_test(what_is_kept_is_not_due_where_its_retain_handling_forbids_it),
		cmocka_unit_test(a_share_is_the_case_runs_own_by_its_name_too),
		cmocka_unit_test(each_flag_has_its_statement),
		cmocka_unit_test(a_will_has_statements_of_its_own),
		cmocka_unit_test(a_marker_proves_nothing_of_what_is_older_than_its_subscription),
	};
	return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
