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

static inline uint64_t mqtt_load64(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, 8);
	return word;
}

/* All of 1 to 7 bytes in one word, some of them twice, without a loop; the rest is that of `fill`. */
static inline uint64_t mqtt_load_few(const uint8_t *at, uint32_t len, uint64_t fill)
{
	uint32_t low, high;

	if (len < 4)
		return (fill & ~UINT64_C(0xffffff)) | at[0] | (uint64_t)at[len / 2] << 8 |
			(uint64_t)at[len - 1] << 16;
	memcpy(&low, at, 4);
	memcpy(&high, at + len - 4, 4);
	return low | (uint64_t)high << 32;
}

/* Topics and their levels are so short that calling memcmp costs more than what it does. */
static inline bool mqtt_bytes_equal(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	if (len < 8)
		return !len || mqtt_load_few(a, len, 0) == mqtt_load_few(b, len, 0);
	if (len > 64)
		return !memcmp(a, b, len);
	for (uint32_t at = 0; at + 8 < len; at += 8)
		if (mqtt_load64(a + at) != mqtt_load64(b + at))
			return false;
	return mqtt_load64(a + len - 8) == mqtt_load64(b + len - 8);
}

static inline bool mqtt_view_equal(struct mqtt_view a, struct mqtt_view b)
{
	return a.len == b.len && mqtt_bytes_equal(a.data, b.data, a.len);
}

#endif
