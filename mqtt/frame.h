/* The Fixed Header: where a packet ends, and whether its first byte is one that exists. */
#ifndef MQTT_FRAME_H
#define MQTT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/error.h"
#include "mqtt/view.h"
#include "spec/spec.h"

enum {
	MQTT_REMAINING_LENGTH_MAX = 268435455,
	MQTT_PACKET_MAX = MQTT_REMAINING_LENGTH_MAX + 5, /* with its Fixed Header */
};

enum mqtt_read {
	MQTT_READ_OK,   /* the header is whole; its body may still be to come */
	MQTT_READ_MORE, /* more bytes are needed to tell */
	MQTT_READ_BAD,  /* see the error; the stream cannot be followed any further */
};

struct mqtt_frame {
	uint8_t type;       /* enum packet_type */
	uint8_t flags;      /* low four bits of the first byte */
	uint8_t header_len; /* 2 to 5 bytes */
	bool overlong;      /* Remaining Length in more bytes than it needs */
	uint32_t body_len;  /* Remaining Length */
};

/* `version` is enum mqtt_version, or 0 while no CONNECT has told it. */
enum mqtt_read mqtt_frame_read(const uint8_t *data, size_t len, unsigned version,
	struct mqtt_frame *out, struct mqtt_error *e);

/* A Variable Byte Integer in as few bytes as it needs; returns their number. [MQTT-1.5.5-1] */
size_t mqtt_variable_write(uint8_t out[static 4], uint32_t value);
size_t mqtt_variable_size(uint32_t value);

#endif
