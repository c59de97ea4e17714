#include "reports/foreseen.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "reports/failure.h"
#include "spec/spec.h"

void foreseen_fini(struct foreseen *f)
{
	arena_fini(&f->arena);
	*f = (struct foreseen){ 0 };
}

/* ---- what is foreseen ---------------------------------------------------------------------- */

static bool is_same(const struct foreseen_reason *reason, const struct record_case *record)
{
	if (reason->verdict != record->verdict || !reason->text != !record->reason)
		return false;
	return !reason->text || !strcmp(reason->text, record->reason);
}

static struct foreseen_reason *reason_of(struct foreseen *f, const struct record_case *record)
{
	const char *statement = case_blamed(record);

	for (size_t i = 0; i < f->count; i++)
		if (is_same(&f->list[i], record))
			return &f->list[i];
	f->list = arena_grow(&f->arena, f->list, f->count, &f->capacity, sizeof(*f->list));
	f->list[f->count] = (struct foreseen_reason){
		.verdict = record->verdict,
		.text = record->reason ? arena_text(&f->arena, record->reason) : NULL,
		.example = arena_text(&f->arena, record->id),
		.statement = statement ? spec_find(statement) : NULL,
	};
	return &f->list[f->count++];
}

void foreseen_add(struct foreseen *f, const struct record_case *record)
{
	reason_of(f, record)->count++;
}

/* ---- how it is said ------------------------------------------------------------------------ */

/* Which ended first is chance, so it decides nothing. */
static int compare(const void *a, const void *b)
{
	const struct foreseen_reason *x = a, *y = b;
	int order = spec_compare(x->statement, y->statement);

	if (!order)
		order = strcmp(x->text ? x->text : "", y->text ? y->text : "");
	return order ? order : (int)x->verdict - (int)y->verdict;
}

void foreseen_sort(struct foreseen *f)
{
	if (f->count)
		qsort(f->list, f->count, sizeof(*f->list), compare);
}

/* "fails", "fail": what one and what many of them do. */
static const char *deed(enum verdict verdict, bool one)
{
	switch (verdict) {
	case VERDICT_FAIL: return one ? "fails" : "fail";
	case VERDICT_CRASH: return one ? "crashes the target" : "crash the target";
	case VERDICT_INCONCLUSIVE: return one ? "is inconclusive" : "are inconclusive";
	case VERDICT_ERROR: return one ? "is an error of the suite" : "are errors of the suite";
	default: return verdict_name(verdict);
	}
}

void foreseen_sentence(struct buf *b, const struct foreseen_reason *reason)
{
	bool one = reason->count == 1;

	buf_printf(b, "%zu case %s %s as foreseen", reason->count, one ? "run" : "runs",
		deed(reason->verdict, one));
	if (reason->text)
		buf_printf(b, ": %s", reason->text);
	buf_printf(b, " (%s%s)", reason->example, one ? "" : ", for example");
}
