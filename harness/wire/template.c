/* Reads a template from left to right and appends what each item stands for. Remaining Length and
 * Property Length are known only after their contents:
 *
 *   out ──▶ | what stands before r | what stands after it |
 *                                  ▲ the length is put in here at the end
 */
#include "harness/wire/template.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"

enum {
	EXPANSION_LIMIT = 4 * 1024 * 1024, /* bytes; several strings of the largest size */
	NESTING_LIMIT = 8,                 /* of p{ p{ ... } } */
};

/* A length that the template counts, adds a lie to, or sets. */
struct length {
	enum { LENGTH_TRUE, LENGTH_PLUS, LENGTH_MINUS, LENGTH_SET } kind;
	uint32_t number;
};

/* The one r of a template. */
struct remaining {
	bool given;
	size_t at; /* where it stands in the output */
	size_t column;
	struct length length;
};

struct expansion {
	struct arena *arena;
	const struct template_values *values;
	const char *text;
	const char *at; /* the next character */
	struct remaining remaining;
	const char *error; /* NULL: none so far */
};

static size_t column_of(const struct expansion *e, const char *at)
{
	return (size_t)(at - e->text) + 1;
}

__attribute__((format(printf, 3, 4))) static bool error_at(
	struct expansion *e, size_t column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *sentence = arena_vprintf(e->arena, format, args);
	va_end(args);
	e->error = arena_printf(e->arena, "column %zu: %s", column, sentence);
	return false;
}

static bool expand_items(struct expansion *e, struct buf *out, unsigned depth);

static bool read_number(struct expansion *e, uint32_t max, uint32_t *number)
{
	const char *start = e->at;
	uint64_t sum = 0;

	for (; isdigit((unsigned char)*e->at); e->at++) {
		sum = sum * 10 + (uint64_t)(*e->at - '0');
		if (sum > max)
			return error_at(e, column_of(e, start), "the number is above %u", max);
	}
	if (e->at == start)
		return error_at(e, column_of(e, start), "a number is missing");
	*number = (uint32_t)sum;
	return true;
}

/* What may stand after r and p: nothing, +1, -1 or 7. */
static bool read_length(struct expansion *e, struct length *length)
{
	*length = (struct length){ .kind = LENGTH_TRUE };
	if (*e->at == '+' || *e->at == '-')
		length->kind = *e->at++ == '+' ? LENGTH_PLUS : LENGTH_MINUS;
	else if (isdigit((unsigned char)*e->at))
		length->kind = LENGTH_SET;
	else
		return true;
	return read_number(e, WIRE_REMAINING_LENGTH_MAX, &length->number);
}

static bool add_length(struct expansion *e, struct buf *out, size_t column,
	const struct length *length, size_t actual)
{
	uint64_t value = length->kind == LENGTH_SET ? length->number : actual;

	if (length->kind == LENGTH_MINUS && length->number > actual)
		return error_at(e, column, "the length would be below 0");
	if (length->kind == LENGTH_PLUS)
		value += length->number;
	if (length->kind == LENGTH_MINUS)
		value -= length->number;
	if (value > WIRE_REMAINING_LENGTH_MAX)
		return error_at(
			e, column, "the length would be above %d", WIRE_REMAINING_LENGTH_MAX);
	wire_add_variable(out, (uint32_t)value, 0);
	return true;
}

static bool read_escape(struct expansion *e, struct buf *out)
{
	size_t column = column_of(e, e->at++);

	if (*e->at == '"' || *e->at == '\\') {
		buf_add_u8(out, (uint8_t)*e->at++);
		return true;
	}
	if (*e->at == 'x') {
		int high = hex_digit(e->at[1]);
		int low = high < 0 ? -1 : hex_digit(e->at[2]);
		if (low >= 0) {
			buf_add_u8(out, (uint8_t)(high << 4 | low));
			e->at += 3;
			return true;
		}
	}
	return error_at(
		e, column, "`\\` must be followed by `x` and two digits, by `\"` or by `\\`");
}

/* "..." with its escapes. */
static bool read_quoted(struct expansion *e, struct buf *out)
{
	size_t column = column_of(e, e->at);

	if (*e->at != '"')
		return error_at(e, column, "`\"` is missing");
	e->at++;
	while (*e->at != '"') {
		if (!*e->at)
			return error_at(e, column, "the string does not end");
		if (*e->at != '\\')
			buf_add_u8(out, (uint8_t)*e->at++);
		else if (!read_escape(e, out))
			return false;
	}
	e->at++;
	return true;
}

/* Appends the string that `text` holds after its two-byte length. */
static bool add_string(struct expansion *e, struct buf *out, size_t column, const struct buf *text)
{
	if (text->len > UINT16_MAX)
		return error_at(e, column, "a string has at most 65535 bytes");
	buf_add_u16(out, (uint16_t)text->len);
	buf_add(out, text->data, text->len);
	return true;
}

/* s"...", t"..." and c: `prefix`, then what is quoted, unless it is all prefix. */
static bool expand_string(struct expansion *e, struct buf *out, const char *prefix, bool quoted)
{
	size_t column = column_of(e, e->at++);
	struct buf text;

	buf_init(&text, EXPANSION_LIMIT);
	buf_add_text(&text, prefix);
	bool ok = (!quoted || read_quoted(e, &text)) && add_string(e, out, column, &text);
	buf_fini(&text);
	return ok;
}

static bool expand_bytes(struct expansion *e, struct buf *out)
{
	e->at++;
	return read_quoted(e, out);
}

static bool is_hex(char c)
{
	return isdigit((unsigned char)c) || (c >= 'A' && c <= 'F'); /* small letters are items */
}

static bool expand_hex(struct expansion *e, struct buf *out)
{
	for (; is_hex(*e->at); e->at += 2) {
		if (!is_hex(e->at[1]))
			return error_at(e, column_of(e, e->at), "hexadecimal digits come in pairs");
		buf_add_u8(out, (uint8_t)(hex_digit(e->at[0]) << 4 | hex_digit(e->at[1])));
	}
	return true;
}

static bool expand_number(struct expansion *e, struct buf *out)
{
	char item = *e->at++;
	uint32_t number;
	uint32_t max = item == 'v' ? WIRE_REMAINING_LENGTH_MAX
		: item == 'w'      ? UINT32_MAX
				   : UINT16_MAX;

	if (!read_number(e, max, &number))
		return false;
	if (item == 'v')
		wire_add_variable(out, number, 0);
	else if (item == 'w')
		buf_add_u32(out, number);
	else
		buf_add_u16(out, (uint16_t)number);
	return true;
}

static bool expand_remaining(struct expansion *e, struct buf *out, unsigned depth)
{
	struct remaining *r = &e->remaining;
	size_t column = column_of(e, e->at++);

	if (depth)
		return error_at(e, column, "`r` cannot stand inside `p{}`");
	if (r->given)
		return error_at(e, column, "`r` may stand only once");
	*r = (struct remaining){ .given = true, .at = out->len, .column = column };
	return read_length(e, &r->length);
}

/* What stands between the braces, and the closing one. */
static bool read_braced(struct expansion *e, struct buf *inside, size_t column, unsigned depth)
{
	if (*e->at != '{')
		return error_at(e, column_of(e, e->at), "`{` is missing");
	if (depth == NESTING_LIMIT)
		return error_at(e, column, "`p{}` stands too deep inside others");
	e->at++;
	if (!expand_items(e, inside, depth + 1))
		return false;
	if (*e->at != '}')
		return error_at(e, column, "`}` is missing");
	e->at++;
	return true;
}

static bool add_properties(struct expansion *e, struct buf *out, size_t column,
	const struct length *length, const struct buf *inside)
{
	if (version_traits(e->values->version).properties) {
		if (!add_length(e, out, column, length, inside->len))
			return false;
		buf_add(out, inside->data, inside->len);
		return true;
	}
	if (inside->len || length->kind != LENGTH_TRUE)
		return error_at(
			e, column, "3.1.1 has no properties: only an empty `p{}` may stand here");
	return true;
}

static bool expand_properties(struct expansion *e, struct buf *out, unsigned depth)
{
	size_t column = column_of(e, e->at++);
	struct length length;
	struct buf inside;

	buf_init(&inside, EXPANSION_LIMIT);
	bool ok = read_length(e, &length) && read_braced(e, &inside, column, depth) &&
		add_properties(e, out, column, &length, &inside);
	buf_fini(&inside);
	return ok;
}

static bool expand_one(struct expansion *e, struct buf *out, unsigned depth)
{
	switch (*e->at) {
	case 'm':
	case 'n':
	case 'w':
	case 'v': return expand_number(e, out);
	case 'l': return e->at++, buf_add_u8(out, (uint8_t)e->values->version), true;
	case 's': return expand_string(e, out, "", true);
	case 't': return expand_string(e, out, e->values->topic_prefix, true);
	case 'c': return expand_string(e, out, e->values->client_id, false);
	case 'b': return expand_bytes(e, out);
	case 'p': return expand_properties(e, out, depth);
	default: break;
	}
	if (is_hex(*e->at))
		return expand_hex(e, out);
	return error_at(e, column_of(e, e->at),
		isprint((unsigned char)*e->at) ? "no item begins with `%c`"
					       : "no item begins with the byte 0x%02X",
		(unsigned char)*e->at);
}

/* *3 after an item whose bytes begin at `start`. */
static bool repeat(struct expansion *e, struct buf *out, size_t start)
{
	size_t column = column_of(e, e->at++);
	uint32_t times = 0;

	if (!read_number(e, UINT32_MAX, &times))
		return false;
	if (times == 0)
		return error_at(e, column, "an item is repeated once or more");
	size_t size = out->len - start;
	if (!size)
		return true;
	const void *item = arena_copy(e->arena, out->data + start, size);
	while (--times && buf_add(out, item, size))
		continue;
	return true;
}

/* One item with its repetition, up to the blank after it. */
static bool expand_item(struct expansion *e, struct buf *out, unsigned depth)
{
	size_t column = column_of(e, e->at);
	size_t start = out->len;
	bool is_remaining = *e->at == 'r';

	if (is_remaining ? !expand_remaining(e, out, depth) : !expand_one(e, out, depth))
		return false;
	if (*e->at == '*') {
		if (is_remaining)
			return error_at(e, column_of(e, e->at), "`r` cannot be repeated");
		if (!repeat(e, out, start))
			return false;
	}
	if (out->failed)
		return error_at(
			e, column, "the packet would be longer than %d bytes", EXPANSION_LIMIT);
	if (*e->at && *e->at != ' ' && *e->at != '}')
		return error_at(e, column_of(e, e->at), "a blank is missing");
	return true;
}

/* Items up to the end of the text, or to the `}` that ends a p{. */
static bool expand_items(struct expansion *e, struct buf *out, unsigned depth)
{
	for (;;) {
		while (*e->at == ' ')
			e->at++;
		if (!*e->at || (*e->at == '}' && depth))
			return true;
		if (!expand_item(e, out, depth))
			return false;
	}
}

static bool finish(struct expansion *e, const struct buf *items, struct bytes *out)
{
	const struct remaining *r = &e->remaining;
	struct buf length;

	buf_init(&length, WIRE_HEADER_MAX);
	bool ok = !r->given || add_length(e, &length, r->column, &r->length, items->len - r->at);
	if (ok) {
		uint8_t *all = arena_alloc(e->arena, items->len + length.len);
		size_t before = r->given ? r->at : items->len;
		if (before)
			memcpy(all, items->data, before);
		if (length.len)
			memcpy(all + before, length.data, length.len);
		if (items->len > before)
			memcpy(all + before + length.len, items->data + before,
				items->len - before);
		*out = (struct bytes){ all, items->len + length.len };
	}
	buf_fini(&length);
	return ok;
}

bool template_expand(struct arena *a, const char *text, const struct template_values *values,
	struct bytes *out, const char **error)
{
	struct expansion e = { .arena = a, .values = values, .text = text, .at = text };
	struct buf items;

	buf_init(&items, EXPANSION_LIMIT);
	bool ok = expand_items(&e, &items, 0) && finish(&e, &items, out);
	buf_fini(&items);
	if (!ok)
		*error = e.error;
	return ok;
}
