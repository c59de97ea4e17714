#include "broker/core/stored.h"

#include "broker/core/delivery.h"
#include "broker/core/idset.h"
#include "mqtt/cursor.h"
#include "mqtt/text.h"
#include "spec/spec.h"

static bool take_u64(struct mqtt_cursor *c, uint64_t *value)
{
	uint32_t high, low;

	if (!cursor_u32(c, &high) || !cursor_u32(c, &low))
		return false;
	*value = (uint64_t)high << 32 | low;
	return true;
}

static bool take_flag(struct mqtt_cursor *c, bool *flag)
{
	uint8_t byte;

	if (!cursor_u8(c, &byte) || byte > 1)
		return false;
	*flag = byte;
	return true;
}

static bool take_time(struct mqtt_cursor *c, int64_t *ms)
{
	uint64_t value;

	if (!take_u64(c, &value) || value > INT64_MAX)
		return false;
	*ms = (int64_t)value;
	return true;
}

/* All the rest is one message. */
static bool take_message(struct mqtt_cursor *c, struct stored_message *m)
{
	uint16_t topic_len;
	uint32_t properties_len;

	return cursor_u8(c, &m->qos) && m->qos <= 2 && take_flag(c, &m->retain) &&
		take_time(c, &m->expires_ms) && cursor_u16(c, &topic_len) &&
		cursor_u32(c, &properties_len) && cursor_take(c, topic_len, &m->topic) &&
		cursor_take(c, properties_len, &m->properties) &&
		cursor_take(c, cursor_left(c), &m->payload) && mqtt_topic_valid(m->topic);
}

static bool take_will(struct mqtt_cursor *c, struct stored_will *w)
{
	return cursor_u32(c, &w->delay_s) && take_flag(c, &w->expires) &&
		cursor_u32(c, &w->lifetime_s) && take_time(c, &w->due_ms) &&
		take_message(c, &w->message);
}

static bool take_session(struct mqtt_cursor *c, struct stored_session *s)
{
	if (!cursor_view(c, &s->id) || !mqtt_text_valid(s->id) || !cursor_u8(c, &s->version) ||
		!version_is_known(s->version) || !cursor_u32(c, &s->expiry_s) ||
		!take_time(c, &s->expires_ms) || !take_flag(c, &s->connected) ||
		!cursor_u8(c, &s->realm) || !cursor_view(c, &s->user_name) ||
		!mqtt_text_valid(s->user_name) || !take_flag(c, &s->has_will))
		return false;
	return s->has_will ? take_will(c, &s->will) : s->expiry_s && !cursor_left(c);
}

static bool take_subscription(
	struct mqtt_cursor *key, struct mqtt_cursor *c, struct stored_subscription *s)
{
	struct mqtt_view name, path;

	if (!cursor_take(key, cursor_left(key), &s->filter) || !mqtt_filter_valid(s->filter) ||
		!cursor_u8(c, &s->qos) || s->qos > 2 || !take_flag(c, &s->no_local) ||
		!take_flag(c, &s->retain_as_published) || !cursor_u32(c, &s->id))
		return false;
	return !mqtt_filter_is_shared(s->filter) ||
		mqtt_filter_split_shared(s->filter, &name, &path);
}

static bool take_delivery(struct mqtt_cursor *key, struct mqtt_cursor *c, struct stored_delivery *d)
{
	uint32_t count;

	if (!cursor_u32(key, &d->sequence) || !take_u64(c, &d->serial) || !cursor_u16(c, &d->id) ||
		!cursor_u8(c, &d->state) || d->state >= DELIVERY_DONE || !cursor_u8(c, &d->qos) ||
		!d->qos || d->qos > 2 || !take_flag(c, &d->retain) ||
		!d->id != (d->state == DELIVERY_WAITING) ||
		!d->serial != (d->state == DELIVERY_RELEASED) || !cursor_u32(c, &count) ||
		count > cursor_left(c) / 4 || !cursor_take(c, count * 4, &d->ids))
		return false;
	return cursor_take(c, cursor_left(c), &d->share);
}

uint16_t stored_received_next(const struct stored_received *r, uint32_t least)
{
	uint32_t first = r->block * IDSET_BLOCK;

	for (uint32_t id = least > first ? least : first; id < first + IDSET_BLOCK; id++)
		if (r->bits.data[(id - first) / 8] >> (id % 8) & 1)
			return (uint16_t)id;
	return 0;
}

/* No identifier is 0, and no block is empty. */
static bool take_received(struct mqtt_cursor *key, struct mqtt_cursor *c, struct stored_received *r)
{
	return cursor_u8(key, &r->block) && cursor_take(c, IDSET_BLOCK_BYTES, &r->bits) &&
		!(r->block == 0 && r->bits.data[0] & 1) && stored_received_next(r, 1);
}

static bool take_body(struct stored *p, struct mqtt_cursor *key, struct mqtt_cursor *c)
{
	switch (p->kind) {
	case STORED_SESSION: return take_session(c, &p->session);
	case STORED_SUBSCRIPTION: return take_subscription(key, c, &p->subscription);
	case STORED_RECEIVED: return take_received(key, c, &p->received);
	case STORED_MESSAGE: return take_message(c, &p->message);
	case STORED_DELIVERY: return take_delivery(key, c, &p->delivery);
	default: return false;
	}
}

bool stored_read(struct stored *p, struct mqtt_view key_view, struct mqtt_view value)
{
	struct mqtt_cursor key = cursor_of(key_view), c = cursor_of(value);
	uint8_t kind, version;

	*p = (struct stored){ 0 };
	if (!cursor_u8(&key, &kind) || !cursor_u8(&c, &version) || version != STORED_VERSION)
		return false;
	p->kind = kind;
	if (kind == STORED_RETAINED) /* the key has the topic, and so has the message */
		return take_message(&c, &p->message) && p->message.payload.len;
	return take_u64(&key, &p->number) && p->number && take_body(p, &key, &c);
}
