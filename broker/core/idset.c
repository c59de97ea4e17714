#include "broker/core/idset.h"

#include "broker/core/memory.h"

enum { FIRST_CAPACITY = 16 };

void idset_fini(struct idset *s, struct memory *memory)
{
	memory_give(memory, s->slots, s->capacity * sizeof(*s->slots));
	*s = (struct idset){ 0 };
}

/* Identifiers mostly follow each other, and so they are spread as they are. */
static uint32_t slot_find(const struct idset *s, uint16_t id)
{
	uint32_t slot = id & (s->capacity - 1);

	while (s->slots[slot] && s->slots[slot] != id)
		slot = (slot + 1) & (s->capacity - 1);
	return slot;
}

static bool room_make(struct idset *s, struct memory *memory)
{
	struct idset larger = { .capacity = s->capacity ? s->capacity * 2 : FIRST_CAPACITY };

	if ((s->count + 1) * 2 <= s->capacity)
		return true;
	larger.slots = memory_take_zeroed(memory, larger.capacity * sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (uint32_t i = 0; i < s->capacity; i++)
		if (s->slots[i])
			larger.slots[slot_find(&larger, s->slots[i])] = s->slots[i];
	larger.count = s->count;
	idset_fini(s, memory);
	*s = larger;
	return true;
}

enum idset_result idset_add(struct idset *s, struct memory *memory, uint16_t id)
{
	if (idset_has(s, id))
		return IDSET_THERE;
	if (!room_make(s, memory))
		return IDSET_NO_MEMORY;
	s->slots[slot_find(s, id)] = id;
	s->count++;
	return IDSET_ADDED;
}

bool idset_has(const struct idset *s, uint16_t id)
{
	return s->count && s->slots[slot_find(s, id)];
}

bool idset_remove(struct idset *s, struct memory *memory, uint16_t id)
{
	if (!idset_has(s, id))
		return false;
	uint32_t mask = s->capacity - 1, hole = slot_find(s, id);
	/* What was pushed on by the one that goes moves back. */
	for (uint32_t at = (hole + 1) & mask; s->slots[at]; at = (at + 1) & mask) {
		uint32_t home = s->slots[at] & mask;
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		s->slots[hole] = s->slots[at];
		hole = at;
	}
	s->slots[hole] = 0;
	if (!--s->count && s->capacity > 4 * FIRST_CAPACITY)
		idset_fini(s, memory);
	return true;
}
