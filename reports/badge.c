#include "reports/badge.h"

#include <string.h>

#include "reports/markup.h"

enum { MARGIN = 6, HEIGHT = 20, MESSAGE_SIZE = 64 };

/* Dark enough for white text: at least 4.5 to 1. */
#define GREEN  "#1a7f37"
#define YELLOW "#8a6100"
#define RED    "#b62324"
#define GREY   "#57606a"

/* Of a sans serif in 11 px, in tenths of a pixel; `textLength` makes a real font keep to it. */
static int width_px(const char *text)
{
	int tenths = 0;

	for (; *text; text++)
		tenths += strchr("ijl1.,:' ", *text) ? 36 : strchr("mwMW", *text) ? 98 : 66;
	return tenths / 10;
}

/* An incomplete record is never green. The colour. */
static const char *describe(const struct runs *runs, char message[static MESSAGE_SIZE])
{
	size_t judged = runs->counts[VERDICT_PASS] + runs->counts[VERDICT_NONSTRICT] +
		runs->counts[VERDICT_FAIL] + runs->counts[VERDICT_CRASH];
	size_t kept = runs->counts[VERDICT_PASS] + runs->counts[VERDICT_NONSTRICT];

	size_t unexpected = runs->unexpected_count + runs->unseen_count;

	if (unexpected) {
		snprintf(message, MESSAGE_SIZE, "%zu unexpected", unexpected);
		return RED;
	}
	if (runs->scenarios && runs->death_count) {
		snprintf(message, MESSAGE_SIZE, "the target died");
		return RED;
	}
	if (runs->scenarios && !runs->gap_count) {
		snprintf(message, MESSAGE_SIZE, "no finds in %zu scenario%s", runs->scenarios,
			runs->scenarios == 1 ? "" : "s");
		return GREEN;
	}
	if (runs->gap_count || !judged) {
		snprintf(message, MESSAGE_SIZE, "%s", judged ? "incomplete" : "nothing judged");
		return GREY;
	}
	snprintf(message, MESSAGE_SIZE, "%zu of %zu passed", kept, judged);
	return runs->expected_failures ? YELLOW : GREEN;
}

static void put_word(FILE *to, const char *word, int left, int width)
{
	fprintf(to, "<text x=\"%d\" y=\"14\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\">",
		left + MARGIN, width);
	markup_text(to, word);
	fputs("</text>", to);
}

void report_badge(FILE *to, const struct runs *runs)
{
	static const char label[] = "MQTT conformance";
	char message[MESSAGE_SIZE];
	const char *color = describe(runs, message);
	int left = width_px(label), right = width_px(message);
	int split = left + 2 * MARGIN, width = split + right + 2 * MARGIN;

	fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" role=\"img\" "
		"aria-label=\"%s: %s\"><title>%s: %s</title>"
		"<clipPath id=\"r\"><rect width=\"%d\" height=\"%d\" rx=\"3\"/></clipPath>"
		"<g clip-path=\"url(#r)\"><rect width=\"%d\" height=\"%d\" fill=\"#3d444d\"/>"
		"<rect x=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/></g>"
		"<g fill=\"#fff\" font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" "
		"font-size=\"11\">",
		width, HEIGHT, label, message, label, message, width, HEIGHT, split, HEIGHT, split,
		width - split, HEIGHT, color);
	put_word(to, label, 0, left);
	put_word(to, message, split, right);
	fputs("</g></svg>\n", to);
}
