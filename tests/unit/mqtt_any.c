#include "tests/unit/mqtt_any.h"

#include <stdlib.h>

#include "base/buf.h"

enum mqtt_sender any_sender(unsigned type)
{
	return type == CONNECT || type == SUBSCRIBE || type == UNSUBSCRIBE || type == PINGREQ
		? MQTT_FROM_CLIENT
		: MQTT_FROM_SERVER;
}

static bool body_read(unsigned version, enum mqtt_sender from, struct mqtt_view body,
	struct any_packet *out, struct mqtt_error *e)
{
	switch ((enum packet_type)out->frame.type) {
	case CONNECT: return mqtt_connect_read(&out->frame, body, &out->connect, &out->form, e);
	case CONNACK: return mqtt_connack_read(version, body, &out->connack, e);
	case PUBLISH:
		return mqtt_publish_read(version, from, out->frame.flags, body, &out->publish, e);
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP: return mqtt_ack_read(version, from, out->frame.type, body, &out->ack, e);
	case SUBSCRIBE: return mqtt_subscribe_read(version, body, &out->subscribe, e);
	case UNSUBSCRIBE: return mqtt_unsubscribe_read(version, body, &out->subscribe, e);
	case SUBACK:
	case UNSUBACK: return mqtt_suback_read(version, out->frame.type, body, &out->suback, e);
	case PINGREQ:
	case PINGRESP: return mqtt_ping_read(version, body, e);
	case DISCONNECT: return mqtt_disconnect_read(version, from, body, &out->control, e);
	case AUTH: return mqtt_auth_read(from, body, &out->control, e);
	default: return false;
	}
}

bool any_read(unsigned version, enum mqtt_sender from, const uint8_t *data, size_t len,
	struct any_packet *out, struct mqtt_error *e)
{
	*e = (struct mqtt_error){ 0 };
	if (mqtt_frame_read(data, len, version, &out->frame, e) != MQTT_READ_OK ||
		out->frame.header_len + (size_t)out->frame.body_len != len)
		return false;
	struct mqtt_view body = { data + out->frame.header_len, out->frame.body_len };
	return body_read(version, from, body, out, e);
}

static bool subscribe_write(struct buf *out, unsigned version, const struct mqtt_subscribe *s)
{
	struct mqtt_filter *filters = calloc(s->count, sizeof(*filters));
	uint32_t at = 0;

	for (uint32_t i = 0; filters && i < s->count; i++)
		mqtt_subscribe_next(s, &at, &filters[i]);
	bool ok = filters &&
		mqtt_subscribe_write(out, version, s->id, s->properties.raw, filters, s->count);
	free(filters);
	return ok;
}

static bool unsubscribe_write(struct buf *out, unsigned version, const struct mqtt_subscribe *s)
{
	struct mqtt_view *filters = calloc(s->count, sizeof(*filters));
	uint32_t at = 0;

	for (uint32_t i = 0; filters && i < s->count; i++)
		mqtt_unsubscribe_next(s, &at, &filters[i]);
	bool ok = filters &&
		mqtt_unsubscribe_write(out, version, s->id, s->properties.raw, filters, s->count);
	free(filters);
	return ok;
}

bool any_write(struct buf *out, unsigned version, enum mqtt_sender from, const struct any_packet *p)
{
	unsigned type = p->frame.type;

	switch ((enum packet_type)type) {
	case CONNECT: return mqtt_connect_write(out, &p->connect);
	case CONNACK: return mqtt_connack_write(out, version, &p->connack);
	case PUBLISH: return mqtt_publish_write(out, version, from, &p->publish);
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP: return mqtt_ack_write(out, version, from, type, &p->ack);
	case SUBSCRIBE: return subscribe_write(out, version, &p->subscribe);
	case UNSUBSCRIBE: return unsubscribe_write(out, version, &p->subscribe);
	case SUBACK:
	case UNSUBACK: return mqtt_suback_write(out, version, type, &p->suback);
	case PINGREQ:
	case PINGRESP: return mqtt_ping_write(out, type);
	case DISCONNECT: return mqtt_disconnect_write(out, version, from, &p->control);
	case AUTH: return mqtt_auth_write(out, from, &p->control);
	default: return false;
	}
}
