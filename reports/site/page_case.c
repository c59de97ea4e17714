#include <string.h>

#include "base/arena.h"
#include "reports/markup.h"
#include "reports/site/grid.h"
#include "reports/site/pages.h"
#include "reports/site/way.h"

static const char *base_of(struct arena *a, const char *id)
{
	return arena_printf(a, "%.*s", (int)way_case_length(id), id);
}

/* ---- what it demands ---- */

/* Each statement that a case run of it was about, once. */
static void put_statements(const struct frame *f, struct sightings of)
{
	const char **seen = NULL;
	size_t count = 0, capacity = 0;
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < of.count; i++)
		for (size_t n = 0; n < of.list[i].record->statement_count; n++) {
			const struct record_statement *s = &of.list[i].record->statements[n];
			bool known = s->watched;
			for (size_t k = 0; k < count && !known; k++)
				known = !strcmp(seen[k], s->name);
			if (known)
				continue;
			seen = arena_grow(&a, seen, count, &capacity, sizeof(*seen));
			seen[count++] = s->name;
			fputs(count == 1 ? "<h2>What it judges</h2>\n<ul class=\"index\">\n<li>"
					 : "<li>",
				f->to);
			frame_statement(f, s->name);
			fputs("</li>\n", f->to);
		}
	fputs(count ? "</ul>\n" : "", f->to);
	arena_fini(&a);
}

static void put_facts(const struct frame *f, struct sightings of, const char *base)
{
	const struct record_case *first = of.list[0].record;
	struct arena a;

	arena_init_small(&a, 256);
	markup_print(f->to, "<p class=\"lead\">%s.</p>\n<dl class=\"facts\">\n", first->title);
	frame_fact(f, "chapter", first->chapter);
	frame_fact(f, "level", level_name(first->level));
	frame_fact(f, "of", f->site->targets[of.list[0].column].client ? "a client" : "a server");
	frame_fact(f, "play it", arena_printf(&a, "mqttspec run TARGET %s", base));
	fputs("</dl>\n", f->to);
	arena_fini(&a);
}

/* ---- who keeps it ---- */

/* Only targets that it judged: of others the columns would be empty. */
static struct grid grid_of_judged(
	struct arena *a, const struct frame *f, struct sightings of, size_t *columns)
{
	struct grid_column *list = arena_alloc(a, f->site->target_count * sizeof(*list));
	struct grid grid = { f, list, 0 };

	for (size_t i = 0; i < f->site->target_count; i++) {
		size_t n = 0;
		while (n < of.count && of.list[n].column != i)
			n++;
		columns[i] = n < of.count ? grid.count++ : SIZE_MAX;
		if (n < of.count)
			list[columns[i]] = grid_column(&f->site->targets[i], of.list[n].version);
	}
	return grid;
}

static bool any_is_old(const struct site *site, struct sightings of)
{
	for (size_t i = 0; i < of.count; i++)
		if (sighting_is_old(site, &of.list[i]))
			return true;
	return false;
}

static void put_row(
	const struct grid *g, struct sightings row, const size_t *columns, const char *title)
{
	const struct record_case *record = row.list[0].record;
	const char *slash = strchr(record->id, '/');
	struct arena a;

	arena_init_small(&a, 1024);
	struct matrix_cell *cells = arena_alloc(&a, g->count * sizeof(*cells));
	const struct record_case **worst = arena_alloc(&a, g->count * sizeof(*worst));
	for (size_t i = 0; i < row.count; i++) {
		size_t column = columns[row.list[i].column];
		matrix_judge(&cells[column], row.list[i].verdict);
		if (!worst[column] || worst[column]->verdict != cells[column].verdict)
			worst[column] = row.list[i].record;
	}
	markup_print(g->frame->to,
		"<tr><th scope=\"row\"><code>%s</code> <span class=\"chip\">%s</span>",
		slash ? slash + 1 : record->id, record->version);
	if (strcmp(record->title, title))
		markup_print(g->frame->to, "<small>%s</small>", record->title);
	fputs("</th>", g->frame->to);
	for (size_t i = 0; i < g->count; i++)
		grid_case(g, i, &cells[i], worst[i]);
	fputs("</tr>\n", g->frame->to);
	arena_fini(&a);
}

static void put_grid(const struct frame *f, struct sightings of)
{
	struct arena a;

	fputs("<h2>Who keeps it</h2>\n", f->to);
	if (!sightings_tell(of)) {
		fputs("<p class=\"gap\">Only records that later ones have replaced know this case: "
		      "no version here has been judged by it.</p>\n",
			f->to);
		return;
	}
	arena_init(&a);
	size_t *columns = arena_alloc(&a, f->site->target_count * sizeof(*columns));
	const struct grid grid = grid_of_judged(&a, f, of, columns);
	if (any_is_old(f->site, of))
		fputs("<p class=\"gap\">Of a target whose newest version this case has not judged, "
		      "the column shows the newest version that it has.</p>\n",
			f->to);
	frame_caution(f);
	grid_begin(&grid, "rows by target", strchr(of.list[0].record->id, '/') ? "row" : "case");
	fputs("<tbody>\n", f->to);
	for (size_t i = 0; i < of.count;) {
		struct sightings row =
			sightings_row((struct sightings){ of.list + i, of.count - i });
		put_row(&grid, row, columns, of.list[0].record->title);
		i += row.count;
	}
	fputs("</tbody>\n", f->to);
	grid_end(&grid);
	arena_fini(&a);
}

void page_case(const struct frame *f, struct sightings of)
{
	struct arena a;

	arena_init_small(&a, 256);
	const char *base = base_of(&a, of.list[0].record->id);
	frame_begin(f, base, (struct frame_parent){ "cases/index.html", "Cases" }, false);
	put_facts(f, of, base);
	put_statements(f, of);
	put_grid(f, of);
	frame_end(f);
	arena_fini(&a);
}

/* ---- all of them ---- */

/* How many ids there are of one case, whose sightings are in the order of ids. */
static size_t count_rows(struct sightings of)
{
	size_t rows = 1;

	for (size_t i = 1; i < of.count; i++)
		rows += strcmp(of.list[i].record->id, of.list[i - 1].record->id) != 0;
	return rows;
}

static bool all_are_old(const struct site *site, struct sightings of)
{
	for (size_t i = 0; i < of.count; i++)
		if (of.list[i].version && !sighting_is_old(site, &of.list[i]))
			return false;
	return true;
}

static void put_case(const struct frame *f, struct sightings of)
{
	const struct record_case *record = of.list->record;
	size_t rows = count_rows(of);
	struct arena a;

	arena_init_small(&a, 256);
	markup_print(f->to,
		"<li><a href=\"%s%s\"><code>%s</code></a> <span class=\"chip\">%s</span>", f->back,
		way_case(&a, record->id), base_of(&a, record->id), level_name(record->level));
	if (rows > 1)
		fprintf(f->to, " <span class=\"chip\">%zu rows</span>", rows);
	if (all_are_old(f->site, of))
		fputs(" <span class=\"chip\">only older runs</span>", f->to);
	markup_print(f->to, "<small>%s</small></li>\n", record->title);
	arena_fini(&a);
}

void page_cases(const struct frame *f, const struct sightings *by_case)
{
	frame_begin(f, "Cases", (struct frame_parent){ "index.html", "Matrix" }, false);
	fputs("<p>All cases that have been played, by name; of a table of packets, the number of "
	      "its rows.</p>\n<ul class=\"index\">\n",
		f->to);
	for (size_t i = 0; i < by_case->count;) {
		struct sightings of = sightings_group(
			(struct sightings){ by_case->list + i, by_case->count - i });
		put_case(f, of);
		i += of.count;
	}
	fputs("</ul>\n", f->to);
	frame_end(f);
}
