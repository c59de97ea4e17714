#include "reports/markdown.h"

#include <string.h>

#include "base/buf.h"
#include "reports/cause.h"
#include "reports/draft.h"
#include "reports/failure.h"
#include "reports/link.h"
#include "reports/markup.h"
#include "reports/outcome.h"
#include "reports/text.h"
#include "spec/spec.h"

enum {
	BLOCKS_MAX = 50,      /* failures shown with their evidence */
	BLOCKS_A_CAUSE = 3,   /* of those that have one cause */
	TABLE_OPEN_MAX = 10,  /* lines of a table that is not folded, where there is one by cause */
	ROWS_MAX = 500,       /* lines of a table */
	BYTES_MAX = 800 << 10 /* of all evidence; GitHub takes 1 MiB in all */
};

void markdown_text(FILE *to, const char *text)
{
	struct draft safe;

	draft_begin(&safe);
	text_put(safe.to, text);
	for (const char *c = draft_end(&safe); *c; c++) {
		switch (*c) {
		case '&': fputs("&amp;", to); break;
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '@': fputs("&#64;", to); break; /* no one is to be called */
		case ':': fputs(c[1] == '/' ? "&#58;" : ":", to); break; /* no links of its own */
		default:
			if (strchr("\\`*_{}[]#|~!$", *c))
				fputc('\\', to);
			fputc(*c, to);
		}
	}
	draft_fini(&safe);
}

/* `url` is safe already: reports/link.h. */
static void put_link(FILE *to, const char *text, const char *url)
{
	fputc('[', to);
	markdown_text(to, text);
	fprintf(to, "](%s)", url);
}

/* `text` is about a statement. */
static void put_about(FILE *to, const char *text, const struct spec_statement *statement)
{
	char url[SPEC_URL_SIZE];

	if (statement)
		put_link(to, text, spec_url(statement, url));
	else
		markdown_text(to, text);
}

void markdown_statement(FILE *to, const char *name)
{
	put_about(to, name, spec_find(name));
}

/* " ([reported](https://...))" */
static void put_report(FILE *to, const char *url)
{
	struct buf link;

	buf_init(&link, SIZE_MAX);
	if (url && link_add_web(&link, url)) {
		fputs(" (", to);
		put_link(to, "reported", buf_text(&link));
		fputc(')', to);
	}
	buf_fini(&link);
}

static void put_label(FILE *to, const struct record_case *record)
{
	struct draft label;

	draft_begin(&label);
	case_label(label.to, record);
	markdown_text(to, draft_end(&label));
	draft_fini(&label);
}

/* ---- head ---- */

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void put_head(FILE *to, const struct runs *runs)
{
	struct draft target;
	char duration[TEXT_SIZE], played[TEXT_SCENARIOS_SIZE];

	draft_begin(&target);
	runs_target(target.to, runs->run);
	fputs("## MQTT conformance of ", to);
	markdown_text(to, draft_end(&target));
	draft_fini(&target);
	if (runs->scenarios)
		fprintf(to, "\n\n**%s**",
			text_scenarios(
				runs->unexpected_count, runs->scenarios, runs->steps, played));
	else if (runs->unexpected_count || runs->unseen_count)
		fprintf(to, "\n\n**%zu unexpected** of %zu case runs", runs->unexpected_count,
			runs->case_count);
	else if (!runs->case_count)
		fputs("\n\n**Nothing was run**", to);
	else
		fprintf(to, "\n\n**All as expected**: %zu case run%s", runs->case_count,
			plural(runs->case_count));
	if (runs->expected_failures)
		fprintf(to, ", %zu known failure%s", runs->expected_failures,
			plural(runs->expected_failures));
	if (runs->unseen_count)
		fprintf(to, ", **%zu cause%s foreseen but not seen**", runs->unseen_count,
			plural(runs->unseen_count));
	fprintf(to, ", in %s", text_duration(runs->duration_us, duration));
	if (runs->death_count)
		fprintf(to, "; the target died %zu time%s", runs->death_count,
			plural(runs->death_count));
	fputs(".\n\n", to);
	for (size_t i = 0; i < runs->gap_count; i++) {
		fputs("> **Incomplete:** ", to);
		markdown_text(to, runs->gaps[i]);
		fputs(".\n\n", to);
	}
}

static void put_counts(FILE *to, const struct runs *runs)
{
	fputs("| verdict | case runs | unexpected |\n|---|---:|---:|\n", to);
	for (int v = 0; v < VERDICT_COUNT; v++)
		if (runs->counts[v])
			fprintf(to, "| %s | %zu | %zu |\n", verdict_name(v), runs->counts[v],
				runs->unexpected[v]);
	fputc('\n', to);
}

/* Entries of the target's file to remove. */
static void put_unseen(FILE *to, const struct runs *runs)
{
	for (size_t i = 0; i < runs->unseen_count; i++) {
		const struct record_unseen *u = &runs->unseen[i];
		fputs("> **Foreseen but not seen:** ", to);
		markdown_text(to, u->cause);
		if (u->reason) {
			fputs(" (", to);
			markdown_text(to, u->reason);
			fputc(')', to);
		}
		put_report(to, u->link);
		fputs("; remove that entry from the target's file.\n\n", to);
	}
}

/* ---- by cause ---- */

static void put_cell(FILE *to, struct buf *b)
{
	fputc(' ', to);
	markdown_text(to, buf_text(b));
	fputs(" |", to);
	buf_reset(b);
}

static void put_cause(FILE *to, const struct cause *cause)
{
	struct buf b;

	fprintf(to, "| %zu | %s |", cause->count, verdict_name(cause->verdict));
	fputc(' ', to);
	put_about(to, cause->name ? cause->name : "",
		cause->statement ? spec_find(cause->statement) : NULL);
	fputs(" |", to);
	buf_init(&b, SIZE_MAX);
	cause_sentence(&b, cause);
	put_cell(to, &b);
	cause_examples(&b, cause);
	put_cell(to, &b);
	fputc('\n', to);
	buf_fini(&b);
}

/* False: every failure has a cause of its own, and there are few of them. */
static bool put_causes(FILE *to, const struct runs *runs)
{
	struct causes causes;

	causes_init(&causes);
	for (size_t i = 0; i < runs->case_count; i++)
		if (!runs->cases[i].record->expected)
			causes_add(&causes, runs->cases[i].record);
	bool worth_it = causes.count < causes.case_count || causes.count > TABLE_OPEN_MAX;
	const struct cause **by_size = causes_by_size(&causes);
	for (size_t i = 0; worth_it && i < causes.count && i < ROWS_MAX; i++) {
		bool apart = by_size[i]->as_asked && (!i || !by_size[i - 1]->as_asked);
		if (apart)
			fprintf(to, "%sThe client %s:\n\n", i ? "\n" : "", cause_as_asked);
		if (!i || apart)
			fputs("| case runs | verdict | cause | what happened | where |\n"
			      "|---:|---|---|---|---|\n",
				to);
		put_cause(to, by_size[i]);
	}
	if (worth_it)
		fputc('\n', to);
	if (worth_it && causes.count > ROWS_MAX)
		fprintf(to, "... and %zu causes more.\n\n", causes.count - ROWS_MAX);
	causes_fini(&causes);
	return worth_it;
}

/* ---- tables and blocks ---- */

typedef bool case_filter(const struct record_case *record);

static bool is_unexpected(const struct record_case *record)
{
	return !record->expected;
}

static void put_row(FILE *to, const struct record_case *record)
{
	struct record_case plain = *record;
	struct buf message;

	buf_init(&message, SIZE_MAX);
	plain.link = NULL; /* which becomes one that works */
	outcome_message(&message, &plain);
	fprintf(to, "| %s | %s | ", verdict_name(record->verdict), level_name(record->level));
	put_label(to, record);
	fputs(" | ", to);
	markdown_text(to, buf_text(&message));
	if (record->expected ||
		verdict_is_good(record->verdict)) /* else it is about something else */
		put_report(to, record->link);
	fputs(" |\n", to);
	buf_fini(&message);
}

/* By level, MUST first. */
static void put_table(FILE *to, const struct runs *runs, case_filter *wanted)
{
	size_t rows = 0;

	fputs("| verdict | level | case run | what happened |\n|---|---|---|---|\n", to);
	for (int level = MUST; level <= MAY; level++) {
		for (size_t i = 0; i < runs->case_count; i++) {
			const struct record_case *record = runs->cases[i].record;
			if ((int)record->level != level || !wanted(record))
				continue;
			if (rows++ < ROWS_MAX)
				put_row(to, record);
		}
	}
	fputc('\n', to);
	if (rows > ROWS_MAX)
		fprintf(to, "... and %zu more.\n\n", rows - ROWS_MAX);
}

/* The longest run of backquotes: a fence must be longer. */
static size_t longest_fence(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t len = strspn(text, "`");
		longest = len > longest ? len : longest;
		text += len ? len : 1;
	}
	return longest;
}

static void put_fence(FILE *to, size_t len)
{
	while (len--)
		fputc('`', to);
	fputc('\n', to);
}

static void put_block(FILE *to, const struct run_case *c, const char *block)
{
	size_t fence = longest_fence(block) + 1;
	struct draft label;

	fence = fence < 3 ? 3 : fence;
	fprintf(to, "<details><summary>%s ", verdict_name(c->record->verdict));
	draft_begin(&label);
	case_label(label.to, c->record);
	markup_text(to, draft_end(&label)); /* up to an empty line this is HTML */
	draft_fini(&label);
	fputs("</summary>\n\n", to);
	put_fence(to, fence);
	fputs(block, to);
	put_fence(to, fence);
	fputs("\n</details>\n\n", to);
}

static void put_evidence(FILE *to, const struct runs *runs)
{
	size_t blocks = 0, bytes = 0;
	struct causes causes;

	causes_init(&causes);
	for (size_t i = 0; i < runs->case_count; i++) {
		const struct run_case *c = &runs->cases[i];
		struct report_style style = { .folder = c->source->folder };
		struct draft block;
		if (c->record->expected)
			continue;
		size_t cause = causes_add(&causes, c->record);
		if (causes.list[cause].count > BLOCKS_A_CAUSE)
			continue;
		draft_begin(&block);
		report_failure_block(block.to, &style, runs->run, c->record);
		draft_end(&block);
		bytes += block.size;
		if (blocks < BLOCKS_MAX && bytes < BYTES_MAX) {
			put_block(to, c, block.text);
			blocks++;
		}
		draft_fini(&block);
	}
	causes_fini(&causes);
	if (blocks < runs->unexpected_count)
		fprintf(to, "The evidence of %zu more is in the record.\n\n",
			runs->unexpected_count - blocks);
}

static void put_unexpected(FILE *to, const struct runs *runs)
{
	fputs("### Unexpected\n\n", to);
	bool folded = put_causes(to, runs) && runs->unexpected_count > TABLE_OPEN_MAX;
	if (folded)
		fprintf(to, "<details><summary>One by one (%zu)</summary>\n\n",
			runs->unexpected_count);
	put_table(to, runs, is_unexpected);
	if (folded)
		fputs("</details>\n\n", to);
	put_evidence(to, runs);
}

void report_markdown(FILE *to, const struct runs *runs)
{
	put_head(to, runs);
	put_unseen(to, runs);
	put_counts(to, runs);
	if (runs->unexpected_count)
		put_unexpected(to, runs);
	if (runs->expected_failures) {
		fprintf(to, "<details><summary>Known failures (%zu)</summary>\n\n",
			runs->expected_failures);
		put_table(to, runs, case_is_expected_failure);
		fputs("</details>\n\n", to);
	}
	fputs("mqttspec ", to);
	markdown_text(to, runs->run->tool_version);
	fputs(", `", to);
	for (const char *c = runs->run->command; *c; c++)
		fputc(*c == '`' || (unsigned char)*c < ' ' ? '?' : *c, to);
	fputs("`\n", to);
}
