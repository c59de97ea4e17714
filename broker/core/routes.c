#include "broker/core/routes.h"

#include <string.h>

#include "broker/core/hash.h"
#include "broker/core/memory.h"

enum { ROUTE_MAX_BYTES = 64 * 1024 }; /* a larger fan-out is worth its match */

struct route {
	struct match match; /* its arrays are in the same block, after it */
	uint64_t generation;
	uint32_t hash;
	uint32_t size;
	struct mqtt_view topic;
};

void routes_init(struct routes *r, struct memory *memory, struct subscriptions *s, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	r->memory = memory;
	r->subscriptions = s;
	r->seed = seed;
}

static void slot_clear(struct routes *r, uint32_t slot)
{
	if (r->latest == r->slots[slot])
		r->latest = NULL;
	if (r->slots[slot])
		memory_give(r->memory, r->slots[slot], r->slots[slot]->size);
	r->slots[slot] = NULL;
}

void routes_fini(struct routes *r)
{
	for (uint32_t i = 0; i < ROUTE_SLOTS; i++)
		slot_clear(r, i);
	match_fini(&r->match, r->memory);
}

static uint8_t *piece_copy(uint8_t **at, const void *data, size_t size)
{
	uint8_t *piece = *at;

	if (size)
		memcpy(piece, data, size);
	*at += size;
	return piece;
}

/* The parts with the strictest alignment come first. */
static void route_keep(struct routes *r, uint32_t slot, uint32_t hash, struct mqtt_view topic,
	const struct match *m)
{
	size_t targets = m->target_count * sizeof(*m->targets);
	size_t shares = m->share_count * sizeof(*m->shares), ids = m->id_count * sizeof(*m->ids);
	size_t size = sizeof(struct route) + targets + shares + ids + topic.len;

	slot_clear(r, slot);
	struct route *route = size <= ROUTE_MAX_BYTES ? memory_take(r->memory, size) : NULL;
	if (!route)
		return;
	uint8_t *at = (uint8_t *)(route + 1);
	*route = (struct route){
		.generation = r->subscriptions->generation, .hash = hash, .size = (uint32_t)size
	};
	route->match.targets = (struct target *)piece_copy(&at, m->targets, targets);
	route->match.shares = (struct share **)piece_copy(&at, m->shares, shares);
	route->match.ids = (struct target_id *)piece_copy(&at, m->ids, ids);
	route->topic = (struct mqtt_view){ piece_copy(&at, topic.data, topic.len), topic.len };
	route->match.target_count = m->target_count;
	route->match.share_count = m->share_count;
	route->match.id_count = m->id_count;
	r->slots[slot] = route;
}

bool routes_know(const struct routes *r, struct mqtt_view *topic)
{
	const struct route *route = r->latest;

	if (!route || !mqtt_view_equal(route->topic, *topic))
		return false;
	if (route->generation == r->subscriptions->generation)
		*topic = route->topic;
	return true;
}

/* Kept apart from the path of most messages. */
__attribute__((noinline)) static const struct match *match_find(
	struct routes *r, struct mqtt_view topic, const struct subscriber *publisher)
{
	uint64_t generation = r->subscriptions->generation;
	uint32_t hash = (uint32_t)hash_view(r->seed, topic), slot = hash % ROUTE_SLOTS;
	const struct route *route = r->slots[slot];

	if (route && route->hash == hash && route->generation == generation &&
		mqtt_view_equal(route->topic, topic)) {
		r->latest = route;
		return &route->match;
	}
	struct match *m = &r->match;
	match_topic(m, r->subscriptions, topic, publisher);
	if (r->seen[slot] == hash && !m->mixed && !m->failed)
		route_keep(r, slot, hash, topic, m);
	r->seen[slot] = hash;
	return m;
}

const struct match *routes_match(
	struct routes *r, struct mqtt_view topic, const struct subscriber *publisher)
{
	const struct route *route = r->latest;

	if (route && route->topic.data == topic.data &&
		route->generation == r->subscriptions->generation)
		return &route->match;
	return match_find(r, topic, publisher);
}
