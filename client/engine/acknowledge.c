/* PUBACK, PUBREC and PUBCOMP of the server. */
#include <stdlib.h>

#include "client/engine/core.h"

static void unknown_ack(struct engine *e, const char *what)
{
	engine_break(e,
		&(struct mqtt_error){ MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(e->connect.version, "MQTT-2.3.1-6", "MQTT-2.2.1-5"),
			what });
}

/* The server has the message: what is left to be done needs only its identifier. */
static struct message *message_shrink(struct message *m)
{
	m->topic_len = m->properties_len = m->payload_len = 0;
	struct message *small = realloc(m, sizeof(*m));
	return small ? small : m;
}

static void receive_pubrec(struct engine *e, const struct mqtt_ack *ack)
{
	struct message *m = messages_find(&e->published, ack->id);

	if (m && m->qos == 2 && ack->reason >= MQTT_UNSPECIFIED_ERROR) {
		engine_settle(e, &e->published, m, ack->reason, &ack->properties);
		return;
	}
	if (m && m->qos == 2) {
		if (e->resend == m)
			e->resend = m->next;
		messages_remove(&e->published, m);
		messages_add(&e->released, message_shrink(m));
		engine_release_send(e, ack->id, MQTT_SUCCESS); /* [MQTT-4.3.3-4] */
		return;
	}
	if (idset_has(&e->used, ack->id) && !messages_find(&e->released, ack->id)) {
		unknown_ack(e, "PUBREC for something else than a message of QoS 2");
		return;
	}
	if (ack->reason < MQTT_UNSPECIFIED_ERROR) /* U50-PKTID-UNKNOWN */
		engine_release_send(e, ack->id,
			idset_has(&e->used, ack->id) ? MQTT_SUCCESS : MQTT_PACKET_ID_NOT_FOUND);
}

static void receive_puback(struct engine *e, const struct mqtt_ack *ack)
{
	struct message *m = messages_find(&e->published, ack->id);

	if (m && m->qos == 1)
		engine_settle(e, &e->published, m, ack->reason, &ack->properties);
	else
		unknown_ack(e, "PUBACK for no message of QoS 1");
}

static void receive_pubcomp(struct engine *e, const struct mqtt_ack *ack)
{
	struct message *m = messages_find(&e->released, ack->id);

	/* In recovery it is no error that the server has forgotten the identifier; it may have sent
	 * the PUBCOMP on the connection before. U50-PKTID-UNKNOWN
	 */
	if (m)
		engine_settle(
			e, &e->released, m, m->counted ? ack->reason : ENGINE_OK, &ack->properties);
	else
		unknown_ack(e, "PUBCOMP without PUBREL");
}

void engine_acknowledge(struct engine *e, enum packet_type type, struct mqtt_view body)
{
	struct mqtt_ack ack;
	struct mqtt_error error;

	if (!mqtt_ack_read(e->connect.version, MQTT_FROM_SERVER, type, body, &ack, &error) ||
		!engine_problem_check(e, &ack.properties, &error))
		engine_break(e, &error);
	else if (type == PUBACK)
		receive_puback(e, &ack);
	else if (type == PUBREC)
		receive_pubrec(e, &ack);
	else
		receive_pubcomp(e, &ack);
}
