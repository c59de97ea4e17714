#include "deviants/own.h"

#include <string.h>

uint8_t *own_bytes(struct passing *it, struct bytes *b, size_t more)
{
	uint8_t *own = arena_alloc(it->arena, b->len + more + 1);

	if (b->len)
		memcpy(own, b->data, b->len);
	b->data = own;
	it->changed = true;
	return own;
}

struct property *own_properties(struct passing *it, struct properties *p)
{
	struct property *own = arena_alloc(it->arena, (p->count + 2) * sizeof(*own));

	if (p->count)
		memcpy(own, p->list, p->count * sizeof(*own));
	p->list = own;
	return own;
}

struct filter *own_filters(struct passing *it)
{
	struct packet *p = it->packet;

	p->filters = arena_copy(it->arena, p->filters, p->filter_count * sizeof(*p->filters));
	it->changed = true;
	return p->filters;
}

void own_add_property(struct passing *it, struct properties *p, struct property new)
{
	new.type = spec_property(new.id)->type;
	own_properties(it, p)[p->count++] = new;
	p->present = true;
	it->changed = true;
}
