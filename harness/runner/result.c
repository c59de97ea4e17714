#include "harness/runner/result.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/case.h"
#include "harness/runner/expectation.h"
#include "harness/pattern.h"
#include "harness/runner/plan.h"
#include "harness/runner/worker.h"
#include "harness/transport/transport.h"

static const struct record_statement *blank_statements(
	struct arena *a, const struct plan_item *item, enum verdict verdict, size_t *count)
{
	size_t ref_count;
	const char *const *refs = case_refs(item->def, item->row, &ref_count);
	struct record_statement *list = arena_alloc(a, (ref_count + 1) * sizeof(*list));

	*count = 0;
	for (size_t i = 0; i < ref_count; i++)
		if (ref_has_version(refs[i], item->version))
			list[(*count)++] =
				(struct record_statement){ .name = refs[i], .verdict = verdict };
	return list;
}

/* What there was to expect when the case did not say. */
static const char *demand(const struct record_case *record)
{
	if (record->verdict == VERDICT_INCONCLUSIVE)
		return "a set-up that succeeds";
	if (record->verdict == VERDICT_ERROR)
		return "a case run that comes to its end";
	return record->title;
}

static bool is_to_be_explained(enum verdict verdict)
{
	return verdict == VERDICT_FAIL || verdict == VERDICT_NONSTRICT ||
		verdict == VERDICT_INCONCLUSIVE || verdict == VERDICT_ERROR;
}

static void complete_failure(
	struct arena *a, const struct plan_item *item, struct record_case *record)
{
	const struct record_failure *given = record->failure;
	struct record_failure *f;

	if (!given && !is_to_be_explained(record->verdict))
		return;
	f = arena_new(a, struct record_failure);
	if (given)
		*f = *given;
	if (!f->expected || !*f->expected)
		f->expected = demand(record);
	if (!f->actual || !*f->actual)
		f->actual = record->note ? record->note : "nothing was said of it";
	if (!f->file)
		f->file = item->def->file;
	record->failure = f;
}

void result_blank(struct arena *a, const struct plan_item *item, enum verdict verdict,
	const char *note, struct record_case *out)
{
	char chapter[CHAPTER_SIZE];

	*out = (struct record_case){
		.id = item->id,
		.title = item->row && item->row->title ? item->row->title : item->def->title,
		.chapter = arena_text(a, case_chapter(item->def, chapter)),
		.version = spec_version_name(item->version),
		.transport = item->transport->name,
		.segmentation = cut_text(a, &item->cut),
		.repeat = item->repeat,
		.level = item->def->level,
		.verdict = verdict,
		.note = note,
		.started_us = clock_wall_us(),
	};
	out->statements = blank_statements(a, item, verdict, &out->statement_count);
	complete_failure(a, item, out);
}

static const char *how_it_failed(struct arena *a, const struct worker *w)
{
	if (w->flooded)
		return "the process of the case run wrote a record of more than 64 MiB";
	if (WIFSIGNALED(w->status))
		return arena_printf(a, "the process of the case run died of signal %d (%s)",
			WTERMSIG(w->status), strsignal(WTERMSIG(w->status)));
	if (WEXITSTATUS(w->status))
		return arena_printf(a, "the process of the case run exited with status %d",
			WEXITSTATUS(w->status));
	return NULL;
}

void result_read(struct arena *a, const struct plan_item *item, const char *text, size_t len,
	struct record_case *out)
{
	struct record_line line;
	const char *error = NULL;

	if (!len || text[len - 1] != '\n')
		error = "the process of the case run ended without a record";
	else if (!record_parse(a, text, len - 1, &line, &error))
		error = arena_printf(a, "the process of the case run wrote no record: %s", error);
	else if (line.kind != RECORD_CASE || strcmp(line.result.id, item->id) != 0)
		error = "the process of the case run wrote the record of something else";
	if (error) {
		result_blank(a, item, VERDICT_ERROR, error, out);
	} else {
		*out = line.result;
		complete_failure(a, item, out);
	}
	out->repeat = item->repeat;
}

void result_take(struct arena *a, const struct plan_item *item, const struct worker *worker,
	struct record_case *out)
{
	const char *error = how_it_failed(a, worker);

	if (error)
		result_blank(a, item, VERDICT_ERROR, error, out);
	else
		result_read(a, item, arena_copy(a, worker->out.data, worker->out.len),
			worker->out.len, out);
}

bool result_skim(struct arena *a, const struct plan_item *item, const struct worker *worker,
	struct record_case *out)
{
	const struct buf *line = &worker->out;
	struct record_brief brief;

	if (how_it_failed(a, worker) || !line->len ||
		!record_skim((const char *)line->data, line->len, &brief) ||
		strlen(item->id) != brief.id_len || memcmp(item->id, brief.id, brief.id_len) != 0)
		return false;
	result_blank(a, item, VERDICT_PASS, NULL, out);
	out->started_us = brief.started_us;
	out->duration_us = brief.duration_us;
	return true;
}

static const char *cause(struct arena *a, const struct record_death *death)
{
	if (death->note)
		return arena_printf(a, "the target %s", death->note);
	if (death->signal)
		return arena_printf(a, "the target died of signal %d (%s)", death->signal,
			strsignal(death->signal));
	return arena_printf(a, "the target exited by itself, with status %d", death->exit_code);
}

static void set_verdict(struct arena *a, enum verdict verdict, struct record_case *out)
{
	struct record_statement *list = arena_alloc(a, (out->statement_count + 1) * sizeof(*list));

	for (size_t i = 0; i < out->statement_count; i++)
		list[i] = (struct record_statement){ out->statements[i].name, verdict,
			out->statements[i].watched };
	out->statements = list;
	out->verdict = verdict;
}

void result_unlearned(
	struct arena *a, const struct plan_item *item, const char *why, struct record_case *out)
{
	set_verdict(a, VERDICT_INCONCLUSIVE, out);
	out->note = why;
	out->failure = NULL;
	complete_failure(a, item, out);
}

void result_crash(struct arena *a, const struct record_death *death, const char *note,
	struct record_case *out)
{
	set_verdict(a, VERDICT_CRASH, out);
	out->note = death ? cause(a, death) : note;
	out->death = death ? arena_copy(a, death, sizeof(*death)) : NULL;
}

void result_survey(struct arena *a, const struct plan_item *item, const struct record_case *broken,
	struct record_case *out)
{
	*out = *broken;
	out->segmentation = cut_text(a, &item->cut);
	out->repeat = item->repeat;
}

/* What comes only sometimes says nothing of any other verdict. */
static bool is_silent(const struct expectation *e, const struct record_case *record)
{
	return !e || (e->sometimes && e->verdict != record->verdict);
}

void result_judge(
	const struct expectations *expected, const struct plan_item *item, struct record_case *out)
{
	const struct expectation *e =
		expectation_find(expected, item->def, item->row, item->version, item->transport);

	if (is_silent(e, out))
		e = expectation_find_cause(expected, out);
	out->foreseen = e != NULL;
	/* What was not on trial contradicts nothing that is known of it. */
	out->expected = e ? out->verdict == e->verdict || out->verdict == VERDICT_INAPPLICABLE
			  : verdict_is_good(out->verdict);
	if (e) {
		out->foreseen_as = e->verdict;
		out->reason = e->reason;
		out->link = e->link;
	}
}
