#include "record/line.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

/* A comma, unless it is the first in its object or array, or has a key. */
static void put_comma(struct buf *b)
{
	char last = b->len ? (char)b->data[b->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		buf_add_u8(b, ',');
}

void line_key(struct buf *b, const char *key)
{
	put_comma(b);
	buf_add_u8(b, '"');
	buf_add_text(b, key);
	buf_add(b, "\":", 2);
}

static void put_escaped(struct buf *b, char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = c ? strchr(plain, c) : NULL;

	if (found)
		buf_add(b, (char[]){ '\\', letters[found - plain] }, 2);
	else
		buf_printf(b, "\\u%04X", (unsigned char)c);
}

/* JSON is UTF-8; a byte that is not becomes the four characters "\xHH". */
static void put_bad_byte(struct buf *b, uint8_t byte)
{
	buf_printf(b, "\\\\x%02X", byte);
}

static void put_string(struct buf *b, const char *text)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);

	buf_add_u8(b, '"');
	while (at < end) {
		size_t n = 0;
		while (at[n] >= ' ' && at[n] < 0x7f && at[n] != '"' && at[n] != '\\')
			n++;
		buf_add(b, at, n);
		at += n;
		if (at == end)
			break;
		uint32_t c;
		size_t size = utf8_decode(at, (size_t)(end - at), &c);
		if (!size)
			put_bad_byte(b, *at);
		else if (*at < ' ' || *at == '"' || *at == '\\')
			put_escaped(b, (char)*at);
		else
			buf_add(b, at, size);
		at += size ? size : 1;
	}
	buf_add_u8(b, '"');
}

void line_string(struct buf *b, const char *key, const char *text)
{
	line_key(b, key);
	put_string(b, text ? text : "");
}

void line_string_if(struct buf *b, const char *key, const char *text)
{
	if (text)
		line_string(b, key, text);
}

void line_number(struct buf *b, const char *key, int64_t number)
{
	if (key)
		line_key(b, key);
	else
		put_comma(b);
	buf_printf(b, "%" PRId64, number);
}

void line_flag(struct buf *b, const char *key, bool flag)
{
	line_key(b, key);
	buf_add_text(b, flag ? "true" : "false");
}

void line_real(struct buf *b, double real)
{
	put_comma(b);
	json_t *value = isfinite(real) ? json_real(real) : json_null();
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	if (!text)
		abort();
	buf_add_text(b, text);
	free(text);
	json_decref(value);
}

void line_open(struct buf *b, const char *key, char bracket)
{
	if (key)
		line_key(b, key);
	else
		put_comma(b);
	buf_add_u8(b, (uint8_t)bracket);
}

void line_close(struct buf *b, char bracket)
{
	buf_add_u8(b, (uint8_t)bracket);
}
