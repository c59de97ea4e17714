/* The client's engine: connecting, keeping alive, sessions, ends. */
#include "tests/unit/engine_rig.h"

static void connects_with_all_it_is_told(void **state)
{
	struct rig *r = *state;

	set(r, .client_id = "me", .keep_alive_s = 10, .user_name = "u", .password = "pw",
		.properties = "11 w60 21 n2 27 w100000 22 n5 19 01 17 00 26 s\"k\" s\"v\"",
		.will_topic = "w", .will_payload = "gone", .will_qos = 1, .will_retain = true,
		.will_properties =
			"18 w5 01 01 02 w6 03 s\"t\" 08 s\"r\" 09 s\"d\" 26 s\"a\" s\"b\"");
	dial(r);
	expect(r,
		"CONNECT \"me\" v5.0 clean keep alive 10, will \"w\" q1 retain \"gone\" "
		"(Will Delay Interval 5, Payload Format Indicator 1, Message Expiry Interval 6, "
		"Content Type \"t\", Response Topic \"r\", Correlation Data \"d\", "
		"User Property \"a\"=\"b\"), user \"u\", password (2 bytes), "
		"Session Expiry Interval 60, Receive Maximum 2, Maximum Packet Size 100000, "
		"Topic Alias Maximum 5, Request Response Information 1, "
		"Request Problem Information 0, User Property \"k\"=\"v\"");
	assert_false(engine_is_connected(r->engine));
	say(r, "20 r 00 00 p{}");
	expect_event(r, "connected");
	assert_true(engine_is_connected(r->engine));
}

static void connects_in_311(void **state)
{
	struct rig *r = *state;

	set(r, .client_id = "me", .keep_alive_s = 10, .will_topic = "w", .will_payload = "",
		.user_name = "u", .password = "");
	dial(r);
	expect(r,
		"CONNECT \"me\" v3.1.1 clean keep alive 10, will \"w\" q0 \"\", user \"u\", "
		"password "
		"(0 bytes)");
	say(r, "20 r 00 00");
	expect_event(r, "connected");
	assert_int_equal(engine_disconnect(r->engine, 0, (struct mqtt_view){ 0 }), ENGINE_OK);
	expect(r, "DISCONNECT");
	expect_closed(r);
}

static void refuses_an_illegal_connect(void **state)
{
	struct rig *r = *state;

	assert_false(rig_set(r, &(struct set){ .properties = "21 n0" }));
	assert_false(rig_set(r, &(struct set){ .client_id = "\xff" }));
	assert_false(rig_set(r, &(struct set){ .will_topic = "a/#", .will_payload = "" }));
	assert_false(rig_set(r,
		&(struct set){
			.will_topic = "w", .will_payload = "\xff", .will_properties = "01 01" }));
	assert_false(engine_open(r->engine));
	set(r);
	dial(r);
	assert_false(rig_set(r, &(struct set){ .client_id = "other" }));
}

static void refuses_to_keep_a_session_without_a_name(void **state)
{
	struct rig *r = *state;
	bool has_names = r->version == MQTT_50; /* that the server gives */

	set(r, .client_id = "");
	assert_int_equal(rig_set(r, &(struct set){ .client_id = "", .keep = true }), has_names);
}

static void tells_of_a_refusal(void **state)
{
	struct rig *r = *state;

	set(r);
	dial(r);
	hear(r);
	say(r, "20 r 00 87 p{1F s\"not you\"}");
	expect_event(r, "refused 0x87 \"not you\"");
	expect_closed(r);
	expect_no_event(r);
}

static void tells_of_a_refusal_in_311(void **state)
{
	struct rig *r = *state;

	set(r);
	dial(r);
	hear(r);
	say(r, "20 r 00 05");
	expect_event(r, "refused 0x05");
	expect_closed(r);
}

static void waits_for_connack_so_long(void **state)
{
	struct rig *r = *state;

	set(r);
	dial(r);
	hear(r);
	wait_ms(r, 9999);
	expect_silence(r);
	wait_ms(r, 1);
	expect_event(r, "broken 0x00 5.0:U50-CONNACK-WAIT");
	expect_closed(r);
}

static void takes_an_assigned_id_and_keeps_it(void **state)
{
	struct rig *r = *state;

	set(r, .client_id = "", .properties = "11 w100");
	dial(r);
	expect(r, "CONNECT \"\" v5.0 clean keep alive 0, Session Expiry Interval 100");
	say(r, "20 r 00 00 p{12 s\"given\"}");
	expect_event(r, "connected");
	assert_true(mqtt_view_equal(engine_server(r->engine)->client_id, MQTT_VIEW("given")));
	hang_up(r);
	dial(r);
	expect(r, "CONNECT \"given\" v5.0 keep alive 0, Session Expiry Interval 100");
	say(r, "20 r 01 00 p{}");
	expect_event(r, "connected again");
	hang_up(r);
	set(r, .client_id = "mine");
	dial(r);
	expect(r, "CONNECT \"mine\" v5.0 clean keep alive 0");
}

static void misses_an_assigned_id(void **state)
{
	struct rig *r = *state;

	set(r, .client_id = "");
	dial(r);
	hear(r);
	say(r, "20 r 00 00 p{}");
	expect_event(r, "broken 0x82 5.0:MQTT-3.1.3-7");
	expect(r, "DISCONNECT 0x82 Protocol Error");
	expect_closed(r);
}

static void learns_what_the_server_offers(void **state)
{
	struct rig *r = *state;

	set(r, .keep_alive_s = 60, .properties = "11 w7");
	meet_with(r, "11 w5 13 n30 21 n9 22 n3 24 01 25 00 27 w200 28 00 29 00 2A 00");
	const struct engine_server *s = engine_server(r->engine);
	assert_int_equal(s->session_expiry_s, 5);
	assert_int_equal(s->keep_alive_s, 30);
	assert_int_equal(s->receive_maximum, 9);
	assert_int_equal(s->topic_alias_maximum, 3);
	assert_int_equal(s->maximum_qos, 1);
	assert_int_equal(s->packet_bytes, 200);
	assert_false(s->retain || s->wildcards || s->subscription_ids || s->shared);
	hang_up(r);
	meet(r); /* and forgets it with the connection */
	assert_int_equal(s->keep_alive_s, 60);
	assert_int_equal(s->session_expiry_s, 7);
	assert_true(s->retain && s->wildcards && s->subscription_ids && s->shared);
}

/* ---- keep alive ---------------------------------------------------------------------------- */

static void pings_before_the_interval_ends(void **state)
{
	struct rig *r = *state;

	set(r, .keep_alive_s = 10);
	meet(r);
	wait_ms(r, 8999);
	expect_silence(r);
	wait_ms(r, 1);
	expect(r, "PINGREQ");
	wait_ms(r, 5000); /* one at a time */
	expect_silence(r);
	say(r, "D0 00");
	wait_ms(r, 8999);
	expect(r, "PINGREQ");
	say(r, "D0 00");
	expect_no_event(r);
}

static void pings_a_silent_server_though_it_talks_itself(void **state)
{
	struct rig *r = *state;

	set(r, .keep_alive_s = 10);
	meet(r);
	for (unsigned i = 0; i < 3; i++) {
		wait_ms(r, 2999);
		publish(r, .topic = "t");
		expect(r, "PUBLISH \"t\" q0 \"\"");
	}
	wait_ms(r, 3);
	expect(r, "PINGREQ");
}

static void a_server_s_own_keep_alive_counts(void **state)
{
	struct rig *r = *state;

	set(r, .keep_alive_s = 100);
	meet_with(r, "13 n2");
	wait_ms(r, 1799);
	expect_silence(r);
	wait_ms(r, 1);
	expect(r, "PINGREQ");
}

static void a_server_may_turn_keep_alive_off(void **state)
{
	struct rig *r = *state;

	set(r, .keep_alive_s = 10);
	meet_with(r, "13 n0");
	wait_ms(r, 1000000);
	expect_silence(r);
	assert_true(engine_tick(r->engine, r->now_ms) == INT64_MAX);
}

static void misses_a_pingresp(void **state)
{
	struct rig *r = *state;

	set(r, .keep_alive_s = 10);
	meet(r);
	wait_ms(r, 9000);
	expect(r, "PINGREQ");
	wait_ms(r, 9999);
	expect_silence(r);
	wait_ms(r, 1);
	expect(r, "DISCONNECT 0x80 Unspecified error");
	expect_event(r, "broken 0x80 5.0:U50-PINGRESP-WAIT");
	expect_closed(r);
}

static void misses_a_pingresp_in_311(void **state)
{
	struct rig *r = *state;

	set(r, .keep_alive_s = 1);
	meet(r);
	wait_ms(r, 900);
	expect(r, "PINGREQ");
	wait_ms(r, 10000);
	expect_event(r, "broken 0x80 3.1.1:U311-PINGRESP-WAIT");
	expect_closed(r);
}

/* ---- sessions ------------------------------------------------------------------------------ */

static void a_session_ends_with_its_expiry(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w10");
	meet(r);
	publish(r, .topic = "t", .qos = 1, .tag = 1);
	expect(r, "PUBLISH \"t\" q1 id 1 \"\"");
	hang_up(r);
	wait_ms(r, 9999);
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 keep alive 0, Session Expiry Interval 10");
	hang_up(r);
	wait_ms(r, 10000);
	dial(r); /* the message is sent anew: a new session knows nothing of it */
	expect(r, "CONNECT \"c\" v5.0 clean keep alive 0, Session Expiry Interval 10");
	say(r, "20 r 00 00 p{}");
	expect_event(r, "connected");
	expect(r, "PUBLISH \"t\" q1 id 2 \"\"");
	say(r, "40 r m2");
	expect_event(r, "published 1: 0x00");
}

static void the_server_s_expiry_counts(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w1000");
	meet_with(r, "11 w10");
	hang_up(r);
	wait_ms(r, 10000);
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 clean keep alive 0, Session Expiry Interval 1000");
}

static void disconnect_may_shorten_the_session(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w1000");
	meet(r);
	assert_int_equal(
		engine_disconnect(r->engine, MQTT_DISCONNECT_WITH_WILL, properties(r, "11 w0")),
		ENGINE_OK);
	expect(r, "DISCONNECT 0x04 Disconnect with Will Message, Session Expiry Interval 0");
	expect_closed(r);
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 clean keep alive 0, Session Expiry Interval 1000");
}

/* [MQTT-3.1.2-30]; whatever was accepted then is of no interest any more. */
static void disconnect_may_come_before_connack(void **state)
{
	struct rig *r = *state;

	set(r);
	dial(r);
	hear(r);
	assert_int_equal(engine_disconnect(r->engine, 0, properties(r, "")), ENGINE_OK);
	expect(r, "DISCONNECT");
	say(r, r->version == MQTT_50 ? "20 r 00 00 p{}" : "20 r 00 00");
	expect_no_event(r);
	expect_closed(r);
}

static void disconnect_must_not_raise_the_expiry(void **state)
{
	struct rig *r = *state;

	set(r);
	meet(r);
	assert_int_equal(engine_disconnect(r->engine, 0, properties(r, "11 w5")), ENGINE_INVALID);
	expect_silence(r);
	assert_int_equal(engine_disconnect(r->engine, 0x8b, properties(r, "")), ENGINE_INVALID);
	assert_int_equal(engine_disconnect(r->engine, 0, properties(r, "")), ENGINE_OK);
	expect(r, "DISCONNECT");
	assert_int_equal(engine_disconnect(r->engine, 0, properties(r, "")), ENGINE_NOT_CONNECTED);
}

static void nothing_follows_a_disconnect(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w1000");
	meet(r);
	engine_disconnect(r->engine, 0, properties(r, ""));
	assert_int_equal(publish(r, .topic = "t", .qos = 1), ENGINE_OK); /* it waits */
	engine_input(r->engine, "\x30\x04\0\1t\0", 6);
	expect(r, "DISCONNECT");
	expect_closed(r);
	expect_no_event(r);
}

static void sends_again_in_order(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w1000");
	meet_with(r, "21 n5");
	for (unsigned i = 1; i <= 7; i++)
		publish(r, .topic = text(r, "t%u", i), .qos = i % 2 + 1, .tag = i);
	expect(r, "PUBLISH \"t1\" q2 id 1 \"\"");
	for (unsigned i = 2; i <= 5; i++)
		hear(r);
	expect_silence(r);
	say(r, "50 r m3"); /* the PUBRELs keep the order of the PUBRECs */
	say(r, "50 r m1");
	expect(r, "PUBREL id 3");
	expect(r, "PUBREL id 1");
	hang_up(r);
	assert_int_equal(engine_pending(r->engine), 7);

	dial(r);
	expect(r, "CONNECT \"c\" v5.0 keep alive 0, Session Expiry Interval 1000");
	say(r, "20 r 01 00 p{21 n3}");
	expect_event(r, "connected again");
	expect(r, "PUBREL id 3");
	expect(r, "PUBREL id 1");
	expect(r, "PUBLISH \"t2\" q1 id 2 dup \"\"");
	expect(r, "PUBLISH \"t4\" q1 id 4 dup \"\"");
	expect(r, "PUBLISH \"t5\" q2 id 5 dup \"\"");
	expect_silence(r); /* the quota is used up */
	say(r, "40 r m2");
	expect(r, "PUBLISH \"t6\" q1 id 6 \"\"");
	say(r, "70 r m1");
	expect_silence(r); /* PUBRELs of an earlier connection take no part in the quota */
	say(r, "70 r m3 92 p{}");
	say(r, "40 r m4");
	expect(r, "PUBLISH \"t7\" q2 id 7 \"\"");
	say(r, "50 r m5");
	expect(r, "PUBREL id 5");
	expect_event(r, "published 2: 0x00");
	expect_event(r, "published 1: 0x00");
	expect_event(r, "published 3: 0x00");
	expect_event(r, "published 4: 0x00");
	expect_no_event(r);
}

static void sends_again_in_311(void **state)
{
	struct rig *r = *state;

	set(r, .keep = true);
	meet(r);
	publish(r, .topic = "a", .payload = "x", .qos = 1, .tag = 1);
	publish(r, .topic = "b", .payload = "y", .qos = 2, .tag = 2);
	hear(r), hear(r);
	hang_up(r);
	dial(r);
	expect(r, "CONNECT \"c\" v3.1.1 keep alive 0");
	say(r, "20 r 01 00");
	expect(r, "PUBLISH \"a\" q1 id 1 dup \"x\"");
	expect(r, "PUBLISH \"b\" q2 id 2 dup \"y\"");
}

static void a_clean_session_of_311_ends_with_its_connection(void **state)
{
	struct rig *r = *state;

	r->config.republish = false;
	set(r);
	meet(r);
	publish(r, .topic = "a", .qos = 1, .tag = 1);
	hear(r);
	hang_up(r);
	expect_event(r, text(r, "published 1: 0x%X", ENGINE_SESSION_LOST));
	dial(r);
	expect(r, "CONNECT \"c\" v3.1.1 clean keep alive 0");
}

/* U50-STATE-LIFE: without Session Expiry Interval nothing outlives the connection. */
static void a_session_without_expiry_ends_with_its_connection(void **state)
{
	struct rig *r = *state;

	r->config.republish = false;
	set(r);
	meet(r);
	publish(r, .topic = "a", .qos = 2, .tag = 1);
	hear(r);
	hang_up(r);
	expect_event(r, text(r, "published 1: 0x%X", ENGINE_SESSION_LOST));
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 clean keep alive 0");
}

/* A session that is over needs a Clean Start, unless somebody says again what to connect with. */
static void set_again_it_says_what_it_is_told(void **state)
{
	struct rig *r = *state;

	set(r, .keep = true);
	meet(r);
	hang_up(r);
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 clean keep alive 0");
	hang_up(r);
	set(r, .keep = true);
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 keep alive 0");
}

static void starts_afresh_when_the_server_lost_the_session(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "11 w1000");
	meet(r);
	publish(r, .topic = "a", .qos = 1, .tag = 1);
	publish(r, .topic = "b", .qos = 2, .tag = 2);
	publish(r, .topic = "c", .qos = 2, .tag = 3);
	hear(r), hear(r), hear(r);
	say(r, "50 r m2");
	hear(r);
	say(r, "34 r s\"in\" m9 p{}");
	expect(r, "PUBREC id 9");
	hang_up(r);
	publish(r, .topic = "d", .qos = 1, .tag = 4);
	expect_event(r, "message in q2 \"\"");

	dial(r);
	hear(r);
	say(r, "20 r 00 00 p{}");
	expect_event(r, "published 2: 0x00"); /* the server had said that it has it */
	expect_event(r, "connected");
	expect(r, "PUBLISH \"a\" q1 id 4 \"\"");
	expect(r, "PUBLISH \"c\" q2 id 5 \"\"");
	expect(r, "PUBLISH \"d\" q1 id 6 \"\"");
	say(r, "34 r s\"in\" m9 p{}"); /* another message than the one before */
	expect(r, "PUBREC id 9");
	expect_event(r, "message in q2 \"\"");
}

static void gives_up_what_a_lost_session_had_under_way(void **state)
{
	struct rig *r = *state;

	r->config.republish = false;
	set(r, .properties = "11 w1000");
	meet(r);
	publish(r, .topic = "a", .qos = 1, .tag = 1);
	publish(r, .topic = "b", .qos = 2, .tag = 2);
	hear(r), hear(r);
	say(r, "50 r m2");
	hear(r);
	hang_up(r);
	dial(r);
	hear(r);
	say(r, "20 r 00 00 p{}");
	expect_event(r, text(r, "published 1: 0x%X", ENGINE_SESSION_LOST));
	expect_event(r, text(r, "published 2: 0x%X", ENGINE_SESSION_LOST));
	expect_event(r, "connected");
	expect_silence(r);
}

static void refuses_a_session_that_it_does_not_know(void **state)
{
	struct rig *r = *state;

	set(r, .keep = true, .properties = "11 w1000");
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 keep alive 0, Session Expiry Interval 1000");
	say(r, "20 r 01 00 p{}");
	expect_event(r, "broken 0x82 5.0:MQTT-3.2.2-4");
	expect(r, "DISCONNECT 0x82 Protocol Error");
	expect_closed(r);
}

static void refuses_a_session_behind_a_clean_start(void **state)
{
	struct rig *r = *state;

	r->config.adopt_session = true;
	set(r);
	dial(r);
	hear(r);
	say(r, "20 r 01 00 p{}");
	expect_event(r, "broken 0x82 5.0:MQTT-3.2.2-4");
}

static void adopts_a_session_if_told_so(void **state)
{
	struct rig *r = *state;

	r->config.adopt_session = true;
	set(r, .keep = true, .properties = "11 w1000");
	meet_again(r, "");
	say(r, "62 r m7");
	expect(r, "PUBCOMP id 7 0x92 Packet Identifier not found");
}

/* What it left at QoS 2 would swallow a message with the same Packet Identifier. */
static void begins_elsewhere_in_an_adopted_session(void **state)
{
	struct rig *r = *state;

	r->config.adopt_session = true;
	r->config.first_id = 41;
	set(r, .keep = true, .properties = "11 w1000");
	meet_again(r, "");
	publish(r, .topic = "a", .qos = 2);
	expect(r, "PUBLISH \"a\" q2 id 42 \"\"");
}

static void starts_anew_after_a_session_that_it_does_not_know(void **state)
{
	struct rig *r = *state;

	set(r, .keep = true, .properties = "11 w1000");
	dial(r);
	hear(r);
	say(r, "20 r 01 00 p{}");
	expect_event(r, "broken 0x82 5.0:MQTT-3.2.2-4");
	hear(r);
	hang_up(r);
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 clean keep alive 0, Session Expiry Interval 1000");
}

static void forgets_a_session_when_told_so(void **state)
{
	struct rig *r = *state;

	set(r, .keep = true, .properties = "11 w1000");
	meet(r);
	hang_up(r);
	engine_forget(r->engine);
	dial(r);
	expect(r, "CONNECT \"c\" v5.0 clean keep alive 0, Session Expiry Interval 1000");
}

/* ---- the server's DISCONNECT --------------------------------------------------------------- */

static void tells_why_the_server_leaves(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "17 00");
	meet(r);
	say(r, "E0 r 8E p{1F s\"another one\"}");
	expect_event(r, "disconnected 0x8E \"another one\"");
	expect_closed(r);
}

static void hands_requests_back_at_the_end(void **state)
{
	struct rig *r = *state;
	struct mqtt_filter f = { .text = MQTT_VIEW("a") };

	set(r);
	meet(r);
	assert_int_equal(engine_subscribe(r->engine, properties(r, ""), &f, 1, 5), ENGINE_OK);
	assert_int_equal(
		engine_unsubscribe(r->engine, properties(r, ""), &f.text, 1, 6), ENGINE_OK);
	hang_up(r);
	expect_event(r, text(r, "subscribed 5: 0x%X", ENGINE_LOST));
	expect_event(r, text(r, "unsubscribed 6: 0x%X", ENGINE_LOST));
}

/* ---- authentication ------------------------------------------------------------------------ */

static void authenticates_step_by_step(void **state)
{
	struct rig *r = *state;

	r->auth_answer = "a1";
	set(r, .properties = "15 s\"M\"");
	dial(r);
	expect(r,
		"CONNECT \"c\" v5.0 clean keep alive 0, Authentication Method \"M\", "
		"Authentication Data \"a1\"");
	r->auth_answer = "a2";
	say(r, "F0 r 18 p{15 s\"M\" 16 s\"s1\"}");
	expect(r,
		"AUTH 0x18 Continue authentication, Authentication Method \"M\", "
		"Authentication Data \"a2\"");
	expect_no_event(r);
	say(r, "20 r 00 00 p{15 s\"M\" 16 s\"s2\"}");
	expect_event(r, "connected");
	assert_string_equal(r->auth_trace, "start() continue(s1) done(s2) ");

	r->auth_answer = NULL;
	assert_int_equal(engine_authenticate(r->engine), ENGINE_OK);
	expect(r, "AUTH 0x19 Re-authenticate, Authentication Method \"M\"");
	assert_int_equal(engine_authenticate(r->engine), ENGINE_INVALID);
	publish(r, .topic = "t", .tag = 8); /* other traffic goes on */
	expect(r, "PUBLISH \"t\" q0 \"\"");
	expect_event(r, "published 8: 0x00");
	say(r, "F0 r 18 p{15 s\"M\"}");
	expect(r, "AUTH 0x18 Continue authentication, Authentication Method \"M\"");
	say(r, "F0 r 00 p{15 s\"M\"}");
	expect_event(r, "authenticated");
	say(r, "F0 r 18 p{15 s\"M\"}");
	expect_event(r, "broken 0x82 5.0:U50-AUTH-UNEXPECTED");
}

static void gives_up_on_a_server_that_fails_to_authenticate(void **state)
{
	struct rig *r = *state;

	set(r, .properties = "15 s\"M\"");
	dial(r);
	hear(r);
	r->auth_gives_up = true;
	say(r, "20 r 00 00 p{15 s\"M\" 16 s\"forged\"}");
	expect_event(r, "broken 0x80 5.0:MQTT-4.12.1-2");
	expect(r, "DISCONNECT 0x80 Unspecified error");
	expect_closed(r);
	expect_no_event(r);
	assert_false(engine_open(r->engine)); /* the first step fails */
}

/* The answer comes when it comes, by engine_auth_send. */
static void answers_challenges_later(void **state)
{
	struct rig *r = *state;
	struct mqtt_view data = properties(r, "16 s\"a1\""), none = { 0 };

	r->config.auth = NULL;
	r->config.auth_later = true;
	set(r, .properties = "15 s\"M\" 16 s\"a0\"");
	assert_int_equal(engine_auth_send(r->engine, 0x18, data), ENGINE_NOT_CONNECTED);
	dial(r);
	hear(r);
	assert_int_equal(engine_auth_send(r->engine, 0x18, data), ENGINE_INVALID);
	assert_int_equal(engine_auth_send(r->engine, 0x19, data), ENGINE_NOT_CONNECTED);
	say(r, "F0 r 18 p{15 s\"M\" 16 s\"s1\" 1F s\"more\"}");
	expect_event(r, "challenged 0x18 \"more\"");
	expect_silence(r);
	assert_int_equal(engine_auth_send(r->engine, 0x00, data), ENGINE_INVALID);
	assert_int_equal(
		engine_auth_send(r->engine, 0x18, properties(r, "15 s\"N\"")), ENGINE_INVALID);
	assert_int_equal(engine_auth_send(r->engine, 0x18, properties(r, "21 n1")), ENGINE_INVALID);
	assert_int_equal(engine_auth_send(r->engine, 0x18, data), ENGINE_OK);
	expect(r,
		"AUTH 0x18 Continue authentication, Authentication Data \"a1\", "
		"Authentication Method \"M\"");
	assert_int_equal(engine_auth_send(r->engine, 0x18, data), ENGINE_INVALID);
	say(r, "20 r 00 00 p{15 s\"M\" 27 w20}");
	expect_event(r, "connected");

	assert_int_equal(engine_auth_send(r->engine, 0x18, none), ENGINE_INVALID);
	assert_int_equal(
		engine_auth_send(r->engine, 0x19, properties(r, "16 s\"0123456789012345\"")),
		MQTT_PACKET_TOO_LARGE);
	assert_int_equal(engine_auth_send(r->engine, 0x19, none), ENGINE_OK);
	expect(r, "AUTH 0x19 Re-authenticate, Authentication Method \"M\"");
	assert_int_equal(engine_auth_send(r->engine, 0x19, none), ENGINE_INVALID);
	say(r, "F0 r 18 p{15 s\"M\"}");
	expect_event(r, "challenged 0x18");
	assert_int_equal(engine_auth_send(r->engine, 0x18, none), ENGINE_OK);
	hear(r);
	say(r, "F0 r 00 p{15 s\"M\"}");
	expect_event(r, "challenged 0x00");
	expect_event(r, "authenticated");
	assert_int_equal(engine_auth_send(r->engine, 0x19, none), ENGINE_OK);
}

static void a_challenge_ends_with_its_connection(void **state)
{
	struct rig *r = *state;

	r->config.auth = NULL;
	r->config.auth_later = true;
	set(r, .properties = "15 s\"M\"");
	dial(r);
	hear(r);
	say(r, "F0 r 18 p{15 s\"M\"}");
	hang_up(r);
	dial(r);
	assert_int_equal(engine_auth_send(r->engine, 0x18, properties(r, "")), ENGINE_INVALID);
}

static const struct {
	const char *properties; /* of CONNECT */
	const char *said;
	const char *statement;
} wrong_auth[] = {
	{ "", "F0 r 18 p{15 s\"M\"}", "5.0:U50-AUTH-UNEXPECTED" },
	{ "15 s\"M\"", "F0 r 18 p{15 s\"N\"}", "5.0:MQTT-4.12.0-5" },
	{ "15 s\"M\"", "F0 r 00 p{15 s\"M\"}", "5.0:MQTT-3.15.2-1" },
	{ "15 s\"M\"", "F0 r 19 p{15 s\"M\"}", "5.0:MQTT-3.15.2-1" },
	{ "15 s\"M\"", "F0 r 18 p{}", "5.0:U50-AUTH-METHOD" },
	{ "15 s\"M\"", "20 r 00 00 p{}", "5.0:MQTT-4.12.0-5" },
	{ "15 s\"M\"", "20 r 00 00 p{15 s\"N\"}", "5.0:MQTT-4.12.0-5" },
	{ "", "20 r 00 00 p{15 s\"M\"}", "5.0:MQTT-4.12.0-5" },
	{ "15 s\"M\" 17 00", "F0 r 18 p{15 s\"M\" 1F s\"x\"}", "5.0:U50-REQPROB-CLIENT" },
};

static void refuses_wrong_auth(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(wrong_auth) / sizeof(*wrong_auth); i++) {
		set(r, .properties = wrong_auth[i].properties);
		dial(r);
		hear(r);
		say(r, wrong_auth[i].said);
		expect_event(r, text(r, "broken 0x82 %s", wrong_auth[i].statement));
		expect(r, "DISCONNECT 0x82 Protocol Error");
		expect_closed(r);
	}
}

#define V50(f)  cmocka_unit_test_setup_teardown(f, rig_50, rig_tear_down)
#define V311(f) cmocka_unit_test_setup_teardown(f, rig_311, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		V50(connects_with_all_it_is_told),
		V311(connects_in_311),
		V50(refuses_an_illegal_connect),
		V50(refuses_to_keep_a_session_without_a_name),
		V311(refuses_to_keep_a_session_without_a_name),
		V50(tells_of_a_refusal),
		V311(tells_of_a_refusal_in_311),
		V50(waits_for_connack_so_long),
		V50(takes_an_assigned_id_and_keeps_it),
		V50(misses_an_assigned_id),
		V50(learns_what_the_server_offers),
		V50(pings_before_the_interval_ends),
		V50(pings_a_silent_server_though_it_talks_itself),
		V50(a_server_s_own_keep_alive_counts),
		V50(a_server_may_turn_keep_alive_off),
		V50(misses_a_pingresp),
		V311(misses_a_pingresp_in_311),
		V50(a_session_ends_with_its_expiry),
		V50(the_server_s_expiry_counts),
		V50(disconnect_may_shorten_the_session),
		V50(disconnect_may_come_before_connack),
		V311(disconnect_may_come_before_connack),
		V50(disconnect_must_not_raise_the_expiry),
		V50(nothing_follows_a_disconnect),
		V50(sends_again_in_order),
		V311(sends_again_in_311),
		V311(a_clean_session_of_311_ends_with_its_connection),
		V50(a_session_without_expiry_ends_with_its_connection),
		V50(set_again_it_says_what_it_is_told),
		V50(starts_afresh_when_the_server_lost_the_session),
		V50(gives_up_what_a_lost_session_had_under_way),
		V50(refuses_a_session_that_it_does_not_know),
		V50(refuses_a_session_behind_a_clean_start),
		V50(adopts_a_session_if_told_so),
		V50(begins_elsewhere_in_an_adopted_session),
		V50(starts_anew_after_a_session_that_it_does_not_know),
		V50(forgets_a_session_when_told_so),
		V50(tells_why_the_server_leaves),
		V50(hands_requests_back_at_the_end),
		V50(authenticates_step_by_step),
		V50(gives_up_on_a_server_that_fails_to_authenticate),
		V50(answers_challenges_later),
		V50(a_challenge_ends_with_its_connection),
		V50(refuses_wrong_auth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
