#include "broker/core/record.h"

#include "broker/core/core.h"
#include "broker/core/delivery.h"
#include "broker/core/message.h"
#include "broker/core/session.h"
#include "broker/core/will.h"

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
}

static void key_session(struct broker *b, char kind, const struct session *s)
{
	key_begin(b, kind);
	buf_add_u16(&b->key, s->id_len);
	buf_add(&b->key, s->id, s->id_len);
}

static struct mqtt_view view_of(const struct buf *buf)
{
	return (struct mqtt_view){ buf->data, (uint32_t)buf->len };
}

/* A pair that was cut short for lack of memory must not get into the store. */
static void put(struct broker *b)
{
	if (!b->key.failed && !b->value.failed)
		b->config.store.put(b->config.store.context, view_of(&b->key), view_of(&b->value));
}

static void drop(struct broker *b)
{
	if (!b->key.failed)
		b->config.store.remove(b->config.store.context, view_of(&b->key));
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

void record_session(struct broker *b, const struct session *s)
{
	if (!s->durable)
		return;
	key_session(b, 'a', s);
	buf_add_u8(&b->value, s->version);
	buf_add_u32(&b->value, s->expiry_s);
	time_add(b, &b->value, s->link ? 0 : s->expires_ms);
	buf_add_u8(&b->value, s->link != NULL);
	buf_add_u8(&b->value, s->will != NULL);
	if (s->will) {
		buf_add_u32(&b->value, s->will->delay_s);
		buf_add_u8(&b->value, s->will->expires);
		buf_add_u32(&b->value, s->will->lifetime_s);
		time_add(b, &b->value, s->link ? 0 : s->will->due_ms);
		message_add(b, s->will->message);
	}
	put(b);
}

static void subscriptions_gone(struct broker *b, const struct session *s)
{
	for (const struct subscription *sub = s->subscriber.chain; sub; sub = sub->next) {
		key_session(b, 'b', s);
		subscription_text(sub, &b->key);
		drop(b);
	}
}

void record_session_gone(struct broker *b, struct session *s)
{
	if (!s->durable)
		return;
	subscriptions_gone(b, s);
	for (uint16_t id = idset_next(s->received, 1); id; id = idset_next(s->received, id + 1u))
		record_received_gone(b, s, id);
	key_session(b, 'a', s);
	drop(b);
	s->durable = false;
}

void record_subscription(struct broker *b, const struct session *s, struct mqtt_view filter,
	const struct subscription *options)
{
	if (!s->durable)
		return;
	key_session(b, 'b', s);
	buf_add(&b->key, filter.data, filter.len);
	buf_add_u8(&b->value, s->version);
	buf_add_u8(&b->value, options->qos);
	buf_add_u8(&b->value, options->no_local);
	buf_add_u8(&b->value, options->retain_as_published);
	buf_add_u32(&b->value, options->id);
	put(b);
}

void record_subscription_gone(struct broker *b, const struct session *s, struct mqtt_view filter)
{
	if (!s->durable)
		return;
	key_session(b, 'b', s);
	buf_add(&b->key, filter.data, filter.len);
	drop(b);
}

static void key_received(struct broker *b, const struct session *s, uint16_t id)
{
	key_session(b, 'c', s);
	buf_add_u16(&b->key, id);
}

void record_received(struct broker *b, const struct session *s, uint16_t id)
{
	if (!s->durable)
		return;
	key_received(b, s, id);
	put(b);
}

void record_received_gone(struct broker *b, const struct session *s, uint16_t id)
{
	if (!s->durable)
		return;
	key_received(b, s, id);
	drop(b);
}

static void key_message(struct broker *b, const struct message *m)
{
	key_begin(b, 'd');
	u64_add(&b->key, m->serial);
}

void record_message(struct broker *b, const struct session *s, struct message *m)
{
	if (!s->durable)
		return;
	if (!m->serial)
		m->serial = ++b->serial;
	if (m->stored_refs++)
		return;
	key_message(b, m);
	message_add(b, m);
	put(b);
}

void record_message_orphan(struct broker *b, const struct message *m)
{
	if (!b->config.store.put)
		return;
	key_message(b, m);
	drop(b);
}

void record_message_gone(struct broker *b, const struct session *s, struct message *m)
{
	if (!s->durable || --m->stored_refs)
		return;
	key_message(b, m);
	drop(b);
}

static void key_delivery(struct broker *b, const struct session *s, const struct delivery *d)
{
	key_session(b, 'e', s);
	buf_add_u32(&b->key, d->sequence);
}

void record_delivery(struct broker *b, const struct session *s, const struct delivery *d)
{
	if (!s->durable)
		return;
	key_delivery(b, s, d);
	u64_add(&b->value, d->message ? d->message->serial : 0);
	buf_add_u16(&b->value, d->id);
	buf_add_u8(&b->value, d->state);
	buf_add_u8(&b->value, d->qos);
	buf_add_u8(&b->value, d->retain);
	for (uint32_t i = 0; d->extra && i < d->extra->count; i++)
		buf_add_u32(&b->value, d->extra->ids[i].id);
	put(b);
}

void record_delivery_gone(struct broker *b, const struct session *s, const struct delivery *d)
{
	if (!s->durable)
		return;
	key_delivery(b, s, d);
	drop(b);
}

static void key_retained(struct broker *b, struct mqtt_view topic)
{
	key_begin(b, 'f');
	buf_add(&b->key, topic.data, topic.len);
}

/* $SYS is made anew by each broker. */
static bool is_own(struct mqtt_view topic)
{
	return topic.len >= 5 && !memcmp(topic.data, "$SYS/", 5);
}

void record_retained(struct broker *b, const struct message *m)
{
	if (!b->config.store.put || is_own(message_topic(m)))
		return;
	key_retained(b, message_topic(m));
	message_add(b, m);
	put(b);
}

void record_retained_gone(struct broker *b, struct mqtt_view topic)
{
	if (!b->config.store.put || is_own(topic))
		return;
	key_retained(b, topic);
	drop(b);
}
