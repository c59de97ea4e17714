#include "reports/site/grid.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "reports/draft.h"
#include "reports/link.h"
#include "reports/markup.h"
#include "reports/site/sightings.h"
#include "spec/spec.h"

/* Below that many columns there is room for wide ones. */
enum { WIDE_MAX = 6 };

struct grid_column grid_column(const struct site_target *target, const struct site_version *version)
{
	return (struct grid_column){
		.title = version->title,
		.way = target->way,
		.evidence = version->way,
		.client = target->client,
	};
}

struct grid grid_of_targets(struct arena *a, const struct frame *f)
{
	const struct site *site = f->site;
	struct grid_column *columns = arena_alloc(a, site->target_count * sizeof(*columns));

	for (size_t i = 0; i < site->target_count; i++)
		columns[i] = grid_column(&site->targets[i], site_newest(&site->targets[i]));
	return (struct grid){ f, columns, site->target_count };
}

struct grid grid_of_versions(
	struct arena *a, const struct frame *f, const struct site_target *target)
{
	struct grid_column *columns = arena_alloc(a, target->version_count * sizeof(*columns));

	for (size_t i = 0; i < target->version_count; i++)
		columns[i] = (struct grid_column){
			.title = *target->versions[i].name ? target->versions[i].name
							   : "unversioned",
			.way = target->versions[i].way,
			.evidence = target->versions[i].way,
			.client = target->client,
		};
	return (struct grid){ f, columns, target->version_count };
}

void grid_begin(const struct grid *g, const char *label, const char *first)
{
	const struct frame *f = g->frame;

	markup_print(f->to,
		"<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n"
		"<table class=\"matrix grid%s\">\n<thead><tr><th scope=\"col\">%s</th>",
		label, g->count > WIDE_MAX ? " dense" : "", first);
	for (size_t i = 0; i < g->count; i++)
		markup_print(f->to,
			"<th scope=\"col\" class=\"%s\"><a href=\"%s%sindex.html\">%s</a></th>",
			g->columns[i].client ? "c" : "s", f->back, g->columns[i].way,
			g->columns[i].title);
	fputs("</tr></thead>\n", f->to);
}

void grid_end(const struct grid *g)
{
	fputs("</table></div>\n", g->frame->to);
}

void grid_link_case(struct buf *b, const struct record_case *record)
{
	struct draft label;

	draft_begin(&label);
	case_label(label.to, record);
	buf_add_text(b, "index.html#view=cases&q=");
	link_add_value(b, record->id);
	buf_add_text(b, "&open=");
	link_add_value(b, draft_end(&label));
	draft_fini(&label);
}

/* What is good has no link: thousands of links would be thousands of stops for the keyboard. */
static void put_cell(
	const struct grid *g, size_t column, const struct matrix_cell *cell, const char *evidence)
{
	const struct grid_column *c = &g->columns[column];
	const char *word = verdict_name(cell->verdict);
	FILE *to = g->frame->to;

	if (!cell->judged)
		fprintf(to, "<td class=\"%s\">–</td>", c->client ? "c" : "s");
	else if (!sighting_needs_evidence(cell->verdict))
		fprintf(to, "<td class=\"%s v-%s\">%s</td>", c->client ? "c" : "s", word, word);
	else
		markup_print(to, "<td class=\"%s v-%s\"><a href=\"%s%s%s\">%s</a></td>",
			c->client ? "c" : "s", word, g->frame->back, c->evidence, evidence, word);
}

void grid_statement(
	const struct grid *g, size_t column, const struct matrix_cell *cell, const char *name)
{
	struct buf link;

	buf_init(&link, SIZE_MAX);
	buf_add_text(&link, "index.html#view=statements&q=");
	link_add_value(&link, name);
	buf_add_text(&link, "&open=");
	link_add_value(&link, name);
	put_cell(g, column, cell, buf_text(&link));
	buf_fini(&link);
}

void grid_case(const struct grid *g, size_t column, const struct matrix_cell *cell,
	const struct record_case *record)
{
	struct buf link;

	buf_init(&link, SIZE_MAX);
	if (record)
		grid_link_case(&link, record);
	put_cell(g, column, cell, buf_text(&link));
	buf_fini(&link);
}

/* ---- statements by chapter ---- */

static void put_statement(const struct grid *g, const struct matrix_row *row)
{
	fprintf(g->frame->to, "<tr data-level=\"%s\"><th scope=\"row\">",
		row->statement ? row->statement->level : "");
	frame_statement(g->frame, row->name);
	fputs("</th>", g->frame->to);
	for (size_t i = 0; i < g->count; i++)
		grid_statement(g, i, &row->cells[i], row->name);
	fputs("</tr>\n", g->frame->to);
}

/* The script hides whole groups by what they say of themselves. */
static void begin_group(const struct grid *g, const struct matrix_row *row, const char *chapter)
{
	FILE *to = g->frame->to;

	markup_print(to, "<tbody data-chapter=\"%s\" data-version=\"%s\"%s>", chapter,
		row->statement ? spec_version_name(row->statement->version) : "",
		row->differs ? " data-differs" : "");
	markup_print(to,
		"<tr class=\"chapter\"><th scope=\"colgroup\" colspan=\"%zu\"><span>%s%s</span>"
		"</th></tr>\n",
		g->count + 1, row->differs ? "They differ: " : "", chapter);
}

void grid_chapters(const struct grid *g, const struct matrix *m, bool differing)
{
	char chapter[MATRIX_CHAPTER_SIZE], last[MATRIX_CHAPTER_SIZE] = "";

	for (size_t i = 0; i < m->row_count; i++) {
		if (m->rows[i].differs != differing)
			continue;
		if (strcmp(matrix_chapter(&m->rows[i], chapter), last)) {
			fputs(*last ? "</tbody>\n" : "", g->frame->to);
			begin_group(g, &m->rows[i], chapter);
			memcpy(last, chapter, sizeof(last));
		}
		put_statement(g, &m->rows[i]);
	}
	fputs(*last ? "</tbody>\n" : "", g->frame->to);
}
