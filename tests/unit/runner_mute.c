/* The runner, when a target lives and serves nobody. */
#include "tests/unit/runner_bench.h"

static void a_target_that_went_mute_is_a_crash(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("ask", "mute 60", "ask", "ask", "ask");
	b->config.jobs = 2;
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=crash! c=pass d=pass e=pass");
	assert_int_equal(end.unexpected, 1);
	assert_int_equal(b->deaths, 2);

	struct record_case crash = case_record("b");
	assert_non_null(strstr(crash.note, "went mute: it answered no CONNECT"));
	assert_non_null(strstr(crash.death->note, "went mute"));
	assert_int_equal(crash.statements[0].verdict, VERDICT_CRASH);
}

/* A machine may stand still: whoever does not do it again did not do it. */
static void once_is_not_enough_to_accuse(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("mute once");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_string_equal(b->results, "a=pass ");
	assert_int_equal(b->deaths, 1);
	assert_int_equal(end.unexpected, 1);
}

/* Nothing was asked of it afterwards, and it is found all the same. */
static void so_it_is_when_that_was_the_last_one(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("ask", "mute 60");
	play_one_by_one();
	assert_played("b=crash! a=pass ");
}

static void so_it_is_when_it_closes_what_it_did_not_answer(void **state)
{
	(void)state;
	launch_broker("closer");
	PLAN("ask", "mute 60", "ask");
	b->config.jobs = 1;
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=crash! c=pass");
}

/* It accepts, and closes before any answer: nothing times out, and nothing can be learned. */
static void so_it_is_when_it_closes_every_connection(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("pass", "shut 60", "pass");
	play_one_by_one();
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=crash! c=pass");
	assert_int_equal(b->deaths, 2);
	assert_non_null(strstr(case_record("b").note, "closed every connection before CONNACK"));
}

static void once_is_not_enough_there_either(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("shut once");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_string_equal(b->results, "a=pass ");
	assert_int_equal(b->deaths, 1);
}

/* A limit of connections, or of their rate, ends by itself. */
static void who_closes_connections_for_a_moment_is_well(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("shut 1", "pass");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("a=pass b=pass");
	assert_int_equal(b->deaths, 0);
	assert_int_equal(end.unexpected, 0);
}

static void a_target_that_never_served_is_not_called_mute(void **state)
{
	(void)state;
	launch_broker("half");
	PLAN("wait", "wait", "wait", "sleep 2000", "wait", "wait");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_int_equal(end.counts[VERDICT_INCONCLUSIVE], 5);
	assert_int_equal(b->deaths, 0);
}

static void slow_set_ups_are_no_proof_that_it_is_mute(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("wait", "wait", "wait", "wait", "wait", "wait");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_int_equal(end.counts[VERDICT_INCONCLUSIVE], 6);
	assert_int_equal(b->deaths, 0);
}

static void at_a_url_it_is_said_once_and_ends_the_run(void **state)
{
	(void)state;
	launch_broker("broker");
	use_as_url();
	PLAN("ask", "mute 60", "ask", "ask", "ask", "ask", "sleep 3000", "ask");
	play_one_by_one();
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_TARGET_LOST);
	assert_string_equal(b->results,
		"a=pass b=pass c=inconclusive! d=inconclusive! e=inconclusive! f=inconclusive! "
		"g=pass h=inconclusive! ");
	assert_int_equal(b->remarks, 1);
	assert_int_equal(b->deaths, 0);
	assert_non_null(strstr(end.stopped, "answers no CONNECT any more"));
}

/* Those set aside can not be played again then: nothing was learned of them. */
static void what_was_set_aside_is_inconclusive_then(void **state)
{
	(void)state;
	launch_broker("broker");
	use_as_url();
	PLAN("mute 60", "ask", "ask", "silent");
	play_one_by_one();
	b->config.patience_us = 3000000;
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_TARGET_LOST);
	assert_int_equal(end.counts[VERDICT_INCONCLUSIVE], 3);
	assert_int_equal(end.not_run, 0);
	assert_non_null(strstr(case_record("d").note, "answers no CONNECT any more"));
	assert_int_equal(case_record("d").statements[0].verdict, VERDICT_INCONCLUSIVE);
}

static void at_a_url_it_may_come_back(void **state)
{
	(void)state;
	launch_broker("broker");
	use_as_url();
	PLAN("mute 4", "ask", "ask", "sleep 4500");
	play_one_by_one();
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_has("b=inconclusive! c=inconclusive! d=pass");
	assert_int_equal(b->remarks, 1);
}

static void a_target_is_warm_before_the_timed_ones_begin(void **state)
{
	(void)state;
	launch_broker("broker");
	PLAN("timed connects 16", "pass");
	struct record_end end;
	play(&end);
	assert_int_equal(end.counts[VERDICT_PASS], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_target_that_went_mute_is_a_crash),
		TEST(once_is_not_enough_to_accuse),
		TEST(so_it_is_when_that_was_the_last_one),
		TEST(so_it_is_when_it_closes_what_it_did_not_answer),
		TEST(so_it_is_when_it_closes_every_connection),
		TEST(once_is_not_enough_there_either),
		TEST(who_closes_connections_for_a_moment_is_well),
		TEST(a_target_that_never_served_is_not_called_mute),
		TEST(slow_set_ups_are_no_proof_that_it_is_mute),
		TEST(at_a_url_it_is_said_once_and_ends_the_run),
		TEST(what_was_set_aside_is_inconclusive_then),
		TEST(at_a_url_it_may_come_back),
		TEST(a_target_is_warm_before_the_timed_ones_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
