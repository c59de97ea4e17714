#include "tests/unit/wire_bench.h"

#include <string.h>

static void packets_read_well(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum mqtt_version version;
		const char *text;
		const char *line;
	} samples[] = {
		{ MQTT_311, "10 r s\"MQTT\" 04 02 n60 c",
			"CONNECT \"me\" v3.1.1 clean keep alive 60" },
		{ MQTT_50,
			"10 r s\"MQTT\" 05 EE n0 p{11 w60 21 n10} s\"\" p{18 w3} s\"w/t\" "
			"s\"gone\" s\"user\" s\"secret\"",
			"CONNECT \"\" v5.0 clean keep alive 0, will \"w/t\" q1 retain \"gone\" "
			"(Will Delay Interval 3), user \"user\", password (6 bytes), "
			"Session Expiry Interval 60, Receive Maximum 10" },
		{ MQTT_311, "10 r s\"MQIsdp\" 03 39 n5 s\"x\"",
			"CONNECT \"x\" protocol \"MQIsdp\" v3.1 keep alive 5, "
			"will q3 without will, will retain without will, reserved flag" },
		{ MQTT_311, "20 r 01 00", "CONNACK accepted, session present" },
		{ MQTT_311, "20 r 00 05", "CONNACK 0x05 not authorized" },
		{ MQTT_50, "20 r 80 87 p{1F s\"no\"}",
			"CONNACK 0x87 Not authorized, acknowledge flags 0x80, "
			"Reason String \"no\"" },
		{ MQTT_50, "20 r 00 00 p{13 n30}", "CONNACK success, Server Keep Alive 30" },
		{ MQTT_50, "3D r s\"q2/t\" m7 p{26 s\"k\" s\"v\" 09 0001FF} b\"once\"",
			"PUBLISH \"q2/t\" q2 id 7 dup retain \"once\", User Property \"k\"=\"v\", "
			"Correlation Data FF" },
		{ MQTT_311, "30 r s\"t\" 00FF", "PUBLISH \"t\" q0 00 FF" },
		{ MQTT_311, "30 r s\"t\" b\"\\\"\\\\\\x0A\\xC3\\xA9\\x7F\"",
			"PUBLISH \"t\" q0 \"\\\"\\\\\\x0A\\xC3\\xA9\\x7F\"" },
		{ MQTT_311, "30 r s\"t\" b\"x\"*40",
			"PUBLISH \"t\" q0 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"" },
		{ MQTT_311, "30 r s\"t\" b\"x\"*41",
			"PUBLISH \"t\" q0 \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" (41 bytes)" },
		{ MQTT_311, "30 r s\"t\" 01*41",
			"PUBLISH \"t\" q0 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 "
			"01 01 01 01 01 01 01 01 01 01 01 01 01 ... (41 bytes)" },
		{ MQTT_50, "40 r m7", "PUBACK id 7" },
		{ MQTT_50, "40 r m7 10", "PUBACK id 7 0x10 No matching subscribers" },
		{ MQTT_50, "62 r m7 92 p{}", "PUBREL id 7 0x92 Packet Identifier not found" },
		{ MQTT_311, "50 r m8", "PUBREC id 8" },
		{ MQTT_311, "70 r m65535", "PUBCOMP id 65535" },
		{ MQTT_311, "82 r m1 s\"a/b\" 01 s\"#\" 00",
			"SUBSCRIBE id 1 \"a/b\" q1, \"#\" q0" },
		{ MQTT_50, "82 r m1 p{0B v321} s\"a\" EE",
			"SUBSCRIBE id 1 \"a\" q2 no local retain as published retain handling 2 "
			"options 0xEE, Subscription Identifier 321" },
		{ MQTT_311, "A2 r m2 s\"a\" s\"b\"", "UNSUBSCRIBE id 2 \"a\", \"b\"" },
		{ MQTT_311, "A2 r m2 s\"a\"*9",
			"UNSUBSCRIBE id 2 \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", "
			"... (9 filters)" },
		{ MQTT_311, "90 r m1 02", "SUBACK id 1: 0x02" },
		{ MQTT_311, "90 r m1 00*9",
			"SUBACK id 1: 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, "
			"... (9 codes)" },
		{ MQTT_50, "90 r m1 p{} 01 8F", "SUBACK id 1: 0x01, 0x8F Topic Filter invalid" },
		{ MQTT_311, "B0 r m1", "UNSUBACK id 1" },
		{ MQTT_50, "B0 r m1 p{} 11", "UNSUBACK id 1: 0x11 No subscription existed" },
		{ MQTT_311, "C0 r", "PINGREQ" },
		{ MQTT_50, "D0 r", "PINGRESP" },
		{ MQTT_50, "E0 r", "DISCONNECT" },
		{ MQTT_50, "E0 r 00", "DISCONNECT normal disconnection" },
		{ MQTT_50, "E0 r 8E p{1F s\"b\\x1B[31mye\"}",
			"DISCONNECT 0x8E Session taken over, Reason String \"b\\x1B[31mye\"" },
		{ MQTT_50, "F0 r 18 p{15 s\"SCRAM\"}",
			"AUTH 0x18 Continue authentication, Authentication Method \"SCRAM\"" },
		{ MQTT_50, "E0 r 00 p{2501*9}",
			"DISCONNECT normal disconnection, Retain Available 1, Retain Available 1, "
			"Retain Available 1, Retain Available 1, Retain Available 1, "
			"Retain Available 1, Retain Available 1, Retain Available 1, "
			"... (9 properties)" },
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes data = bench_spell(b, samples[i].version, samples[i].text);
		struct packet p;
		struct wire_result r = bench_parse(b, samples[i].version, data, &p);
		if (r.status != WIRE_PACKET)
			fail_msg("%s: %s", samples[i].text, r.what ? r.what : "need more");
		assert_string_equal(
			wire_describe(&b->arena, samples[i].version, &p), samples[i].line);
	}
}

static void no_description_is_unbounded(void **state)
{
	struct bench *b = *state;
	static uint8_t bytes[65535]; /* of zeros, each of which is shown as four characters */
	struct bytes text = { bytes, sizeof(bytes) };
	struct property list[100];
	struct filter filters[100];

	for (size_t i = 0; i < 100; i++) {
		list[i] = (struct property){ .id = 0x26, PROPERTY_STRING_PAIR, 0, text, text };
		filters[i] = (struct filter){ text, 0xff };
	}
	struct packet p = { .connect_flags = 0xff,
		.protocol_name = text,
		.client_id = text,
		.topic = text,
		.payload = text,
		.will_topic = text,
		.will_payload = text,
		.user_name = text,
		.codes = text,
		.filters = filters,
		.filter_count = 100,
		.has_code = true,
		.flags = 0xf,
		.properties = { list, 100, true },
		.will_properties = { list, 100, true } };
	for (p.type = RESERVED_0; p.type <= AUTH; p.type++) {
		size_t length = strlen(wire_describe(&b->arena, MQTT_50, &p));
		assert_in_range(length, strlen("AUTH"), 8000);
	}
}

static void bytes_that_mean_nothing_are_shown_as_far_as_a_line_goes(void **state)
{
	struct bench *b = *state;
	static const uint8_t many[100000] = { 'a', 0x1b, '"', 0xff };
	const char *cut = wire_describe_bytes(&b->arena, (struct bytes){ many, sizeof(many) });

	assert_string_equal(
		wire_describe_bytes(&b->arena, BYTES("HTTP")), "48 54 54 50 (\"HTTP\")");
	assert_string_equal(wire_describe_bytes(&b->arena, (struct bytes){ many, 4 }),
		"61 1B 22 FF (\"a...\")");
	assert_non_null(strstr(cut, " ... (100000 bytes) (\"a..."));
	assert_in_range(strlen(cut), 48 * 4, 48 * 4 + 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_read_well),
		cmocka_unit_test(no_description_is_unbounded),
		cmocka_unit_test(bytes_that_mean_nothing_are_shown_as_far_as_a_line_goes),
	};

	return cmocka_run_group_tests_name("wire_describe", tests, bench_set_up, bench_tear_down);
}
