#include "broker/core/delivery_ring.h"

#include "broker/core/memory.h"

enum { FIRST_CAPACITY = 8 };

void delivery_ring_release(struct delivery_ring *r, struct memory *memory)
{
	memory_give(memory, r->items, r->capacity * sizeof(*r->items));
	r->items = NULL;
	r->capacity = 0;
}

/* To `capacity`, without those that are done. */
static bool ring_move(struct delivery_ring *r, struct memory *memory, uint32_t capacity)
{
	struct delivery *items = memory_take(memory, capacity * sizeof(*items));
	uint32_t end = 0, sent = 0;

	if (!items)
		return false;
	for (uint32_t at = r->first; at != r->end; at++) {
		if (at == r->sent)
			sent = end;
		if (delivery_at(r, at)->state != DELIVERY_DONE)
			items[end++] = *delivery_at(r, at);
	}
	if (r->sent == r->end)
		sent = end;
	delivery_ring_release(r, memory);
	*r = (struct delivery_ring){
		.items = items, .capacity = capacity, .sent = sent, .end = end
	};
	return true;
}

bool delivery_ring_grow(struct delivery_ring *r, struct memory *memory)
{
	uint32_t done = 0;

	for (uint32_t at = r->first; at != r->end; at++)
		done += delivery_at(r, at)->state == DELIVERY_DONE;
	if (done * 4 > r->capacity)
		return ring_move(r, memory, r->capacity);
	uint32_t capacity = r->capacity ? r->capacity * 2 : FIRST_CAPACITY;
	return memory_has_room(memory, capacity * sizeof(*r->items)) &&
		ring_move(r, memory, capacity);
}

/* They are in the order of their identifiers, mostly without gaps. */
struct delivery *delivery_ring_find(const struct delivery_ring *r, uint16_t id, uint32_t *place)
{
	if (r->first == r->end)
		return NULL;
	uint16_t first_id = delivery_at(r, r->first)->id;
	uint32_t guess = r->first + ((uint32_t)id + UINT16_MAX - first_id) % UINT16_MAX;
	if (guess - r->first < r->end - r->first && delivery_at(r, guess)->id == id &&
		delivery_at(r, guess)->state != DELIVERY_DONE) {
		*place = guess;
		return delivery_at(r, guess);
	}
	for (*place = r->first; *place != r->end; ++*place) {
		struct delivery *d = delivery_at(r, *place);
		if (d->state == DELIVERY_WAITING)
			return NULL;
		if (d->id == id && d->state != DELIVERY_DONE)
			return d;
	}
	return NULL;
}

struct delivery *delivery_ring_next(const struct delivery_ring *r, uint32_t *at)
{
	while (r->first + *at != r->end) {
		struct delivery *d = delivery_at(r, r->first + (*at)++);
		if (d->state != DELIVERY_DONE)
			return d;
	}
	return NULL;
}
