#include "reports/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "reports/draft.h"
#include "reports/link.h"
#include "reports/markdown.h"
#include "spec/spec.h"

/* ---- rows and cells ---- */

/* Rows for everything that could be named; what nobody judged is dropped at the end. */
struct rows {
	struct arena *arena;
	struct matrix_row *list;
	size_t count, capacity, columns;
};

static void add_row(struct rows *rows, const char *name, const struct spec_statement *statement)
{
	rows->list = arena_grow(
		rows->arena, rows->list, rows->count, &rows->capacity, sizeof(*rows->list));
	rows->list[rows->count++] = (struct matrix_row){
		.name = name,
		.statement = statement,
		.cells = arena_alloc(rows->arena, rows->columns * sizeof(struct matrix_cell)),
	};
}

static struct matrix_row *find_row(struct rows *rows, const char *name)
{
	const struct spec_statement *statement = spec_find(name);

	if (statement)
		return &rows->list[statement - spec_statements];
	for (size_t i = spec_statement_count; i < rows->count; i++)
		if (!strcmp(rows->list[i].name, name))
			return &rows->list[i];
	add_row(rows, name, NULL);
	return &rows->list[rows->count - 1];
}

enum verdict matrix_worse(enum verdict a, enum verdict b)
{
	if (verdict_tells(a) != verdict_tells(b))
		return verdict_tells(a) ? a : b;
	return verdict_worse(a, b);
}

void matrix_judge(struct matrix_cell *cell, enum verdict verdict)
{
	cell->verdict = cell->judged ? matrix_worse(cell->verdict, verdict) : verdict;
	cell->judged = true;
	cell->counts[verdict]++;
}

static void add_column(struct rows *rows, const struct runs *runs, size_t column)
{
	for (size_t i = 0; i < runs->case_count; i++) {
		const struct record_case *record = runs->cases[i].record;
		for (size_t n = 0; n < record->statement_count; n++) {
			const struct record_statement *s = &record->statements[n];
			matrix_judge(&find_row(rows, s->name)->cells[column], s->verdict);
		}
	}
}

/* A pass with an observation is a pass. */
static bool is_kept(const struct matrix_cell *cell)
{
	return cell->verdict == VERDICT_PASS || cell->verdict == VERDICT_INFO;
}

/* That a record says nothing of a statement is no difference between targets. */
static bool differs(const struct matrix_row *row, size_t columns)
{
	const struct matrix_cell *first = NULL;

	for (size_t i = 0; i < columns; i++) {
		const struct matrix_cell *cell = &row->cells[i];
		if (!cell->judged)
			continue;
		if (first && first->verdict != cell->verdict && !(is_kept(first) && is_kept(cell)))
			return true;
		first = first ? first : cell;
	}
	return false;
}

static bool is_judged(const struct matrix_row *row, size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		if (row->cells[i].judged)
			return true;
	return false;
}

static void keep_row(struct matrix *m, const struct matrix_row *row)
{
	m->rows[m->row_count] = *row;
	m->rows[m->row_count].differs = differs(row, m->column_count);
	m->different += m->rows[m->row_count++].differs;
	for (size_t i = 0; i < m->column_count; i++) {
		const struct matrix_cell *cell = &row->cells[i];
		bool broken = cell->judged &&
			(cell->verdict == VERDICT_FAIL || cell->verdict == VERDICT_CRASH);
		m->columns[i].judged += cell->judged;
		m->columns[i].broken += broken;
		m->columns[i].kept += cell->judged && cell->counts[VERDICT_PASS] && !broken;
	}
}

/* ---- columns ---- */

static const char *title_of(struct arena *a, const struct record_run *run)
{
	return arena_printf(a, "%s%s%s", run->target_name, run->target_version ? " " : "",
		run->target_version ? run->target_version : "");
}

/* Two builds of one version are told apart by their files. */
static void make_titles(struct arena *a, struct matrix *m)
{
	for (size_t i = 0; i < m->column_count; i++)
		m->columns[i].title = title_of(a, m->columns[i].runs->run);
	for (size_t i = 0; i < m->column_count; i++) {
		bool twin = false;
		for (size_t n = 0; n < m->column_count; n++)
			twin |= n != i &&
				!strcmp(title_of(a, m->columns[i].runs->run),
					title_of(a, m->columns[n].runs->run));
		if (twin)
			m->columns[i].title = arena_printf(a, "%s (%s)", m->columns[i].title,
				m->columns[i].runs->sources[0].path);
	}
}

void matrix_make(struct arena *a, const struct runs *runs, size_t count, struct matrix *out)
{
	struct rows rows = { .arena = a, .columns = count };

	*out = (struct matrix){ .column_count = count };
	out->columns = arena_alloc(a, count * sizeof(*out->columns));
	for (size_t i = 0; i < spec_statement_count; i++)
		add_row(&rows, spec_statements[i].name, &spec_statements[i]);
	for (size_t i = 0; i < count; i++) {
		out->columns[i].runs = &runs[i];
		add_column(&rows, &runs[i], i);
	}
	make_titles(a, out);
	out->rows = arena_alloc(a, rows.count * sizeof(*out->rows));
	for (size_t i = 0; i < rows.count; i++)
		if (is_judged(&rows.list[i], count))
			keep_row(out, &rows.list[i]);
}

const char *matrix_chapter(const struct matrix_row *row, char out[static MATRIX_CHAPTER_SIZE])
{
	static const char *const chapters[] = { NULL, "Introduction", "Control Packet format",
		"Control Packets", "Operational behaviour", "Security", "WebSocket transport",
		"Conformance" };
	const struct spec_statement *s = row->statement;
	size_t n = s ? strtoul(s->section, NULL, 10) : 0;

	if (!s)
		snprintf(out, MATRIX_CHAPTER_SIZE, "Not in this catalogue");
	else if (n && n < sizeof(chapters) / sizeof(*chapters))
		snprintf(out, MATRIX_CHAPTER_SIZE, "MQTT %s, %zu %s", spec_version_name(s->version),
			n, chapters[n]);
	else
		snprintf(out, MATRIX_CHAPTER_SIZE, "MQTT %s, %s", spec_version_name(s->version),
			s->section);
	return out;
}

void matrix_evidence(struct buf *b, const struct matrix_way *way, const struct matrix_row *row)
{
	link_add_file(b, way->page ? way->page : way->record);
	if (!way->page)
		return;
	buf_add_text(b, "#view=statements&q=");
	link_add_value(b, row->name);
	buf_add_text(b, "&open=");
	link_add_value(b, row->name);
}

/* ---- Markdown ---- */

static void put_rule(FILE *to, size_t columns)
{
	fputs("|---|", to);
	for (size_t i = 0; i < columns; i++)
		fputs("---|", to);
	fputc('\n', to);
}

static void put_titles(FILE *to, const struct matrix *m, const char *first)
{
	fprintf(to, "| %s |", first);
	for (size_t i = 0; i < m->column_count; i++) {
		fputc(' ', to);
		markdown_text(to, m->columns[i].title);
		fputs(" |", to);
	}
	fputc('\n', to);
	put_rule(to, m->column_count);
}

static void put_cell(FILE *to, const struct matrix_cell *cell, const struct matrix_row *row,
	const struct matrix_way *way)
{
	const char *strong = verdict_is_good(cell->verdict) ? "" : "**";
	struct buf link;

	if (!cell->judged) {
		fputs(" – |", to);
		return;
	}
	buf_init(&link, SIZE_MAX);
	matrix_evidence(&link, way, row);
	fprintf(to, " %s[%s](%s)%s |", strong, verdict_name(cell->verdict), buf_text(&link),
		strong);
	buf_fini(&link);
}

static void put_row(FILE *to, const struct matrix *m, const struct matrix_row *row,
	const struct matrix_way *ways)
{
	fputs("| ", to);
	markdown_statement(to, row->name);
	if (row->statement) {
		fputs(" ", to);
		markdown_text(to, row->statement->level);
		fputs("<br>", to);
		markdown_text(to, row->statement->summary);
	}
	fputs(" |", to);
	for (size_t i = 0; i < m->column_count; i++)
		put_cell(to, &row->cells[i], row, &ways[i]);
	fputc('\n', to);
}

static void put_numbers(FILE *to, const struct matrix *m)
{
	put_titles(to, m, "");
	fputs("| case runs |", to);
	for (size_t i = 0; i < m->column_count; i++)
		fprintf(to, " %zu |", m->columns[i].runs->case_count);
	fputs("\n| statements judged |", to);
	for (size_t i = 0; i < m->column_count; i++)
		fprintf(to, " %zu |", m->columns[i].judged);
	fputs("\n| kept |", to);
	for (size_t i = 0; i < m->column_count; i++)
		fprintf(to, " %zu |", m->columns[i].kept);
	fputs("\n| broken |", to);
	for (size_t i = 0; i < m->column_count; i++)
		fprintf(to, " %zu |", m->columns[i].broken);
	fputs("\n\n", to);
}

static void put_gaps(FILE *to, const struct matrix *m)
{
	for (size_t i = 0; i < m->column_count; i++) {
		const struct runs *runs = m->columns[i].runs;
		for (size_t n = 0; n < runs->gap_count; n++) {
			fputs("> **Incomplete:** ", to);
			markdown_text(to, m->columns[i].title);
			fputs(": ", to);
			markdown_text(to, runs->gaps[n]);
			fputs(".\n\n", to);
		}
	}
}

void report_matrix_markdown(FILE *to, const struct matrix *m, const struct matrix_way *ways)
{
	char chapter[MATRIX_CHAPTER_SIZE], last[MATRIX_CHAPTER_SIZE] = "";

	fputs("## MQTT conformance, side by side\n\n", to);
	put_gaps(to, m);
	put_numbers(to, m);
	fprintf(to, "### Where they differ (%zu of %zu statements)\n\n", m->different,
		m->row_count);
	if (m->different)
		put_titles(to, m, "statement");
	for (size_t i = 0; i < m->row_count; i++)
		if (m->rows[i].differs)
			put_row(to, m, &m->rows[i], ways);
	for (size_t i = 0; i < m->row_count; i++) {
		if (strcmp(matrix_chapter(&m->rows[i], chapter), last)) {
			fprintf(to, "\n### %s\n\n", chapter);
			put_titles(to, m, "statement");
			memcpy(last, chapter, sizeof(last));
		}
		put_row(to, m, &m->rows[i], ways);
	}
}
