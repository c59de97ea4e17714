/* Messages of ours: what is sent, what waits, and what is sent again. */
#include <stdlib.h>

#include "client/engine/core.h"

/* Alias property, and what the length of the properties may grow by. */
enum { ALIAS_BYTES = 4 };

uint16_t engine_new_id(struct engine *e)
{
	for (unsigned tries = 0; tries < UINT16_MAX; tries++) {
		e->last_id = e->last_id == UINT16_MAX ? 1 : e->last_id + 1;
		if (!idset_has(&e->used, e->last_id)) /* [MQTT-2.2.1-3] */
			return e->last_id;
	}
	return 0;
}

void engine_settle(struct engine *e, struct messages *list, struct message *m, int result,
	const struct mqtt_properties *properties)
{
	struct engine_event event = { .type = ENGINE_PUBLISHED, .tag = m->tag, .result = result };

	if (properties)
		event.properties = *properties;
	if (e->resend == m)
		e->resend = m->next;
	messages_remove(list, m);
	if (m->id)
		idset_remove(&e->used, m->id);
	if (m->counted)
		e->outstanding--;
	free(m);
	engine_tell(e, &event);
}

/* ---- sending ------------------------------------------------------------------------------- */

bool engine_quota_left(const struct engine *e)
{
	uint16_t quota = e->server.receive_maximum < e->config.inflight ? e->server.receive_maximum
									: e->config.inflight;

	return e->outstanding < quota; /* [MQTT-4.9.0-2] */
}

/* Size of the whole PUBLISH without a Topic Alias. */
size_t engine_publish_size(
	const struct engine *e, uint8_t qos, uint32_t topic, uint32_t properties, uint32_t payload)
{
	struct mqtt_publish_head head = {
		.id = qos != 0, .topic.len = topic, .added.len = properties, .payload_len = payload
	};
	size_t body = mqtt_publish_body_size(e->connect.version, &head);

	if (body > MQTT_REMAINING_LENGTH_MAX)
		return SIZE_MAX;
	return 1 + mqtt_variable_size((uint32_t)body) + body;
}

/* What the server has said it does not take. */
int engine_limits_check(const struct engine *e, uint8_t qos, bool retain, size_t size)
{
	if (qos > e->server.maximum_qos) /* [MQTT-3.2.2-11] */
		return MQTT_QOS_NOT_SUPPORTED;
	if (retain && !e->server.retain) /* [MQTT-3.2.2-14] */
		return MQTT_RETAIN_NOT_SUPPORTED;
	if (size > e->server.packet_bytes) /* [MQTT-3.2.2-15] */
		return MQTT_PACKET_TOO_LARGE;
	return ENGINE_OK;
}

static int message_check(const struct engine *e, const struct message *m)
{
	return engine_limits_check(e, m->qos, m->retain,
		engine_publish_size(e, m->qos, m->topic_len, m->properties_len, m->payload_len));
}

/* Which alias to send, and whether the topic can be left out. An alias holds once the packet that sets
 * it is sent, so one that would make it too large is left alone.
 */
static uint16_t alias_choose(struct engine *e, struct message *m, bool *known)
{
	size_t size =
		engine_publish_size(e, m->qos, m->topic_len, m->properties_len, m->payload_len);
	uint16_t alias = m->alias;

	*known = m->alias_only;
	m->alias = 0; /* [MQTT-3.3.2-7] */
	m->alias_only = false;
	if (size + ALIAS_BYTES > e->server.packet_bytes)
		return 0;
	if (!alias)
		return alias_out_choose(&e->alias_out, message_topic(m), known);
	if (alias > e->alias_out.maximum) /* [MQTT-3.2.2-17] */
		return 0;
	*known = *known && mqtt_view_equal(alias_out_get(&e->alias_out, alias), message_topic(m));
	return *known || alias_out_set(&e->alias_out, alias, message_topic(m)) ? alias : 0;
}

static bool message_send(struct engine *e, struct message *m, bool dup)
{
	struct mqtt_publish p = { .dup = dup,
		.retain = m->retain,
		.qos = m->qos,
		.id = m->id,
		.topic = message_topic(m),
		.payload = message_payload(m) };
	struct mqtt_view properties = message_properties(m);
	bool known;
	uint16_t alias = alias_choose(e, m, &known);

	buf_reset(&e->scratch);
	buf_add(&e->scratch, properties.data, properties.len);
	if (alias)
		mqtt_property_add_number(&e->scratch, MQTT_TOPIC_ALIAS, alias);
	if (alias && known)
		p.topic = (struct mqtt_view){ 0 };
	p.properties.raw = (struct mqtt_view){ e->scratch.data, (uint32_t)e->scratch.len };
	buf_reset(&e->packet);
	return engine_must_send(e,
		!e->scratch.failed &&
			mqtt_publish_write(&e->packet, e->connect.version, MQTT_FROM_CLIENT, &p) &&
			engine_send_packet(e));
}

static void count(struct engine *e, struct message *m)
{
	m->counted = true;
	e->outstanding++;
}

/* [MQTT-3.3.1-1] [MQTT-4.4.0-1] */
static void resend_one(struct engine *e)
{
	struct message *m = e->resend;
	int result = message_check(e, m);

	if (result) {
		engine_settle(e, &e->published, m, result, NULL);
		return;
	}
	e->resend = m->next;
	count(e, m);
	message_send(e, m, true);
}

/* False when no identifier is free. */
static bool send_one(struct engine *e, struct messages *list)
{
	struct message *m = list->first;
	int result = message_age(m, e->now_ms) ? message_check(e, m) : ENGINE_EXPIRED;

	if (result) {
		engine_settle(e, list, m, result, NULL);
		return true;
	}
	if (m->qos) {
		m->id = engine_new_id(e);
		if (!m->id)
			return false;
		idset_add(&e->used, m->id);
		messages_remove(list, m);
		messages_add(&e->published, m);
		count(e, m);
		message_send(e, m, false);
	} else if (message_send(e, m, false)) {
		engine_settle(e, list, m, ENGINE_OK, NULL);
	}
	return true;
}

/* A callback that publishes does not come back in here: what it adds is taken by the loop. */
void engine_pump(struct engine *e)
{
	if (e->pumping)
		return;
	e->pumping = true;
	while (e->state == ENGINE_UP && !engine_is_congested(e)) {
		if (e->resend && engine_quota_left(e))
			resend_one(e);
		else if (e->waiting_qos0.first)
			send_one(e, &e->waiting_qos0);
		else if (!(e->waiting.first && !e->resend && engine_quota_left(e) &&
				 send_one(e, &e->waiting)))
			break;
	}
	e->pumping = false;
}

bool engine_release_send(struct engine *e, uint16_t id, uint8_t reason)
{
	uint8_t packet[5];

	return engine_must_send(e,
		engine_send(
			e, packet, mqtt_ack_short(packet, e->connect.version, PUBREL, id, reason)));
}

/* The session goes on: PUBRELs at once, for they need no quota, messages as the quota allows.
 * [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-4.6.0-4]
 */
void engine_resume(struct engine *e)
{
	for (struct message *m = e->released.first; m && e->state == ENGINE_UP; m = m->next)
		engine_release_send(e, m->id, MQTT_SUCCESS);
	e->resend = e->published.first;
}
