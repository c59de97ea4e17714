#include "reports/html_traffic.h"

#include <inttypes.h>
#include <stdbool.h>

#include "reports/draft.h"
#include "reports/markup.h"
#include "reports/text.h"

enum {
	WIDTH = 640,
	ROW = 22,          /* height of a bar with its label */
	LABEL = 230,       /* width of what stands to its left, ... */
	NUMBER = 80,       /* ... and to its right */
	COLUMNS = 120,     /* height of a histogram */
	COLUMNS_LEAST = 6, /* that it has room for */
	BELOW = 20,        /* and of what stands under it */
	LABEL_COLUMNS = 34,
};

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

/* ---- the frame of a picture ------------------------------------------------------------------ */

static void begin_picture(FILE *to, int height, const char *what)
{
	fprintf(to, "<figure class=\"chart\"><svg viewBox=\"0 0 %d %d\" role=\"img\"", WIDTH,
		height);
	markup_attribute(to, "aria-label", what);
	fputs(">\n", to);
}

static void end_picture(FILE *to, const char *caption)
{
	fputs("</svg><figcaption>", to);
	markup_text(to, caption);
	fputs("</figcaption></figure>\n", to);
}

static void begin_table(FILE *to, const char *const *titles, size_t count)
{
	fputs("<details><summary>In numbers</summary><div class=\"scroll\"><table><thead><tr>", to);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "<th scope=\"col\">%s</th>", titles[i]);
	fputs("</tr></thead><tbody>\n", to);
}

static void end_table(FILE *to)
{
	fputs("</tbody></table></div></details>\n", to);
}

static void put_row_label(FILE *to, size_t row, const char *text)
{
	struct draft cut;

	draft_begin(&cut);
	text_cut(cut.to, text, LABEL_COLUMNS);
	fprintf(to, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", LABEL - 6, row * ROW + 15);
	markup_text(to, draft_end(&cut));
	fputs("</text>\n", to);
	draft_fini(&cut);
}

/* ---- topics ---------------------------------------------------------------------------------- */

static double rate(const struct record_traffic *t, uint64_t messages)
{
	return (double)messages * 1e6 / (double)t->captured_us;
}

static void put_topic(FILE *to, const struct record_traffic *t, size_t i)
{
	const struct traffic_topic *one = &t->topics[i], *most = &t->topics[0];
	double scale = share(WIDTH - LABEL - NUMBER, (double)(most->to_server + most->from_server));
	double in = (double)one->to_server * scale, out = (double)one->from_server * scale;
	size_t y = i * ROW + 4;

	put_row_label(to, i, one->name);
	fprintf(to,
		"<rect class=\"in\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"14\"><title>%" PRIu64
		" to the server</title></rect><rect class=\"out\" x=\"%.1f\" y=\"%zu\" "
		"width=\"%.1f\" height=\"14\"><title>%" PRIu64 " from it</title></rect>",
		LABEL, y, in, one->to_server, LABEL + in, y, out, one->from_server);
	fprintf(to, "<text x=\"%.1f\" y=\"%zu\">%.1f/s</text>\n", LABEL + in + out + 5, y + 11,
		rate(t, one->to_server + one->from_server));
}

static void put_topics(FILE *to, const struct record_traffic *t)
{
	static const char *const titles[] = { "topic", "to the server", "from it", "a second" };

	if (!t->topic_count)
		return;
	fputs("<h2>Topics, the busiest first</h2>\n", to);
	begin_picture(
		to, (int)t->topic_count * ROW, "bars: messages a second of the busiest topics");
	for (size_t i = 0; i < t->topic_count; i++)
		put_topic(to, t, i);
	end_picture(to,
		"Messages a second; the first part of a bar went to the server, the second "
		"one came from it.");
	begin_table(to, titles, 4);
	for (size_t i = 0; i < t->topic_count; i++) {
		const struct traffic_topic *one = &t->topics[i];
		fputs("<tr><th scope=\"row\"><code>", to);
		markup_text(to, one->name);
		fprintf(to,
			"</code></th><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%.1f</td></tr>\n",
			one->to_server, one->from_server,
			rate(t, one->to_server + one->from_server));
	}
	end_table(to);
}

/* ---- times ----------------------------------------------------------------------------------- */

struct span {
	unsigned first, last; /* steps that are used */
	uint64_t count, most;
};

static struct span span_of(const struct traffic_times *t)
{
	struct span s = { .first = TRAFFIC_STEPS };

	for (unsigned i = 0; i < TRAFFIC_STEPS; i++) {
		if (!t->steps[i])
			continue;
		s.first = i < s.first ? i : s.first;
		s.last = i;
		s.count += t->steps[i];
		s.most = t->steps[i] > s.most ? t->steps[i] : s.most;
	}
	return s;
}

/* Where a step begins. */
static const char *step_text(unsigned step, char text[static TEXT_SIZE])
{
	return text_duration(step ? INT64_C(1) << step : 0, text);
}

static void put_column(FILE *to, const struct traffic_times *t, const struct span *s, unsigned step)
{
	char from[TEXT_SIZE], up_to[TEXT_SIZE];
	unsigned columns = s->last - s->first + 1;
	double width = (double)WIDTH / (columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns);
	double x = (step - s->first) * width;
	double height = share((double)t->steps[step], (double)s->most) * (COLUMNS - 16);

	if (height > 0 && height < 1)
		height = 1;
	step_text(step, from);
	step_text(step + 1, up_to);
	fprintf(to,
		"<rect class=\"in\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%.1f\"><title>%" PRIu64 " from %s to %s</title></rect>",
		x + 1, COLUMNS - height, width - 2, height, t->steps[step], from, up_to);
	/* A label for every second one, where they are narrow. */
	if (width >= 52 || (step - s->first) % 2 == 0)
		fprintf(to, "<text x=\"%.1f\" y=\"%d\">%s</text>", x, COLUMNS + 15, from);
	fputc('\n', to);
}

static void put_times(FILE *to, const struct traffic_times *t, const char *what)
{
	static const char *const titles[] = { "from", "to", "how many" };
	char least[TEXT_SIZE], most[TEXT_SIZE], caption[160];
	struct span s = span_of(t);

	if (!s.count)
		return;
	snprintf(caption, sizeof(caption),
		"%" PRIu64 ", from %s to %s; each column is twice as long "
		"a time as the one before it.",
		s.count, text_duration(t->least_us, least), text_duration(t->most_us, most));
	fprintf(to, "<h2>%s</h2>\n", what);
	begin_picture(to, COLUMNS + BELOW, caption);
	for (unsigned i = s.first; i <= s.last; i++)
		put_column(to, t, &s, i);
	fprintf(to, "<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n", WIDTH,
		COLUMNS, COLUMNS);
	end_picture(to, caption);
	begin_table(to, titles, 3);
	for (unsigned i = s.first; i <= s.last; i++)
		fprintf(to, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%" PRIu64 "</td></tr>\n",
			step_text(i, least), step_text(i + 1, most), t->steps[i]);
	end_table(to);
}

/* ---- silences -------------------------------------------------------------------------------- */

static double in_keep_alives(const struct traffic_silence *s)
{
	return share((double)s->longest_us / 1e6, s->keep_alive_s);
}

static void put_limit(FILE *to, double x, size_t rows, const char *what)
{
	fprintf(to,
		"<line class=\"limit\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%zu\"/><text "
		"x=\"%.1f\" "
		"y=\"%zu\" text-anchor=\"middle\">%s</text>\n",
		x, x, rows * ROW + 2, x, rows * ROW + 16, what);
}

static void put_silence(FILE *to, const struct traffic_silence *s, size_t row, double scale)
{
	double times = in_keep_alives(s);
	char label[160];

	snprintf(label, sizeof(label), "%s%s#%u", s->client_id ? s->client_id : "",
		s->client_id ? "  " : "", s->connection);
	put_row_label(to, row, label);
	fprintf(to,
		"<rect class=\"%s\" x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"14\"><title>%.1f s, "
		"Keep "
		"Alive %u s</title></rect><text x=\"%.1f\" y=\"%zu\">%.1f s</text>\n",
		times > 1 ? "beyond" : "in", LABEL, row * ROW + 4, times * scale,
		(double)s->longest_us / 1e6, s->keep_alive_s, LABEL + times * scale + 5,
		row * ROW + 15, (double)s->longest_us / 1e6);
}

static void put_silences(FILE *to, const struct record_traffic *t)
{
	static const char *const titles[] = { "connection", "client", "longest silence, s",
		"Keep Alive, s" };
	size_t n = t->silence_count;

	if (!n)
		return;
	double longest = in_keep_alives(&t->silences[0]);
	double scale = (WIDTH - LABEL - NUMBER) / (longest > 1.7 ? longest : 1.7);
	fputs("<h2>Longest silences of clients, against their Keep Alive</h2>\n", to);
	begin_picture(to, (int)n * ROW + BELOW,
		"bars: the longest silences of clients, as multiples of their Keep Alive");
	for (size_t i = 0; i < n; i++)
		put_silence(to, &t->silences[i], i, scale);
	put_limit(to, LABEL + scale, n, "1");
	put_limit(to, LABEL + 1.5 * scale, n, "1.5");
	end_picture(to,
		"Each silence as a multiple of the Keep Alive of its connection. By 1 the client "
		"has to send something; at 1.5 the server has to close the connection.");
	begin_table(to, titles, 4);
	for (size_t i = 0; i < n; i++) {
		const struct traffic_silence *s = &t->silences[i];
		fprintf(to, "<tr><th scope=\"row\">#%u</th><td>", s->connection);
		markup_text(to, s->client_id ? s->client_id : "");
		fprintf(to, "</td><td>%.1f</td><td>%u</td></tr>\n", (double)s->longest_us / 1e6,
			s->keep_alive_s);
	}
	end_table(to);
}

/* ---------------------------------------------------------------------------------------------- */

static void put_traffic(FILE *to, const struct record_traffic *t, size_t number, bool open)
{
	static const char *const ways[TRAFFIC_WAYS] = {
		[TRAFFIC_SERVER_ANSWER] =
			"From a client's PUBLISH to PUBACK or PUBREC of the server",
		[TRAFFIC_CLIENT_ANSWER] =
			"From a server's PUBLISH to PUBACK or PUBREC of the client",
		[TRAFFIC_THROUGH] = "From a client's PUBLISH to that of the server, through it",
	};
	char length[TEXT_SIZE];

	fprintf(to,
		"<section class=\"words traffic\" aria-label=\"traffic of capture %zu\">\n"
		"<details%s><summary>Traffic in %s of capture</summary>\n",
		number, open ? " open" : "", text_duration(t->captured_us, length));
	put_topics(to, t);
	for (int way = 0; way < TRAFFIC_WAYS; way++)
		put_times(to, &t->times[way], ways[way]);
	put_silences(to, t);
	fputs("</details>\n</section>\n", to);
}

void html_traffic(FILE *to, const struct runs *runs)
{
	size_t number = 0;

	for (size_t s = 0; s < runs->source_count; s++) {
		const struct record_file *file = &runs->sources[s].file;
		for (size_t i = 0; i < file->end_count; i++)
			if (file->ends[i].traffic.captured_us)
				put_traffic(to, &file->ends[i].traffic, ++number,
					!runs->unexpected_count);
	}
}
