/* Any packet through the strict codec: read by its type, and written again from what was read. */
#ifndef TESTS_UNIT_MQTT_ANY_H
#define TESTS_UNIT_MQTT_ANY_H

#include <stdbool.h>

#include "mqtt/connect.h"
#include "mqtt/control.h"
#include "mqtt/publish.h"
#include "mqtt/subscribe.h"

struct buf;

struct any_packet {
	struct mqtt_frame frame;
	enum mqtt_connect_form form;
	union {
		struct mqtt_connect connect;
		struct mqtt_connack connack;
		struct mqtt_publish publish;
		struct mqtt_ack ack;
		struct mqtt_subscribe subscribe;
		struct mqtt_suback suback;
		struct mqtt_control control;
	};
};

/* False when it is refused, or is not exactly one packet (then the error names no statement). */
bool any_read(unsigned version, enum mqtt_sender from, const uint8_t *data, size_t len,
	struct any_packet *out, struct mqtt_error *e);
bool any_write(
	struct buf *out, unsigned version, enum mqtt_sender from, const struct any_packet *p);

/* Who sends packets of this type; AUTH, DISCONNECT, PUBLISH and the rest go both ways: the server. */
enum mqtt_sender any_sender(unsigned type);

#endif
