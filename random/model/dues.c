/* Who is to get a message: a due for each session and source. */
#include "random/model/state.h"

struct due *due_find(struct session *s, uint32_t number, enum source source, unsigned filter)
{
	for (size_t i = s->due_count; i-- > 0;) {
		struct due *d = &s->dues[i];
		if (d->number == number && d->source == source && !d->gone &&
			(source == FROM_PUBLISHER || d->filter == filter))
			return d;
	}
	return NULL;
}

const struct due *due_of_observer(const struct model *m, uint32_t number)
{
	struct session *o = (struct session *)&m->sessions[OBSERVER];

	return due_find(o, number, FROM_PUBLISHER, FILTER_OBSERVER);
}

struct due *due_add(
	struct model *m, struct session *s, uint32_t number, enum source source, unsigned filter)
{
	s->dues = arena_grow(m->arena, s->dues, s->due_count, &s->due_capacity, sizeof(*s->dues));
	struct due *d = &s->dues[s->due_count++];
	*d = (struct due){
		.number = number,
		.source = source,
		.filter = (uint8_t)filter,
		.batch = m->batch,
		.since_us = m->now_us,
	};
	return d;
}

bool subscription_may(const struct subscription *s)
{
	return s->state != SUBSCRIBED_NOT;
}

static bool subscription_must(const struct subscription *s)
{
	return s->state == SUBSCRIBED || (s->state == REPLACING && !s->unsure_before);
}

unsigned qos_through(const struct message *message, const struct options *o)
{
	return message->what.qos < o->qos ? message->what.qos : o->qos;
}

static void add_variant(struct due *d, const struct options *o, bool certain)
{
	if (d->variant_count == VARIANTS_MAX) {
		d->loose = true;
		return;
	}
	d->variants[d->variant_count++] = (struct variant){ *o, certain };
}

/* The subscription may be there with these options or with others. */
static void add_variants(struct due *d, const struct subscription *s)
{
	add_variant(d, &s->now, s->state == SUBSCRIBED);
	if (s->state == REPLACING || s->state == UNSURE)
		add_variant(d, &s->before, false);
	for (unsigned i = 0; i < s->older_count; i++) {
		struct options o = s->older[i];
		o.qos = s->now.qos;
		add_variant(d, &o, false);
	}
}

/* [MQTT-3.8.3-3] speaks of the connection that publishes; a Will is published by the server. */
enum locality { IS_LOCAL_NOT, IS_LOCAL, IS_LOCAL_PERHAPS };

static enum locality locality(
	const struct message *x, unsigned client, const struct subscription *s)
{
	bool both = s->state == REPLACING || s->state == UNSURE;
	bool now = s->now.no_local, before = both ? s->before.no_local : now;

	if (x->publisher != client || (!now && !before))
		return IS_LOCAL_NOT;
	return now && before && !x->will ? IS_LOCAL : IS_LOCAL_PERHAPS;
}

/* ---- ordinary subscriptions --------------------------------------------------------------- */

/* Whether what waits for a client that is away must wait: the QoS of the best subscription decides. */
static bool must_wait(
	struct model *m, struct session *s, const struct message *x, const struct due *d)
{
	unsigned most = 0;

	for (size_t i = 0; i < d->variant_count; i++) {
		unsigned qos = qos_through(x, &d->variants[i].options);
		if (d->variants[i].certain && qos > most)
			most = qos;
	}
	if (!most)
		return false;
	return s->queued++ < m->queue;
}

/* Whether the one copy for all subscriptions that match is also as those have it that keep it back is not said. */
static void find_local(struct model *m, unsigned client, struct due *d)
{
	const struct message *x = message_of(m, d->number);

	d->local_count = 0;
	for (unsigned f = 0; f < FILTER_FIRST_SHARED; f++) {
		const struct subscription *sub = &m->sessions[client].subscriptions[f];
		if (!subscription_may(sub) || !filter_lets_through(f, x->what.topic) ||
			locality(x, client, sub) != IS_LOCAL)
			continue;
		if (d->local_count < VARIANTS_MAX)
			d->local[d->local_count++] = sub->now;
		else
			d->loose = true;
	}
}

static void due_of_session(struct model *m, unsigned client, uint32_t number)
{
	struct session *s = &m->sessions[client];
	const struct message *x = message_of(m, number);
	struct due *d = NULL;
	bool must = false;

	for (unsigned f = 0; f <= FILTER_COUNT; f++) {
		struct subscription *sub = &s->subscriptions[f];
		if (!subscription_may(sub) || filter_is_of_share(f) ||
			!filter_lets_through(f, x->what.topic))
			continue;
		enum locality own = locality(x, client, sub);
		if (own == IS_LOCAL)
			continue;
		if (!d) {
			d = due_add(m, s, number, FROM_PUBLISHER, f);
			d->resumed = true;
			/* A server need not have noticed yet that the client is gone. */
			d->offered = s->connected || s->left_batch == m->batch;
			d->waited = !s->connected;
		}
		d->resumed &= sub->resumed || !s->connected;
		bool sure = subscription_must(sub) && own == IS_LOCAL_NOT;
		must |= sure;
		size_t first = d->variant_count;
		add_variants(d, sub);
		for (size_t i = first; i < d->variant_count; i++)
			d->variants[i].certain &= sure;
	}
	if (!d)
		return;
	find_local(m, client, d);
	/* Its own Will: whether it was published before the session went on is not known. */
	bool own_will = x->will && x->publisher == client;
	d->must = must && existence_now(m, s) == EXISTS && !own_will;
	if (d->must && (!s->connected || s->holds))
		d->must = must_wait(m, s, x, d);
}

/* ---- shares -------------------------------------------------------------------------------- */

static void add_share(struct model *m, struct share_due share)
{
	m->shares = arena_grow(
		m->arena, m->shares, m->share_count, &m->share_capacity, sizeof(*m->shares));
	m->shares[m->share_count++] = share;
}

/* One member gets it, whoever that is: one of QoS 1 or 2 may also wait for a member that is away. */
static void due_of_share(struct model *m, unsigned filter, uint32_t number)
{
	bool any = false, all_there = true;

	for (unsigned c = 0; c < SESSIONS; c++) {
		struct session *s = &m->sessions[c];
		struct subscription *sub = &s->subscriptions[filter];
		if (!subscription_may(sub))
			continue;
		any = true;
		all_there &= subscription_must(sub) && s->connected && !s->holds &&
			existence_now(m, s) == EXISTS;
		struct due *d = due_add(m, s, number, FROM_SHARE, filter);
		add_variants(d, sub);
		for (size_t i = 0; i < d->variant_count; i++)
			d->variants[i].certain &= subscription_must(sub);
	}
	if (!any)
		return;
	add_share(m,
		(struct share_due){ .number = number,
			.filter = (uint8_t)filter,
			.must = all_there,
			.loose = !all_there });
}

void dues_of_message(struct model *m, uint32_t number)
{
	for (unsigned c = 0; c < SESSIONS; c++)
		due_of_session(m, c, number);
	for (unsigned f = FILTER_FIRST_SHARED; f < FILTER_COUNT; f++)
		if (filter_lets_through(f, message_of(m, number)->what.topic))
			due_of_share(m, f, number);
}

/* ---- younger subscriptions ------------------------------------------------------------------ */

/* Of a share that this message met, or that has come about since it was sent. */
static void loosen_share(struct model *m, unsigned filter, uint32_t number)
{
	for (size_t i = m->share_first; i < m->share_count; i++)
		if (m->shares[i].filter == filter && m->shares[i].number == number) {
			m->shares[i].loose = true;
			m->shares[i].must = false;
			return;
		}
	add_share(m,
		(struct share_due){ .number = number, .filter = (uint8_t)filter, .loose = true });
}

static void loosen(struct model *m, unsigned client, unsigned filter, uint32_t number)
{
	struct session *s = &m->sessions[client];
	const struct subscription *sub = &s->subscriptions[filter];
	enum source source = filter_is_of_share(filter) ? FROM_SHARE : FROM_PUBLISHER;
	struct due *d = due_find(s, number, source, filter);

	if (!d)
		d = due_add(m, s, number, source, filter);
	for (unsigned i = 0; i < d->variant_count; i++)
		d->variants[i].certain = false;
	add_variants(d, sub);
	d->loose |= sub->state != SUBSCRIBING || d->variant_count > 2;
	if (source == FROM_SHARE)
		loosen_share(m, filter, number);
	else
		find_local(m, client, d);
}

void dues_of_subscription(struct model *m, unsigned client, unsigned filter)
{
	for (size_t i = 0; i < m->message_count; i++) {
		const struct message *x = &m->messages[i];
		if (!x->settled && !x->waits && filter_lets_through(filter, x->what.topic))
			loosen(m, client, filter, (uint32_t)i + 1);
	}
}
