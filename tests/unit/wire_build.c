#include "tests/unit/wire_bench.h"

static void variables_take_the_bytes_asked_for(void **state)
{
	struct bench *b = *state;
	static const struct {
		uint32_t value;
		unsigned bytes;
		const char *text;
	} samples[] = {
		{ 0, 0, "00" },
		{ 127, 0, "7F" },
		{ 128, 0, "8001" },
		{ 268435455, 0, "FFFFFF7F" },
		{ 268435456, 0, "8080808001" }, /* more than MQTT allows */
		{ UINT32_MAX, 0, "FFFFFFFF0F" },
		{ 0, 2, "8000" },
		{ 5, 5, "8580808000" },
		{ 128, 1, "8001" },
		{ 1, 9, "8180808000" },
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes want = bench_spell(b, MQTT_50, samples[i].text);
		buf_reset(&b->built);
		assert_true(wire_add_variable(&b->built, samples[i].value, samples[i].bytes));
		assert_int_equal(b->built.len, want.len);
		assert_memory_equal(b->built.data, want.data, want.len);
	}
}

static void the_builder_lies_when_told_to(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum packet_type type;
		struct wire_twist twist;
		const char *text;
	} samples[] = {
		{ PINGREQ, { .set_remaining_length = true, .remaining_length = 300 }, "C0 AC02" },
		{ PINGREQ, { .remaining_length_bytes = 3 }, "C0 808000" },
		{ PINGREQ, { .remaining_length_bytes = 5 }, "C0 8080808000" },
		{ CONNACK, { .set_property_length = true, .property_length = 9 }, "20 03 0000 09" },
		{ PUBACK, { .set_property_length = true, .property_length = 0 },
			"40 04 0000 00 00" },
	};

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct packet p = wire_packet(samples[i].type);
		struct bytes want = bench_spell(b, MQTT_50, samples[i].text);
		buf_reset(&b->built);
		assert_true(wire_build(&b->built, MQTT_50, &p, &samples[i].twist));
		assert_int_equal(b->built.len, want.len);
		assert_memory_equal(b->built.data, want.data, want.len);
	}
}

static void the_builder_writes_wrong_packets(void **state)
{
	struct bench *b = *state;
	static const struct property odd[] = {
		{ .id = 0x7f, .type = PROPERTY_BYTE, .number = 1 },
		{ .id = 0x13, .type = PROPERTY_STRING, .value = BYTES("x") },
		{ .id = 300, .type = PROPERTY_VARIABLE, .number = 0 },
	};
	struct packet p = wire_packet(DISCONNECT);
	p.flags = 0xff; /* the builder keeps them out of the type */
	p.properties = (struct properties){ odd, 3, false };
	struct bytes want = bench_spell(b, MQTT_50, "EF r 00 p{7F01 13 s\"x\" AC02 00}");
	struct bytes data = bench_build(b, MQTT_50, &p);
	assert_int_equal(data.len, want.len);
	assert_memory_equal(data.data, want.data, want.len);
	data = bench_build(b, MQTT_311, &p);
	assert_int_equal(data.len, 2);

	p = wire_packet(RESERVED_0);
	assert_memory_equal(bench_build(b, MQTT_50, &p).data, "\0\0", 2);
}

static void what_does_not_fit_is_refused_whole(void **state)
{
	(void)state;
	struct buf small;
	struct packet p = wire_packet(PUBLISH);
	static const uint8_t long_text[65536];

	buf_init(&small, 8);
	p.topic = BYTES("abc");
	assert_true(wire_build(&small, MQTT_311, &p, NULL));
	assert_false(wire_build(&small, MQTT_311, &p, NULL));
	assert_int_equal(small.len, 7); /* the first one, and nothing of the second */
	assert_true(small.failed);
	buf_fini(&small);

	buf_init(&small, 100000);
	p.topic = (struct bytes){ long_text, 65535 };
	assert_true(wire_build(&small, MQTT_311, &p, NULL));
	buf_reset(&small);
	p.topic.len = 65536; /* no two-byte length says so */
	assert_false(wire_build(&small, MQTT_311, &p, NULL));
	assert_int_equal(small.len, 0);
	buf_fini(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_take_the_bytes_asked_for),
		cmocka_unit_test(the_builder_lies_when_told_to),
		cmocka_unit_test(the_builder_writes_wrong_packets),
		cmocka_unit_test(what_does_not_fit_is_refused_whole),
	};

	return cmocka_run_group_tests_name("wire_build", tests, bench_set_up, bench_tear_down);
}
