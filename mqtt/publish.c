#include "mqtt/publish.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "mqtt/cursor.h"
#include "mqtt/text.h"
#include "mqtt/write.h"

static bool flags_read(
	unsigned version, uint8_t flags, struct mqtt_publish *p, struct mqtt_error *e)
{
	p->dup = flags & 8;
	p->qos = flags >> 1 & 3;
	p->retain = flags & 1;
	if (p->qos == 3)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-3.3.1-4", "MQTT-3.3.1-4"), "QoS 3");
	if (!p->qos && p->dup)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-3.3.1-2", "MQTT-3.3.1-2"), "QoS 0 with DUP");
	return true;
}

bool mqtt_publish_topic_check(unsigned version, const struct mqtt_publish *p, struct mqtt_error *e)
{
	if (mqtt_topic_valid(p->topic))
		return true;
	if (!p->topic.len) {
		if (mqtt_properties_has(&p->properties, MQTT_TOPIC_ALIAS))
			return true;
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(version, "MQTT-4.7.3-1", "U50-TOPIC-EMPTY"), "no topic");
	}
	if (!mqtt_text_valid(p->topic))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-3.3.2-1", "MQTT-3.3.2-1"),
			"ill-formed topic");
	return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
		MQTT_BY_VERSION(version, "MQTT-3.3.2-2", "MQTT-3.3.2-2"), "topic with a wildcard");
}

bool mqtt_publish_fields_read(unsigned version, enum mqtt_sender from, uint8_t flags,
	struct mqtt_view body, struct mqtt_publish *out, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);

	out->id = 0;
	out->properties = (struct mqtt_properties){ 0 };
	if (!flags_read(version, flags, out, e))
		return false;
	if (!cursor_view(&c, &out->topic) || (out->qos && !cursor_u16(&c, &out->id)))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-3.3.2-1", "MQTT-3.3.2-1"),
			"PUBLISH ends before its payload");
	if (out->qos && !out->id)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-2.3.1-1", "MQTT-2.2.1-3"),
			"Packet Identifier 0");
	if (version_traits(version).properties &&
		!mqtt_properties_read(&c, SPEC_PACKET(PUBLISH), from, &out->properties, e))
		return false;
	out->payload = (struct mqtt_view){ c.at, cursor_left(&c) };
	return true;
}

bool mqtt_publish_read(unsigned version, enum mqtt_sender from, uint8_t flags,
	struct mqtt_view body, struct mqtt_publish *out, struct mqtt_error *e)
{
	return mqtt_publish_fields_read(version, from, flags, body, out, e) &&
		mqtt_publish_topic_check(version, out, e);
}

bool mqtt_publish_payload_valid(const struct mqtt_publish *p)
{
	return !mqtt_properties_number(&p->properties, MQTT_PAYLOAD_FORMAT_INDICATOR, 0) ||
		utf8_check(p->payload.data, p->payload.len) == p->payload.len;
}

size_t mqtt_publish_body_size(unsigned version, const struct mqtt_publish_head *h)
{
	size_t size = (size_t)2 + h->topic.len + (h->id ? 2 : 0) + h->payload_len;
	uint32_t properties = h->added.len + h->forwarded.len;

	return version_traits(version).properties
		? size + mqtt_variable_size(properties) + properties
		: size;
}

size_t mqtt_publish_head_size(const struct mqtt_publish_head *head, size_t body_size)
{
	return 1 + mqtt_variable_size((uint32_t)body_size) + body_size - head->payload_len;
}

static uint8_t *bytes_put(uint8_t *out, struct mqtt_view v)
{
	if (v.len)
		memcpy(out, v.data, v.len);
	return out + v.len;
}

static uint8_t *u16_put(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return out + 2;
}

void mqtt_publish_head_write(
	uint8_t *out, unsigned version, const struct mqtt_publish_head *h, size_t body_size)
{
	*out++ = (uint8_t)(PUBLISH << 4 | h->flags);
	out += mqtt_variable_write(out, (uint32_t)body_size);
	out = u16_put(out, h->topic.len);
	out = bytes_put(out, h->topic);
	if (h->id)
		out = u16_put(out, h->id);
	if (!version_traits(version).properties)
		return;
	out += mqtt_variable_write(out, h->added.len + h->forwarded.len);
	out = bytes_put(out, h->added);
	bytes_put(out, h->forwarded);
}

/* Codes that only a server may put into an acknowledgement. */
static bool reason_check(
	uint8_t reason, enum mqtt_sender from, enum packet_type type, struct mqtt_error *e)
{
	static const char *const statements[] = { [PUBACK] = "5.0:MQTT-3.4.2-1",
		[PUBREC] = "5.0:MQTT-3.5.2-1",
		[PUBREL] = "5.0:MQTT-3.6.2-1",
		[PUBCOMP] = "5.0:MQTT-3.7.2-1" };

	if (!spec_reason_code(reason, type))
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR, statements[type], "unknown Reason Code");
	return reason != MQTT_NO_MATCHING_SUBSCRIBERS || from == MQTT_FROM_SERVER ||
		mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-NOMATCH-CODE",
			"No matching subscribers from a client");
}

bool mqtt_ack_read(unsigned version, enum mqtt_sender from, enum packet_type type,
	struct mqtt_view body, struct mqtt_ack *out, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);

	*out = (struct mqtt_ack){ 0 };
	if (!cursor_u16(&c, &out->id))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-ACK-LEN", "U50-ACK-SHORT"),
			"no Packet Identifier");
	if (!out->id)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-2.3.1-6", "MQTT-2.2.1-5"),
			"Packet Identifier 0");
	if (version_traits(version).reason_codes && cursor_u8(&c, &out->reason)) {
		if (out->reason && !reason_check(out->reason, from, type, e))
			return false;
		if (c.at < c.end &&
			!mqtt_properties_read(&c, SPEC_PACKET(type), from, &out->properties, e))
			return false;
	}
	return c.at == c.end ||
		mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-ACK-LEN", "U50-PROP-LENGTH"),
			"bytes after the acknowledgement");
}

size_t mqtt_ack_short(
	uint8_t out[static 5], unsigned version, enum packet_type type, uint16_t id, uint8_t reason)
{
	bool with_reason = version_traits(version).reason_codes && reason;

	out[0] = (uint8_t)(type << 4 | (type == PUBREL ? 2 : 0));
	out[1] = with_reason ? 3 : 2;
	u16_put(out + 2, id);
	out[4] = reason;
	return with_reason ? 5 : 4;
}

bool mqtt_publish_write(
	struct buf *out, unsigned version, enum mqtt_sender from, const struct mqtt_publish *p)
{
	size_t mark = packet_begin(out);
	unsigned flags = mqtt_publish_flags(p->dup, p->qos, p->retain);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_publish check;
	struct mqtt_error e;

	packet_view(out, p->topic);
	if (p->qos)
		buf_add_u16(out, p->id);
	packet_properties(out, version, p->properties.raw);
	buf_add(out, p->payload.data, p->payload.len);
	return packet_keep(out, mark,
		p->qos < 3 && packet_end(out, mark, PUBLISH, flags, &frame, &body) &&
			mqtt_publish_read(version, from, frame.flags, body, &check, &e));
}

bool mqtt_ack_write(struct buf *out, unsigned version, enum mqtt_sender from, enum packet_type type,
	const struct mqtt_ack *ack)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_ack check;
	struct mqtt_error e;

	buf_add_u16(out, ack->id);
	if (version_traits(version).reason_codes && (ack->reason || ack->properties.raw.len))
		buf_add_u8(out, ack->reason);
	if (ack->properties.raw.len)
		packet_properties(out, version, ack->properties.raw);
	return packet_keep(out, mark,
		packet_end(out, mark, type, type == PUBREL ? 2 : 0, &frame, &body) &&
			mqtt_ack_read(version, from, type, body, &check, &e));
}
