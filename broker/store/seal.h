/* A pair as it lies in the file, where a key has no room for more than some hundred bytes, and nothing
 * tells a bit that has flipped.
 *
 *      key up to 506 bytes    key                              checksum | value
 *      longer                 its beginning | its SHA-256      checksum | its length | key | value
 *
 * The checksum (CRC-32) covers key and value. What does not fit into a page lies there in pieces: pieces.h.
 */
#ifndef BROKER_STORE_SEAL_H
#define BROKER_STORE_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

enum { SEAL_KEY_MAX = 507, SEAL_HEAD = 8 };

struct seal {
	struct mqtt_view key;      /* as it lies in the file */
	uint32_t value_size;       /* the same of the value */
	uint32_t head_len;         /* of what stands before all else in it */
	struct mqtt_view long_key; /* that stands before the value; no bytes: none does */
	struct mqtt_view value;
	uint8_t head[SEAL_HEAD];
	uint8_t room[SEAL_KEY_MAX];
};

/* How this key lies in the file. `s->key` points into `key`, or into the seal. */
void seal_key(struct seal *s, struct mqtt_view key);

/* And the pair; all is borrowed. */
void seal_make(struct seal *s, struct mqtt_view key, struct mqtt_view value);

/* Writes so many of the `value_size` bytes, from the one at `from` on. */
void seal_write(const struct seal *s, uint32_t from, uint8_t *to, uint32_t size);

/* The pair that lies there; the views point into it. False if it is damaged. */
bool seal_open(struct mqtt_view *key, struct mqtt_view *value);

#endif
