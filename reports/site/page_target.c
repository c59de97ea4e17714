#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/markup.h"
#include "reports/site/grid.h"
#include "reports/site/pages.h"

/* ---- versions ---- */

static void put_version(const struct frame *f, const struct site_version *version,
	const struct matrix_column *column)
{
	char time[RUNS_TIME_SIZE];

	markup_print(f->to,
		"<tr><th scope=\"row\"><a "
		"href=\"%s%sindex.html\">%s</a></th><td>%s</td><td>%s</td>",
		f->back, version->way, *version->name ? version->name : "unversioned",
		runs_time(version->runs->started_us, ' ', time), version->runs->run->tool_version);
	fprintf(f->to,
		"<td><code>%.12s</code></td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td "
		"class=\"n\">%zu</td><td class=\"n\">%zu</td>",
		version->runs->run->catalogue, version->runs->case_count, column->judged,
		column->kept, column->broken);
	markup_print(f->to,
		"<td><a href=\"%s%sbadge.svg\">badge</a>, <a "
		"href=\"%s%sresult.json\">JSON</a></td></tr>\n",
		f->back, version->way, f->back, version->way);
}

/* The newest first: that is what most come for. */
static void put_versions(const struct frame *f, const struct site_target *target)
{
	fputs("<h2>Versions</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"versions\">\n<table class=\"list\"><thead><tr><th "
	      "scope=\"col\">version</th><th scope=\"col\">judged on (UTC)</th><th "
	      "scope=\"col\">by mqttspec</th><th scope=\"col\">catalogue</th><th scope=\"col\" "
	      "class=\"n\">case runs</th><th scope=\"col\" class=\"n\">statements judged</th><th "
	      "scope=\"col\" class=\"n\">kept</th><th scope=\"col\" class=\"n\">broken</th><th "
	      "scope=\"col\">more</th></tr></thead><tbody>\n",
		f->to);
	for (size_t i = target->version_count; i--;)
		put_version(f, &target->versions[i], &target->history.columns[i]);
	fputs("</tbody></table></div>\n", f->to);
	frame_caution(f);
}

/* What another catalogue or tool finds differently is no change of the target. */
static bool is_judged_alike(const struct site_target *target)
{
	const struct record_run *first = target->versions[0].runs->run;

	for (size_t i = 1; i < target->version_count; i++) {
		const struct record_run *run = target->versions[i].runs->run;
		if (strcmp(run->catalogue, first->catalogue) ||
			strcmp(run->tool_version, first->tool_version))
			return false;
	}
	return true;
}

static void put_history(const struct frame *f, const struct site_target *target)
{
	struct arena a;

	if (target->version_count < 2)
		return;
	arena_init(&a);
	const struct grid grid = grid_of_versions(&a, f, target);
	fputs("<h2 id=\"changes\">What has changed</h2>\n", f->to);
	if (!is_judged_alike(target))
		fputs("<p class=\"gap\">The versions were not all judged by the same mqttspec and "
		      "catalogue: a difference may lie there.</p>\n",
			f->to);
	fprintf(f->to, "<p>%zu of %zu statements were not judged alike in all versions.</p>\n",
		target->history.different, target->history.row_count);
	if (target->history.different) {
		grid_begin(&grid, "statements by version", "statement");
		grid_chapters(&grid, &target->history, true);
		grid_end(&grid);
	}
	arena_fini(&a);
}

/* ---- the configuration ---- */

/* Why case runs could not be played, and how many for this reason. */
struct want {
	const char *reason;
	size_t count;
};

static int compare_reasons(const void *a, const void *b)
{
	return strcmp(((const struct want *)a)->reason, ((const struct want *)b)->reason);
}

static int compare_counts(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return compare_reasons(a, b);
}

static struct want *find_wants(struct arena *a, const struct runs *runs, size_t *count)
{
	struct want *list = arena_alloc(a, runs->case_count * sizeof(*list));
	size_t all = 0;

	for (size_t i = 0; i < runs->case_count; i++) {
		const struct record_case *record = runs->cases[i].record;
		if (record->verdict == VERDICT_INAPPLICABLE)
			list[all++] = (struct want){ record->note ? record->note : "", 1 };
	}
	if (all)
		qsort(list, all, sizeof(*list), compare_reasons);
	*count = 0;
	for (size_t i = 0; i < all; i++) {
		if (*count && !strcmp(list[*count - 1].reason, list[i].reason))
			list[*count - 1].count++;
		else
			list[(*count)++] = list[i];
	}
	if (*count)
		qsort(list, *count, sizeof(*list), compare_counts);
	return list;
}

static void put_configuration(const struct frame *f, const struct site_version *version)
{
	const struct record_run *run = version->runs->run;
	size_t count;
	struct arena a;

	arena_init(&a);
	const struct want *wants = find_wants(&a, version->runs, &count);
	fputs("<h2 id=\"configuration\">How it was run, and what depends on that</h2>\n<dl "
	      "class=\"facts\">\n",
		f->to);
	frame_fact(f, "set up by", run->target);
	frame_fact(f, "reached at", run->target_url);
	frame_fact(f, "command", run->command);
	fputs("</dl>\n", f->to);
	if (count)
		fputs("<p>These case runs did not apply to it as it was set up; to another "
		      "configuration they may.</p>\n<table class=\"list\"><thead><tr><th "
		      "scope=\"col\">reason</th><th scope=\"col\" class=\"n\">case runs</th></tr>"
		      "</thead><tbody>\n",
			f->to);
	for (size_t i = 0; i < count; i++)
		markup_print(f->to, "<tr><td>%s</td><td class=\"n\">%zu</td></tr>\n",
			*wants[i].reason ? wants[i].reason : "(no reason given)", wants[i].count);
	fputs(count ? "</tbody></table>\n" : "", f->to);
	arena_fini(&a);
}

void page_target(const struct frame *f, const struct site_target *target)
{
	const struct site_version *newest = site_newest(target);

	frame_begin(f, target->name, (struct frame_parent){ "index.html", "Matrix" }, false);
	markup_print(f->to,
		"<p>A %s. Everything that was found, with transcripts, captures and texts for bug "
		"reports, is in the report of each version; the newest is <a "
		"href=\"%s%sindex.html\">%s</a>.</p>\n",
		target->client ? "client" : "server", f->back, newest->way, newest->title);
	put_versions(f, target);
	put_history(f, target);
	put_configuration(f, newest);
	frame_end(f);
}

void page_version(
	const struct frame *f, const struct site_target *target, const struct site_version *version)
{
	const struct html_home home = {
		.back = f->back, .target = target->name, .target_way = target->way
	};
	const char **folders;
	struct arena a;

	arena_init_small(&a, 256);
	folders = arena_alloc(&a, version->runs->source_count * sizeof(*folders));
	for (size_t i = 0; i < version->runs->source_count; i++)
		folders[i] = "";
	report_html(f->to, version->runs, folders, &home);
	arena_fini(&a);
}
