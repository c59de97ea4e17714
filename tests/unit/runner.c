/* The runner, whatever case runs do to it. */
#include "tests/unit/runner_bench.h"

#include <unistd.h>

#include "base/clock.h"
#include "harness/transport/transport.h"

/* ---- case runs ----------------------------------------------------------------------------- */

static void verdicts_are_recorded_and_judged(void **state)
{
	(void)state;
	struct record_end end;
	PLAN("pass", "fail", "pass", "inapplicable");
	const struct expectation list[] = {
		{ .pattern = "b", .versions = BOTH, .verdict = VERDICT_FAIL, .reason = "known" },
		{ .pattern = "c", .versions = BOTH, .verdict = VERDICT_FAIL, .reason = "no more" },
		{ .pattern = "d", .versions = BOTH, .verdict = VERDICT_FAIL, .reason = "not here" },
	};

	b->expected = (struct expectations){ .list = list, .count = 3 };
	b->config.jobs = 1;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_string_equal(b->results, "a=pass b=fail c=pass! d=inapplicable ");
	assert_int_equal(end.counts[VERDICT_PASS], 2);
	assert_int_equal(end.counts[VERDICT_FAIL], 1);
	assert_int_equal(end.unexpected, 1);

	struct record_line line = record_at(1);
	assert_int_equal(line.kind, RECORD_CASE);
	assert_string_equal(line.result.id, "b");
	assert_string_equal(line.result.reason, "known");
	assert_int_equal(line.result.foreseen_as, VERDICT_FAIL);
	assert_string_equal(record_at(2).result.reason, "no more");
}

static const struct expectation causes[] = {
	{ .cause = "5.0:MQTT-4.3.3-10 dup",
		.statement = "5.0:MQTT-4.3.3-10",
		.difference = "dup",
		.versions = V50,
		.verdict = VERDICT_FAIL,
		.reason = "known" },
	{ .cause = "MQTT-4.3.3-10 qos",
		.statement = "MQTT-4.3.3-10",
		.difference = "qos",
		.versions = V50,
		.verdict = VERDICT_FAIL,
		.reason = "mended",
		.link = "https://example.org" },
	{ .cause = "3.1.1:MQTT-4.3.3-10",
		.statement = "3.1.1:MQTT-4.3.3-10",
		.versions = V311,
		.verdict = VERDICT_FAIL,
		.reason = "in a version that was not asked for" },
	{ .pattern = "d", .versions = BOTH, .verdict = VERDICT_FAIL, .reason = "its own" },
};

static void plan_breaches(void)
{
	PLAN("breach dup", "breach order", "pass", "breach dup", "breach dup");
	b->expected = (struct expectations){ .list = causes, .count = 4 };
	b->config.jobs = 1;
	b->config.whole = true;
	b->surveys[version_place(MQTT_311)].asked = false;
}

static void causes_are_foreseen_in_any_case(void **state)
{
	(void)state;
	plan_breaches();
	assert_played("a=fail b=fail! c=pass d=fail e=fail ");
	assert_string_equal(case_record("a").reason, "known");
	assert_string_equal(case_record("d").reason, "its own");
	assert_string_equal(case_record("e").reason, "known");
}

static void a_cause_that_does_not_come_up_is_named(void **state)
{
	(void)state;
	struct record_end end;

	plan_breaches();
	play(&end);
	assert_int_equal(end.unseen_count, 1);
	assert_int_equal(end.unexpected, 1);
}

static void a_cause_may_be_in_what_was_not_played(void **state)
{
	(void)state;
	struct record_end end;

	plan_breaches();
	b->config.whole = false;
	play(&end);
	assert_int_equal(end.unseen_count, 0);
	b->config.whole = true;
	b->config.fail_fast = true;
	play(&end);
	assert_int_equal(end.unseen_count, 0);
	b->config.fail_fast = false;
	b->surveys[version_place(MQTT_50)].unserved = "it does not speak it";
	play(&end);
	assert_int_equal(end.unseen_count, 0);
}

/* It is not played once more, and the others are told of it. */
static void what_the_survey_saw_is_the_record_of_its_case(void **state)
{
	(void)state;
	static const char *const known[] = { "5.0:MQTT-3.2.2-1", NULL };
	const struct record_statement statement = { "5.0:MQTT-3.2.2-1", VERDICT_FAIL, true };
	const struct record_case broken = {
		.id = "a",
		.title = "t",
		.version = "5.0",
		.segmentation = "whole",
		.verdict = VERDICT_FAIL,
		.statements = &statement,
		.statement_count = 1,
	};

	PLAN("hang", "known 5.0:MQTT-3.2.2-1", "known 5.0:MQTT-3.2.0-1");
	b->defs[0].surveyed = true;
	b->items[0].cut = (struct cut){ SEGMENT_SPLIT, 3 };
	b->items[0].repeat = 1;
	b->surveys[version_place(MQTT_50)].broken = &broken;
	b->surveys[version_place(MQTT_50)].known = known;
	b->config.jobs = 1;
	assert_played("a=fail! b=pass c=fail! ");
	assert_string_equal(case_record("a").segmentation, "split:3");
	assert_int_equal(case_record("a").repeat, 1);
	assert_string_equal(case_record("a").statements[0].name, "5.0:MQTT-3.2.2-1");
}

static void without_a_finding_of_the_survey_its_case_is_played(void **state)
{
	(void)state;
	PLAN("pass", "known 5.0:MQTT-3.2.2-1");
	b->defs[0].surveyed = true;
	b->config.jobs = 1;
	assert_played("a=pass b=fail! ");
}

static void messages_of_others_are_one_finding_of_the_run(void **state)
{
	(void)state;
	struct record_end end;
	struct expectation cause = {
		.cause = "5.0:MQTT-3.3.2-3 foreign",
		.statement = "5.0:MQTT-3.3.2-3",
		.difference = "foreign",
		.versions = V50,
		.verdict = VERDICT_FAIL,
		.reason = "known",
	};

	PLAN("pass", "foreign x0001/a", "foreign x0002/b", "pass");
	b->config.jobs = 1;
	play(&end);
	assert_string_equal(b->results, "a=pass b=pass c=pass d=pass foreign_messages=fail! ");
	assert_int_equal(end.not_run, 0);
	assert_int_equal(end.counts[VERDICT_FAIL], 1);
	assert_string_equal(case_record("b").foreign, "x0001/a");
	struct record_case record = case_record("foreign_messages");
	assert_string_equal(record.chapter, "survey");
	assert_string_equal(record.failure->statement, "5.0:MQTT-3.3.2-3");
	assert_string_equal(record.failure->difference, "foreign");
	assert_string_equal(
		record.failure->actual, "2 case runs got some: b, c; the first on \"x0001/a\"");
	assert_int_equal(record.statements[0].verdict, VERDICT_FAIL);

	b->expected = (struct expectations){ .list = &cause, .count = 1 };
	b->results = "";
	play(&end);
	assert_string_equal(b->results, "a=pass b=pass c=pass d=pass foreign_messages=fail ");
	assert_int_equal(end.unexpected, 0);
}

static void a_process_that_fails_is_an_error(void **state)
{
	(void)state;
	PLAN("segv", "leave", "garbage", "other", "pass");
	b->config.jobs = 1;
	assert_played("a=error! b=error! c=error! d=error! e=pass ");
	assert_non_null(strstr(record_at(0).result.note, "died of signal 11"));
	assert_non_null(strstr(record_at(1).result.note, "ended without a record"));
	assert_non_null(strstr(record_at(2).result.note, "wrote no record"));
	assert_non_null(strstr(record_at(3).result.note, "of something else"));
	assert_string_equal(record_at(0).result.statements[0].name, "5.0:MQTT-4.3.3-10");
}

static void a_process_that_never_ends_is_killed(void **state)
{
	(void)state;
	PLAN("hang", "pass", "hang");
	assert_played("b=pass a=error! c=error! ");
	assert_non_null(strstr(record_at(1).result.note, "did not end within 5."));
}

static void large_records_pass_and_endless_ones_do_not(void **state)
{
	(void)state;
	PLAN("huge", "flood");
	b->config.jobs = 1;
	for (int i = 0; i < VERSION_COUNT; i++)
		b->surveys[i].answer_us = 3000000; /* and so they have the time that they take */
	assert_played("a=pass b=error! ");
	assert_int_equal(record_at(0).result.transcript_count, 20000);
	assert_non_null(strstr(record_at(1).result.note, "more than 64 MiB"));
}

static void so_many_overlap_and_no_more(void **state)
{
	(void)state;
	PLAN("gather 5", "gather 5", "gather 5", "gather 5", "gather 5", "gather 5", "gather 5",
		"gather 5", "gather 5", "gather 5");
	b->config.jobs = 5;
	struct record_end end;
	play(&end);
	assert_int_equal(end.counts[VERDICT_PASS], 10);
}

static void those_that_only_wait_need_no_slot(void **state)
{
	(void)state;
	PLAN("idle linger 3", "idle linger 3", "idle linger 3", "pass", "pass");
	b->config.jobs = 1;
	struct record_end end;
	play(&end);
	assert_int_equal(end.counts[VERDICT_PASS], 5);
	assert_true(has("d=pass") && strstr(b->results, "d=pass") < strstr(b->results, "a=pass"));
}

static void so_many_wait_and_no_more(void **state)
{
	(void)state;
	PLAN("idle gather 3", "idle gather 3", "idle gather 3", "idle gather 3", "idle gather 3",
		"idle gather 3");
	b->config.jobs = 1;
	b->config.most_jobs = 3;
	struct record_end end;
	play(&end);
	assert_int_equal(end.counts[VERDICT_PASS], 6);
}

/* So the third one waits for both of the others. */
static void one_that_has_work_again_takes_its_slot_back(void **state)
{
	(void)state;
	PLAN("nap sleep 400", "sleep 200", "pass");
	b->config.jobs = 1;
	struct record_end end;
	play(&end);
	assert_int_equal(end.counts[VERDICT_PASS], 3);
	assert_true(strstr(b->results, "c=pass") > strstr(b->results, "a=pass"));
}

static void timed_ones_leave_half_of_the_slots(void **state)
{
	(void)state;
	PLAN("timed sleep 1500", "timed sleep 1500", "pass", "pass");
	b->config.jobs = 2;
	struct record_end end;
	play(&end);
	assert_int_equal(end.counts[VERDICT_PASS], 4);
	assert_true(has("d=pass") && strstr(b->results, "d=pass") < strstr(b->results, "a=pass"));
}

static void one_by_one_they_go_first(void **state)
{
	(void)state;
	PLAN("pass", "timed sleep 50", "timed pass");
	play_one_by_one();
	assert_played("b=pass c=pass a=pass ");
}

static void prefixes_are_unique(void **state)
{
	(void)state;
	const char *scripts[41] = { 0 };
	const char *seen[40];

	for (int i = 0; i < 40; i++)
		scripts[i] = "pass";
	plan_scripts(scripts);
	struct record_end end;
	play(&end);
	for (size_t i = 0; i < 40; i++) {
		seen[i] = record_at(i).result.note;
		assert_int_equal(strlen(seen[i]), 7);
		assert_int_equal(strspn(seen[i],
					 "0123456789abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
			7);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
}

static void an_unserved_version_is_inapplicable_without_a_play(void **state)
{
	(void)state;
	PLAN("segv", "hang");
	b->surveys[version_place(MQTT_50)].unserved = "it speaks 3.1.1 only";
	assert_played("a=inapplicable b=inapplicable ");
	assert_string_equal(record_at(0).result.note, "it speaks 3.1.1 only");
}

static void captures_are_kept_for_failures(void **state)
{
	(void)state;
	PLAN("pass", "fail");
	b->config.pcap = PCAP_FAILURES;
	b->config.jobs = 1;
	assert_played("a=pass b=fail! ");
	assert_int_equal(access("pcap/a-5.0-tcp.pcapng", F_OK), -1);
	assert_int_equal(unlink("pcap/b-5.0-tcp.pcapng"), 0);
	assert_null(record_at(0).result.pcap);
	assert_string_equal(record_at(1).result.pcap, "pcap/b-5.0-tcp.pcapng");
}

/* The same rule holds for both; what lies on nothing has no capture of what is below. */
static void captures_of_what_is_below_are_kept_with_them(void **state)
{
	(void)state;
	PLAN("pass", "fail", "fail");
	b->items[0].transport = b->items[1].transport = transport_find("tls");
	b->config.jobs = 1;
	b->config.pcap = PCAP_FAILURES;
	b->config.wire = true;
	assert_played("a=pass b=fail! c=fail! ");
	assert_int_equal(access("pcap/a-5.0-tls.wire.pcapng", F_OK), -1);
	assert_null(record_at(0).result.wire);
	assert_int_equal(unlink("pcap/b-5.0-tls.pcapng"), 0);
	assert_int_equal(unlink("pcap/b-5.0-tls.wire.pcapng"), 0);
	assert_string_equal(record_at(1).result.pcap, "pcap/b-5.0-tls.pcapng");
	assert_string_equal(record_at(1).result.wire, "pcap/b-5.0-tls.wire.pcapng");
	assert_int_equal(unlink("pcap/c-5.0-tcp.pcapng"), 0);
	assert_null(record_at(2).result.wire);
}

static void a_pass_names_both_captures(void **state)
{
	(void)state;
	PLAN("pass");
	b->items[0].transport = transport_find("wss");
	b->config.pcap = PCAP_ALL;
	b->config.wire = true;
	assert_played("a=pass ");
	assert_string_equal(record_at(0).result.wire, "pcap/a-5.0-wss.wire.pcapng");
	assert_int_equal(unlink("pcap/a-5.0-wss.pcapng"), 0);
	assert_int_equal(unlink("pcap/a-5.0-wss.wire.pcapng"), 0);
}

static void it_works_without_processes(void **state)
{
	(void)state;
	PLAN("pass", "fail", "timed pass");
	b->config.no_fork = true;
	assert_played("c=pass a=pass b=fail! ");
}

static void a_failure_has_expected_actual_and_place(void **state)
{
	(void)state;
	PLAN("bare", "fail", "segv");
	b->config.jobs = 1;
	assert_played("a=fail! b=fail! c=error! ");
	for (size_t i = 0; i < 3; i++) {
		const struct record_failure *f = record_at(i).result.failure;
		assert_non_null(f);
		assert_true(*f->expected && *f->actual);
		assert_string_equal(f->file, "cases/server/fake.c");
	}
}

/* Whoever looks on sees what a reader of the record sees. */
static void see_failure(void *user, size_t index, const struct record_case *record)
{
	see_result(user, index, record);
	assert_true(*record->failure->expected && *record->failure->actual);
}

static void so_it_has_without_processes(void **state)
{
	(void)state;
	PLAN("bare");
	b->config.no_fork = true;
	b->config.view.result = see_failure;
	assert_played("a=fail! ");
}

/* ---- the end of a run ---------------------------------------------------------------------- */

static void it_stops_at_the_first_surprise(void **state)
{
	(void)state;
	struct record_end end;

	PLAN("fail", "sleep 60000", "sleep 60000");
	b->config.fail_fast = true;
	assert_int_equal(play(&end), RUNNER_FAIL_FAST);
	assert_string_equal(b->results, "a=fail! ");
	assert_int_equal(end.not_run, 2);
	assert_string_equal(end.stopped, "--fail-fast");
}

static void limits_leave_room_for_the_way_to_the_target(void **state)
{
	(void)state;
	static const struct round_trip trips[] = { { 290000, 300000, 310000 } };

	b->config.slack_us = 750000;
	b->config.round_trips = trips;
	PLAN("far 310", "far 300");
	b->config.jobs = 1;
	assert_played("a=pass b=fail! ");
}

static void it_stops_at_its_deadline(void **state)
{
	(void)state;
	struct record_end end;

	PLAN("pass", "hang", "pass");
	b->config.deadline_us = clock_now_us() + 2000000;
	assert_int_equal(play(&end), RUNNER_DEADLINE);
	assert_in_range(end.not_run, 1, 3); /* also those before it, where the machine is late */
}

static void it_stops_when_interrupted(void **state)
{
	(void)state;
	struct record_end end;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	PLAN("hang", "hang");
	b->config.stop_fd = fds[0];
	assert_int_equal(play(&end), RUNNER_INTERRUPTED);
	assert_int_equal(end.not_run, 2);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(verdicts_are_recorded_and_judged),
		TEST(causes_are_foreseen_in_any_case),
		TEST(a_cause_that_does_not_come_up_is_named),
		TEST(a_cause_may_be_in_what_was_not_played),
		TEST(what_the_survey_saw_is_the_record_of_its_case),
		TEST(without_a_finding_of_the_survey_its_case_is_played),
		TEST(messages_of_others_are_one_finding_of_the_run),
		TEST(a_process_that_fails_is_an_error),
		TEST(a_process_that_never_ends_is_killed),
		TEST(large_records_pass_and_endless_ones_do_not),
		TEST(so_many_overlap_and_no_more),
		TEST(those_that_only_wait_need_no_slot),
		TEST(so_many_wait_and_no_more),
		TEST(one_that_has_work_again_takes_its_slot_back),
		TEST(timed_ones_leave_half_of_the_slots),
		TEST(one_by_one_they_go_first),
		TEST(prefixes_are_unique),
		TEST(an_unserved_version_is_inapplicable_without_a_play),
		TEST(captures_are_kept_for_failures),
		TEST(captures_of_what_is_below_are_kept_with_them),
		TEST(a_pass_names_both_captures),
		TEST(it_works_without_processes),
		TEST(a_failure_has_expected_actual_and_place),
		TEST(so_it_has_without_processes),
		TEST(it_stops_at_the_first_surprise),
		TEST(limits_leave_room_for_the_way_to_the_target),
		TEST(it_stops_at_its_deadline),
		TEST(it_stops_when_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
