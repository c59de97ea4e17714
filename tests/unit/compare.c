/* Runs held against each other: what counts as broken, and what a matrix says of several targets. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "reports/diff.h"
#include "reports/draft.h"
#include "reports/matrix.h"
#include "tests/samples/verdicts.h"
#include "tests/unit/book.h"
#include "tests/unit/golden.h"

static const struct record_statement kept[] = { { "5.0:MQTT-4.3.3-10", VERDICT_PASS, false } };
static const struct record_statement broken[] = { { "5.0:MQTT-4.3.3-10", VERDICT_FAIL, false } };
static const struct record_statement two_broken[] = {
	{ "5.0:MQTT-4.3.3-10", VERDICT_FAIL, false },
	{ "5.0:MQTT-4.3.3-11", VERDICT_FAIL, false },
};

static void add_named(struct book *b, const char *id, enum verdict verdict)
{
	struct record_case c = book_case(sample_ended(verdict, verdict_is_good(verdict)), id);

	if (verdict == VERDICT_PASS) {
		c.statements = kept;
		c.statement_count = 1;
	}
	book_add(b, &c);
}

static void start(struct book *b, const char *version)
{
	struct record_run run = book_run;

	run.target_version = version;
	book_open(b);
	assert_true(record_write_run(b->to, &run));
}

static void finish(struct book *b)
{
	const char *error;

	assert_true(record_write_end(b->to, &b->end));
	assert_true(book_read(b, &error));
}

/* What the diff says of one case run that is in both. */
static enum diff_kind kind(struct record_case before, struct record_case after)
{
	struct book o, n;
	struct diff diff;

	start(&o, "1");
	before = book_case(before, "the_case");
	book_add(&o, &before);
	finish(&o);
	start(&n, "2");
	after = book_case(after, "the_case");
	after.chapter = "moved";
	book_add(&n, &after);
	finish(&n);
	diff_make(&o.arena, &o.runs, &n.runs, &diff);
	assert_int_equal(diff.count, 1);
	enum diff_kind found = diff.entries[0].kind;
	assert_int_equal(diff.counts[found], 1);
	book_close(&o);
	book_close(&n);
	return found;
}

static enum diff_kind change(enum verdict before, enum verdict after)
{
	return kind(sample_ended(before, true), sample_ended(after, true));
}

static void good_to_bad_is_broken_and_back_is_mended(void **state)
{
	(void)state;

	for (int b = 0; b < VERDICT_COUNT; b++) {
		for (int a = 0; a < VERDICT_COUNT; a++) {
			enum diff_kind found = change(b, a);
			if (a == b)
				assert_int_equal(found, DIFF_SAME);
			else if (verdict_is_good(b) && !verdict_is_good(a))
				assert_int_equal(found, DIFF_BROKE);
			else if (!verdict_is_good(b) && verdict_is_good(a))
				assert_int_equal(found, DIFF_MENDED);
			else if (verdict_is_good(a))
				assert_int_equal(found, DIFF_CHANGED);
		}
	}
}

static void bad_can_get_worse(void **state)
{
	(void)state;

	assert_int_equal(change(VERDICT_FAIL, VERDICT_CRASH), DIFF_BROKE);
	assert_int_equal(change(VERDICT_CRASH, VERDICT_FAIL), DIFF_CHANGED);
	assert_int_equal(change(VERDICT_INCONCLUSIVE, VERDICT_FAIL), DIFF_BROKE);
	assert_int_equal(change(VERDICT_ERROR, VERDICT_CRASH), DIFF_BROKE);
	assert_int_equal(change(VERDICT_FAIL, VERDICT_INCONCLUSIVE), DIFF_CHANGED);
	assert_int_equal(change(VERDICT_INCONCLUSIVE, VERDICT_ERROR), DIFF_CHANGED);
}

static void one_statement_more_is_broken(void **state)
{
	(void)state;
	struct record_case one = sample_ended(VERDICT_FAIL, false), two = one;

	one.statements = broken;
	one.statement_count = 1;
	two.statements = two_broken;
	two.statement_count = 2;
	assert_int_equal(kind(one, two), DIFF_BROKE);
	assert_int_equal(kind(two, one), DIFF_SAME);
	assert_int_equal(kind(two, two), DIFF_SAME);
}

/* That the target's file foresees it makes it no less broken. */
static void a_foreseen_failure_is_broken_all_the_same(void **state)
{
	(void)state;
	struct record_case known = sample_foreseen(sample_ended(VERDICT_FAIL, true), VERDICT_FAIL);

	assert_int_equal(kind(sample_ended(VERDICT_PASS, true), known), DIFF_BROKE);
}

static void read_two(struct book *o, struct book *n)
{
	start(o, "2.0.11");
	start(n, "2.0.12");
	add_named(o, "breaks", VERDICT_PASS);
	add_named(n, "breaks", VERDICT_FAIL);
	add_named(o, "dies", VERDICT_FAIL);
	add_named(n, "dies", VERDICT_CRASH);
	add_named(o, "mended", VERDICT_FAIL);
	add_named(n, "mended", VERDICT_PASS);
	add_named(o, "odd", VERDICT_PASS);
	add_named(n, "odd", VERDICT_NONSTRICT);
	add_named(o, "gone", VERDICT_PASS);
	add_named(n, "new", VERDICT_FAIL);
	add_named(o, "same", VERDICT_PASS);
	add_named(n, "same", VERDICT_PASS);
	add_named(o, "more", VERDICT_FAIL);
	struct record_case more = book_case(sample_ended(VERDICT_FAIL, false), "more");
	struct record_statement list[] = { { "5.0:MQTT-4.3.3-10", VERDICT_FAIL, false },
		{ "5.0:MQTT-1.5.4-1", VERDICT_FAIL, false },
		{ "5.0:FOREIGN-1", VERDICT_FAIL, false } };
	more.statements = list;
	more.statement_count = 3;
	book_add(n, &more);
	n->end.stopped = "interrupted";
	finish(o);
	finish(n);
}

static void the_diff_is_as_its_golden_files(void **state)
{
	(void)state;
	struct book o, n;
	struct diff diff;
	struct draft d;

	read_two(&o, &n);
	diff_make(&o.arena, &o.runs, &n.runs, &diff);
	assert_int_equal(diff.counts[DIFF_BROKE], 3);
	assert_int_equal(diff.counts[DIFF_MENDED], 1);
	assert_int_equal(diff.counts[DIFF_CHANGED], 1);
	assert_int_equal(diff.counts[DIFF_NEW], 1);
	assert_int_equal(diff.counts[DIFF_GONE], 1);
	assert_int_equal(diff.counts[DIFF_SAME], 1);
	draft_begin(&d);
	report_diff(d.to, &diff);
	golden_check("diff.txt", draft_end(&d));
	draft_fini(&d);
	draft_begin(&d);
	report_diff_markdown(d.to, &diff);
	golden_check("diff.md", draft_end(&d));
	draft_fini(&d);
	book_close(&o);
	book_close(&n);
}

static const struct matrix_row *row(const struct matrix *m, const char *name)
{
	for (size_t i = 0; i < m->row_count; i++)
		if (!strcmp(m->rows[i].name, name))
			return &m->rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void the_worst_verdict_is_in_the_cell(void **state)
{
	(void)state;
	struct book o, n;
	struct matrix m;

	read_two(&o, &n);
	const struct runs both[] = { o.runs, n.runs };
	matrix_make(&o.arena, both, 2, &m);
	const struct matrix_row *shared = row(&m, "5.0:MQTT-4.3.3-10");
	assert_int_equal(shared->cells[0].verdict, VERDICT_FAIL);
	assert_int_equal(shared->cells[0].counts[VERDICT_PASS], 4);
	assert_false(shared->differs);
	const struct matrix_row *one_sided = row(&m, "5.0:MQTT-1.5.4-1");
	assert_false(one_sided->cells[0].judged);
	assert_false(one_sided->differs);
	assert_null(row(&m, "5.0:FOREIGN-1")->statement);
	book_close(&o);
	book_close(&n);
}

/* A case run that finds this of the statement. */
static void add_found(struct book *b, const char *id, enum verdict verdict)
{
	struct record_statement of_it = { "5.0:MQTT-4.3.3-10", verdict, false };
	struct record_case c = book_case(sample_ended(VERDICT_PASS, true), id);

	c.statements = &of_it;
	c.statement_count = 1;
	book_add(b, &c);
}

/* Of a statement: what one case run of each of two targets says, or two of the first. */
static const struct matrix_row *of_two(struct book *o, struct book *n, struct matrix *m,
	enum verdict a, enum verdict b, bool twice)
{
	static struct runs both[2];

	start(o, "2.0.11");
	add_found(o, "one", a);
	if (twice)
		add_found(o, "two", b);
	finish(o);
	start(n, "2.0.12");
	if (!twice)
		add_found(n, "one", b);
	finish(n);
	both[0] = o->runs;
	both[1] = n->runs;
	matrix_make(&o->arena, both, 2, m);
	return row(m, "5.0:MQTT-4.3.3-10");
}

static void an_observation_is_no_difference(void **state)
{
	(void)state;
	static const struct {
		enum verdict a, b;
		bool differs;
	} pairs[] = {
		{ VERDICT_PASS, VERDICT_INFO, false },
		{ VERDICT_INFO, VERDICT_PASS, false },
		{ VERDICT_PASS, VERDICT_NONSTRICT, true },
		{ VERDICT_INFO, VERDICT_FAIL, true },
		{ VERDICT_PASS, VERDICT_INAPPLICABLE, true },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct book o, n;
		struct matrix m;
		const struct matrix_row *r = of_two(&o, &n, &m, pairs[i].a, pairs[i].b, false);
		assert_int_equal(r->differs, pairs[i].differs);
		book_close(&o);
		book_close(&n);
	}
}

static void what_tells_nothing_hides_nothing(void **state)
{
	(void)state;
	static const enum verdict silent[] = { VERDICT_INAPPLICABLE, VERDICT_INCONCLUSIVE,
		VERDICT_ERROR };
	static const enum verdict telling[] = { VERDICT_PASS, VERDICT_INFO, VERDICT_NONSTRICT,
		VERDICT_FAIL };

	for (size_t s = 0; s < sizeof(silent) / sizeof(*silent); s++) {
		for (size_t t = 0; t < sizeof(telling) / sizeof(*telling); t++) {
			struct book o, n;
			struct matrix m;
			const struct matrix_row *r =
				of_two(&o, &n, &m, telling[t], silent[s], true);
			assert_int_equal(r->cells[0].verdict, telling[t]);
			book_close(&o);
			book_close(&n);
		}
	}
}

static void the_matrix_is_as_its_golden_files(void **state)
{
	(void)state;
	struct book o, n;
	struct matrix m;
	struct draft d;

	start(&o, "2.0.11");
	add_named(&o, "one", VERDICT_PASS);
	finish(&o);
	start(&n, "2.0.11"); /* a twin: told apart by its file */
	add_named(&n, "one", VERDICT_FAIL);
	n.end.stopped = "deadline";
	finish(&n);
	((struct run_source *)n.runs.sources)->path = "nightly/<run>.jsonl";
	const struct runs both[] = { o.runs, n.runs };
	const struct matrix_way ways[] = { { NULL, "out/run.jsonl" },
		{ "a (page).html", "nightly/<run>.jsonl" } };
	matrix_make(&o.arena, both, 2, &m);
	assert_int_equal(m.different, 1);
	assert_int_equal(m.columns[0].kept, 1);
	assert_int_equal(m.columns[1].kept, 1);
	assert_int_equal(m.columns[1].broken, 2);
	draft_begin(&d);
	report_matrix_markdown(d.to, &m, ways);
	golden_check("matrix.md", draft_end(&d));
	draft_fini(&d);
	book_close(&o);
	book_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_to_bad_is_broken_and_back_is_mended),
		cmocka_unit_test(bad_can_get_worse),
		cmocka_unit_test(one_statement_more_is_broken),
		cmocka_unit_test(a_foreseen_failure_is_broken_all_the_same),
		cmocka_unit_test(the_diff_is_as_its_golden_files),
		cmocka_unit_test(the_worst_verdict_is_in_the_cell),
		cmocka_unit_test(an_observation_is_no_difference),
		cmocka_unit_test(what_tells_nothing_hides_nothing),
		cmocka_unit_test(the_matrix_is_as_its_golden_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
