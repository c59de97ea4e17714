#include "tests/unit/wire_bench.h"

static void bytes_compare_by_content(void **state)
{
	(void)state;
	assert_int_equal(BYTES("a\0b").len, 3);
	assert_int_equal(BYTES("").len, 0);
	assert_int_equal(bytes_of(NULL).len, 0);
	assert_int_equal(bytes_of("abc").len, 3);
	assert_true(bytes_equal(bytes_of("abc"), BYTES("abc")));
	assert_true(bytes_equal(bytes_of(NULL), BYTES("")));
	assert_false(bytes_equal(BYTES("abc"), BYTES("abd")));
	assert_false(bytes_equal(BYTES("ab"), BYTES("abc")));
}

static void properties_are_found_by_id(void **state)
{
	(void)state;
	static const struct property list[] = { { .id = 0x0b, .number = 1 }, { .id = 0x26 },
		{ .id = 0x0b, .number = 2 } };
	struct properties p = { list, 3, true };

	assert_ptr_equal(properties_find(&p, 0x0b), &list[0]);
	assert_ptr_equal(properties_find(&p, 0x26), &list[1]);
	assert_null(properties_find(&p, 0x01));
	assert_int_equal(properties_count(&p, 0x0b), 2);
	assert_int_equal(properties_count(&p, 0x01), 0);
}

static void fresh_packets_have_their_flags(void **state)
{
	(void)state;
	for (unsigned type = RESERVED_0; type <= AUTH; type++) {
		bool two = type == PUBREL || type == SUBSCRIBE || type == UNSUBSCRIBE;
		assert_int_equal(wire_packet(type).type, type);
		assert_int_equal(wire_packet(type).flags, two ? 2 : 0);
	}
	assert_int_equal(wire_publish_flags(false, 0, false), 0);
	assert_int_equal(wire_publish_flags(true, 1, false), 0xa);
	assert_int_equal(wire_publish_flags(false, 2, true), 0x5);
	assert_int_equal(wire_publish_flags(true, 3, true), 0xf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_compare_by_content),
		cmocka_unit_test(properties_are_found_by_id),
		cmocka_unit_test(fresh_packets_have_their_flags),
	};

	return cmocka_run_group_tests_name("wire", tests, bench_set_up, bench_tear_down);
}
