/* Retained messages that are still on their way, and stores that are full. */
#include "tests/unit/scripted.h"

/* On "k1/r": a message "x" that is live, one that was kept; and what the publisher says last to the nth of
 * those who look: "marker for settler n".
 */
#define LIVE      "s300700046B312F7278 "
#define KEPT      "s310700046B312F7278 "
#define MARKER(n) "s301A00046B312F726D61726B657220666F7220736574746C6572203" #n " "

/* A publisher whose QoS 1 message is acknowledged, and a subscriber. */
#define PUBLISHER  CONNACK_311 "r s40020001 "
#define SUBSCRIBER CONNACK_311 "r s9003000100 "
#define KEEPS(n)   SUBSCRIBER KEPT MARKER(n) "e"

CASE(kept, .title = "A retained message", .refs = { "3.1.1:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-5" },
	.level = MUST, .versions = BOTH)
{
	publish_retained(join(t, "publisher"), .topic = "r", .payload = "x", .qos = 1);
}

static void the_store_is_looked_at_until_it_has_the_message(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_kept, MQTT_311,
		SCRIPTS(PUBLISHER, SUBSCRIBER LIVE, SUBSCRIBER, SUBSCRIBER KEPT));
	assert_verdict(p, PASS);
	assert_int_not_equal(transcript_count(&p, "\"k1settler3\""), 0);
	assert_int_equal(transcript_count(&p, "\"k1settler4\""), 0);
	done(&p);
}

static void a_message_that_is_not_kept_accuses_nobody_by_itself(void **state)
{
	(void)state;
	struct played p;
	play_with(&p, (struct play){ .def = &case_kept, .version = MQTT_311, .answer_us = 300000 },
		SCRIPTS(PUBLISHER, SUBSCRIBER LIVE, SUBSCRIBER, SUBSCRIBER, SUBSCRIBER,
			SUBSCRIBER));
	assert_verdict(p, PASS);
	done(&p);
}

CASE(stored, .title = "A message at QoS 2", .refs = { "5.0:MQTT-3.3.1-5" }, .level = MUST,
	.versions = V50)
{
	publish(join(t, "publisher"), .topic = "r", .payload = "x", .qos = 2, .retain = true);
}

static void a_full_store_blames_nobody(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_kept, MQTT_50,
		SCRIPTS(CONNACK_50 "r s4003000197", CONNACK_50 "r s900400010000"));
	assert_verdict(p, INAPPLICABLE);
	assert_contains(p.record.note, "0x97");
	done(&p);
	play(&p, &case_stored, MQTT_50, SCRIPTS(CONNACK_50 "r s5003000197"));
	assert_verdict(p, INAPPLICABLE);
	done(&p);
	play(&p, &case_stored, MQTT_50, SCRIPTS(CONNACK_50 "r s5003000187"));
	assert_verdict(p, INCONCLUSIVE);
	done(&p);
}

CASE(cleared, .title = "Nothing is kept", .refs = { "3.1.1:MQTT-3.3.1-10" }, .level = MUST,
	.versions = V311)
{
	expect_none_retained(join(t, "publisher"), "r");
}

static void what_is_deleted_may_be_seen_for_a_while(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_cleared, MQTT_311, SCRIPTS(CONNACK_311, KEEPS(1), SUBSCRIBER MARKER(2) "e"));
	assert_verdict(p, PASS);
	done(&p);
}

static void what_stays_for_ever_is_a_fail(void **state)
{
	(void)state;
	struct played p;
	play_with(&p,
		(struct play){ .def = &case_cleared, .version = MQTT_311, .answer_us = 500000 },
		SCRIPTS(CONNACK_311, KEEPS(1), KEEPS(2), KEEPS(3), KEEPS(4), KEEPS(5), KEEPS(6)));
	assert_verdict(p, FAIL);
	assert_string_equal(p.record.failure->statement, "3.1.1:MQTT-3.3.1-10");
	assert_contains(p.record.failure->actual, "retain \"x\"");
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_store_is_looked_at_until_it_has_the_message),
		cmocka_unit_test(a_message_that_is_not_kept_accuses_nobody_by_itself),
		cmocka_unit_test(a_full_store_blames_nobody),
		cmocka_unit_test(what_is_deleted_may_be_seen_for_a_while),
		cmocka_unit_test(what_stays_for_ever_is_a_fail),
	};
	return cmocka_run_group_tests_name("settled", tests, NULL, NULL);
}
