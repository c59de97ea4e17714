#include "client/tool/debug.h"

#include <stdio.h>

#include "mqtt/connect.h"
#include "mqtt/control.h"
#include "mqtt/publish.h"
#include "mqtt/subscribe.h"

static void print_publish(
	struct debug *d, bool sent, const struct mqtt_frame *frame, struct mqtt_view body)
{
	struct mqtt_publish p;
	struct mqtt_error e;

	if (!mqtt_publish_read(d->version, sent ? MQTT_FROM_CLIENT : MQTT_FROM_SERVER, frame->flags,
		    body, &p, &e))
		return;
	unsigned id = p.id;
	if (sent && !id)
		id = ++d->published;
	printf("PUBLISH (d%d, q%u, r%d, m%u, '%.*s', ... (%u bytes))", p.dup, p.qos, p.retain, id,
		(int)p.topic.len, p.topic.len ? (const char *)p.topic.data : "", p.payload.len);
}

static void print_ack(struct debug *d, bool sent, enum packet_type type, struct mqtt_view body)
{
	struct mqtt_ack ack;
	struct mqtt_error e;

	if (!mqtt_ack_read(
		    d->version, sent ? MQTT_FROM_CLIENT : MQTT_FROM_SERVER, type, body, &ack, &e))
		return;
	const char *name = spec_packet_name(type);
	if (sent && (type == PUBACK || type == PUBREC))
		printf("%s (m%u, rc%u)", name, ack.id, ack.reason);
	else if (sent)
		printf("%s (m%u)", name, ack.id);
	else if (type == PUBREL || type == PUBREC)
		printf("%s (Mid: %u)", name, ack.id);
	else
		printf("%s (Mid: %u, RC:%u)", name, ack.id, ack.reason);
}

/* A line for each filter. */
static void print_subscribe(const struct debug *d, struct mqtt_view body)
{
	struct mqtt_subscribe s;
	struct mqtt_filter f;
	struct mqtt_error e;
	uint32_t at = 0;

	if (!mqtt_subscribe_read(d->version, body, &s, &e))
		return;
	while (mqtt_subscribe_next(&s, &at, &f)) {
		unsigned options = (f.no_local ? 4u : 0) | (f.retain_as_published ? 8u : 0) |
			(unsigned)f.retain_handling << 4;
		printf("Client %s sending SUBSCRIBE (Mid: %u, Topic: %.*s, QoS: %u, "
		       "Options: 0x%02x)\n",
			d->id, s.id, (int)f.text.len, (const char *)f.text.data, f.qos, options);
	}
}

static void print_unsubscribe(const struct debug *d, struct mqtt_view body)
{
	struct mqtt_subscribe s;
	struct mqtt_view filter;
	struct mqtt_error e;
	uint32_t at = 0;

	if (!mqtt_unsubscribe_read(d->version, body, &s, &e))
		return;
	while (mqtt_unsubscribe_next(&s, &at, &filter))
		printf("Client %s sending UNSUBSCRIBE (Mid: %u, Topic: %.*s)\n", d->id, s.id,
			(int)filter.len, (const char *)filter.data);
}

static void print_grants(const struct debug *d, struct mqtt_view body)
{
	struct mqtt_suback s;
	struct mqtt_error e;

	if (!mqtt_suback_read(d->version, SUBACK, body, &s, &e))
		return;
	printf("\nSubscribed (mid: %u): ", s.id);
	for (uint32_t i = 0; i < s.codes.len; i++)
		printf("%s%u", i ? ", " : "", s.codes.data[i]);
}

static void print_connack(const struct debug *d, struct mqtt_view body)
{
	struct mqtt_connack connack;
	struct mqtt_error e;

	if (mqtt_connack_read(d->version, body, &connack, &e))
		printf("CONNACK (%u)", connack.code);
}

static void print_rest(
	struct debug *d, bool sent, const struct mqtt_frame *frame, struct mqtt_view body)
{
	struct mqtt_control control;
	struct mqtt_error e;

	switch ((enum packet_type)frame->type) {
	case PUBLISH: print_publish(d, sent, frame, body); break;
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP: print_ack(d, sent, frame->type, body); break;
	case CONNACK: print_connack(d, body); break;
	case SUBACK:
		printf("SUBACK");
		print_grants(d, body);
		break;
	case DISCONNECT:
		printf("DISCONNECT");
		if (!sent && mqtt_disconnect_read(d->version, MQTT_FROM_SERVER, body, &control, &e))
			printf(" (%u)", control.reason);
		break;
	default: printf("%s", spec_packet_name(frame->type)); break;
	}
}

/* CONNACK comes before anybody else knows the assigned one. */
static void print_name(const struct debug *d, const struct mqtt_frame *frame, struct mqtt_view body)
{
	struct mqtt_view id = mqtt_view_of(*d->id ? d->id : "(null)");
	struct mqtt_connack connack;
	struct mqtt_error e;

	if (frame->type == CONNACK && mqtt_connack_read(d->version, body, &connack, &e) &&
		mqtt_properties_has(&connack.properties, MQTT_ASSIGNED_CLIENT_IDENTIFIER))
		id = mqtt_properties_view(&connack.properties, MQTT_ASSIGNED_CLIENT_IDENTIFIER);
	printf("Client %.*s", (int)id.len, (const char *)id.data);
}

void debug_packet(struct debug *d, bool sent, const void *packet, size_t len)
{
	struct mqtt_frame frame;
	struct mqtt_error e;
	const uint8_t *data = packet;

	if (mqtt_frame_read(data, len, d->version, &frame, &e) != MQTT_READ_OK)
		return;
	struct mqtt_view body = { data + frame.header_len, frame.body_len };
	if (frame.type == SUBSCRIBE) {
		print_subscribe(d, body);
	} else if (frame.type == UNSUBSCRIBE) {
		print_unsubscribe(d, body);
	} else {
		print_name(d, &frame, body);
		printf(" %s ", sent ? "sending" : "received");
		print_rest(d, sent, &frame, body);
		putchar('\n');
	}
	fflush(stdout);
}
