#include "deviants/world.h"

#include <stdlib.h>
#include <string.h>

#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	HASH_SEED = 5381,
	HASH_FACTOR = 33,
	PAYLOAD_BEGIN = 64, /* bytes of a payload that are kept */
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
	return s;
}

/* ---- subscriptions ------------------------------------------------------------------------- */

static void subscription_remove(struct session *s, struct bytes filter)
{
	for (struct subscription **at = &s->subscriptions; *at; at = &(*at)->next)
		if (bytes_equal((*at)->filter, filter)) {
			*at = (*at)->next;
			return;
		}
}

void world_subscribe(struct world *w, struct session *s, const struct packet *subscribe)
{
	const struct property *identifier =
		properties_find(&subscribe->properties, PROP_SUBSCRIPTION_IDENTIFIER);

	for (size_t i = 0; i < subscribe->filter_count; i++) {
		const struct filter *f = &subscribe->filters[i];
		struct subscription *new = arena_new(&w->arena, struct subscription);

		subscription_remove(s, f->text);
		new->filter = kept(&w->arena, f->text);
		new->options = f->options;
		new->identifier = identifier ? identifier->number : 0;
		new->next = s->subscriptions;
		s->subscriptions = new;
	}
}

void world_unsubscribe(struct session *s, const struct packet *unsubscribe)
{
	for (size_t i = 0; i < unsubscribe->filter_count; i++)
		subscription_remove(s, unsubscribe->filters[i].text);
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

void world_publish(struct world *w, const struct session *publisher, enum mqtt_version version,
	const struct packet *publish, struct bytes topic)
{
	struct published *m = &w->published[w->published_count++ % PUBLISHED_LATELY];

	forget(m);
	*m = (struct published){
		.topic = duplicate(topic),
		.payload_begin = duplicate(begin_of(publish->payload)),
		.payload_len = publish->payload.len,
		.publisher = publisher,
		.version = version,
		.qos = publish->qos,
		.retain = publish->retain,
		.properties = publish->properties.count,
	};
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
