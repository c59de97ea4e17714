/* What a command line was seen not to do. */
#include "tests/unit/unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "harness/agent/habits.h"
#include "harness/evidence/tape.h"

static int set_up(void **state)
{
	*state = habits_new();
	return 0;
}

static int tear_down(void **state)
{
	habits_free(*state);
	return 0;
}

static void once_is_an_accident(void **state)
{
	struct habits *h = *state;

	for (int i = 0; i < HABIT_TIMES; i++) {
		assert_false(habits_has(h, 7));
		habits_note(h, 7);
		habits_note(h, (uint64_t)100 + (uint64_t)i);
	}
	assert_true(habits_has(h, 7));
	assert_false(habits_has(h, 100));
	assert_false(habits_has(h, 8));
}

static void all_processes_know_it(void **state)
{
	struct habits *h = *state;

	for (int i = 0; i < HABIT_TIMES; i++) {
		pid_t pid = fork();
		if (!pid) {
			habits_note(h, 0); /* any number is a key */
			_exit(0);
		}
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_true(habits_has(h, 0));
}

static void a_full_table_forgets(void **state)
{
	struct habits *h = *state;

	for (uint64_t key = 1; key <= HABITS_MAX + 1; key++)
		for (int i = 0; i < HABIT_TIMES; i++)
			habits_note(h, key);
	assert_true(habits_has(h, HABITS_MAX));
	assert_false(habits_has(h, HABITS_MAX + 1));
}

/* What came before the wait is part of the key, but not what differs from run to run. */
static void the_same_history_is_the_same_key(void **state)
{
	(void)state;
	const struct tape_party server = { .name = "server" };
	const struct bytes none = { 0 };
	struct tape one, other;
	struct arena a;

	arena_init(&a);
	tape_init(&one, &a, NULL);
	tape_init(&other, &a, NULL);
	assert_int_equal(tape_key(&one), tape_key(&other));
	tape_add(&one, TAPE_PACKET_IN, &server, none, "CONNECT \"Ab00001client\" v5.0");
	assert_int_not_equal(tape_key(&one), tape_key(&other));
	tape_add(&other, TAPE_PACKET_IN, &server, none, "CONNECT \"Ab00002client\" v5.0");
	tape_add(&other, TAPE_REMARK, NULL, none, "by the way");
	assert_int_equal(tape_key(&one), tape_key(&other));
	tape_add(&one, TAPE_PACKET_OUT, &server, none, "CONNACK success");
	tape_add(&other, TAPE_PACKET_IN, &server, none, "CONNACK success");
	assert_int_not_equal(tape_key(&one), tape_key(&other));
	arena_fini(&a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(once_is_an_accident),
		TEST(all_processes_know_it),
		TEST(a_full_table_forgets),
		cmocka_unit_test(the_same_history_is_the_same_key),
	};

	return cmocka_run_group_tests_name("habits", tests, NULL, NULL);
}
