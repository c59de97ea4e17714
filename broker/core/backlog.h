/* PUBLISH packets of a client that cannot be told that there is no room for them in the store: they wait,
 * unacknowledged, and are tried again in the order in which they came.
 *
 *      PUBLISH ──no room──▶ | PUBLISH | PUBLISH | PUBLISH |  ◀── what comes meanwhile at QoS 1 and 2
 *                               │ every STORE_RETRY_MS           QoS 0 and all else goes on
 *                               ▼
 *                           link_publish_waiting
 *
 * So that the client may say by PUBACK and PUBREL what makes room, it is read from until BACKLOG_BYTES wait.
 */
#ifndef BROKER_CORE_BACKLOG_H
#define BROKER_CORE_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

struct memory;

enum { BACKLOG_BYTES = 64 * 1024 }; /* and one packet; then nothing more is read */

struct backlog {
	uint8_t *packets; /* one after the other, as they came */
	uint32_t len, size;
	bool trying; /* they are elsewhere, being tried */
	bool failed; /* the one that is being tried has to go on waiting */
};

static inline bool backlog_is_full(const struct backlog *b)
{
	return b->len >= BACKLOG_BYTES;
}

/* One more, or none but that which is being tried. False without memory. */
bool backlog_add(struct memory *memory, struct backlog *b, struct mqtt_view packet);

void backlog_free(struct memory *memory, struct backlog *b);

#endif
