#include <string.h>

#include "base/buf.h"
#include "reports/html_page.h"
#include "reports/html_parts.h"
#include "reports/markup.h"
#include "reports/matrix.h"
#include "spec/spec.h"

static void put_titles(FILE *to, const struct matrix *m, const char *first)
{
	fprintf(to, "<thead><tr><th scope=\"col\">%s</th>", first);
	for (size_t i = 0; i < m->column_count; i++) {
		fputs("<th scope=\"col\">", to);
		markup_text(to, m->columns[i].title);
		fputs("</th>", to);
	}
	fputs("</tr></thead>\n", to);
}

/* What made the verdict: "4 pass, 1 fail". */
static void put_counts(FILE *to, const struct matrix_cell *cell)
{
	const char *between = "";

	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (!cell->counts[v])
			continue;
		fprintf(to, "%s%zu %s", between, cell->counts[v], verdict_name(v));
		between = ", ";
	}
}

static void put_cell(FILE *to, const struct matrix_cell *cell, const struct matrix_row *row,
	const struct matrix_way *way)
{
	struct buf link;

	if (!cell->judged) {
		fputs("<td><span class=\"badge v-untested\">not judged</span></td>", to);
		return;
	}
	buf_init(&link, SIZE_MAX);
	matrix_evidence(&link, way, row);
	fprintf(to, "<td><a class=\"badge v-%s\"", verdict_name(cell->verdict));
	markup_attribute(to, "href", buf_text(&link));
	fprintf(to, ">%s</a><small>", verdict_name(cell->verdict));
	put_counts(to, cell);
	fputs("</small></td>", to);
	buf_fini(&link);
}

static void put_name(FILE *to, const struct matrix_row *row)
{
	char url[SPEC_URL_SIZE];

	if (!row->statement) {
		fputs("<code>", to);
		markup_text(to, row->name);
		fputs("</code>", to);
		return;
	}
	fputs("<a", to);
	markup_attribute(to, "href", spec_url(row->statement, url));
	fputs(" rel=\"noreferrer\"><code>", to);
	markup_text(to, row->name);
	fputs("</code></a>", to);
}

static void put_row(FILE *to, const struct matrix *m, const struct matrix_row *row,
	const struct matrix_way *ways)
{
	fprintf(to, "<tr%s><th scope=\"row\">", row->differs ? " class=\"differs\"" : "");
	put_name(to, row);
	if (row->statement) {
		fputs(" <span class=\"chip\">", to);
		markup_text(to, row->statement->level);
		fputs("</span><small>", to);
		markup_text(to, row->statement->summary);
		fputs("</small>", to);
	}
	fputs("</th>", to);
	for (size_t i = 0; i < m->column_count; i++)
		put_cell(to, &row->cells[i], row, &ways[i]);
	fputs("</tr>\n", to);
}

static void put_group(FILE *to, const struct matrix *m, const char *title)
{
	fprintf(to,
		"<tbody><tr class=\"chapter\"><th scope=\"colgroup\" "
		"colspan=\"%zu\"><span>%s</span></th></tr>\n",
		m->column_count + 1, title);
}

static void put_table(FILE *to, const struct matrix *m, const struct matrix_way *ways)
{
	char chapter[MATRIX_CHAPTER_SIZE], last[MATRIX_CHAPTER_SIZE] = "";

	fputs("<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"statements\">"
	      "<table class=\"matrix\">\n",
		to);
	put_titles(to, m, "statement");
	if (m->different)
		put_group(to, m, "Where they differ");
	for (size_t i = 0; i < m->row_count; i++)
		if (m->rows[i].differs)
			put_row(to, m, &m->rows[i], ways);
	if (m->different)
		fputs("</tbody>\n", to);
	for (size_t i = 0; i < m->row_count; i++) {
		if (strcmp(matrix_chapter(&m->rows[i], chapter), last)) {
			fputs(*last ? "</tbody>\n" : "", to);
			put_group(to, m, chapter);
			memcpy(last, chapter, sizeof(last));
		}
		put_row(to, m, &m->rows[i], ways);
	}
	fputs(*last ? "</tbody>\n</table></div>\n" : "</table></div>\n", to);
}

/* ---- the head ---- */

typedef size_t number_of(const struct matrix_column *column);

static size_t case_runs(const struct matrix_column *column)
{
	return column->runs->case_count;
}

static size_t judged(const struct matrix_column *column)
{
	return column->judged;
}

static size_t kept(const struct matrix_column *column)
{
	return column->kept;
}

static size_t broken(const struct matrix_column *column)
{
	return column->broken;
}

static void put_line(FILE *to, const struct matrix *m, const char *name, number_of *number)
{
	fprintf(to, "<tr><th scope=\"row\">%s</th>", name);
	for (size_t i = 0; i < m->column_count; i++)
		fprintf(to, "<td>%zu</td>", number(&m->columns[i]));
	fputs("</tr>\n", to);
}

static void put_dates(FILE *to, const struct matrix *m)
{
	char time[RUNS_TIME_SIZE];

	fputs("<tr><th scope=\"row\">run of</th>", to);
	for (size_t i = 0; i < m->column_count; i++)
		fprintf(to, "<td>%s UTC</td>",
			runs_time(m->columns[i].runs->started_us, ' ', time));
	fputs("</tr>\n<tr><th scope=\"row\">by mqttspec</th>", to);
	for (size_t i = 0; i < m->column_count; i++) {
		fputs("<td>", to);
		markup_text(to, m->columns[i].runs->run->tool_version);
		fputs("</td>", to);
	}
	fputs("</tr>\n", to);
}

static void put_head(FILE *to, const struct matrix *m)
{
	fputs("<header>\n<h1>MQTT conformance, side by side</h1>\n", to);
	fprintf(to,
		"<p class=\"state\">%zu targets, %zu statements judged, %zu of them "
		"differently</p>\n",
		m->column_count, m->row_count, m->different);
	for (size_t i = 0; i < m->column_count; i++) {
		const struct runs *runs = m->columns[i].runs;
		for (size_t n = 0; n < runs->gap_count; n++) {
			fputs("<p class=\"gap\"><strong>Incomplete:</strong> ", to);
			markup_text(to, m->columns[i].title);
			fputs(": ", to);
			markup_text(to, runs->gaps[n]);
			fputs(".</p>\n", to);
		}
	}
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"targets\">"
	      "<table class=\"matrix\">\n",
		to);
	put_titles(to, m, "target");
	fputs("<tbody>\n", to);
	put_dates(to, m);
	put_line(to, m, "case runs", case_runs);
	put_line(to, m, "statements judged", judged);
	put_line(to, m, "kept", kept);
	put_line(to, m, "broken", broken);
	fputs("</tbody></table></div>\n</header>\n", to);
}

static void put_words(FILE *to)
{
	fputs("<section class=\"words\" aria-labelledby=\"words\"><h2 id=\"words\">What the words "
	      "mean</h2>\n<p>A cell has the worst of what the case runs found of the statement, "
	      "below it how many found what, and leads to them. That a case run could not look at "
	      "it hides nothing that another one saw. A statement is kept when a case run saw it "
	      "kept and none saw it broken; pass and info are no difference.</p>\n<table><tbody>\n",
		to);
	for (int v = 0; v < VERDICT_COUNT; v++)
		fprintf(to,
			"<tr><th scope=\"row\"><span class=\"badge v-%s\">%s</span></th><td>%s</td>"
			"</tr>\n",
			verdict_name(v), verdict_name(v), html_meaning(v));
	fputs("</tbody></table>\n</section>\n<footer><p>Made by mqttspec from the records of the "
	      "runs, and from nothing else.</p></footer>\n",
		to);
}

void report_matrix_html(FILE *to, const struct matrix *m, const struct matrix_way *ways)
{
	html_begin(to, "Side by side", html_matrix_script_hash);
	fputs("<a class=\"skip\" href=\"#main\">To the results</a>\n", to);
	put_head(to, m);
	fputs("<main id=\"main\" tabindex=\"-1\">\n<h2>Statements</h2>\n<div id=\"tools\" "
	      "role=\"search\"></div>\n<p id=\"found\" role=\"status\"></p>\n",
		to);
	put_table(to, m, ways);
	fputs("</main>\n", to);
	put_words(to);
	html_end(to, html_matrix_script);
}
