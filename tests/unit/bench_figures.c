/* What `mqttspec bench` measures with: histograms, values over time, the account of messages, ratios. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bench/figures/histogram.h"
#include "bench/figures/ledger.h"
#include "bench/figures/ratio.h"
#include "bench/figures/series.h"

/* ---- histogram ------------------------------------------------------------------------------ */

static void no_value_is_told_smaller_or_much_larger(void **state)
{
	(void)state;
	for (int64_t us = 0; us < INT64_C(1) << 36; us = us + us / 3 + 1) {
		static struct histogram h;
		h = (struct histogram){ 0 };
		histogram_add(&h, us);
		histogram_add(&h, (INT64_C(1) << 36) - 1); /* or the longest would tell the value */
		int64_t told = histogram_at(&h, 0.5);
		assert_true(told >= us);
		assert_true(told - us <= us / 128);
	}
}

static void percentiles_are_those_of_the_values(void **state)
{
	static struct histogram h;

	(void)state;
	h = (struct histogram){ 0 };
	for (int us = 1; us <= 100; us++)
		histogram_add(&h, us);
	assert_int_equal(histogram_at(&h, 0), 1);
	assert_int_equal(histogram_at(&h, 0.5), 50);
	assert_int_equal(histogram_at(&h, 0.99), 99);
	assert_int_equal(histogram_at(&h, 0.991), 100);
	assert_int_equal(histogram_at(&h, 1), 100);
}

static void what_is_out_of_range_is_at_its_edge(void **state)
{
	static struct histogram h;

	(void)state;
	h = (struct histogram){ 0 };
	assert_int_equal(histogram_at(&h, 0.5), 0);
	histogram_add(&h, -5);
	assert_int_equal(histogram_at(&h, 1), 0);
	histogram_add(&h, INT64_MAX);
	assert_int_equal(histogram_at(&h, 1), (INT64_C(1) << 36) - 1);
	assert_int_equal(h.count, 2);
}

static void the_longest_is_told_exactly(void **state)
{
	static struct histogram h;

	(void)state;
	h = (struct histogram){ 0 };
	histogram_add(&h, 1000001);
	assert_int_equal(histogram_at(&h, 0.999), 1000001);
}

/* ---- series --------------------------------------------------------------------------------- */

static uint64_t counted(const struct series *s)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->intervals[i].count;
	return count;
}

static void values_are_in_the_interval_of_their_time(void **state)
{
	struct series *s = malloc(sizeof(*s));

	(void)state;
	series_init(s, 1000);
	series_add(s, 1000, 10);
	series_add(s, 1000 + SERIES_WIDTH_US - 1, 20);
	series_add(s, 1000 + 3 * SERIES_WIDTH_US, 30);
	assert_int_equal(s->count, 4);
	assert_int_equal(s->intervals[0].count, 2);
	assert_int_equal(s->intervals[1].count, 0);
	struct series_point p = series_point(s, 3, 1000 + 4 * SERIES_WIDTH_US);
	assert_int_equal(p.from_us, 3 * SERIES_WIDTH_US);
	assert_int_equal(p.p50_us, 30);
	assert_true(p.rate > 9.99 && p.rate < 10.01); /* one in a tenth of a second */
	/* the last interval may have been cut short */
	p = series_point(s, 3, 1000 + 3 * SERIES_WIDTH_US + SERIES_WIDTH_US / 2);
	assert_true(p.rate > 19.99 && p.rate < 20.01);
	series_fini(s);
	free(s);
}

static void a_long_time_has_wider_intervals_and_loses_nothing(void **state)
{
	struct series *s = malloc(sizeof(*s));

	(void)state;
	series_init(s, 0);
	for (int64_t i = 0; i < 1000; i++)
		series_add(s, i * SERIES_WIDTH_US, i % 2 ? 100 : 50);
	assert_int_equal(s->width_us, 8 * SERIES_WIDTH_US);
	assert_int_equal(s->count, 125);
	assert_int_equal(counted(s), 1000);
	for (size_t i = 0; i < s->count; i++)
		assert_int_equal(s->intervals[i].count, 8);
	series_close(s);
	assert_int_equal(s->all.count, 1000);
	assert_int_equal(s->all.most_us, 100);
	assert_int_equal(series_point(s, 7, INT64_MAX).p50_us, 50);
	series_fini(s);
	free(s);
}

/* ---- ledger --------------------------------------------------------------------------------- */

static void each_number_is_new_once(void **state)
{
	struct ledger l = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(ledger_take(&l, i), LEDGER_NEW);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(ledger_take(&l, i), LEDGER_AGAIN);
	assert_int_equal(l.came, 1000);
	assert_int_equal(ledger_missing_from(&l, 0, 1000), 1000);
	assert_int_equal(ledger_missing_from(&l, 0, 1001), 1000);
	ledger_fini(&l);
}

static void what_was_left_out_is_late_once_and_then_again(void **state)
{
	struct ledger l = { 0 };

	(void)state;
	assert_int_equal(ledger_take(&l, 9), LEDGER_NEW); /* 0 to 8 are missing */
	assert_int_equal(ledger_take(&l, 4), LEDGER_LATE);
	assert_int_equal(ledger_take(&l, 4), LEDGER_AGAIN);
	assert_int_equal(ledger_take(&l, 0), LEDGER_LATE);
	assert_int_equal(ledger_take(&l, 8), LEDGER_LATE);
	assert_int_equal(ledger_take(&l, 12), LEDGER_NEW);
	assert_int_equal(l.came, 5);
	uint64_t missing[] = { 1, 2, 3, 5, 6, 7, 10, 11, 13 };
	for (size_t i = 0, at = 0; i < 9; i++, at++) {
		at = ledger_missing_from(&l, at, 20);
		assert_int_equal(at, missing[i]);
	}
	ledger_fini(&l);
}

/* Any order, with a list of what has come as the model. */
static void a_shuffle_is_kept_account_of(void **state)
{
	enum { NUMBERS = 300 };

	(void)state;
	for (unsigned seed = 1; seed <= 50; seed++) {
		struct ledger l = { 0 };
		bool came[NUMBERS] = { false };
		uint64_t distinct = 0, most = 0;
		unsigned random = seed;
		for (int i = 0; i < 400; i++) {
			random = random * 1103515245 + 12345;
			uint64_t number = random / 65536 % NUMBERS;
			enum ledger_news expected = number >= most || !distinct ? LEDGER_NEW
				: came[number]                                  ? LEDGER_AGAIN
										: LEDGER_LATE;
			assert_int_equal(ledger_take(&l, number), expected);
			distinct += !came[number];
			came[number] = true;
			most = number >= most ? number + 1 : most;
		}
		assert_int_equal(l.came, distinct);
		for (uint64_t i = 0; i < NUMBERS; i++)
			assert_int_equal(ledger_missing_from(&l, i, NUMBERS) == i, !came[i]);
		ledger_fini(&l);
	}
}

static void with_too_many_gaps_nothing_is_called_double(void **state)
{
	struct ledger l = { 0 };

	(void)state;
	for (uint64_t i = 0; i <= LEDGER_GAPS_MAX + 1; i++)
		assert_int_equal(ledger_take(&l, 2 * i + 1), LEDGER_NEW);
	assert_true(l.blind);
	assert_int_equal(ledger_take(&l, 0), LEDGER_UNKNOWN);
	assert_int_equal(ledger_take(&l, 1), LEDGER_UNKNOWN);
	ledger_fini(&l);
}

/* ---- ratios --------------------------------------------------------------------------------- */

static void a_ratio_is_the_one_in_the_middle(void **state)
{
	struct ratio r = { 0 };

	(void)state;
	assert_true(ratio_median(&r) == 0 && ratio_least(&r) == 0 && ratio_most(&r) == 0);
	ratio_add(&r, 6, 2);
	ratio_add(&r, 1, 0); /* tells nothing */
	ratio_add(&r, 0, 1);
	ratio_add(&r, 1, 2);
	ratio_add(&r, 4, 2);
	assert_int_equal(r.count, 3);
	assert_true(ratio_median(&r) == 2 && ratio_least(&r) == 0.5 && ratio_most(&r) == 3);
	ratio_add(&r, 5, 2);
	assert_true(ratio_median(&r) == 2.25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_value_is_told_smaller_or_much_larger),
		cmocka_unit_test(percentiles_are_those_of_the_values),
		cmocka_unit_test(what_is_out_of_range_is_at_its_edge),
		cmocka_unit_test(the_longest_is_told_exactly),
		cmocka_unit_test(values_are_in_the_interval_of_their_time),
		cmocka_unit_test(a_long_time_has_wider_intervals_and_loses_nothing),
		cmocka_unit_test(each_number_is_new_once),
		cmocka_unit_test(what_was_left_out_is_late_once_and_then_again),
		cmocka_unit_test(a_shuffle_is_kept_account_of),
		cmocka_unit_test(with_too_many_gaps_nothing_is_called_double),
		cmocka_unit_test(a_ratio_is_the_one_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
