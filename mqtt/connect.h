/* CONNECT and CONNACK. */
#ifndef MQTT_CONNECT_H
#define MQTT_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/error.h"
#include "mqtt/frame.h"
#include "mqtt/properties.h"
#include "mqtt/view.h"

struct buf;

struct mqtt_connect {
	uint8_t version;       /* enum mqtt_version */
	bool clean_start;      /* Clean Session in 3.1.1 */
	uint16_t keep_alive_s; /* 0: off */
	struct mqtt_view client_id;
	struct mqtt_properties properties; /* 5.0 */

	bool has_will;
	bool will_retain;
	uint8_t will_qos;
	struct mqtt_properties will_properties; /* 5.0 */
	struct mqtt_view will_topic;
	struct mqtt_view will_payload;

	bool has_user_name;
	bool has_password;
	struct mqtt_view user_name;
	struct mqtt_view password;
};

/* What to tell a client whose CONNECT is refused before it could be read to its end. */
enum mqtt_connect_form {
	MQTT_CONNECT_UNKNOWN, /* nothing: close */
	MQTT_CONNECT_311, /* 3.1.1 or 3.1: close without CONNACK; but 0x01 for a level of no version */
	MQTT_CONNECT_50, /* CONNACK of 5.0 with the error's Reason Code */
};

/* Reads the body of a CONNECT. On failure `*form` tells which CONNACK, if any, may be sent; the error
 * has MQTT_UNSUPPORTED_VERSION when it is the level that is not supported.
 */
bool mqtt_connect_read(const struct mqtt_frame *frame, struct mqtt_view body,
	struct mqtt_connect *out, enum mqtt_connect_form *form, struct mqtt_error *e);

struct mqtt_connack {
	bool session_present;
	uint8_t code;                      /* Reason Code; return code 0 to 5 in 3.1.1 */
	struct mqtt_properties properties; /* 5.0 */
};

bool mqtt_connack_read(
	unsigned version, struct mqtt_view body, struct mqtt_connack *out, struct mqtt_error *e);

/* Append a whole packet. False, with nothing appended, if it would not be a legal one or the buffer
 * is full. Of properties only `raw` counts.
 */
bool mqtt_connect_write(struct buf *out, const struct mqtt_connect *connect);
bool mqtt_connack_write(struct buf *out, unsigned version, const struct mqtt_connack *connack);

#endif
