#include "reports/markup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const char *entity(uint32_t c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

/* What XML 1.0 has no way to write, or what turns the direction of writing around. */
static bool is_unfit(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c & 0xfffe) == 0xfffe ||
		(c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2066 && c <= 0x2069);
}

static void put(FILE *to, const char *text, bool lines)
{
	const uint8_t *data = (const uint8_t *)text;
	size_t len = strlen(text);

	while (len) {
		uint32_t c = 0;
		size_t size = utf8_decode(data, len, &c);
		bool keep = size && (!is_unfit(c) || (lines && (c == '\n' || c == '\t')));
		const char *name = keep ? entity(c) : NULL;
		size = size ? size : 1;
		if (name)
			fputs(name, to);
		else if (keep)
			fwrite(data, 1, size, to);
		for (size_t i = 0; !keep && i < size; i++)
			fprintf(to, "\\x%02X", data[i]);
		data += size;
		len -= size;
	}
}

void markup_text(FILE *to, const char *text)
{
	put(to, text, true);
}

void markup_attribute(FILE *to, const char *name, const char *value)
{
	fprintf(to, " %s=\"", name);
	put(to, value, false);
	fputc('"', to);
}

/* What stands after a % of the format. Returns what follows it. */
static const char *put_value(FILE *to, const char *kind, va_list *values)
{
	switch (*kind) {
	case 's': markup_text(to, va_arg(*values, const char *)); return kind + 1;
	case 'd': fprintf(to, "%d", va_arg(*values, int)); return kind + 1;
	case '%': fputc('%', to); return kind + 1;
	case 'z': fprintf(to, "%zu", va_arg(*values, size_t)); return kind + strlen("zu");
	default: abort(); /* the format is our own */
	}
}

void markup_print(FILE *to, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	while (*format) {
		size_t plain = strcspn(format, "%");
		fwrite(format, 1, plain, to);
		format += plain;
		if (*format)
			format = put_value(to, format + 1, &values);
	}
	va_end(values);
}
