/* SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK. */
#ifndef MQTT_SUBSCRIBE_H
#define MQTT_SUBSCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/error.h"
#include "mqtt/frame.h"
#include "mqtt/properties.h"
#include "mqtt/view.h"

struct buf;

/* A filter of the list. The options are those of SUBSCRIBE; in 3.1.1 only the QoS is not zero. */
struct mqtt_filter {
	struct mqtt_view text;
	uint8_t qos;             /* 0 to 2 */
	uint8_t retain_handling; /* 0 to 2 */
	bool no_local;
	bool retain_as_published;
};

struct mqtt_subscribe { /* and UNSUBSCRIBE */
	uint16_t id;
	struct mqtt_properties properties;
	uint32_t count;           /* of filters */
	struct mqtt_view filters; /* as they stand in the packet */
};

/* The packet is read to its end and every filter checked, before the first of them is handed out. */
bool mqtt_subscribe_read(
	unsigned version, struct mqtt_view body, struct mqtt_subscribe *out, struct mqtt_error *e);
bool mqtt_unsubscribe_read(
	unsigned version, struct mqtt_view body, struct mqtt_subscribe *out, struct mqtt_error *e);

/* Step over the filters, in order: `*at` starts at 0. False at the end. */
bool mqtt_subscribe_next(const struct mqtt_subscribe *s, uint32_t *at, struct mqtt_filter *filter);
bool mqtt_unsubscribe_next(const struct mqtt_subscribe *s, uint32_t *at, struct mqtt_view *filter);

struct mqtt_suback { /* and UNSUBACK */
	uint16_t id;
	struct mqtt_properties properties;
	struct mqtt_view codes; /* one byte per filter; UNSUBACK of 3.1.1 has none */
};

bool mqtt_suback_read(unsigned version, enum packet_type type, struct mqtt_view body,
	struct mqtt_suback *out, struct mqtt_error *e);

/* Append a whole packet, as in connect.h. */
bool mqtt_subscribe_write(struct buf *out, unsigned version, uint16_t id,
	struct mqtt_view properties, const struct mqtt_filter *filters, size_t count);
bool mqtt_unsubscribe_write(struct buf *out, unsigned version, uint16_t id,
	struct mqtt_view properties, const struct mqtt_view *filters, size_t count);
bool mqtt_suback_write(
	struct buf *out, unsigned version, enum packet_type type, const struct mqtt_suback *suback);

#endif
