#include "tests/unit/wire_bench.h"

static size_t allocated_bytes; /* counted by the linker's --wrap=calloc, which arenas call */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	allocated_bytes += count * size;
	return __real_calloc(count, size);
}

static void nothing_is_allocated_for_what_is_not_there(void **state)
{
	struct bench *b = *state;
	struct arena a;
	struct packet p;
	const uint8_t *data = bench_guarded(b, "\x82\xff\xff\xff\x7f\x00\x01\x00\x01#", 10);

	arena_init(&a);
	allocated_bytes = 0;
	struct wire_result r = wire_parse(&a, MQTT_50, data, 10, WIRE_REMAINING_LENGTH_MAX, &p);
	assert_int_equal(r.status, WIRE_NEED_MORE);
	assert_int_equal(r.missing, 268435455 - 5);
	assert_int_equal(allocated_bytes, 0);
	arena_fini(&a);
}

static void lists_are_allocated_in_proportion(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum mqtt_version version;
		const char *text;
		enum wire_status status;
		size_t most; /* bytes allocated per byte of the packet */
	} samples[] = {
		{ MQTT_311, "A2 r m1 0000*50000", WIRE_PACKET, sizeof(struct filter) / 2 },
		{ MQTT_311, "82 r m1 00016100*50000", WIRE_PACKET, sizeof(struct filter) / 4 },
		{ MQTT_311, "82 r m1 00016100*50000 0000", WIRE_MALFORMED, 0 },
		{ MQTT_50, "40 r m1 00 p{2501*50000}", WIRE_PACKET, sizeof(struct property) / 2 },
		{ MQTT_50, "40 r m1 00 p{2501*50000 25}", WIRE_MALFORMED, 0 },
		{ MQTT_311, "90 r m1 00*100000", WIRE_PACKET, 0 },
		{ MQTT_311, "30 r s\"a\" 00*100000", WIRE_PACKET, 0 },
	};
	enum { BLOCK = 17000 }; /* what an arena takes at least */

	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bytes data = bench_spell(b, samples[i].version, samples[i].text);
		const uint8_t *at = bench_guarded(b, data.data, data.len);
		struct arena a;
		struct packet p;
		arena_init(&a);
		allocated_bytes = 0;
		struct wire_result r = wire_parse(
			&a, samples[i].version, at, data.len, WIRE_REMAINING_LENGTH_MAX, &p);
		assert_int_equal(r.status, samples[i].status);
		assert_true(allocated_bytes <= data.len * samples[i].most + BLOCK);
		assert_true(allocated_bytes >= data.len * samples[i].most / 2); /* it does count */
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_allocated_for_what_is_not_there),
		cmocka_unit_test(lists_are_allocated_in_proportion),
	};

	return cmocka_run_group_tests_name("wire_memory", tests, bench_set_up, bench_tear_down);
}
