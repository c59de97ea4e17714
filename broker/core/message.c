#include "broker/core/message.h"

#include <string.h>

#include "broker/core/memory.h"

size_t message_size(const struct message *m)
{
	return sizeof(*m) + m->topic_len + m->properties_len + m->payload_len;
}

static struct message *message_make(struct memory *memory, const struct publication *p, size_t size)
{
	struct message *m = memory_take(memory, size);

	if (!m)
		return NULL;
	*m = (struct message){ .refs = 1,
		.expires_ms = p->expires_ms,
		.payload_len = p->payload.len,
		.properties_len = p->properties.len,
		.topic_len = (uint16_t)p->topic.len,
		.qos = p->qos,
		.retain = p->retain };
	memcpy(m->bytes, p->topic.data, p->topic.len);
	if (p->properties.len)
		memcpy(m->bytes + p->topic.len, p->properties.data, p->properties.len);
	if (p->payload.len)
		memcpy(m->bytes + p->topic.len + p->properties.len, p->payload.data,
			p->payload.len);
	return m;
}

struct message *message_new(struct memory *memory, const struct publication *p)
{
	return message_make(memory, p, publication_size(p));
}

struct message *message_hold(struct message *m)
{
	m->refs++;
	return m;
}

void message_drop(struct memory *memory, struct message *m)
{
	if (m && !--m->refs)
		memory_give(memory, m, message_size(m));
}

struct mqtt_view message_topic(const struct message *m)
{
	return (struct mqtt_view){ m->bytes, m->topic_len };
}

struct mqtt_view message_properties(const struct message *m)
{
	return (struct mqtt_view){ m->bytes + m->topic_len, m->properties_len };
}

struct mqtt_view message_payload(const struct message *m)
{
	return (struct mqtt_view){ m->bytes + m->topic_len + m->properties_len, m->payload_len };
}

struct message *message_to_wait(struct memory *memory, const struct publication *p)
{
	size_t size = publication_size(p);

	return memory_has_room(memory, size) ? message_make(memory, p, size) : NULL;
}

struct publication publication_of(struct message *m)
{
	return (struct publication){ .topic = message_topic(m),
		.properties = message_properties(m),
		.payload = message_payload(m),
		.expires_ms = m->expires_ms,
		.qos = m->qos,
		.retain = m->retain,
		.message = m };
}
