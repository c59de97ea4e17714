#include "client/tool/command_properties.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "spec/spec.h"

static const struct {
	const char *name;
	uint32_t packets;
	enum property_place place;
} packets[] = {
	{ "connect", SPEC_PACKET(CONNECT), PLACE_CONNECT },
	{ "will", SPEC_WILL_PROPERTIES, PLACE_WILL },
	{ "publish", SPEC_PACKET(PUBLISH), PLACE_PUBLISH },
	{ "subscribe", SPEC_PACKET(SUBSCRIBE), PLACE_SUBSCRIBE },
	{ "unsubscribe", SPEC_PACKET(UNSUBSCRIBE), PLACE_UNSUBSCRIBE },
	{ "disconnect", SPEC_PACKET(DISCONNECT), PLACE_DISCONNECT },
	{ "puback", SPEC_PACKET(PUBACK), PLACE_OTHER },
	{ "pubrec", SPEC_PACKET(PUBREC), PLACE_OTHER },
	{ "pubrel", SPEC_PACKET(PUBREL), PLACE_OTHER },
	{ "pubcomp", SPEC_PACKET(PUBCOMP), PLACE_OTHER },
	{ "auth", SPEC_PACKET(AUTH), PLACE_OTHER },
};

enum { PACKETS = sizeof(packets) / sizeof(*packets) };

const char *command_property_name(unsigned id, char name[static 48])
{
	const struct spec_property *spec = spec_property(id);
	size_t i = 0;

	for (; spec && spec->name[i] && i < 47; i++)
		name[i] = spec->name[i] == ' ' ? '-' : (char)tolower((uint8_t)spec->name[i]);
	name[i] = 0;
	return name;
}

static const struct spec_property *find(const char *name)
{
	char text[48];

	for (size_t i = 0; i < spec_property_count; i++)
		if (!strcasecmp(name, command_property_name(spec_properties[i].id, text)))
			return &spec_properties[i];
	return NULL;
}

void command_property_add(
	struct command *c, enum property_place place, struct mqttspec_property property)
{
	struct property_list *l = &c->properties[place];

	l->list = arena_grow(c->arena, l->list, l->count, &l->capacity, sizeof(*l->list));
	l->list[l->count++] = property;
}

bool command_property_has(
	const struct command *c, enum property_place place, enum mqttspec_property_id id)
{
	for (size_t i = 0; i < c->properties[place].count; i++)
		if (c->properties[place].list[i].id == id)
			return true;
	return false;
}

static bool number_read(
	struct command *c, const struct spec_property *spec, const char *text, uint32_t *number)
{
	static const uint64_t most[] = { [PROPERTY_BYTE] = UINT8_MAX,
		[PROPERTY_TWO_BYTES] = UINT16_MAX,
		[PROPERTY_FOUR_BYTES] = UINT32_MAX,
		[PROPERTY_VARIABLE] = 268435455 };
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	*number = (uint32_t)value;
	if (isdigit((uint8_t)*text) && !*end && value <= most[spec->type])
		return true;
	command_complain(c, "-D: %s takes a number up to %llu, not %s", spec->name,
		(unsigned long long)most[spec->type], command_shown(c, text));
	return false;
}

/* Returns the number of arguments read, not counting the packet's name. */
static int value_read(struct command *c, const struct spec_property *spec, char **arguments,
	int left, struct mqttspec_property *p)
{
	int wanted = spec->type == PROPERTY_STRING_PAIR ? 3 : 2;

	*p = (struct mqttspec_property){ .id = spec->id };
	if (left < wanted) {
		command_complain(c, "-D: %s lacks its value", spec->name);
		return 0;
	}
	switch ((enum property_type)spec->type) {
	case PROPERTY_STRING_PAIR:
		p->name = arguments[1];
		p->text = arguments[2];
		return wanted;
	case PROPERTY_STRING:
	case PROPERTY_BINARY: p->text = arguments[1]; return wanted;
	default: return number_read(c, spec, arguments[1], &p->number) ? wanted : 0;
	}
}

int command_property_read(struct command *c, char **arguments, int left)
{
	struct mqttspec_property property;
	size_t i = 0;

	if (left < 3) {
		command_complain(c, "-D takes a packet, a property and its value");
		return 0;
	}
	while (i < PACKETS && strcasecmp(arguments[0], packets[i].name) != 0)
		i++;
	if (i == PACKETS) {
		command_complain(c, "-D: %s is no packet that has properties",
			command_shown(c, arguments[0]));
		return 0;
	}
	const struct spec_property *spec = find(arguments[1]);
	if (!spec) {
		command_complain(
			c, "-D: there is no property like %s", command_shown(c, arguments[1]));
		return 0;
	}
	if (!(spec->packets & packets[i].packets)) {
		command_complain(c, "-D: %s must not stand in %s", spec->name, packets[i].name);
		return 0;
	}
	int read = value_read(c, spec, arguments + 1, left - 1, &property);
	if (!read)
		return 0;
	command_property_add(c, packets[i].place, property);
	c->version = c->version_given ? c->version : MQTT_50;
	return read + 1;
}
