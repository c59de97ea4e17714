#include "reports/site/frame.h"

#include "base/arena.h"
#include "reports/html_page.h"
#include "reports/markup.h"
#include "reports/site/way.h"
#include "spec/spec.h"

/* A policy as strict as that of a report (reports/html_page.h), for style and script beside the page. */
static void put_head(const struct frame *f, const char *title, bool script)
{
	markup_print(f->to,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'self'; script-src %s; img-src 'self'; base-uri 'none'; form-action "
		"'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<title>%s: MQTT conformance</title>\n<link rel=\"stylesheet\" "
		"href=\"%sstyle.css\">\n",
		script ? "'self'" : "'none'", title, f->back);
	if (script)
		markup_print(f->to, "<script src=\"%ssite.js\" defer></script>\n", f->back);
	fputs("</head>\n<body class=\"site\">\n", f->to);
}

void frame_begin(const struct frame *f, const char *title, struct frame_parent parent, bool script)
{
	put_head(f, title, script);
	fputs("<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<nav "
	      "aria-label=\"site\"><div>",
		f->to);
	markup_print(f->to,
		"<a href=\"%sindex.html\">Matrix</a><a "
		"href=\"%sstatements/index.html\">Statements</a>"
		"<a href=\"%scases/index.html\">Cases</a><a href=\"%sabout.html\">What this "
		"means</a></div></nav>\n<main id=\"main\" tabindex=\"-1\">\n",
		f->back, f->back, f->back, f->back);
	if (parent.title)
		markup_print(f->to, "<p class=\"trail\"><a href=\"%s%s\">%s</a></p>\n", f->back,
			parent.way, parent.title);
	markup_print(f->to, "<h1>%s</h1>\n", title);
}

void frame_end(const struct frame *f)
{
	char time[RUNS_TIME_SIZE];

	markup_print(f->to, "</main>\n<footer><p>Made by mqttspec %s, catalogue <code>",
		f->site->tool_version);
	fprintf(f->to, "%.12s</code>, from records of runs up to %s UTC and from nothing else. ",
		spec_digest, runs_time(f->site->until_us, ' ', time));
	markup_print(f->to,
		"<a href=\"%sabout.html#object\">A verdict is wrong?</a> "
		"<a href=\"%sindex.json\">All of it as JSON</a></p></footer>\n</body>\n</html>\n",
		f->back, f->back);
}

void frame_caution(const struct frame *f)
{
	markup_print(f->to,
		"<p class=\"caution\">A count is not a grade: it says how many statements case "
		"runs "
		"have "
		"looked at, and how many of them they saw broken, in one configuration, on one "
		"day. "
		"<a href=\"%sabout.html#score\">What a score does not mean</a>, <a "
		"href=\"%sabout.html#object\">how to object</a>.</p>\n",
		f->back, f->back);
}

void frame_fact(const struct frame *f, const char *name, const char *value)
{
	if (value && *value)
		markup_print(f->to, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

void frame_badge(const struct frame *f, enum verdict verdict)
{
	fprintf(f->to, "<span class=\"badge v-%s\">%s</span>", verdict_name(verdict),
		verdict_name(verdict));
}

void frame_verdicts(const struct frame *f)
{
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"verdicts\">\n<table "
	      "class=\"list\"><thead><tr><th scope=\"col\">verdict</th><th "
	      "scope=\"col\">meaning</th></tr></thead><tbody>\n",
		f->to);
	for (int v = 0; v < VERDICT_COUNT; v++) {
		fputs("<tr><th scope=\"row\">", f->to);
		frame_badge(f, (enum verdict)v);
		fprintf(f->to, "</th><td>%s</td></tr>\n", html_meaning((enum verdict)v));
	}
	fputs("</tbody></table></div>\n", f->to);
}

void frame_counts(const struct frame *f, const struct matrix_cell *cell)
{
	const char *between = "";

	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (!cell->counts[v])
			continue;
		fprintf(f->to, "%s%zu %s", between, cell->counts[v], verdict_name(v));
		between = ", ";
	}
}

void frame_statement(const struct frame *f, const char *name)
{
	const struct spec_statement *s = spec_find(name);
	struct arena a;

	arena_init_small(&a, 256);
	markup_print(f->to, "<a href=\"%s%s\"><code>%s</code></a>", f->back,
		way_statement(&a, name), name);
	if (s)
		markup_print(f->to, " <span class=\"chip\">%s</span><small>%s</small>", s->level,
			s->summary);
	arena_fini(&a);
}
