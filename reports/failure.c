#include "reports/failure.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/shell.h"
#include "reports/evidence.h"
#include "reports/text.h"
#include "spec/spec.h"

enum {
	LABEL_WIDTH = 4,      /* of the first word of a heading; longer ones stick out */
	STDERR_LINES = 20,    /* shown of a target that died */
	PLACE_WIDTH_MAX = 40, /* the column up to which file and line leave room beside them */
};

bool case_is_expected_failure(const struct record_case *record)
{
	return record->expected && !verdict_is_good(record->verdict);
}

static const char *label(const struct record_case *record, char out[static TEXT_SIZE])
{
	const char *name = verdict_name(record->verdict);

	if (record->expected)
		return record->verdict == VERDICT_PASS ? "ok" : name;
	size_t i = 0;
	for (; name[i]; i++)
		out[i] = (char)toupper((unsigned char)name[i]);
	out[i] = '\0';
	return out;
}

static const char *label_ink(const struct record_case *record)
{
	bool good = verdict_is_good(record->verdict);

	if (record->expected)
		return record->verdict == VERDICT_PASS ? INK_GREEN : good ? INK_YELLOW : INK_DIM;
	return good ? INK_BOLD INK_YELLOW : INK_BOLD INK_RED;
}

void report_heading(
	FILE *to, const struct report_style *style, const struct record_case *record, bool always)
{
	char word[TEXT_SIZE];
	const char *segmentation = record->segmentation;

	fputs(text_ink(style->color, label_ink(record)), to);
	text_pad(to, label(record, word), LABEL_WIDTH);
	fputs(text_ink(style->color, INK_OFF), to);
	fputs("  ", to);
	text_put(to, record->id);
	fprintf(to, "  %s", record->version);
	if (always || strcmp(record->transport, "tcp"))
		fprintf(to, "  %s", record->transport);
	if (*segmentation && strcmp(segmentation, "whole"))
		fprintf(to, "  %s", segmentation);
	if (record->repeat)
		fprintf(to, "  run %d", record->repeat + 1);
}

/* One paragraph of the block, its further lines two columns deeper. */
static void put_paragraph(FILE *to, const struct report_style *style, const char *text)
{
	fprintf(to, "%*s", EVIDENCE_INDENT, "");
	text_wrap(to, text,
		(struct text_block){ EVIDENCE_INDENT, EVIDENCE_INDENT + 2, style->width });
	fputc('\n', to);
}

/* "MQTT-4.3.3-10" of "5.0:MQTT-4.3.3-10". */
static const char *without_version(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

const char *case_blamed(const struct record_case *record)
{
	bool says = record->verdict == VERDICT_FAIL || record->verdict == VERDICT_NONSTRICT ||
		record->verdict == VERDICT_CRASH;

	if (record->failure && record->failure->statement)
		return record->failure->statement;
	for (size_t i = 0; says && i < record->statement_count; i++)
		if (record->statements[i].verdict == record->verdict)
			return record->statements[i].name;
	return NULL;
}

static void add_others(struct buf *b, const struct record_case *record, const char *first)
{
	const char *before = " (also ";

	for (size_t i = 0; i < record->statement_count; i++) {
		const struct record_statement *s = &record->statements[i];
		if (s->verdict != record->verdict || !strcmp(s->name, first))
			continue;
		buf_printf(b, "%s%s", before, without_version(s->name));
		before = ", ";
	}
	if (*before == ',')
		buf_add_text(b, ")");
}

/* What was demanded: by the statement, or, when none is to blame, by the case as a whole. */
static void put_demand(FILE *to, const struct report_style *style, const struct record_case *record)
{
	const char *name = case_blamed(record);
	const struct spec_statement *statement = name ? spec_find(name) : NULL;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	if (name)
		buf_add_text(&b, without_version(name));
	if (statement)
		buf_printf(&b, ": %s", statement->summary);
	if (name)
		add_others(&b, record, name);
	else
		buf_add_text(&b, record->title);
	if (b.len)
		put_paragraph(to, style, buf_text(&b));
	buf_fini(&b);
}

/* Where the verdict and the target's file stand to each other. */
static void put_foreseen(FILE *to, const struct report_style *style, const struct record_run *run,
	const struct record_case *record)
{
	struct buf b;

	if (!record->foreseen)
		return;
	buf_init(&b, SIZE_MAX);
	if (record->expected)
		buf_add_text(&b, "as foreseen");
	else
		buf_printf(&b, "unexpected: the file of target %s foresees %s", run->target,
			verdict_name(record->foreseen_as));
	if (record->reason)
		buf_printf(&b, ", \"%s\"", record->reason);
	if (record->link)
		buf_printf(&b, " <%s>", record->link);
	if (!record->expected && verdict_is_good(record->verdict))
		buf_add_text(&b, "; remove that entry");
	put_paragraph(to, style, buf_text(&b));
	buf_fini(&b);
}

static void put_note(FILE *to, const struct report_style *style, const struct record_case *record)
{
	const struct record_failure *failure = record->failure;

	if (!record->note || (failure && !strcmp(failure->actual, record->note)))
		return;
	fprintf(to, "%*snote  ", EVIDENCE_INDENT, "");
	text_wrap(to, record->note,
		(struct text_block){ EVIDENCE_INDENT + 6, EVIDENCE_INDENT + 6, style->width });
	fputc('\n', to);
}

/* "expected  ..." in column `column`, where the cursor is. */
static void put_side(FILE *to, const struct report_style *style, const char *name, const char *ink,
	const char *text, size_t column)
{
	fprintf(to, "%s%-8s%s  ", text_ink(style->color, ink), name,
		text_ink(style->color, INK_OFF));
	text_wrap(to, text, (struct text_block){ column + 10, column + 10, style->width });
	fputc('\n', to);
}

/* Writes file and line, and moves the cursor to the column of the sides, which it returns. */
static size_t put_place(
	FILE *to, const struct report_style *style, const struct record_failure *failure)
{
	char line[TEXT_SIZE] = "";
	size_t width;

	if (!failure->file)
		return (size_t)fprintf(to, "%*s", EVIDENCE_INDENT, "");
	if (failure->line)
		snprintf(line, sizeof(line), ":%d", failure->line);
	width = EVIDENCE_INDENT + text_width(failure->file) + strlen(line) + 2;
	fprintf(to, "%*s", EVIDENCE_INDENT, "");
	text_put(to, failure->file);
	if (width <= PLACE_WIDTH_MAX && (!style->width || style->width >= 2 * PLACE_WIDTH_MAX)) {
		fprintf(to, "%s  ", line);
		return width;
	}
	fprintf(to, "%s\n%*s", line, EVIDENCE_INDENT + 2, "");
	return EVIDENCE_INDENT + 2;
}

/* An empty side is left out: a remark of the case has nothing that it expected. */
static void put_failure(
	FILE *to, const struct report_style *style, const struct record_failure *failure)
{
	size_t column = put_place(to, style, failure);

	if (*failure->expected) {
		put_side(to, style, "expected", INK_GREEN, failure->expected, column);
		fprintf(to, "%*s", (int)column, "");
	}
	put_side(to, style, "actual", INK_RED, failure->actual, column);
}

static void put_death(FILE *to, const struct record_death *death)
{
	char cause[CAUSE_SIZE];

	fprintf(to, "%*sthe target %s\n", EVIDENCE_INDENT, "", evidence_cause(death, cause));
}

static void add_path(
	struct buf *b, const struct report_style *style, const char *name, const char *path)
{
	bool relative = style->folder && *path != '/';

	buf_printf(b, "%s  %s%s%s", name, relative ? style->folder : "", relative ? "/" : "", path);
}

/* In a line of its own: there are few, and both names are long. */
static void put_wire(FILE *to, const struct report_style *style, const struct record_case *record)
{
	struct buf wire;

	if (!record->wire && !record->wire_error)
		return;
	buf_init(&wire, SIZE_MAX);
	if (record->wire)
		add_path(&wire, style, "wire", record->wire);
	else
		buf_printf(&wire, "wire  %s", record->wire_error);
	fprintf(to, "%*s", EVIDENCE_INDENT, "");
	text_put(to, buf_text(&wire));
	fputc('\n', to);
	buf_fini(&wire);
}

/* A finding of the run comes from all that was played. */
static bool is_of_the_run(const struct record_case *record)
{
	return record->chapter && !strcmp(record->chapter, "survey");
}

/* Of what is no case: the rest of its `id`, which begins so in this chapter; or NULL. */
static const char *name_in(
	const struct record_case *record, const char *chapter, const char *prefix)
{
	size_t len = strlen(prefix);

	if (!record->chapter || strcmp(record->chapter, chapter) ||
		strncmp(record->id, prefix, len))
		return NULL;
	return record->id + len;
}

static void add_scenario(struct buf *words, const char *folder, const char *name)
{
	struct buf path;

	buf_init(&path, SIZE_MAX);
	buf_printf(&path, "%s%s%s/scenario.txt", folder ? folder : "", folder ? "/" : "", name);
	buf_add_text(words, " --play");
	shell_add_word(words, buf_text(&path));
	buf_fini(&path);
}

static void add_case_run(struct buf *words, const struct record_case *record)
{
	if (!is_of_the_run(record))
		shell_add_word(words, record->id);
	buf_printf(words, " --versions %s", record->version);
	if (strcmp(record->transport, "tcp")) {
		buf_add_text(words, " --transports");
		shell_add_word(words, record->transport);
	}
	if (*record->segmentation && strcmp(record->segmentation, "whole")) {
		buf_add_text(words, " --segment");
		shell_add_word(words, record->segmentation);
	}
}

void case_again(struct buf *b, const struct record_run *run, const char *folder,
	const struct record_case *record)
{
	const char *client = name_in(record, "capture", "client/");
	const char *find = name_in(record, "scenario", "random/"); /* its folder */

	if (run->again) {
		buf_add_text(b, run->again);
	} else { /* of a record that does not say */
		buf_printf(b, "mqttspec %s", strcmp(run->role, "agent") ? "run" : "agent-check");
		shell_add_word(b, run->target);
	}
	if (client) {
		buf_add_text(b, " --client-id");
		shell_add_word(b, client);
	} else if (find) {
		add_scenario(b, folder, find);
	} else {
		add_case_run(b, record);
	}
}

/* Both on one line, where that is known to have room for them. */
static void put_footer(FILE *to, const struct report_style *style, const struct record_run *run,
	const struct record_case *record)
{
	struct buf pcap, again;
	static const char between[] = "     ";

	put_wire(to, style, record);
	buf_init(&pcap, SIZE_MAX);
	buf_init(&again, SIZE_MAX);
	if (record->pcap)
		add_path(&pcap, style, "pcap", record->pcap);
	buf_add_text(&again, "again  ");
	case_again(&again, run, style->folder, record);
	size_t width = EVIDENCE_INDENT + text_width(buf_text(&pcap)) + strlen(between) +
		text_width(buf_text(&again));
	fprintf(to, "%*s", EVIDENCE_INDENT, "");
	text_put(to, buf_text(&pcap));
	if (pcap.len && width <= style->width)
		fputs(between, to);
	else if (pcap.len)
		fprintf(to, "\n%*s", EVIDENCE_INDENT, "");
	text_put(to, buf_text(&again));
	fputc('\n', to);
	buf_fini(&pcap);
	buf_fini(&again);
}

void report_failure_block(FILE *to, const struct report_style *style, const struct record_run *run,
	const struct record_case *record)
{
	report_heading(to, style, record, true);
	fputc('\n', to);
	put_demand(to, style, record);
	put_foreseen(to, style, run, record);
	put_note(to, style, record);
	if (record->failure)
		put_failure(to, style, record->failure);
	for (size_t i = 0; i < record->measurement_count; i++)
		evidence_measurement(to, &record->measurements[i], style->width);
	if (record->death)
		put_death(to, record->death);
	if (record->verdict != VERDICT_PASS)
		evidence_stderr(to, evidence_said(record), STDERR_LINES);
	if (record->verdict != VERDICT_PASS && !style->brief)
		evidence_transcript(to, record, style->width);
	put_footer(to, style, run, record);
}
