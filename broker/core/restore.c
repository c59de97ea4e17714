/* Nothing in a store is trusted: a pair that does not fit is refused. */
#include "broker/core/restore.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/message.h"
#include "broker/core/outgoing.h"
#include "broker/core/record.h"
#include "broker/core/session.h"
#include "broker/core/session_life.h"
#include "broker/core/stored.h"
#include "broker/core/will.h"
#include "mqtt/cursor.h"

/* The broker's own clock. */
static int64_t time_of(const struct broker *b, int64_t wall_ms)
{
	return wall_ms == INT64_MAX ? INT64_MAX : wall_ms - b->config.wall_offset_ms;
}

/* When a connection was lost that was there when the last broker ended. */
static int64_t ended_ms(const struct broker *b)
{
	int64_t ms = b->config.ended_wall_ms - b->config.wall_offset_ms;

	return b->config.ended_wall_ms && ms < b->now_ms ? ms : b->now_ms;
}

static struct message *message_make(struct broker *b, const struct stored_message *m)
{
	struct publication p = { .topic = m->topic,
		.properties = m->properties,
		.payload = m->payload,
		.expires_ms = time_of(b, m->expires_ms),
		.qos = m->qos,
		.retain = m->retain };

	return message_new(&b->memory, &p);
}

/* ---- what others refer to: both come in the order of their numbers ------------------------- */

/* Room for one more. */
static bool list_room(
	struct broker *b, void **list, size_t item, uint32_t count, uint32_t *capacity)
{
	if (count < *capacity)
		return true;
	uint32_t most = *capacity ? *capacity * 2 : 64;
	void *moved = memory_move(&b->memory, *list, count * item, *capacity * item, most * item);
	if (!moved)
		return false;
	*list = moved;
	*capacity = most;
	return true;
}

static bool message_restore(struct broker *b, const struct stored *p)
{
	struct restored *r = &b->restored;

	if (p->number <= b->serial)
		return false;
	struct message *m = message_make(b, &p->message);
	if (!m)
		return false;
	if (!list_room(b, (void **)&r->messages, sizeof(*r->messages), r->message_count,
		    &r->message_capacity)) {
		message_drop(&b->memory, m);
		return false;
	}
	b->serial = m->serial = p->number;
	r->messages[r->message_count++] = (struct restored_message){ p->number, m };
	return true;
}

static struct message *message_find(struct restored *r, uint64_t serial)
{
	uint32_t low = 0, high = r->message_count, next = r->message_at + 1;

	if (next < high && r->messages[next].serial == serial)
		low = high = next;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (r->messages[middle].serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == r->message_count || r->messages[low].serial != serial)
		return NULL;
	r->message_at = low;
	return r->messages[low].message;
}

static struct session *session_find(const struct restored *r, uint64_t number)
{
	uint32_t low = 0, high = r->session_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (session_number(r->sessions[middle]) < number)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < r->session_count && session_number(r->sessions[low]) == number;
	return found ? r->sessions[low] : NULL;
}

/* ---- sessions ------------------------------------------------------------------------------ */

static bool will_restore(struct broker *b, struct session *s, const struct stored_session *p)
{
	struct will *w = memory_take_zeroed(&b->memory, sizeof(*w));

	if (!w)
		return false;
	*w = (struct will){ .message = message_make(b, &p->will.message),
		.delay_s = p->will.delay_s,
		.lifetime_s = p->will.lifetime_s,
		.expires = p->will.expires,
		.due_ms = time_of(b, p->will.due_ms) };
	if (p->connected)
		w->due_ms = ended_ms(b) + (int64_t)w->delay_s * 1000;
	s->will = w;
	if (!w->message)
		will_drop(b, s);
	return s->will != NULL;
}

static bool name_restore(struct broker *b, struct session *s, struct mqtt_view name)
{
	if (!name.len)
		return true;
	s->user_name = memory_take(&b->memory, name.len);
	if (!s->user_name)
		return false;
	memcpy(s->user_name, name.data, name.len);
	s->user_name_len = (uint16_t)name.len;
	return true;
}

/* What was allowed by the last broker may be less by now. */
static uint32_t expiry_of(const struct broker *b, const struct stored_session *p)
{
	uint32_t most = b->config.limits.session_expiry_max_s;

	return p->expiry_s <= most ? p->expiry_s : most ? most : 1;
}

/* When it ends; one that was connected has been disconnected by the end of the broker. */
static int64_t end_of(const struct broker *b, const struct stored_session *p)
{
	uint32_t expiry_s = expiry_of(b, p);
	int64_t since_ms = p->connected ? ended_ms(b) : b->now_ms;
	int64_t end_ms = since_ms + (int64_t)expiry_s * 1000, told_ms = time_of(b, p->expires_ms);

	if (expiry_s == SESSION_NEVER_EXPIRES)
		end_ms = INT64_MAX;
	return p->connected || (expiry_s < p->expiry_s && end_ms < told_ms) ? end_ms : told_ms;
}

static bool session_restore(struct broker *b, const struct stored *stored)
{
	const struct stored_session *p = &stored->session;
	struct restored *r = &b->restored;

	if (stored->number <= b->number || sessions_find(&b->sessions, p->id) ||
		!list_room(b, (void **)&r->sessions, sizeof(*r->sessions), r->session_count,
			&r->session_capacity))
		return false;
	struct session *s = session_new(b, p->id, expiry_of(b, p),
		p->expiry_s ? SESSION_KEPT_WHOLE : SESSION_KEPT_WILL, stored->number);
	if (!s)
		return false;
	b->number = stored->number;
	r->sessions[r->session_count++] = s;
	s->version = p->version;
	s->realm = p->realm;
	s->expires_ms = end_of(b, p);
	/* Or its time would begin anew with the next end. */
	s->owed = p->expiry_s && (p->connected || s->expiry_s < p->expiry_s);
	return name_restore(b, s, p->user_name) && (!p->has_will || will_restore(b, s, p));
}

/* ---- what belongs to a session ------------------------------------------------------------- */

static bool subscription_restore(
	struct broker *b, struct session *s, const struct stored_subscription *p)
{
	static const struct subscription_limits none = { UINT32_MAX, UINT32_MAX };
	const struct mqtt_filter f = { .text = p->filter,
		.qos = p->qos,
		.no_local = p->no_local,
		.retain_as_published = p->retain_as_published };

	return subscriptions_add(&b->subscriptions, &s->subscriber, &f, p->qos, p->id, &none) <=
		SUBSCRIBE_REPLACED;
}

/* Subscription Identifiers, and the share that it came through: if that no longer has members,
 * there is nobody to hand it on to.
 */
static bool extra_restore(
	struct broker *b, const struct stored_delivery *p, struct delivery_extra **extra)
{
	uint32_t count = p->ids.len / 4;
	struct share *share =
		p->share.len ? subscriptions_share(&b->subscriptions, p->share) : NULL;

	if (!count && !share)
		return true;
	*extra = delivery_extra_new(&b->memory, share, count);
	struct mqtt_cursor at = cursor_of(p->ids);
	for (uint32_t i = 0; *extra && i < count; i++)
		cursor_u32(&at, &(*extra)->ids[i].id);
	return *extra != NULL;
}

static bool delivery_restore(
	struct broker *b, struct session *s, const struct stored_delivery *p, struct message *m)
{
	struct delivery d = { .message = m,
		.sequence = p->sequence,
		.id = p->id,
		.state = p->state,
		.qos = p->qos,
		.retain = p->retain,
		.stored = true };

	if (!extra_restore(b, p, &d.extra))
		return false;
	if (!outgoing_restore(b, s, &d)) {
		delivery_extra_free(&b->memory, d.extra);
		return false;
	}
	if (m)
		message_hold(m)->stored_refs++;
	return true;
}

static bool received_restore(struct broker *b, struct session *s, const struct stored_received *r)
{
	for (uint32_t id = 0; (id = stored_received_next(r, id)); id++)
		if (idset_add(&s->received, &b->memory, (uint16_t)id) != IDSET_ADDED)
			return false;
	return true;
}

static bool part_restore(struct broker *b, const struct stored *p, struct mqtt_view key)
{
	struct session *s = session_find(&b->restored, p->number);
	struct message *m = NULL;
	bool whole = s && session_is_durable(s);

	if (p->number > b->number)
		b->number = p->number;
	if (whole && p->kind == STORED_DELIVERY && p->delivery.serial) {
		m = message_find(&b->restored, p->delivery.serial);
		whole = m;
	}
	if (!whole) {
		record_orphan(b, key);
		return true;
	}
	if (p->kind == STORED_SUBSCRIPTION)
		return subscription_restore(b, s, &p->subscription);
	if (p->kind == STORED_RECEIVED)
		return received_restore(b, s, &p->received);
	return delivery_restore(b, s, &p->delivery, m);
}

/* ---- all of them --------------------------------------------------------------------------- */

static bool retained_restore(struct broker *b, const struct stored_message *p)
{
	struct message *m = message_make(b, p);
	bool ok =
		m && retained_put(&b->retained, m); /* if it has expired, the next tick drops it */

	message_drop(&b->memory, m);
	return ok;
}

static void messages_done(struct broker *b, struct restored *r)
{
	for (uint32_t i = 0; i < r->message_count; i++) {
		struct message *m = r->messages[i].message;
		if (!m->stored_refs)
			record_message_orphan(b, m);
		message_drop(&b->memory, m);
	}
	memory_give(&b->memory, r->messages, r->message_capacity * sizeof(*r->messages));
}

/* Their time goes on. */
static void sessions_done(struct broker *b, struct restored *r)
{
	for (uint32_t i = 0; i < r->session_count; i++) {
		struct session *s = r->sessions[i];
		if (s->owed)
			session_record(b, s);
		session_wait(b, s);
	}
	memory_give(&b->memory, r->sessions, r->session_capacity * sizeof(*r->sessions));
}

/* What is stored is taken in, whatever it takes: it was once allowed. Those whom it waits for have to find room to come for
 * it.
 */
static void limit_again(struct broker *b)
{
	uint64_t most = b->config.limits.memory_bytes, used = b->memory.used_bytes;
	uint64_t needed = used + used / MEMORY_RESERVE;

	memory_limit(&b->memory, most);
	if (needed > most)
		b->memory.limit_bytes = needed;
}

void restore_done(struct broker *b)
{
	struct restored r = b->restored;

	b->restored = (struct restored){ 0 };
	b->restoring = false;
	messages_done(b, &r);
	sessions_done(b, &r);
	limit_again(b);
}

bool broker_restore(struct broker *b, struct mqtt_view key, struct mqtt_view value)
{
	struct stored p;

	if (!stored_read(&p, key, value))
		return false;
	b->restoring = true;
	b->memory.limit_bytes = b->memory.scarce_bytes = UINT64_MAX;
	switch (p.kind) {
	case STORED_SESSION: return session_restore(b, &p);
	case STORED_MESSAGE: return message_restore(b, &p);
	case STORED_RETAINED: return retained_restore(b, &p.message);
	default: return part_restore(b, &p, key);
	}
}
