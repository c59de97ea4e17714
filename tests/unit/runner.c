/* The runner, whatever case runs and targets do to it. The engine is tests/unit/fake_play.c. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#undef fail /* cmocka's: case.h has its own */
#include "harness/case.h"
#include "harness/runner/runner.h"
#include "harness/runner/target.h"
#include "tests/unit/fake_target.h"

enum { CASES_MAX = 80 };

struct bench {
	struct arena arena;
	struct target_file file;
	struct target launched; /* the program */
	struct target at_url;   /* the same, as if somebody else had started it */
	struct case_def defs[CASES_MAX];
	struct plan_item items[CASES_MAX];
	struct plan plan;
	struct survey surveys[SURVEY_VERSIONS];
	struct expectations expected;
	struct runner_config config;
	int listener;
	FILE *record;
	const char *results; /* "a=pass b=fail! ": a `!` behind what was unexpected */
	size_t deaths;
};

static struct bench *b;

static void see_result(void *user, size_t index, const struct record_case *record)
{
	(void)user, (void)index;
	b->results = arena_printf(&b->arena, "%s%s=%s%s ", b->results, record->id,
		verdict_name(record->verdict), record->expected ? "" : "!");
}

static void see_death(void *user, const struct record_death *death)
{
	(void)user, (void)death;
	b->deaths++;
}

/* Case runs "a", "b", ... of 5.0 with these scripts; a script with "timed " in front has a budget. */
static void plan_scripts(const char *const *scripts)
{
	for (size_t i = 0; scripts[i]; i++) {
		bool timed = !strncmp(scripts[i], "timed ", 6);
		b->defs[i] = (struct case_def){
			.id = arena_printf(
				&b->arena, i < 26 ? "%c" : "%c%zu", (char)('a' + i % 26), i / 26),
			.title = scripts[i] + (timed ? 6 : 0),
			.file = "cases/server/fake.c",
			.refs = { "5.0:MQTT-4.3.3-10" },
			.versions = V50,
			.budget_ms = timed,
		};
		b->items[i] = (struct plan_item){
			.def = &b->defs[i], .version = MQTT_50, .id = b->defs[i].id
		};
		b->plan.count++;
	}
}

#define PLAN(...) plan_scripts((const char *const[]){ __VA_ARGS__, NULL })

static void launch(void)
{
	const char *error = NULL;

	assert_true(fake_target_write("test_runner.ini", "plain", 10000));
	assert_true(target_file_read(&b->arena, "test_runner.ini", &b->file, &error));
	target_init(&b->launched, &b->file);
	assert_int_equal(target_launch(&b->launched, &error), TARGET_UP);
	b->config.target = &b->launched;
}

static void serve_at_url(void)
{
	launch();
	b->at_url.endpoint = b->launched.endpoint;
	b->config.target = &b->at_url;
}

/* Plays the plan to its end. */
static enum runner_stop play(struct record_end *end)
{
	struct runner r;

	runner_init(&r, &b->config);
	runner_add_all(&r, 0);
	while (runner_turn(&r, NULL))
		;
	runner_result(&r, end);
	size_t unexplained = r.unexplained;
	enum runner_stop stopped = r.stopped;
	if (end->stopped)
		end->stopped = arena_text(&b->arena, end->stopped);
	runner_fini(&r);
	end->unexpected += unexplained;
	return stopped;
}

static void assert_played(const char *results)
{
	struct record_end end;

	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_int_equal(end.not_run, 0);
	assert_string_equal(b->results, results);
}

static bool has(const char *result)
{
	const char *found = strstr(b->results, result);

	return found && (found == b->results || found[-1] == ' ');
}

/* The nth record, from the beginning of the file. */
static struct record_line record_at(size_t n)
{
	struct record_line line;
	const char *error;
	char *text = NULL;
	size_t size = 0;
	ssize_t len = 0;

	rewind(b->record);
	for (size_t i = 0; i <= n; i++)
		len = getline(&text, &size, b->record);
	assert_true(len > 0);
	assert_true(record_parse(&b->arena, arena_copy(&b->arena, text, (size_t)len),
		(size_t)len - 1, &line, &error));
	free(text);
	return line;
}

static struct record_case case_record(const char *id)
{
	for (size_t n = 0;; n++) {
		struct record_line line = record_at(n);
		if (line.kind == RECORD_CASE && !strcmp(line.result.id, id))
			return line.result;
	}
}

/* ---- case runs ----------------------------------------------------------------------------- */

static void verdicts_are_recorded_and_judged(void **state)
{
	(void)state;
	struct record_end end;
	PLAN("pass", "fail", "pass");
	const struct expectation list[] = {
		{ .pattern = "b", .versions = BOTH, .verdict = VERDICT_FAIL, .reason = "known" },
		{ .pattern = "c", .versions = BOTH, .verdict = VERDICT_FAIL, .reason = "no more" },
	};

	b->expected = (struct expectations){ .list = list, .count = 2 };
	b->config.jobs = 1;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_string_equal(b->results, "a=pass b=fail c=pass! ");
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
	b->surveys[survey_index(MQTT_311)].asked = false;
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
	b->surveys[survey_index(MQTT_50)].unserved = "it does not speak it";
	play(&end);
	assert_int_equal(end.unseen_count, 0);
}

/* It is not played once more, and the others are told of it. */
static void what_the_survey_saw_is_the_record_of_its_case(void **state)
{
	(void)state;
	static const char *const known[] = { "5.0:MQTT-3.2.2-1", NULL };
	const struct record_statement statement = { "5.0:MQTT-3.2.2-1", VERDICT_FAIL };
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
	b->surveys[survey_index(MQTT_50)].broken = &broken;
	b->surveys[survey_index(MQTT_50)].known = known;
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
	assert_played("a=pass b=error! ");
	assert_int_equal(record_at(0).result.transcript_count, 20000);
	assert_non_null(strstr(record_at(1).result.note, "more than 64 MiB"));
}

static void case_runs_overlap(void **state)
{
	(void)state;
	int64_t before_us = clock_now_us();

	PLAN("sleep 300", "sleep 300", "sleep 300", "sleep 300", "sleep 300", "sleep 300",
		"sleep 300", "sleep 300", "sleep 300", "sleep 300");
	b->config.jobs = 5;
	struct record_end end;
	play(&end);
	int64_t took_us = clock_now_us() - before_us;
	assert_in_range(took_us, 600000, 1500000); /* two at least, never more than five at once */
}

static void timed_ones_have_slots_of_their_own(void **state)
{
	(void)state;
	int64_t before_us = clock_now_us();

	PLAN("timed sleep 500", "timed sleep 500", "timed sleep 500", "sleep 1", "sleep 1");
	b->config.jobs = 1;
	b->config.timed_jobs = 64;
	struct record_end end;
	play(&end);
	assert_in_range(clock_now_us() - before_us, 500000, 1400000);
	assert_true(has("d=pass") && strstr(b->results, "d=pass") < strstr(b->results, "a=pass"));
}

static void without_such_slots_they_go_first_one_by_one(void **state)
{
	(void)state;
	PLAN("pass", "timed sleep 50", "timed pass");
	b->config.jobs = 1;
	b->config.timed_jobs = 0;
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
	b->surveys[survey_index(MQTT_50)].unserved = "it speaks 3.1.1 only";
	assert_played("a=inapplicable b=inapplicable ");
	assert_string_equal(record_at(0).result.note, "it speaks 3.1.1 only");
}

static void captures_are_kept_for_failures(void **state)
{
	(void)state;
	PLAN("pass", "fail");
	b->config.pcap = PCAP_FAILURES;
	assert_played("a=pass b=fail! ");
	assert_int_equal(access("pcap/a-5.0-tcp.pcapng", F_OK), -1);
	assert_int_equal(unlink("pcap/b-5.0-tcp.pcapng"), 0);
	assert_null(record_at(0).result.pcap);
	assert_string_equal(record_at(1).result.pcap, "pcap/b-5.0-tcp.pcapng");
}

static void it_works_without_processes(void **state)
{
	(void)state;
	PLAN("pass", "fail", "timed pass");
	b->config.no_fork = true;
	b->config.timed_jobs = 64;
	assert_played("c=pass a=pass b=fail! ");
}

/* ---- the end of a run ---------------------------------------------------------------------- */

static void it_stops_at_the_first_surprise(void **state)
{
	(void)state;
	struct record_end end;

	PLAN("pass", "fail", "sleep 60000", "sleep 60000");
	b->config.fail_fast = true;
	assert_int_equal(play(&end), RUNNER_FAIL_FAST);
	assert_string_equal(b->results, "a=pass b=fail! ");
	assert_int_equal(end.not_run, 2);
	assert_string_equal(end.stopped, "--fail-fast");
}

static void it_stops_at_its_deadline(void **state)
{
	(void)state;
	struct record_end end;

	PLAN("pass", "hang", "pass");
	b->config.deadline_us = clock_now_us() + 500000;
	assert_int_equal(play(&end), RUNNER_DEADLINE);
	assert_int_equal(end.not_run, 1);
	assert_true(clock_now_us() < b->config.deadline_us + 1000000);
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

/* ---- targets that die ---------------------------------------------------------------------- */

static void a_single_culprit_is_a_crash(void **state)
{
	(void)state;
	launch();
	PLAN("pass", "kill", "pass", "pass");
	b->config.jobs = 1;
	b->config.timed_jobs = 0;
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_string_equal(b->results, "a=pass b=crash! c=pass d=pass ");
	assert_int_equal(end.unexpected, 1);

	struct record_case crash = case_record("b");
	assert_int_equal(crash.death->signal, SIGKILL);
	assert_non_null(strstr(crash.death->stderr_tail, "I am hit"));
	assert_non_null(strstr(crash.note, "the target died of signal 9"));
	assert_int_equal(crash.statements[0].verdict, VERDICT_CRASH);
	assert_int_equal(b->deaths, 1);
}

/* The case run passes; the target dies of it a while later. */
static void a_verdict_waits_for_the_target_to_outlive_it(void **state)
{
	(void)state;
	launch();
	PLAN("poison", "pass");
	b->config.jobs = 1;
	b->config.timed_jobs = 0;
	b->config.hold_us = 3000000;
	assert_played("a=crash! b=pass ");
}

/* It lives on, but accepts nobody: given up after some patience, and launched again. */
static void a_target_that_went_deaf_is_a_crash(void **state)
{
	(void)state;
	launch();
	PLAN("deafen", "pass");
	b->config.jobs = 1;
	b->config.timed_jobs = 0;
	assert_played("a=crash! b=pass ");
	assert_non_null(strstr(case_record("a").death->stderr_tail, "accepted no connections"));
}

static void of_several_suspects_only_the_culprit_is_a_crash(void **state)
{
	(void)state;
	launch();
	PLAN("sleep 600", "sleep 600", "kill", "sleep 600");
	struct record_end end;
	assert_int_equal(play(&end), RUNNER_GOES_ON);
	assert_string_equal(b->results, "a=pass b=pass c=crash! d=pass ");
	assert_int_equal(b->deaths, 2); /* once together, once alone */
	assert_int_equal(end.unexpected, 1);
	assert_string_equal(record_at(0).death.during, "a b c d");
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
	b->config.jobs = 1;
	b->config.timed_jobs = 0;
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
	assert_true(has("a=inconclusive!") && has("b=inconclusive!") && has("c=inconclusive!"));
	assert_int_equal(end.not_run, 0);
	assert_non_null(strstr(record_at(0).result.note, "under way: a b c"));
}

/* ---- set-up -------------------------------------------------------------------------------- */

/* A target that accepts connections and is otherwise deaf, for tests in which it plays no part. */
static bool listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(b->listener, (struct sockaddr *)&at, len) || listen(b->listener, 4096) ||
		getsockname(b->listener, (struct sockaddr *)&at, &len))
		return false;
	memcpy(&b->at_url.endpoint.address, &at, len);
	b->at_url.endpoint.address_len = len;
	b->at_url.endpoint.url = "a listener";
	b->config.target = &b->at_url;
	return true;
}

static int set_up(void **state)
{
	(void)state;
	b = calloc(1, sizeof(*b));
	arena_init(&b->arena);
	target_init(&b->launched, NULL);
	target_init(&b->at_url, NULL);
	b->results = "";
	b->record = tmpfile();
	b->plan.items = b->items;
	for (int i = 0; i < SURVEY_VERSIONS; i++)
		b->surveys[i] = (struct survey){ .asked = true, .answer_us = 1000 };
	b->config = (struct runner_config){
		.plan = &b->plan,
		.surveys = b->surveys,
		.expected = &b->expected,
		.hold_us = RUNNER_HOLD_US,
		.jobs = 16,
		.timed_jobs = 64,
		.folder = ".",
		.pcap = PCAP_NONE,
		.record = b->record,
		.stop_fd = -1,
		.view = { .result = see_result, .death = see_death },
	};
	mkdir("pcap", 0700);
	return b->record && listen_somewhere() ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	target_fini(&b->at_url);
	target_fini(&b->launched);
	arena_fini(&b->arena);
	fclose(b->record);
	close(b->listener);
	free(b);
	unlink("test_runner.ini");
	unlink("killed");
	rmdir("pcap");
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1; /* no child is left */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(verdicts_are_recorded_and_judged),
		TEST(causes_are_foreseen_in_any_case),
		TEST(a_cause_that_does_not_come_up_is_named),
		TEST(a_cause_may_be_in_what_was_not_played),
		TEST(what_the_survey_saw_is_the_record_of_its_case),
		TEST(without_a_finding_of_the_survey_its_case_is_played),
		TEST(a_process_that_fails_is_an_error),
		TEST(a_process_that_never_ends_is_killed),
		TEST(large_records_pass_and_endless_ones_do_not),
		TEST(case_runs_overlap),
		TEST(timed_ones_have_slots_of_their_own),
		TEST(without_such_slots_they_go_first_one_by_one),
		TEST(prefixes_are_unique),
		TEST(an_unserved_version_is_inapplicable_without_a_play),
		TEST(captures_are_kept_for_failures),
		TEST(it_works_without_processes),
		TEST(it_stops_at_the_first_surprise),
		TEST(it_stops_at_its_deadline),
		TEST(it_stops_when_interrupted),
		TEST(a_single_culprit_is_a_crash),
		TEST(a_verdict_waits_for_the_target_to_outlive_it),
		TEST(a_target_that_went_deaf_is_a_crash),
		TEST(of_several_suspects_only_the_culprit_is_a_crash),
		TEST(a_death_that_nobody_repeats_stands),
		TEST(at_a_url_a_single_culprit_is_a_crash),
		TEST(at_a_url_several_suspects_are_inconclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
