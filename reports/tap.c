#include "reports/tap.h"

#include <string.h>

#include "base/buf.h"
#include "reports/draft.h"
#include "reports/failure.h"
#include "reports/outcome.h"
#include "reports/text.h"

/* On one line, and without the characters that begin a directive. */
static void put_text(FILE *to, const char *text)
{
	struct draft safe;

	draft_begin(&safe);
	text_put(safe.to, text);
	for (const char *c = draft_end(&safe); *c; c++) {
		if (*c == '#' || *c == '\\')
			fputc('\\', to);
		fputc(*c, to);
	}
	draft_fini(&safe);
}

/* A scalar in double quotes; control characters are \xHH, which YAML reads as them. */
static void put_scalar(FILE *to, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(to, "  %s: \"", key);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(to, "\\%c", *c);
		else if (*c < 0x20 || *c == 0x7f)
			fprintf(to, "\\x%02X", *c);
		else
			fputc(*c, to);
	}
	fputs("\"\n", to);
}

static void put_place(FILE *to, const struct record_failure *failure)
{
	struct buf b;

	if (!failure->file)
		return;
	buf_init(&b, SIZE_MAX);
	buf_add_text(&b, failure->file);
	if (failure->line)
		buf_printf(&b, ":%d", failure->line);
	put_scalar(to, "at", buf_text(&b));
	buf_fini(&b);
}

static void put_diagnostics(FILE *to, const struct runs *runs, const struct run_case *c)
{
	const struct record_case *record = c->record;
	struct buf message, again;

	buf_init(&message, SIZE_MAX);
	buf_init(&again, SIZE_MAX);
	outcome_message(&message, record);
	case_again(&again, runs->run, c->source->folder, record);
	fputs("  ---\n", to);
	put_scalar(to, "message", buf_text(&message));
	put_scalar(to, "verdict", verdict_name(record->verdict));
	put_scalar(to, "level", level_name(record->level));
	put_scalar(to, "title", record->title);
	put_scalar(to, "statement", case_blamed(record));
	if (record->failure) {
		put_place(to, record->failure);
		put_scalar(to, "expected", record->failure->expected);
		put_scalar(to, "actual", record->failure->actual);
	}
	put_scalar(to, "pcap", record->pcap);
	put_scalar(to, "wire", record->wire);
	put_scalar(to, "again", buf_text(&again));
	fputs("  ...\n", to);
	buf_fini(&message);
	buf_fini(&again);
}

static void put_directive(FILE *to, const char *directive, const struct record_case *record)
{
	struct buf message;

	buf_init(&message, SIZE_MAX);
	outcome_message(&message, record);
	fprintf(to, " # %s ", directive);
	put_text(to, buf_text(&message));
	buf_fini(&message);
}

static void put_case(FILE *to, const struct runs *runs, size_t number)
{
	const struct record_case *record = runs->cases[number - 1].record;
	enum outcome outcome = outcome_of(record);
	bool ok = outcome == OUTCOME_OK || outcome == OUTCOME_SKIPPED;
	struct draft label;

	draft_begin(&label);
	case_label(label.to, record);
	fprintf(to, "%s %zu - ", ok ? "ok" : "not ok", number);
	put_text(to, draft_end(&label));
	draft_fini(&label);
	if (outcome == OUTCOME_KNOWN)
		put_directive(to, "TODO", record);
	else if (outcome == OUTCOME_SKIPPED)
		put_directive(to, "SKIP", record);
	fputc('\n', to);
	if (outcome == OUTCOME_FAILURE || outcome == OUTCOME_ERROR)
		put_diagnostics(to, runs, &runs->cases[number - 1]);
}

/* What is missing must fail as well as what is wrong. */
static void put_gaps(FILE *to, const struct runs *runs)
{
	fprintf(to, "not ok %zu - the record is complete\n  ---\n", runs->case_count + 1);
	for (size_t i = 0; i < runs->gap_count; i++) {
		char key[32];
		snprintf(key, sizeof(key), "gap_%zu", i + 1);
		put_scalar(to, key, runs->gaps[i]);
	}
	fputs("  ...\n", to);
}

/* Numbered from `number` on. */
static void put_unseen(FILE *to, const struct runs *runs, size_t number)
{
	for (size_t i = 0; i < runs->unseen_count; i++) {
		const struct record_unseen *u = &runs->unseen[i];
		fprintf(to, "not ok %zu - ", number + i);
		put_text(to, u->cause);
		fputs(" is foreseen\n  ---\n  message: \"foreseen but not seen; remove that "
		      "entry\"\n",
			to);
		put_scalar(to, "reason", u->reason);
		fputs("  ...\n", to);
	}
}

void report_tap(FILE *to, const struct runs *runs)
{
	size_t count = runs->case_count + (runs->gap_count > 0) + runs->unseen_count;

	fprintf(to, "TAP version 14\n1..%zu\n# mqttspec ", count);
	text_put(to, runs->run->tool_version);
	fputs(" judged ", to);
	runs_target(to, runs->run);
	fputc('\n', to);
	for (size_t i = 1; i <= runs->case_count; i++)
		put_case(to, runs, i);
	if (runs->gap_count)
		put_gaps(to, runs);
	put_unseen(to, runs, count - runs->unseen_count + 1);
}
