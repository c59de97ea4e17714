/* Windows, and whose fault it is that they were missed. */
#include "tests/unit/scripted.h"

#include <math.h>

CASE(window, .title = "Closed in time", .refs = { "3.1.1:MQTT-3.1.2-24" }, .level = MUST,
	.versions = V311, .budget_ms = 400)
{
	struct peer *client = join(t, "client", .keep_alive = 1);
	hang(client);
	expect_closed_between(client, 100, 300);
}

static void a_window_has_two_ends(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		enum verdict verdict;
		const char *says;
	} samples[] = {
		{ CONNACK_311 "x", VERDICT_FAIL, "closed after" },
		{ CONNACK_311 "p200 x", VERDICT_PASS, NULL },
		{ CONNACK_311, VERDICT_FAIL, "still open" },
	};
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct played p;
		play_with(&p,
			(struct play){ .def = &case_window,
				.version = MQTT_311,
				.answer_us = 1000000,
				.slack_us = 1000000 },
			SCRIPTS(CONNACK_311 "e", samples[i].script)); /* the pulse first */
		assert_string_equal(
			verdict_name(p.record.verdict), verdict_name(samples[i].verdict));
		if (samples[i].says)
			assert_contains(p.record.failure->actual, samples[i].says);
		done(&p);
	}
}

CASE(distribution, .title = "Values in a window", .refs = { "3.1.1:MQTT-3.1.2-24" }, .level = MUST,
	.versions = V311)
{
	struct peer *first = join(t, "first");
	struct peer *second = join(t, "second");
	hang(first);
	hang(second);
	measure(t, "close", "ms", wait_closed_ms(first, 2000), 0, 2000);
	measure(t, "close", "ms", wait_closed_ms(second, 2000), 0, 2000);
}

static void every_value_of_a_distribution_counts(void **state)
{
	(void)state;
	struct played p;
	play(&p, &case_distribution, MQTT_311, SCRIPTS(CONNACK_311 "p20 x", CONNACK_311 "p40 x"));
	assert_verdict(p, PASS);
	assert_int_equal(p.record.measurement_count, 1);
	assert_int_equal(p.record.measurements[0].count, 2);
	assert_true(p.record.measurements[0].values[0] < p.record.measurements[0].values[1]);
	done(&p);
	play(&p, &case_distribution, MQTT_311, SCRIPTS(CONNACK_311 "x", CONNACK_311));
	assert_verdict(p, FAIL);
	assert_true(isnan(p.record.measurements[0].values[1]));
	assert_contains(p.record.failure->actual, "value 2 of 2: never");
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_has_two_ends),
		cmocka_unit_test(every_value_of_a_distribution_counts),
	};
	return cmocka_run_group_tests_name("lateness", tests, NULL, NULL);
}
