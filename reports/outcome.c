#include "reports/outcome.h"

#include <string.h>

#include "base/buf.h"
#include "reports/evidence.h"
#include "reports/failure.h"
#include "reports/runs.h"
#include "reports/text.h"

enum outcome outcome_of(const struct record_case *record)
{
	if (!record->expected)
		return record->verdict == VERDICT_ERROR || record->verdict == VERDICT_INCONCLUSIVE
			? OUTCOME_ERROR
			: OUTCOME_FAILURE;
	if (!verdict_is_good(record->verdict))
		return OUTCOME_KNOWN;
	return record->verdict == VERDICT_INAPPLICABLE ? OUTCOME_SKIPPED : OUTCOME_OK;
}

static void add_foreseen(struct buf *b, const struct record_case *record)
{
	if (record->reason)
		buf_printf(b, " (%s)", record->reason);
	if (record->link)
		buf_printf(b, " <%s>", record->link);
}

static void add_failure(struct buf *b, const struct record_failure *failure)
{
	if (*failure->expected) {
		buf_add_text(b, "expected ");
		text_shorten(b, failure->expected);
		buf_add_text(b, ", actual ");
	}
	text_shorten(b, failure->actual);
}

static void add_finding(struct buf *b, const struct record_case *record)
{
	const char *statement = case_blamed(record);
	char cause[CAUSE_SIZE];

	if (statement)
		buf_printf(b, "%s: ", statement);
	if (record->death)
		buf_printf(b, "the target %s", evidence_cause(record->death, cause));
	else if (record->failure)
		add_failure(b, record->failure);
	else if (record->note)
		text_shorten(b, record->note);
	else
		buf_add_text(b, record->title);
}

void outcome_message(struct buf *b, const struct record_case *record)
{
	const char *name = verdict_name(record->verdict);

	switch (outcome_of(record)) {
	case OUTCOME_KNOWN:
		buf_printf(b, "%s, as foreseen", name);
		add_foreseen(b, record);
		break;
	case OUTCOME_SKIPPED: buf_add_text(b, record->note ? record->note : name); break;
	case OUTCOME_FAILURE:
	case OUTCOME_ERROR:
		if (!verdict_is_good(record->verdict)) {
			add_finding(b, record);
			break;
		}
		buf_printf(b, "unexpected %s: the target's file foresees %s", name,
			verdict_name(record->foreseen_as));
		add_foreseen(b, record);
		buf_add_text(b, "; remove that entry");
		break;
	case OUTCOME_OK:
		if (record->note || record->verdict != VERDICT_PASS)
			add_finding(b, record);
		break;
	}
}
