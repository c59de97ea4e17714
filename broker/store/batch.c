#include "broker/store/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

enum {
	FIRST_LIST = 64,
	FIRST_BYTES = 16 * 1024,
	KEEP_BYTES = 1024 * 1024, /* of a batch that is empty */
	KEEP_LIST = KEEP_BYTES / sizeof(struct change),
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

/* What was said of this key before is void. */
static void replace(struct batch *b, uint32_t *slot, struct mqtt_view key)
{
	for (uint32_t *at = slot; *at; at = &b->list[*at - 1].next) {
		struct change *c = &b->list[*at - 1];
		if (!mqtt_view_equal(batch_key(b, c), key))
			continue;
		c->replaced = true;
		*at = c->next;
		return;
	}
}

static bool add(struct batch *b, struct mqtt_view key, struct mqtt_view value, bool removed)
{
	size_t need = (size_t)key.len + value.len;

	if ((b->count == b->list_capacity && !list_grow(b)) ||
		(b->capacity - b->len < need && !bytes_grow(b, need)))
		return false;
	uint32_t *slot = slot_of(b, key);
	replace(b, slot, key);
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
	return true;
}

static int compare(const void *one, const void *other, void *context)
{
	const struct batch *b = context;
	struct mqtt_view x = batch_key(b, &b->list[*(const uint32_t *)one]);
	struct mqtt_view y = batch_key(b, &b->list[*(const uint32_t *)other]);
	int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);

	return order ? order : (x.len > y.len) - (x.len < y.len);
}

const uint32_t *batch_sort(struct batch *b)
{
	uint32_t *order = realloc(b->order, (b->count ? b->count : 1) * sizeof(*order));

	if (!order)
		return NULL;
	b->order = order;
	for (uint32_t i = 0; i < b->count; i++)
		order[i] = i;
	qsort_r(order, b->count, sizeof(*order), compare, b);
	return order;
}

bool batch_put(struct batch *b, struct mqtt_view key, struct mqtt_view value)
{
	return add(b, key, value, false);
}

bool batch_remove(struct batch *b, struct mqtt_view key)
{
	return add(b, key, (struct mqtt_view){ 0 }, true);
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
