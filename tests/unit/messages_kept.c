/* A retained message that a young subscription gets twice: out of the store, and as it is published, in either
 * order.
 */
#include "tests/unit/scripted.h"

CASE(live, .title = "A subscription gets two retained messages as they are published",
	.refs = { "3.1.1:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#");
	publish(client, .topic = "a", .payload = "1", .retain = true);
	expect_message(client, .payload = "1", .retain = SET(0));
	publish(client, .topic = "a", .payload = "2", .retain = true);
	expect_message(client, .payload = "2", .retain = SET(0));
	send_pingreq(client);
	expect(client, PINGRESP);
}

CASE(live_as_published, .title = "A subscription gets what it gets, and then the marker",
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#", .retain_as_published = is_v5(t));
	publish(client, .topic = "a", .payload = "1", .retain = true);
	expect_message(client, .payload = "1");
	publish(client, .topic = "a", .payload = "2");
	expect_message(client, .payload = "2");
}

CASE(live_later, .title = "A subscription that has what was kept gets the next as it is published",
	.refs = { "3.1.1:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	publish(client, .topic = "a", .payload = "0", .retain = true);
	subscribe(client, .filter = "#");
	expect_message(client, .payload = "0", .retain = SET(1));
	publish(client, .topic = "a", .payload = "1", .retain = true);
	expect_message(client, .payload = "1", .retain = SET(0));
}

CASE(live_unasked, .title = "A subscription that asks for nothing of the store gets what is new",
	.refs = { "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#", .retain_handling = 2);
	publish(client, .topic = "a", .payload = "1", .retain = true);
	expect_message(client, .payload = "1", .retain = SET(0));
}

CASE(live_shared, .title = "A share gets what is new", .refs = { "5.0:MQTT-3.3.1-12" },
	.level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "$share/s/a");
	publish(client, .topic = "a", .payload = "1", .retain = true);
	expect_message(client, .payload = "1", .retain = SET(0));
}

CASE(live_will, .title = "A subscription gets a retained Will as it is published",
	.refs = { "3.1.1:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = BOTH)
{
	struct peer *dying =
		join(t, "dying", .will = { .topic = "a", .payload = "1", .retain = true });
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#");
	drop(dying);
	expect_message(client, .payload = "1", .retain = SET(0));
}

CASE(live_empty, .title = "A subscription gets a message that deletes as it is published",
	.refs = { "3.1.1:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "#");
	publish(client, .topic = "a", .payload = "", .retain = true);
	expect_message(client, .payload = "", .retain = SET(0));
}

CASE(kept, .title = "A new subscription gets what was kept for it",
	.refs = { "3.1.1:MQTT-3.3.1-8", "5.0:U50-RETAIN-FLAG" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	publish(client, .topic = "a", .payload = "0", .retain = true);
	subscribe(client, .filter = "#");
	expect_message(client, .payload = "0", .retain = SET(1));
	publish(client, .topic = "a", .payload = "1");
	expect_message(client, .payload = "1");
}

/* A target may look up the store after its SUBACK, and find what is published meanwhile. */
static void a_copy_out_of_the_store_is_passed_over_if_the_live_one_comes(void **state)
{
	(void)state;
	static const struct {
		const struct case_def *def;
		const char *script;
	} samples[] = {
		{ &case_live, "a a r m31:a=1 m30:a=1 r m30:a=2 e" },
		{ &case_live, "a a r m30:a=1 m31:a=1 r m30:a=2 e" },
		{ &case_live, "a a r m30:a=1 r m31:a=2 m30:a=2 e" },
		{ &case_live_as_published, "a a r m31:a=1 m31:a=1 r m30:a=2" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		for (enum mqtt_version v = MQTT_311; v <= MQTT_50; v++) {
			struct played p;
			play(&p, samples[i].def, v, SCRIPTS(samples[i].script));
			if (p.record.verdict != VERDICT_PASS)
				fail_msg("sample %zu: %s", i, p.record.failure->actual);
			done(&p);
		}
	struct played p;
	play(&p, &case_live_will, MQTT_50, SCRIPTS("a", "a a p50 m31:a=1 m30:a=1"));
	assert_verdict(p, PASS);
	done(&p);
}

static void retain_1_alone_is_no_copy_out_of_the_store(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_live, "a a r m31:a=1", VERDICT_FAIL, "retain", "MQTT-3.3.1-9",
			"MQTT-3.3.1-12" },
		{ &case_live, "a a r m31:a=1 x", VERDICT_FAIL, "retain", "MQTT-3.3.1-9",
			"MQTT-3.3.1-12" },
		{ &case_live, "a a r m31:a=1 m31:a=1", VERDICT_FAIL, "retain", "MQTT-3.3.1-9",
			"MQTT-3.3.1-12" },
		/* The second time it is looked up there was no SUBSCRIBE. */
		{ &case_live, "a a r m31:a=1 m30:a=1 r m31:a=2 m30:a=2", VERDICT_FAIL, "retain",
			"MQTT-3.3.1-9", "MQTT-3.3.1-12" },
		{ &case_live_later, "a r a m31:a=0 r m31:a=1 m30:a=1", VERDICT_FAIL, "retain",
			"MQTT-3.3.1-9", "MQTT-3.3.1-12" },
		{ &case_live_unasked, "a a r m31:a=1 m30:a=1", VERDICT_FAIL, "retain", NULL,
			"MQTT-3.3.1-12" },
		{ &case_live_shared, "a a r m31:a=1 m30:a=1", VERDICT_FAIL, "retain", NULL,
			"MQTT-3.3.1-12" },
		{ &case_live_empty, "a a r m31:a= m30:a=", VERDICT_FAIL, "retain", "MQTT-3.3.1-9",
			"MQTT-3.3.1-12" },
		/* Nor is a third copy, or a second one at QoS 0 that nobody looked up. */
		{ &case_live, "a a r m31:a=1 m30:a=1 m30:a=1 r m30:a=2", VERDICT_FAIL, "repeated",
			"UALL-QOS0-AT-MOST-ONCE", "UALL-QOS0-AT-MOST-ONCE" },
		{ &case_live, "a a r m30:a=1 m30:a=1 r m30:a=2", VERDICT_FAIL, "repeated",
			"UALL-QOS0-AT-MOST-ONCE", "UALL-QOS0-AT-MOST-ONCE" },
	};
	ASSERT_ACCUSATIONS(samples);
}

/* It may also be late with what was published before the SUBSCRIBE. */
static void a_live_copy_is_passed_over_if_the_one_out_of_the_store_comes(void **state)
{
	(void)state;
	for (enum mqtt_version v = MQTT_311; v <= MQTT_50; v++) {
		struct played p;
		play(&p, &case_kept, v, SCRIPTS("a r a m30:a=0 m31:a=0 r m30:a=1"));
		assert_verdict(p, PASS);
		done(&p);
	}
}

static void retain_0_alone_is_no_late_copy(void **state)
{
	(void)state;
	static const struct accusation samples[] = {
		{ &case_kept, "a r a m30:a=0", VERDICT_FAIL, "retain", "MQTT-3.3.1-8",
			"U50-RETAIN-FLAG" },
		{ &case_kept, "a r a m30:a=0 x", VERDICT_FAIL, "retain", "MQTT-3.3.1-8",
			"U50-RETAIN-FLAG" },
		{ &case_kept, "a r a m30:a=0 m30:a=0 m31:a=0", VERDICT_FAIL, "retain",
			"MQTT-3.3.1-8", "U50-RETAIN-FLAG" },
	};
	ASSERT_ACCUSATIONS(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_out_of_the_store_is_passed_over_if_the_live_one_comes),
		cmocka_unit_test(retain_1_alone_is_no_copy_out_of_the_store),
		cmocka_unit_test(a_live_copy_is_passed_over_if_the_one_out_of_the_store_comes),
		cmocka_unit_test(retain_0_alone_is_no_late_copy),
	};
	return cmocka_run_group_tests_name("messages_kept", tests, NULL, NULL);
}
