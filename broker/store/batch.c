#include "broker/store/batch.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

enum {
	FIRST_LIST = 64,
	FIRST_BYTES = 16 * 1024,
	KEEP_BYTES = 1024 * 1024, /* of a batch that is empty */
	KEEP_LIST = KEEP_BYTES / sizeof(struct change),
	KINDS = 256, /* by the first byte of the key */
};

void batch_init(struct batch *b)
{
	*b = (struct batch){ 0 };
}

void batch_fini(struct batch *b)
{
	free(b->bytes);
	free(b->list);
	free(b->order);
	free(b->slots);
	batch_init(b);
}

void batch_clear(struct batch *b)
{
	if (b->capacity > KEEP_BYTES || b->list_capacity > KEEP_LIST) {
		batch_fini(b);
		return;
	}
	if (b->count)
		memset(b->slots, 0, b->slot_count * sizeof(*b->slots));
	b->len = b->count = 0;
	b->volume = (struct volume){ 0 };
}

struct mqtt_view batch_key(const struct batch *b, const struct change *c)
{
	return (struct mqtt_view){ b->bytes + c->at, c->key_len };
}

struct mqtt_view batch_value(const struct batch *b, const struct change *c)
{
	return (struct mqtt_view){ b->bytes + c->at + c->key_len, c->value_len };
}

static uint32_t *slot_of(const struct batch *b, struct mqtt_view key)
{
	uint64_t digest = digest_add(DIGEST_NONE, key.data, key.len);

	return &b->slots[(digest ^ digest >> 32) & (b->slot_count - 1)];
}

static bool list_grow(struct batch *b)
{
	uint32_t capacity = b->list_capacity ? b->list_capacity * 2 : FIRST_LIST;
	struct change *list = realloc(b->list, capacity * sizeof(*list));

	if (!list)
		return false;
	b->list = list;
	uint32_t *slots = calloc(capacity, sizeof(*slots));
	if (!slots)
		return false;
	free(b->slots);
	b->slots = slots;
	b->slot_count = b->list_capacity = capacity;
	for (uint32_t i = 0; i < b->count; i++) {
		if (b->list[i].replaced)
			continue;
		uint32_t *slot = slot_of(b, batch_key(b, &b->list[i]));
		b->list[i].next = *slot;
		*slot = i + 1;
	}
	return true;
}

static bool bytes_grow(struct batch *b, size_t need)
{
	size_t capacity = b->capacity ? b->capacity : FIRST_BYTES;

	while (capacity - b->len < need)
		capacity *= 2;
	uint8_t *bytes = realloc(b->bytes, capacity);
	if (!bytes)
		return false;
	b->bytes = bytes;
	b->capacity = capacity;
	return true;
}

/* What was said of this key before is void; or becomes what is said now, where it has the same size: then true. */
static bool replace(
	struct batch *b, uint32_t *slot, struct mqtt_view key, struct mqtt_view value, bool removed)
{
	for (uint32_t *at = slot; *at; at = &b->list[*at - 1].next) {
		struct change *c = &b->list[*at - 1];
		if (!mqtt_view_equal(batch_key(b, c), key))
			continue;
		if (c->removed == removed && c->value_len == value.len) {
			if (value.len)
				memcpy(b->bytes + c->at + key.len, value.data, value.len);
			return true;
		}
		c->replaced = true;
		*at = c->next;
		return false;
	}
	return false;
}

static bool add(struct batch *b, struct mqtt_view key, struct mqtt_view value, bool removed)
{
	size_t need = (size_t)key.len + value.len;

	if ((b->count == b->list_capacity && !list_grow(b)) ||
		(b->capacity - b->len < need && !bytes_grow(b, need)))
		return false;
	uint32_t *slot = slot_of(b, key);
	if (replace(b, slot, key, value, removed))
		return true;
	memcpy(b->bytes + b->len, key.data, key.len);
	if (value.len)
		memcpy(b->bytes + b->len + key.len, value.data, value.len);
	b->list[b->count++] = (struct change){ .at = b->len,
		.key_len = key.len,
		.value_len = value.len,
		.next = *slot,
		.removed = removed };
	*slot = b->count;
	b->len += need;
	b->volume = volume_sum(b->volume, volume_of(key.len, value.len));
	return true;
}

static uint64_t eight_bytes(const uint8_t *at, size_t len)
{
	uint64_t value = 0;

	memcpy(&value, at, len < 8 ? len : 8);
	return be64toh(value);
}

static struct batch_place place_of(const struct batch *b, uint32_t number)
{
	struct mqtt_view key = batch_key(b, &b->list[number]);

	return (struct batch_place){ .high = eight_bytes(key.data, key.len),
		.low = key.len > 8 ? eight_bytes(key.data + 8, key.len - 8) : 0,
		.number = number };
}

static int compare_whole(const struct batch *b, uint32_t one, uint32_t other)
{
	struct mqtt_view x = batch_key(b, &b->list[one]), y = batch_key(b, &b->list[other]);
	int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);

	return order ? order : (x.len > y.len) - (x.len < y.len);
}

static int compare(const void *one, const void *other, void *context)
{
	const struct batch_place *x = one, *y = other;

	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return compare_whole(context, x->number, y->number);
}

/* Kind by kind: of each kind, they mostly come in the order of their keys. */
static uint32_t spread(struct batch *b, uint32_t ends[static KINDS])
{
	uint32_t total = 0;

	memset(ends, 0, KINDS * sizeof(*ends));
	for (uint32_t i = 0; i < b->count; i++)
		if (!b->list[i].replaced)
			ends[b->bytes[b->list[i].at]]++;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		uint32_t of_kind = ends[kind];
		ends[kind] = total;
		total += of_kind;
	}
	for (uint32_t i = 0; i < b->count; i++)
		if (!b->list[i].replaced)
			b->order[ends[b->bytes[b->list[i].at]]++] = place_of(b, i);
	return total;
}

static void order(struct batch *b, struct batch_place *list, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (compare(&list[i - 1], &list[i], b) <= 0)
			continue;
		qsort_r(list, count, sizeof(*list), compare, b);
		return;
	}
}

const struct batch_place *batch_sort(struct batch *b, uint32_t *count)
{
	uint32_t ends[KINDS], at = 0;
	struct batch_place *places = realloc(b->order, (b->count ? b->count : 1) * sizeof(*places));

	if (!places)
		return NULL;
	b->order = places;
	*count = spread(b, ends);
	for (unsigned kind = 0; kind < KINDS; at = ends[kind++])
		order(b, places + at, ends[kind] - at);
	return places;
}

bool batch_put(struct batch *b, struct mqtt_view key, struct mqtt_view value)
{
	return add(b, key, value, false);
}

bool batch_remove(struct batch *b, struct mqtt_view key)
{
	return add(b, key, (struct mqtt_view){ 0 }, true);
}

bool batch_has(const struct batch *b, struct mqtt_view key)
{
	if (!b->count)
		return false;
	for (uint32_t at = *slot_of(b, key); at; at = b->list[at - 1].next)
		if (mqtt_view_equal(batch_key(b, &b->list[at - 1]), key))
			return true;
	return false;
}

bool batch_merge(struct batch *b, const struct batch *from)
{
	for (uint32_t i = 0; i < from->count; i++) {
		const struct change *c = &from->list[i];
		if (!c->replaced && !add(b, batch_key(from, c), batch_value(from, c), c->removed))
			return false;
	}
	return true;
}
