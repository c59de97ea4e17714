/* [expected] of target files: what it foresees, and how it says what is wrong with it. */
#include "tests/unit/written_file.h"

#include <stdlib.h>
#include <string.h>

#undef fail /* cmocka's: case.h has its own */
#include "harness/case.h"
#include "harness/runner/expectation.h"
#include "harness/runner/plan.h"
#include "harness/runner/result.h"
#include "harness/transport/transport.h"
#include "record/record.h"

static const struct vector rows[] = { { .id = "one" }, { .id = "two" } };
static const struct case_def table = {
	.id = "table", .file = "cases/vectors/v.c", .versions = BOTH, .rows = rows, .row_count = 2
};
static const struct case_def only_50 = { .id = "will_x", .file = "will.c", .versions = V50 };
static const struct case_def *const cases[] = { &table, &only_50 };

static void the_most_specific_expectation_wins(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"case = table/one\n"
						"verdict = crash\n"
						"reason = the row\n"
						"case = table 5.0\n"
						"verdict = info\n"
						"reason = the table, in one version\n"
						"case = *\n"
						"verdict = fail\n"
						"reason = anything,\n"
						"  on two lines\n"
						"link = https://example.org/1\n"
						"case = ta*\n"
						"verdict = nonstrict\n"
						"reason = later than the one above\n");
	const struct expectations *all = &f.expected;

	assert_int_equal(all->count, 4);
	assert_int_equal(expectation_find(all, &table, &rows[0], MQTT_50, transports[0])->verdict,
		VERDICT_CRASH);
	assert_int_equal(expectation_find(all, &table, &rows[1], MQTT_50, transports[0])->verdict,
		VERDICT_INFO);
	assert_int_equal(expectation_find(all, &table, &rows[1], MQTT_311, transports[0])->verdict,
		VERDICT_NONSTRICT);
	const struct expectation *e = expectation_find(all, &only_50, NULL, MQTT_50, transports[0]);
	assert_int_equal(e->verdict, VERDICT_FAIL);
	assert_string_equal(e->reason, "anything, on two lines");
	assert_string_equal(e->link, "https://example.org/1");
	assert_null(expectation_orphan(all, cases, 2));
}

static void an_expectation_may_be_of_some_transports(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"case = table/one ws,wss\n"
						"verdict = crash\n"
						"reason = r\n"
						"case = table/one 5.0 wss\n"
						"verdict = info\n"
						"reason = r\n"
						"case = table\n"
						"verdict = fail\n"
						"reason = r\n");
	static const struct {
		const struct transport *over;
		enum mqtt_version version;
		enum verdict verdict;
	} samples[] = {
		{ &transport_tcp, MQTT_50, VERDICT_FAIL },
		{ &transport_ws, MQTT_50, VERDICT_CRASH },
		{ &transport_wss, MQTT_50, VERDICT_INFO },
		{ &transport_wss, MQTT_311, VERDICT_CRASH },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		assert_int_equal(expectation_find(&f.expected, &table, &rows[0], samples[i].version,
					 samples[i].over)
					 ->verdict,
			samples[i].verdict);
}

static void an_expectation_that_meets_no_case_is_found(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"case = table/two\n"
						"verdict = fail\n"
						"reason = r\n"
						"case = will_x 3.1.1\n"
						"verdict = fail\n"
						"reason = not played in this version\n");

	assert_int_equal(expectation_orphan(&f.expected, cases, 2)->line, 8);
	assert_null(expectation_find(&f.expected, &only_50, NULL, MQTT_50, transports[0]));
}

/* ---- causes -------------------------------------------------------------------------------- */

static struct record_case failed(const char *statement, const char *difference)
{
	struct record_failure *f = arena_new(&arena, struct record_failure);
	struct record_statement *s = arena_new(&arena, struct record_statement);

	*f = (struct record_failure){ .statement = statement, .difference = difference };
	*s = (struct record_statement){ statement, VERDICT_FAIL, false };
	return (struct record_case){ .id = "x",
		.version = "5.0",
		.verdict = VERDICT_FAIL,
		.failure = f,
		.statements = s,
		.statement_count = 1 };
}

static const char *foreseen_by(const struct target_file *f, struct record_case record)
{
	const struct expectation *e = expectation_find_cause(&f->expected, &record);

	return e ? e->reason : NULL;
}

static void a_cause_foresees_all_that_fail_of_it(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = 5.0:MQTT-3.3.1-1 dup\n"
						"verdict = fail\n"
						"reason = both named\n"
						"cause = MQTT-3.3.1-1 dup\n"
						"verdict = fail\n"
						"reason = in both versions\n"
						"cause = 5.0:MQTT-3.3.1-1\n"
						"verdict = fail\n"
						"reason = any difference\n"
						"cause = 5.0:MQTT-4.3.3-10 monitor\n"
						"verdict = nonstrict\n"
						"reason = of the monitor\n");

	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", "dup")), "both named");
	assert_string_equal(
		foreseen_by(&f, failed("3.1.1:MQTT-3.3.1-1", "dup")), "in both versions");
	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", "qos")), "any difference");
	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", NULL)), "any difference");
	assert_null(foreseen_by(&f, failed("3.1.1:MQTT-3.3.1-1", "qos")));
	assert_null(foreseen_by(&f, failed("5.0:MQTT-3.3.1-10", "dup")));
	assert_null(foreseen_by(&f, failed("5.0:MQTT-4.3.3-10", "monitor"))); /* as nonstrict */
	struct record_case r = failed("5.0:MQTT-4.3.3-10", NULL);
	r.verdict = VERDICT_NONSTRICT;
	assert_null(foreseen_by(&f, r));
	((struct record_failure *)r.failure)->step = "monitor";
	assert_string_equal(foreseen_by(&f, r), "of the monitor");
	r.failure = NULL;
	assert_null(foreseen_by(&f, r));

	assert_null(expectation_find(&f.expected, &only_50, NULL, MQTT_50, transports[0]));
	assert_null(expectation_orphan(&f.expected, cases, 2));
	assert_string_equal(f.expected.list[0].cause, "5.0:MQTT-3.3.1-1 dup");
}

/* A broker that ends connections at random breaks any statement, and none for certain. */
static void a_difference_may_be_foreseen_of_any_statement(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = * closed\n"
						"verdict = fail\n"
						"sometimes = yes\n"
						"reason = at random\n"
						"cause = MQTT-3.3.1-1\n"
						"verdict = fail\n"
						"reason = of this one\n");

	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-4.3.3-10", "closed")), "at random");
	assert_string_equal(foreseen_by(&f, failed("3.1.1:MQTT-4.5.0-1", "closed")), "at random");
	assert_string_equal(foreseen_by(&f, failed("5.0:MQTT-3.3.1-1", "closed")), "of this one");
	assert_null(foreseen_by(&f, failed("5.0:MQTT-4.3.3-10", "missing")));

	static struct record_statement two[] = {
		{ .name = "5.0:MQTT-4.3.3-10", .verdict = VERDICT_FAIL },
		{ .name = "5.0:MQTT-4.5.0-1", .verdict = VERDICT_FAIL },
	};
	struct record_case r = failed("5.0:MQTT-4.3.3-10", "closed");
	r.statements = two;
	r.statement_count = 2;
	assert_null(foreseen_by(&f, r)); /* nobody knows how the other one is broken */
}

/* One entry must not hide what else is broken. */
static void what_is_broken_besides_must_be_foreseen_too(void **state)
{
	(void)state;
	static const char one[] = TARGET "[expected]\n"
					 "cause = 5.0:MQTT-3.3.1-1 dup\n"
					 "verdict = fail\n"
					 "reason = one\n";
	struct target_file f = read_good(one);
	struct record_case r = failed("5.0:MQTT-3.3.1-1", "dup");
	struct record_statement two[] = {
		{ "5.0:MQTT-3.3.1-1", VERDICT_FAIL, false },
		{ "5.0:MQTT-4.3.3-10", VERDICT_NONSTRICT, false },
	};

	r.statements = two;
	r.statement_count = 2;
	assert_string_equal(foreseen_by(&f, r), "one");
	two[1].verdict = VERDICT_FAIL;
	assert_null(foreseen_by(&f, r));
	f = read_good(arena_printf(
		&arena, "%scause = MQTT-4.3.3-10 qos\nverdict = fail\nreason = other\n", one));
	assert_string_equal(foreseen_by(&f, r), "one");
	assert_true(expectation_is_seen(&f.expected.list[0], &r));
	assert_true(expectation_is_seen(&f.expected.list[1], &r));
	r.statement_count = 1;
	assert_false(expectation_is_seen(&f.expected.list[1], &r));
	r = failed("5.0:MQTT-3.3.1-1", "qos");
	assert_false(expectation_is_seen(&f.expected.list[0], &r));
}

static struct record_case judged(const struct target_file *f, struct record_case record)
{
	const struct plan_item item = {
		.def = &only_50, .version = MQTT_50, .transport = transports[0]
	};

	result_judge(&f->expected, &item, &record);
	return record;
}

static void what_comes_and_goes_may_stay_away(void **state)
{
	(void)state;
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = MQTT-3.3.1-1 dup\n"
						"verdict = fail\n"
						"sometimes = yes\n"
						"reason = a race\n"
						"case = will_x\n"
						"verdict = inconclusive\n"
						"sometimes = yes\n"
						"reason = another\n");
	const struct target_file by_cause = { .expected = { .list = f.expected.list, .count = 1 } };
	struct record_case r = judged(&by_cause, failed("5.0:MQTT-3.3.1-1", "dup"));

	assert_true(r.foreseen && r.expected);
	r.verdict = VERDICT_PASS;
	r = judged(&f, r);
	assert_true(!r.foreseen && r.expected);
	r.verdict = VERDICT_INCONCLUSIVE;
	r = judged(&f, r);
	assert_true(r.foreseen && r.expected);
	r.verdict = VERDICT_FAIL;
	r = judged(&f, r);
	assert_true(r.foreseen && r.expected); /* by its cause */
	r = judged(&f, failed("5.0:MQTT-3.3.1-1", "qos"));
	assert_true(!r.foreseen && !r.expected);
	assert_refused("[expected]\ncase = a\nverdict = fail\nsometimes = often\n",
		"4: `sometimes`: must be `yes`, or not be there");
}

static void causes_must_be_sound(void **state)
{
	(void)state;
	assert_refused("[expected]\ncause = MQTT-9.9.9-9\n",
		"2: `cause`: there is no such statement (mqttspec explain)");
	assert_refused("[expected]\ncause = 3.1.1:U50-DISC-WILL\n",
		"2: `cause`: there is no such statement (mqttspec explain)");
	assert_refused("[expected]\ncause = MQTT-3.3.1-1 dpu\n",
		"2: `cause`: there is no such word for a difference (docs/RECORDS.md)");
	assert_refused("[expected]\ncause = *\n",
		"2: `cause`: any statement (*) needs a word for the difference after it");
	assert_refused("[expected]\ncause = * closed\nverdict = fail\nreason = r\n",
		"2: a cause of any statement needs `sometimes = yes`");
	assert_refused("[expected]\ncause =\n",
		"2: `cause`: must be a statement, and perhaps a word for the difference after it");
	assert_refused("[expected]\ncause = MQTT-3.3.1-1\nverdict = crash\nreason = r\n",
		"2: a cause is foreseen as `fail` or as `nonstrict`");
	assert_refused("[expected]\ncause = MQTT-3.3.1-1\nreason = r\ncase = a\n",
		"2: this expectation has no `verdict`");
	struct target_file f = read_good(TARGET "[expected]\n"
						"cause = U50-DISC-WILL\n"
						"verdict = fail\n"
						"reason = of 5.0 alone\n");
	assert_int_equal(f.expected.list[0].versions, V50);
}

static void expectations_must_be_whole(void **state)
{
	(void)state;
	assert_refused("[expected]\nverdict = fail\n",
		"2: `verdict`: an expectation begins with `case` or `cause`");
	assert_refused("[expected]\ncase = a\nreason = b\ncase = c\n",
		"2: this expectation has no `verdict`");
	assert_refused(
		"[expected]\ncase = a\nverdict = fail\n", "2: this expectation has no `reason`");
	assert_refused("[expected]\ncase = a\nverdict = ok\n", "3: `verdict`: is no verdict");
	assert_refused("[expected]\ncase = a 4\n",
		"2: `case`: after the pattern there may be `3.1.1` or `5.0`, and then one or more "
		"of "
		"tcp, tls, ws, wss, unix with commas between");
	assert_refused("[expected]\ncase =\n",
		"2: `case`: must be a pattern, and perhaps a version after it");

	struct expectations e;
	const char *error;
	write_text("[expected]\ncase = a\nverdict = fail\nreason = r\n");
	assert_true(target_file_read_expected(&arena, path, &e, &error));
	assert_int_equal(e.count, 1);
}

/* ---- other files --------------------------------------------------------------------------- */

static void write_common(const char *text)
{
	char other[100];

	snprintf(other, sizeof(other), "%s.common", path);
	FILE *file = fopen(other, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const char *including(const char *more)
{
	return arena_printf(&arena, TARGET "[expected]\ninclude = %s.common\n%s", path, more);
}

static const char *error_of(const char *text)
{
	struct target_file file;
	const char *error = NULL;

	write_text(text);
	assert_false(target_file_read(&arena, path, &file, &error));
	return error;
}

static void an_included_file_comes_first(void **state)
{
	(void)state;
	write_common("; of several\n[expected]\ncase = table\nverdict = fail\nreason = common\n"
		     "case = will_y\nverdict = fail\nreason = no such case\n");
	struct target_file f = read_good(including("case = table\nverdict = info\nreason = own\n"));

	assert_int_equal(f.expected.count, 3);
	assert_string_equal(
		expectation_find(&f.expected, &table, &rows[0], MQTT_50, transports[0])->reason,
		"own");
	const struct expectation *orphan = expectation_orphan(&f.expected, cases, 2);
	assert_string_equal(arena_printf(&arena, "%s:%d", orphan->path, orphan->line),
		arena_printf(&arena, "%s.common:6", path));
	assert_string_equal(f.expected.list[2].path, path);
	unlink(arena_printf(&arena, "%s.common", path));
}

static void it_lies_beside_the_file(void **state)
{
	(void)state;
	char *folder = arena_text(&arena, "/tmp/mqttspec-XXXXXX");
	const char *error, *inside;
	struct target_file f;

	assert_non_null(mkdtemp(folder));
	inside = arena_printf(&arena, "%s/%s.common", folder, path);
	write_common("[expected]\ncase = table\nverdict = fail\nreason = common\n");
	assert_int_equal(rename(arena_printf(&arena, "%s.common", path), inside), 0);
	const char *text = including("");
	assert_true(target_file_parse(
		&arena, arena_printf(&arena, "%s/x.ini", folder), text, strlen(text), &f, &error));
	assert_int_equal(f.expected.count, 1);
	unlink(inside);
	rmdir(folder);
}

static void faults_of_an_included_file_have_its_name(void **state)
{
	(void)state;
	write_common("[expected]\ncase = table\nreason = r\n");
	assert_string_equal(error_of(including("")),
		arena_printf(&arena, "%s.common:2: this expectation has no `verdict`", path));
	write_common("[target]\nname = X\n");
	assert_string_equal(error_of(including("")),
		arena_printf(
			&arena, "%s.common:1: a file that is included has [expected] alone", path));
	write_common("[expected]\ninclude = other\n");
	assert_string_equal(error_of(including("")),
		arena_printf(&arena,
			"%s.common:2: `include`: a file that is included includes no other", path));
	write_common("[expected]\ncase = table\nverdict = fail\nreason = r\n");
	assert_string_equal(error_of(including("link = https://example.org\n")),
		arena_printf(&arena, "%s:6: `link`: an expectation begins with `case` or `cause`",
			path));
	assert_string_equal(
		error_of(arena_printf(&arena,
			TARGET "[expected]\ncase = a\nverdict = fail\ninclude = %s.common\n",
			path)),
		arena_printf(&arena, "%s:5: this expectation has no `reason`", path));
	assert_string_equal(error_of(TARGET "[expected]\ninclude = nowhere.ini\n"),
		arena_printf(
			&arena, "%s:5: `include`: nowhere.ini: No such file or directory", path));
	unlink(arena_printf(&arena, "%s.common", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_most_specific_expectation_wins),
		TEST(an_expectation_may_be_of_some_transports),
		TEST(an_expectation_that_meets_no_case_is_found),
		TEST(a_cause_foresees_all_that_fail_of_it),
		TEST(a_difference_may_be_foreseen_of_any_statement),
		TEST(what_is_broken_besides_must_be_foreseen_too),
		TEST(what_comes_and_goes_may_stay_away),
		TEST(causes_must_be_sound),
		TEST(expectations_must_be_whole),
		TEST(an_included_file_comes_first),
		TEST(it_lies_beside_the_file),
		TEST(faults_of_an_included_file_have_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
