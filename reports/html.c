#include "reports/html.h"

#include <string.h>

#include "reports/draft.h"
#include "reports/failure.h"
#include "reports/html_data.h"
#include "reports/html_page.h"
#include "reports/html_parts.h"
#include "reports/html_traffic.h"
#include "reports/markup.h"
#include "reports/text.h"
#include "spec/spec.h"

enum { BLOCKS_MAX = 100 }; /* failures shown where scripts are forbidden */

static void put_fact(FILE *to, const char *name, const char *value, bool wide)
{
	if (!value || !*value)
		return;
	fprintf(to, "<div%s><dt>%s</dt><dd>", wide ? " class=\"wide\"" : "", name);
	markup_text(to, value);
	fputs("</dd></div>\n", to);
}

static const char *versions_of(const struct runs *runs)
{
	bool seen[2] = { false };

	for (size_t i = 0; i < runs->case_count; i++)
		seen[!strcmp(runs->cases[i].record->version, "5.0")] = true;
	return seen[0] && seen[1] ? "3.1.1 and 5.0" : seen[1] ? "5.0" : "3.1.1";
}

/* What most readers want of it in a line, which opens into the rest. */
static void put_facts(FILE *to, const struct runs *runs)
{
	const struct record_run *run = runs->run;
	char time[RUNS_TIME_SIZE], length[TEXT_SIZE], line[64];

	fputs("<details class=\"about\"><summary>MQTT ", to);
	fprintf(to, "%s %s, judged on %s UTC in %s</summary>\n<dl class=\"facts\">\n",
		versions_of(runs), run->role, runs_time(runs->started_us, ' ', time),
		text_duration(runs->duration_us, length));
	put_fact(to, "at", run->target_url, false);
	put_fact(to, "mqttspec", run->tool_version, false);
	snprintf(line, sizeof(line), "%llu", (unsigned long long)run->seed);
	put_fact(to, "seed", line, false);
	snprintf(line, sizeof(line), "%.12s", run->catalogue);
	put_fact(to, "catalogue", line, false);
	put_fact(to, "command", run->command, true);
	fputs("</dl></details>\n", to);
}

/* One line that tells how it went. */
static void put_state(FILE *to, const struct runs *runs)
{
	bool red = runs_are_red(runs);
	bool grey = runs->gap_count || (!runs->case_count && !runs->scenarios);
	char played[TEXT_SCENARIOS_SIZE];

	fprintf(to, "<p class=\"state %s\">", red ? "red" : grey ? "grey" : "green");
	if (runs->scenarios)
		fputs(text_scenarios(runs->unexpected_count, runs->scenarios, runs->steps, played),
			to);
	else if (!runs->case_count)
		fputs("Nothing was run", to);
	else if (red)
		fprintf(to, "%zu unexpected of %zu case runs", runs->unexpected_count,
			runs->case_count);
	else
		fprintf(to, "%zu case run%s, all as expected", runs->case_count,
			runs->case_count == 1 ? "" : "s");
	if (runs->expected_failures)
		fprintf(to, ", %zu known failure%s", runs->expected_failures,
			runs->expected_failures == 1 ? "" : "s");
	if (runs->unseen_count)
		fprintf(to, ", %zu cause%s foreseen but not seen", runs->unseen_count,
			runs->unseen_count == 1 ? "" : "s");
	if (runs->death_count)
		fprintf(to, "; the target died %zu time%s", runs->death_count,
			runs->death_count == 1 ? "" : "s");
	fputs("</p>\n", to);
}

/* Entries of the target's file to remove. */
static void put_unseen(FILE *to, const struct runs *runs)
{
	for (size_t i = 0; i < runs->unseen_count; i++) {
		const struct record_unseen *u = &runs->unseen[i];
		fputs("<p class=\"gap\"><strong>Foreseen but not seen:</strong> ", to);
		markup_text(to, u->cause);
		if (u->reason) {
			fputs(" (", to);
			markup_text(to, u->reason);
			fputc(')', to);
		}
		fputs("; remove that entry from the target's file.</p>\n", to);
	}
}

static void put_bar(FILE *to, const struct runs *runs)
{
	double at = 0;

	if (!runs->case_count)
		return;
	fputs("<svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" "
	      "aria-hidden=\"true\">",
		to);
	for (int v = 0; v < VERDICT_COUNT; v++) {
		double share = 100.0 * (double)runs->counts[v] / (double)runs->case_count;
		if (runs->counts[v])
			fprintf(to, "<rect class=\"v-%s\" x=\"%.3f\" width=\"%.3f\" height=\"1\"/>",
				verdict_name(v), at, share);
		at += share;
	}
	fputs("</svg>\n", to);
}

/* What each colour of the bar means, and how often: each leads to its case runs. */
static void put_legend(FILE *to, const struct runs *runs)
{
	static const char *const words[VERDICT_COUNT] = {
		[VERDICT_PASS] = "as the standard demands",
		[VERDICT_FAIL] = "broke a rule",
		[VERDICT_NONSTRICT] = "legal, against advice",
		[VERDICT_INFO] = "left open, observed",
		[VERDICT_INAPPLICABLE] = "not offered",
		[VERDICT_INCONCLUSIVE] = "the set-up failed",
		[VERDICT_CRASH] = "the target died",
		[VERDICT_ERROR] = "mqttspec is at fault",
	};

	fputs("<ul class=\"legend\" aria-label=\"case runs by verdict\">\n", to);
	for (int v = 0; v < VERDICT_COUNT; v++) {
		const char *name = verdict_name(v);
		if (!runs->counts[v])
			continue;
		fprintf(to,
			"<li><a class=\"badge v-%s\" "
			"href=\"#view=cases&amp;verdict=%s\"><b>%zu</b> "
			"%s</a> <span>%s",
			name, name, runs->counts[v], name, words[v]);
		if (runs->unexpected[v] == runs->counts[v])
			fputs(", unexpected", to);
		else if (runs->unexpected[v])
			fprintf(to, ", %zu unexpected", runs->unexpected[v]);
		fputs("</span></li>\n", to);
	}
	fputs("</ul>\n", to);
}

static void put_gaps(FILE *to, const struct runs *runs)
{
	for (size_t i = 0; i < runs->gap_count; i++) {
		fputs("<p class=\"gap\"><strong>Incomplete:</strong> ", to);
		markup_text(to, runs->gaps[i]);
		fputs(".</p>\n", to);
	}
	if (*runs->run->catalogue && strcmp(runs->run->catalogue, spec_digest))
		fputs("<p class=\"gap\">The run used another catalogue of statements than the "
		      "mqttspec that made this page; ids are the same, words and levels may have "
		      "changed.</p>\n",
			to);
}

static void put_trail(FILE *to, const struct html_home *home)
{
	markup_print(to,
		"<p class=\"trail\"><a href=\"%sindex.html\">Matrix</a> › <a "
		"href=\"%s%sindex.html\">%s</a></p>\n",
		home->back, home->back, home->target_way, home->target);
}

static void put_caution(FILE *to, const struct html_home *home)
{
	markup_print(to,
		"<p class=\"caution\">Read <a href=\"%sabout.html#score\">what these numbers do "
		"not "
		"mean</a> before you compare them. A verdict is wrong? <a "
		"href=\"%sabout.html#object\">Object</a>.</p>\n",
		home->back, home->back);
}

static void put_header(FILE *to, const struct runs *runs, const struct html_home *home)
{
	struct draft target;

	draft_begin(&target);
	runs_target(target.to, runs->run);
	fputs("<header>\n", to);
	if (home)
		put_trail(to, home);
	fputs("<h1>MQTT conformance of ", to);
	markup_text(to, draft_end(&target));
	fputs("</h1>\n", to);
	draft_fini(&target);
	put_state(to, runs);
	put_bar(to, runs);
	put_legend(to, runs);
	if (home)
		put_caution(to, home);
	put_gaps(to, runs);
	put_unseen(to, runs);
	put_facts(to, runs);
	fputs("</header>\n", to);
}

/* Some servers of build results forbid scripts: the failures must be there even so. */
static void put_failures_as_text(FILE *to, const struct runs *runs)
{
	size_t shown = 0;

	fputs("<noscript>\n<p>Without scripts this page shows its failures as text only.</p>\n",
		to);
	for (size_t i = 0; i < runs->case_count && shown < BLOCKS_MAX; i++) {
		const struct run_case *c = &runs->cases[i];
		struct report_style style = { .folder = c->source->folder };
		struct draft block;
		if (c->record->expected && verdict_is_good(c->record->verdict))
			continue;
		draft_begin(&block);
		report_failure_block(block.to, &style, runs->run, c->record);
		fputs("<pre>", to);
		markup_text(to, draft_end(&block));
		fputs("</pre>\n", to);
		draft_fini(&block);
		shown++;
	}
	fputs("</noscript>\n", to);
}

static void put_words(FILE *to)
{
	fputs("<section class=\"words\" aria-labelledby=\"words\">\n<h2 id=\"words\">What the "
	      "verdicts mean</h2>\n<div class=\"scroll\"><table><thead><tr><th "
	      "scope=\"col\">verdict</th><th scope=\"col\">meaning</th></tr></thead><tbody>\n",
		to);
	for (int v = 0; v < VERDICT_COUNT; v++)
		fprintf(to,
			"<tr><th scope=\"row\"><span class=\"badge v-%s\">%s</span></th><td>%s</td>"
			"</tr>\n",
			verdict_name(v), verdict_name(v), html_meaning(v));
	fputs("</tbody></table></div>\n<p>A verdict is <strong>expected</strong> if the target's "
	      "file foresees it, or if it is good (pass, nonstrict, info, inapplicable) and the "
	      "file says nothing. In capitals: not expected. MUST and STATED rules bind (STATED: "
	      "said without a keyword), SHOULD is a recommendation, MAY leaves a choice. No "
	      "verdict is ever rewritten after the run.</p>\n</section>\n",
		to);
}

static void put_footer(FILE *to)
{
	fputs("<footer><p>Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous "
	      "line, <kbd>Enter</kbd> open, <kbd>1</kbd> to <kbd>4</kbd> views, <kbd>Esc</kbd> "
	      "clear "
	      "the search. What is shown is kept in the address: copy it to share a view. Made by "
	      "mqttspec from the records of a run, and from nothing else.</p></footer>\n",
		to);
}

static void put_data(
	FILE *to, const struct runs *runs, const char *const *folders, const struct html_home *home)
{
	fputs("<script type=\"application/json\" id=\"head\">", to);
	html_head_data(to, runs, folders, home ? home->back : NULL);
	fputs("</script>\n<script type=\"text/plain\" id=\"index\">", to);
	html_index_data(to, runs);
	fputs("</script>\n<script type=\"text/plain\" id=\"details\">", to);
	html_details_data(to, runs);
	fputs("</script>\n", to);
}

void report_html(
	FILE *to, const struct runs *runs, const char *const *folders, const struct html_home *home)
{
	struct draft title;

	draft_begin(&title);
	runs_target(title.to, runs->run);
	html_begin(to, draft_end(&title), html_run_script_hash);
	draft_fini(&title);
	fputs("<a class=\"skip\" href=\"#main\">To the results</a>\n", to);
	put_header(to, runs, home);
	html_traffic(to, runs);
	fputs("<nav aria-label=\"views\"><div id=\"views\"></div></nav>\n<main id=\"main\" "
	      "tabindex=\"-1\">\n<h2 id=\"heading\">Failures</h2>\n<div id=\"tools\" "
	      "role=\"search\"></div>\n<p id=\"found\" role=\"status\"></p>\n",
		to);
	put_failures_as_text(to, runs);
	fputs("<div id=\"list\"></div>\n</main>\n", to);
	put_words(to);
	put_footer(to);
	put_data(to, runs, folders, home);
	html_end(to, html_run_script);
}
