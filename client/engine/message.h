/* A message of ours on its way, and the lists that it passes through. */
#ifndef CLIENT_ENGINE_MESSAGE_H
#define CLIENT_ENGINE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/publish.h"
#include "mqtt/view.h"

struct message {
	struct message *next, *previous;
	uint64_t tag;
	int64_t born_ms;
	uint32_t expiry_s;      /* Message Expiry Interval; UINT32_MAX: none */
	uint32_t expiry_offset; /* of its four bytes in the properties */
	uint16_t id;            /* 0: none yet */
	uint16_t alias;         /* asked for by the publisher; 0: none */
	bool alias_only;        /* without its topic */
	bool counted;           /* against the quota of this connection */
	uint8_t qos;
	bool retain;
	uint32_t topic_len, properties_len, payload_len;
	uint8_t bytes[]; /* topic, properties, payload */
};

struct messages {
	struct message *first, *last;
	uint32_t count;
	size_t bytes;
};

/* A copy without Topic Alias among its properties; NULL without memory. */
struct message *message_new(const struct mqtt_publish *publish, uint64_t tag, int64_t now_ms);

static inline size_t message_size(const struct message *m)
{
	return sizeof(*m) + m->topic_len + m->properties_len + m->payload_len;
}

static inline struct mqtt_view message_topic(const struct message *m)
{
	return (struct mqtt_view){ m->bytes, m->topic_len };
}

static inline struct mqtt_view message_properties(const struct message *m)
{
	return (struct mqtt_view){ m->bytes + m->topic_len, m->properties_len };
}

static inline struct mqtt_view message_payload(const struct message *m)
{
	return (struct mqtt_view){ m->bytes + m->topic_len + m->properties_len, m->payload_len };
}

/* Writes what is left of its Message Expiry Interval into the properties; false if nothing is. */
bool message_age(struct message *m, int64_t now_ms);

void messages_add(struct messages *list, struct message *m);
void messages_remove(struct messages *list, struct message *m);
struct message *messages_find(const struct messages *list, uint16_t id);

#endif
