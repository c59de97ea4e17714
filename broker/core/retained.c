#include "broker/core/retained.h"

#include "broker/core/memory.h"
#include "broker/core/message.h"

bool retained_init(struct retained *r, struct memory *memory, struct timers *timers, uint64_t seed)
{
	*r = (struct retained){ .memory = memory, .timers = timers };
	return tree_init_walked(&r->tree, memory, seed);
}

void retained_remove_entry(struct retained *r, struct retained_entry *entry)
{
	struct tree_node *node = entry->node;

	timer_drop(r->timers, &entry->timer);
	message_drop(r->memory, entry->message);
	memory_give(r->memory, entry, sizeof(*entry));
	node->value = NULL;
	tree_prune(&r->tree, node);
	r->count--;
}

void retained_fini(struct retained *r)
{
	struct tree_node *n = r->tree.root;

	/* Removing a leaf prunes the way up to it, so it always starts again at the root. */
	while (n && tree_siblings(n)->children) {
		while (tree_siblings(n)->children)
			n = tree_siblings(n)->children;
		retained_remove_entry(r, n->value);
		n = r->tree.root;
	}
	tree_fini(&r->tree);
}

struct retained_entry *retained_find(struct retained *r, struct mqtt_view topic)
{
	struct tree_node *node = tree_find(&r->tree, topic);

	return node ? node->value : NULL;
}

struct message *retained_get(struct retained *r, struct mqtt_view topic)
{
	struct retained_entry *entry = retained_find(r, topic);

	return entry ? entry->message : NULL;
}

bool retained_remove(struct retained *r, struct mqtt_view topic)
{
	struct retained_entry *entry = retained_find(r, topic);

	if (entry)
		retained_remove_entry(r, entry);
	return entry != NULL;
}

static struct retained_entry *entry_make(struct retained *r, struct mqtt_view topic)
{
	struct tree_node *node = tree_make(&r->tree, topic);

	if (!node)
		return NULL;
	if (node->value)
		return node->value;
	struct retained_entry *entry = memory_take_zeroed(r->memory, sizeof(*entry));
	if (!entry) {
		tree_prune(&r->tree, node);
		return NULL;
	}
	entry->node = node;
	node->value = entry;
	r->count++;
	return entry;
}

/* Only what expires has one, and keeps it. */
static bool timer_have(struct retained *r, struct retained_entry *entry)
{
	return entry->timer.kind || timer_make(r->timers, &entry->timer, TIMER_RETAINED);
}

bool retained_put(struct retained *r, struct message *message)
{
	struct retained_entry *entry = entry_make(r, message_topic(message));

	if (!entry)
		return false;
	if (message->expires_ms != INT64_MAX && !timer_have(r, entry)) {
		if (!entry->message)
			retained_remove_entry(r, entry);
		return false;
	}
	struct message *old = entry->message;
	entry->age = ++r->age;
	entry->message = message_hold(message);
	message_drop(r->memory, old);
	timer_clear(r->timers, &entry->timer);
	if (message->expires_ms != INT64_MAX)
		timer_set(r->timers, &entry->timer, message->expires_ms);
	return true;
}

/* A filter, level by level. */
struct pattern {
	const struct tree_level *levels;
	uint32_t count; /* without "#" */
	bool hash;      /* "#" is the last */
};

static bool level_is(const struct tree_level *level, uint8_t wildcard)
{
	return level->len == 1 && *level->data == wildcard;
}

static struct pattern pattern_of(struct retained *r, struct mqtt_view filter)
{
	struct pattern p = { .count = tree_split(&r->tree, filter) };

	p.levels = r->tree.levels; /* which may have moved */
	p.hash = p.count && level_is(&p.levels[p.count - 1], '#');
	p.count -= p.hash;
	return p;
}

/* Whether all children of a place of this depth are on the way, rather than at most one of them. */
static bool takes_all(const struct pattern *p, uint32_t depth)
{
	return depth < p->count ? level_is(&p->levels[depth], '+') : p->hash;
}

/* The first of these siblings that a wildcard takes. [MQTT-4.7.2-1] */
static struct tree_node *sibling_taken(struct tree_node *n, uint32_t depth)
{
	while (n && depth == 1 && n->label_len && n->label[0] == '$')
		n = tree_siblings(n)->next;
	return n;
}

static struct tree_node *first_child(const struct retained *r, const struct pattern *p,
	const struct tree_node *n, uint32_t depth)
{
	if (takes_all(p, depth))
		return sibling_taken(tree_siblings(n)->children, depth + 1);
	return depth < p->count ? tree_child(&r->tree, n, &p->levels[depth]) : NULL;
}

static void walk_move(
	struct retained *r, struct retained_walk *w, struct tree_node *to, uint32_t depth)
{
	struct tree_node *from = w->at;

	if (to)
		tree_siblings(to)->pins++;
	w->at = to;
	w->depth = depth;
	tree_siblings(from)->pins--;
	tree_prune(&r->tree, from); /* whose last message went meanwhile */
}

/* Down if there is something, else to the next sibling of itself or of one above it. */
static void walk_step(struct retained *r, struct retained_walk *w, const struct pattern *p)
{
	struct tree_node *n = w->at, *to = first_child(r, p, n, w->depth);
	uint32_t depth = w->depth + 1;

	for (; !to && n->parent; n = n->parent) {
		depth--;
		if (takes_all(p, depth - 1))
			to = sibling_taken(tree_siblings(n)->next, depth);
	}
	walk_move(r, w, to, depth);
}

void retained_walk_begin(struct retained *r, struct retained_walk *w)
{
	*w = (struct retained_walk){ .at = r->tree.root, .age = r->age };
	tree_siblings(w->at)->pins++;
}

void retained_walk_end(struct retained *r, struct retained_walk *w)
{
	if (w->at)
		walk_move(r, w, NULL, 0);
}

static bool is_wanted(const struct retained_walk *w, const struct pattern *p)
{
	const struct retained_entry *entry = w->at->value;

	return entry && entry->age <= w->age &&
		(p->hash ? w->depth >= p->count : w->depth == p->count);
}

bool retained_walk_on(struct retained *r, struct retained_walk *w, struct mqtt_view filter,
	uint32_t *steps, bool (*visit)(void *context, struct message *message), void *context)
{
	struct pattern p = pattern_of(r, filter);

	for (; w->at && *steps; --*steps) {
		if (is_wanted(w, &p) &&
			!visit(context, ((struct retained_entry *)w->at->value)->message))
			return false;
		walk_step(r, w, &p);
	}
	return !w->at;
}

bool retained_walk_is_ahead(const struct retained_walk *w, const struct retained_entry *entry)
{
	return w->at && entry->age <= w->age && tree_is_ahead(w->at, entry->node);
}

void retained_pass(struct retained *r, struct retained_entry *entry)
{
	entry->age = ++r->age;
}
