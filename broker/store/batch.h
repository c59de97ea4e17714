/* What has changed since the last commit: the latest word on each key.
 *
 *      list   | put a 1 | put b 2 | put a 3 | remove b |        in the order in which they came;
 *                  ✗         ✗                                  what was replaced is void
 *
 * It outlives a commit that fails, and is then tried again with what has come since.
 */
#ifndef BROKER_STORE_BATCH_H
#define BROKER_STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/store/volume.h"
#include "mqtt/view.h"

struct change {
	size_t at; /* of the key among the bytes; the value follows it */
	uint32_t key_len, value_len;
	uint32_t next; /* in the same slot, from 1; 0: none */
	bool removed;
	bool replaced; /* void: a later one is about the same key */
};

/* A change by its key: most can be told apart by the first bytes. */
struct batch_place {
	uint64_t high, low; /* the first 16 bytes of the key; 0 where it has none */
	uint32_t number;    /* of the change */
};

struct batch {
	uint8_t *bytes;
	size_t len, capacity;
	struct volume volume; /* what has been put and removed, replaced or not */
	struct change *list;
	uint32_t count, list_capacity;
	struct batch_place *order; /* see batch_sort */
	uint32_t *slots;           /* the first change of each, from 1; a power of two of them */
	uint32_t slot_count;
};

void batch_init(struct batch *b);
void batch_fini(struct batch *b);

/* Empties it, and gives back the memory of a large one. */
void batch_clear(struct batch *b);

/* False without memory: then it is as it was. */
bool batch_put(struct batch *b, struct mqtt_view key, struct mqtt_view value);
bool batch_remove(struct batch *b, struct mqtt_view key);

/* Whether anything is said of this key. */
bool batch_has(const struct batch *b, struct mqtt_view key);

/* And with what `from` says as a later word. False without memory: it may be done again. */
bool batch_merge(struct batch *b, const struct batch *from);

/* All changes that count, in the order of their keys: valid until the next change. NULL without memory. */
const struct batch_place *batch_sort(struct batch *b, uint32_t *count);

/* The views are valid until the next change. */
struct mqtt_view batch_key(const struct batch *b, const struct change *c);
struct mqtt_view batch_value(const struct batch *b, const struct change *c);

#endif
