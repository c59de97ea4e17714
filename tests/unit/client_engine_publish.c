/* The client's engine: messages and requests of ours, and the limits of the server. */
#include <string.h>

#include "tests/unit/engine_rig.h"

static void each_qos_to_its_end(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	assert_int_equal(publish(r, .topic = "a", .payload = "x", .tag = 1), ENGINE_OK);
	expect(r, "PUBLISH \"a\" q0 \"x\"");
	expect_event(r, "published 1: 0x00");

	publish(r, .topic = "a", .payload = "y", .qos = 1, .retain = true, .tag = 2);
	expect(r, "PUBLISH \"a\" q1 id 1 retain \"y\"");
	expect_no_event(r);
	say(r, "40 r m1");
	expect_event(r, "published 2: 0x00");

	publish(r, .topic = "a", .payload = "z", .qos = 2, .tag = 3);
	expect(r, "PUBLISH \"a\" q2 id 2 \"z\"");
	say(r, "50 r m2");
	expect(r, "PUBREL id 2");
	expect_no_event(r);
	say(r, "70 r m2");
	expect_event(r, "published 3: 0x00");
	assert_int_equal(engine_pending(r->engine), 0);
}

static void a_refusal_settles_the_message(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	publish(r, .topic = "a", .qos = 1, .tag = 1);
	publish(r, .topic = "a", .qos = 2, .tag = 2);
	hear(r), hear(r);
	say(r, "50 r m2 87 p{1F s\"no\"}");
	expect_silence(r);
	expect_event(r, "published 2: 0x87 \"no\"");
	say(r, "40 r m1 10");
	expect_event(r, "published 1: 0x10");
	hang_up(r);
	assert_int_equal(engine_pending(r->engine), 0);
}

/* A server that forgets an identifier between PUBREC and PUBCOMP may have lost the message; one that has
 * forgotten it by the next connection may have sent its PUBCOMP on the one before.
 */
static void a_forgotten_identifier_counts_on_one_connection(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w100");
	meet(r);
	publish(r, .topic = "a", .qos = 2, .tag = 1);
	publish(r, .topic = "a", .qos = 2, .tag = 2);
	hear(r), hear(r);
	say(r, "50 r m1");
	say(r, "50 r m2");
	hear(r), hear(r);
	say(r, "70 r m1 92");
	expect_event(r, "published 1: 0x92");
	hang_up(r);
	meet_again(r, "");
	expect(r, "PUBREL id 2");
	say(r, "70 r m2 92");
	expect_event(r, "published 2: 0x00");
}

static void properties_go_along(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	publish(r, .topic = "a", .payload = "x",
		.properties = "01 01 02 w60 03 s\"c\" 08 s\"r\" 09 s\"d\" 26 s\"k\" s\"v\"");
	expect(r,
		"PUBLISH \"a\" q0 \"x\", Payload Format Indicator 1, Message Expiry Interval 60, "
		"Content Type \"c\", Response Topic \"r\", Correlation Data \"d\", "
		"User Property \"k\"=\"v\"");
}

static void refuses_what_would_be_no_packet(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	assert_int_equal(publish(r, .topic = "a/#"), ENGINE_INVALID);
	assert_int_equal(publish(r, .topic = ""), ENGINE_INVALID);
	assert_int_equal(publish(r, .topic = "\xc0"), ENGINE_INVALID);
	assert_int_equal(publish(r, .topic = "a", .qos = 3), ENGINE_INVALID);
	assert_int_equal(publish(r, .topic = "a", .properties = "0B v1"), ENGINE_INVALID);
	assert_int_equal(publish(r, .topic = "a", .properties = "11 w1"), ENGINE_INVALID);
	assert_int_equal(publish(r, .topic = "a", .payload = "\xff", .properties = "01 01"), 0x99);
	expect_silence(r);
	expect_no_event(r);
}

static void there_are_no_properties_in_311(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	r->version = MQTT_50; /* for the template */
	struct mqtt_view p = properties(r, "01 01");
	r->version = MQTT_311;
	struct mqtt_publish m = { .topic = MQTT_VIEW("a"), .properties.raw = p };
	assert_int_equal(engine_publish(r->engine, &m, 0), ENGINE_INVALID);
	struct mqtt_filter f = { .text = MQTT_VIEW("a") };
	assert_int_equal(engine_subscribe(r->engine, p, &f, 1, 0), ENGINE_INVALID);
	assert_int_equal(engine_unsubscribe(r->engine, p, &f.text, 1, 0), ENGINE_INVALID);
	assert_int_equal(engine_disconnect(r->engine, MQTT_DISCONNECT_WITH_WILL, properties(r, "")),
		ENGINE_INVALID);
	expect_silence(r);
}

/* ---- limits of the server ------------------------------------------------------------------ */

static void receive_maximum_is_kept(void **state)
{
	struct rig *r = *state;

	set(r);
	meet_with(r, "21 n2");
	for (unsigned i = 1; i <= 5; i++)
		publish(r, .topic = "a", .qos = i % 2 + 1, .tag = i);
	expect(r, "PUBLISH \"a\" q2 id 1 \"\"");
	expect(r, "PUBLISH \"a\" q1 id 2 \"\"");
	expect_silence(r);
	publish(r, .topic = "free"); /* QoS 0 is */
	expect(r, "PUBLISH \"free\" q0 \"\"");
	say(r, "50 r m1");
	expect(r, "PUBREL id 1");
	expect_silence(r); /* PUBREC gives nothing back ... */
	say(r, "70 r m1");
	expect(r, "PUBLISH \"a\" q2 id 3 \"\"");
	say(r, "50 r m3 80 p{}"); /* ... unless it refuses */
	expect(r, "PUBLISH \"a\" q1 id 4 \"\"");
	say(r, "40 r m2");
	expect(r, "PUBLISH \"a\" q2 id 5 \"\"");
}

static void what_the_server_does_not_offer_is_refused(void **state)
{
	struct rig *r = *state;
	struct mqtt_filter wild = { .text = MQTT_VIEW("a/+") };
	struct mqtt_filter shared = { .text = MQTT_VIEW("$share/g/a") };
	struct mqtt_filter plain = { .text = MQTT_VIEW("a") };

	set(r);
	meet_with(r, "24 01 25 00 28 00 29 00 2A 00 27 w30");
	assert_int_equal(publish(r, .topic = "a", .qos = 2), MQTT_QOS_NOT_SUPPORTED);
	assert_int_equal(publish(r, .topic = "a", .retain = true), MQTT_RETAIN_NOT_SUPPORTED);
	/* 2 of header, 3 of topic, 1 of Property Length: 24 of 30 bytes are left */
	assert_int_equal(publish(r, .topic = "a", .payload = "0123456789012345678901234"),
		MQTT_PACKET_TOO_LARGE);
	assert_int_equal(
		publish(r, .topic = "a", .payload = "012345678901234567890123"), ENGINE_OK);
	expect(r, "PUBLISH \"a\" q0 \"012345678901234567890123\"");
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), &wild, 1, 0),
		MQTT_WILDCARDS_NOT_SUPPORTED);
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), &shared, 1, 0),
		MQTT_SHARED_NOT_SUPPORTED);
	assert_int_equal(engine_subscribe(r->engine, properties(r, "0B v1"), &plain, 1, 0),
		MQTT_SUBSCRIPTION_IDS_NOT_SUPPORTED);
	plain.text = MQTT_VIEW("a23456789012345678901234567890");
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), &plain, 1, 0),
		MQTT_PACKET_TOO_LARGE);
	assert_int_equal(engine_unsubscribe(r->engine, properties(r, ""), &plain.text, 1, 0),
		MQTT_PACKET_TOO_LARGE);
	assert_int_equal(engine_disconnect(r->engine, 0,
				 properties(r, "1F s\"a23456789012345678901234567890\"")),
		MQTT_PACKET_TOO_LARGE);
	expect_silence(r);
	assert_true(engine_is_connected(r->engine));
}

static void what_waited_meets_the_limits_too(void **state)
{
	struct rig *r = *state;

	set(r);
	publish(r, .topic = "a", .qos = 2, .tag = 1);
	publish(r, .topic = "b", .qos = 1, .retain = true, .tag = 2);
	publish(r, .topic = "c", .payload = "0123456789012345678901234567890", .tag = 3);
	publish(r, .topic = "d", .qos = 1, .tag = 4);
	meet_with(r, "24 01 25 00 27 w30");
	expect_event(r, "published 3: 0x95");
	expect_event(r, "published 1: 0x9B");
	expect_event(r, "published 2: 0x9A");
	expect(r, "PUBLISH \"d\" q1 id 1 \"\"");
	expect_silence(r);
}

static void what_is_sent_again_meets_them_too(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w100");
	meet(r);
	publish(r, .topic = "a", .qos = 1, .payload = "0123456789012345678901234567890", .tag = 1);
	publish(r, .topic = "b", .qos = 2, .tag = 2);
	publish(r, .topic = "c", .qos = 1, .tag = 3);
	hang_up(r);
	meet_again(r, "27 w20 24 01");
	expect_event(r, "published 1: 0x95");
	expect_event(r, "published 2: 0x9B");
	expect(r, "PUBLISH \"c\" q1 id 3 dup \"\"");
	expect_silence(r);
}

/* ---- topic aliases ------------------------------------------------------------------------- */

static void aliases_stand_for_topics(void **state)
{
	struct rig *r = *state;

	r->config.topic_alias_out = 2;
	set(r, .properties = "11 w100");
	meet_with(r, "22 n9");
	publish(r, .topic = "first");
	expect(r, "PUBLISH \"first\" q0 \"\", Topic Alias 1");
	publish(r, .topic = "second");
	expect(r, "PUBLISH \"second\" q0 \"\", Topic Alias 2");
	publish(r, .topic = "first");
	expect(r, "PUBLISH \"\" q0 \"\", Topic Alias 1");
	publish(r, .topic = "third"); /* takes the place of the first */
	expect(r, "PUBLISH \"third\" q0 \"\", Topic Alias 1");
	publish(r, .topic = "first", .qos = 1);
	expect(r, "PUBLISH \"first\" q1 id 1 \"\", Topic Alias 2");
	hang_up(r);
	forget_events(r);
	meet_again(r, "22 n1"); /* nothing of it holds any longer */
	expect(r, "PUBLISH \"first\" q1 id 1 dup \"\", Topic Alias 1");
	publish(r, .topic = "second");
	expect(r, "PUBLISH \"second\" q0 \"\", Topic Alias 1");
	hang_up(r);
	forget_events(r);
	meet_again(r, "");
	expect(r, "PUBLISH \"first\" q1 id 1 dup \"\"");
}

static void an_alias_of_the_program_s_own(void **state)
{
	struct rig *r = *state;

	r->config.topic_alias_out = 0;
	set(r, .properties = "11 w100");
	meet_with(r, "22 n5");
	assert_int_equal(publish(r, .topic = "", .properties = "23 n5"), ENGINE_INVALID);
	publish(r, .topic = "a", .properties = "23 n5 03 s\"c\"");
	expect(r, "PUBLISH \"a\" q0 \"\", Content Type \"c\", Topic Alias 5");
	assert_int_equal(publish(r, .topic = "", .properties = "23 n5", .qos = 1), ENGINE_OK);
	expect(r, "PUBLISH \"\" q1 id 1 \"\", Topic Alias 5");
	assert_int_equal(publish(r, .topic = "a", .properties = "23 n6"), MQTT_TOPIC_ALIAS_INVALID);
	hang_up(r);
	forget_events(r);
	meet_again(r, "22 n5");
	expect(r, "PUBLISH \"a\" q1 id 1 dup \"\"");
}

static void an_alias_does_not_make_a_packet_too_large(void **state)
{
	struct rig *r = *state;

	set(r);
	meet_with(r, "22 n5 27 w12");
	publish(r, .topic = "abcdefg");
	expect(r, "PUBLISH \"abcdefg\" q0 \"\"");
	publish(r, .topic = "abc");
	expect(r, "PUBLISH \"abc\" q0 \"\", Topic Alias 1");
}

/* ---- the queue ----------------------------------------------------------------------------- */

static void messages_wait_for_a_connection(void **state)
{
	struct rig *r = *state;

	set(r);
	publish(r, .topic = "a", .qos = 1, .tag = 1);
	publish(r, .topic = "b", .tag = 2);
	publish(r, .topic = "c", .qos = 1, .tag = 3);
	assert_int_equal(engine_pending(r->engine), 3);
	meet(r);
	expect(r, "PUBLISH \"b\" q0 \"\"");
	expect(r, "PUBLISH \"a\" q1 id 1 \"\"");
	expect(r, "PUBLISH \"c\" q1 id 2 \"\"");
}

static void qos0_need_not_wait(void **state)
{
	struct rig *r = *state;

	r->config.queue_qos0 = false;
	set(r);
	assert_int_equal(publish(r, .topic = "b"), ENGINE_NOT_CONNECTED);
	assert_int_equal(publish(r, .topic = "a", .qos = 1), ENGINE_OK);
}

static void a_full_queue_refuses(void **state)
{
	struct rig *r = *state;

	r->config.queue_messages = 2;
	set(r);
	assert_int_equal(publish(r, .topic = "a", .qos = 1), ENGINE_OK);
	assert_int_equal(publish(r, .topic = "b"), ENGINE_OK);
	assert_int_equal(publish(r, .topic = "c"), ENGINE_FULL);
	assert_int_equal(publish(r, .topic = "c", .qos = 2), ENGINE_FULL);
}

static void a_full_queue_drops_the_oldest(void **state)
{
	struct rig *r = *state;

	r->config.queue_messages = 2;
	r->config.overflow = ENGINE_DROP_OLDEST;
	set(r);
	publish(r, .topic = "a", .qos = 1, .tag = 1);
	wait_ms(r, 5);
	publish(r, .topic = "b", .tag = 2);
	wait_ms(r, 5);
	assert_int_equal(publish(r, .topic = "c", .qos = 1, .tag = 3), ENGINE_OK);
	expect_event(r, text(r, "published 1: 0x%X", ENGINE_DROPPED));
	publish(r, .topic = "d", .tag = 4);
	expect_event(r, text(r, "published 2: 0x%X", ENGINE_DROPPED));
	meet(r);
	expect(r, "PUBLISH \"d\" q0 \"\"");
	expect(r, "PUBLISH \"c\" q1 id 1 \"\"");
}

static void bytes_have_a_bound_too(void **state)
{
	struct rig *r = *state;
	char large[5000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = 0;
	r->config.queue_bytes = 8000;
	r->config.overflow = ENGINE_DROP_OLDEST;
	set(r);
	publish(r, .topic = "a", .payload = large, .tag = 1);
	publish(r, .topic = "b", .payload = large, .tag = 2);
	expect_event(r, text(r, "published 1: 0x%X", ENGINE_DROPPED));
	assert_int_equal(engine_pending(r->engine), 1);
}

static void a_message_expires_while_it_waits(void **state)
{
	struct rig *r = *state;

	set(r);
	publish(r, .topic = "a", .qos = 1, .properties = "02 w10", .tag = 1);
	publish(r, .topic = "b", .qos = 1, .properties = "03 s\"c\" 02 w30", .tag = 2);
	wait_ms(r, 10000);
	meet(r);
	expect_event(r, text(r, "published 1: 0x%X", ENGINE_EXPIRED));
	expect(r, "PUBLISH \"b\" q1 id 1 \"\", Content Type \"c\", Message Expiry Interval 20");
}

static void a_slow_server_holds_messages_back(void **state)
{
	struct rig *r = *state;
	char large[1000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = 0;
	r->config.output_bytes = 3000;
	r->config.queue_messages = 2;
	set(r);
	meet(r);
	r->deaf = true;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(publish(r, .topic = "a", .payload = large, .qos = 1), ENGINE_OK);
	assert_false(engine_wants_input(r->engine));
	assert_int_equal(publish(r, .topic = "b"), ENGINE_OK); /* waits */
	assert_int_equal(publish(r, .topic = "b"), ENGINE_OK);
	assert_int_equal(publish(r, .topic = "b"), ENGINE_FULL);
	struct mqtt_filter f = { .text = MQTT_VIEW("a") };
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), &f, 1, 0), ENGINE_FULL);
	r->deaf = false;
	for (unsigned i = 0; i < 3; i++)
		hear(r);
	assert_true(engine_wants_input(r->engine));
	expect(r, "PUBLISH \"b\" q0 \"\"");
	expect(r, "PUBLISH \"b\" q0 \"\"");
}

static void identifiers_are_not_used_twice(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	publish(r, .topic = "a", .qos = 1); /* keeps id 1 */
	hear(r);
	for (unsigned i = 2; i <= 65535; i++) {
		publish(r, .topic = "a", .qos = 1);
		hear(r);
		say_bytes(r, (uint8_t[]){ 0x40, 2, (uint8_t)(i >> 8), (uint8_t)i }, 4);
		forget_events(r);
	}
	publish(r, .topic = "b", .qos = 1);
	expect(r, "PUBLISH \"b\" q1 id 2 \"\"");
}

static void publish_next(struct rig *r, const struct engine_event *event)
{
	if (event->type == ENGINE_PUBLISHED && event->tag < 3)
		publish(r, .topic = text(r, "t%u", (unsigned)event->tag + 1),
			.tag = event->tag + 1);
}

static void a_callback_may_publish(void **state)
{
	struct rig *r = *state;

	r->on_event = publish_next;
	set(r);
	meet(r);
	publish(r, .topic = "t0", .tag = 0);
	for (unsigned i = 0; i <= 3; i++)
		expect(r, text(r, "PUBLISH \"t%u\" q0 \"\"", i));
	expect_silence(r);
}

/* ---- requests ------------------------------------------------------------------------------ */

static void subscribes_with_all_options(void **state)
{
	struct rig *r = *state;
	struct mqtt_filter f[] = { { .text = MQTT_VIEW("a/#"), .qos = 2, .retain_handling = 1 },
		{ .text = MQTT_VIEW("$share/g/+"), .qos = 1, .retain_as_published = true },
		{ .text = MQTT_VIEW("b"), .no_local = true } };

	set(r);
	assert_int_equal(
		engine_subscribe(r->engine, properties(r, ""), f, 3, 7), ENGINE_NOT_CONNECTED);
	meet(r);
	assert_int_equal(
		engine_subscribe(r->engine, properties(r, "0B v9 26 s\"k\" s\"v\""), f, 3, 7),
		ENGINE_OK);
	expect(r,
		"SUBSCRIBE id 1 \"a/#\" q2 retain handling 1, \"$share/g/+\" q1 retain as "
		"published, "
		"\"b\" q0 no local, Subscription Identifier 9, User Property \"k\"=\"v\"");
	say(r, "90 r m1 p{} 02 87 00");
	expect_event(r, "subscribed 7: 0x02 0x87 0x00");
	struct mqtt_view filters[] = { f[0].text, f[2].text };
	assert_int_equal(
		engine_unsubscribe(r->engine, properties(r, ""), filters, 2, 8), ENGINE_OK);
	expect(r, "UNSUBSCRIBE id 2 \"a/#\", \"b\"");
	say(r, "B0 r m2 p{} 00 11");
	expect_event(r, "unsubscribed 8: 0x00 0x11");
	f[1].no_local = true; /* [MQTT-3.8.3-4] */
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), f, 3, 7), ENGINE_INVALID);
	f[0].text = MQTT_VIEW("a#");
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), f, 1, 7), ENGINE_INVALID);
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), f, 0, 7), ENGINE_INVALID);
}

static void subscribes_in_311(void **state)
{
	struct rig *r = *state;
	struct mqtt_filter f = { .text = MQTT_VIEW("a/#"), .qos = 2 };

	set(r);
	meet(r);
	engine_subscribe(r->engine, properties(r, ""), &f, 1, 7);
	engine_unsubscribe(r->engine, properties(r, ""), &f.text, 1, 8);
	expect(r, "SUBSCRIBE id 1 \"a/#\" q2");
	expect(r, "UNSUBSCRIBE id 2 \"a/#\"");
	say(r, "B0 r m2");
	say(r, "90 r m1 80");
	expect_event(r, "unsubscribed 8:");
	expect_event(r, "subscribed 7: 0x80");
}

#define V50(f)  cmocka_unit_test_setup_teardown(f, rig_50, rig_tear_down)
#define V311(f) cmocka_unit_test_setup_teardown(f, rig_311, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		V50(each_qos_to_its_end),
		V311(each_qos_to_its_end),
		V50(a_refusal_settles_the_message),
		V50(a_forgotten_identifier_counts_on_one_connection),
		V50(properties_go_along),
		V50(refuses_what_would_be_no_packet),
		V311(there_are_no_properties_in_311),
		V50(receive_maximum_is_kept),
		V50(what_the_server_does_not_offer_is_refused),
		V50(what_waited_meets_the_limits_too),
		V50(what_is_sent_again_meets_them_too),
		V50(aliases_stand_for_topics),
		V50(an_alias_of_the_program_s_own),
		V50(an_alias_does_not_make_a_packet_too_large),
		V50(messages_wait_for_a_connection),
		V50(qos0_need_not_wait),
		V50(a_full_queue_refuses),
		V50(a_full_queue_drops_the_oldest),
		V50(bytes_have_a_bound_too),
		V50(a_message_expires_while_it_waits),
		V50(a_slow_server_holds_messages_back),
		V50(identifiers_are_not_used_twice),
		V50(a_callback_may_publish),
		V50(subscribes_with_all_options),
		V311(subscribes_in_311),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
