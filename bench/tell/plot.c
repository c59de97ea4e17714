#include "bench/tell/plot.h"

#include <math.h>

#include "bench/tell/phrase.h"
#include "reports/markup.h"

enum {
	WIDTH = 720,
	HEIGHT = 240,
	LEFT = 76,
	RIGHT = 12,
	TOP = 14,
	BOTTOM = 30,
	STEPS = 5, /* marks on an axis, more or less */
};

struct scale {
	double least, most; /* of y; their logarithms on a logarithmic scale */
	double from, until; /* of x */
	bool logarithmic;
};

static double on_scale(const struct scale *s, double y)
{
	return s->logarithmic ? log10(y < 1 ? 1 : y) : y;
}

static double x_of(const struct scale *s, double x)
{
	return LEFT + (x - s->from) / (s->until - s->from) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct scale *s, double y)
{
	double share = (on_scale(s, y) - s->least) / (s->most - s->least);

	return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten. */
static double step_of(double span)
{
	double rough = span / STEPS, power = pow(10, floor(log10(rough)));
	double times = rough / power;

	return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static void include(struct scale *s, double x, double y, bool first)
{
	double at = on_scale(s, y);

	s->least = first || at < s->least ? at : s->least;
	s->most = first || at > s->most ? at : s->most;
	s->until = x > s->until ? x : s->until;
}

static struct scale scale_of(const struct plot *p)
{
	struct scale s = { .logarithmic = p->is_time };
	bool first = true;

	for (size_t i = 0; i < p->line_count; i++) {
		for (size_t k = 0; k < p->lines[i].count; k++) {
			include(&s, p->lines[i].x[k], p->lines[i].y[k], first);
			first = false;
		}
	}
	if (p->is_time) {
		s.least = floor(s.least);
		s.most = s.most > s.least ? ceil(s.most) : s.least + 1;
	} else {
		double step = step_of(s.most > 0 ? s.most : 1);
		s.least = 0;
		s.most = step * ceil(s.most / step);
		s.most = s.most > 0 ? s.most : 1;
	}
	s.until = s.until > 0 ? s.until : 1;
	return s;
}

/* ---- axes ----------------------------------------------------------------------------------- */

static void put_level(FILE *to, const struct scale *s, double value, bool is_time)
{
	char text[PHRASE_SIZE];
	double y = y_of(s, value);

	fprintf(to,
		"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
		"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
		LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4,
		is_time ? phrase_time((int64_t)value, text) : phrase_rate(value, text));
}

static void put_levels(FILE *to, const struct scale *s)
{
	if (s->logarithmic) {
		for (double at = s->least; at <= s->most; at++)
			put_level(to, s, pow(10, at), true);
		return;
	}
	double step = step_of(s->most);
	for (double at = 0; at <= s->most + step / 2; at += step)
		put_level(to, s, at, false);
}

static void put_seconds(FILE *to, const struct scale *s)
{
	double step = step_of(s->until);

	for (double at = 0; at <= s->until; at += step)
		fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g s</text>\n",
			x_of(s, at), HEIGHT - 8, at);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void put_line(FILE *to, const struct scale *s, const struct plot_line *line, size_t number)
{
	fprintf(to, "<polyline class=\"line l%zu\" points=\"", number);
	for (size_t i = 0; i < line->count; i++)
		fprintf(to, "%.1f,%.1f ", x_of(s, line->x[i]), y_of(s, line->y[i]));
	fputs("\"/>\n", to);
	if (line->count == 1)
		fprintf(to, "<circle class=\"line l%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>\n",
			number, x_of(s, line->x[0]), y_of(s, line->y[0]));
}

static void put_legend(FILE *to, const struct plot *p)
{
	fputs("<ul class=\"legend-lines\">", to);
	for (size_t i = 0; i < p->line_count; i++) {
		fprintf(to,
			"<li><svg viewBox=\"0 0 36 10\" width=\"36\" height=\"10\" "
			"aria-hidden=\"true\"><line class=\"line l%zu\" x1=\"0\" x2=\"36\" "
			"y1=\"5\" y2=\"5\"/></svg> ",
			i);
		markup_text(to, p->lines[i].name);
		fputs("</li>", to);
	}
	fputs("</ul>", to);
}

void plot_put(FILE *to, const struct plot *p)
{
	const struct scale s = scale_of(p);

	fputs("<figure class=\"over-time\"><figcaption>", to);
	markup_text(to, p->title);
	fputs("</figcaption>", to);
	put_legend(to, p);
	fprintf(to, "<svg viewBox=\"0 0 %d %d\" role=\"img\"", WIDTH, HEIGHT);
	markup_attribute(to, "aria-label", p->summary);
	fputs(">\n", to);
	put_levels(to, &s);
	put_seconds(to, &s);
	for (size_t i = 0; i < p->line_count; i++)
		put_line(to, &s, &p->lines[i], i);
	fputs("</svg></figure>\n", to);
}
