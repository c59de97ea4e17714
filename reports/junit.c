#include "reports/junit.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "reports/cause.h"
#include "reports/draft.h"
#include "reports/evidence.h"
#include "reports/failure.h"
#include "reports/markup.h"
#include "reports/outcome.h"

/* The totals of a suite, or of all. */
struct totals {
	size_t tests, failures, errors, skipped;
	size_t known; /* of those skipped: foreseen by the target's file; the others are inapplicable */
	int64_t duration_us;
};

static void count(struct totals *t, const struct record_case *record)
{
	enum outcome outcome = outcome_of(record);

	t->tests++;
	t->failures += outcome == OUTCOME_FAILURE;
	t->errors += outcome == OUTCOME_ERROR;
	t->skipped += outcome == OUTCOME_SKIPPED || outcome == OUTCOME_KNOWN;
	t->known += outcome == OUTCOME_KNOWN;
	t->duration_us += record->duration_us;
}

static void put_seconds(FILE *to, int64_t us)
{
	fprintf(to, " time=\"%" PRId64 ".%06" PRId64 "\"", us / 1000000, us % 1000000);
}

static void put_totals(FILE *to, const struct totals *t)
{
	fprintf(to, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", t->tests,
		t->failures, t->errors, t->skipped);
	put_seconds(to, t->duration_us);
}

static void put_property(FILE *to, const char *name, const char *value)
{
	if (!value)
		return;
	fputs("<property", to);
	markup_attribute(to, "name", name);
	markup_attribute(to, "value", value);
	fputs("/>\n", to);
}

static void put_number(FILE *to, const char *name, size_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%zu", number);
	put_property(to, name, value);
}

static void put_suite_properties(FILE *to, const struct runs *runs, const struct totals *t)
{
	const struct record_run *run = runs->run;

	fputs("<properties>\n", to);
	put_property(to, "mqttspec", run->tool_version);
	put_property(to, "target", run->target_name);
	put_property(to, "target version", run->target_version);
	put_property(to, "target url", run->target_url);
	put_property(to, "role", run->role);
	put_property(to, "command", run->command);
	put_property(to, "catalogue", run->catalogue);
	put_number(to, "inapplicable", t->skipped - t->known);
	put_number(to, "known failures", t->known);
	fputs("</properties>\n", to);
}

/* As an entry of the target's file would name it. */
static void put_cause(FILE *to, const struct record_case *record)
{
	struct causes one;

	if (verdict_is_good(record->verdict))
		return;
	causes_init(&one);
	causes_add(&one, record);
	put_property(to, "cause", one.list[0].name);
	causes_fini(&one);
}

/* Viewers keep properties in dictionaries: every name occurs once, so a statement is a name. */
static void put_case_properties(FILE *to, const struct record_case *record)
{
	fputs("<properties>\n", to);
	put_property(to, "verdict", verdict_name(record->verdict));
	put_property(to, "expected", record->expected ? "true" : "false");
	if (outcome_of(record) == OUTCOME_SKIPPED)
		put_property(to, "skipped", "inapplicable");
	if (outcome_of(record) == OUTCOME_KNOWN)
		put_property(to, "skipped", "known failure");
	if (record->foreseen)
		put_property(to, "foreseen", verdict_name(record->foreseen_as));
	put_property(to, "level", level_name(record->level));
	put_property(to, "title", record->title);
	for (size_t i = 0; i < record->statement_count; i++) {
		const char *name = record->statements[i].name;
		bool seen = false;
		for (size_t n = 0; n < i; n++)
			seen |= !strcmp(name, record->statements[n].name);
		if (!seen)
			put_property(to, name, verdict_name(record->statements[i].verdict));
	}
	put_cause(to, record);
	put_property(to, "note", record->note);
	put_property(to, "pcap", record->pcap);
	put_property(to, "wire", record->wire);
	fputs("</properties>\n", to);
}

/* Text that was laid out for a screen: characters that do no good there are \xHH already. */
static void put_draft(FILE *to, struct draft *d)
{
	markup_text(to, draft_end(d));
	draft_fini(d);
}

static void put_block(FILE *to, const struct runs *runs, const struct run_case *c)
{
	struct report_style style = { .folder = c->source->folder, .brief = true };
	struct draft d;

	draft_begin(&d);
	report_failure_block(d.to, &style, runs->run, c->record);
	put_draft(to, &d);
}

static void put_outcome(FILE *to, const struct runs *runs, const struct run_case *c)
{
	static const char *const tags[OUTCOME_COUNT] = {
		[OUTCOME_SKIPPED] = "skipped",
		[OUTCOME_KNOWN] = "skipped",
		[OUTCOME_FAILURE] = "failure",
		[OUTCOME_ERROR] = "error",
	};
	const char *tag = tags[outcome_of(c->record)];
	struct buf message;

	if (!tag)
		return;
	buf_init(&message, SIZE_MAX);
	outcome_message(&message, c->record);
	fprintf(to, "<%s", tag);
	if (strcmp(tag, "skipped")) {
		bool good = verdict_is_good(c->record->verdict);
		fprintf(to, " type=\"%s%s\"", good ? "unexpected " : "",
			verdict_name(c->record->verdict));
	}
	markup_attribute(to, "message", buf_text(&message));
	if (strcmp(tag, "skipped")) {
		fputc('>', to);
		put_block(to, runs, c);
		fprintf(to, "</%s>\n", tag);
	} else {
		fputs("/>\n", to);
	}
	buf_fini(&message);
}

static void put_output(FILE *to, const struct record_case *record)
{
	struct draft d;

	if (record->transcript_count || record->measurement_count) {
		draft_begin(&d);
		for (size_t i = 0; i < record->measurement_count; i++)
			evidence_measurement(d.to, &record->measurements[i], 0);
		evidence_whole_transcript(d.to, record, 0);
		fputs("<system-out>", to);
		put_draft(to, &d);
		fputs("</system-out>\n", to);
	}
	if (*evidence_said(record)) {
		fputs("<system-err>", to);
		markup_text(to, evidence_said(record));
		fputs("</system-err>\n", to);
	}
}

/* "mqtt_5_0.qos2": viewers read what comes before the last point as a package. */
static void put_class(FILE *to, const struct record_case *record)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "mqtt_%s.%s", record->version, record->chapter);
	for (size_t i = 0; i < b.len && i < strlen("mqtt_") + strlen(record->version); i++)
		b.data[i] = b.data[i] == '.' ? '_' : b.data[i];
	markup_attribute(to, "classname", buf_text(&b));
	buf_fini(&b);
}

/* Whatever folder it was compiled in, as seen from the root of the source. */
static const char *from_the_root(const char *file)
{
	while (!strncmp(file, "../", strlen("../")))
		file += strlen("../");
	return file;
}

/* Where the case is, and at which of its lines it ended. A finding of the run is in no case, and a line
 * of the harness is none of the case's.
 */
static void put_place(FILE *to, const struct runs *runs, const struct record_case *record)
{
	static const char client[] = "client_";
	const struct record_failure *failure = record->failure;
	const char *file = failure && failure->file ? from_the_root(failure->file) : "";
	const char *chapter = record->chapter;
	struct buf b;

	if (!strcmp(chapter, "survey"))
		return;
	if (!strncmp(chapter, client, strlen(client)))
		chapter += strlen(client);
	buf_init(&b, SIZE_MAX);
	if (strncmp(file, "cases/", strlen("cases/")))
		buf_printf(&b, "cases/%s/%s.c", runs->run->role, chapter);
	markup_attribute(to, "file", b.len ? buf_text(&b) : file);
	if (!b.len && failure->line)
		fprintf(to, " line=\"%d\"", failure->line);
	buf_fini(&b);
}

static void put_case(FILE *to, const struct runs *runs, const struct run_case *c)
{
	struct draft d;

	fputs("<testcase name=\"", to);
	draft_begin(&d);
	case_label(d.to, c->record);
	put_draft(to, &d);
	fputc('"', to);
	put_class(to, c->record);
	put_place(to, runs, c->record);
	put_seconds(to, c->record->duration_us);
	fputs(">\n", to);
	put_case_properties(to, c->record);
	put_outcome(to, runs, c);
	put_output(to, c->record);
	fputs("</testcase>\n", to);
}

/* ---- suites ---- */

static bool is_in_suite(const struct record_case *record, const char *version, const char *chapter)
{
	return !strcmp(record->version, version) && !strcmp(record->chapter, chapter);
}

static void open_suite(FILE *to, const struct runs *runs, const struct totals *t)
{
	char stamp[RUNS_TIME_SIZE];

	put_totals(to, t);
	fprintf(to, " timestamp=\"%s\" hostname=\"localhost\">\n",
		runs_time(runs->started_us, 'T', stamp));
	put_suite_properties(to, runs, t);
}

/* The case runs of a chapter stand together, but not those of a version: `first` is the first of
 * the suite.
 */
static void put_suite(FILE *to, const struct runs *runs, size_t first)
{
	const char *version = runs->cases[first].record->version;
	const char *chapter = runs->cases[first].record->chapter;
	struct totals totals = { 0 };
	struct buf name;

	for (size_t i = first; i < runs->case_count; i++)
		if (is_in_suite(runs->cases[i].record, version, chapter))
			count(&totals, runs->cases[i].record);
	buf_init(&name, SIZE_MAX);
	buf_printf(&name, "%s %s", version, chapter);
	fputs("<testsuite", to);
	markup_attribute(to, "name", buf_text(&name));
	buf_fini(&name);
	open_suite(to, runs, &totals);
	for (size_t i = first; i < runs->case_count; i++)
		if (is_in_suite(runs->cases[i].record, version, chapter))
			put_case(to, runs, &runs->cases[i]);
	fputs("</testsuite>\n", to);
}

static bool is_first_of_suite(const struct runs *runs, size_t index)
{
	const struct record_case *record = runs->cases[index].record;

	while (index-- > 0) {
		const struct record_case *before = runs->cases[index].record;
		if (strcmp(before->chapter, record->chapter))
			return true;
		if (!strcmp(before->version, record->version))
			return false;
	}
	return true;
}

/* What is missing must be as red as what is wrong. */
static void put_completeness(FILE *to, const struct runs *runs)
{
	fputs("<testcase name=\"the record is complete\" classname=\"run\" time=\"0\">\n", to);
	if (runs->gap_count) {
		fputs("<error type=\"incomplete\"", to);
		markup_attribute(to, "message", runs->gaps[0]);
		fputs(">", to);
		for (size_t i = 0; i < runs->gap_count; i++) {
			markup_text(to, runs->gaps[i]);
			fputc('\n', to);
		}
		fputs("</error>\n", to);
	}
	fputs("</testcase>\n", to);
}

static void put_unseen(FILE *to, const struct record_unseen *unseen)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_printf(&b, "%s is foreseen", unseen->cause);
	fputs("<testcase", to);
	markup_attribute(to, "name", buf_text(&b));
	fputs(" classname=\"run\" time=\"0\">\n<failure type=\"unseen\"", to);
	buf_reset(&b);
	buf_printf(&b, "foreseen but not seen: %s%s%s%s; remove that entry", unseen->cause,
		unseen->reason ? " (" : "", unseen->reason ? unseen->reason : "",
		unseen->reason ? ")" : "");
	markup_attribute(to, "message", buf_text(&b));
	fputs("/>\n</testcase>\n", to);
	buf_fini(&b);
}

/* Of the run as a whole. */
static struct totals run_totals(const struct runs *runs)
{
	return (struct totals){
		.tests = 1 + runs->unseen_count,
		.failures = runs->unseen_count,
		.errors = runs->gap_count > 0,
	};
}

static void put_run(FILE *to, const struct runs *runs)
{
	struct totals totals = run_totals(runs);

	fputs("<testsuite name=\"run\"", to);
	open_suite(to, runs, &totals);
	put_completeness(to, runs);
	for (size_t i = 0; i < runs->unseen_count; i++)
		put_unseen(to, &runs->unseen[i]);
	fputs("</testsuite>\n", to);
}

void report_junit(FILE *to, const struct runs *runs)
{
	struct totals totals = run_totals(runs);
	struct buf name;

	for (size_t i = 0; i < runs->case_count; i++)
		count(&totals, runs->cases[i].record);
	buf_init(&name, SIZE_MAX);
	buf_printf(&name, "mqttspec: %s", runs->run->target_name);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", to);
	markup_attribute(to, "name", buf_text(&name));
	put_totals(to, &totals);
	fputs(">\n", to);
	for (size_t i = 0; i < runs->case_count; i++)
		if (is_first_of_suite(runs, i))
			put_suite(to, runs, i);
	put_run(to, runs);
	fputs("</testsuites>\n", to);
	buf_fini(&name);
}
