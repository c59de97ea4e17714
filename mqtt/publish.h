/* PUBLISH, and the four packets that acknowledge it. */
#ifndef MQTT_PUBLISH_H
#define MQTT_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/error.h"
#include "mqtt/frame.h"
#include "mqtt/properties.h"
#include "mqtt/view.h"

struct buf;

struct mqtt_publish {
	bool dup;
	bool retain;
	uint8_t qos;            /* 0 to 2 */
	uint16_t id;            /* Packet Identifier; 0 at QoS 0 */
	struct mqtt_view topic; /* empty only in 5.0 with a Topic Alias */
	struct mqtt_properties properties;
	struct mqtt_view payload;
};

/* In two steps, for a server that has already checked the topic of most packets: the second looks
 * at the text of the topic, and at whether there has to be one.
 */
bool mqtt_publish_fields_read(unsigned version, enum mqtt_sender from, uint8_t flags,
	struct mqtt_view body, struct mqtt_publish *out, struct mqtt_error *e);
bool mqtt_publish_topic_check(
	unsigned version, const struct mqtt_publish *publish, struct mqtt_error *e);

/* Both steps. Does not look into the payload: mqtt_publish_payload_valid does. */
bool mqtt_publish_read(unsigned version, enum mqtt_sender from, uint8_t flags,
	struct mqtt_view body, struct mqtt_publish *out, struct mqtt_error *e);

/* Whether a payload that is said to be UTF-8 is. */
bool mqtt_publish_payload_valid(const struct mqtt_publish *publish);

/* All of a PUBLISH up to its payload. Two runs of properties are written one after the other, so that
 * what is passed on need not be copied next to what is added. This is the path of every message:
 * nothing is checked, the parts come from packets that were read and checked.
 */
struct mqtt_publish_head {
	uint8_t flags; /* mqtt_publish_flags */
	uint16_t id;   /* 0: no such field */
	struct mqtt_view topic;
	struct mqtt_view added;     /* properties, 5.0 */
	struct mqtt_view forwarded; /* more of them */
	uint32_t payload_len;
};

static inline uint8_t mqtt_publish_flags(bool dup, unsigned qos, bool retain)
{
	return (uint8_t)((dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0));
}

/* Remaining Length of such a packet; may pass MQTT_REMAINING_LENGTH_MAX. */
size_t mqtt_publish_body_size(unsigned version, const struct mqtt_publish_head *head);

/* Bytes that mqtt_publish_head_write writes for a Remaining Length of `body_size`. */
size_t mqtt_publish_head_size(const struct mqtt_publish_head *head, size_t body_size);
void mqtt_publish_head_write(
	uint8_t *out, unsigned version, const struct mqtt_publish_head *head, size_t body_size);

/* Where the Packet Identifier stands in what was written. */
static inline size_t mqtt_publish_id_offset(const struct mqtt_publish_head *head, size_t body_size)
{
	return 1 + mqtt_variable_size((uint32_t)body_size) + 2 + head->topic.len;
}

/* PUBACK, PUBREC, PUBREL, PUBCOMP. */
struct mqtt_ack {
	uint16_t id;
	uint8_t reason;                    /* 5.0; 0 where it was left out */
	struct mqtt_properties properties; /* 5.0 */
};

bool mqtt_ack_read(unsigned version, enum mqtt_sender from, enum packet_type type,
	struct mqtt_view body, struct mqtt_ack *out, struct mqtt_error *e);

/* An acknowledgement without properties, in its shortest form; returns its size, 4 or 5. In 3.1.1 the
 * reason is left out.
 */
size_t mqtt_ack_short(uint8_t out[static 5], unsigned version, enum packet_type type, uint16_t id,
	uint8_t reason);

/* Append a whole packet, as in connect.h. */
bool mqtt_publish_write(struct buf *out, unsigned version, enum mqtt_sender from,
	const struct mqtt_publish *publish);
bool mqtt_ack_write(struct buf *out, unsigned version, enum mqtt_sender from, enum packet_type type,
	const struct mqtt_ack *ack);

#endif
