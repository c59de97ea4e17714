#include "reports/json.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* U+2028 and U+2029 end a line of a script. */
static int is_unfit(uint32_t c)
{
	return c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029;
}

void json_text(FILE *to, const char *text)
{
	const uint8_t *data = (const uint8_t *)text;

	if (!text) {
		fputs("null", to);
		return;
	}
	fputc('"', to);
	for (size_t len = strlen(text); len;) {
		uint32_t c = 0;
		size_t size = utf8_decode(data, len, &c);
		if (!size)
			fprintf(to, "\\\\x%02X", *data);
		else if (is_unfit(c))
			fprintf(to, "\\u%04X", (unsigned)c);
		else if (c == '"' || c == '\\')
			fprintf(to, "\\%c", (int)c);
		else
			fwrite(data, 1, size, to);
		size = size ? size : 1;
		data += size;
		len -= size;
	}
	fputc('"', to);
}

void json_number(FILE *to, double number)
{
	if (isfinite(number))
		fprintf(to, "%.12g", number);
	else
		fputs("null", to);
}

void json_member(FILE *to, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(to, "\"%s\":", name);
	json_text(to, text);
	fputc(',', to);
}
