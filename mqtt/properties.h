/* Properties of MQTT 5.0, left where they are in the packet.
 *
 *   Property Length | id value | id value | ...
 *                     ^^^^^^^^^^^^^^^^^^^^^^^ raw, known to be legal once it was read
 *
 * Which packet may carry which property comes from the catalogue (spec.h). `seen` answers at once
 * for those that are absent; the others are found by a walk over the few bytes.
 */
#ifndef MQTT_PROPERTIES_H
#define MQTT_PROPERTIES_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/error.h"
#include "mqtt/view.h"

struct buf;
struct mqtt_cursor;

enum mqtt_property_id {
	MQTT_PAYLOAD_FORMAT_INDICATOR = 0x01,
	MQTT_MESSAGE_EXPIRY_INTERVAL = 0x02,
	MQTT_CONTENT_TYPE = 0x03,
	MQTT_RESPONSE_TOPIC = 0x08,
	MQTT_CORRELATION_DATA = 0x09,
	MQTT_SUBSCRIPTION_IDENTIFIER = 0x0B,
	MQTT_SESSION_EXPIRY_INTERVAL = 0x11,
	MQTT_ASSIGNED_CLIENT_IDENTIFIER = 0x12,
	MQTT_SERVER_KEEP_ALIVE = 0x13,
	MQTT_AUTHENTICATION_METHOD = 0x15,
	MQTT_AUTHENTICATION_DATA = 0x16,
	MQTT_REQUEST_PROBLEM_INFORMATION = 0x17,
	MQTT_WILL_DELAY_INTERVAL = 0x18,
	MQTT_REQUEST_RESPONSE_INFORMATION = 0x19,
	MQTT_RESPONSE_INFORMATION = 0x1A,
	MQTT_SERVER_REFERENCE = 0x1C,
	MQTT_REASON_STRING = 0x1F,
	MQTT_RECEIVE_MAXIMUM = 0x21,
	MQTT_TOPIC_ALIAS_MAXIMUM = 0x22,
	MQTT_TOPIC_ALIAS = 0x23,
	MQTT_MAXIMUM_QOS = 0x24,
	MQTT_RETAIN_AVAILABLE = 0x25,
	MQTT_USER_PROPERTY = 0x26,
	MQTT_MAXIMUM_PACKET_SIZE = 0x27,
	MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE = 0x28,
	MQTT_SUBSCRIPTION_IDENTIFIER_AVAILABLE = 0x29,
	MQTT_SHARED_SUBSCRIPTION_AVAILABLE = 0x2A,
};

/* Who sent the packet; some properties and codes go one way only. */
enum mqtt_sender { MQTT_FROM_CLIENT, MQTT_FROM_SERVER };

struct mqtt_properties {
	struct mqtt_view raw; /* without the Property Length */
	uint64_t seen;        /* bit n: property n is there */
};

struct mqtt_property {
	uint8_t id;             /* enum mqtt_property_id */
	uint32_t number;        /* of the integer types */
	struct mqtt_view value; /* of strings and binary data; the value of a pair */
	struct mqtt_view name;  /* of a pair */
	struct mqtt_view raw;   /* the property as it stands in the packet */
};

static inline bool mqtt_properties_has(const struct mqtt_properties *p, enum mqtt_property_id id)
{
	return p->seen >> id & 1;
}

/* The first property with this id; `fallback`, or no bytes, if there is none. */
uint32_t mqtt_properties_number(
	const struct mqtt_properties *p, enum mqtt_property_id id, uint32_t fallback);
struct mqtt_view mqtt_properties_view(const struct mqtt_properties *p, enum mqtt_property_id id);

/* Steps over all of them, in order: `*at` starts at 0. False at the end. */
bool mqtt_properties_next(
	const struct mqtt_properties *p, uint32_t *at, struct mqtt_property *property);

/* Reads Property Length and properties of a packet. `packet` is SPEC_PACKET(type), or
 * SPEC_WILL_PROPERTIES.
 */
bool mqtt_properties_read(struct mqtt_cursor *c, uint32_t packet, enum mqtt_sender from,
	struct mqtt_properties *out, struct mqtt_error *e);

/* Appends one property. Whether its place and value are legal shows when the packet is written. */
bool mqtt_property_add_number(struct buf *out, enum mqtt_property_id id, uint32_t number);
bool mqtt_property_add_view(struct buf *out, enum mqtt_property_id id, struct mqtt_view value);
bool mqtt_property_add_pair(struct buf *out, struct mqtt_view name, struct mqtt_view value);

#endif
