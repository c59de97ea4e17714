/* Topics and filters level by level, for the subscriptions and for the retained messages.
 *
 *                    root
 *                   /    \
 *                sport    +/news     each node knows its "+" and "#" child; every other child is
 *               /  |  \              found in one hash table of the whole tree, by its parent and
 *          tennis  +   #             its first level
 *
 * In a tree that *joins*, a way that does not branch is one node, with several levels in its label: it is
 * divided when another path leaves it, and stays so. In a tree that is *walked*, each node is one level, and
 * knows its siblings. The youngest of them comes first: whoever goes through a tree that changes does not
 * meet what was added after the place where it is.
 *
 * A node lives as long as it has a value or children, or is pinned, and stays where it is in memory.
 */
#ifndef BROKER_CORE_TREE_H
#define BROKER_CORE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

struct buf;
struct memory;

/* In a large tree each node that is looked at costs a wait for memory: what a search needs of it is kept
 * together, and what a walk needs is before it.
 */
struct tree_node {
	struct tree_node *plus;    /* child that begins with "+" */
	uint32_t named;            /* children that are in the hash table */
	uint32_t key;              /* hash of parent and first level */
	struct tree_node *hash;    /* child "#" */
	void *value;               /* the user's; NULL: a mere step on the way */
	struct tree_node *chained; /* next in the same bucket */
	struct tree_node *parent;  /* NULL: the root */
	uint16_t level_len;        /* of the first level */
	uint16_t levels;           /* 1, where nothing is joined */
	uint16_t label_len;
	uint16_t label_room; /* as it was made */
	uint8_t label[];     /* the levels, with "/" between them */
};

/* Before each node of a tree that is walked. */
struct tree_siblings {
	struct tree_node *children;
	struct tree_node *next, *previous;
	uint64_t born; /* when it was made: higher than that of older ones */
	uint32_t pins; /* how many need it to stay */
};

static inline struct tree_siblings *tree_siblings(const struct tree_node *n)
{
	return (struct tree_siblings *)(uintptr_t)n - 1;
}

struct tree_level {
	const uint8_t *data;
	uint32_t len;
};

struct tree {
	struct memory *memory;
	struct tree_node *root;
	struct tree_node **buckets;
	uint32_t bucket_count; /* a power of two */
	uint32_t node_count;
	uint64_t seed;
	uint64_t born;             /* of the youngest node */
	struct tree_level *levels; /* of the path at hand */
	uint32_t level_room;
	uint32_t before; /* each node, so many bytes */
	bool joins;
};

/* One that is walked. False without memory. */
bool tree_init_walked(struct tree *t, struct memory *memory, uint64_t seed);

/* One that joins, with room for values of this size in each node: see tree_room. */
bool tree_init_joined(struct tree *t, struct memory *memory, uint64_t seed, uint32_t value_bytes);
void tree_fini(struct tree *t); /* every value must be gone */

/* Cuts a path into t->levels; returns their number, or 0 without memory, or when there are more than 65,535. */
uint32_t tree_split(struct tree *t, struct mqtt_view path);

/* The child whose label begins with this level, which is no wildcard. NULL when there is none. */
struct tree_node *tree_child(
	const struct tree *t, const struct tree_node *parent, const struct tree_level *level);

enum tree_fit {
	TREE_FITS_NOT,
	TREE_FITS,
	TREE_FITS_ALL, /* it ends with "#", and takes all that is left */
};

/* Whether a topic in t->levels, of which `node` takes the level `at`, goes on as the rest of the label
 * says.
 */
enum tree_fit tree_fits(
	const struct tree *t, const struct tree_node *node, uint32_t at, uint32_t count);

/* The node of this very path. NULL when there is none. */
struct tree_node *tree_find(struct tree *t, struct mqtt_view path);

/* Finds or makes; NULL when there is no memory, or there are too many levels. Give it a value, or prune. */
struct tree_node *tree_make(struct tree *t, struct mqtt_view path);

/* Room for its value, all zero when the node is made. */
static inline void *tree_room(const struct tree *t, struct tree_node *node)
{
	return (uint8_t *)node - t->before;
}

/* Frees the node and those above it that are no longer of use. */
void tree_prune(struct tree *t, struct tree_node *node);

/* Of a tree that is walked: whether a walk from parents to children, and from sibling to sibling, still has `node` ahead of
 * it at `place`; also true if `place` is the node.
 */
bool tree_is_ahead(const struct tree_node *place, const struct tree_node *node);

/* Appends the path of a node. */
void tree_path(const struct tree_node *node, struct buf *out);

#endif
