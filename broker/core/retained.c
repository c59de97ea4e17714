#include "broker/core/retained.h"

#include "broker/core/memory.h"
#include "broker/core/message.h"

bool retained_init(struct retained *r, struct memory *memory, struct timers *timers, uint64_t seed,
	uint32_t level_max)
{
	*r = (struct retained){ .memory = memory, .timers = timers };
	return tree_init(&r->tree, memory, seed, level_max);
}

void retained_remove_entry(struct retained *r, struct retained_entry *entry)
{
	struct tree_node *node = entry->node;

	timer_clear(r->timers, &entry->timer);
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
	while (n && n->children) {
		while (n->children)
			n = n->children;
		retained_remove_entry(r, n->value);
		n = r->tree.root;
	}
	tree_fini(&r->tree);
}

static struct retained_entry *entry_find(struct retained *r, struct mqtt_view topic)
{
	struct tree_node *node = tree_find(&r->tree, topic);

	return node ? node->value : NULL;
}

struct message *retained_get(struct retained *r, struct mqtt_view topic)
{
	struct retained_entry *entry = entry_find(r, topic);

	return entry ? entry->message : NULL;
}

bool retained_remove(struct retained *r, struct mqtt_view topic)
{
	struct retained_entry *entry = entry_find(r, topic);

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
	entry->timer.kind = TIMER_RETAINED;
	node->value = entry;
	r->count++;
	return entry;
}

bool retained_put(struct retained *r, struct message *message)
{
	struct retained_entry *entry = entry_make(r, message_topic(message));

	if (!entry)
		return false;
	struct message *old = entry->message;
	entry->message = message_hold(message);
	message_drop(r->memory, old);
	timer_clear(r->timers, &entry->timer);
	if (message->expires_ms == INT64_MAX ||
		timer_set(r->timers, &entry->timer, message->expires_ms))
		return true;
	retained_remove_entry(r, entry);
	return false;
}

struct visit {
	bool (*call)(void *context, struct message *message);
	void *context;
	const struct tree *tree;
	uint32_t count; /* levels of the filter */
};

static bool node_visit(const struct visit *v, const struct tree_node *node)
{
	const struct retained_entry *entry = node->value;

	return !entry || v->call(v->context, entry->message);
}

/* A node and everything below it, without recursion: a topic may be deep. */
static bool branch_visit(const struct visit *v, const struct tree_node *top)
{
	const struct tree_node *n = top;

	for (;;) {
		if (!node_visit(v, n))
			return false;
		if (n->children) {
			n = n->children;
			continue;
		}
		while (n != top && !n->next)
			n = n->parent;
		if (n == top)
			return true;
		n = n->next;
	}
}

/* [MQTT-4.7.2-1] */
static bool is_hidden(const struct tree_node *n, uint32_t at)
{
	return !at && n->level_len && n->level[0] == '$';
}

static bool level_visit(const struct visit *v, const struct tree_node *node, uint32_t at)
{
	if (at == v->count)
		return node_visit(v, node);
	const struct tree_level *level = &v->tree->levels[at];
	bool hash = level->len == 1 && *level->data == '#';
	if (!hash && !(level->len == 1 && *level->data == '+')) {
		const struct tree_node *child = tree_child(v->tree, node, level);
		return !child || level_visit(v, child, at + 1);
	}
	if (hash && at && !node_visit(v, node))
		return false;
	for (const struct tree_node *n = node->children; n; n = n->next) {
		if (is_hidden(n, at))
			continue;
		if (!(hash ? branch_visit(v, n) : level_visit(v, n, at + 1)))
			return false;
	}
	return true;
}

void retained_match(struct retained *r, struct mqtt_view filter,
	bool (*visit)(void *context, struct message *message), void *context)
{
	struct visit v = { visit, context, &r->tree, tree_split(&r->tree, filter) };

	if (v.count)
		level_visit(&v, r->tree.root, 0);
}
