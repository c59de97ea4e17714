/* Borrowed bytes. What the codec reads out of a packet points into that packet: nothing is copied,
 * and a view lives as long as the bytes that it was read from.
 */
#ifndef MQTT_VIEW_H
#define MQTT_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct mqtt_view {
	const uint8_t *data; /* may be NULL when `len` is 0 */
	uint32_t len;
};

/* The bytes of a string constant, its NUL left out. */
#define MQTT_VIEW(text) ((struct mqtt_view){ (const uint8_t *)("" text), sizeof("" text) - 1 })

static inline struct mqtt_view mqtt_view_of(const char *text)
{
	return (struct mqtt_view){ (const uint8_t *)text, text ? (uint32_t)strlen(text) : 0 };
}

static inline bool mqtt_view_equal(struct mqtt_view a, struct mqtt_view b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

#endif
