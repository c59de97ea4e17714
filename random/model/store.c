/* What is retained, and what a subscription draws of it. */
#include "random/model/state.h"

/* 3.1.1 knows no Retain Handling: a SUBSCRIBE always draws. [MQTT-3.8.4-3] */
static bool may_draw(const struct subscription *s)
{
	return s->draws;
}

static void add_draw(struct model *m, unsigned client, unsigned filter, uint32_t number, bool must)
{
	if (has_expired(m, message_of(m, number)))
		return;
	struct session *s = &m->sessions[client];
	const struct subscription *sub = &s->subscriptions[filter];
	const struct message *x = message_of(m, number);
	struct due *d = due_add(m, s, number, FROM_STORE, filter);
	/* Whether No Local holds back one's own retained messages is not said. */
	bool own = sub->now.no_local && x->publisher == client;

	d->variants[d->variant_count++] = (struct variant){ sub->now, true };
	d->must = must && !own && s->exists == EXISTS;
}

/* Of an earlier batch: it may replace what is there at any time. */
static bool is_under_way(const struct model *m, const struct message *x, unsigned topic)
{
	return x->what.topic == topic && x->what.retain && !x->settled && !x->waits &&
		x->batch != m->batch;
}

static bool any_under_way(const struct model *m, unsigned topic)
{
	for (size_t i = 0; i < m->message_count; i++)
		if (is_under_way(m, &m->messages[i], topic))
			return true;
	return false;
}

void store_draws(struct model *m, unsigned client, unsigned filter)
{
	const struct subscription *sub = &m->sessions[client].subscriptions[filter];
	bool certain = sub->now.handling == 0 || !sub->unsure_before;

	if (!may_draw(sub))
		return;
	for (unsigned topic = 0; topic < TOPIC_COUNT; topic++) {
		const struct kept *k = &m->kept[topic];
		if (!filter_lets_through(filter, topic))
			continue;
		if (k->certain && k->message)
			add_draw(m, client, filter, k->message,
				certain && !k->pending_count && !any_under_way(m, topic));
		for (unsigned i = 0; !k->certain && i < k->candidate_count; i++)
			add_draw(m, client, filter, k->candidates[i], false);
		for (unsigned i = 0; i < k->pending_count; i++)
			if (!message_of(m, k->pending[i])->what.empty)
				add_draw(m, client, filter, k->pending[i], false);
		/* Of a publisher that broke off, and may come back. */
		for (size_t i = 0; i < m->message_count; i++) {
			const struct message *x = &m->messages[i];
			if (is_under_way(m, x, topic) && !x->what.empty)
				add_draw(m, client, filter, (uint32_t)i + 1, false);
		}
	}
}

/* A subscription that is not settled may find it there, and not what was there before. */
static void meet_subscriptions(struct model *m, uint32_t number)
{
	const struct message *x = message_of(m, number);

	for (unsigned c = 0; c < SESSIONS; c++) {
		struct session *s = &m->sessions[c];
		for (unsigned f = 0; f < FILTER_COUNT; f++) {
			const struct subscription *sub = &s->subscriptions[f];
			bool asks = sub->state == SUBSCRIBING || sub->state == REPLACING ||
				sub->state == UNSURE;
			if (asks && may_draw(sub) && !filter_is_of_share(f) &&
				filter_lets_through(f, x->what.topic) && !x->what.empty)
				add_draw(m, c, f, number, false);
		}
		for (size_t i = s->due_first; i < s->due_count; i++) {
			struct due *d = &s->dues[i];
			if (d->source == FROM_STORE && d->batch == m->batch && !d->copy_count &&
				message_of(m, d->number)->what.topic == x->what.topic)
				d->must = false;
		}
	}
}

void store_publishes(struct model *m, uint32_t number)
{
	struct kept *k = &m->kept[message_of(m, number)->what.topic];

	meet_subscriptions(m, number);
	if (k->pending_count == CANDIDATES_MAX)
		k->unknown = true;
	else
		k->pending[k->pending_count++] = number;
}

static void add_candidate(struct kept *k, uint32_t number)
{
	if (k->candidate_count == CANDIDATES_MAX)
		k->unknown = true;
	else
		k->candidates[k->candidate_count++] = number;
}

/* Several at a time, or one that may not have got there: whatever of it comes last is kept. */
static void become_uncertain(struct model *m, struct kept *k)
{
	bool any_sure = false;

	for (unsigned i = 0; i < k->pending_count; i++)
		any_sure |=
			message_of(m, k->pending[i])->sure && !message_of(m, k->pending[i])->late;
	if (any_sure) {
		k->candidate_count = 0;
		k->nothing = false;
	} else if (k->certain) {
		k->candidate_count = 0;
		k->nothing = !k->message;
		if (k->message)
			add_candidate(k, k->message);
	}
	k->certain = false;
	for (unsigned i = 0; i < k->pending_count; i++) {
		const struct message *x = message_of(m, k->pending[i]);
		/* One of QoS 0 may be dropped at any time. */
		k->nothing |= x->what.empty || !x->what.qos;
		if (!x->what.empty)
			add_candidate(k, k->pending[i]);
	}
}

void store_settles(struct model *m)
{
	for (unsigned topic = 0; topic < TOPIC_COUNT; topic++) {
		struct kept *k = &m->kept[topic];
		if (!k->pending_count)
			continue;
		const struct message *x = message_of(m, k->pending[0]);
		if (k->pending_count == 1 && x->sure && !x->late &&
			(x->what.qos || x->what.empty)) {
			k->certain = true;
			k->unknown = false;
			k->message = x->what.empty ? 0 : k->pending[0];
		} else {
			become_uncertain(m, k);
		}
		k->pending_count = 0;
	}
}

uint32_t model_kept(const struct model *m, unsigned topic)
{
	const struct kept *k = &m->kept[topic];

	return k->certain && !k->unknown ? k->message : KEPT_UNKNOWN;
}
