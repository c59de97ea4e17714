/* The runner, when a target dies. */
#include "tests/unit/runner_bench.h"

#include <signal.h>

static void serve_at_url(void)
{
	launch();
	use_as_url();
}

/* ---- targets that die ---------------------------------------------------------------------- */

static void a_single_culprit_is_a_crash(void **state)
{
	(void)state;
	launch();
	PLAN("pass", "kill", "pass", "pass");
	play_one_by_one();
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=crash! c=pass d=pass");
	assert_int_equal(end.unexpected, 1);

	struct record_case crash = case_record("b");
	assert_int_equal(crash.death->signal, SIGKILL);
	assert_non_null(strstr(crash.death->stderr_tail, "I am hit"));
	assert_non_null(strstr(crash.note, "the target died of signal 9"));
	assert_int_equal(crash.statements[0].verdict, VERDICT_CRASH);
	/* Once more to see which one it was, and once more 500 ms after any other. */
	assert_in_range(b->deaths, 1, 3);
}

/* The case run passes; the target dies of it a while later. */
static void a_verdict_waits_for_the_target_to_outlive_it(void **state)
{
	(void)state;
	launch();
	PLAN("poison", "pass");
	play_one_by_one();
	b->config.hold_us = 3000000;
	assert_played("a=crash! b=pass ");
}

/* It lives on, but accepts nobody: given up after some patience, and launched again. */
static void a_target_that_went_deaf_is_a_crash(void **state)
{
	(void)state;
	launch();
	PLAN("deafen", "pass");
	play_one_by_one();
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=crash! b=pass");
	assert_non_null(strstr(case_record("a").death->note, "accepted no connections"));
	assert_non_null(strstr(case_record("a").note, "the target accepted no connections"));
}

/* It was over for longer than most deaths take when the loss was seen, but nothing else was going on. */
static void a_late_loss_is_said_to_be_during_what_came_before(void **state)
{
	(void)state;
	launch();
	PLAN("deafen");
	b->config.hold_us = 1000;
	assert_played("a=crash! ");
	assert_string_equal(record_at(0).death.during, "a");
}

static void of_several_suspects_only_the_culprit_is_a_crash(void **state)
{
	(void)state;
	launch();
	PLAN("sleep 600", "sleep 600", "kill", "sleep 600");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=pass c=crash! d=pass");
	assert_in_range(b->deaths, 2, 3); /* together, perhaps shortly after "b", and alone */
	assert_int_equal(end.unexpected, 1);
	/* Not the culprit, if it had ended some time before the death was seen. */
	const char *during = record_at(0).death.during;
	assert_true(!strcmp(during, "a b c d") || !strcmp(during, "a b d"));
}

static void a_death_that_nobody_repeats_stands(void **state)
{
	(void)state;
	launch();
	PLAN("sleep 600", "kill once");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_string_equal(b->results, "a=pass b=pass ");
	assert_int_equal(b->deaths, 1);
	assert_int_equal(end.unexpected, 1);
}

static void at_a_url_a_single_culprit_is_a_crash(void **state)
{
	(void)state;
	serve_at_url();
	PLAN("pass", "kill", "pass");
	play_one_by_one();
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_TARGET_LOST);
	assert_string_equal(b->results, "a=pass b=crash! ");
	assert_int_equal(end.not_run, 1);
	assert_string_equal(end.stopped, "the target accepts no connections any more");
}

static void at_a_url_several_suspects_are_inconclusive(void **state)
{
	(void)state;
	serve_at_url();
	PLAN("sleep 600", "kill", "sleep 600");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_TARGET_LOST);
	assert_has("a=inconclusive! b=inconclusive! c=inconclusive!");
	assert_int_equal(end.not_run, 0);
	assert_non_null(strstr(record_at(0).result.note, "under way: a b c"));
}

static void those_foreseen_to_kill_it_come_last_and_alone(void **state)
{
	static const struct expectation list[] = {
		{ .pattern = "a", .versions = BOTH, .verdict = VERDICT_CRASH, .reason = "r" },
		{ .pattern = "c", .versions = BOTH, .verdict = VERDICT_CRASH, .reason = "r" },
	};

	(void)state;
	launch();
	PLAN("kill", "sleep 600", "kill", "timed sleep 700");
	b->expected = (struct expectations){ .list = list, .count = 2 };
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("b=pass d=pass");
	assert_non_null(strstr(b->results, "=pass a=crash c=crash "));
	assert_int_equal(b->deaths, 2);
	assert_int_equal(end.unexpected, 0);
}

/* ---- slow deaths, and many suspects ------------------------------------------------------------ */

/* "b" was under way, and is innocent. */
static void a_slow_death_finds_its_culprit(void **state)
{
	(void)state;
	launch_as("broker");
	PLAN("poison", "sleep 600", "pass");
	play_one_by_one();
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=crash! b=pass c=pass");
	assert_int_equal(end.unexpected, 1);
}

static void so_it_does_among_many(void **state)
{
	(void)state;
	launch_as("broker");
	PLAN("poison", "sleep 600", "sleep 600", "sleep 600", "timed sleep 600");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=crash!");
	assert_int_equal(end.counts[VERDICT_PASS], 4);
	assert_int_equal(end.unexpected, 1);
}

/* While it happens there is nothing to take back: the one that was under way is not believed to be it. (Where the
 * machine was late, the record was not out yet, and the culprit is found.)
 */
static void a_record_that_is_out_is_not_blamed_on_the_next(void **state)
{
	(void)state;
	launch_as("broker");
	PLAN("poison", "sleep 600", "pass");
	play_one_by_one();
	b->config.live = fopen("/dev/null", "w");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("b=pass c=pass");
	assert_true(has("a=pass") || has("a=crash!"));
	assert_int_equal(end.unexpected, 1);
	fclose(b->config.live);
}

/* Played one after the other they would never meet. */
static void those_that_wait_for_clocks_are_played_again_together(void **state)
{
	(void)state;
	launch();
	PLAN("timed gather 3", "timed gather 3", "timed gather 3", "kill");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=pass c=pass d=crash!");
	assert_int_equal(b->deaths, 2);
}

static void so_they_are_when_nobody_else_did_it(void **state)
{
	(void)state;
	launch();
	PLAN("timed gather 3", "timed gather 3", "timed gather 3", "kill once");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=pass c=pass d=pass");
	assert_int_equal(b->deaths, 1);
	assert_int_equal(end.unexpected, 1);
}

static void so_they_are_when_they_were_slow(void **state)
{
	(void)state;
	launch();
	PLAN("linger 3", "linger 3", "linger 3", "sleep 1300", "kill once");
	b->config.jobs = 4;
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_int_equal(end.counts[VERDICT_PASS], 5);
	assert_int_equal(b->deaths, 1);
}

static void in_halves_when_one_of_them_did_it(void **state)
{
	(void)state;
	launch();
	PLAN("timed sleep 700", "timed sleep 700", "timed sleep 700", "timed kill");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=pass c=pass d=crash!");
	assert_int_equal(b->deaths, 4); /* all, all again, "c" and "d", "d" */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_single_culprit_is_a_crash),
		TEST(a_verdict_waits_for_the_target_to_outlive_it),
		TEST(a_target_that_went_deaf_is_a_crash),
		TEST(a_late_loss_is_said_to_be_during_what_came_before),
		TEST(of_several_suspects_only_the_culprit_is_a_crash),
		TEST(a_death_that_nobody_repeats_stands),
		TEST(at_a_url_a_single_culprit_is_a_crash),
		TEST(at_a_url_several_suspects_are_inconclusive),
		TEST(those_foreseen_to_kill_it_come_last_and_alone),
		TEST(a_slow_death_finds_its_culprit),
		TEST(so_it_does_among_many),
		TEST(a_record_that_is_out_is_not_blamed_on_the_next),
		TEST(those_that_wait_for_clocks_are_played_again_together),
		TEST(so_they_are_when_nobody_else_did_it),
		TEST(so_they_are_when_they_were_slow),
		TEST(in_halves_when_one_of_them_did_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
