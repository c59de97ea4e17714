/* What the builder, the parser and their users have in common: bytes, property lists, fresh packets. */
#include "harness/wire/wire.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

const struct property *properties_find(const struct properties *p, uint32_t id)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].id == id)
			return &p->list[i];
	return NULL;
}

size_t properties_count(const struct properties *p, uint32_t id)
{
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		count += p->list[i].id == id;
	return count;
}

struct packet wire_packet(enum packet_type type)
{
	/* [3.1.1:MQTT-2.2.2-1] [5.0:MQTT-2.1.3-1] */
	bool flagged = type == PUBREL || type == SUBSCRIBE || type == UNSUBSCRIBE;

	return (struct packet){ .type = type, .flags = flagged ? 2 : 0 };
}

uint8_t wire_publish_flags(bool dup, unsigned qos, bool retain)
{
	return (uint8_t)(dup << 3 | (qos & 3) << 1 | retain);
}
