/* Elements by Packet Identifier or Topic Alias.
 *
 * Identifiers come in sequence, so the place of one is its own number, and the neighbours of a place are
 * those that come next:
 *
 *	places   | 16 | 17 | .. | 19 | 20 | .. | .. | .. |     16 places: 16 would be at 0
 */
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/monitor_state.h"

enum {
	FIRST_PLACES = 8,
	SWEPT_PLACES = 32, /* from here on, what is at rest goes before the table grows */
};

static uint32_t place_of(const struct id_table *table, uint32_t key)
{
	uint32_t at = (key - 1) & (table->places - 1);

	while (table->keys[at] && table->keys[at] != key)
		at = (at + 1) & (table->places - 1);
	return at;
}

static uint8_t *element_at(const struct id_table *table, uint32_t place)
{
	return table->elements + place * table->element_size;
}

/* Into a table that has room and does not have it yet. */
static void put(struct id_table *table, uint32_t key, const uint8_t *element)
{
	uint32_t at = place_of(table, key);

	table->keys[at] = key;
	memcpy(element_at(table, at), element, table->element_size);
	table->count++;
}

static void put_all(struct id_table *to, const struct id_table *from)
{
	for (uint32_t i = 0; i < from->places; i++)
		if (from->keys[i])
			put(to, from->keys[i], element_at(from, i));
}

static void make(struct arena *a, struct id_table *table, uint32_t places)
{
	table->keys = arena_alloc(a, places * sizeof(*table->keys));
	table->elements = arena_alloc(a, places * table->element_size);
	table->places = places;
	table->count = 0;
}

/* Without what is at rest, in the same memory. */
static void sweep(struct id_table *table)
{
	struct id_table kept = *table;
	size_t keys_size = table->places * sizeof(*table->keys);
	size_t elements_size = table->places * table->element_size;
	uint8_t *room = malloc(keys_size + elements_size);

	if (!room)
		abort();
	kept.keys = memcpy(room, table->keys, keys_size);
	kept.elements = memcpy(room + keys_size, table->elements, elements_size);
	memset(table->keys, 0, keys_size);
	memset(table->elements, 0, elements_size);
	table->count = 0;
	for (uint32_t i = 0; i < kept.places; i++)
		if (kept.keys[i] && table->at_rest(element_at(&kept, i)))
			table->forgetful = true;
		else if (kept.keys[i])
			put(table, kept.keys[i], element_at(&kept, i));
	free(room);
}

static void make_room(struct arena *a, struct id_table *table)
{
	if (!table->places) {
		make(a, table, FIRST_PLACES);
		return;
	}
	if (table->count < table->places / 4 * 3)
		return;
	if (table->at_rest && table->places >= SWEPT_PLACES) {
		sweep(table);
		if (table->count < table->places / 2)
			return;
	}
	struct id_table smaller = *table;
	make(a, table, smaller.places * 2);
	put_all(table, &smaller);
}

void *id_table_at(struct arena *a, struct id_table *table, uint16_t id)
{
	uint32_t key = id + UINT32_C(1);

	if (table->places) {
		uint32_t at = place_of(table, key);
		if (table->keys[at])
			return element_at(table, at);
	}
	make_room(a, table);
	uint32_t at = place_of(table, key);
	table->keys[at] = key;
	table->count++;
	return element_at(table, at);
}

const void *id_table_find(const struct id_table *table, uint16_t id)
{
	uint32_t at = table->places ? place_of(table, id + UINT32_C(1)) : 0;

	return table->places && table->keys[at] ? element_at(table, at) : NULL;
}

const void *id_table_next(const struct id_table *table, uint32_t *at, uint16_t *id)
{
	while (*at < table->places && !table->keys[*at])
		++*at;
	if (*at == table->places)
		return NULL;
	*id = (uint16_t)(table->keys[*at] - 1);
	return element_at(table, (*at)++);
}

void id_table_copy(struct arena *a, struct id_table *to, const struct id_table *from)
{
	*to = *from;
	if (!from->places)
		return;
	make(a, to, from->places);
	put_all(to, from);
}
