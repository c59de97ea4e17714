/* What a handful of samples say about the distance to a server. */
#include "tests/unit/unit.h"

#include "harness/peers/round_trip.h"

static void assert_trip(int64_t *samples_us, size_t count, struct round_trip wanted)
{
	struct round_trip trip = round_trip_of(samples_us, count);

	assert_int_equal(trip.least_us, wanted.least_us);
	assert_int_equal(trip.usual_us, wanted.usual_us);
	assert_int_equal(trip.most_us, wanted.most_us);
}

static void the_worst_sample_seldom_is_the_worst_there_is(void **state)
{
	(void)state;
	int64_t steady[] = { 300, 300, 300, 300 };
	int64_t one_late[] = { 52, 50, 50, 350, 51 };
	int64_t alone[] = { 70 };

	assert_trip(steady, 4, (struct round_trip){ 300, 300, 300 });
	assert_trip(one_late, 5, (struct round_trip){ 50, 51, 350 + 299 });
	assert_trip(alone, 1, (struct round_trip){ 70, 70, 70 });
}

static void without_a_sample_nothing_is_known(void **state)
{
	(void)state;
	assert_trip(NULL, 0, (struct round_trip){ 0 });
}

static void only_what_is_far_may_be_lost(void **state)
{
	(void)state;

	assert_false(round_trip_may_lose(&(struct round_trip){ 0 }));
	/* One late answer makes nobody distant. */
	assert_false(round_trip_may_lose(&(struct round_trip){ 80, 200, 800000 }));
	assert_true(round_trip_may_lose(&(struct round_trip){ 20000, 21000, 22000 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_sample_seldom_is_the_worst_there_is),
		cmocka_unit_test(without_a_sample_nothing_is_known),
		cmocka_unit_test(only_what_is_far_may_be_lost),
	};

	return cmocka_run_group_tests_name("round_trip", tests, NULL, NULL);
}
