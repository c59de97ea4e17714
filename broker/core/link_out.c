#include "broker/core/link_out.h"

#include <string.h>

#include "mqtt/publish.h"

bool link_refer(struct link *l, struct sheet *sheet, const uint8_t *packets, uint32_t len)
{
	if (l->broken || !output_refer(&l->output, &l->broker->memory, sheet, packets, len))
		return false;
	if (!l->pending)
		link_mark(l);
	return true;
}

bool link_send_packet(struct link *l)
{
	const struct buf *packet = &l->broker->packet;

	if (packet->failed || packet->len > l->packet_max)
		return false;
	uint8_t *room = link_take(l, (uint32_t)packet->len);
	if (room)
		memcpy(room, packet->data, packet->len);
	return true;
}

void link_send_ack(struct link *l, enum packet_type type, uint16_t id, uint8_t reason)
{
	uint8_t ack[5];
	uint32_t len = (uint32_t)mqtt_ack_short(ack, l->version, type, id, reason);

	if (len > l->packet_max) { /* not even that: the client cannot be served */
		l->broken = true;
		link_mark(l);
		return;
	}
	uint8_t *room = link_take(l, len);
	if (room)
		memcpy(room, ack, len);
}

void link_send_refusal(
	struct link *l, enum packet_type type, uint16_t id, uint8_t reason, const char *what)
{
	struct broker *b = l->broker;
	struct mqtt_ack ack = { .id = id, .reason = reason };

	if (version_traits(l->version).properties && l->problem_information) { /* [MQTT-3.1.2-29] */
		buf_reset(&b->added);
		mqtt_property_add_view(&b->added, MQTT_REASON_STRING, mqtt_view_of(what));
		ack.properties.raw = (struct mqtt_view){ b->added.data, (uint32_t)b->added.len };
		buf_reset(&b->packet);
		/* [MQTT-3.4.2-2] [MQTT-3.5.2-2] */
		if (mqtt_ack_write(&b->packet, l->version, MQTT_FROM_SERVER, type, &ack) &&
			link_send_packet(l))
			return;
	}
	link_send_ack(l, type, id, reason);
}
