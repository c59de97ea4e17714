#include "bench/tell/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/load/workload.h"
#include "bench/tell/cells.h"
#include "bench/tell/phrase.h"
#include "bench/tell/plot.h"
#include "bench/tell/style.h"
#include "reports/html_page.h"
#include "reports/markup.h"
#include "spec/spec.h"

enum { SUMMARY = 300, NAME = 80 };

/* ---- a result in figures -------------------------------------------------------------------- */

static void put_heads(FILE *to, const char *const *titles, size_t count)
{
	fputs("<thead><tr>", to);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "<th scope=\"col\">%s</th>", titles[i]);
	fputs("</tr></thead>\n", to);
}

static void put_number(FILE *to, const char *text)
{
	fputs("<td class=\"n\">", to);
	markup_text(to, text);
	fputs("</td>", to);
}

static void put_row(FILE *to, const struct book *b, const struct book_entry *e)
{
	const struct result *r = e->result;
	char cells[CELLS][PHRASE_SIZE], text[PHRASE_SIZE];

	fputs("<tr><th scope=\"row\">", to);
	markup_text(to, b->targets[e->target].word);
	if (b->target_count > 1)
		fprintf(to, ", round %u", e->round + 1);
	fputs("</th>", to);
	cells_of(r, cells);
	for (size_t i = 0; i < CELLS; i++)
		put_number(to, strcmp(cells[i], "-") ? cells[i] : "–");
	snprintf(text, sizeof(text), "%.0f %%",
		r->own_span_s > 0 ? 100 * r->own_cpu_s / r->own_span_s : 0);
	put_number(to, text);
	fputs("</tr>\n", to);
}

static void put_figures(FILE *to, const struct book *b, size_t from, size_t end)
{
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"figures\">"
	      "<table class=\"figures\">\n",
		to);
	fputs("<thead><tr><th scope=\"col\">target</th>", to);
	for (size_t i = 0; i < CELLS; i++)
		fprintf(to, "<th scope=\"col\">%s</th>", cells_titles[i]);
	fputs("<th scope=\"col\">generator’s cpu</th></tr></thead>\n<tbody>\n", to);
	for (size_t i = from; i < end; i++)
		put_row(to, b, &b->entries[i]);
	fputs("</tbody></table></div>\n", to);
}

static void put_sentences(FILE *to, const struct book *b, const struct book_entry *e)
{
	struct result_break breaks[RESULT_BREAKS_MAX];
	char remark[PHRASE_REMARK_SIZE];
	unsigned broken = result_breaks(e->result, breaks);

	for (unsigned i = 0; i < broken; i++) {
		fputs("<p><span class=\"badge v-fail\">broken</span> <code>", to);
		markup_text(to, breaks[i].statement);
		fputs("</code> ", to);
		markup_text(to, b->targets[e->target].word);
		fputs(": ", to);
		markup_text(to, breaks[i].text);
		fputs(".</p>\n", to);
	}
	for (unsigned i = 0; phrase_remark(e->result, i, remark); i++) {
		fputs("<p class=\"hint\">", to);
		markup_text(to, b->targets[e->target].word);
		fputs(": ", to);
		markup_text(to, remark);
		fputs(".</p>\n", to);
	}
}

/* ---- plots ---------------------------------------------------------------------------------- */

/* The values of a result over time. An interval in which nothing came has a rate, and no latency. */
struct curves {
	char names[4][NAME];
	double *memory; /* of all arrays */
	double *x, *rate;
	size_t count;
	double *came_x, *p50, *p99, *most;
	size_t came_count;
};

static void curves_init(struct curves *c, const struct book *b, const struct book_entry *e)
{
	static const char *const what[] = { "delivered", "p50", "p99", "max" };
	const struct series *s = &e->result->latency;
	size_t room = s->count + 1;
	double *memory = calloc(6 * room, sizeof(*memory));

	if (!memory)
		abort();
	*c = (struct curves){
		.memory = memory,
		.x = memory,
		.rate = memory + room,
		.came_x = memory + 2 * room,
		.p50 = memory + 3 * room,
		.p99 = memory + 4 * room,
		.most = memory + 5 * room,
		.count = s->count,
	};
	for (size_t i = 0; i < s->count; i++) {
		struct series_point p = series_point(s, i, e->result->ended_us);
		c->x[i] = ((double)p.from_us + (double)s->width_us / 2) / 1e6;
		c->rate[i] = p.rate;
		if (p.rate <= 0)
			continue;
		c->came_x[c->came_count] = c->x[i];
		c->p50[c->came_count] = (double)p.p50_us;
		c->p99[c->came_count] = (double)p.p99_us;
		c->most[c->came_count++] = (double)p.most_us;
	}
	for (size_t i = 0; i < sizeof(what) / sizeof(*what); i++)
		snprintf(c->names[i], NAME, "%s%s%s",
			b->target_count > 1 ? b->targets[e->target].word : "",
			b->target_count > 1 ? ", " : "", what[i]);
}

static void add_line(
	struct plot *p, const char *name, const double *x, const double *y, size_t count)
{
	if (p->line_count < PLOT_LINES_MAX)
		p->lines[p->line_count++] = (struct plot_line){ name, x, y, count };
}

static void put_plots(FILE *to, const struct book *b, size_t from, size_t end)
{
	struct curves curves[BOOK_TARGETS] = { 0 };
	struct plot rates = { .title = "Throughput" };
	struct plot times = { .title = "Latency", .is_time = true };
	char said[2][SUMMARY] = { "", "" }, one[PHRASE_SIZE], other[PHRASE_SIZE];
	size_t shown = 0;

	for (size_t i = from; i < end && shown < BOOK_TARGETS; i++) {
		const struct book_entry *e = &b->entries[i];
		if (e->target != shown || !e->result->latency.count)
			continue;
		struct curves *c = &curves[shown++];
		const struct histogram *h = &e->result->latency.all;
		curves_init(c, b, e);
		add_line(&rates, c->names[0], c->x, c->rate, c->count);
		add_line(&times, c->names[1], c->came_x, c->p50, c->came_count);
		add_line(&times, c->names[2], c->came_x, c->p99, c->came_count);
		add_line(&times, c->names[3], c->came_x, c->most, c->came_count);
		snprintf(said[0] + strlen(said[0]), SUMMARY - strlen(said[0]),
			"%s: %s on average. ", b->targets[e->target].word,
			phrase_rate(result_rate(e->result), one));
		snprintf(said[1] + strlen(said[1]), SUMMARY - strlen(said[1]),
			"%s: %s in the middle, %s at the 99th percentile. ",
			b->targets[e->target].word, phrase_time(histogram_at(h, 0.5), one),
			phrase_time(histogram_at(h, 0.99), other));
	}
	rates.summary = said[0];
	times.summary = said[1];
	if (shown) {
		plot_put(to, &rates);
		plot_put(to, &times);
	}
	for (size_t i = 0; i < shown; i++)
		free(curves[i].memory);
}

/* The same as numbers, for those who read rather than look. */
static void put_points(FILE *to, const struct book *b, const struct book_entry *e)
{
	static const char *const titles[] = { "second", "rate", "p50", "p99", "p99.9", "max" };
	const struct result *r = e->result;
	char text[PHRASE_SIZE];

	if (!r->latency.count || e->round)
		return;
	fputs("<details><summary>Values over time: ", to);
	markup_text(to, b->targets[e->target].word);
	fputs("</summary><div class=\"scroll tall\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"values over time\"><table class=\"figures\">\n",
		to);
	put_heads(to, titles, sizeof(titles) / sizeof(*titles));
	fputs("<tbody>\n", to);
	for (size_t i = 0; i < r->latency.count; i++) {
		struct series_point p = series_point(&r->latency, i, r->ended_us);
		fprintf(to, "<tr><th scope=\"row\">%.1f</th>", (double)p.from_us / 1e6);
		put_number(to, phrase_rate(p.rate, text));
		put_number(to, phrase_time(p.p50_us, text));
		put_number(to, phrase_time(p.p99_us, text));
		put_number(to, phrase_time(p.p999_us, text));
		put_number(to, phrase_time(p.most_us, text));
		fputs("</tr>\n", to);
	}
	fputs("</tbody></table></div></details>\n", to);
}

/* ---- a workload ----------------------------------------------------------------------------- */

static void put_plan(FILE *to, const struct load_plan *p)
{
	const struct workload *w = p->workload;

	fputs("<p>", to);
	markup_text(to, w->summary);
	fputs(": ", to);
	if (w->measure != MEASURE_CONNECTIONS)
		fprintf(to,
			"MQTT %s, QoS %u, publishers: %u, subscribers: %u, payloads of %u bytes, ",
			spec_version_name(p->version), p->qos, p->publishers, p->subscribers,
			p->payload);
	if (p->rate > 0)
		fprintf(to, "%g due each second.</p>\n", p->rate);
	else if (p->window)
		fprintf(to, "%u under way at most.</p>\n", p->window);
	else
		fprintf(to, "connections: %u.</p>\n", p->subscribers);
}

static void put_ratio(FILE *to, const char *name, const struct ratio *r)
{
	if (r->count)
		fprintf(to,
			"<tr><th scope=\"row\">%s</th><td class=\"n\">%.2f</td>"
			"<td class=\"n\">%.2f</td><td class=\"n\">%.2f</td></tr>\n",
			name, ratio_median(r), ratio_least(r), ratio_most(r));
}

static void put_comparison(FILE *to, const struct book *b, const struct book_comparison *c)
{
	static const char *const titles[] = { "ratio", "median", "least", "most" };

	if (!c->rate.count)
		return;
	fputs("<h3>", to);
	markup_text(to, b->targets[0].word);
	fputs(" ÷ ", to);
	markup_text(to, b->targets[1].word);
	fputs("</h3>\n<table class=\"figures\">\n", to);
	put_heads(to, titles, sizeof(titles) / sizeof(*titles));
	fputs("<tbody>\n", to);
	put_ratio(to, "rate", &c->rate);
	put_ratio(to, "p50", &c->p50);
	put_ratio(to, "p99", &c->p99);
	put_ratio(to, "CPU for each message", &c->cpu);
	fputs("</tbody></table>\n", to);
}

/* Returns the first entry of the next workload. */
static size_t put_workload(FILE *to, const struct book *b, size_t first)
{
	const struct load_plan *p = &b->entries[first].result->plan;
	struct book_comparison c;
	size_t end = book_compare(b, first, &c);

	fprintf(to, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", p->workload->name,
		p->workload->name, p->workload->name);
	put_plan(to, p);
	put_figures(to, b, first, end);
	for (size_t i = first; i < end; i++)
		put_sentences(to, b, &b->entries[i]);
	if (b->target_count > 1)
		put_comparison(to, b, &c);
	put_plots(to, b, first, end);
	for (size_t i = first; i < end; i++)
		put_points(to, b, &b->entries[i]);
	fputs("</section>\n", to);
	return end;
}

/* ---- the page ------------------------------------------------------------------------------- */

static void put_header(FILE *to, const struct book *b)
{
	char when[32];
	time_t started = (time_t)(b->started_us / 1000000);
	struct tm utc;

	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", gmtime_r(&started, &utc));
	fputs("<header>\n<h1>MQTT under load</h1>\n", to);
	for (unsigned i = 0; i < b->target_count; i++) {
		const struct book_target *t = &b->targets[i];
		fputs("<p class=\"state\">", to);
		markup_text(to, t->name);
		fputs(t->version ? " " : "", to);
		markup_text(to, t->version ? t->version : "");
		fputs(" (", to);
		markup_text(to, t->url);
		fputs(t->launched ? ", launched for it)</p>\n" : ")</p>\n", to);
	}
	fprintf(to, "<p>%s UTC, by mqttspec ", when);
	markup_text(to, b->tool_version);
	fputs(": <code>", to);
	markup_text(to, b->command);
	fputs("</code></p>\n</header>\n", to);
}

static void put_words(FILE *to)
{
	fputs("<section class=\"words\" aria-labelledby=\"words\"><h2 id=\"words\">What the words "
	      "mean</h2>\n<table><tbody>\n"
	      "<tr><th scope=\"row\">rate</th><td>Deliveries each second; acknowledgements "
	      "where nobody receives anything; connections where there are no messages.</td></tr>\n"
	      "<tr><th scope=\"row\">p50, p99, p99.9</th><td>Half of all messages, 99 % and "
	      "99.9 % of them took no longer, from the time that they were due. Rounded up "
	      "by less than 0.8 %.</td></tr>\n"
	      "<tr><th scope=\"row\">lost</th><td>Had not come when nothing came any more. QoS 0 "
	      "allows it.</td></tr>\n"
	      "<tr><th scope=\"row\">order</th><td>Came after a later one of the same "
	      "publisher and topic.</td></tr>\n"
	      "<tr><th scope=\"row\">cpu</th><td>Processor seconds of the target for a million "
	      "of what the rate counts.</td></tr>\n"
	      "<tr><th scope=\"row\">generator’s cpu</th><td>Near 100 % the figures are those "
	      "of the load generator.</td></tr>\n"
	      "</tbody></table></section>\n<footer><p>Made by mqttspec bench.</p></footer>\n",
		to);
}

void bench_page(FILE *to, const struct book *b)
{
	html_begin_styled(to, "MQTT under load", html_bench_style, html_bench_style_hash);
	fputs("<a class=\"skip\" href=\"#main\">To the results</a>\n", to);
	put_header(to, b);
	fputs("<main id=\"main\" tabindex=\"-1\">\n", to);
	for (size_t at = 0; at < b->count;)
		at = put_workload(to, b, at);
	fputs("</main>\n", to);
	put_words(to);
	html_end(to, NULL);
}
