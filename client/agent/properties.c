#include "client/agent/properties.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

json_t *hex_shown(const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;
	char *text = malloc(2 * len + 1);

	for (size_t i = 0; text && i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	json_t *shown = text ? json_stringn(text, 2 * len) : NULL;
	free(text);
	return shown;
}

enum { NAME_SIZE = 48 };

static const char *name_of(const struct spec_property *spec, char name[static NAME_SIZE])
{
	size_t i = 0;

	for (; spec->name[i] && i < NAME_SIZE - 1; i++)
		name[i] = spec->name[i] == ' ' ? '_' : (char)tolower((uint8_t)spec->name[i]);
	name[i] = 0;
	return name;
}

static const struct spec_property *find(const char *name)
{
	char one[NAME_SIZE];

	for (size_t i = 0; i < spec_property_count; i++)
		if (!strcmp(name, name_of(&spec_properties[i], one)))
			return &spec_properties[i];
	return NULL;
}

/* ---- reading ------------------------------------------------------------------------------- */

static void add(struct reading *r, struct properties *p, size_t *capacity,
	struct mqttspec_property property)
{
	p->list = arena_grow(r->arena, p->list, p->count, capacity, sizeof(*p->list));
	p->list[p->count++] = property;
}

static void value_read(
	struct reading *r, const json_t *value, const char *name, struct mqttspec_property *p)
{
	struct read_bytes bytes;

	switch ((enum property_type)spec_property(p->id)->type) {
	case PROPERTY_STRING:
		p->text = json_string_value(value);
		p->len = json_string_length(value);
		if (!p->text)
			read_note(r, READ_WRONG, "%s is no text", name);
		break;
	case PROPERTY_BINARY:
		bytes = read_hex(r, value, name);
		p->text = bytes.data;
		p->len = bytes.len;
		break;
	default:
		p->number = (uint32_t)json_integer_value(value);
		if (!json_is_integer(value) || json_integer_value(value) != p->number)
			read_note(r, READ_WRONG, "%s is no number of 32 bits", name);
	}
}

static void pairs_read(
	struct reading *r, const json_t *pairs, struct properties *p, size_t *capacity)
{
	const json_t *pair;
	size_t i;

	if (!json_is_array(pairs))
		read_note(r, READ_WRONG, "user_property is no list");
	json_array_foreach(pairs, i, pair)
	{
		const json_t *name = json_array_get(pair, 0), *value = json_array_get(pair, 1);
		if (json_array_size(pair) != 2 || !json_is_string(name) || !json_is_string(value)) {
			read_note(r, READ_WRONG, "user_property is no list of pairs of text");
			return;
		}
		add(r, p, capacity,
			(struct mqttspec_property){ .id = MQTTSPEC_USER_PROPERTY,
				.text = json_string_value(value),
				.len = json_string_length(value),
				.name = json_string_value(name),
				.name_len = json_string_length(name) });
	}
}

struct properties properties_read(struct reading *r, const json_t *object)
{
	json_t *all = json_object_get(object, "properties"), *value;
	struct properties p = { 0 };
	size_t capacity = 0;
	const char *name;

	if (all && !json_is_object(all))
		read_note(r, READ_WRONG, "properties is no object");
	json_object_foreach(all, name, value)
	{
		const struct spec_property *spec = find(name);
		struct mqttspec_property one = { .id = spec ? spec->id : 0 };
		if (!spec) {
			read_note(r, READ_UNSUPPORTED, "%s", name);
		} else if (spec->id == MQTTSPEC_USER_PROPERTY) {
			pairs_read(r, value, &p, &capacity);
		} else {
			value_read(r, value, name, &one);
			add(r, &p, &capacity, one);
		}
	}
	return p;
}

/* ---- showing ------------------------------------------------------------------------------- */

static void append(json_t *object, const char *name, json_t *value)
{
	json_t *list = json_object_get(object, name);

	if (!list) {
		list = json_array();
		json_object_set_new(object, name, list);
	}
	json_array_append_new(list, value);
}

static void show(json_t *object, const struct mqttspec_property *p, bool is_message)
{
	const struct spec_property *spec = spec_property(p->id);
	char name[NAME_SIZE];

	name_of(spec, name);
	switch ((enum property_type)spec->type) {
	case PROPERTY_STRING_PAIR:
		append(object, name, json_pack("[s%s%]", p->name, p->name_len, p->text, p->len));
		break;
	case PROPERTY_STRING:
		json_object_set_new(object, name, json_stringn(p->text, p->len));
		break;
	case PROPERTY_BINARY: json_object_set_new(object, name, hex_shown(p->text, p->len)); break;
	default:
		if (is_message && p->id == MQTTSPEC_SUBSCRIPTION_IDENTIFIER)
			append(object, name, json_integer(p->number));
		else
			json_object_set_new(object, name, json_integer(p->number));
	}
}

json_t *properties_shown(const struct mqttspec_properties *properties, bool is_message)
{
	struct mqttspec_property p;
	json_t *object = NULL;
	size_t at = 0;

	while (mqttspec_properties_next(properties, &at, &p)) {
		if (!object)
			object = json_object();
		show(object, &p, is_message);
	}
	return object;
}
