#include "deviants/then_properties.h"

#include "deviants/own.h"
#include "deviants/properties.h"

enum {
	BYTE_BITS = 8,
	BYTE_MASK = 0xFF,
};

static void remove_from(struct passing *it, struct properties *p, uint32_t id)
{
	struct property *own = own_properties(it, p);
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++)
		if (own[i].id != id)
			own[kept++] = own[i];
	it->changed |= kept < p->count;
	p->count = kept;
}

void remove_property(struct passing *it, long id)
{
	remove_from(it, &it->packet->properties, (uint32_t)id);
}

void remove_properties(struct passing *it, long none)
{
	(void)none;
	it->changed |= it->packet->properties.count > 0;
	it->packet->properties.count = 0;
}

void shift_property(struct passing *it, long id)
{
	struct properties *p = &it->packet->properties;
	struct property *own = own_properties(it, p);

	for (size_t i = 0; i < p->count; i++) {
		if (own[i].id != (uint32_t)id)
			continue;
		it->changed = true;
		if (own[i].type < PROPERTY_BINARY)
			own[i].number++;
		else if (own[i].value.len)
			own_bytes(it, &own[i].value, 0)[0] ^= 1;
		return;
	}
}

void double_property(struct passing *it, long id)
{
	struct properties *p = &it->packet->properties;
	struct property *own = own_properties(it, p);
	const struct property *found = properties_find(p, (uint32_t)id);

	if (!found)
		return;
	own[p->count++] = *found;
	it->changed = true;
}

static void reverse(struct passing *it, struct properties *p)
{
	struct property *own = own_properties(it, p);

	for (size_t i = 0; i < p->count / 2; i++) {
		struct property swapped = own[i];

		own[i] = own[p->count - 1 - i];
		own[p->count - 1 - i] = swapped;
	}
	it->changed = true;
}

void reverse_properties(struct passing *it, long none)
{
	(void)none;
	reverse(it, &it->packet->properties);
}

void reverse_will_properties(struct passing *it, long none)
{
	(void)none;
	reverse(it, &it->packet->will_properties);
}

void remove_will_properties(struct passing *it, long none)
{
	(void)none;
	it->changed |= it->packet->will_properties.count > 0;
	it->packet->will_properties.count = 0;
}

void remove_will_property(struct passing *it, long id)
{
	remove_from(it, &it->packet->will_properties, (uint32_t)id);
}

void add_property(struct passing *it, struct property new)
{
	if (!spec_property(new.id) || it->x->version != MQTT_50)
		return;
	own_add_property(it, &it->packet->properties, new);
	it->packet->has_code = true; /* what stands before properties in a short form */
}

void add_number(struct passing *it, long id_and_value)
{
	add_property(it,
		(struct property){ .id = (uint32_t)(id_and_value & BYTE_MASK),
			.number = (uint32_t)(id_and_value >> BYTE_BITS) });
}

void add_text(struct passing *it, long id)
{
	add_property(it,
		(struct property){
			.id = (uint32_t)id, .value = BYTES("deviant"), .name = BYTES("deviant") });
}

void set_property(struct passing *it, long id_and_value)
{
	remove_property(it, id_and_value & BYTE_MASK);
	add_number(it, id_and_value);
}
