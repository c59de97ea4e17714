#include "deviants/then_world.h"

#include <string.h>

enum {
	FAR_AWAY = 0x40, /* in the upper byte of an identifier */
	CONTINUED = 0x80,
	LENGTH_BYTES = 2,
};

void note_world(struct passing *it, long value)
{
	it->x->world->note[NOTE_WORLD] = value;
}

void stash_copy(struct passing *it, long none)
{
	struct world *w = it->x->world;

	(void)none;
	w->stashed =
		(struct bytes){ arena_copy(&w->arena, it->raw.data, it->raw.len), it->raw.len };
}

void stash(struct passing *it, long none)
{
	stash_copy(it, none);
	it->copies = 0;
}

void deliver_stashed(struct passing *it, long none)
{
	struct bytes *stashed = &it->x->world->stashed;

	(void)none;
	if (stashed->len)
		exchange_write(it->x, it->way, *stashed);
	stashed->len = 0;
}

/* The upper byte of a PUBLISH's identifier: after its lengths and its topic. */
static size_t id_place(struct bytes b)
{
	size_t at = 1;

	while (b.data[at] & CONTINUED)
		at++;
	at++;
	return at + LENGTH_BYTES + (size_t)(b.data[at] << 8 | b.data[at + 1]);
}

void deliver_aside(struct passing *it, long none)
{
	struct bytes stashed = it->x->world->stashed;

	if (stashed.len) {
		uint8_t *copy = arena_copy(it->arena, stashed.data, stashed.len);

		copy[id_place(stashed)] |= FAR_AWAY;
		it->x->world->stashed.data = arena_copy(&it->x->world->arena, copy, stashed.len);
	}
	deliver_stashed(it, none);
}

void forget_stashed(struct passing *it, long none)
{
	(void)none;
	it->x->world->stashed.len = 0;
}
