/* The deliveries of a session, in order, in one ring.
 *
 *        first              sent                   end
 *          ▼                 ▼                      ▼
 *      ... | 7 | 8 | - | 9 | | 3 | 4 |   |   |   |  ...
 *            sent, to be       not sent on this connection: first what an earlier connection
 *            acknowledged      left (it still has its identifier), then what waits
 *
 * What is done stays as DELIVERY_DONE ("-") until what was before it is done, too.
 */
#ifndef BROKER_CORE_DELIVERY_RING_H
#define BROKER_CORE_DELIVERY_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/delivery.h"

struct memory;

enum { DELIVERY_RING_KEEP = 1024 }; /* items of a ring that is not given back though it is empty */

struct delivery_ring {
	struct delivery *items;
	uint32_t capacity; /* a power of two; 0: there are no items */
	uint32_t first, sent,
		end; /* they only grow; the place among the items is the number % capacity */
};

static inline struct delivery *delivery_at(const struct delivery_ring *r, uint32_t place)
{
	return &r->items[place & (r->capacity - 1)];
}

/* Gives back its memory. What the deliveries hold is the caller's affair. */
void delivery_ring_release(struct delivery_ring *r, struct memory *memory);

/* The path of delivery_ring_room when there is none. */
bool delivery_ring_grow(struct delivery_ring *r, struct memory *memory);

/* For one more, at `end`; what is there may move. False without memory. */
static inline bool delivery_ring_room(struct delivery_ring *r, struct memory *memory)
{
	return r->end - r->first < r->capacity || delivery_ring_grow(r, memory);
}

/* Forgets those at the beginning that are done, and takes up no more room than needed for what is still
 * to come.
 */
static inline void delivery_ring_trim(struct delivery_ring *r, struct memory *memory)
{
	while (r->first != r->sent && delivery_at(r, r->first)->state == DELIVERY_DONE)
		r->first++;
	if (r->first == r->end && r->capacity > DELIVERY_RING_KEEP)
		delivery_ring_release(r, memory);
}

/* The one with this identifier that is not done, and its place. NULL: there is none. */
struct delivery *delivery_ring_find(const struct delivery_ring *r, uint16_t id, uint32_t *place);

/* Those that are not done, one after the other, from `*at` = 0 on; NULL after the last. None may be added
 * meanwhile.
 */
struct delivery *delivery_ring_next(const struct delivery_ring *r, uint32_t *at);

#endif
