/* A pair as it lies in the file, where a key has no room for more than some hundred bytes, and nothing
 * tells a bit that has flipped.
 *
 *      key up to 510 bytes    key                              checksum | value
 *      longer                 its beginning | its SHA-256      checksum | its length | key | value
 *
 * The checksum (CRC-32) covers key and value.
 */
#ifndef BROKER_STORE_SEAL_H
#define BROKER_STORE_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

enum { SEAL_KEY_MAX = 511 }; /* what LMDB takes */

struct seal {
	struct mqtt_view key;      /* as it lies in the file */
	uint32_t value_size;       /* the same of the value */
	struct mqtt_view long_key; /* that stands before the value; no bytes: none does */
	struct mqtt_view value;
	uint32_t checksum;
	uint8_t room[SEAL_KEY_MAX];
};

/* How this key lies in the file. `s->key` points into `key`, or into the seal. */
void seal_key(struct seal *s, struct mqtt_view key);

/* And the pair; all is borrowed. */
void seal_make(struct seal *s, struct mqtt_view key, struct mqtt_view value);

/* Writes `value_size` bytes. */
void seal_write(const struct seal *s, uint8_t *to);

/* The pair that lies there; the views point into it. False if it is damaged. */
bool seal_open(struct mqtt_view *key, struct mqtt_view *value);

#endif
