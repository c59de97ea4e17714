#include "broker/core/session.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/hash.h"
#include "broker/core/link.h"
#include "broker/core/memory.h"
#include "broker/core/outgoing.h"
#include "broker/core/record.h"
#include "broker/core/will.h"

enum { FIRST_BUCKETS = 64 };

bool sessions_init(struct broker *b)
{
	struct sessions *t = &b->sessions;

	t->bucket_count = FIRST_BUCKETS;
	t->buckets = memory_take_zeroed(&b->memory, FIRST_BUCKETS * sizeof(*t->buckets));
	return t->buckets != NULL;
}

struct mqtt_view session_id(const struct session *s)
{
	return (struct mqtt_view){ s->id, s->id_len };
}

struct session *session_find(struct broker *b, struct mqtt_view id)
{
	uint32_t hash = (uint32_t)hash_view(b->config.seed, id);
	struct session *s = b->sessions.buckets[hash & (b->sessions.bucket_count - 1)];

	while (s && !(s->hash == hash && mqtt_view_equal(session_id(s), id)))
		s = s->chained;
	return s;
}

static void buckets_grow(struct broker *b)
{
	struct sessions *t = &b->sessions;
	uint32_t count = t->bucket_count * 2;
	struct session **buckets = memory_take_zeroed(&b->memory, count * sizeof(*buckets));

	if (!buckets)
		return;
	for (uint32_t i = 0; i < t->bucket_count; i++) {
		for (struct session *s = t->buckets[i], *next; s; s = next) {
			next = s->chained;
			s->chained = buckets[s->hash & (count - 1)];
			buckets[s->hash & (count - 1)] = s;
		}
	}
	memory_give(&b->memory, t->buckets, t->bucket_count * sizeof(*t->buckets));
	t->buckets = buckets;
	t->bucket_count = count;
}

struct session *session_new(struct broker *b, struct mqtt_view id, uint32_t expiry_s)
{
	struct session *s = memory_take_zeroed(&b->memory, sizeof(*s) + id.len);
	struct sessions *t = &b->sessions;

	if (!s)
		return NULL;
	if (t->count++ >= t->bucket_count)
		buckets_grow(b);
	s->hash = (uint32_t)hash_view(b->config.seed, id);
	s->chained = t->buckets[s->hash & (t->bucket_count - 1)];
	t->buckets[s->hash & (t->bucket_count - 1)] = s;
	s->timer.kind = TIMER_SESSION;
	s->expires_ms = INT64_MAX;
	s->expiry_s = expiry_s;
	s->id_len = (uint16_t)id.len;
	s->durable = expiry_s && b->config.store.put;
	if (id.len)
		memcpy(s->id, id.data, id.len);
	return s;
}

static void session_free(struct broker *b, struct session *s)
{
	struct session **at = &b->sessions.buckets[s->hash & (b->sessions.bucket_count - 1)];

	while (*at != s)
		at = &(*at)->chained;
	*at = s->chained;
	b->sessions.count--;
	timer_clear(&b->timers, &s->timer);
	if (s->ending)
		s->ending->left = NULL;
	subscriptions_remove_all(&b->subscriptions, s);
	draws_end(b, s);
	outgoing_free(b, s);
	idset_clear(&s->received, &b->memory);
	will_drop(b, s);
	memory_give(&b->memory, s, sizeof(*s) + s->id_len);
}

void sessions_fini(struct broker *b)
{
	struct sessions *t = &b->sessions;

	for (uint32_t i = 0; t->buckets && i < t->bucket_count; i++)
		while (t->buckets[i])
			session_free(b, t->buckets[i]);
	memory_give(&b->memory, t->buckets, t->bucket_count * sizeof(*t->buckets));
}

static int64_t after(const struct broker *b, uint32_t seconds)
{
	return b->now_ms + (int64_t)seconds * 1000 + b->config.clock_grain_ms;
}

void session_detach(struct broker *b, struct session *s, bool drop_will)
{
	s->link->session = NULL;
	s->link = NULL;
	b->figures.connected--;
	if (drop_will)
		will_drop(b, s); /* [MQTT-3.14.4-3] */
	if (!s->expiry_s) {
		session_end(b, s);
		return;
	}
	s->expires_ms = s->expiry_s == SESSION_NEVER_EXPIRES ? INT64_MAX : after(b, s->expiry_s);
	if (s->will) {
		s->will->due_ms = after(b, s->will->delay_s);
		if (!s->will->delay_s)
			will_publish(b, s);
	}
	outgoing_rest(b, s);
	draws_rest(b, s);
	record_session(b, s);
	session_wait(b, s);
}

void session_wait(struct broker *b, struct session *s)
{
	int64_t due_ms = s->expires_ms;

	/* [MQTT-3.1.2-8]: the Will, when its delay is over or the session is. */
	if (s->will && s->will->due_ms < due_ms)
		due_ms = s->will->due_ms;
	if (due_ms == INT64_MAX)
		timer_clear(&b->timers, &s->timer);
	else if (!timer_set(&b->timers, &s->timer, due_ms))
		session_end(b, s);
}

void session_pump_later(struct broker *b, struct session *s)
{
	const struct outgoing *o = s->outgoing;

	if (o && o->sent != o->end && !timer_set(&b->timers, &s->timer, b->now_ms))
		outgoing_pump(b, s); /* rather than never */
}

void session_due(struct broker *b, struct session *s)
{
	if (s->link) {
		outgoing_pump(b, s);
		return;
	}
	if (is_expired(s->expires_ms, b->now_ms)) { /* [MQTT-4.1.0-2] */
		session_end(b, s);
		return;
	}
	if (s->will && is_expired(s->will->due_ms, b->now_ms)) {
		will_publish(b, s);
		record_session(b, s);
	}
	session_wait(b, s);
}

void session_end(struct broker *b, struct session *s)
{
	record_session_gone(b, s);
	subscriptions_remove_all(&b->subscriptions, s);
	will_publish(b, s);
	outgoing_hand_on(b, s);
	session_free(b, s);
}
