/* All sessions, found by Client Identifier in one hash table. */
#ifndef BROKER_CORE_SESSIONS_H
#define BROKER_CORE_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

struct memory;
struct session;

struct sessions {
	struct memory *memory;
	struct session **buckets;
	uint64_t seed;
	uint32_t bucket_count; /* a power of two */
	uint32_t count;
};

/* False without memory. */
bool sessions_init(struct sessions *t, struct memory *memory, uint64_t seed);
void sessions_fini(struct sessions *t); /* it must be empty */

/* NULL when there is none. */
struct session *sessions_find(const struct sessions *t, struct mqtt_view id);

/* One whose identifier is set, and not in the table yet. */
void sessions_add(struct sessions *t, struct session *s);
void sessions_remove(struct sessions *t, struct session *s);

#endif
