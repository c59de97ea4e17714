#include "client/shell/inbox.h"

#include <stdlib.h>
#include <string.h>

struct mqttspec_message message_of(const struct mqtt_publish *p, char *topic)
{
	memcpy(topic, p->topic.data, p->topic.len);
	topic[p->topic.len] = 0;
	return (struct mqttspec_message){ .topic = topic,
		.payload = p->payload.data,
		.payload_len = p->payload.len,
		.qos = p->qos,
		.retain = p->retain,
		.dup = p->dup,
		.id = p->id,
		.received = { p->properties.raw.data, p->properties.raw.len } };
}

static char *put(char *to, const void *data, size_t len)
{
	if (len)
		memcpy(to, data, len);
	return to + len;
}

bool inbox_add(struct inbox *b, const struct mqtt_publish *p)
{
	struct inbox_entry *entry =
		malloc(sizeof(*entry) + p->topic.len + 1 + p->properties.raw.len + p->payload.len);

	if (!entry)
		return false;
	char *at = (char *)(entry + 1);
	entry->next = NULL;
	entry->message = message_of(p, at);
	at += p->topic.len + 1;
	entry->message.received.data = at;
	at = put(at, p->properties.raw.data, p->properties.raw.len);
	entry->message.payload = at;
	put(at, p->payload.data, p->payload.len);
	*(b->last ? &b->last->next : &b->first) = entry;
	b->last = entry;
	b->count++;
	return true;
}

const struct mqttspec_message *inbox_take(struct inbox *b)
{
	free(b->current);
	b->current = b->first;
	if (!b->first)
		return NULL;
	b->first = b->first->next;
	if (!b->first)
		b->last = NULL;
	b->count--;
	return &b->current->message;
}

void inbox_fini(struct inbox *b)
{
	while (inbox_take(b))
		;
}
