/* CONNECT and what follows from it: who is let in, with which session, and when the connection ends. */
#include "tests/unit/broker_rig.h"

#include <string.h>

#define CONNECT3 "10 r s\"MQTT\" 04 "
#define CONNECT5 "10 r s\"MQTT\" 05 "
#define WELCOME5 "CONNACK success, Receive Maximum 1000, Topic Alias Maximum 64"

static void refused_connects_end_as_their_version_says(void **state)
{
	static const struct {
		const char *text;
		enum mqtt_version version;
		const char *answer; /* "" for none */
		const char *statement;
	} samples[] = {
		{ CONNECT3 "03 n0 s\"a\"", MQTT_311, "", "3.1.1:MQTT-3.1.2-3" },
		{ CONNECT3 "42 n0 s\"a\" s\"p\"", MQTT_311, "", "3.1.1:MQTT-3.1.2-22" },
		{ CONNECT3 "02 n0 s\"\\xFF\"", MQTT_311, "", "3.1.1:MQTT-3.1.3-4" },
		{ CONNECT3 "00 n0 s\"\"", MQTT_311, "CONNACK 0x02 identifier rejected",
			"3.1.1:MQTT-3.1.3-8" },
		{ "10 r s\"MQTT\" 06 02 n0 s\"a\"", MQTT_311,
			"CONNACK 0x01 unacceptable protocol version", "3.1.1:MQTT-3.1.2-2" },
		{ "10 r s\"MQTX\" 04 02 n0 s\"a\"", MQTT_311, "", "3.1.1:MQTT-3.1.2-1" },
		{ CONNECT5 "03 n0 p{} s\"a\"", MQTT_50,
			"CONNACK 0x81 Malformed Packet, Reason String \"reserved Connect Flag\"",
			"5.0:MQTT-3.1.2-3" },
		{ CONNECT5 "02 n0 p{21 n0} s\"a\"", MQTT_50,
			"CONNACK 0x82 Protocol Error, Reason String \"Receive Maximum 0\"",
			"5.0:U50-RECVMAX-ZERO" },
		{ CONNECT5 "02 n0 p{27 w10 21 n0} s\"a\"", MQTT_50,
			"CONNACK 0x82 Protocol Error, Reason String \"Receive Maximum 0\"",
			"5.0:U50-RECVMAX-ZERO" },
		{ CONNECT5 "02 n0 p{15 s\"x\"} s\"a\"", MQTT_50,
			"CONNACK 0x8C Bad authentication method", "5.0:MQTT-3.1.4-2" },
		{ CONNECT5 "06 n0 p{} s\"a\" p{} s\"$SYS/x\" s\"\"", MQTT_50,
			"CONNACK 0x90 Topic Name invalid, Reason String \"CONNECT not acceptable "
			"to "
			"this server\"",
			"5.0:U50-WILL-TOPIC-REFUSED" },
		{ CONNECT5 "26 n0 p{} s\"a\" p{} n600 2F*600 s\"\"", MQTT_50,
			"CONNACK 0x90 Topic Name invalid, Reason String \"CONNECT not acceptable "
			"to "
			"this server\"",
			"5.0:U50-WILL-TOPIC-REFUSED" },
		{ "C0 00", MQTT_311, "", "3.1.1:MQTT-3.1.0-1" },
		{ "11 r s\"MQTT\" 04 02 n0 s\"a\"", MQTT_311, "", "3.1.1:MQTT-2.2.2-2" },
		{ "F0 00", MQTT_50, "", "3.1.1:MQTT-3.1.0-1" },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct client *c = dial(r, samples[i].version);
		/* What is sent after has no effect. [MQTT-3.1.4-6] */
		say(c, text(r, "%s", samples[i].text));
		if (*samples[i].answer)
			expect(c, samples[i].answer);
		expect_closed(c);
		expect_trouble(r, samples[i].statement);
	}
	assert_int_equal(broker_figures(r->broker)->sessions, 0);
}

static void nothing_behind_a_refused_connect_counts(void **state)
{
	struct rig *r = *state;
	struct client *watcher = join(r, MQTT_311, "watcher");
	uint8_t bytes[] = "\x10\x0d\0\4MQTT\6\2\0\0\0\1a\x30\3\0\1t";

	subscribe_to(watcher, "#", 0);
	struct client *c = dial(r, MQTT_311);
	say_bytes(c, bytes, sizeof(bytes) - 1);
	expect(c, "CONNACK 0x01 unacceptable protocol version");
	expect_closed(c);
	expect_silence(watcher);
}

static void connect_packets_may_come_byte_by_byte(void **state)
{
	struct rig *r = *state;
	struct client *c = dial(r, MQTT_50);
	static const uint8_t bytes[] =
		"\x10\x0e\0\4MQTT\5\2\0\0\0\0\1a\xC0\0\x30\7\0\1t\0xyz\xC0\0";

	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		uint8_t *alone = arena_copy(&r->arena, bytes + i, 1);
		say_bytes(c, alone, 1);
	}
	expect(c, WELCOME5);
	expect(c, "PINGRESP");
	expect(c, "PINGRESP");
	expect_silence(c);
	assert_int_equal(broker_figures(r->broker)->messages_received, 1);
}

static void a_second_connect_ends_the_connection(void **state)
{
	struct rig *r = *state;
	struct client *c5 = join(r, MQTT_50, "five"), *c3 = join(r, MQTT_311, "three");

	say(c5, CONNECT5 "02 n0 p{} s\"five\"");
	expect(c5, "DISCONNECT 0x82 Protocol Error, Reason String \"second CONNECT\"");
	expect_closed(c5);
	say(c3, CONNECT3 "02 n0 s\"three\"");
	expect_closed(c3);
}

static void later_violations_are_named_in_disconnect(void **state)
{
	static const struct {
		const char *text, *answer;
	} samples[] = {
		{ "C1 00",
			"DISCONNECT 0x81 Malformed Packet, Reason String \"reserved flag bits\"" },
		{ "90 r m1 p{} 00",
			"DISCONNECT 0x82 Protocol Error, Reason String \"packet that only a server "
			"sends\"" },
		{ "F0 r 18 p{15 s\"x\"}",
			"DISCONNECT 0x82 Protocol Error, Reason String \"AUTH although CONNECT "
			"named no "
			"method\"" },
		{ "30 r s\"a\" p{23 n65}",
			"DISCONNECT 0x94 Topic Alias invalid, Reason String \"Topic Alias above "
			"the "
			"maximum\"" },
		{ "30 r s\"\" p{23 n1}",
			"DISCONNECT 0x82 Protocol Error, Reason String \"unknown Topic Alias\"" },
		{ "82 r m1 p{} s\"a/#/b\" 00",
			"DISCONNECT 0x8F Topic Filter invalid, Reason String \"misplaced "
			"wildcard\"" },
		{ "E0 r 00 p{11 w9}",
			"DISCONNECT 0x82 Protocol Error, Reason String \"Session Expiry Interval "
			"raised "
			"from 0\"" },
		{ "30 r s\"a\" p{01 01} FF",
			"DISCONNECT 0x99 Payload format invalid, Reason String \"payload is not "
			"the UTF-8 "
			"that it says\"" },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct client *c = join(r, MQTT_50, "c");
		say(c, samples[i].text);
		expect(c, samples[i].answer);
		expect_closed(c);
		struct client *small = join_with(r, "s", true, "27 w20");
		expect(small, WELCOME5);
		say(small, samples[i].text); /* no room for the Reason String */
		assert_non_null(strstr(samples[i].answer, ", Reason"));
		expect(small,
			text(r, "%.*s",
				(int)(strstr(samples[i].answer, ", Reason") - samples[i].answer),
				samples[i].answer));
		expect_closed(small);
	}
}

static void an_identifier_is_assigned_to_whoever_has_none(void **state)
{
	struct rig *r = *state;
	struct client *a = join_with(r, "", false, "11 w100"), *b = join_with(r, "", true, "");
	const char *first = hear(a), *second = hear(b);
	const char *id = strstr(first, "Assigned Client Identifier \"");

	assert_non_null(id);
	assert_non_null(strstr(second, "Assigned Client Identifier \""));
	assert_string_not_equal(id, strstr(second, "Assigned Client Identifier \""));
	hang_up(a);
	a = join_with(r, text(r, "%.20s", strchr(id, '"') + 1), false, "");
	assert_non_null(strstr(hear(a), "session present"));
	struct client *c = join_311(r, "", true);
	expect(c, "CONNACK accepted");
}

static void sessions_are_kept_as_asked(void **state)
{
	struct rig *r = *state;
	struct client *c = join_311(r, "c", false);

	expect(c, "CONNACK accepted");
	hang_up(c);
	c = join_311(r, "c", false);
	expect(c, "CONNACK accepted, session present");
	say(c, "E0 00");
	expect_closed(c);
	c = join_311(r, "c", true); /* [MQTT-3.1.2-6] */
	expect(c, "CONNACK accepted");
	hang_up(c);
	c = join_311(r, "c", false);
	expect(c, "CONNACK accepted");
	hang_up(c);
	wait_ms(r, INT64_C(1000) * 3600 * 24 * 365);
	c = join_with(r, "c", false, "11 w2"); /* by the other version, and only for 2 s */
	expect(c, "CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64");
	hang_up(c);
	wait_ms(r, 1999);
	c = join_with(r, "c", false, "11 w2");
	expect(c, "CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64");
	say(c, "E0 r 00 p{11 w1}"); /* changed at the end */
	expect_closed(c);
	wait_ms(r, 1000);
	assert_int_equal(broker_figures(r->broker)->sessions, 0);
	c = join_with(r, "c", false, "11 w5");
	expect(c, WELCOME5);
	say(c, "E0 r 00 p{11 w0}");
	assert_int_equal(broker_figures(r->broker)->sessions, 0);
}

static int64_t later(void *rig)
{
	return ((struct rig *)rig)->now_ms + 300;
}

/* It may have gone on for a while before the connection ended. */
static void a_session_lasts_from_the_end_of_its_connection_not_of_the_turn(void **state)
{
	struct rig *r = *state;
	r->config.moment_ms = later;
	r->config.moment_context = r;
	for (unsigned present = 0; present < 2; present++) {
		struct client *c = join_with(r, "c", true, "11 w1");
		hear(c);
		hang_up(c);
		wait_ms(r, present ? 1250 : 1350);
		c = join_with(r, "c", false, "11 w1");
		assert_int_equal(strstr(hear(c), "session present") != NULL, present);
		hang_up(c);
	}
}

static void a_session_expiry_above_the_cap_is_lowered(void **state)
{
	struct rig *r = *state;
	r->config.limits.session_expiry_max_s = 10;
	struct client *c = join_with(r, "c", false, "11 w4294967295");

	expect(c,
		"CONNACK success, Session Expiry Interval 10, Receive Maximum 1000, Topic Alias "
		"Maximum 64");
	hang_up(c);
	wait_ms(r, 10000);
	assert_int_equal(broker_figures(r->broker)->sessions, 0);
}

static void the_newcomer_takes_over(void **state)
{
	struct rig *r = *state;
	struct client *old = join_with(r, "c", true, "11 w100");

	expect(old, WELCOME5);
	subscribe_to(old, "t", 1);
	struct client *new = join_with(r, "c", false, "11 w100");
	expect(old,
		"DISCONNECT 0x8E Session taken over, Reason String \"another connection has "
		"come\"");
	expect_closed(old);
	expect(new,
		"CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64");
	say(new, "32 r s\"t\" m1 p{} b\"x\"");
	expect(new, "PUBLISH \"t\" q1 id 1 \"x\"");
	expect(new, "PUBACK id 1");
	/* Nor has a session ended that was to end long ago, had its client not come back. */
	hang_up(new);
	new = join_with(r, "c", false, "11 w100");
	wait_ms(r, 200000);
	struct client *last = join_with(r, "c", false, "11 w100");
	expect(last,
		"CONNACK success, session present, Receive Maximum 1000, Topic Alias Maximum 64");
	/* A session that ends with its connection is not there to be continued. */
	struct client *a = join(r, MQTT_311, "a"), *b = join_311(r, "a", false);
	expect_closed(a);
	expect(b, "CONNACK accepted");
}

static void silence_ends_the_connection_after_one_and_a_half_keep_alives(void **state)
{
	struct rig *r = *state;
	struct client *c5 = dial(r, MQTT_50), *c3 = dial(r, MQTT_311), *calm = dial(r, MQTT_311);

	say(c5, CONNECT5 "02 n2 p{} s\"five\"");
	say(c3, CONNECT3 "02 n2 s\"three\"");
	say(calm, CONNECT3 "02 n0 s\"calm\"");
	expect(c5, WELCOME5);
	expect(c3, "CONNACK accepted");
	expect(calm, "CONNACK accepted");
	wait_ms(r, 2900);
	say(c3, "C0 00");
	expect(c3, "PINGRESP");
	say(c5, "C0"); /* half a packet is none */
	wait_ms(r, 99);
	expect_silence(c5);
	wait_ms(r, 1);
	expect(c5,
		"DISCONNECT 0x8D Keep Alive timeout, Reason String \"nothing heard for one and a "
		"half...\" (53 bytes)");
	expect_closed(c5);
	expect_silence(c3);
	wait_ms(r, 2899);
	expect_silence(c3);
	wait_ms(r, 1);
	expect_closed(c3);
	wait_ms(r, 1000000000);
	expect_silence(calm);
}

static void the_server_may_want_a_shorter_keep_alive(void **state)
{
	struct rig *r = *state;
	r->config.limits.keep_alive_max_s = 10;
	struct client *c = join_with(r, "c", true, "");

	expect(c, WELCOME5 ", Server Keep Alive 10");
	wait_ms(r, 14999);
	expect_silence(c);
	wait_ms(r, 1);
	assert_non_null(strstr(hear(c), "DISCONNECT 0x8D"));
	expect_closed(c);
}

static void whoever_does_not_connect_is_dropped(void **state)
{
	struct rig *r = *state;
	struct client *c = dial(r, MQTT_50);

	say(c, "10");
	wait_ms(r, 9999);
	expect_silence(c);
	wait_ms(r, 1);
	expect_closed(c);
}

static void response_information_comes_on_request(void **state)
{
	struct rig *r = *state;
	r->config.response_information = "replies/";
	struct client *a = join_with(r, "a", true, "19 01"), *b = join_with(r, "b", true, "");

	expect(a, WELCOME5 ", Response Information \"replies/\"");
	expect(b, WELCOME5);
}

#define CONNECT_31(flags, rest) "10 r s\"MQIsdp\" 03 " flags " n0 " rest

/* MQTT 3.1, where it differs from 3.1.1. */
static void clients_of_31_are_served(void **state)
{
	struct rig *r = *state;
	r->config.limits.no_wildcards = true;
	struct client *c = dial(r, MQTT_311), *pub;

	say(c, CONNECT_31("00", "s\"c\""));
	expect(c, "CONNACK accepted");
	say(c, "82 r m1 s\"t\" 02");
	expect(c, "SUBACK id 1: 0x02");
	say(c, "8A r m2 s\"t\" 01"); /* with DUP: sent again */
	expect(c, "SUBACK id 2: 0x01");
	say(c, "34 r s\"t\" m3 b\"x\"");
	expect(c, "PUBLISH \"t\" q1 id 1 \"x\"");
	expect(c, "PUBREC id 3");
	say(c, "6A r m3");
	expect(c, "PUBCOMP id 3");
	say(c, "AA r m4 s\"u\"");
	expect(c, "UNSUBACK id 4");
	say(c, "C0 00");
	expect(c, "PINGRESP");
	hang_up(c);
	pub = join(r, MQTT_50, "pub");
	say(pub, "32 r s\"t\" m1 p{} b\"later\"");
	c = dial(r, MQTT_311);
	say(c, CONNECT_31("00", "s\"c\"")); /* it is told of no session, and has it all the same */
	expect(c, "CONNACK accepted");
	expect(c, "PUBLISH \"t\" q1 id 1 dup \"x\"");
	expect(c, "PUBLISH \"t\" q1 id 2 \"later\"");
	say(c, "82 r m1 s\"t/#\" 00"); /* SUBACK could not say that it is refused */
	expect_closed(c);
	c = dial(r, MQTT_311);
	say(c, CONNECT_31("02", "s\"d\""));
	expect(c, "CONNACK accepted");
	say(c, "6B r m3");
	expect_closed(c);
}

static void connects_of_31_are_judged_by_it(void **state)
{
	static const struct {
		const char *connect, *answer;
	} rows[] = {
		{ CONNECT_31("02", "s\"\""), "CONNACK 0x02" },
		{ CONNECT_31("02", "s\"abcdefghijklmnopqrstuvwx\""), "CONNACK 0x02" },
		{ CONNECT_31("02", "s\"abcdefghijklmnopqrstuvw\""), "CONNACK accepted" },
		/* A name and a password that the flags promise, and the length does not. */
		{ CONNECT_31("82", "s\"c\""), "CONNACK accepted" },
		{ CONNECT_31("C2", "s\"c\" s\"me\""), "CONNACK accepted" },
		{ CONNECT_31("C2", "s\"c\" s\"me\" s\"secret\""), "CONNACK accepted" },
		{ CONNECT_31("42", "s\"c\" s\"secret\""), "closed" },
		{ CONNECT_31("03", "s\"c\""), "closed" },
		{ "10 r s\"MQTT\" 03 02 n0 s\"c\"", "CONNACK 0x01" },
		{ "10 r s\"MQIsdp\" 04 02 n0 s\"c\"", "closed" },
		{ "10 r s\"MQIsdp\" 05 02 n0 p{} s\"c\"", "CONNACK 0x84" },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct client *c = dial(r, strstr(rows[i].connect, "05") ? MQTT_50 : MQTT_311);
		say(c, rows[i].connect);
		const char *line = hear(c);
		if (strncmp(line, rows[i].answer, strlen(rows[i].answer)))
			fail_msg("%s: %s", rows[i].connect, line);
	}
}

static void what_is_not_offered_is_said_and_refused(void **state)
{
	struct rig *r = *state;
	struct broker_limits *l = &r->config.limits;
	l->maximum_qos = 1;
	l->no_retained = l->no_wildcards = l->no_shared = l->no_subscription_ids = true;
	l->topic_alias_in = 0;
	l->receive_maximum = 65535;
	l->packet_bytes = 100;
	static const char *const refused[][2] = {
		{ "34 r s\"a\" m1 p{}", "DISCONNECT 0x9B QoS not supported" },
		{ "31 r s\"a\" p{} 00", "DISCONNECT 0x9A Retain not supported" },
		{ "82 r m1 p{} s\"a/+\" 00",
			"DISCONNECT 0xA2 Wildcard Subscriptions not supported" },
		{ "82 r m1 p{} s\"$share/g/a\" 00",
			"DISCONNECT 0x9E Shared Subscriptions not supported" },
		{ "82 r m1 p{0B v1} s\"a\" 00",
			"DISCONNECT 0xA1 Subscription Identifiers not supported" },
		{ "30 r s\"a\" p{23 n1}", "DISCONNECT 0x94 Topic Alias invalid" },
		{ "30 r s\"a\" p{} 00*95", "DISCONNECT 0x95 Packet too large" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct client *c = join_with(r, "c", true, "");
		expect(c,
			"CONNACK success, Maximum QoS 1, Retain "
			"Available 0, Maximum Packet Size 100, Wildcard Subscription Available 0, "
			"Subscription Identifier Available 0, Shared Subscription Available 0");
		say(c, refused[i][0]);
		const char *heard = hear(c);
		assert_memory_equal(heard, refused[i][1], strlen(refused[i][1]));
		expect_closed(c);
	}
	struct client *c = join_with(r, "c", true, "");
	hear(c);
	subscribe_to(c, "a", 1); /* QoS 2 is granted as 1: [MQTT-3.2.2-10] */
	say(c, "82 r m2 p{} s\"b\" 02");
	expect(c, "SUBACK id 2: 0x01");
	c = dial(r, MQTT_50);
	say(c, CONNECT5 "16 n0 p{} s\"w\" p{} s\"t\" s\"\"");
	assert_non_null(strstr(hear(c), "CONNACK 0x9B"));
	c = dial(r, MQTT_50);
	say(c, CONNECT5 "26 n0 p{} s\"w\" p{} s\"t\" s\"\"");
	assert_non_null(strstr(hear(c), "CONNACK 0x9A"));
	c = join(r, MQTT_311, "three");
	say(c, "82 r m2 s\"a/+\" 02 s\"a\" 02");
	expect(c, "SUBACK id 2: 0x80, 0x01");
}

static void all_are_told_of_the_end(void **state)
{
	struct rig *r = *state;
	struct client *c5 = join(r, MQTT_50, "five"), *c3 = join(r, MQTT_311, "three");
	struct client *kicked = join(r, MQTT_50, "kicked"), *late = dial(r, MQTT_50);

	assert_true(broker_kick(r->broker, MQTT_VIEW("kicked")));
	assert_false(broker_kick(r->broker, MQTT_VIEW("nobody")));
	assert_non_null(strstr(hear(kicked), "DISCONNECT 0x98"));
	expect_closed(kicked);
	broker_shutdown(r->broker);
	assert_non_null(strstr(hear(c5), "DISCONNECT 0x8B Server shutting down"));
	expect_closed(c5);
	expect_closed(c3);
	assert_null(link_open(r->broker, NULL));
	say(late, CONNECT5 "02 n0 p{} s\"late\"");
	assert_non_null(strstr(hear(late), "CONNACK 0x88 Server unavailable"));
	expect_closed(late);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(refused_connects_end_as_their_version_says),
		TEST(nothing_behind_a_refused_connect_counts),
		TEST(connect_packets_may_come_byte_by_byte),
		TEST(a_second_connect_ends_the_connection),
		TEST(later_violations_are_named_in_disconnect),
		TEST(an_identifier_is_assigned_to_whoever_has_none),
		TEST(sessions_are_kept_as_asked),
		TEST(a_session_expiry_above_the_cap_is_lowered),
		TEST(a_session_lasts_from_the_end_of_its_connection_not_of_the_turn),
		TEST(the_newcomer_takes_over),
		TEST(silence_ends_the_connection_after_one_and_a_half_keep_alives),
		TEST(the_server_may_want_a_shorter_keep_alive),
		TEST(whoever_does_not_connect_is_dropped),
		TEST(response_information_comes_on_request),
		TEST(clients_of_31_are_served),
		TEST(connects_of_31_are_judged_by_it),
		TEST(what_is_not_offered_is_said_and_refused),
		TEST(all_are_told_of_the_end),
	};
	return cmocka_run_group_tests_name("broker_connect", tests, NULL, NULL);
}
