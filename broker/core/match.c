#include "broker/core/match.h"

#include "broker/core/memory.h"

void match_fini(struct match *m, struct memory *memory)
{
	memory_give(memory, m->targets, m->target_capacity * sizeof(*m->targets));
	memory_give(memory, m->shares, m->share_capacity * sizeof(*m->shares));
	memory_give(memory, m->ids, m->id_capacity * sizeof(*m->ids));
}

/* Room for one more in one of the three arrays. */
static bool room_make(
	struct memory *memory, void **items, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return true;
	uint32_t larger = *capacity ? *capacity * 2 : 16;
	void *moved = memory_move(memory, *items, count * size, *capacity * size, larger * size);
	if (!moved)
		return false;
	*items = moved;
	*capacity = larger;
	return true;
}

static void id_add(struct match *m, struct memory *memory, struct target *target, uint32_t id)
{
	if (!id)
		return;
	if (!room_make(memory, (void **)&m->ids, m->id_count, &m->id_capacity, sizeof(*m->ids))) {
		m->failed = true;
		return;
	}
	m->ids[m->id_count++] = (struct target_id){ id, target->ids };
	target->ids = m->id_count;
}

/* One copy per session: at the highest QoS, with all identifiers. [MQTT-3.3.5-1] [MQTT-3.3.4-2]
 * [MQTT-3.3.4-4]
 */
static void target_merge(struct match *m, struct memory *memory, struct target *target,
	const struct subscription *sub)
{
	if (sub->no_local != target->no_local)
		m->mixed = true;
	if (sub->qos > target->qos)
		target->qos = sub->qos;
	target->retain_as_published |= sub->retain_as_published;
	id_add(m, memory, target, sub->id);
}

static void target_add(struct match *m, struct subscriptions *s, const struct subscription *sub)
{
	struct subscriber *subscriber = sub->subscriber;

	if (subscriber->stamp == s->stamp) {
		target_merge(m, s->memory, &m->targets[subscriber->target], sub);
		return;
	}
	if (!room_make(s->memory, (void **)&m->targets, m->target_count, &m->target_capacity,
		    sizeof(*m->targets))) {
		m->failed = true;
		return;
	}
	subscriber->stamp = s->stamp;
	subscriber->target = m->target_count;
	struct target *target = &m->targets[m->target_count++];
	*target = (struct target){ .subscriber = subscriber,
		.qos = sub->qos,
		.no_local = sub->no_local,
		.retain_as_published = sub->retain_as_published };
	id_add(m, s->memory, target, sub->id);
}

static void node_collect(struct match *m, struct subscriptions *s, const struct tree_node *node,
	const struct subscriber *publisher)
{
	const struct filter *f = node->value;

	if (!f)
		return;
	for (uint32_t i = 0; i < f->list.count; i++) {
		const struct subscription *sub = subscription_at(&f->list, i);
		/* [MQTT-3.8.3-3] */
		if (!(publisher && sub->no_local && sub->subscriber == publisher))
			target_add(m, s, sub);
	}
	for (struct share *share = f->shares; share; share = share->next) {
		if (!room_make(s->memory, (void **)&m->shares, m->share_count, &m->share_capacity,
			    sizeof(*m->shares))) {
			m->failed = true;
			return;
		}
		m->shares[m->share_count++] = share;
	}
}

static void level_match(struct match *m, struct subscriptions *s, const struct tree_node *node,
	uint32_t at, uint32_t count, const struct subscriber *publisher);

/* A child that takes the level `at`. */
static void child_match(struct match *m, struct subscriptions *s, const struct tree_node *child,
	uint32_t at, uint32_t count, const struct subscriber *publisher)
{
	enum tree_fit fit = child->levels == 1 ? TREE_FITS : tree_fits(&s->tree, child, at, count);

	if (fit == TREE_FITS)
		level_match(m, s, child, at + child->levels, count, publisher);
	else if (fit == TREE_FITS_ALL)
		node_collect(m, s, child, publisher);
}

static void level_match(struct match *m, struct subscriptions *s, const struct tree_node *node,
	uint32_t at, uint32_t count, const struct subscriber *publisher)
{
	/* [MQTT-4.7.2-1] */
	bool wildcards = at || s->tree.levels[0].len == 0 || *s->tree.levels[0].data != '$';

	if (wildcards && node->hash)
		node_collect(m, s, node->hash, publisher);
	if (at == count) {
		node_collect(m, s, node, publisher);
		return;
	}
	if (wildcards && node->plus)
		child_match(m, s, node->plus, at, count, publisher);
	const struct tree_node *child = tree_child(&s->tree, node, &s->tree.levels[at]);
	if (child)
		child_match(m, s, child, at, count, publisher);
}

static void match_once(struct match *m, struct subscriptions *s, struct mqtt_view topic,
	const struct subscriber *publisher)
{
	uint32_t count = tree_split(&s->tree, topic);

	s->stamp++;
	m->target_count = m->share_count = m->id_count = 0;
	m->mixed = m->failed = false;
	if (count)
		level_match(m, s, s->tree.root, 0, count, publisher);
	else
		m->failed = true;
}

void match_topic(struct match *m, struct subscriptions *s, struct mqtt_view topic,
	const struct subscriber *publisher)
{
	match_once(m, s, topic, NULL);
	if (m->mixed && publisher) {
		match_once(m, s, topic, publisher);
		m->mixed = true;
	}
}

struct visit {
	struct subscriptions *subscriptions;
	void (*call)(void *context, const struct subscription *sub);
	void *context;
	uint32_t count; /* levels of the topic */
};

static void node_visit(const struct visit *v, const struct tree_node *node)
{
	const struct filter *f = node->value;

	for (uint32_t i = 0; f && i < f->list.count; i++)
		v->call(v->context, subscription_at(&f->list, i));
}

static void level_visit(const struct visit *v, const struct tree_node *node, uint32_t at);

/* In the same way as child_match and level_match. */
static void child_visit(const struct visit *v, const struct tree_node *child, uint32_t at)
{
	enum tree_fit fit = tree_fits(&v->subscriptions->tree, child, at, v->count);

	if (fit == TREE_FITS)
		level_visit(v, child, at + child->levels);
	else if (fit == TREE_FITS_ALL)
		node_visit(v, child);
}

static void level_visit(const struct visit *v, const struct tree_node *node, uint32_t at)
{
	const struct tree *tree = &v->subscriptions->tree;
	bool wildcards = at || tree->levels[0].len == 0 || *tree->levels[0].data != '$';

	if (wildcards && node->hash)
		node_visit(v, node->hash);
	if (at == v->count) {
		node_visit(v, node);
		return;
	}
	if (wildcards && node->plus)
		child_visit(v, node->plus, at);
	const struct tree_node *child = tree_child(tree, node, &tree->levels[at]);
	if (child)
		child_visit(v, child, at);
}

void match_visit(struct subscriptions *s, struct mqtt_view topic,
	void (*visit)(void *context, const struct subscription *sub), void *context)
{
	struct visit v = { s, visit, context, tree_split(&s->tree, topic) };

	if (v.count)
		level_visit(&v, s->tree.root, 0);
}
