#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

/* One character as it is shown. */
struct glyph {
	char text[20]; /* itself, or its bytes as \xHH */
	size_t size;   /* of `text` */
	size_t width;  /* columns */
};

struct range {
	uint32_t first, last;
};

static bool is_among(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

#define IS_AMONG(c, ranges) is_among((c), (ranges), sizeof(ranges) / sizeof(*(ranges)))

static bool is_unsafe(uint32_t c)
{
	static const struct range ranges[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f },                             /* control characters */
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 }, /* direction, lines */
	};

	return IS_AMONG(c, ranges);
}

/* Columns, as terminals commonly count them: none for marks, two for East Asian characters and
 * pictures.
 */
static size_t code_point_width(uint32_t c)
{
	static const struct range marks[] = { { 0x300, 0x36f }, { 0x200b, 0x200d },
		{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff } };
	static const struct range wide[] = { { 0x1100, 0x115f }, { 0x2e80, 0xa4cf },
		{ 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff },
		{ 0x20000, 0x3fffd } };

	return IS_AMONG(c, marks) ? 0 : IS_AMONG(c, wide) ? 2 : 1;
}

/* Takes one character from the front of `text`, which has `len` > 0 bytes; returns its bytes. */
static size_t glyph_take(const char *text, size_t len, struct glyph *g)
{
	const uint8_t *data = (const uint8_t *)text;
	uint32_t c;
	size_t size = utf8_decode(data, len, &c);

	if (size && !is_unsafe(c)) {
		memcpy(g->text, text, size);
		g->size = size;
		g->width = code_point_width(c);
		return size;
	}
	size = size ? size : 1;
	g->size = 0;
	for (size_t i = 0; i < size; i++)
		g->size += (size_t)snprintf(
			g->text + g->size, sizeof(g->text) - g->size, "\\x%02X", data[i]);
	g->width = g->size;
	return size;
}

/* The columns of the first `len` bytes. */
static size_t width_of(const char *text, size_t len)
{
	size_t width = 0;

	while (len) {
		struct glyph g;
		size_t size = glyph_take(text, len, &g);
		width += g.width;
		text += size;
		len -= size;
	}
	return width;
}

size_t text_width(const char *text)
{
	return width_of(text, strlen(text));
}

static void put_bytes(FILE *to, const char *text, size_t len)
{
	while (len) {
		struct glyph g;
		size_t size = glyph_take(text, len, &g);
		fwrite(g.text, 1, g.size, to);
		text += size;
		len -= size;
	}
}

void text_put(FILE *to, const char *text)
{
	put_bytes(to, text, strlen(text));
}

void text_pad(FILE *to, const char *text, size_t width)
{
	size_t used = text_width(text);

	text_put(to, text);
	if (used < width)
		fprintf(to, "%*s", (int)(width - used), "");
}

void text_cut(FILE *to, const char *text, size_t width)
{
	size_t len = strlen(text), used = 0;

	if (text_width(text) <= width) {
		text_put(to, text);
		return;
	}
	size_t dots = width < 3 ? width : 3;
	while (len) {
		struct glyph g;
		size_t size = glyph_take(text, len, &g);
		used += g.width;
		if (used > width - dots)
			break;
		fwrite(g.text, 1, g.size, to);
		text += size;
		len -= size;
	}
	fprintf(to, "%.*s", (int)dots, "...");
}

/* Up to the next beginning of a character, so that none is torn. */
static size_t whole_characters(const char *text, size_t len)
{
	while (((uint8_t)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

void text_shorten(struct buf *b, const char *text)
{
	enum { WHOLE = 200, HEAD = 80, TAIL = 40 };

	while (*text) {
		size_t between = strspn(text, " \""), len = strcspn(text + between, " \"");
		buf_add(b, text, between);
		text += between;
		if (len > WHOLE) {
			size_t tail = whole_characters(text, len - TAIL);
			buf_add(b, text, whole_characters(text, HEAD));
			buf_printf(b, " ... (%zu bytes) ... ", len);
			buf_add(b, text + tail, len - tail);
		} else {
			buf_add(b, text, len);
		}
		text += len;
	}
}

static void wrap(FILE *to, const char *text, struct text_block block)
{
	enum { LEAST_ROOM = 20 }; /* a screen narrower than that gets lines that are too long */
	size_t column = block.column;
	bool first = true;

	if (block.width && block.width < block.indent + LEAST_ROOM)
		block.width = block.indent + LEAST_ROOM;
	while (*text) {
		size_t blanks = strspn(text, " "), word = strcspn(text + blanks, " ");
		size_t needed = blanks + width_of(text + blanks, word);
		if (!first && block.width && column + needed > block.width) {
			fprintf(to, "\n%*s", (int)block.indent, "");
			column = block.indent + needed - blanks;
		} else {
			fprintf(to, "%*s", (int)blanks, "");
			column += needed;
		}
		put_bytes(to, text + blanks, word);
		text += blanks + word;
		first = false;
	}
}

void text_wrap(FILE *to, const char *text, struct text_block block)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	text_shorten(&b, text);
	wrap(to, buf_text(&b), block);
	buf_fini(&b);
}

const char *text_ink(bool color, const char *ink)
{
	return color ? ink : "";
}

const char *text_duration(int64_t us, char out[static TEXT_SIZE])
{
	int64_t seconds = (us + 500000) / 1000000;

	if (us < 1000)
		snprintf(out, TEXT_SIZE, "%" PRId64 " us", us);
	else if (us < 999500)
		snprintf(out, TEXT_SIZE, "%" PRId64 " ms", (us + 500) / 1000);
	else if (us < 59950000)
		snprintf(out, TEXT_SIZE, "%.1f s", (double)us / 1e6);
	else if (seconds < 3600)
		snprintf(out, TEXT_SIZE, "%" PRId64 " min %" PRId64 " s", seconds / 60,
			seconds % 60);
	else
		snprintf(out, TEXT_SIZE, "%" PRId64 " h %" PRId64 " min", seconds / 3600,
			seconds % 3600 / 60);
	return out;
}

const char *text_scenarios(
	size_t finds, size_t scenarios, size_t steps, char out[static TEXT_SCENARIOS_SIZE])
{
	snprintf(out, TEXT_SCENARIOS_SIZE, "%zu find%s in %zu scenario%s, %zu step%s", finds,
		finds == 1 ? "" : "s", scenarios, scenarios == 1 ? "" : "s", steps,
		steps == 1 ? "" : "s");
	return out;
}

const char *text_number(double number, char out[static TEXT_SIZE])
{
	int len = snprintf(out, TEXT_SIZE, "%.3f", number);

	if (len >= TEXT_SIZE || !strchr(out, '.')) { /* huge, or no number */
		snprintf(out, TEXT_SIZE, "%g", number);
		return out;
	}
	while (out[len - 1] == '0')
		out[--len] = '\0';
	if (out[len - 1] == '.')
		out[len - 1] = '\0';
	return out;
}
