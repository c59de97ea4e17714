#include "broker/core/subscriptions.h"

#include <string.h>

#include "base/buf.h"
#include "broker/core/hash.h"
#include "broker/core/memory.h"
#include "broker/core/patterns.h"
#include "mqtt/text.h"

enum {
	FIRST_CAPACITY = 4,
	PATTERNS_WORTH = 50, /* with fewer subscriptions they are no longer counted */
};

bool subscriptions_init(struct subscriptions *s, struct memory *memory, uint64_t seed)
{
	*s = (struct subscriptions){ .memory = memory };
	return tree_init_joined(&s->tree, memory, seed, sizeof(struct filter));
}

void subscriptions_fini(struct subscriptions *s)
{
	tree_fini(&s->tree);
}

static bool list_has_room(const struct subscription_list *list)
{
	return list->count < list->capacity;
}

static bool list_grow(struct memory *memory, struct subscription_list *list)
{
	uint32_t capacity = list->capacity ? list->capacity * 2 : FIRST_CAPACITY;
	struct subscription **many = memory_take(memory, capacity * sizeof(*many));

	if (!many)
		return false;
	for (uint32_t i = 0; i < list->count; i++)
		many[i] = subscription_at(list, i);
	if (list->capacity)
		memory_give(memory, list->many, list->capacity * sizeof(*many));
	list->many = many;
	list->capacity = capacity;
	return true;
}

static bool list_add(
	struct memory *memory, struct subscription_list *list, struct subscription *sub)
{
	sub->index = list->count;
	if (!list->count && !list->capacity)
		list->one = sub;
	else if (list_has_room(list) || list_grow(memory, list))
		list->many[sub->index] = sub;
	else
		return false;
	list->count++;
	return true;
}

static void list_remove(
	struct memory *memory, struct subscription_list *list, struct subscription *sub)
{
	struct subscription *last = subscription_at(list, --list->count);

	if (list->count) {
		list->many[sub->index] = last;
		last->index = sub->index;
		return;
	}
	if (list->capacity)
		memory_give(memory, list->many, list->capacity * sizeof(*list->many));
	*list = (struct subscription_list){ 0 };
}

void share_hold(struct share *share)
{
	share->refs++;
}

void share_drop(struct memory *memory, struct share *share)
{
	if (share && !--share->refs)
		memory_give(memory, share, sizeof(*share) + share->name_len);
}

static struct share *share_find(const struct filter *f, struct mqtt_view name)
{
	struct share *share = f->shares;

	while (share && !mqtt_view_equal(name, (struct mqtt_view){ share->name, share->name_len }))
		share = share->next;
	return share;
}

static struct share *share_make(
	struct memory *memory, struct filter *f, struct tree_node *node, struct mqtt_view name)
{
	struct share *share = share_find(f, name);

	if (share)
		return share;
	share = memory_take_zeroed(memory, sizeof(*share) + name.len);
	if (!share)
		return NULL;
	share->node = node;
	share->name_len = (uint16_t)name.len;
	memcpy(share->name, name.data, name.len);
	share->next = f->shares;
	f->shares = share;
	return share;
}

/* Nobody belongs to it any more: later subscribers of that name make a share of their own. */
static void share_unlink(struct memory *memory, struct share *share)
{
	struct filter *f = share->node->value;
	struct share **at = &f->shares;

	while (*at != share)
		at = &(*at)->next;
	*at = share->next;
	share->node = NULL;
	if (!share->refs)
		memory_give(memory, share, sizeof(*share) + share->name_len);
}

/* Frees a filter that nobody wants any more, and its node with it. */
static void filter_release(struct subscriptions *s, struct tree_node *node)
{
	struct filter *f = node->value;

	if (f && !f->list.count && !f->shares)
		node->value = NULL;
	tree_prune(&s->tree, node);
}

/* The subscriber's own subscription to this filter: looked for in the shorter of two lists. */
static struct subscription *subscription_find(const struct subscriber *subscriber,
	const struct tree_node *node, const struct share *share,
	const struct subscription_list *list)
{
	if (list->count < subscriber->count) {
		for (uint32_t i = 0; i < list->count; i++)
			if (subscription_at(list, i)->subscriber == subscriber)
				return subscription_at(list, i);
		return NULL;
	}
	struct subscription *sub = subscriber->chain;
	while (sub && !(sub->node == node && sub->share == share))
		sub = sub->next;
	return sub;
}

/* ---- patterns ------------------------------------------------------------------------------ */

/* What the level is that ends at `*end` of a label: 1 for "+", 2 for "#", 3 for a name. `*end` becomes the end
 * of the one before it.
 */
static unsigned level_kind(const struct tree_node *n, uint32_t *end)
{
	uint32_t from = *end;

	while (from && n->label[from - 1] != '/')
		from--;
	bool wild = *end - from == 1;
	unsigned kind = wild && n->label[from] == '+' ? 1 : wild && n->label[from] == '#' ? 2 : 3;
	*end = from - 1;
	return kind;
}

/* 0: it has none. */
static uint64_t pattern_of(
	const struct subscriptions *s, const struct tree_node *node, const struct share *share)
{
	uint64_t key = s->tree.seed;
	bool counts = share;

	if (share)
		key = hash_view(key, (struct mqtt_view){ share->name, share->name_len });
	for (const struct tree_node *n = node; n->parent; n = n->parent) {
		uint32_t end = n->label_len;
		for (uint32_t i = 0; i < n->levels; i++) {
			unsigned kind = level_kind(n, &end);
			counts |= kind < 3;
			key = hash_mix(key + kind, UINT64_C(0xD6E8FEB86659FD93));
		}
	}
	return counts ? key | 1 : 0;
}

/* Only where they are counted, here and in the next one. False without memory. */
static bool pattern_count(const struct subscriptions *s, const struct subscriber *subscriber,
	const struct tree_node *node, const struct share *share)
{
	uint64_t key = subscriber->patterns ? pattern_of(s, node, share) : 0;

	return !key || patterns_add(subscriber->patterns, s->memory, key);
}

static void patterns_release(struct memory *memory, struct subscriber *subscriber)
{
	if (!subscriber->patterns)
		return;
	patterns_fini(subscriber->patterns, memory);
	memory_give(memory, subscriber->patterns, sizeof(*subscriber->patterns));
	subscriber->patterns = NULL;
}

static void pattern_uncount(const struct subscriptions *s, struct subscriber *subscriber,
	const struct tree_node *node, const struct share *share)
{
	uint64_t key = subscriber->patterns ? pattern_of(s, node, share) : 0;

	if (key)
		patterns_remove(subscriber->patterns, key);
	if (subscriber->count <= PATTERNS_WORTH)
		patterns_release(s->memory, subscriber);
}

/* Begins to count them. False without memory. */
static bool patterns_make(const struct subscriptions *s, struct subscriber *subscriber)
{
	const struct subscription *sub = subscriber->chain;

	subscriber->patterns = memory_take_zeroed(s->memory, sizeof(*subscriber->patterns));
	if (!subscriber->patterns)
		return false;
	while (sub && pattern_count(s, subscriber, sub->node, sub->share))
		sub = sub->next;
	if (sub)
		patterns_release(s->memory, subscriber);
	return !sub;
}

/* Whether the subscriber may have one more. */
static enum subscribe_result room_check(const struct subscriptions *s,
	struct subscriber *subscriber, const struct tree_node *node, const struct share *share,
	const struct subscription_limits *limits)
{
	if (subscriber->count >= limits->subscriptions)
		return SUBSCRIBE_TOO_MANY;
	if (subscriber->count < limits->patterns) /* it cannot have more of them */
		return SUBSCRIBE_NEW;
	if (!subscriber->patterns && !patterns_make(s, subscriber))
		return SUBSCRIBE_NO_MEMORY;
	uint64_t key = pattern_of(s, node, share);
	bool fits = !key || subscriber->patterns->count < limits->patterns ||
		patterns_have(subscriber->patterns, key);
	return fits ? SUBSCRIBE_NEW : SUBSCRIBE_TOO_MANY;
}

/* ---- subscriptions ------------------------------------------------------------------------- */

static void options_set(
	struct subscription *sub, const struct mqtt_filter *filter, uint8_t qos, uint32_t id)
{
	sub->qos = qos;
	sub->id = id;
	sub->no_local = filter->no_local;
	sub->retain_as_published = filter->retain_as_published;
}

static struct subscription *subscription_new(struct subscriptions *s, struct subscriber *subscriber,
	struct tree_node *node, struct share *share, struct subscription_list *list)
{
	struct subscription *sub = memory_take_zeroed(s->memory, sizeof(*sub));

	if (!sub)
		return NULL;
	if (!pattern_count(s, subscriber, node, share)) {
		memory_give(s->memory, sub, sizeof(*sub));
		return NULL;
	}
	if (!list_add(s->memory, list, sub)) {
		pattern_uncount(s, subscriber, node, share);
		memory_give(s->memory, sub, sizeof(*sub));
		return NULL;
	}
	sub->subscriber = subscriber;
	sub->node = node;
	sub->share = share;
	if (share)
		share_hold(share);
	sub->next = subscriber->chain;
	sub->link = &subscriber->chain;
	if (sub->next)
		sub->next->link = &sub->next;
	subscriber->chain = sub;
	subscriber->count++;
	s->count++;
	return sub;
}

/* Splits "$share/NAME/" off. */
static struct mqtt_view path_of(struct mqtt_view text, struct mqtt_view *name)
{
	struct mqtt_view path;

	if (mqtt_filter_is_shared(text) && mqtt_filter_split_shared(text, name, &path))
		return path;
	*name = (struct mqtt_view){ 0 };
	return text;
}

enum subscribe_result subscriptions_add(struct subscriptions *s, struct subscriber *subscriber,
	const struct mqtt_filter *filter, uint8_t qos, uint32_t id,
	const struct subscription_limits *limits)
{
	struct mqtt_view name, path = path_of(filter->text, &name);
	struct tree_node *node = tree_make(&s->tree, path);

	if (!node)
		return SUBSCRIBE_NO_MEMORY;
	enum subscribe_result result = SUBSCRIBE_NO_MEMORY;
	struct filter *f = node->value = tree_room(&s->tree, node);
	struct share *share = name.len ? share_make(s->memory, f, node, name) : NULL;
	s->generation++;
	struct subscription *sub = NULL;
	if (share || !name.len) {
		struct subscription_list *list = share ? &share->list : &f->list;
		sub = subscription_find(subscriber, node, share, list);
		result = sub ? SUBSCRIBE_REPLACED : room_check(s, subscriber, node, share, limits);
		if (result == SUBSCRIBE_NEW &&
			!(sub = subscription_new(s, subscriber, node, share, list)))
			result = SUBSCRIBE_NO_MEMORY;
	}
	if (sub) {
		options_set(sub, filter, qos, id);
		return result;
	}
	if (share && !share->list.count)
		share_unlink(s->memory, share);
	filter_release(s, node);
	return result;
}

void subscriptions_remove(struct subscriptions *s, struct subscription *sub)
{
	struct filter *f = sub->node->value;
	struct tree_node *node = sub->node;
	struct share *share = sub->share;

	pattern_uncount(s, sub->subscriber, node, share);
	list_remove(s->memory, share ? &share->list : &f->list, sub);
	*sub->link = sub->next;
	if (sub->next)
		sub->next->link = sub->link;
	sub->subscriber->count--;
	s->count--;
	s->generation++;
	memory_give(s->memory, sub, sizeof(*sub));
	if (share) {
		share_hold(share);
		share->refs--; /* the member's; the one above keeps it until here */
		if (!share->list.count) {
			share_unlink(s->memory, share);
		}
		share_drop(s->memory, share);
	}
	filter_release(s, node);
}

struct subscription *subscriptions_find(
	struct subscriptions *s, const struct subscriber *subscriber, struct mqtt_view text)
{
	struct mqtt_view name, path = path_of(text, &name);
	struct tree_node *node = tree_find(&s->tree, path);
	const struct filter *f = node ? node->value : NULL;
	struct share *share = f && name.len ? share_find(f, name) : NULL;

	if (!f || (name.len && !share))
		return NULL;
	return subscription_find(subscriber, node, share, share ? &share->list : &f->list);
}

void subscriptions_remove_all(struct subscriptions *s, struct subscriber *subscriber)
{
	while (subscriber->chain)
		subscriptions_remove(s, subscriber->chain);
}

void share_text(const struct share *share, struct buf *out)
{
	buf_add_text(out, "$share/");
	buf_add(out, share->name, share->name_len);
	buf_add_u8(out, '/');
	tree_path(share->node, out);
}

void subscription_text(const struct subscription *s, struct buf *out)
{
	if (s->share)
		share_text(s->share, out);
	else
		tree_path(s->node, out);
}

struct share *subscriptions_share(struct subscriptions *s, struct mqtt_view text)
{
	struct mqtt_view name, path = path_of(text, &name);
	const struct tree_node *node = name.len ? tree_find(&s->tree, path) : NULL;

	return node && node->value ? share_find(node->value, name) : NULL;
}
