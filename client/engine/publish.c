/* What engine_publish takes, and where it waits. */
#include <stdlib.h>

#include "client/engine/core.h"

/* Reads the message as it would stand in a packet, but for its payload. */
static bool publish_read(
	struct engine *e, const struct mqtt_publish *message, struct mqtt_publish *out)
{
	struct mqtt_publish p = *message;
	struct mqtt_frame frame;
	struct mqtt_error error;
	unsigned version = e->has_connect ? e->connect.version : MQTT_50;

	if (!version_traits(version).properties && p.properties.raw.len)
		return false;
	p.dup = false;
	p.id = p.qos ? 1 : 0;
	p.payload = (struct mqtt_view){ 0 };
	buf_reset(&e->packet);
	if (!mqtt_publish_write(&e->packet, version, MQTT_FROM_CLIENT, &p) ||
		mqtt_frame_read(e->packet.data, e->packet.len, version, &frame, &error) !=
			MQTT_READ_OK)
		return false;
	bool ok = mqtt_publish_read(version, MQTT_FROM_CLIENT, frame.flags,
		(struct mqtt_view){ e->packet.data + frame.header_len, frame.body_len }, out,
		&error);
	out->payload = message->payload;
	return ok;
}

/* A topic for an alias that stands alone, and an alias that the server allows. */
static int alias_check(struct engine *e, struct mqtt_publish *p, bool *alias_only)
{
	uint16_t alias = (uint16_t)mqtt_properties_number(&p->properties, MQTT_TOPIC_ALIAS, 0);

	*alias_only = !p->topic.len;
	if (alias && e->state == ENGINE_UP && alias > e->server.topic_alias_maximum)
		return MQTT_TOPIC_ALIAS_INVALID;
	if (!*alias_only)
		return ENGINE_OK;
	if (e->state == ENGINE_UP)
		p->topic = alias_out_get(&e->alias_out, alias);
	return p->topic.len ? ENGINE_OK : ENGINE_INVALID;
}

static bool goes_at_once(const struct engine *e, uint8_t qos)
{
	if (e->state != ENGINE_UP || engine_is_congested(e) || e->pumping)
		return false;
	if (!qos)
		return !e->waiting_qos0.first;
	return !e->waiting.first && !e->resend && engine_quota_left(e);
}

static bool queue_has_room(const struct engine *e, size_t bytes)
{
	return e->waiting.count + e->waiting_qos0.count < e->config.queue_messages &&
		e->waiting.bytes + e->waiting_qos0.bytes + bytes <= e->config.queue_bytes;
}

static struct messages *queue_oldest(struct engine *e)
{
	const struct message *a = e->waiting.first, *b = e->waiting_qos0.first;

	if (!a || !b)
		return a ? &e->waiting : &e->waiting_qos0;
	return a->born_ms < b->born_ms ? &e->waiting : &e->waiting_qos0;
}

/* Makes room as the policy says; false if there can be none. */
static bool queue_make_room(struct engine *e, size_t bytes)
{
	if (queue_has_room(e, bytes))
		return true;
	if (e->config.overflow == ENGINE_REFUSE_NEW || bytes > e->config.queue_bytes ||
		!e->config.queue_messages)
		return false;
	while (!queue_has_room(e, bytes)) {
		struct messages *list = queue_oldest(e);
		if (!list->first)
			return false;
		engine_settle(e, list, list->first, ENGINE_DROPPED, NULL);
	}
	return true;
}

static int publish_check(
	struct engine *e, const struct mqtt_publish *message, struct mqtt_publish *p, bool *only)
{
	if (!publish_read(e, message, p))
		return ENGINE_INVALID;
	if (!mqtt_publish_payload_valid(p)) /* U50-PFI-UTF8 */
		return MQTT_PAYLOAD_FORMAT_INVALID;
	int result = alias_check(e, p, only);
	if (result)
		return result;
	size_t size =
		engine_publish_size(e, p->qos, p->topic.len, p->properties.raw.len, p->payload.len);
	if (size == SIZE_MAX)
		return MQTT_PACKET_TOO_LARGE;
	return e->state == ENGINE_UP ? engine_limits_check(e, p->qos, p->retain, size) : ENGINE_OK;
}

int engine_publish(struct engine *e, const struct mqtt_publish *message, uint64_t tag)
{
	struct mqtt_publish p;
	bool alias_only;
	int result = publish_check(e, message, &p, &alias_only);

	if (result)
		return result;
	if (!p.qos && !e->config.queue_qos0 && e->state != ENGINE_UP)
		return ENGINE_NOT_CONNECTED;
	struct message *m = message_new(&p, tag, e->now_ms);
	if (!m)
		return ENGINE_NO_MEMORY;
	m->alias_only = alias_only;
	if (!goes_at_once(e, p.qos) && !queue_make_room(e, message_size(m))) {
		free(m);
		return ENGINE_FULL;
	}
	messages_add(m->qos ? &e->waiting : &e->waiting_qos0, m);
	engine_pump(e);
	return ENGINE_OK;
}
