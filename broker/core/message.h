/* An application message: held once, however many sessions wait for it.
 *
 *      struct message | topic | properties | payload
 *                               ^^^^^^^^^^ those to be passed on, as they were on the wire
 *
 * Most messages never become one. While a message passes through it is a `struct publication`, views
 * into the publisher's packet, from which each subscriber's packet is made at once. Only a message
 * that has to stay (QoS 1 and 2, retained, a large payload) is copied, and only the first time.
 */
#ifndef BROKER_CORE_MESSAGE_H
#define BROKER_CORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/view.h"

struct forms;
struct memory;
struct subscriber;

struct message {
	uint32_t refs;
	uint32_t stored_refs; /* deliveries in the store that name it */
	uint64_t serial;      /* its name in the store; 0: it has none */
	int64_t expires_ms;   /* INT64_MAX: never */
	uint32_t payload_len;
	uint32_t properties_len;
	uint16_t topic_len;
	uint8_t qos; /* as published */
	bool retain; /* as published */
	uint8_t bytes[];
};

struct publication {
	struct mqtt_view topic;
	struct mqtt_view properties;
	struct mqtt_view payload;
	int64_t expires_ms; /* INT64_MAX: never */
	uint8_t qos;        /* as published */
	bool retain;        /* as published */
	bool answered;      /* its publisher is told whether all went well with it */
	const struct subscriber *publisher; /* for No Local; NULL: none */
	struct message *message;            /* NULL until someone needs it; one reference */
	/* The publisher's packet, where others may get it as it is but for flags and identifier. */
	struct mqtt_view wire; /* no bytes: where they may not */
	uint32_t wire_id;      /* offset of the Packet Identifier, above QoS 0 */
	uint8_t wire_version;  /* enum mqtt_version */
	struct forms *forms;   /* see forward.h; NULL: none */
};

/* Size in memory. */
size_t message_size(const struct message *m);

/* That of its message, which need not be made. */
static inline size_t publication_size(const struct publication *p)
{
	return sizeof(struct message) + p->topic.len + p->properties.len + p->payload.len;
}

struct message *message_new(struct memory *memory, const struct publication *p);
struct message *message_hold(struct message *m);
void message_drop(struct memory *memory, struct message *m); /* NULL is fine */

struct mqtt_view message_topic(const struct message *m);
struct mqtt_view message_properties(const struct message *m);
struct mqtt_view message_payload(const struct message *m);

/* As message_new, but not from the last of the memory: see memory_has_room. */
struct message *message_to_wait(struct memory *memory, const struct publication *p);

/* The message of a publication, made if need be; borrowed. NULL without memory. */
static inline struct message *publication_message(struct memory *memory, struct publication *p)
{
	if (!p->message)
		p->message = message_to_wait(memory, p);
	return p->message;
}

/* A publication of what is held already; takes no reference. */
struct publication publication_of(struct message *m);

static inline bool is_expired(int64_t expires_ms, int64_t now_ms)
{
	return expires_ms <= now_ms;
}

#endif
