#include "tests/unit/broker_shelf.h"

#include <stdlib.h>
#include <string.h>

static int pair_compare(const struct pair *p, struct mqtt_view key)
{
	size_t len = p->key.len < key.len ? p->key.len : key.len;
	int order = memcmp(p->key.data, key.data, len);

	return order ? order : p->key.len < key.len ? -1 : p->key.len > key.len;
}

size_t pair_find(const struct pairs *pairs, struct mqtt_view key, bool *found)
{
	size_t at = 0, end = pairs->count;

	while (at < end) {
		size_t middle = (at + end) / 2;
		if (pair_compare(&pairs->list[middle], key) < 0)
			at = middle + 1;
		else
			end = middle;
	}
	*found = at < pairs->count && !pair_compare(&pairs->list[at], key);
	return at;
}

void pair_remove(struct pairs *pairs, size_t at)
{
	buf_fini(&pairs->list[at].key);
	buf_fini(&pairs->list[at].value);
	memmove(&pairs->list[at], &pairs->list[at + 1],
		(--pairs->count - at) * sizeof(*pairs->list));
}

static void pair_put(struct pairs *pairs, struct mqtt_view key, struct mqtt_view value)
{
	bool found;
	size_t at = pair_find(pairs, key, &found);

	if (!found) {
		assert_true(pairs->count < PAIRS_MAX);
		memmove(&pairs->list[at + 1], &pairs->list[at],
			(pairs->count++ - at) * sizeof(*pairs->list));
		buf_init(&pairs->list[at].key, 1 << 20);
		buf_init(&pairs->list[at].value, 1 << 20);
		buf_add(&pairs->list[at].key, key.data, key.len);
	}
	buf_reset(&pairs->list[at].value);
	buf_add(&pairs->list[at].value, value.data, value.len);
}

void pairs_clear(struct pairs *pairs)
{
	while (pairs->count)
		pair_remove(pairs, pairs->count - 1);
}

struct mqtt_view view_of(const struct buf *buf)
{
	return (struct mqtt_view){ buf->data, (uint32_t)buf->len };
}

void pairs_copy(struct pairs *to, const struct pairs *from)
{
	pairs_clear(to);
	for (size_t i = 0; i < from->count; i++)
		pair_put(to, view_of(&from->list[i].key), view_of(&from->list[i].value));
}

bool pairs_equal(const struct pairs *a, const struct pairs *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++)
		equal = mqtt_view_equal(view_of(&a->list[i].key), view_of(&b->list[i].key)) &&
			mqtt_view_equal(view_of(&a->list[i].value), view_of(&b->list[i].value));
	return equal;
}

static void shelf_remove(void *context, struct mqtt_view key)
{
	struct shelf *s = context;
	bool found;
	size_t at = pair_find(&s->now, key, &found);

	if (s->dead)
		return;
	if (!found)
		fail_msg("removed what is not there: %c", key.data[0]);
	pair_remove(&s->now, at);
}

static void shelf_amend(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct shelf *s = context;
	bool found;
	size_t at = pair_find(&s->now, key, &found);

	if (s->dead)
		return;
	assert_true(found);
	assert_true(value.len <= s->now.list[at].value.len);
	pair_put(&s->now, key, value);
}

static bool shelf_put(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct shelf *s = context;

	if (s->full || (s->fails_at && !--s->fails_at))
		return false;
	if (!s->dead)
		pair_put(&s->now, key, value);
	return true;
}

static bool shelf_commit(void *context)
{
	struct shelf *s = context;

	if (!s->stuck && !s->dead)
		pairs_copy(&s->committed, &s->now);
	return !s->stuck;
}

static bool shelf_begin(void *context)
{
	struct shelf *s = context;

	assert_false(s->under_way);
	pairs_copy(&s->going, &s->now);
	s->under_way = true;
	return true;
}

void shelf_slow_down(struct rig *r, bool slow)
{
	r->config.store.begin = slow ? shelf_begin : NULL;
}

void shelf_end(struct rig *r)
{
	struct shelf *s = shelf_of(r);

	if (!s->under_way)
		return;
	s->under_way = false;
	if (!s->stuck)
		pairs_copy(&s->committed, &s->going);
	broker_committed(r->broker, !s->stuck);
	carry(r);
}

int shelf_set_up(void **state)
{
	struct shelf *s = calloc(1, sizeof(*s));

	if (!s || rig_set_up(state))
		return -1;
	struct rig *r = *state;
	r->config.store = (struct broker_store){ .context = s,
		.put = shelf_put,
		.remove = shelf_remove,
		.amend = shelf_amend,
		.commit = shelf_commit };
	return 0;
}

struct shelf *shelf_of(const struct rig *r)
{
	return r->config.store.context;
}

void shelf_kill(struct rig *r)
{
	struct shelf *s = shelf_of(r);

	s->dead = true;
	s->under_way = false;
	rig_stop(r);
	s->dead = false;
	pairs_copy(&s->now, &s->committed);
}

void shelf_restore(struct rig *r)
{
	const struct shelf *s = shelf_of(r);

	rig_start(r);
	for (size_t i = 0, count; i < s->now.count; i += count == s->now.count) {
		count = s->now.count; /* what belongs to nothing is removed */
		assert_true(broker_restore(
			r->broker, view_of(&s->now.list[i].key), view_of(&s->now.list[i].value)));
	}
}

int shelf_tear_down(void **state)
{
	struct rig *r = *state;
	struct shelf *s = shelf_of(r);

	rig_stop(r);
	pairs_clear(&s->now);
	pairs_clear(&s->committed);
	pairs_clear(&s->going);
	free(s);
	return rig_tear_down(state);
}
