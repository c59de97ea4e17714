/* The set of Packet Identifiers against a plain table, with identifiers that crowd each other. */
#include "tests/unit/unit.h"

#include "broker/core/idset.h"
#include "broker/core/memory.h"

enum { STEPS = 200000, SEED = 4711 };

static void it_holds_what_was_added_and_not_removed(void **state)
{
	static const uint32_t ranges[] = { 5, 40, 700, 65535 };
	bool truth[65536] = { false };
	struct memory memory;
	struct idset set = { 0 };
	uint32_t random = SEED, count = 0;

	(void)state;
	memory_init(&memory, 1 << 20);
	assert_false(idset_has(&set, 1));
	assert_false(idset_remove(&set, &memory, 1));
	for (uint32_t step = 0; step < STEPS; step++) {
		random = random * 1664525 + 1013904223;
		uint32_t range = ranges[step / 5000 % 4];
		/* Multiples of 64 fall into the same places of a small table. */
		uint16_t id =
			(uint16_t)(1 + (random >> 8) % range * (step & 1024 ? 64 : 1) % 65535);
		assert_int_equal(idset_has(&set, id), truth[id]);
		if (random >> 31) {
			assert_int_equal(idset_add(&set, &memory, id),
				truth[id] ? IDSET_THERE : IDSET_ADDED);
			count += !truth[id];
			truth[id] = true;
		} else {
			assert_int_equal(idset_remove(&set, &memory, id), truth[id]);
			count -= truth[id];
			truth[id] = false;
		}
		assert_int_equal(set.count, count);
	}
	for (uint32_t id = 1; id < 65536; id++)
		assert_int_equal(idset_has(&set, (uint16_t)id), truth[id]);
	idset_fini(&set, &memory);
	assert_int_equal(memory.used_bytes, 0);
	memory_fini(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_was_added_and_not_removed),
	};
	return cmocka_run_group_tests_name("idset", tests, NULL, NULL);
}
