#include "client/agent/read.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void read_note(struct reading *r, enum read_state state, const char *format, ...)
{
	va_list args;

	if (r->state != READ_OK)
		return;
	r->state = state;
	va_start(args, format);
	vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
}

static const json_t *needed(struct reading *r, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		read_note(r, READ_WRONG, "%s is missing", name);
	return value;
}

const char *read_text_of(struct reading *r, const json_t *value, const char *name)
{
	if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
		return json_string_value(value);
	read_note(r, READ_WRONG, "%s is no text without U+0000", name);
	return "";
}

static uint32_t number_of(struct reading *r, const json_t *value, const char *name, uint32_t most)
{
	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
		json_integer_value(value) <= most)
		return (uint32_t)json_integer_value(value);
	read_note(r, READ_WRONG, "%s is no number from 0 to %u", name, most);
	return 0;
}

static bool flag_of(struct reading *r, const json_t *value, const char *name)
{
	if (!json_is_boolean(value))
		read_note(r, READ_WRONG, "%s is neither true nor false", name);
	return json_is_true(value);
}

const char *read_text(struct reading *r, const json_t *object, const char *name)
{
	return read_text_of(r, needed(r, object, name), name);
}

const char *read_text_or(
	struct reading *r, const json_t *object, const char *name, const char *fallback)
{
	const json_t *value = json_object_get(object, name);

	return value ? read_text_of(r, value, name) : fallback;
}

uint32_t read_number(struct reading *r, const json_t *object, const char *name, uint32_t most)
{
	return number_of(r, needed(r, object, name), name, most);
}

uint32_t read_number_or(
	struct reading *r, const json_t *object, const char *name, uint32_t most, uint32_t fallback)
{
	const json_t *value = json_object_get(object, name);

	return value ? number_of(r, value, name, most) : fallback;
}

bool read_flag(struct reading *r, const json_t *object, const char *name)
{
	return flag_of(r, needed(r, object, name), name);
}

bool read_flag_or(struct reading *r, const json_t *object, const char *name, bool fallback)
{
	const json_t *value = json_object_get(object, name);

	return value ? flag_of(r, value, name) : fallback;
}

const json_t *read_list(struct reading *r, const json_t *object, const char *name)
{
	const json_t *value = needed(r, object, name);

	if (!json_is_array(value))
		read_note(r, READ_WRONG, "%s is no list", name);
	return value;
}

static unsigned digit_of(char c)
{
	return (unsigned)(isdigit((uint8_t)c) ? c - '0' : tolower((uint8_t)c) - 'a' + 10);
}

struct read_bytes read_hex(struct reading *r, const json_t *value, const char *name)
{
	const char *text = read_text_of(r, value, name);
	size_t len = strlen(text);
	char *data = arena_alloc(r->arena, len / 2 + 1);

	if (len % 2 || strspn(text, "0123456789abcdefABCDEF") != len) {
		read_note(r, READ_WRONG, "%s is not in hexadecimal digits", name);
		len = 0;
	}
	for (size_t i = 0; i < len / 2; i++)
		data[i] = (char)(digit_of(text[2 * i]) << 4 | digit_of(text[2 * i + 1]));
	return (struct read_bytes){ data, len / 2 };
}

struct read_bytes read_payload(struct reading *r, const json_t *object)
{
	const json_t *hex = json_object_get(object, "payload_hex");
	const json_t *text = json_object_get(object, "payload");

	if (hex)
		return read_hex(r, hex, "payload_hex");
	if (json_is_string(text))
		return (struct read_bytes){ json_string_value(text), json_string_length(text) };
	read_note(r, READ_WRONG, "payload is %s", text ? "no text" : "missing");
	return (struct read_bytes){ 0 };
}
