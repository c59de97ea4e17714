/* Messages of the server. */
#include "client/engine/core.h"

static bool refuse_alias(struct mqtt_error *error)
{
	return mqtt_refuse(error, MQTT_TOPIC_ALIAS_INVALID, "5.0:U50-ALIAS-INVALID",
		"Topic Alias above the maximum");
}

/* Puts the topic in place of its alias. */
static bool alias_resolve(struct engine *e, struct mqtt_publish *p, struct mqtt_error *error)
{
	uint16_t alias = (uint16_t)mqtt_properties_number(&p->properties, MQTT_TOPIC_ALIAS, 0);

	if (!alias)
		return true;
	if (alias > e->alias_in.maximum)
		return refuse_alias(error);
	if (p->topic.len)
		return alias_in_set(&e->alias_in, alias, p->topic) ||
			mqtt_refuse(error, MQTT_UNSPECIFIED_ERROR, NULL, "no memory");
	p->topic = alias_in_get(&e->alias_in, alias);
	return p->topic.len ||
		mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:U50-ALIAS-UNKNOWN",
			"Topic Alias that stands for nothing");
}

static bool publish_check(
	const struct engine *e, const struct mqtt_publish *p, struct mqtt_error *error)
{
	if (p->qos > e->config.maximum_qos)
		return mqtt_refuse(error, MQTT_QOS_NOT_SUPPORTED,
			version_statement(e->connect.version, NULL, "5.0:U50-MAXQOS-CLIENT"),
			"a message above the QoS of this client");
	/* A QoS 1 message is settled at once, so only those of QoS 2 can use the quota up. */
	bool again = p->qos == 2 && idset_has(&e->received, p->id);
	if (version_traits(e->connect.version).receive_maximum && p->qos && !again &&
		e->received_count >= e->receive_maximum)
		return mqtt_refuse(error, MQTT_RECEIVE_MAXIMUM_EXCEEDED, "5.0:U50-RECVMAX-EXCEEDED",
			"more messages than the Receive Maximum");
	if (e->config.check_payload && !p->qos && !mqtt_publish_payload_valid(p))
		return mqtt_refuse(error, MQTT_PAYLOAD_FORMAT_INVALID, "5.0:U50-PFI-UTF8",
			"payload is not the UTF-8 that it is said to be");
	return true;
}

/* The program's word on it; 3.1.1 has none for a refusal. */
static uint8_t hand_over(struct engine *e, const struct mqtt_publish *p)
{
	uint8_t reason = 0;

	if (e->config.check_payload && !mqtt_publish_payload_valid(p))
		return MQTT_PAYLOAD_FORMAT_INVALID;
	if (e->config.message)
		reason = e->config.message(e->config.context, p);
	return version_traits(e->connect.version).reason_codes &&
			reason >= MQTT_UNSPECIFIED_ERROR && spec_reason_code(reason, PUBREC)
		? reason
		: 0;
}

/* [MQTT-3.3.4-1]; the callback may have ended the connection. */
static void acknowledge(struct engine *e, enum packet_type type, uint16_t id, uint8_t reason)
{
	uint8_t packet[5];

	if (e->state == ENGINE_UP)
		engine_must_send(e,
			engine_send(e, packet,
				mqtt_ack_short(packet, e->connect.version, type, id, reason)));
}

/* Each message once: its repetitions are only acknowledged. [MQTT-4.3.3-10] of 5.0, [MQTT-4.3.3-2]
 * of 3.1.1
 */
static void receive_qos2(struct engine *e, const struct mqtt_publish *p)
{
	uint8_t reason = 0;

	if (!idset_has(&e->received, p->id)) {
		idset_add(&e->received, p->id);
		reason = hand_over(e, p);
		if (reason) /* [MQTT-4.3.3-9] */
			idset_remove(&e->received, p->id);
	}
	if (!reason && !idset_has(&e->received_here, p->id)) {
		idset_add(&e->received_here, p->id);
		e->received_count++;
	}
	acknowledge(e, PUBREC, p->id, reason);
}

void engine_receive(struct engine *e, uint8_t flags, struct mqtt_view body)
{
	struct mqtt_publish p;
	struct mqtt_error error;

	if (!mqtt_publish_read(e->connect.version, MQTT_FROM_SERVER, flags, body, &p, &error) ||
		!alias_resolve(e, &p, &error) || !publish_check(e, &p, &error)) {
		engine_break(e, &error);
		return;
	}
	if (p.qos == 2)
		receive_qos2(e, &p);
	else if (p.qos == 1)
		acknowledge(e, PUBACK, p.id, hand_over(e, &p));
	else
		hand_over(e, &p);
}

/* [MQTT-4.3.3-11]; U50-PKTID-UNKNOWN */
void engine_release(struct engine *e, struct mqtt_view body)
{
	struct mqtt_ack rel;
	struct mqtt_error error;

	if (!mqtt_ack_read(e->connect.version, MQTT_FROM_SERVER, PUBREL, body, &rel, &error) ||
		!engine_problem_check(e, &rel.properties, &error)) {
		engine_break(e, &error);
		return;
	}
	bool known = idset_has(&e->received, rel.id);
	idset_remove(&e->received, rel.id);
	if (idset_has(&e->received_here, rel.id))
		e->received_count--;
	idset_remove(&e->received_here, rel.id);
	acknowledge(e, PUBCOMP, rel.id, known ? MQTT_SUCCESS : MQTT_PACKET_ID_NOT_FOUND);
}
