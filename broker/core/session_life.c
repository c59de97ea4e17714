#include "broker/core/session_life.h"

#include <string.h>

#include "broker/core/broker.h"
#include "broker/core/core.h"
#include "broker/core/deliver.h"
#include "broker/core/draw.h"
#include "broker/core/link.h"
#include "broker/core/message.h"
#include "broker/core/outgoing.h"
#include "broker/core/permit.h"
#include "broker/core/publish.h"
#include "broker/core/record.h"
#include "broker/core/session.h"
#include "broker/core/will.h"

/* Only those that may have to be kept have room for their number. */
static size_t session_size(const struct session *s)
{
	return sizeof(*s) + s->id_len + (s->numbered ? sizeof(uint64_t) : 0);
}

struct session *session_new(struct broker *b, struct mqtt_view id, uint32_t expiry_s,
	enum session_kept kept, uint64_t number)
{
	size_t number_size = kept ? sizeof(number) : 0;
	struct session *s = memory_take_zeroed(&b->memory, sizeof(*s) + id.len + number_size);

	if (!s)
		return NULL;
	if (!timer_make(&b->timers, &s->timer, TIMER_SESSION)) {
		memory_give(&b->memory, s, sizeof(*s) + id.len + number_size);
		return NULL;
	}
	s->expires_ms = INT64_MAX;
	s->expiry_s = expiry_s;
	s->id_len = (uint16_t)id.len;
	if (id.len)
		memcpy(s->id, id.data, id.len);
	if (kept) {
		s->kept = (uint8_t)kept;
		s->numbered = true;
		memcpy(s->id + id.len, &number, sizeof(number));
	}
	sessions_add(&b->sessions, s);
	return s;
}

static void session_free(struct broker *b, struct session *s)
{
	sessions_remove(&b->sessions, s);
	timer_drop(&b->timers, &s->timer);
	if (s->ending)
		s->ending->left = NULL;
	draws_end(b, s);
	subscriptions_remove_all(&b->subscriptions, &s->subscriber);
	outgoing_free(b, s);
	idset_clear(&s->received, &b->memory);
	will_drop(b, s);
	memory_give(&b->memory, s->user_name, s->user_name_len);
	memory_give(&b->memory, s, session_size(s));
}

void sessions_free_all(struct broker *b)
{
	const struct sessions *t = &b->sessions;

	for (uint32_t i = 0; t->buckets && i < t->bucket_count; i++)
		while (t->buckets[i])
			session_free(b, t->buckets[i]);
}

/* Publishes the Will, and tells the store of a session that `lasts`. False, with the Will as it was, if the
 * store has no room for that.
 */
static bool will_publish(struct broker *b, struct session *s, bool lasts)
{
	struct will *w = will_take(s);
	bool published = true;

	if (!w)
		return true;
	if (w->expires)
		w->message->expires_ms = b->now_ms + (int64_t)w->lifetime_s * 1000;
	struct publication p = publication_of(w->message);
	p.publisher = &s->subscriber;
	s->owed |= lasts && s->kept;
	if (may_leave(b, s, w->message)) { /* [MQTT-3.1.2-8] [MQTT-3.1.2-15] [MQTT-3.1.2-17] */
		if (!b->config.store.put)
			publish(b, &p);
		else if ((published = publish_will(b, &p, lasts ? s : NULL)))
			s->owed = false;
	}
	if (published)
		will_free(b, w);
	else
		s->will = w;
	return published;
}

bool session_will_due(struct broker *b, struct session *s)
{
	bool due = s->will && (s->late || is_expired(s->will->due_ms, b->now_ms));

	s->late = due && !will_publish(b, s, true);
	return !s->late;
}

/* What its shares gave it goes to their other members, one message after the other, each out of this session as it
 * is into theirs. A QoS 2 message that was under way stays with this client. [MQTT-4.8.2-5]
 */
static bool hand_on(struct broker *b, struct session *s)
{
	struct delivery *d;

	for (uint32_t at = 0; (d = outgoing_next(s->outgoing, &at));) {
		struct share *share = d->extra ? d->extra->share : NULL;
		bool free =
			d->state == DELIVERY_WAITING || (d->state == DELIVERY_SENT && d->qos == 1);
		if (!share || !share->node || !free ||
			is_expired(d->message->expires_ms, b->now_ms))
			continue;
		struct publication p = publication_of(d->message);
		if (!session_is_durable(s))
			deliver_to_share(b, share, &p);
		else if (!publish_to_share(b, share, &p))
			return false;
		outgoing_hand_on(b, s, d);
	}
	return true;
}

/* False if the store has no room for what follows from it. */
static bool end_now(struct broker *b, struct session *s)
{
	draws_end(b, s);
	record_subscriptions_gone(b, s);
	subscriptions_remove_all(&b->subscriptions, &s->subscriber);
	s->late = !hand_on(b, s) || !will_publish(b, s, false);
	if (s->late)
		return false;
	session_forget(b, s);
	session_free(b, s);
	return true;
}

bool session_end(struct broker *b, struct session *s)
{
	bool told = is_expired(s->expires_ms, b->now_ms) && !s->owed; /* the store */

	s->expires_ms = b->now_ms;
	if (end_now(b, s))
		return true;
	if (session_is_durable(s) && !s->expiry_s)
		s->expiry_s = 1; /* or what it is to hand on would not be read back */
	if (!told)
		s->owed = !record_session_over(b, s);
	session_wait(b, s);
	return false;
}

/* A turn may have begun a while ago. */
static int64_t moment_ms(const struct broker *b)
{
	return b->config.moment_ms ? b->config.moment_ms(b->config.moment_context) : b->now_ms;
}

static int64_t after(const struct broker *b, uint32_t seconds)
{
	return moment_ms(b) + (int64_t)seconds * 1000 + b->config.clock_grain_ms;
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
		s->late = !s->will->delay_s;
	}
	outgoing_rest(b, s);
	draws_rest(b, s);
	s->owed = s->kept;
	session_will_due(b, s);
	if (s->owed)
		session_record(b, s);
	session_wait(b, s);
}

void session_record(struct broker *b, struct session *s)
{
	s->owed = !record_session(b, s);
}

void session_wait(struct broker *b, struct session *s)
{
	int64_t due_ms = s->expires_ms;

	/* [MQTT-3.1.2-8]: the Will, when its delay is over or the session is. */
	if (s->will && s->will->due_ms < due_ms)
		due_ms = s->will->due_ms;
	if (s->late || (s->owed && b->now_ms + STORE_RETRY_MS < due_ms))
		due_ms = b->now_ms + STORE_RETRY_MS;
	if (due_ms == INT64_MAX)
		timer_clear(&b->timers, &s->timer);
	else
		timer_set(&b->timers, &s->timer, due_ms);
}

void session_pump_later(struct broker *b, struct session *s)
{
	if (outgoing_waits(s->outgoing))
		timer_set(&b->timers, &s->timer, b->now_ms);
}

void session_due(struct broker *b, struct session *s)
{
	if (s->link) {
		outgoing_try_again(b, s);
		outgoing_pump(b, s);
		return;
	}
	if (is_expired(s->expires_ms, b->now_ms)) { /* [MQTT-4.1.0-2] */
		session_end(b, s);
		return;
	}
	session_will_due(b, s);
	if (s->owed)
		session_record(b, s);
	session_wait(b, s);
}

void session_forget(struct broker *b, struct session *s)
{
	outgoing_forget(b, s);
	record_session_gone(b, s);
}

void session_forget_parts(struct broker *b, struct session *s)
{
	outgoing_forget(b, s);
	record_parts_gone(b, s);
	s->kept = SESSION_KEPT_WILL;
}
