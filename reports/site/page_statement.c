#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "reports/draft.h"
#include "reports/link.h"
#include "reports/markup.h"
#include "reports/site/grid.h"
#include "reports/site/pages.h"
#include "reports/site/way.h"
#include "spec/spec.h"

enum { SHOWN_MAX = 8 }; /* case runs of one target that are named; its report has all of them */

/* ---- what it demands ---- */

static void put_counterparts(const struct frame *f, const struct spec_statement *s)
{
	struct arena a;
	char *rest = NULL, *list;

	if (!*s->counterpart)
		return;
	arena_init_small(&a, 256);
	list = arena_text(&a, s->counterpart);
	fputs("<div><dt>in 3.1.1</dt><dd>", f->to);
	for (char *id = strtok_r(list, ";", &rest); id; id = strtok_r(NULL, ";", &rest)) {
		const char *name = arena_printf(&a, "3.1.1:%s", id + strspn(id, " "));
		if (spec_find(name))
			markup_print(f->to, "<a href=\"%s%s\"><code>%s</code></a> ", f->back,
				way_statement(&a, name), name);
		else
			markup_print(f->to, "%s ", id);
	}
	fputs("</dd></div>\n", f->to);
	arena_fini(&a);
}

static const char *where_seen(uint8_t testable)
{
	switch (testable & (TESTABLE_SERVER | TESTABLE_CLIENT)) {
	case TESTABLE_SERVER: return "in the packets of a server";
	case TESTABLE_CLIENT: return "in the packets of a client";
	case TESTABLE_SERVER | TESTABLE_CLIENT: return "in the packets of servers and of clients";
	default: return testable ? "in a target set up for it" : "not from outside";
	}
}

static void put_demand(const struct frame *f, const struct spec_statement *s)
{
	char url[SPEC_URL_SIZE];

	markup_print(f->to, "<p class=\"lead\">%s</p>\n<dl class=\"facts\">\n", s->summary);
	frame_fact(f, "level", s->level);
	frame_fact(f, "binds", spec_actor_name((enum spec_actor)s->actor));
	markup_print(f->to,
		"<div><dt>section</dt><dd><a href=\"%s\" rel=\"noreferrer\">MQTT %s, %s%s%s</a>, "
		"in "
		"the text of the standard</dd></div>\n",
		spec_url(s, url), spec_version_name(s->version), s->section, *s->title ? " " : "",
		s->title);
	frame_fact(f, "seen", where_seen(s->testable));
	put_counterparts(f, s);
	frame_fact(f, "no case for servers", s->untested_server);
	frame_fact(f, "no case for clients", s->untested_client);
	fputs("</dl>\n", f->to);
	if (*s->note)
		markup_print(f->to, "<p><strong>How it is judged:</strong> %s</p>\n", s->note);
	if (!s->numbered)
		fputs("<p>The standard gives this rule no number: the name is one of "
		      "mqttspec.</p>\n",
			f->to);
}

/* ---- who keeps it ---- */

static void put_case_run(
	const struct frame *f, const struct site_version *version, const struct record_case *record)
{
	struct draft label;
	struct buf link;

	draft_begin(&label);
	case_label(label.to, record);
	draft_end(&label);
	buf_init(&link, SIZE_MAX);
	grid_link_case(&link, record);
	markup_print(f->to, "<a href=\"%s%s%s\">%s</a>", f->back, version->way, buf_text(&link),
		label.text);
	buf_fini(&link);
	draft_fini(&label);
}

/* The worst come first: those that were not good, some of them. */
static void put_case_runs(
	const struct frame *f, const struct site_version *version, struct sightings of)
{
	size_t count = 0;

	while (count < of.count && sighting_needs_evidence(of.list[count].verdict))
		count++;
	for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
		fputs(i ? ", " : "", f->to);
		put_case_run(f, version, of.list[i].record);
	}
	if (count > SHOWN_MAX)
		fprintf(f->to, " and %zu more", count - SHOWN_MAX);
}

/* What the target's file says of it: a reason, and where it is reported or disputed. */
static void put_foreseen(const struct frame *f, struct sightings of)
{
	const struct record_case *record = NULL;
	struct buf link;

	for (size_t i = 0; i < of.count && !record; i++)
		if (sighting_needs_evidence(of.list[i].verdict) && of.list[i].record->reason)
			record = of.list[i].record;
	if (!record)
		return;
	markup_print(f->to, "<small class=\"known\">Known: %s", record->reason);
	buf_init(&link, SIZE_MAX);
	if (record->link && link_add_web(&link, record->link))
		markup_print(f->to, " <a href=\"%s\" rel=\"noreferrer\">%s</a>", buf_text(&link),
			record->link);
	buf_fini(&link);
	fputs("</small>", f->to);
}

static void put_target(const struct frame *f, struct sightings of)
{
	const struct site_target *target = &f->site->targets[of.list->column];
	const struct site_version *version = of.list->version;
	struct matrix_cell cell = { 0 };

	for (size_t i = 0; i < of.count; i++)
		matrix_judge(&cell, of.list[i].verdict);
	markup_print(f->to, "<tr><th scope=\"row\"><a href=\"%s%sindex.html\">%s</a>", f->back,
		target->way, version->title);
	if (sighting_is_old(f->site, of.list))
		markup_print(f->to, "<small>%s has not been judged by it</small>",
			site_newest(target)->title);
	fputs("</th><td>", f->to);
	frame_badge(f, cell.verdict);
	fputs("</td><td>", f->to);
	frame_counts(f, &cell);
	fputs("</td><td>", f->to);
	put_case_runs(f, version, of);
	put_foreseen(f, of);
	fputs("</td></tr>\n", f->to);
}

static void put_keepers(const struct frame *f, struct sightings of)
{
	fputs("<h2>Who keeps it</h2>\n", f->to);
	if (!sightings_tell(of)) {
		fputs("<p>No case run of these targets has judged it.</p>\n", f->to);
		return;
	}
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"targets\">\n<table "
	      "class=\"list\"><thead><tr><th scope=\"col\">target</th><th "
	      "scope=\"col\">verdict</th><th scope=\"col\">case runs</th><th scope=\"col\">not "
	      "good</th></tr></thead><tbody>\n",
		f->to);
	for (size_t i = 0; i < of.count;) {
		size_t end = i;
		while (end < of.count && of.list[end].column == of.list[i].column)
			end++;
		put_target(f, (struct sightings){ of.list + i, end - i });
		i = end;
	}
	fputs("</tbody></table></div>\n", f->to);
	frame_caution(f);
}

/* ---- who judges it ---- */

/* Each case once, as they come up; of a table, the title of the first row that did. */
static void put_cases(const struct frame *f, struct sightings of)
{
	size_t count = 0;
	struct arena a;

	if (!of.count)
		return;
	arena_init(&a);
	const struct record_case **seen = arena_alloc(&a, of.count * sizeof(*seen));
	fputs("<h2>Cases that have judged it</h2>\n<ul>\n", f->to);
	for (size_t i = 0; i < of.count; i++) {
		const struct record_case *record = of.list[i].record;
		bool known = false;
		for (size_t n = 0; n < count && !known; n++)
			known = way_is_same_case(seen[n]->id, record->id);
		if (known)
			continue;
		seen[count++] = record;
		markup_print(
			f->to, "<li><a href=\"%s%s\"><code>", f->back, way_case(&a, record->id));
		fprintf(f->to, "%.*s", (int)way_case_length(record->id), record->id);
		markup_print(f->to, "</code></a> %s</li>\n", record->title);
	}
	fputs("</ul>\n", f->to);
	arena_fini(&a);
}

void page_statement(
	const struct frame *f, const char *statement, const struct sightings *by_statement)
{
	const struct sightings of = sightings_of(by_statement, statement);
	const struct spec_statement *s = spec_find(statement);

	frame_begin(f, statement, (struct frame_parent){ "statements/index.html", "Statements" },
		false);
	if (s)
		put_demand(f, s);
	else
		fputs("<p>A statement that the catalogue of this mqttspec does not have: a record "
		      "made by another one names it.</p>\n",
			f->to);
	put_keepers(f, of);
	put_cases(f, of);
	frame_end(f);
}

/* ---- all of them ---- */

void page_statements(const struct frame *f, const struct sightings *by_statement)
{
	const char *last = "";

	frame_begin(f, "Statements", (struct frame_parent){ "index.html", "Matrix" }, false);
	fprintf(f->to,
		"<p>All %zu statements of the catalogue, with those that nobody judged.</p>\n",
		spec_statement_count);
	for (size_t i = 0; i < spec_statement_count; i++) {
		const struct spec_statement *s = &spec_statements[i];
		const char *version = spec_version_name(s->version);
		if (strcmp(version, last))
			fprintf(f->to, "%s<h2>MQTT %s</h2>\n<ul class=\"index\">\n",
				*last ? "</ul>\n" : "", version);
		last = version;
		fputs("<li>", f->to);
		frame_statement(f, s->name);
		fputs(sightings_tell(sightings_of(by_statement, s->name))
				? "</li>\n"
				: "<small>Not judged.</small></li>\n",
			f->to);
	}
	fputs("</ul>\n", f->to);
	frame_end(f);
}
