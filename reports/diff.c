#include "reports/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "reports/draft.h"
#include "reports/failure.h"
#include "reports/markdown.h"
#include "reports/outcome.h"
#include "reports/text.h"

/* A chapter is where a case stands, not what it is. */
static int compare(const struct record_case *a, const struct record_case *b)
{
	struct record_case x = *a, y = *b;

	x.chapter = y.chapter = "";
	return case_compare(&x, &y);
}

static int compare_pointers(const void *a, const void *b)
{
	const struct record_case *x = *(const struct record_case *const *)a;
	const struct record_case *y = *(const struct record_case *const *)b;
	int order = compare(x, y);

	if (order)
		return order;
	return (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

static const struct record_case **sorted(struct arena *a, const struct runs *runs)
{
	const struct record_case **list = arena_alloc(a, (runs->case_count + 1) * sizeof(*list));

	for (size_t i = 0; i < runs->case_count; i++)
		list[i] = runs->cases[i].record;
	qsort(list, runs->case_count, sizeof(*list), compare_pointers);
	return list;
}

static bool is_finding(enum verdict verdict)
{
	return verdict == VERDICT_FAIL || verdict == VERDICT_CRASH;
}

static bool breaks(const struct record_case *record, const char *statement)
{
	for (size_t i = 0; i < record->statement_count; i++)
		if (is_finding(record->statements[i].verdict) &&
			!strcmp(record->statements[i].name, statement))
			return true;
	return false;
}

/* The first statement that is broken now and was not before, from the `at`-th on. */
static const char *newly_broken(
	const struct record_case *before, const struct record_case *after, size_t *at)
{
	for (; *at < after->statement_count; (*at)++) {
		const char *name = after->statements[*at].name;
		if (is_finding(after->statements[*at].verdict) && !breaks(before, name)) {
			(*at)++;
			return name;
		}
	}
	return NULL;
}

static enum diff_kind kind_of(const struct record_case *before, const struct record_case *after)
{
	enum verdict b = before->verdict, a = after->verdict;
	size_t at = 0;

	if (verdict_is_good(a) && !verdict_is_good(b))
		return DIFF_MENDED;
	if (!verdict_is_good(a) && verdict_is_good(b))
		return DIFF_BROKE;
	if (a == b)
		return is_finding(a) && newly_broken(before, after, &at) ? DIFF_BROKE : DIFF_SAME;
	return is_finding(a) && verdict_worse(a, b) == a ? DIFF_BROKE : DIFF_CHANGED;
}

static void add(struct diff *diff, struct diff_entry *entries, const struct record_case *before,
	const struct record_case *after)
{
	enum diff_kind kind = !before ? DIFF_NEW : !after ? DIFF_GONE : kind_of(before, after);

	entries[diff->count++] = (struct diff_entry){ kind, before, after };
	diff->counts[kind]++;
}

void diff_make(
	struct arena *a, const struct runs *before, const struct runs *after, struct diff *out)
{
	const struct record_case **b = sorted(a, before), **n = sorted(a, after);
	size_t most = before->case_count + after->case_count;
	struct diff_entry *entries = arena_alloc(a, (most + 1) * sizeof(*entries));
	size_t i = 0, k = 0;

	*out = (struct diff){ .before = before, .after = after, .entries = entries };
	while (i < before->case_count || k < after->case_count) {
		int order = i == before->case_count ? 1
			: k == after->case_count    ? -1
						    : compare(b[i], n[k]);
		add(out, entries, order <= 0 ? b[i] : NULL, order >= 0 ? n[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
}

/* ---- words ---- */

static const char *const titles[DIFF_KINDS] = { "Broke", "Mended", "Changed", "New", "Gone",
	"The same" };
static const char *const words[DIFF_KINDS] = { "broke", "mended", "changed", "new", "gone",
	"the same" };

/* "pass -> fail", or the one verdict that there is. */
static void put_verdicts(FILE *to, const struct diff_entry *e, const char *arrow)
{
	if (e->before)
		fputs(verdict_name(e->before->verdict), to);
	if (e->before && e->after)
		fputs(arrow, to);
	if (e->after)
		fputs(verdict_name(e->after->verdict), to);
}

/* Why: for what broke, the finding; for a failure that breaks more than before, what it adds. */
static void add_reason(struct buf *b, const struct diff_entry *e)
{
	const struct record_case *record = e->after;
	const char *name, *between = "now also breaks ";
	size_t at = 0;

	if (!record || e->kind == DIFF_MENDED)
		return;
	if (e->before && e->before->verdict == record->verdict) {
		while ((name = newly_broken(e->before, record, &at))) {
			buf_printf(b, "%s%s", between, name);
			between = ", ";
		}
		buf_add_text(b, "; ");
	}
	outcome_message(b, record);
}

static void put_counts(FILE *to, const struct diff *diff)
{
	for (int kind = 0; kind < DIFF_KINDS; kind++)
		fprintf(to, "%s%zu %s", kind ? ", " : "", diff->counts[kind], words[kind]);
}

static const struct record_case *any_of(const struct diff_entry *e)
{
	return e->after ? e->after : e->before;
}

/* ---- for a terminal ---- */

static void put_side(FILE *to, const char *name, const struct runs *runs)
{
	fputs(name, to);
	runs_target(to, runs->run);
	fputs("  ", to);
	text_put(to, runs->sources[0].path);
	fputc('\n', to);
	for (size_t i = 0; i < runs->gap_count; i++) {
		fputs("     incomplete: ", to);
		text_put(to, runs->gaps[i]);
		fputc('\n', to);
	}
}

static void put_entry(FILE *to, const struct diff_entry *e)
{
	struct buf reason;

	fputs("  ", to);
	case_label(to, any_of(e));
	fputs("  ", to);
	put_verdicts(to, e, " -> ");
	fputc('\n', to);
	buf_init(&reason, SIZE_MAX);
	add_reason(&reason, e);
	if (reason.len) {
		fputs("      ", to);
		text_put(to, buf_text(&reason));
		fputc('\n', to);
	}
	buf_fini(&reason);
}

void report_diff(FILE *to, const struct diff *diff)
{
	put_side(to, "old  ", diff->before);
	put_side(to, "new  ", diff->after);
	for (int kind = 0; kind < DIFF_SAME; kind++) {
		if (!diff->counts[kind])
			continue;
		fprintf(to, "\n%s (%zu)\n", titles[kind], diff->counts[kind]);
		for (size_t i = 0; i < diff->count; i++)
			if ((int)diff->entries[i].kind == kind)
				put_entry(to, &diff->entries[i]);
	}
	fputc('\n', to);
	put_counts(to, diff);
	fputc('\n', to);
}

/* ---- Markdown ---- */

static void put_markdown_target(FILE *to, const struct runs *runs)
{
	struct draft target;

	draft_begin(&target);
	runs_target(target.to, runs->run);
	markdown_text(to, draft_end(&target));
	draft_fini(&target);
}

static void put_markdown_gaps(FILE *to, const char *which, const struct runs *runs)
{
	for (size_t i = 0; i < runs->gap_count; i++) {
		fprintf(to, "> **The %s record is incomplete:** ", which);
		markdown_text(to, runs->gaps[i]);
		fputs(".\n\n", to);
	}
}

static void put_markdown_entry(FILE *to, const struct diff_entry *e)
{
	struct draft label;
	struct buf reason;

	draft_begin(&label);
	case_label(label.to, any_of(e));
	fputs("| ", to);
	markdown_text(to, draft_end(&label));
	draft_fini(&label);
	fputs(" | ", to);
	put_verdicts(to, e, " → ");
	fputs(" | ", to);
	buf_init(&reason, SIZE_MAX);
	add_reason(&reason, e);
	markdown_text(to, buf_text(&reason));
	buf_fini(&reason);
	fputs(" |\n", to);
}

void report_diff_markdown(FILE *to, const struct diff *diff)
{
	fputs("## ", to);
	put_markdown_target(to, diff->before);
	fputs(" → ", to);
	put_markdown_target(to, diff->after);
	fputs("\n\n", to);
	put_counts(to, diff);
	fputs(".\n\n", to);
	put_markdown_gaps(to, "old", diff->before);
	put_markdown_gaps(to, "new", diff->after);
	for (int kind = 0; kind < DIFF_SAME; kind++) {
		if (!diff->counts[kind])
			continue;
		fprintf(to,
			"### %s (%zu)\n\n| case run | verdict | what happened |\n|---|---|---|\n",
			titles[kind], diff->counts[kind]);
		for (size_t i = 0; i < diff->count; i++)
			if ((int)diff->entries[i].kind == kind)
				put_markdown_entry(to, &diff->entries[i]);
		fputc('\n', to);
	}
}
