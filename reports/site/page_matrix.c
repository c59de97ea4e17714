#include <string.h>

#include "base/arena.h"
#include "reports/draft.h"
#include "reports/markup.h"
#include "reports/site/grid.h"
#include "reports/site/pages.h"
#include "reports/site/way.h"

static void put_gaps(const struct frame *f, const struct matrix *m)
{
	for (size_t i = 0; i < m->column_count; i++)
		for (size_t n = 0; n < m->columns[i].runs->gap_count; n++)
			markup_print(f->to,
				"<p class=\"gap\"><strong>Incomplete:</strong> %s: %s.</p>\n",
				m->columns[i].title, m->columns[i].runs->gaps[n]);
}

/* A target is a line, since two dozen of them are a list that a phone can show. */
static void put_target(const struct frame *f, const struct matrix_column *column, size_t number)
{
	const struct site_target *target = &f->site->targets[number];
	const struct site_version *version = site_newest(target);
	char time[RUNS_TIME_SIZE];

	markup_print(f->to,
		"<tr class=\"%s\"><th scope=\"row\"><a href=\"%s%sindex.html\">%s</a></th>"
		"<td><a href=\"%s%sindex.html\">%s</a></td><td>%s</td>",
		target->client ? "c" : "s", f->back, target->way, target->name, f->back,
		version->way, *version->name ? version->name : "unversioned",
		target->client ? "client" : "server");
	fprintf(f->to,
		"<td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td "
		"class=\"n\">%zu</td><td>%.10s</td></tr>\n",
		column->runs->case_count, column->judged, column->kept, column->broken,
		runs_time(column->runs->started_us, ' ', time));
}

static void put_targets(const struct frame *f, const struct matrix *m)
{
	fputs("<h2 id=\"targets\">The targets</h2>\n<div class=\"scroll\" tabindex=\"0\" "
	      "role=\"region\" "
	      "aria-label=\"targets\">\n<table "
	      "class=\"list\"><thead><tr><th scope=\"col\">target</th><th "
	      "scope=\"col\">version</th><th scope=\"col\">role</th><th scope=\"col\" "
	      "class=\"n\">case runs</th><th scope=\"col\" class=\"n\">statements judged</th><th "
	      "scope=\"col\" class=\"n\">kept</th><th scope=\"col\" class=\"n\">broken</th><th "
	      "scope=\"col\">judged on</th></tr></thead><tbody>\n",
		f->to);
	for (size_t i = 0; i < m->column_count; i++)
		put_target(f, &m->columns[i], i);
	fputs("</tbody></table></div>\n", f->to);
}

/* Each transport has its page, so that this filter works without scripts, and leads to a link that stays. */
static void put_transports(const struct frame *f, const char *shown)
{
	const struct site *site = f->site;
	struct arena a;

	if (site->transport_count < 2)
		return;
	arena_init_small(&a, 256);
	markup_print(f->to,
		"<p class=\"transports\" role=\"group\" aria-label=\"transport\">Transport: <a "
		"href=\"%sindex.html\"",
		f->back);
	fputs(shown ? ">all</a>" : " aria-current=\"page\">all</a>", f->to);
	for (size_t i = 0; i < site->transport_count; i++) {
		bool here = shown && !strcmp(shown, site->transports[i]);
		markup_print(f->to, " <a href=\"%s%s\"", f->back,
			way_transport(&a, site->transports[i]));
		fputs(here ? " aria-current=\"page\">" : ">", f->to);
		markup_print(f->to, "%s</a>", site->transports[i]);
	}
	fputs("</p>\n", f->to);
	arena_fini(&a);
}

static void put_words(const struct frame *f)
{
	fputs("<h2 id=\"words\">What the words in the cells mean</h2>\n<p>A cell has the worst of "
	      "what "
	      "the case runs found of the statement; that a case run could not look at it hides "
	      "nothing that another one saw. – is: not judged. What is not good leads to its "
	      "evidence.</p>\n",
		f->to);
	frame_verdicts(f);
}

void page_matrix(const struct frame *f, const struct matrix *m, const char *transport)
{
	const struct frame_parent parent = { .way = "index.html",
		.title = transport ? "Matrix" : NULL };
	struct draft title;
	struct arena a;

	arena_init(&a);
	const struct grid grid = grid_of_targets(&a, f);
	draft_begin(&title);
	fprintf(title.to, "MQTT brokers and clients, side by side%s%s", transport ? ", over " : "",
		transport ? transport : "");
	frame_begin(f, draft_end(&title), parent, true);
	draft_fini(&title);
	fprintf(f->to,
		"<p class=\"state\"><a href=\"#targets\">%zu target%s</a>, %zu statements judged, "
		"%zu of them differently</p>\n",
		m->column_count, m->column_count == 1 ? "" : "s", m->row_count, m->different);
	put_gaps(f, m);
	frame_caution(f);
	fputs("<h2>Statement by statement</h2>\n", f->to);
	put_transports(f, transport);
	fputs("<div id=\"tools\" role=\"search\"></div>\n<p id=\"found\" role=\"status\"></p>\n",
		f->to);
	grid_begin(&grid, "statements by target", "statement");
	grid_chapters(&grid, m, true);
	grid_chapters(&grid, m, false);
	grid_end(&grid);
	put_targets(f, m);
	put_words(f);
	frame_end(f);
	arena_fini(&a);
}
