#include "mqtt/control.h"

#include "base/buf.h"
#include "mqtt/cursor.h"
#include "mqtt/write.h"

bool mqtt_ping_read(unsigned version, struct mqtt_view body, struct mqtt_error *e)
{
	return !body.len ||
		mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-PING-LEN", "U50-PING-LEN"),
			"PINGREQ or PINGRESP with a body");
}

/* The code exists for this packet, and for this sender of it. */
static bool reason_check(uint8_t reason, enum packet_type type, enum mqtt_sender from,
	const char *statement, struct mqtt_error *e)
{
	for (size_t i = 0; i < spec_reason_code_count; i++) {
		const struct spec_reason_code *r = &spec_reason_codes[i];
		if (r->code != reason || !(r->packets & SPEC_PACKET(type)))
			continue;
		if (from == MQTT_FROM_CLIENT ? r->from_client : r->from_server)
			return true;
	}
	return mqtt_refuse(
		e, MQTT_PROTOCOL_ERROR, statement, "Reason Code that this side must not send");
}

/* Either is nothing at all, a Reason Code, or a Reason Code and properties. */
static bool control_read(struct mqtt_view body, enum packet_type type, enum mqtt_sender from,
	const char *statement, struct mqtt_control *out, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);

	*out = (struct mqtt_control){ 0 };
	if (cursor_u8(&c, &out->reason) && c.at < c.end &&
		!mqtt_properties_read(&c, SPEC_PACKET(type), from, &out->properties, e))
		return false;
	if (c.at < c.end)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:U50-PROP-LENGTH",
			"bytes after the properties");
	return reason_check(out->reason, type, from, statement, e);
}

bool mqtt_disconnect_read(unsigned version, enum mqtt_sender from, struct mqtt_view body,
	struct mqtt_control *out, struct mqtt_error *e)
{
	*out = (struct mqtt_control){ 0 };
	if (version_traits(version).reason_codes)
		return control_read(body, DISCONNECT, from, "5.0:MQTT-3.14.2-1", out, e);
	if (from == MQTT_FROM_SERVER)
		return mqtt_refuse(
			e, MQTT_PROTOCOL_ERROR, "3.1.1:U311-PKT-TYPE", "DISCONNECT from a server");
	return !body.len ||
		mqtt_refuse(
			e, MQTT_MALFORMED_PACKET, "3.1.1:U311-PING-LEN", "DISCONNECT with a body");
}

bool mqtt_auth_read(enum mqtt_sender from, struct mqtt_view body, struct mqtt_control *out,
	struct mqtt_error *e)
{
	if (!control_read(body, AUTH, from, "5.0:MQTT-3.15.2-1", out, e))
		return false;
	/* Nothing at all stands for success, which has no method to name: U50-AUTH-SHORT */
	return !body.len || mqtt_properties_has(&out->properties, MQTT_AUTHENTICATION_METHOD) ||
		mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-AUTH-METHOD",
			"AUTH without Authentication Method");
}

bool mqtt_ping_write(struct buf *out, enum packet_type type)
{
	return buf_add(out, (uint8_t[]){ (uint8_t)(type << 4), 0 }, 2);
}

static void control_body(struct buf *out, const struct mqtt_control *control)
{
	bool properties = control->properties.raw.len;

	if (control->reason || properties)
		buf_add_u8(out, control->reason);
	if (properties)
		packet_properties(out, MQTT_50, control->properties.raw);
}

bool mqtt_disconnect_write(struct buf *out, unsigned version, enum mqtt_sender from,
	const struct mqtt_control *disconnect)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_control check;
	struct mqtt_error e;

	if (version_traits(version).reason_codes)
		control_body(out, disconnect);
	return packet_keep(out, mark,
		packet_end(out, mark, DISCONNECT, 0, &frame, &body) &&
			mqtt_disconnect_read(version, from, body, &check, &e));
}

bool mqtt_auth_write(struct buf *out, enum mqtt_sender from, const struct mqtt_control *auth)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_control check;
	struct mqtt_error e;

	control_body(out, auth);
	return packet_keep(out, mark,
		packet_end(out, mark, AUTH, 0, &frame, &body) &&
			mqtt_auth_read(from, body, &check, &e));
}
