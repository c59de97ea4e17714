/* The runner, where nothing came in time. */
#include "tests/unit/runner_bench.h"

#include <unistd.h>

#include "base/clock.h"
#include "harness/transport/transport.h"

static void see_progress(void *user, const struct runner_progress *p)
{
	(void)user;
	assert_true(p->patient || !p->patiently);
	if (p->patient > b->most_patient)
		b->most_patient = p->patient;
}

static void what_did_not_come_is_waited_for_after_all_others(void **state)
{
	(void)state;
	PLAN("late", "silent", "busy", "pass");
	b->config.patience_us = 60000000;
	b->config.view.progress = see_progress;
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=nonstrict b=fail! c=pass d=pass");
	assert_int_equal(end.counts[VERDICT_NONSTRICT], 1);
	assert_int_equal(end.counts[VERDICT_FAIL], 1);
	assert_int_equal(end.not_run, 0);
	assert_true(strstr(b->results, "a=") > strstr(b->results, "c="));
	assert_int_equal(b->most_patient, 2);
}

static void the_patient_ones_wait_together(void **state)
{
	(void)state;
	const char *scripts[21] = { 0 };

	for (int i = 0; i < 20; i++)
		scripts[i] = "late gather 20";
	plan_scripts(scripts);
	b->config.jobs = 2;
	b->config.patience_us = 60000000;
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_int_equal(end.counts[VERDICT_PASS], 20);
}

static void without_patience_the_first_verdict_stands(void **state)
{
	(void)state;
	PLAN("late", "wait");
	b->config.jobs = 1;
	assert_played("a=fail! b=inconclusive! ");
	assert_true(record_at(0).result.waited);
}

static void what_is_foreseen_needs_no_patience(void **state)
{
	(void)state;
	PLAN("late", "late");
	const struct expectation list[] = {
		{ .pattern = "a", .versions = BOTH, .verdict = VERDICT_FAIL, .reason = "known" },
		{ .pattern = "b", .versions = BOTH, .verdict = VERDICT_CRASH, .reason = "other" },
	};

	b->expected = (struct expectations){ .list = list, .count = 2 };
	b->config.patience_us = 60000000;
	assert_played("a=fail b=nonstrict! ");
}

/* The first probe found that nothing is to be expected of it. */
static void a_target_that_answers_nothing_gets_no_patience(void **state)
{
	(void)state;
	PLAN("late");
	b->config.patience_us = 60000000;
	b->surveys[version_place(MQTT_50)].warning = "it does not answer CONNECT";
	assert_played("a=fail! ");
}

static void the_capture_is_that_of_the_second_playing(void **state)
{
	(void)state;
	PLAN("late", "silent");
	b->config.patience_us = 60000000;
	b->config.pcap = PCAP_FAILURES;
	struct record_end end;
	play(&end);
	assert_int_equal(access("pcap/a-5.0-tcp.pcapng", F_OK), -1);
	assert_int_equal(unlink("pcap/b-5.0-tcp.pcapng"), 0);
}

static void the_first_surprise_is_not_put_off_by_patience(void **state)
{
	(void)state;
	struct record_end end;

	PLAN("silent", "pass", "pass");
	play_one_by_one();
	b->config.fail_fast = true;
	b->config.patience_us = 60000000;
	assert_int_equal(play(&end), RUNNER_FAIL_FAST);
	assert_string_equal(b->results, "a=fail! ");
	assert_int_equal(end.not_run, 2);
}

static void nothing_more_is_begun_before_it(void **state)
{
	(void)state;
	struct record_end end;

	PLAN("silent", "sleep 300", "sleep 300", "sleep 300", "sleep 300", "sleep 300",
		"sleep 300");
	b->config.jobs = 2;
	b->config.fail_fast = true;
	b->config.patience_us = 60000000;
	assert_int_equal(play(&end), RUNNER_FAIL_FAST);
	assert_true(end.not_run >= 3);
}

static void a_run_that_ends_before_accuses_nobody(void **state)
{
	(void)state;
	struct record_end end;

	PLAN("silent", "hang");
	b->config.patience_us = 60000000;
	b->config.pcap = PCAP_ALL;
	b->config.wire = true;
	b->items[0].transport = transport_find("tls");
	b->config.deadline_us = clock_now_us() + 1000000;
	assert_int_equal(play(&end), RUNNER_DEADLINE);
	assert_string_equal(b->results, "");
	assert_int_equal(end.not_run, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_did_not_come_is_waited_for_after_all_others),
		TEST(the_patient_ones_wait_together),
		TEST(without_patience_the_first_verdict_stands),
		TEST(what_is_foreseen_needs_no_patience),
		TEST(a_target_that_answers_nothing_gets_no_patience),
		TEST(the_capture_is_that_of_the_second_playing),
		TEST(the_first_surprise_is_not_put_off_by_patience),
		TEST(nothing_more_is_begun_before_it),
		TEST(a_run_that_ends_before_accuses_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
