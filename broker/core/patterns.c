#include "broker/core/patterns.h"

#include <string.h>

#include "broker/core/memory.h"

enum { FIRST_CAPACITY = 64 };

void patterns_fini(struct patterns *p, struct memory *memory)
{
	memory_give(memory, p->items, p->capacity * sizeof(*p->items));
	*p = (struct patterns){ 0 };
}

/* Where it is, or belongs. */
static uint32_t place_of(const struct patterns *p, uint64_t key)
{
	uint32_t low = 0, high = p->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (p->items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool patterns_have(const struct patterns *p, uint64_t key)
{
	uint32_t at = place_of(p, key);

	return at < p->count && p->items[at].key == key;
}

static bool room_make(struct patterns *p, struct memory *memory)
{
	uint32_t capacity = p->capacity ? p->capacity * 2 : FIRST_CAPACITY;

	if (p->count < p->capacity)
		return true;
	struct pattern *items = memory_move(memory, p->items, p->count * sizeof(*items),
		p->capacity * sizeof(*items), capacity * sizeof(*items));
	if (!items)
		return false;
	p->items = items;
	p->capacity = capacity;
	return true;
}

bool patterns_add(struct patterns *p, struct memory *memory, uint64_t key)
{
	uint32_t at = place_of(p, key);

	if (at == p->count || p->items[at].key != key) {
		if (!room_make(p, memory))
			return false;
		memmove(p->items + at + 1, p->items + at, (p->count - at) * sizeof(*p->items));
		p->items[at] = (struct pattern){ .key = key };
		p->count++;
	}
	p->items[at].count++;
	return true;
}

void patterns_remove(struct patterns *p, uint64_t key)
{
	uint32_t at = place_of(p, key);

	if (--p->items[at].count)
		return;
	p->count--;
	memmove(p->items + at, p->items + at + 1, (p->count - at) * sizeof(*p->items));
}
