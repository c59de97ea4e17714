/* PINGREQ, PINGRESP, DISCONNECT, AUTH. */
#ifndef MQTT_CONTROL_H
#define MQTT_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/error.h"
#include "mqtt/frame.h"
#include "mqtt/properties.h"
#include "mqtt/view.h"

struct buf;

struct mqtt_control { /* DISCONNECT or AUTH */
	uint8_t reason;
	struct mqtt_properties properties;
};

/* PINGREQ and PINGRESP: there must be nothing. */
bool mqtt_ping_read(unsigned version, struct mqtt_view body, struct mqtt_error *e);
bool mqtt_disconnect_read(unsigned version, enum mqtt_sender from, struct mqtt_view body,
	struct mqtt_control *out, struct mqtt_error *e);
bool mqtt_auth_read(enum mqtt_sender from, struct mqtt_view body, struct mqtt_control *out,
	struct mqtt_error *e);

/* Append a whole packet, as in connect.h. */
bool mqtt_ping_write(struct buf *out, enum packet_type type);
bool mqtt_disconnect_write(struct buf *out, unsigned version, enum mqtt_sender from,
	const struct mqtt_control *disconnect);
bool mqtt_auth_write(struct buf *out, enum mqtt_sender from, const struct mqtt_control *auth);

#endif
