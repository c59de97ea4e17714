/* Nothing in a store is trusted: a pair that does not fit is refused. */
#include "broker/core/restore.h"

#include <string.h>

#include "broker/core/core.h"
#include "broker/core/message.h"
#include "broker/core/outgoing.h"
#include "broker/core/record.h"
#include "broker/core/session.h"
#include "broker/core/session_life.h"
#include "broker/core/will.h"
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

static bool take_time(struct broker *b, struct mqtt_cursor *c, int64_t *ms)
{
	uint64_t value;

	if (!take_u64(c, &value) || value > INT64_MAX)
		return false;
	*ms = value == INT64_MAX ? INT64_MAX : (int64_t)value - b->config.wall_offset_ms;
	return true;
}

/* All the rest is one message. NULL when it is not. */
static struct message *take_message(struct broker *b, struct mqtt_cursor *c)
{
	struct publication p = { 0 };
	uint16_t topic_len;
	uint32_t properties_len;

	if (!cursor_u8(c, &p.qos) || p.qos > 2 || !take_flag(c, &p.retain) ||
		!take_time(b, c, &p.expires_ms) || !cursor_u16(c, &topic_len) ||
		!cursor_u32(c, &properties_len) || !cursor_take(c, topic_len, &p.topic) ||
		!cursor_take(c, properties_len, &p.properties) || !mqtt_topic_valid(p.topic))
		return NULL;
	cursor_take(c, cursor_left(c), &p.payload);
	return message_new(&b->memory, &p);
}

static bool will_restore(struct broker *b, struct session *s, struct mqtt_cursor *c, bool connected)
{
	struct will *w = memory_take_zeroed(&b->memory, sizeof(*w));

	if (!w)
		return false;
	s->will = w;
	bool ok = cursor_u32(c, &w->delay_s) && take_flag(c, &w->expires) &&
		cursor_u32(c, &w->lifetime_s) && take_time(b, c, &w->due_ms);
	w->message = ok ? take_message(b, c) : NULL;
	if (connected)
		w->due_ms = b->now_ms + (int64_t)w->delay_s * 1000;
	if (!w->message)
		will_drop(b, s);
	return s->will != NULL;
}

static bool name_restore(struct broker *b, struct session *s, struct mqtt_view name)
{
	if (!name.len)
		return true;
	if (!mqtt_text_valid(name))
		return false;
	s->user_name = memory_take(&b->memory, name.len);
	if (!s->user_name)
		return false;
	memcpy(s->user_name, name.data, name.len);
	s->user_name_len = (uint16_t)name.len;
	return true;
}

/* A session that was connected when the broker ended counts as disconnected just now. */
static bool session_restore(struct broker *b, struct mqtt_view id, struct mqtt_cursor *c)
{
	uint8_t version, realm;
	uint32_t expiry_s;
	int64_t expires_ms;
	bool connected, has_will;
	struct mqtt_view user_name;

	if (!cursor_u8(c, &version) || !version_is_known(version) || !cursor_u32(c, &expiry_s) ||
		!expiry_s || !take_time(b, c, &expires_ms) || !take_flag(c, &connected) ||
		!cursor_u8(c, &realm) || !cursor_view(c, &user_name) || !take_flag(c, &has_will) ||
		sessions_find(&b->sessions, id))
		return false;
	struct session *s = session_new(b, id, expiry_s);
	if (!s)
		return false;
	s->version = version;
	if (connected)
		expires_ms = expiry_s == SESSION_NEVER_EXPIRES
			? INT64_MAX
			: b->now_ms + (int64_t)expiry_s * 1000;
	s->expires_ms = expires_ms;
	s->realm = realm;
	bool ok = name_restore(b, s, user_name) && (!has_will || will_restore(b, s, c, connected));
	session_wait(b, s);
	return ok;
}

static bool subscription_restore(
	struct broker *b, struct session *s, struct mqtt_view filter, struct mqtt_cursor *c)
{
	struct mqtt_filter f = { .text = filter };
	struct mqtt_view name, path;
	uint8_t version;
	uint32_t id;

	if (!cursor_u8(c, &version) || !cursor_u8(c, &f.qos) || f.qos > 2 ||
		!take_flag(c, &f.no_local) || !take_flag(c, &f.retain_as_published) ||
		!cursor_u32(c, &id) || !mqtt_filter_valid(filter))
		return false;
	if (mqtt_filter_is_shared(filter) && !mqtt_filter_split_shared(filter, &name, &path))
		return false;
	static const struct subscription_limits none = { UINT32_MAX, UINT32_MAX };
	return subscriptions_add(&b->subscriptions, &s->subscriber, &f, f.qos, id, &none) <=
		SUBSCRIBE_REPLACED;
}

static bool received_restore(struct broker *b, struct session *s, struct mqtt_cursor *key)
{
	uint16_t id;

	if (!cursor_u16(key, &id) || !id)
		return false;
	return idset_add(&s->received, &b->memory, id) == IDSET_ADDED;
}

/* Messages come in the order of their serials. */
static struct message *message_find(const struct restored *r, uint64_t serial)
{
	uint32_t low = 0, high = r->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (r->messages[middle]->serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->count && r->messages[low]->serial == serial ? r->messages[low] : NULL;
}

static bool message_keep(struct broker *b, struct message *m)
{
	struct restored *r = &b->restored;

	if (r->count == r->capacity) {
		uint32_t capacity = r->capacity ? r->capacity * 2 : 64;
		struct message **messages =
			memory_move(&b->memory, r->messages, r->count * sizeof(*messages),
				r->capacity * sizeof(*messages), capacity * sizeof(*messages));
		if (!messages)
			return false;
		r->messages = messages;
		r->capacity = capacity;
	}
	r->messages[r->count++] = m;
	return true;
}

static bool message_restore(struct broker *b, struct mqtt_cursor *key, struct mqtt_cursor *c)
{
	uint64_t serial;

	if (!take_u64(key, &serial) || serial <= b->serial)
		return false;
	struct message *m = take_message(b, c);
	if (!m)
		return false;
	b->serial = m->serial = serial;
	if (message_keep(b, m))
		return true;
	message_drop(&b->memory, m);
	return false;
}

/* Subscription Identifiers, and the share that it came through: if that no longer has members,
 * there is nobody to hand it on to.
 */
static bool extra_restore(struct broker *b, struct mqtt_cursor *c, struct delivery_extra **extra)
{
	uint32_t count;
	struct mqtt_view ids, text;

	if (!cursor_u32(c, &count) || count > cursor_left(c) / 4 ||
		!cursor_take(c, count * 4, &ids))
		return false;
	cursor_take(c, cursor_left(c), &text);
	struct share *share = text.len ? subscriptions_share(&b->subscriptions, text) : NULL;
	if (!count && !share)
		return true;
	*extra = delivery_extra_new(&b->memory, share, count);
	struct mqtt_cursor at = cursor_of(ids);
	for (uint32_t i = 0; *extra && i < count; i++)
		cursor_u32(&at, &(*extra)->ids[i].id);
	return *extra != NULL;
}

static bool delivery_restore(
	struct broker *b, struct session *s, struct mqtt_cursor *key, struct mqtt_cursor *c)
{
	struct delivery d = { 0 };
	uint64_t serial;
	uint8_t qos;
	bool retain;

	if (!cursor_u32(key, &d.sequence) || !take_u64(c, &serial) || !cursor_u16(c, &d.id) ||
		!cursor_u8(c, &d.state) || !cursor_u8(c, &qos) || !take_flag(c, &retain) || !qos ||
		qos > 2 || d.state >= DELIVERY_DONE || !d.id != (d.state == DELIVERY_WAITING))
		return false;
	d.qos = qos;
	d.retain = retain;
	d.stored = true;
	d.message = message_find(&b->restored, serial);
	if (!d.message != (d.state == DELIVERY_RELEASED) || !extra_restore(b, c, &d.extra))
		return false;
	if (!outgoing_restore(b, s, &d)) {
		delivery_extra_free(&b->memory, d.extra);
		return false;
	}
	if (d.message)
		message_hold(d.message)->stored_refs++;
	return true;
}

static bool retained_restore(struct broker *b, struct mqtt_cursor *c)
{
	struct message *m = take_message(b, c);
	bool ok =
		m && retained_put(&b->retained, m); /* if it has expired, the next tick drops it */

	message_drop(&b->memory, m);
	return ok;
}

void restore_done(struct broker *b)
{
	struct restored *r = &b->restored;

	for (uint32_t i = 0; i < r->count; i++) {
		if (!r->messages[i]->stored_refs)
			record_message_orphan(b, r->messages[i]);
		message_drop(&b->memory, r->messages[i]);
	}
	memory_give(&b->memory, r->messages, r->capacity * sizeof(*r->messages));
	*r = (struct restored){ 0 };
}

bool broker_restore(struct broker *b, struct mqtt_view key_view, struct mqtt_view value)
{
	struct mqtt_cursor key = cursor_of(key_view), c = cursor_of(value);
	struct mqtt_view id, rest;
	uint8_t kind, version;

	if (!cursor_u8(&key, &kind) || !cursor_u8(&c, &version) || version != RECORD_VERSION)
		return false;
	if (kind == 'd')
		return message_restore(b, &key, &c);
	if (kind == 'f')
		return retained_restore(b, &c);
	if (!cursor_view(&key, &id) || !mqtt_text_valid(id))
		return false;
	if (kind == 'a')
		return session_restore(b, id, &c);
	struct session *s = sessions_find(&b->sessions, id);
	if (!s)
		return false;
	if (kind == 'c')
		return received_restore(b, s, &key);
	if (kind == 'e')
		return delivery_restore(b, s, &key, &c);
	return kind == 'b' && cursor_take(&key, cursor_left(&key), &rest) &&
		subscription_restore(b, s, rest, &c);
}
