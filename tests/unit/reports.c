/* The reports of a run, one of every verdict on both axes, held against golden files; and the
 * mistakes that would be worst, one by one: an unexpected verdict must be red in every format, an
 * expected one must not.
 */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/badge.h"
#include "reports/draft.h"
#include "reports/junit.h"
#include "reports/markdown.h"
#include "reports/outcome.h"
#include "reports/runs.h"
#include "reports/tap.h"
#include "tests/samples/records.h"
#include "tests/samples/verdicts.h"
#include "tests/unit/book.h"
#include "tests/unit/golden.h"

typedef void reporter(FILE *to, const struct runs *runs);

static char *rendered(reporter *report, const struct runs *runs)
{
	struct draft d;

	draft_begin(&d);
	report(d.to, runs);
	draft_end(&d);
	return d.text;
}

/* JUnit has a test of its own: unit/junit.c. */
static const struct {
	const char *name;
	reporter *report;
} formats[] = {
	{ "report.tap", report_tap },
	{ "report.md", report_markdown },
	{ "badge.svg", report_badge },
};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

static void every_format_is_as_its_golden_file(void **state)
{
	(void)state;
	struct book b;

	book_read_everything(&b);
	for (size_t i = 0; i < FORMATS; i++) {
		char *text = rendered(formats[i].report, &b.runs);
		golden_check(formats[i].name, text);
		free(text);
	}
	book_close(&b);
}

/* ---- both axes ---- */

/* A run of one case run. */
static void read_one(struct book *b, struct record_case c)
{
	const char *error;

	book_open(b);
	assert_true(record_write_run(b->to, &book_run));
	c = book_case(c, "the_case");
	book_add(b, &c);
	assert_true(record_write_end(b->to, &b->end));
	assert_true(book_read(b, &error));
}

static bool says(reporter *report, const struct runs *runs, const char *what)
{
	char *text = rendered(report, runs);
	bool found = strstr(text, what);

	free(text);
	return found;
}

static void an_unexpected_verdict_is_red_everywhere(void **state)
{
	(void)state;

	for (int v = 0; v < VERDICT_COUNT; v++) {
		bool ours = v == VERDICT_ERROR || v == VERDICT_INCONCLUSIVE;
		struct book b;
		read_one(&b, sample_foreseen(sample_ended(v, false), book_other_than(v)));
		assert_int_equal(
			outcome_of(b.runs.cases[0].record), ours ? OUTCOME_ERROR : OUTCOME_FAILURE);
		assert_int_equal(says(report_junit, &b.runs, "<failure "), !ours);
		assert_int_equal(says(report_junit, &b.runs, "<error "), ours);
		assert_false(says(report_junit, &b.runs, "<skipped"));
		assert_true(says(report_tap, &b.runs, "\nnot ok 1 - the_case 5.0\n"));
		assert_false(says(report_tap, &b.runs, "# TODO"));
		assert_false(says(report_tap, &b.runs, "# SKIP"));
		assert_true(says(report_markdown, &b.runs, "**1 unexpected** of 1 case runs"));
		assert_true(says(report_badge, &b.runs, "1 unexpected"));
		book_close(&b);
	}
}

static void a_foreseen_verdict_is_never_red(void **state)
{
	(void)state;

	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct book b;
		read_one(&b, sample_foreseen(sample_ended(v, true), v));
		assert_false(says(report_junit, &b.runs, "<failure"));
		assert_false(says(report_junit, &b.runs, "<error"));
		assert_int_equal(says(report_junit, &b.runs, "<skipped"),
			!verdict_is_good(v) || v == VERDICT_INAPPLICABLE);
		assert_int_equal(says(report_tap, &b.runs, "not ok 1"), !verdict_is_good(v));
		assert_int_equal(says(report_tap, &b.runs, "# TODO"), !verdict_is_good(v));
		assert_int_equal(says(report_tap, &b.runs, "# SKIP"), v == VERDICT_INAPPLICABLE);
		assert_true(says(report_markdown, &b.runs, "**All as expected**"));
		assert_false(says(report_markdown, &b.runs, "### Unexpected"));
		assert_int_equal(
			says(report_markdown, &b.runs, "Known failures (1)"), !verdict_is_good(v));
		assert_false(says(report_badge, &b.runs, "unexpected"));
		book_close(&b);
	}
}

static void a_good_verdict_by_default_is_green(void **state)
{
	(void)state;

	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct book b;
		if (!verdict_is_good(v))
			continue;
		read_one(&b, sample_ended(v, true));
		assert_false(says(report_junit, &b.runs, "<failure"));
		assert_false(says(report_junit, &b.runs, "<error"));
		assert_true(says(report_tap, &b.runs, "\nok 1 - the_case 5.0"));
		assert_true(says(report_markdown, &b.runs, "**All as expected**"));
		book_close(&b);
	}
}

static void an_unexpected_pass_says_what_to_do(void **state)
{
	(void)state;
	struct book b;

	read_one(&b, sample_foreseen(sample_ended(VERDICT_PASS, false), VERDICT_FAIL));
	assert_true(says(report_junit, &b.runs, "type=\"unexpected pass\""));
	assert_true(says(report_junit, &b.runs, "remove that entry"));
	assert_true(says(report_tap, &b.runs, "remove that entry"));
	assert_true(says(report_markdown, &b.runs, "remove that entry"));
	book_close(&b);
}

/* ---- causes ---- */

static const struct record_unseen unseen[] = {
	{ "5.0:MQTT-3.3.1-1 dup", "known | since 2.0.9", "https://example.org/bugs/1234" },
	{ "MQTT-4.3.3-10", NULL, NULL },
};

static void an_unseen_cause_is_red_everywhere(void **state)
{
	(void)state;
	const char *error;
	struct book b;

	book_open(&b);
	struct record_case c = book_case(sample_ended(VERDICT_PASS, true), "the_case");
	assert_true(record_write_run(b.to, &book_run));
	book_add(&b, &c);
	b.end.unseen = unseen;
	b.end.unseen_count = 2;
	assert_true(record_write_end(b.to, &b.end));
	assert_true(book_read(&b, &error));
	assert_int_equal(b.runs.unseen_count, 2);
	assert_true(says(report_junit, &b.runs,
		"<failure type=\"unseen\" message=\"foreseen but not seen: 5.0:MQTT-3.3.1-1 dup "
		"(known | since 2.0.9); remove that entry\"/>"));
	assert_true(says(report_junit, &b.runs, " tests=\"4\" failures=\"2\" "));
	assert_true(says(report_tap, &b.runs, "1..3\n"));
	assert_true(says(report_tap, &b.runs, "\nnot ok 2 - 5.0:MQTT-3.3.1-1 dup is foreseen\n"));
	assert_true(says(report_tap, &b.runs, "\nnot ok 3 - MQTT-4.3.3-10 is foreseen\n"));
	assert_true(says(report_markdown, &b.runs,
		"**0 unexpected** of 1 case runs, **2 causes foreseen but not seen**"));
	assert_true(says(report_markdown, &b.runs,
		"(known \\| since 2.0.9) ([reported](https://example.org/bugs/1234)); remove that "
		"entry"));
	assert_true(says(report_badge, &b.runs, "2 unexpected"));
	book_close(&b);
}

/* Two shards, one of which has not seen either cause; the other has seen one, unless it was cut off. */
static void read_shards(struct book *b, bool cut)
{
	struct record_run run = book_run;
	struct record_end end = { .unseen = unseen, .unseen_count = 2 };
	const char *error;

	book_open(b);
	run.planned = 0;
	run.shard = "1/2";
	assert_true(record_write_run(b->to, &run));
	assert_true(record_write_end(b->to, &end));
	run.shard = "2/2";
	assert_true(record_write_run(b->to, &run));
	end.unseen_count = 1;
	if (!cut)
		assert_true(record_write_end(b->to, &end));
	assert_true(book_read(b, &error));
}

static void a_cause_must_be_unseen_in_all_shards(void **state)
{
	(void)state;
	struct book b;

	read_shards(&b, false);
	assert_int_equal(b.runs.unseen_count, 1);
	assert_string_equal(b.runs.unseen[0].cause, "5.0:MQTT-3.3.1-1 dup");
	book_close(&b);
	read_shards(&b, true);
	assert_int_equal(b.runs.unseen_count, 0);
	book_close(&b);
}

static void markdown_says_a_cause_once(void **state)
{
	(void)state;
	const char *error;
	char ids[12][20];
	struct record_run run = book_run;
	struct book b;

	book_open(&b);
	run.planned = 13;
	assert_true(record_write_run(b.to, &run));
	for (size_t i = 0; i < 12; i++) {
		snprintf(ids[i], sizeof(ids[i]), "table/row_%02zu", i);
		struct record_case c = book_case(sample_ended(VERDICT_FAIL, false), ids[i]);
		book_add(&b, &c);
	}
	struct record_case c = book_case(sample_ended(VERDICT_CRASH, false), "the_case");
	book_add(&b, &c);
	assert_true(record_write_end(b.to, &b.end));
	assert_true(book_read(&b, &error));
	assert_true(says(report_markdown, &b.runs,
		"| 12 | fail | [5.0:MQTT-4.3.3-10](https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/"
		"mqtt-v5.0-os.html#_Toc3901237) | expected PUBREC 7, actual connection closed (no "
		"packet) after 2.1 ms | table/row\\_00, table/row\\_01, table/row\\_02, and 9 more "
		"|"));
	assert_true(says(report_markdown, &b.runs, "<summary>One by one (13)</summary>"));
	assert_true(says(report_markdown, &b.runs, "<summary>fail table/row_02 5.0</summary>"));
	assert_false(says(report_markdown, &b.runs, "<summary>fail table/row_03 5.0</summary>"));
	assert_true(says(report_markdown, &b.runs, "<summary>crash the_case 5.0</summary>"));
	assert_true(says(report_markdown, &b.runs, "The evidence of 9 more is in the record."));
	book_close(&b);
}

/* ---- what is missing ---- */

/* An incomplete record must not look like a good one. */
static void assert_incomplete(const struct runs *runs, const char *why)
{
	bool told = false;

	for (size_t i = 0; i < runs->gap_count; i++)
		told |= strstr(runs->gaps[i], why) != NULL;
	if (!told)
		fail_msg("no gap says \"%s\"; the first is \"%s\"", why,
			runs->gap_count ? runs->gaps[0] : "(none)");
	assert_true(says(report_junit, runs, "<error type=\"incomplete\""));
	assert_true(says(report_tap, runs, "- the record is complete\n"));
	assert_true(says(report_markdown, runs, "**Incomplete:**"));
	assert_true(says(report_badge, runs, runs->unexpected_count ? "unexpected" : "incomplete"));
}

static void begin(struct book *b, struct record_run run)
{
	struct record_case c = book_case(sample_ended(VERDICT_PASS, true), "the_case");

	book_open(b);
	assert_true(record_write_run(b->to, &run));
	book_add(b, &c);
}

static void a_record_without_an_end_says_so(void **state)
{
	(void)state;
	struct record_run run = book_run;
	const char *error;
	struct book b;

	run.planned = 5;
	begin(&b, run);
	assert_true(book_read(&b, &error));
	assert_incomplete(&b.runs, "has no end");
	assert_incomplete(&b.runs, "4 of 5 case runs were not played");
	book_close(&b);
}

static void a_record_that_was_cut_off_says_so(void **state)
{
	(void)state;
	const char *error;
	struct book b;

	begin(&b, book_run);
	fputs("{\"type\":\"case\",\"id\":\"cut", b.to);
	assert_true(book_read(&b, &error));
	assert_incomplete(&b.runs, "cut off in the middle of its last line");
	assert_int_equal(b.runs.case_count, 1);
	book_close(&b);
}

static void a_run_that_judged_too_little_says_so(void **state)
{
	(void)state;
	const char *error;
	struct book b;

	begin(&b, book_run);
	b.end.unjudged = "30 of 40 case runs could not be judged";
	assert_true(record_write_end(b.to, &b.end));
	assert_true(book_read(&b, &error));
	assert_incomplete(&b.runs, "30 of 40 case runs could not be judged");
	book_close(&b);
}

static void a_run_that_was_stopped_says_so(void **state)
{
	(void)state;
	const char *error;
	struct book b;

	begin(&b, book_run);
	b.end.stopped = "interrupted";
	b.end.not_run = 3;
	assert_true(record_write_end(b.to, &b.end));
	assert_true(book_read(&b, &error));
	assert_incomplete(&b.runs, "stopped early: interrupted");
	assert_int_equal(b.runs.not_run, 3);
	book_close(&b);
}

static void shards_are_one_run(void **state)
{
	(void)state;
	struct record_run run = book_run;
	struct record_case c = book_case(sample_ended(VERDICT_FAIL, false), "another_case");
	const char *error;
	struct book b;

	run.shard = "1/2";
	begin(&b, run);
	assert_true(record_write_end(b.to, &b.end));
	run.shard = "2/2";
	run.target_url = "mqtt://127.0.0.1:4711"; /* the same target, launched once more */
	assert_true(record_write_run(b.to, &run));
	book_add(&b, &c);
	assert_true(record_write_end(b.to, &b.end));
	assert_true(book_read(&b, &error));
	assert_int_equal(b.runs.gap_count, 0);
	assert_int_equal(b.runs.case_count, 2);
	assert_int_equal(b.runs.unexpected_count, 1);
	assert_string_equal(b.runs.cases[0].record->id, "another_case");
	book_close(&b);
}

static void a_missing_shard_is_noticed(void **state)
{
	(void)state;
	struct record_run run = book_run;
	const char *error;
	struct book b;

	run.shard = "2/3";
	begin(&b, run);
	assert_true(record_write_end(b.to, &b.end));
	assert_true(book_read(&b, &error));
	assert_int_equal(b.runs.gap_count, 2);
	assert_incomplete(&b.runs, "shard 1/3 is not");
	assert_incomplete(&b.runs, "shard 3/3 is not");
	book_close(&b);
}

static void two_targets_are_no_run(void **state)
{
	(void)state;
	struct record_run run = book_run;
	const char *error;
	struct book b;

	begin(&b, run);
	run.target_version = "2.0.12";
	assert_true(record_write_run(b.to, &run));
	assert_false(book_read(&b, &error));
	assert_non_null(strstr(error,
		": a record of Eclipse Mosquitto 2.0.12 (server) among those of Eclipse Mosquitto "
		"2.0.11 (server)"));
	book_close(&b);
}

static void a_fault_is_given_with_its_line(void **state)
{
	(void)state;
	const char *error;
	char expected[64];
	struct book b;

	begin(&b, book_run);
	fputs("{\"type\":\"case\"}\n", b.to);
	assert_false(book_read(&b, &error));
	snprintf(expected, sizeof(expected), "%s:3: `id` is missing", b.path);
	assert_string_equal(error, expected);
	book_close(&b);
}

static void a_run_without_case_runs_can_be_shown(void **state)
{
	(void)state;
	const char *error;
	struct book b;

	book_open(&b);
	assert_true(record_write_run(b.to, &book_run));
	assert_true(record_write_end(b.to, &b.end));
	assert_true(book_read(&b, &error));
	assert_true(says(report_markdown, &b.runs, "**Nothing was run**"));
	assert_true(says(report_tap, &b.runs, "1..0\n"));
	assert_true(says(report_badge, &b.runs, "nothing judged"));
	assert_true(says(report_junit, &b.runs, "tests=\"1\""));
	book_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_as_its_golden_file),
		cmocka_unit_test(an_unexpected_verdict_is_red_everywhere),
		cmocka_unit_test(a_foreseen_verdict_is_never_red),
		cmocka_unit_test(a_good_verdict_by_default_is_green),
		cmocka_unit_test(an_unexpected_pass_says_what_to_do),
		cmocka_unit_test(an_unseen_cause_is_red_everywhere),
		cmocka_unit_test(a_cause_must_be_unseen_in_all_shards),
		cmocka_unit_test(markdown_says_a_cause_once),
		cmocka_unit_test(a_record_without_an_end_says_so),
		cmocka_unit_test(a_record_that_was_cut_off_says_so),
		cmocka_unit_test(a_run_that_judged_too_little_says_so),
		cmocka_unit_test(a_run_that_was_stopped_says_so),
		cmocka_unit_test(shards_are_one_run),
		cmocka_unit_test(a_missing_shard_is_noticed),
		cmocka_unit_test(two_targets_are_no_run),
		cmocka_unit_test(a_fault_is_given_with_its_line),
		cmocka_unit_test(a_run_without_case_runs_can_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
