#include "broker/core/tree.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "broker/core/hash.h"
#include "broker/core/memory.h"

enum { FIRST_BUCKETS = 64, FIRST_LEVELS = 256, LEVELS_MAX = UINT16_MAX };

static size_t node_size(const struct tree *t, size_t label_room)
{
	return t->before + offsetof(struct tree_node, label) + label_room;
}

static struct tree_node *node_take(struct tree *t, size_t label_room)
{
	uint8_t *block = memory_take_zeroed(t->memory, node_size(t, label_room));

	return block ? (struct tree_node *)(void *)(block + t->before) : NULL;
}

static void node_give(struct tree *t, struct tree_node *n)
{
	if (n)
		memory_give(t->memory, (uint8_t *)n - t->before, node_size(t, n->label_room));
}

static bool parts_init(struct tree *t)
{
	t->root = node_take(t, 0);
	t->levels = memory_take(t->memory, FIRST_LEVELS * sizeof(*t->levels));
	t->level_room = FIRST_LEVELS;
	t->buckets = memory_take_zeroed(t->memory, FIRST_BUCKETS * sizeof(*t->buckets));
	t->bucket_count = FIRST_BUCKETS;
	return t->root && t->levels && t->buckets;
}

bool tree_init_walked(struct tree *t, struct memory *memory, uint64_t seed)
{
	*t = (struct tree){
		.memory = memory, .seed = seed, .before = sizeof(struct tree_siblings)
	};
	return parts_init(t);
}

bool tree_init_joined(struct tree *t, struct memory *memory, uint64_t seed, uint32_t value_bytes)
{
	*t = (struct tree){
		.memory = memory, .seed = seed, .before = (value_bytes + 7) & ~7u, .joins = true
	};
	return parts_init(t);
}

void tree_fini(struct tree *t)
{
	node_give(t, t->root);
	memory_give(t->memory, t->levels, t->level_room * sizeof(*t->levels));
	memory_give(t->memory, t->buckets, t->bucket_count * sizeof(*t->buckets));
}

/* Whether there is room for those of a long path. */
__attribute__((noinline)) static bool levels_reserve(struct tree *t, struct mqtt_view path)
{
	uint32_t count = 1, room = t->level_room;
	size_t size = sizeof(*t->levels);

	for (uint32_t i = 0; i < path.len; i++)
		count += path.data[i] == '/';
	if (count <= room)
		return true;
	if (count > LEVELS_MAX)
		return false;
	while (room < count)
		room *= 2;
	struct tree_level *levels =
		memory_move(t->memory, t->levels, 0, t->level_room * size, room * size);
	if (!levels)
		return false;
	t->levels = levels;
	t->level_room = room;
	return true;
}

/* The next of the levels ends at `end`. */
static const uint8_t *level_end(struct tree_level **next, const uint8_t *from, const uint8_t *end)
{
	*(*next)++ = (struct tree_level){ from, (uint32_t)(end - from) };
	return end + 1;
}

/* A bit in each byte that is a "/", the lowest for the first one. */
static uint64_t slashes_of(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), sevens = ones * 0x7f;

	word ^= ones * '/';
	return ~(((word & sevens) + sevens) | word | sevens);
}

/* Eight bytes at a step: topics are cut for each message. */
uint32_t tree_split(struct tree *t, struct mqtt_view path)
{
	const uint8_t *from = path.data, *at = path.data, *end = path.data + path.len;

	if (path.len >= t->level_room && !levels_reserve(t, path))
		return 0;
	struct tree_level *next = t->levels;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; end - at >= 8; at += 8) {
		uint64_t slashes = slashes_of(mqtt_load64(at));
		for (; slashes; slashes &= slashes - 1)
			from = level_end(&next, from, at + __builtin_ctzll(slashes) / 8);
	}
#endif
	for (; at != end; at++)
		if (*at == '/')
			from = level_end(&next, from, at);
	level_end(&next, from, end);
	return (uint32_t)(next - t->levels);
}

/* The length of the first level of these. */
static uint16_t first_len(const uint8_t *label, uint32_t len)
{
	const uint8_t *slash = len ? memchr(label, '/', len) : NULL;

	return (uint16_t)(slash ? slash - label : len);
}

static bool level_is(const struct tree_level *level, uint8_t wildcard)
{
	return level->len == 1 && *level->data == wildcard;
}

static struct tree_level first_level(const struct tree_node *n)
{
	return (struct tree_level){ n->label, n->level_len };
}

static uint32_t key_of(
	const struct tree *t, const struct tree_node *parent, const struct tree_level *level)
{
	uint64_t seed = t->seed + (uintptr_t)parent * UINT64_C(0x9E3779B97F4A7C15);

	return (uint32_t)hash_view(seed, (struct mqtt_view){ level->data, level->len });
}

static bool begins_with(const struct tree_node *n, const struct tree_level *level)
{
	return n->level_len == level->len && mqtt_bytes_equal(n->label, level->data, level->len);
}

struct tree_node *tree_child(
	const struct tree *t, const struct tree_node *parent, const struct tree_level *level)
{
	if (!parent->named)
		return NULL;
	uint32_t key = key_of(t, parent, level);
	struct tree_node *n = t->buckets[key & (t->bucket_count - 1)];
	while (n && !(n->key == key && n->parent == parent && begins_with(n, level)))
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

/* Whether a level of a label that begins at `at` is this one. */
static bool label_has(const uint8_t *at, const uint8_t *end, const struct tree_level *level)
{
	return (size_t)(end - at) >= level->len && mqtt_bytes_equal(at, level->data, level->len) &&
		(at + level->len == end || at[level->len] == '/');
}

/* A wildcard is always a whole level. */
enum tree_fit tree_fits(
	const struct tree *t, const struct tree_node *node, uint32_t at, uint32_t count)
{
	const uint8_t *p = node->label + node->level_len, *end = node->label + node->label_len;

	while (p != end) {
		p++; /* the "/" */
		if (p != end && *p == '#')
			return TREE_FITS_ALL;
		if (++at >= count)
			return TREE_FITS_NOT;
		if (p != end && *p == '+')
			p++;
		else if (label_has(p, end, &t->levels[at]))
			p += t->levels[at].len;
		else
			return TREE_FITS_NOT;
	}
	return TREE_FITS;
}

/* How many levels of the label are those of a path, from its beginning on. */
static uint32_t levels_shared(
	const struct tree_node *n, const struct tree_level *levels, uint32_t count)
{
	const uint8_t *p = n->label, *end = n->label + n->label_len;
	uint32_t shared = 0;

	while (shared < n->levels && shared < count && label_has(p, end, &levels[shared]))
		p += levels[shared++].len + 1;
	return shared;
}

struct tree_node *tree_find(struct tree *t, struct mqtt_view path)
{
	uint32_t count = tree_split(t, path), at = 0;
	struct tree_node *n = count ? t->root : NULL;

	while (n && at < count) {
		n = child_find(t, n, &t->levels[at]);
		if (n && levels_shared(n, &t->levels[at], count - at) != n->levels)
			n = NULL;
		at += n ? n->levels : 0;
	}
	return n;
}

/* Twice as many buckets as nodes, at most: each node that is looked at in vain is a wait for memory. Without
 * memory the chains just grow.
 */
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

static void bucket_add(struct tree *t, struct tree_node *n)
{
	if (++t->node_count * UINT64_C(2) > t->bucket_count)
		buckets_grow(t);
	struct tree_node **at = &t->buckets[n->key & (t->bucket_count - 1)];
	n->chained = *at;
	*at = n;
}

/* Where the pointer to this node is. */
static struct tree_node **bucket_find(struct tree *t, const struct tree_node *node)
{
	struct tree_node **at = &t->buckets[node->key & (t->bucket_count - 1)];

	while (*at != node)
		at = &(*at)->chained;
	return at;
}

/* Makes it findable below its parent. */
static void child_enter(struct tree *t, struct tree_node *n)
{
	struct tree_level level = first_level(n);

	if (level_is(&level, '+')) {
		n->parent->plus = n;
	} else if (level_is(&level, '#')) {
		n->parent->hash = n;
	} else {
		n->parent->named++;
		n->key = key_of(t, n->parent, &level);
		bucket_add(t, n);
	}
}

/* `levels` of them in `len` bytes. */
static struct tree_node *node_make(
	struct tree *t, struct tree_node *parent, const uint8_t *label, size_t len, uint32_t levels)
{
	struct tree_node *n = node_take(t, len);

	if (!n)
		return NULL;
	n->parent = parent;
	n->levels = (uint16_t)levels;
	n->label_len = n->label_room = (uint16_t)len;
	if (len)
		memcpy(n->label, label, len);
	n->level_len = first_len(n->label, (uint32_t)len);
	return n;
}

static void siblings_enter(struct tree *t, struct tree_node *n)
{
	struct tree_siblings *own = tree_siblings(n), *above = tree_siblings(n->parent);

	own->born = ++t->born;
	own->next = above->children;
	if (own->next)
		tree_siblings(own->next)->previous = n;
	above->children = n;
}

static void siblings_leave(struct tree_node *n)
{
	const struct tree_siblings *own = tree_siblings(n);

	if (own->next)
		tree_siblings(own->next)->previous = own->previous;
	if (own->previous)
		tree_siblings(own->previous)->next = own->next;
	else
		tree_siblings(n->parent)->children = own->next;
}

/* A child of these levels. */
static struct tree_node *child_make(
	struct tree *t, struct tree_node *parent, const struct tree_level *levels, uint32_t count)
{
	const struct tree_level *last = &levels[count - 1];
	size_t len = (size_t)(last->data + last->len - levels->data);
	struct tree_node *n = node_make(t, parent, levels->data, len, count);

	if (!n)
		return NULL;
	if (!t->joins)
		siblings_enter(t, n);
	child_enter(t, n);
	return n;
}

/* Puts `n` in the place of one that begins with the same level. */
static void child_replace(struct tree *t, const struct tree_node *old, struct tree_node *n)
{
	if (old->parent->plus == old) {
		old->parent->plus = n;
		return;
	}
	n->key = old->key;
	n->chained = old->chained;
	*bucket_find(t, old) = n;
}

/* Divides a node of a tree that joins: the first `count` levels become a new one, which is returned, and the
 * rest its child.
 */
static struct tree_node *child_divide(struct tree *t, struct tree_node *node, uint32_t count)
{
	uint32_t cut = node->level_len;

	for (uint32_t i = 1; i < count; i++)
		cut += 1 + first_len(node->label + cut + 1, node->label_len - cut - 1);
	struct tree_node *upper = node_make(t, node->parent, node->label, cut, count);
	if (!upper)
		return NULL;
	child_replace(t, node, upper);
	node->parent = upper;
	node->levels -= (uint16_t)count;
	node->label_len -= (uint16_t)(cut + 1);
	memmove(node->label, node->label + cut + 1, node->label_len);
	node->level_len = first_len(node->label, node->label_len);
	child_enter(t, node);
	return upper;
}

/* One node further on the way to a path of which these levels are left. */
static struct tree_node *child_reach(
	struct tree *t, struct tree_node *parent, const struct tree_level *levels, uint32_t count)
{
	struct tree_node *child = child_find(t, parent, levels);

	if (!child)
		return child_make(t, parent, levels, t->joins ? count : 1);
	uint32_t shared = levels_shared(child, levels, count);
	return shared == child->levels ? child : child_divide(t, child, shared);
}

struct tree_node *tree_make(struct tree *t, struct mqtt_view path)
{
	uint32_t count = tree_split(t, path), at = 0;
	struct tree_node *n = count ? t->root : NULL;

	while (n && at < count) {
		struct tree_node *child = child_reach(t, n, &t->levels[at], count - at);
		if (!child)
			tree_prune(t, n);
		else
			at += child->levels;
		n = child;
	}
	return n;
}

static void bucket_remove(struct tree *t, struct tree_node *node)
{
	*bucket_find(t, node) = node->chained;
	t->node_count--;
	node->parent->named--;
}

static void node_free(struct tree *t, struct tree_node *n)
{
	struct tree_node *parent = n->parent;

	if (!t->joins)
		siblings_leave(n);
	if (parent->plus == n)
		parent->plus = NULL;
	else if (parent->hash == n)
		parent->hash = NULL;
	else
		bucket_remove(t, n);
	node_give(t, n);
}

static bool is_of_use(const struct tree *t, const struct tree_node *n)
{
	return !n->parent || n->value || n->named || n->plus || n->hash ||
		(!t->joins && tree_siblings(n)->pins);
}

void tree_prune(struct tree *t, struct tree_node *node)
{
	while (!is_of_use(t, node)) {
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
	return tree_siblings(a)->born > tree_siblings(b)->born;
}

/* Twice the way: up to learn the length, and again to fill it in from the end. */
void tree_path(const struct tree_node *node, struct buf *out)
{
	size_t len = 0, start = out->len;

	for (const struct tree_node *n = node; n->parent; n = n->parent)
		len += n->label_len + (n->parent->parent ? 1u : 0u);
	for (size_t i = 0; i < len; i++)
		if (!buf_add_u8(out, '/'))
			return;
	uint8_t *end = out->data + start + len;
	for (const struct tree_node *n = node; n->parent; n = n->parent) {
		end -= n->label_len;
		memcpy(end, n->label, n->label_len);
		if (n->parent->parent)
			end--;
	}
}
