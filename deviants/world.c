#include "deviants/world.h"

#include <stdlib.h>
#include <string.h>

#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	HASH_SEED = 5381,
	HASH_FACTOR = 33,
	PAYLOAD_BEGIN = 64, /* bytes of a payload that are kept */
	CONNECT_OF_WILL = CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN,
};

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	arena_init(&w->arena);
}

static void forget(struct published *m)
{
	free((void *)m->topic.data);
	free((void *)m->payload_begin.data);
	memset(m, 0, sizeof(*m));
}

void world_fini(struct world *w)
{
	for (size_t i = 0; i < PUBLISHED_LATELY; i++)
		forget(&w->published[i]);
	arena_fini(&w->arena);
}

/* ---- sessions ------------------------------------------------------------------------------ */

static struct bytes kept(struct arena *a, struct bytes b)
{
	return (struct bytes){ b.len ? arena_copy(a, b.data, b.len) : NULL, b.len };
}

static size_t bucket_of(struct bytes client_id)
{
	size_t hash = HASH_SEED;

	for (size_t i = 0; i < client_id.len; i++)
		hash = hash * HASH_FACTOR + client_id.data[i];
	return hash % SESSION_BUCKETS;
}

static struct session *session_of(struct world *w, struct bytes client_id)
{
	struct session **bucket = &w->sessions[bucket_of(client_id)];

	for (struct session *s = *bucket; s && client_id.len; s = s->next)
		if (bytes_equal(s->client_id, client_id))
			return s;
	struct session *s = arena_new(&w->arena, struct session);
	s->client_id = kept(&w->arena, client_id);
	s->next = *bucket;
	*bucket = s;
	return s;
}

struct session *world_connect(struct world *w, const struct packet *connect)
{
	struct session *s = session_of(w, connect->client_id);

	s->version = connect->level == MQTT_50 ? MQTT_50 : MQTT_311;
	if (connect->connect_flags & CONNECT_CLEAN)
		s->subscriptions = NULL;
	else if (s->connections)
		s->resumptions++;
	s->connections++;
	s->open++;
	s->earlier_will = s->will;
	if (connect->connect_flags & CONNECT_WILL)
		s->will = (struct last_will){ true, connect->connect_flags & CONNECT_OF_WILL,
			kept(&w->arena, connect->will_topic),
			kept(&w->arena, connect->will_payload) };
	return s;
}

/* ---- subscriptions ------------------------------------------------------------------------- */

/* What it was; NULL: there was none. */
static const struct subscription *subscription_remove(struct session *s, struct bytes filter)
{
	for (struct subscription **at = &s->subscriptions; *at; at = &(*at)->next)
		if (bytes_equal((*at)->filter, filter)) {
			const struct subscription *removed = *at;

			*at = removed->next;
			return removed;
		}
	return NULL;
}

void world_subscribe(struct world *w, struct session *s, const struct packet *subscribe)
{
	const struct property *identifier =
		properties_find(&subscribe->properties, PROP_SUBSCRIPTION_IDENTIFIER);

	for (size_t i = 0; i < subscribe->filter_count; i++) {
		const struct filter *f = &subscribe->filters[i];
		struct subscription *new = arena_new(&w->arena, struct subscription);

		const struct subscription *old = subscription_remove(s, f->text);
		new->replaces = old;
		new->old_options = old ? old->options : 0;
		new->filter = kept(&w->arena, f->text);
		new->options = f->options;
		new->identifier = identifier ? identifier->number : 0;
		new->next = s->subscriptions;
		s->subscriptions = new;
	}
}

size_t world_unsubscribe(struct session *s, const struct packet *unsubscribe)
{
	size_t removed = 0;

	for (size_t i = 0; i < unsubscribe->filter_count; i++)
		removed += subscription_remove(s, unsubscribe->filters[i].text) != NULL;
	return removed;
}

const struct subscription *session_find(const struct session *s, struct bytes filter)
{
	for (const struct subscription *at = s ? s->subscriptions : NULL; at; at = at->next)
		if (bytes_equal(at->filter, filter))
			return at;
	return NULL;
}

const struct subscription *session_match(
	const struct session *s, struct bytes topic, const struct subscription *after)
{
	const struct subscription *at = after ? after->next : s ? s->subscriptions : NULL;

	while (at && !filter_matches(at->filter, topic))
		at = at->next;
	return at;
}

bool filter_has_wildcard(struct bytes filter)
{
	return memchr(filter.data ? (const void *)filter.data : "", '+', filter.len) ||
		memchr(filter.data ? (const void *)filter.data : "", '#', filter.len);
}

/* ---- messages ------------------------------------------------------------------------------ */

static struct bytes duplicate(struct bytes b)
{
	uint8_t *data = b.len ? malloc(b.len) : NULL;

	if (!data)
		return (struct bytes){ NULL, 0 };
	memcpy(data, b.data, b.len);
	return (struct bytes){ data, b.len };
}

static struct bytes begin_of(struct bytes payload)
{
	return (struct bytes){ payload.data,
		payload.len < PAYLOAD_BEGIN ? payload.len : PAYLOAD_BEGIN };
}

void world_publish(struct world *w, struct session *publisher, enum mqtt_version version,
	const struct packet *publish, struct bytes topic)
{
	struct published *m = &w->published[w->published_count++ % PUBLISHED_LATELY];
	const struct property *expiry = properties_find(&publish->properties, PROP_MESSAGE_EXPIRY);
	const struct property *alias = properties_find(&publish->properties, PROP_TOPIC_ALIAS);

	forget(m);
	*m = (struct published){
		.topic = duplicate(topic),
		.payload_begin = duplicate(begin_of(publish->payload)),
		.payload_len = publish->payload.len,
		.publisher = publisher,
		.version = version,
		.qos = publish->qos,
		.retain = publish->retain,
		.dup = publish->dup,
		.properties = publish->properties.count,
		.expiry = expiry ? expiry->number : 0,
		.alias = alias ? (uint16_t)alias->number : 0,
	};
	if (publish->retain && !publish->payload.len)
		w->removed[w->removed_count++ % REMOVED_LATELY] = kept(&w->arena, topic);
	if (publish->retain && publisher)
		publisher->retained = kept(&w->arena, topic);
}

void world_alias(struct world *w, struct session *publisher, uint32_t alias, struct bytes topic)
{
	struct bytes own = kept(&w->arena, topic);

	if (alias >= WORLD_ALIASES)
		return;
	w->alias[alias] = own;
	if (publisher)
		publisher->alias[alias] = own;
}

const struct published *world_origin(
	const struct world *w, struct bytes topic, struct bytes payload)
{
	uint64_t count =
		w->published_count < PUBLISHED_LATELY ? w->published_count : PUBLISHED_LATELY;

	for (uint64_t back = 1; back <= count; back++) {
		const struct published *m =
			&w->published[(w->published_count - back) % PUBLISHED_LATELY];

		if (m->payload_len == payload.len && bytes_equal(m->topic, topic) &&
			bytes_equal(m->payload_begin, begin_of(payload)))
			return m;
	}
	return NULL;
}

static bool will_is(const struct last_will *will, struct bytes topic, struct bytes payload)
{
	return will->set && bytes_equal(will->topic, topic) && bytes_equal(will->payload, payload);
}

const struct session *world_will(const struct world *w, struct bytes topic, struct bytes payload)
{
	for (size_t i = 0; i < SESSION_BUCKETS; i++)
		for (const struct session *s = w->sessions[i]; s; s = s->next)
			if (will_is(&s->will, topic, payload) ||
				will_is(&s->earlier_will, topic, payload))
				return s;
	return NULL;
}

/* ---- users --------------------------------------------------------------------------------- */

void world_let_in(struct world *w, struct bytes user, struct bytes password)
{
	if (!user.len || world_password(w, user).len)
		return;
	struct user_known *new = arena_new(&w->arena, struct user_known);
	*new = (struct user_known){ w->users, kept(&w->arena, user), kept(&w->arena, password) };
	w->users = new;
}

struct bytes world_password(const struct world *w, struct bytes user)
{
	for (const struct user_known *at = w->users; at; at = at->next)
		if (bytes_equal(at->name, user))
			return at->password;
	return (struct bytes){ NULL, 0 };
}

bool world_has_left(const struct world *w, struct bytes filter)
{
	for (size_t i = 0; i < SESSION_BUCKETS; i++)
		for (const struct session *s = w->sessions[i]; s; s = s->next)
			if (!s->open && session_find(s, filter))
				return true;
	return false;
}

void world_shakes_hands(struct world *w, bool *own, bool does)
{
	if (*own != does)
		w->shaking_hands += does ? 1 : (unsigned)-1;
	*own = does;
}
