#include "reports/terminal.h"

#include <string.h>

#include "base/buf.h"
#include "reports/evidence.h"
#include "reports/failure.h"
#include "reports/text.h"
#include "spec/spec.h"

enum {
	STATUS_WIDTH = 80, /* when the screen's is not known */
	STDERR_LINES = 5,  /* shown of a target that died */
	BLOCKS_MAX = 10,   /* failures shown in full; more only where the cause is new */
	CAUSES_MAX = 40,   /* shown at the end */
	FAR_US = 1000,     /* a round trip that is worth a word */
	STAGES = 10,       /* of a run in a pipe */
};

static struct report_style style_of(const struct terminal *t)
{
	return (struct report_style){ .color = t->color, .width = t->width, .folder = t->folder };
}

/* What is printed next begins in an empty line. */
static void erase_status(struct terminal *t)
{
	if (t->drawn)
		fputs("\r\x1b[K", t->to);
	t->drawn = false;
}

void terminal_begin(struct terminal *t, const struct record_run *run)
{
	struct buf b;

	t->run = run;
	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "mqttspec %s judges %s", run->tool_version, run->target_name);
	if (run->target_version)
		buf_printf(&b, " %s", run->target_version);
	if (*run->target_url && strcmp(run->target_url, run->target_name))
		buf_printf(&b, " at %s", run->target_url);
	if (run->planned) /* scenarios are none */
		buf_printf(&b, ": %zu case %s", run->planned, run->planned == 1 ? "run" : "runs");
	if (run->shard)
		buf_printf(&b, ", shard %s", run->shard);
	if (run->round_trip_us >= FAR_US)
		buf_printf(&b, ", round trip %.0f ms", (double)run->round_trip_us / 1000);
	buf_printf(&b, ", seed %llu", (unsigned long long)run->seed);
	text_wrap(t->to, buf_text(&b), (struct text_block){ .indent = 2, .width = t->width });
	fputc('\n', t->to);
	fflush(t->to);
	buf_fini(&b);
}

/* What is worth knowing of a case run in a few words; NULL if nothing is. */
static const char *remark(const struct record_case *record)
{
	if (record->note)
		return record->note;
	return record->failure ? record->failure->actual : NULL;
}

static void put_line(struct terminal *t, const struct record_case *record)
{
	struct report_style style = style_of(t);
	bool dim = t->color && case_is_expected_failure(record);
	const char *words = record->expected && record->foreseen ? record->reason : remark(record);
	char duration[TEXT_SIZE];

	if (dim) { /* all of it, so no colours inside */
		fputs(INK_DIM, t->to);
		style.color = false;
	}
	report_heading(t->to, &style, record, false);
	fprintf(t->to, "  %s", text_duration(record->duration_us, duration));
	if (record->expected && record->foreseen)
		fputs("  as foreseen", t->to);
	if (words) {
		fputs(record->expected && record->foreseen ? ": " : "  ", t->to);
		text_wrap(t->to, words, (struct text_block){ 0 });
	}
	fputs(text_ink(dim, INK_OFF), t->to);
	fputc('\n', t->to);
}

/* Of a thousand failures of one cause ten say all there is to say. */
static bool is_worth_a_block(struct terminal *t, const struct record_case *record)
{
	size_t cause = causes_add(&t->causes, record);
	bool is_new = t->causes.list[cause].count == 1;

	if (!is_new && t->blocks >= BLOCKS_MAX && !t->verbose)
		return false;
	t->blocks++;
	return true;
}

static size_t sum(const size_t counts[static VERDICT_COUNT])
{
	size_t all = 0;

	for (int v = 0; v < VERDICT_COUNT; v++)
		all += counts[v];
	return all;
}

/* "12 pass, 1 fail", the verdicts that were given. */
static void add_counts(struct buf *b, const size_t counts[static VERDICT_COUNT])
{
	const char *before = "";

	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (!counts[v])
			continue;
		buf_printf(b, "%s%zu %s", before, counts[v], verdict_name(v));
		before = ", ";
	}
}

/* So that a log shows that something goes on. */
static void put_stage(struct terminal *t)
{
	size_t done = sum(t->counts), planned = t->run->planned;
	size_t stage = planned ? done * STAGES / planned : 0;
	struct buf b;

	if (!t->stages || stage == t->stage || stage >= STAGES)
		return;
	t->stage = stage;
	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "%zu of %zu: ", done, planned);
	add_counts(&b, t->counts);
	if (t->unexpected)
		buf_printf(&b, " (%zu unexpected)", t->unexpected);
	fprintf(t->to, "%s\n", buf_text(&b));
	buf_fini(&b);
	fflush(t->to);
}

static void show_case(struct terminal *t, const struct record_case *record)
{
	struct report_style style = style_of(t);

	erase_status(t);
	if (record->expected || !is_worth_a_block(t, record))
		put_line(t, record);
	else
		report_failure_block(t->to, &style, t->run, record);
	fflush(t->to);
}

void terminal_case(struct terminal *t, const struct record_case *record)
{
	t->counts[record->verdict]++;
	t->unexpected += !record->expected;
	t->unexpected_inapplicable += !record->expected && record->verdict == VERDICT_INAPPLICABLE;
	t->expected_failures += case_is_expected_failure(record);
	if (!record->expected || t->each)
		show_case(t, record);
	else if (case_is_expected_failure(record))
		foreseen_add(&t->foreseen, record);
	put_stage(t);
}

void terminal_death(struct terminal *t, const struct record_death *death)
{
	char cause[CAUSE_SIZE];
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "the target %s", evidence_cause(death, cause));
	if (*death->during)
		buf_printf(&b, " during %s", death->during);
	erase_status(t);
	fputs(text_ink(t->color, INK_RED), t->to);
	text_wrap(t->to, buf_text(&b), (struct text_block){ .indent = 2, .width = t->width });
	fprintf(t->to, "%s\n", text_ink(t->color, INK_OFF));
	buf_fini(&b);
	evidence_stderr(t->to, death->stderr_tail, STDERR_LINES);
	fflush(t->to);
}

void terminal_remark(struct terminal *t, const char *sentence)
{
	erase_status(t);
	fputs(text_ink(t->color, INK_YELLOW), t->to);
	text_wrap(t->to, sentence, (struct text_block){ .indent = 2, .width = t->width });
	fprintf(t->to, "%s\n", text_ink(t->color, INK_OFF));
	fflush(t->to);
}

void terminal_progress(struct terminal *t, size_t done, size_t planned,
	const struct terminal_running *running, size_t running_count, double per_second,
	const char *phase)
{
	struct buf b;

	if (!t->live)
		return;
	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "%zu/%zu", done, planned);
	if (done) {
		buf_add_text(&b, "  ");
		add_counts(&b, t->counts);
	}
	if (t->unexpected)
		buf_printf(&b, " (%zu unexpected)", t->unexpected);
	if (phase)
		buf_printf(&b, "  %s", phase);
	else
		buf_printf(&b, "  %.0f/s", per_second);
	for (size_t i = 0; i < running_count; i++) {
		char age[TEXT_SIZE];
		buf_printf(&b, "%s%s %s", i ? ", " : "  running ", running[i].id,
			text_duration(running[i].age_us, age));
	}
	erase_status(t);
	text_cut(t->to, buf_text(&b), (t->width ? t->width : STATUS_WIDTH) - 1);
	t->drawn = true;
	fflush(t->to);
	buf_fini(&b);
}

static void put_scenarios(const struct terminal *t, const struct record_end *end)
{
	char played[TEXT_SCENARIOS_SIZE], duration[TEXT_SIZE];

	fprintf(t->to, "%s in %s\n",
		text_scenarios(end->unexpected, end->scenarios, end->steps, played),
		text_duration(end->duration_us, duration));
}

/* "310 pass, 11 fail in 12.3 s, 26 a second; 9 expected failures" */
static void put_counts(struct terminal *t, const struct record_end *end)
{
	size_t all = sum(end->counts);
	double seconds = (double)end->duration_us / 1e6;
	char duration[TEXT_SIZE], rate[TEXT_SIZE];
	struct buf b;

	buf_init(&b, SIZE_MAX);
	if (all)
		add_counts(&b, end->counts);
	else
		buf_add_text(&b, "nothing was run");
	buf_printf(&b, " in %s", text_duration(end->duration_us, duration));
	if (all && seconds > 0) {
		snprintf(rate, sizeof(rate), "%.*f", (double)all < 10 * seconds ? 1 : 0,
			(double)all / seconds);
		buf_printf(&b, ", %s case runs a second", rate);
	}
	buf_printf(&b, "; %zu expected %s", t->expected_failures,
		t->expected_failures == 1 ? "failure" : "failures");
	text_wrap(t->to, buf_text(&b), (struct text_block){ .indent = 2, .width = t->width });
	fputc('\n', t->to);
	buf_fini(&b);
}

static void put_result(struct terminal *t, const struct record_end *end)
{
	size_t not_applicable = end->counts[VERDICT_INAPPLICABLE] - t->unexpected_inapplicable;

	if (t->expected_failures)
		fputs("what the target's file foresees counts as passed:\n", t->to);
	fprintf(t->to, "%zu passed, %zu failed",
		sum(end->counts) - end->unexpected - not_applicable,
		end->unexpected + end->unseen_count);
	if (not_applicable)
		fprintf(t->to, ", %zu not applicable", not_applicable);
	if (end->not_run)
		fprintf(t->to, ", %zu skipped", end->not_run);
	fputc('\n', t->to);
}

static void put_trouble(struct terminal *t, const char *trouble)
{
	fputs(text_ink(t->color, INK_RED), t->to);
	text_put(t->to, trouble);
	fprintf(t->to, "%s\n", text_ink(t->color, INK_OFF));
}

/* ---- by cause ------------------------------------------------------------------------------ */

static void put_paragraph(const struct terminal *t, struct buf *b)
{
	fprintf(t->to, "%*s", EVIDENCE_INDENT, "");
	text_wrap(t->to, buf_text(b),
		(struct text_block){ EVIDENCE_INDENT, EVIDENCE_INDENT + 2, t->width });
	fputc('\n', t->to);
	buf_reset(b);
}

static void put_cause(const struct terminal *t, const struct cause *cause)
{
	const struct spec_statement *s = cause->statement ? spec_find(cause->statement) : NULL;
	struct buf b;

	fprintf(t->to, "%5zu %s%s%s", cause->count,
		text_ink(t->color, verdict_is_good(cause->verdict) ? INK_YELLOW : INK_RED),
		verdict_name(cause->verdict), text_ink(t->color, INK_OFF));
	if (cause->name) {
		fputs("  ", t->to);
		text_put(t->to, cause->name);
	}
	fputc('\n', t->to);
	buf_init(&b, SIZE_MAX);
	if (s) {
		buf_add_text(&b, s->summary);
		put_paragraph(t, &b);
	}
	cause_sentence(&b, cause);
	put_paragraph(t, &b);
	cause_examples(&b, cause);
	put_paragraph(t, &b);
	buf_fini(&b);
}

/* Not when it would say once more what the blocks have said. */
static void put_causes(struct terminal *t)
{
	struct causes *all = &t->causes;
	const struct cause **list = causes_by_section(all, CAUSES_MAX);
	size_t rest = 0;

	if (all->count == all->case_count && all->count <= BLOCKS_MAX)
		return;
	fprintf(t->to, "%zu unexpected, by cause:\n", all->case_count);
	for (size_t i = 0; i < all->count; i++) {
		if (i < CAUSES_MAX && list[i]->as_asked && (!i || !list[i - 1]->as_asked))
			fprintf(t->to, "%s:\n", cause_as_asked);
		if (i < CAUSES_MAX)
			put_cause(t, list[i]);
		else
			rest += list[i]->count;
	}
	if (rest)
		fprintf(t->to, "%5zu more, of %zu causes\n", rest, all->count - CAUSES_MAX);
}

/* Those that were a line each are none of them. */
static void put_foreseen(struct terminal *t)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	foreseen_sort(&t->foreseen);
	fputs(text_ink(t->color && t->foreseen.count, INK_DIM), t->to);
	for (size_t i = 0; i < t->foreseen.count; i++) {
		buf_reset(&b);
		foreseen_sentence(&b, &t->foreseen.list[i]);
		text_wrap(
			t->to, buf_text(&b), (struct text_block){ .indent = 2, .width = t->width });
		fputc('\n', t->to);
	}
	fputs(text_ink(t->color && t->foreseen.count, INK_OFF), t->to);
	buf_fini(&b);
}

static void put_unseen(const struct terminal *t, const struct record_unseen *unseen)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "foreseen but not seen: %s", unseen->cause);
	if (unseen->reason)
		buf_printf(&b, ", \"%s\"", unseen->reason);
	if (unseen->link)
		buf_printf(&b, " <%s>", unseen->link);
	buf_printf(&b, "; remove that entry from the file of target %s", t->run->target);
	text_wrap(t->to, buf_text(&b), (struct text_block){ .indent = 2, .width = t->width });
	fputc('\n', t->to);
	buf_fini(&b);
}

void terminal_end(struct terminal *t, const struct record_end *end, const char *trouble)
{
	erase_status(t);
	put_foreseen(t);
	put_causes(t);
	foreseen_fini(&t->foreseen);
	causes_fini(&t->causes);
	for (size_t i = 0; i < end->unseen_count; i++)
		put_unseen(t, &end->unseen[i]);
	if (end->stopped && !trouble) {
		fputs("stopped early: ", t->to);
		text_put(t->to, end->stopped);
		fputc('\n', t->to);
	}
	if (end->scenarios)
		put_scenarios(t, end);
	else
		put_counts(t, end);
	if (trouble)
		put_trouble(t, trouble);
	else if (!end->scenarios)
		put_result(t, end);
	fflush(t->to);
}
