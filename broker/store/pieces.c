#include "broker/store/pieces.h"

#include <string.h>

static void number_write(uint8_t to[static PIECE_NUMBER], uint32_t number)
{
	for (unsigned i = 0; i < PIECE_NUMBER; i++)
		to[i] = (uint8_t)(number >> (24 - 8 * i));
}

struct mqtt_view piece_key(
	uint8_t room[static PIECE_KEY_MAX], struct mqtt_view first, uint32_t number)
{
	memcpy(room, first.data, first.len);
	number_write(room + first.len, number);
	return (struct mqtt_view){ room, first.len + PIECE_NUMBER };
}

bool piece_may_follow(struct mqtt_view key, struct mqtt_view other)
{
	if (key.len <= PIECE_NUMBER || key.data[key.len - PIECE_NUMBER])
		return false;
	const struct mqtt_view first = { key.data, key.len - PIECE_NUMBER };
	if (other.len == key.len)
		other.len = first.len;
	return mqtt_view_equal(first, other);
}

bool piece_is(struct mqtt_view key, struct mqtt_view first, uint32_t number)
{
	uint8_t end[PIECE_NUMBER];

	number_write(end, number);
	return key.len == first.len + PIECE_NUMBER && !memcmp(key.data, first.data, first.len) &&
		!memcmp(key.data + first.len, end, PIECE_NUMBER);
}

/* ---- reading ------------------------------------------------------------------------------- */

void assembly_init(struct assembly *a, bool goes_on)
{
	*a = (struct assembly){ .goes_on = goes_on };
	buf_init(&a->key, PIECE_KEY_MAX);
	buf_init(&a->value, UINT32_MAX);
}

void assembly_fini(struct assembly *a)
{
	buf_fini(&a->key);
	buf_fini(&a->value);
}

static struct mqtt_view view_of(const struct buf *b)
{
	return (struct mqtt_view){ b->data, (uint32_t)b->len };
}

static bool value_add(struct assembly *a, struct mqtt_view value)
{
	if (!buf_add(&a->value, value.data, value.len)) {
		a->no_memory = true;
		a->pieces = 0;
		return false;
	}
	a->pieces++;
	return true;
}

static bool begin(struct assembly *a, struct mqtt_view key, struct mqtt_view value)
{
	buf_reset(&a->key);
	buf_reset(&a->value);
	a->no_memory |= !buf_add(&a->key, key.data, key.len);
	return !a->no_memory && value_add(a, value);
}

bool assembly_add(struct assembly *a, struct mqtt_view key, struct mqtt_view value,
	assembly_visit *visit, void *context)
{
	bool full = value.len == PIECE_BYTES;

	if (a->pieces && piece_is(key, view_of(&a->key), a->pieces))
		return value_add(a, value) && (full || assembly_end(a, visit, context));
	if (!assembly_end(a, visit, context) && !a->goes_on)
		return false;
	return full ? begin(a, key, value) : visit(context, key, value);
}

bool assembly_end(struct assembly *a, assembly_visit *visit, void *context)
{
	if (!a->pieces)
		return true;
	a->pieces = 0;
	return visit(context, view_of(&a->key), view_of(&a->value));
}
