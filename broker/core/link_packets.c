#include "broker/core/link_packets.h"

#include "broker/core/core.h"
#include "broker/core/link.h"
#include "broker/core/link_connect.h"
#include "broker/core/link_end.h"
#include "broker/core/link_out.h"
#include "broker/core/link_publish.h"
#include "broker/core/link_subscribe.h"
#include "broker/core/outgoing.h"
#include "broker/core/record.h"
#include "broker/core/session.h"
#include "mqtt/control.h"
#include "mqtt/publish.h"

static void link_ping(struct link *l, struct mqtt_view body)
{
	struct mqtt_error e;

	if (!mqtt_ping_read(l->version, body, &e)) {
		link_fail(l, &e);
		return;
	}
	uint8_t *room = link_take(l, 2);
	if (room) { /* [MQTT-3.12.4-1] */
		room[0] = PINGRESP << 4;
		room[1] = 0;
	}
}

/* PUBREL: the message was delivered when it came; now its identifier is free. */
static void publish_release(struct link *l, uint16_t id)
{
	struct broker *b = l->broker;
	struct session *s = l->session;
	bool known = idset_remove(&s->received, &b->memory, id);

	if (known) {
		record_received_gone(b, s, id);
		if (l->received)
			l->received--;
	}
	/* [MQTT-4.3.3-11] */
	link_send_ack(l, PUBCOMP, id, known ? MQTT_SUCCESS : MQTT_PACKET_ID_NOT_FOUND);
}

static void link_ack(struct link *l, enum packet_type type, struct mqtt_view body)
{
	struct mqtt_ack ack;
	struct mqtt_error e;

	if (!mqtt_ack_read(l->version, MQTT_FROM_CLIENT, type, body, &ack, &e)) {
		link_fail(l, &e);
		return;
	}
	if (type == PUBREL) {
		publish_release(l, ack.id);
		return;
	}
	bool known = outgoing_acknowledge(l->broker, l->session, type, ack.id, ack.reason);
	if (!known && type == PUBREC && ack.reason < 0x80)
		link_send_ack(l, PUBREL, ack.id, MQTT_PACKET_ID_NOT_FOUND);
}

static void link_disconnect(struct link *l, struct mqtt_view body)
{
	struct session *s = l->session;
	struct mqtt_control disconnect;
	struct mqtt_error e;

	if (!mqtt_disconnect_read(l->version, MQTT_FROM_CLIENT, body, &disconnect, &e)) {
		link_fail(l, &e);
		return;
	}
	if (mqtt_properties_has(&disconnect.properties, MQTT_SESSION_EXPIRY_INTERVAL)) {
		uint32_t max = l->broker->config.limits.session_expiry_max_s;
		uint32_t expiry_s = mqtt_properties_number(
			&disconnect.properties, MQTT_SESSION_EXPIRY_INTERVAL, 0);
		if (expiry_s && !s->expiry_s) {
			link_refuse(l, MQTT_PROTOCOL_ERROR, "5.0:U50-DISC-EXPIRY-RAISE",
				"Session Expiry Interval raised from 0");
			return;
		}
		s->expiry_s = expiry_s < max ? expiry_s : max;
	}
	link_finish(l, disconnect.reason == MQTT_SUCCESS); /* [MQTT-3.14.4-3] */
	/* It sends nothing more [MQTT-3.14.4-1], and has all: there is nothing to wait for. */
	l->must_close |= !l->output.bytes;
}

/* While enhanced authentication is under way: AUTH, or the client gives up. [MQTT-3.1.2-30] */
static void packet_before_connack(
	struct link *l, const struct mqtt_frame *frame, struct mqtt_view body)
{
	if (frame->type == AUTH)
		link_auth(l, body);
	else if (frame->type == DISCONNECT)
		link_finish(l, true);
	else
		link_refuse(l, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.1.2-30",
			"neither AUTH nor DISCONNECT during authentication");
}

void link_packet(struct link *l, const struct mqtt_frame *frame, struct mqtt_view body)
{
	if (frame->type == CONNECT) {
		link_connect(l, frame, body);
		return;
	}
	if (l->state == LINK_AUTH) {
		packet_before_connack(l, frame, body);
		return;
	}
	switch ((enum packet_type)frame->type) {
	case PUBLISH: link_publish(l, frame, body); return;
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP: link_ack(l, frame->type, body); return;
	case SUBSCRIBE: link_subscribe(l, body); return;
	case UNSUBSCRIBE: link_unsubscribe(l, body); return;
	case PINGREQ: link_ping(l, body); return;
	case DISCONNECT: link_disconnect(l, body); return;
	case AUTH: link_auth(l, body); return;
	default:
		link_refuse(l, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(l->version, "U311-PKT-TYPE", "U50-PKT-TYPE"),
			"packet that only a server sends");
	}
}
