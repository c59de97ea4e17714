#include "client/engine/message.h"

#include <stdlib.h>

/* Copies the properties, leaving out the Topic Alias and noting the Message Expiry Interval. */
static void properties_copy(struct message *m, const struct mqtt_properties *properties)
{
	uint8_t *to = m->bytes + m->topic_len;
	struct mqtt_property p;
	uint32_t at = 0;

	while (mqtt_properties_next(properties, &at, &p)) {
		if (p.id == MQTT_TOPIC_ALIAS) {
			m->alias = (uint16_t)p.number;
			continue;
		}
		if (p.id == MQTT_MESSAGE_EXPIRY_INTERVAL) {
			m->expiry_s = p.number;
			m->expiry_offset = m->properties_len + 1;
		}
		memcpy(to + m->properties_len, p.raw.data, p.raw.len);
		m->properties_len += p.raw.len;
	}
}

struct message *message_new(const struct mqtt_publish *publish, uint64_t tag, int64_t now_ms)
{
	struct message *m = malloc(sizeof(*m) + publish->topic.len + publish->properties.raw.len +
		publish->payload.len);

	if (!m)
		return NULL;
	*m = (struct message){ .tag = tag,
		.born_ms = now_ms,
		.expiry_s = UINT32_MAX,
		.qos = publish->qos,
		.retain = publish->retain,
		.topic_len = publish->topic.len };
	if (publish->topic.len)
		memcpy(m->bytes, publish->topic.data, publish->topic.len);
	properties_copy(m, &publish->properties);
	m->payload_len = publish->payload.len;
	if (m->payload_len)
		memcpy(m->bytes + m->topic_len + m->properties_len, publish->payload.data,
			m->payload_len);
	return m;
}

bool message_age(struct message *m, int64_t now_ms)
{
	int64_t waited_s = (now_ms - m->born_ms) / 1000;
	uint8_t *at = m->bytes + m->topic_len + m->expiry_offset;

	if (m->expiry_s == UINT32_MAX)
		return true;
	if (waited_s >= m->expiry_s && waited_s)
		return false;
	uint32_t left = m->expiry_s - (uint32_t)waited_s;
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(left >> (24 - 8 * i));
	return true;
}

void messages_add(struct messages *list, struct message *m)
{
	m->next = NULL;
	m->previous = list->last;
	*(list->last ? &list->last->next : &list->first) = m;
	list->last = m;
	list->count++;
	list->bytes += message_size(m);
}

void messages_remove(struct messages *list, struct message *m)
{
	*(m->previous ? &m->previous->next : &list->first) = m->next;
	*(m->next ? &m->next->previous : &list->last) = m->previous;
	m->next = m->previous = NULL;
	list->count--;
	list->bytes -= message_size(m);
}

struct message *messages_find(const struct messages *list, uint16_t id)
{
	struct message *m = list->first;

	while (m && m->id != id)
		m = m->next;
	return m;
}
