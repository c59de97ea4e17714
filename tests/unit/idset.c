/* The set of Packet Identifiers against a plain table. */
#include "tests/unit/unit.h"

#include "broker/core/idset.h"
#include "broker/core/memory.h"

enum { STEPS = 200000, SEED = 4711 };

static void it_holds_what_was_added_and_not_removed(void **state)
{
	static const uint32_t ranges[] = { 5, 40, 700, 65535 };
	bool truth[65536] = { false };
	struct memory memory;
	struct idset *set = NULL;
	uint32_t random = SEED, count = 0;

	(void)state;
	memory_init(&memory, 1 << 20);
	assert_false(idset_has(set, 1));
	assert_int_equal(idset_next(set, 1), 0);
	assert_false(idset_remove(&set, &memory, 1));
	for (uint32_t step = 0; step < STEPS; step++) {
		random = random * 1664525 + 1013904223;
		uint32_t range = ranges[step / 5000 % 4];
		/* Multiples of 64 are one to a word. */
		uint16_t id =
			(uint16_t)(1 + (random >> 8) % range * (step & 1024 ? 64 : 1) % 65535);
		assert_int_equal(idset_has(set, id), truth[id]);
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
		assert_int_equal(set ? set->count : 0, count);
	}
	for (uint32_t id = 1; id < 65536; id++)
		assert_int_equal(idset_has(set, (uint16_t)id), truth[id]);
	uint32_t at = 0;
	for (uint32_t id = 1; id < 65536; id++) {
		if (!truth[id])
			continue;
		at = idset_next(set, at + 1);
		assert_int_equal(at, id);
	}
	assert_int_equal(idset_next(set, at + 1), 0);
	for (uint32_t block = 0; block < IDSET_BLOCKS; block++) {
		uint8_t bytes[IDSET_BLOCK_BYTES] = { 0 };
		bool any = false;
		for (uint32_t i = 0; i < IDSET_BLOCK; i++)
			any |= truth[block * IDSET_BLOCK + i];
		assert_int_equal(idset_block(set, block, bytes), any);
		for (uint32_t i = 0; any && i < IDSET_BLOCK; i++)
			assert_int_equal(bytes[i / 8] >> i % 8 & 1, truth[block * IDSET_BLOCK + i]);
	}
	idset_clear(&set, &memory);
	assert_null(set);
	assert_int_equal(memory.used_bytes, 0);
	memory_fini(&memory);
}

/* A set costs what is in it: nothing, or one page for a client with few under way; never more than a bit
 * for each identifier and the pages' heads.
 */
static void what_is_empty_is_given_back(void **state)
{
	struct memory memory;
	struct idset *set = NULL;
	uint64_t most;

	(void)state;
	memory_init(&memory, 1 << 20);
	for (uint16_t id = 1; id < 2000; id++) {
		assert_int_equal(idset_add(&set, &memory, id), IDSET_ADDED);
		assert_true(memory.used_bytes <= 600);
		assert_true(idset_remove(&set, &memory, id));
		assert_int_equal(memory.used_bytes, 0);
	}
	for (uint32_t id = 1; id < 65536; id++)
		assert_int_equal(idset_add(&set, &memory, (uint16_t)id), IDSET_ADDED);
	most = memory.used_bytes;
	assert_true(most < 10000);
	for (uint32_t id = 1; id < 65536; id++) {
		assert_true(idset_remove(&set, &memory, (uint16_t)id));
		if (id == 40000)
			assert_true(memory.used_bytes < most / 2);
	}
	assert_null(set);
	assert_int_equal(memory.used_bytes, 0);
	/* Without memory for a page, or for the set, nothing is left behind. */
	for (memory.limit_bytes = 0; memory.limit_bytes < 600; memory.limit_bytes += 32)
		if (idset_add(&set, &memory, 7) == IDSET_NO_MEMORY)
			assert_null(set);
		else
			assert_true(idset_remove(&set, &memory, 7));
	memory_fini(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_was_added_and_not_removed),
		cmocka_unit_test(what_is_empty_is_given_back),
	};
	return cmocka_run_group_tests_name("idset", tests, NULL, NULL);
}
