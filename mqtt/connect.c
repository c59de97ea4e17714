#include "mqtt/connect.h"

#include "base/buf.h"
#include "mqtt/cursor.h"
#include "mqtt/text.h"
#include "mqtt/write.h"

enum { /* Connect Flags */
	FLAG_RESERVED = 0x01,
	FLAG_CLEAN = 0x02,
	FLAG_WILL = 0x04,
	FLAG_WILL_RETAIN = 0x20,
	FLAG_PASSWORD = 0x40,
	FLAG_USER_NAME = 0x80,
};

static bool malformed(const struct mqtt_connect *c, struct mqtt_error *e, const char *id_311,
	const char *id_50, const char *what)
{
	return mqtt_refuse(
		e, MQTT_MALFORMED_PACKET, version_statement(c->version, id_311, id_50), what);
}

/* Protocol Name and Protocol Version, which say how all the rest is to be read. */
static bool protocol_read(struct mqtt_cursor *c, struct mqtt_connect *out,
	enum mqtt_connect_form *form, struct mqtt_error *e)
{
	struct mqtt_view name;

	if (!cursor_view(c, &name) || !cursor_u8(c, &out->version))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "3.1.1:MQTT-3.1.4-1",
			"CONNECT ends in its first fields");
	struct version_traits traits = version_traits(out->version);
	if (traits.protocol && mqtt_view_equal(name, mqtt_view_of(traits.protocol))) {
		*form = traits.reason_codes ? MQTT_CONNECT_50 : MQTT_CONNECT_311;
		return true;
	}
	/* [MQTT-3.1.2-1] */
	if (!mqtt_view_equal(name, MQTT_VIEW("MQTT"))) {
		*form = traits.reason_codes ? MQTT_CONNECT_50 : MQTT_CONNECT_UNKNOWN;
		return mqtt_refuse(e, MQTT_UNSUPPORTED_VERSION,
			MQTT_BY_VERSION(out->version, "MQTT-3.1.2-1", "MQTT-3.1.2-1"),
			"Protocol Name is not MQTT");
	}
	*form = MQTT_CONNECT_311; /* [MQTT-3.1.2-2] */
	return mqtt_refuse(e, MQTT_UNSUPPORTED_VERSION, "3.1.1:MQTT-3.1.2-2",
		"Protocol Level is neither 4 nor 5");
}

static bool flags_check(struct mqtt_connect *c, uint8_t flags, struct mqtt_error *e)
{
	if (flags & FLAG_RESERVED)
		return malformed(
			c, e, "3.1.1:MQTT-3.1.2-3", "5.0:MQTT-3.1.2-3", "reserved Connect Flag");
	c->clean_start = flags & FLAG_CLEAN;
	c->has_will = flags & FLAG_WILL;
	c->will_qos = flags >> 3 & 3;
	c->will_retain = flags & FLAG_WILL_RETAIN;
	c->has_user_name = flags & FLAG_USER_NAME;
	c->has_password = flags & FLAG_PASSWORD;
	if (!c->has_will && c->will_qos)
		return malformed(
			c, e, "3.1.1:MQTT-3.1.2-13", "5.0:MQTT-3.1.2-11", "Will QoS without Will");
	if (!c->has_will && c->will_retain)
		return malformed(c, e, "3.1.1:MQTT-3.1.2-15", "5.0:MQTT-3.1.2-13",
			"Will Retain without Will");
	if (c->will_qos == 3)
		return malformed(c, e, "3.1.1:MQTT-3.1.2-14", "5.0:MQTT-3.1.2-12", "Will QoS 3");
	/* 5.0 allows it: U50-PASSWORD-ONLY */
	if (!version_traits(c->version).password_alone && c->has_password && !c->has_user_name)
		return malformed(c, e, "3.1.1:MQTT-3.1.2-22", "5.0:U50-PASSWORD-ONLY",
			"password without user name");
	return true;
}

static bool will_read(struct mqtt_cursor *c, struct mqtt_connect *out, struct mqtt_error *e)
{
	if (version_traits(out->version).properties &&
		!mqtt_properties_read(
			c, SPEC_WILL_PROPERTIES, MQTT_FROM_CLIENT, &out->will_properties, e))
		return false;
	if (!cursor_view(c, &out->will_topic) || !cursor_view(c, &out->will_payload))
		return malformed(
			out, e, "3.1.1:MQTT-3.1.2-9", "5.0:MQTT-3.1.2-9", "Will is missing");
	if (!mqtt_text_valid(out->will_topic))
		return malformed(out, e, "3.1.1:MQTT-3.1.3-10", "5.0:MQTT-3.1.3-11",
			"ill-formed Will Topic");
	if (!mqtt_topic_valid(out->will_topic))
		return mqtt_refuse(e, MQTT_TOPIC_NAME_INVALID,
			MQTT_BY_VERSION(out->version, "MQTT-4.7.1-1", "MQTT-4.7.0-1"),
			"Will Topic is empty or has a wildcard");
	if (mqtt_properties_number(&out->will_properties, MQTT_PAYLOAD_FORMAT_INDICATOR, 0) &&
		!mqtt_text_valid(out->will_payload))
		return mqtt_refuse(e, MQTT_PAYLOAD_FORMAT_INVALID, "5.0:U50-WILL-PFI",
			"Will Payload is not the UTF-8 that it says");
	return true;
}

static bool credentials_read(struct mqtt_cursor *c, struct mqtt_connect *out, struct mqtt_error *e)
{
	if (version_traits(out->version).length_over_flags) {
		out->has_user_name &= cursor_left(c) > 0;
		out->has_password &= out->has_user_name;
	}
	if (out->has_user_name && !cursor_view(c, &out->user_name))
		return malformed(
			out, e, "3.1.1:MQTT-3.1.2-19", "5.0:MQTT-3.1.2-17", "user name is missing");
	if (!mqtt_text_valid(out->user_name))
		return malformed(
			out, e, "3.1.1:MQTT-3.1.3-11", "5.0:MQTT-3.1.3-12", "ill-formed user name");
	if (version_traits(out->version).length_over_flags)
		out->has_password &= cursor_left(c) > 0;
	if (out->has_password && !cursor_view(c, &out->password))
		return malformed(
			out, e, "3.1.1:MQTT-3.1.2-21", "5.0:MQTT-3.1.2-19", "password is missing");
	return true;
}

bool mqtt_connect_read(const struct mqtt_frame *frame, struct mqtt_view body,
	struct mqtt_connect *out, enum mqtt_connect_form *form, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);
	uint8_t flags;

	*out = (struct mqtt_connect){ 0 };
	*form = MQTT_CONNECT_UNKNOWN;
	if (!protocol_read(&c, out, form, e))
		return false;
	if (version_traits(out->version).shortest_form && frame->overlong)
		return mqtt_refuse(
			e, MQTT_MALFORMED_PACKET, "5.0:MQTT-1.5.5-1", "overlong Remaining Length");
	if (!cursor_u8(&c, &flags) || !cursor_u16(&c, &out->keep_alive_s))
		return malformed(out, e, "3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1",
			"CONNECT ends in its first fields");
	if (!flags_check(out, flags, e))
		return false;
	if (version_traits(out->version).properties &&
		!mqtt_properties_read(
			&c, SPEC_PACKET(CONNECT), MQTT_FROM_CLIENT, &out->properties, e))
		return false;
	if (!cursor_view(&c, &out->client_id))
		return malformed(
			out, e, "3.1.1:MQTT-3.1.3-3", "5.0:MQTT-3.1.3-3", "no Client Identifier");
	if (!mqtt_text_valid(out->client_id))
		return malformed(out, e, "3.1.1:MQTT-3.1.3-4", "5.0:MQTT-3.1.3-4",
			"ill-formed Client Identifier");
	if ((out->has_will && !will_read(&c, out, e)) || !credentials_read(&c, out, e))
		return false;
	return c.at == c.end ||
		malformed(out, e, "3.1.1:MQTT-3.1.2-18", "5.0:MQTT-3.1.2-16",
			"bytes after the last field");
}

static bool return_code_check(unsigned version, uint8_t code, struct mqtt_error *e)
{
	if (version_traits(version).reason_codes)
		return spec_reason_code(code, CONNACK) != NULL ||
			mqtt_refuse(
				e, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.2.2-8", "unknown CONNACK code");
	return code <= 5 ||
		mqtt_refuse(
			e, MQTT_PROTOCOL_ERROR, "3.1.1:U311-CONNACK-CODES", "reserved return code");
}

bool mqtt_connack_read(
	unsigned version, struct mqtt_view body, struct mqtt_connack *out, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);
	uint8_t flags;

	*out = (struct mqtt_connack){ 0 };
	if (!cursor_u8(&c, &flags) || !cursor_u8(&c, &out->code))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-CONNACK-LEN", "U50-CONNACK-CODES"),
			"CONNACK too short");
	if (flags & (version_traits(version).session_present ? 0xfe : 0xff))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-CONNACK-FLAGS", "MQTT-3.2.2-1"),
			"reserved bits of the Connect Acknowledge Flags");
	out->session_present = flags & 1;
	if (!return_code_check(version, out->code, e))
		return false;
	if (out->session_present && out->code)
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(version, "MQTT-3.2.2-4", "MQTT-3.2.2-6"),
			"Session Present in a refusal");
	if (version_traits(version).properties &&
		!mqtt_properties_read(
			&c, SPEC_PACKET(CONNACK), MQTT_FROM_SERVER, &out->properties, e))
		return false;
	return c.at == c.end ||
		mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-CONNACK-LEN", "U50-PROP-LENGTH"),
			"CONNACK too long");
}

static uint8_t flags_of(const struct mqtt_connect *c)
{
	return (uint8_t)((c->clean_start ? FLAG_CLEAN : 0) | (c->has_will ? FLAG_WILL : 0) |
		c->will_qos << 3 | (c->will_retain ? FLAG_WILL_RETAIN : 0) |
		(c->has_password ? FLAG_PASSWORD : 0) | (c->has_user_name ? FLAG_USER_NAME : 0));
}

bool mqtt_connect_write(struct buf *out, const struct mqtt_connect *c)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_connect check;
	enum mqtt_connect_form form;
	struct mqtt_error e;

	const char *protocol = version_traits(c->version).protocol;
	packet_view(out, mqtt_view_of(protocol ? protocol : "MQTT"));
	buf_add_u8(out, c->version);
	buf_add_u8(out, flags_of(c));
	buf_add_u16(out, c->keep_alive_s);
	packet_properties(out, c->version, c->properties.raw);
	packet_view(out, c->client_id);
	if (c->has_will) {
		packet_properties(out, c->version, c->will_properties.raw);
		packet_view(out, c->will_topic);
		packet_view(out, c->will_payload);
	}
	if (c->has_user_name)
		packet_view(out, c->user_name);
	if (c->has_password)
		packet_view(out, c->password);
	return packet_keep(out, mark,
		packet_end(out, mark, CONNECT, 0, &frame, &body) &&
			mqtt_connect_read(&frame, body, &check, &form, &e));
}

bool mqtt_connack_write(struct buf *out, unsigned version, const struct mqtt_connack *connack)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_connack check;
	struct mqtt_error e;

	buf_add_u8(out, connack->session_present);
	buf_add_u8(out, connack->code);
	packet_properties(out, version, connack->properties.raw);
	return packet_keep(out, mark,
		packet_end(out, mark, CONNACK, 0, &frame, &body) &&
			mqtt_connack_read(version, body, &check, &e));
}
