/* Properties between docs/AGENT.md and libmosquitto. */
#include "targets/agents/libmosquitto_property.h"

#include <stdlib.h>
#include <string.h>

static struct octets octets_of(const char *text)
{
	return (struct octets){ text, text ? strlen(text) : 0 };
}

/* Each of these functions takes the properties of its own type and no other. */
static int add_property(void *to, const struct property *p)
{
	return mosquitto_property_add_byte(to, p->id, (uint8_t)p->number) &&
		mosquitto_property_add_int16(to, p->id, (uint16_t)p->number) &&
		mosquitto_property_add_int32(to, p->id, p->number) &&
		mosquitto_property_add_varint(to, p->id, p->number) &&
		mosquitto_property_add_string(to, p->id, p->data.at) &&
		mosquitto_property_add_string_pair(to, p->id, p->data.at, p->value.at) &&
		(p->data.size > UINT16_MAX ||
			mosquitto_property_add_binary(
				to, p->id, p->data.at, (uint16_t)p->data.size));
}

mosquitto_property *properties_of(struct command *c, json_t *fields)
{
	mosquitto_property *props = NULL;
	get_properties(c, fields, add_property, &props);
	return props;
}

/* Each of these functions, too, knows the properties of its type, and clears what it is given for others. */
json_t *with(json_t *event, const mosquitto_property *next)
{
	for (; next; next = mosquitto_property_next(next)) {
		struct property p = { .id = mosquitto_property_identifier(next) };
		char *text = NULL, *name = NULL, *value = NULL;
		uint8_t byte = 0;
		uint16_t word = 0, size = 0;
		void *bytes = NULL;
		p.kind = property_kind(p.id);
		mosquitto_property_read_byte(next, p.id, &byte, false);
		mosquitto_property_read_int16(next, p.id, &word, false);
		mosquitto_property_read_int32(next, p.id, &p.number, false);
		mosquitto_property_read_varint(next, p.id, &p.number, false);
		mosquitto_property_read_binary(next, p.id, &bytes, &size, false);
		mosquitto_property_read_string(next, p.id, &text, false);
		mosquitto_property_read_string_pair(next, p.id, &name, &value, false);
		p.number += byte + word;
		p.data = bytes ? (struct octets){ bytes, size } : octets_of(text ? text : name);
		p.value = octets_of(value);
		event_add_property(event, &p);
		free(text);
		free(name);
		free(value);
		free(bytes);
	}
	return event;
}
