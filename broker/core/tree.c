#include "broker/core/tree.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "broker/core/hash.h"
#include "broker/core/memory.h"

enum { FIRST_BUCKETS = 64 };

bool tree_init(struct tree *t, struct memory *memory, uint64_t seed, uint32_t level_max)
{
	*t = (struct tree){ .memory = memory, .seed = seed, .level_max = level_max };
	t->root = memory_take_zeroed(memory, sizeof(*t->root));
	t->levels = memory_take(memory, level_max * sizeof(*t->levels));
	t->buckets = memory_take_zeroed(memory, FIRST_BUCKETS * sizeof(*t->buckets));
	t->bucket_count = FIRST_BUCKETS;
	return t->root && t->levels && t->buckets;
}

void tree_fini(struct tree *t)
{
	memory_give(t->memory, t->root, sizeof(*t->root));
	memory_give(t->memory, t->levels, t->level_max * sizeof(*t->levels));
	memory_give(t->memory, t->buckets, t->bucket_count * sizeof(*t->buckets));
}

uint32_t tree_split(struct tree *t, struct mqtt_view path)
{
	const uint8_t *at = path.data, *end = path.data + path.len;

	for (uint32_t count = 0; count < t->level_max; count++) {
		const uint8_t *slash = memchr(at, '/', (size_t)(end - at));
		uint32_t len = (uint32_t)((slash ? slash : end) - at);
		uint32_t key = (uint32_t)hash_view(t->seed, (struct mqtt_view){ at, len });
		t->levels[count] = (struct tree_level){ at, len, key };
		if (!slash)
			return count + 1;
		at = slash + 1;
	}
	return 0;
}

static bool level_is(const struct tree_level *level, uint8_t wildcard)
{
	return level->len == 1 && *level->data == wildcard;
}

static uint32_t key_of(const struct tree_node *parent, const struct tree_level *level)
{
	return (uint32_t)(hash_mix((uintptr_t)parent, UINT64_C(0x9E3779B97F4A7C15)) ^ level->key);
}

struct tree_node *tree_child(
	const struct tree *t, const struct tree_node *parent, const struct tree_level *level)
{
	if (!parent->named)
		return NULL;
	uint32_t key = key_of(parent, level);
	struct tree_node *n = t->buckets[key & (t->bucket_count - 1)];
	while (n &&
		!(n->key == key && n->parent == parent && n->level_len == level->len &&
			!memcmp(n->level, level->data, level->len)))
		n = n->chained;
	return n;
}

static struct tree_node *child_find(
	const struct tree *t, const struct tree_node *parent, const struct tree_level *level)
{
	if (level_is(level, '+'))
		return parent->plus;
	if (level_is(level, '#'))
		return parent->hash;
	return tree_child(t, parent, level);
}

struct tree_node *tree_find(struct tree *t, struct mqtt_view path)
{
	uint32_t count = tree_split(t, path);
	struct tree_node *n = count ? t->root : NULL;

	for (uint32_t i = 0; n && i < count; i++)
		n = child_find(t, n, &t->levels[i]);
	return n;
}

/* More buckets when there are as many nodes; without memory the chains just grow. */
static void buckets_grow(struct tree *t)
{
	uint32_t count = t->bucket_count * 2;
	struct tree_node **buckets = memory_take_zeroed(t->memory, count * sizeof(*buckets));

	if (!buckets)
		return;
	for (uint32_t i = 0; i < t->bucket_count; i++) {
		for (struct tree_node *n = t->buckets[i], *next; n; n = next) {
			next = n->chained;
			n->chained = buckets[n->key & (count - 1)];
			buckets[n->key & (count - 1)] = n;
		}
	}
	memory_give(t->memory, t->buckets, t->bucket_count * sizeof(*t->buckets));
	t->buckets = buckets;
	t->bucket_count = count;
}

static size_t node_size(size_t level_len)
{
	return offsetof(struct tree_node, level) + level_len;
}

static struct tree_node *child_make(
	struct tree *t, struct tree_node *parent, const struct tree_level *level)
{
	struct tree_node *n = memory_take_zeroed(t->memory, node_size(level->len));

	if (!n)
		return NULL;
	n->parent = parent;
	n->born = ++t->born;
	n->level_len = (uint16_t)level->len;
	if (level->len)
		memcpy(n->level, level->data, level->len);
	n->next = parent->children;
	if (n->next)
		n->next->previous = n;
	parent->children = n;
	if (level_is(level, '+')) {
		parent->plus = n;
	} else if (level_is(level, '#')) {
		parent->hash = n;
	} else {
		if (t->node_count++ >= t->bucket_count)
			buckets_grow(t);
		parent->named++;
		n->key = key_of(parent, level);
		n->chained = t->buckets[n->key & (t->bucket_count - 1)];
		t->buckets[n->key & (t->bucket_count - 1)] = n;
	}
	return n;
}

struct tree_node *tree_make(struct tree *t, struct mqtt_view path)
{
	uint32_t count = tree_split(t, path);
	struct tree_node *n = count ? t->root : NULL;

	for (uint32_t i = 0; n && i < count; i++) {
		struct tree_node *child = child_find(t, n, &t->levels[i]);
		if (!child)
			child = child_make(t, n, &t->levels[i]);
		if (!child)
			tree_prune(t, n);
		n = child;
	}
	return n;
}

static void bucket_remove(struct tree *t, struct tree_node *node)
{
	struct tree_node **at = &t->buckets[node->key & (t->bucket_count - 1)];

	while (*at != node)
		at = &(*at)->chained;
	*at = node->chained;
	t->node_count--;
	node->parent->named--;
}

static void node_free(struct tree *t, struct tree_node *n)
{
	struct tree_node *parent = n->parent;

	if (n->next)
		n->next->previous = n->previous;
	if (n->previous)
		n->previous->next = n->next;
	else
		parent->children = n->next;
	if (parent->plus == n)
		parent->plus = NULL;
	else if (parent->hash == n)
		parent->hash = NULL;
	else
		bucket_remove(t, n);
	memory_give(t->memory, n, node_size(n->level_len));
}

void tree_prune(struct tree *t, struct tree_node *node)
{
	while (node->parent && !node->value && !node->children && !node->pins) {
		struct tree_node *parent = node->parent;
		node_free(t, node);
		node = parent;
	}
}

static uint32_t depth_of(const struct tree_node *node)
{
	uint32_t depth = 0;

	for (; node->parent; node = node->parent)
		depth++;
	return depth;
}

bool tree_is_ahead(const struct tree_node *place, const struct tree_node *node)
{
	const struct tree_node *a = place, *b = node;
	uint32_t depth_a = depth_of(a), depth_b = depth_of(b);

	for (; depth_a > depth_b; depth_a--)
		a = a->parent;
	for (; depth_b > depth_a; depth_b--)
		b = b->parent;
	if (a == b) /* one is above the other */
		return a == place;
	while (a->parent != b->parent) {
		a = a->parent;
		b = b->parent;
	}
	return a->born > b->born;
}

/* Twice the way: up to learn the length, and again to fill it in from the end. */
void tree_path(const struct tree_node *node, struct buf *out)
{
	size_t len = 0, start = out->len;

	for (const struct tree_node *n = node; n->parent; n = n->parent)
		len += n->level_len + (n->parent->parent ? 1u : 0u);
	for (size_t i = 0; i < len; i++)
		if (!buf_add_u8(out, '/'))
			return;
	uint8_t *end = out->data + start + len;
	for (const struct tree_node *n = node; n->parent; n = n->parent) {
		end -= n->level_len;
		memcpy(end, n->level, n->level_len);
		if (n->parent->parent)
			end--;
	}
}
