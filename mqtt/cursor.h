/* Reads fields off the front of a packet's body, or of a record that is laid out like one. */
#ifndef MQTT_CURSOR_H
#define MQTT_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/view.h"

struct mqtt_cursor {
	const uint8_t *at;
	const uint8_t *end;
};

static inline struct mqtt_cursor cursor_of(struct mqtt_view v)
{
	return (struct mqtt_cursor){ v.data, v.len ? v.data + v.len : v.data };
}

static inline uint32_t cursor_left(const struct mqtt_cursor *c)
{
	return (uint32_t)(c->end - c->at);
}

static inline bool cursor_u8(struct mqtt_cursor *c, uint8_t *value)
{
	if (cursor_left(c) < 1)
		return false;
	*value = *c->at++;
	return true;
}

static inline bool cursor_u16(struct mqtt_cursor *c, uint16_t *value)
{
	if (cursor_left(c) < 2)
		return false;
	*value = (uint16_t)(c->at[0] << 8 | c->at[1]);
	c->at += 2;
	return true;
}

static inline bool cursor_u32(struct mqtt_cursor *c, uint32_t *value)
{
	if (cursor_left(c) < 4)
		return false;
	*value = (uint32_t)c->at[0] << 24 | (uint32_t)c->at[1] << 16 | (uint32_t)c->at[2] << 8 |
		c->at[3];
	c->at += 4;
	return true;
}

static inline bool cursor_take(struct mqtt_cursor *c, uint32_t len, struct mqtt_view *value)
{
	if (cursor_left(c) < len)
		return false;
	*value = (struct mqtt_view){ c->at, len };
	c->at += len;
	return true;
}

/* Two bytes of length, then as many bytes. */
static inline bool cursor_view(struct mqtt_cursor *c, struct mqtt_view *value)
{
	uint16_t len;

	return cursor_u16(c, &len) && cursor_take(c, len, value);
}

/* A Variable Byte Integer of 5.0, in its shortest form. [MQTT-1.5.5-1] */
static inline bool cursor_variable(struct mqtt_cursor *c, uint32_t *value)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4 && c->at < c->end; i++) {
		uint8_t byte = *c->at++;
		v |= (uint32_t)(byte & 0x7f) << 7 * i;
		if (!(byte & 0x80)) {
			*value = v;
			return byte || !i;
		}
	}
	return false;
}

#endif
