#include "broker/core/record.h"

#include "broker/core/commit.h"
#include "broker/core/core.h"
#include "broker/core/delivery.h"
#include "broker/core/link.h"
#include "broker/core/message.h"
#include "broker/core/session.h"
#include "broker/core/stored.h"
#include "broker/core/will.h"

enum { AMEND_BYTES = 1024 }; /* of a value, at most: a larger one takes pages, as a new one does */

static void u64_add(struct buf *out, uint64_t value)
{
	buf_add_u32(out, (uint32_t)(value >> 32));
	buf_add_u32(out, (uint32_t)value);
}

static void time_add(struct broker *b, struct buf *out, int64_t ms)
{
	u64_add(out, (uint64_t)(ms == INT64_MAX ? ms : ms + b->config.wall_offset_ms));
}

static void key_begin(struct broker *b, char kind)
{
	buf_reset(&b->key);
	buf_reset(&b->value);
	buf_add_u8(&b->key, (uint8_t)kind);
	buf_add_u8(&b->value, STORED_VERSION);
}

static void key_session(struct broker *b, char kind, const struct session *s)
{
	key_begin(b, kind);
	u64_add(&b->key, session_number(s));
}

static struct mqtt_view view_of(const struct buf *buf)
{
	return (struct mqtt_view){ buf->data, (uint32_t)buf->len };
}

/* A pair that was cut short for lack of memory must not get into the store. */
static bool put(struct broker *b)
{
	const struct broker_store *store = &b->config.store;
	bool ok = !b->key.failed && !b->value.failed &&
		store->put(store->context, view_of(&b->key), view_of(&b->value));

	b->uncommitted |= ok;
	b->commit_bytes += b->key.len + b->value.len;
	b->changes += ok;
	b->figures.store_failures += !ok;
	return ok;
}

static void drop(struct broker *b)
{
	b->uncommitted = true;
	b->commit_bytes += b->key.len;
	b->changes++;
	if (!b->key.failed)
		b->config.store.remove(b->config.store.context, view_of(&b->key));
}

/* The pair is there, and does not become larger. */
static void amend(struct broker *b)
{
	const struct broker_store *store = &b->config.store;

	b->uncommitted = true;
	b->commit_bytes += b->key.len + b->value.len;
	b->changes++;
	if (!b->key.failed && !b->value.failed)
		store->amend(store->context, view_of(&b->key), view_of(&b->value));
}

/* For what its client will be told of. */
static bool put_for(struct broker *b, const struct session *s)
{
	bool ok = put(b);

	if (ok && s->link)
		link_hold(s->link);
	return ok;
}

static void drop_for(struct broker *b, const struct session *s)
{
	drop(b);
	if (s->link)
		link_hold(s->link);
}

static void message_add(struct broker *b, const struct message *m)
{
	buf_add_u8(&b->value, m->qos);
	buf_add_u8(&b->value, m->retain);
	time_add(b, &b->value, m->expires_ms);
	buf_add_u16(&b->value, m->topic_len);
	buf_add_u32(&b->value, m->properties_len);
	buf_add(&b->value, m->bytes, message_size(m) - sizeof(*m));
}

static void session_make(struct broker *b, const struct session *s)
{
	key_session(b, STORED_SESSION, s);
	buf_add_u16(&b->value, s->id_len);
	buf_add(&b->value, s->id, s->id_len);
	buf_add_u8(&b->value, s->version);
	buf_add_u32(&b->value, s->expiry_s);
	time_add(b, &b->value, s->link ? 0 : s->expires_ms);
	buf_add_u8(&b->value, s->link != NULL);
	buf_add_u8(&b->value, s->realm);
	buf_add_u16(&b->value, s->user_name_len);
	buf_add(&b->value, s->user_name, s->user_name_len);
	buf_add_u8(&b->value, s->will != NULL);
	if (s->will) {
		buf_add_u32(&b->value, s->will->delay_s);
		buf_add_u8(&b->value, s->will->expires);
		buf_add_u32(&b->value, s->will->lifetime_s);
		time_add(b, &b->value, s->link ? 0 : s->will->due_ms);
		message_add(b, s->will->message);
	}
}

bool record_session(struct broker *b, const struct session *s)
{
	if (!s->kept)
		return true;
	session_make(b, s);
	return put_for(b, s);
}

bool record_session_over(struct broker *b, const struct session *s)
{
	if (!s->kept)
		return true;
	session_make(b, s);
	if (b->value.len > AMEND_BYTES)
		return put(b);
	amend(b);
	return true;
}

/* A pair for a whole block of identifiers: those of a window share it, and it goes into the store once a turn. */
static bool received_make(struct broker *b, const struct session *s, unsigned block)
{
	uint8_t bytes[IDSET_BLOCK_BYTES];

	key_session(b, STORED_RECEIVED, s);
	buf_add_u8(&b->key, (uint8_t)block);
	if (!idset_block(s->received, block, bytes))
		return false;
	buf_add(&b->value, bytes, sizeof(bytes));
	return true;
}

bool record_received_store(struct broker *b, const struct session *s, uint16_t id)
{
	return received_make(b, s, id / IDSET_BLOCK) && put_for(b, s);
}

void record_received_drop(struct broker *b, const struct session *s, uint16_t id)
{
	if (received_make(b, s, id / IDSET_BLOCK))
		amend(b);
	else
		drop(b);
	if (s->link)
		link_hold(s->link);
}

static void received_all_gone(struct broker *b, const struct session *s)
{
	for (uint32_t id = 0; (id = idset_next(s->received, id));
		id = (id / IDSET_BLOCK + 1) * IDSET_BLOCK) {
		received_make(b, s, id / IDSET_BLOCK);
		drop(b);
		if (id / IDSET_BLOCK == IDSET_BLOCKS - 1)
			return;
	}
}

void record_subscriptions_gone(struct broker *b, const struct session *s)
{
	if (!session_is_durable(s))
		return;
	for (const struct subscription *sub = s->subscriber.chain; sub; sub = sub->next) {
		key_session(b, STORED_SUBSCRIPTION, s);
		subscription_text(sub, &b->key);
		drop(b);
	}
}

void record_parts_gone(struct broker *b, const struct session *s)
{
	record_subscriptions_gone(b, s);
	received_all_gone(b, s);
}

void record_session_gone(struct broker *b, struct session *s)
{
	if (!s->kept)
		return;
	if (session_is_durable(s))
		record_parts_gone(b, s);
	key_session(b, STORED_SESSION, s);
	drop_for(b, s);
	s->kept = SESSION_KEPT_NOT;
	s->owed = false;
}

bool record_subscription(struct broker *b, const struct session *s, struct mqtt_view filter,
	const struct subscription *options)
{
	if (!session_is_durable(s))
		return true;
	key_session(b, STORED_SUBSCRIPTION, s);
	buf_add(&b->key, filter.data, filter.len);
	buf_add_u8(&b->value, options->qos);
	buf_add_u8(&b->value, options->no_local);
	buf_add_u8(&b->value, options->retain_as_published);
	buf_add_u32(&b->value, options->id);
	return put_for(b, s);
}

void record_subscription_gone(struct broker *b, const struct session *s, struct mqtt_view filter)
{
	if (!session_is_durable(s))
		return;
	key_session(b, STORED_SUBSCRIPTION, s);
	buf_add(&b->key, filter.data, filter.len);
	drop_for(b, s);
}

static void key_message(struct broker *b, const struct message *m)
{
	key_begin(b, STORED_MESSAGE);
	u64_add(&b->key, m->serial);
}

static bool message_hold_stored(struct broker *b, struct message *m)
{
	if (!m->serial)
		m->serial = ++b->serial;
	if (!m->stored_refs) {
		key_message(b, m);
		message_add(b, m);
		if (!put(b))
			return false;
	}
	m->stored_refs++;
	return true;
}

static void message_drop_stored(struct broker *b, struct message *m)
{
	if (--m->stored_refs)
		return;
	key_message(b, m);
	drop(b);
}

void record_message_orphan(struct broker *b, const struct message *m)
{
	if (!b->config.store.put)
		return;
	key_message(b, m);
	drop(b);
}

void record_orphan(struct broker *b, struct mqtt_view key)
{
	const struct broker_store *store = &b->config.store;

	if (!store->remove)
		return;
	b->uncommitted = true;
	store->remove(store->context, key);
}

static void key_delivery(struct broker *b, const struct session *s, const struct delivery *d)
{
	key_session(b, STORED_DELIVERY, s);
	buf_add_u32(&b->key, d->sequence);
}

static bool delivery_put(struct broker *b, const struct session *s, const struct delivery *d)
{
	const struct delivery_extra *extra = d->extra;

	key_delivery(b, s, d);
	u64_add(&b->value, d->state != DELIVERY_RELEASED ? d->message->serial : 0);
	buf_add_u16(&b->value, d->id);
	buf_add_u8(&b->value, d->state);
	buf_add_u8(&b->value, d->qos);
	buf_add_u8(&b->value, d->retain);
	buf_add_u32(&b->value, extra ? extra->count : 0);
	for (uint32_t i = 0; extra && i < extra->count; i++)
		buf_add_u32(&b->value, extra->ids[i].id);
	if (extra && extra->share && extra->share->node)
		share_text(extra->share, &b->value);
	/* At QoS 1 it may come twice: nothing that the client is told has to wait. */
	return d->qos == 2 ? put_for(b, s) : put(b);
}

bool record_delivery_store(struct broker *b, const struct session *s, struct delivery *d)
{
	if (!message_hold_stored(b, d->message))
		return false;
	d->stored = delivery_put(b, s, d);
	if (!d->stored)
		message_drop_stored(b, d->message);
	return d->stored;
}

bool record_delivery_change(struct broker *b, const struct session *s, struct delivery *d)
{
	if (!d->stored) /* what the store does not know of must not reach a client at QoS 2 */
		return d->qos < 2 || !d->message || !session_is_durable(s) ||
			record_delivery_store(b, s, d);
	if (!delivery_put(b, s, d))
		return false;
	if (d->state == DELIVERY_RELEASED && d->message)
		message_drop_stored(b, d->message);
	return true;
}

void record_delivery_drop(struct broker *b, const struct session *s, struct delivery *d)
{
	d->stored = false;
	key_delivery(b, s, d);
	drop(b);
	if (d->state != DELIVERY_RELEASED)
		message_drop_stored(b, d->message);
}

static void key_retained(struct broker *b, struct mqtt_view topic)
{
	key_begin(b, STORED_RETAINED);
	buf_add(&b->key, topic.data, topic.len);
}

/* $SYS is made anew by each broker. */
static bool is_own(struct mqtt_view topic)
{
	return topic.len >= 5 && !memcmp(topic.data, "$SYS/", 5);
}

bool record_retained(struct broker *b, const struct message *m)
{
	if (!b->config.store.put || is_own(message_topic(m)))
		return true;
	key_retained(b, message_topic(m));
	message_add(b, m);
	return put(b);
}

void record_retained_gone(struct broker *b, struct mqtt_view topic)
{
	if (!b->config.store.put || is_own(topic))
		return;
	key_retained(b, topic);
	drop(b);
}
