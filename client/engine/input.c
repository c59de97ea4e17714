/* From bytes to packets. */
#include "client/engine/core.h"
#include "mqtt/control.h"

bool engine_problem_check(
	const struct engine *e, const struct mqtt_properties *properties, struct mqtt_error *error)
{
	return e->problem_info ||
		!(mqtt_properties_has(properties, MQTT_REASON_STRING) ||
			mqtt_properties_has(properties, MQTT_USER_PROPERTY)) ||
		mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:U50-REQPROB-CLIENT",
			"problem information that was not asked for");
}

static void receive_pingresp(struct engine *e, struct mqtt_view body)
{
	struct mqtt_error error;

	if (mqtt_ping_read(e->connect.version, body, &error) && e->pingresp_due_ms == INT64_MAX)
		mqtt_refuse(&error, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(e->connect.version, "MQTT-3.12.4-1", "MQTT-3.12.4-1"),
			"PINGRESP without PINGREQ");
	else if (!body.len) {
		e->pingresp_due_ms = INT64_MAX;
		return;
	}
	engine_break(e, &error);
}

static void receive_disconnect(struct engine *e, struct mqtt_view body)
{
	struct mqtt_control disconnect;
	struct mqtt_error error;

	if (!mqtt_disconnect_read(
		    e->connect.version, MQTT_FROM_SERVER, body, &disconnect, &error)) {
		engine_break(e, &error);
		return;
	}
	engine_end(e); /* U50-DISC-CLOSE */
	engine_tell(e,
		&(struct engine_event){ .type = ENGINE_DISCONNECTED,
			.result = disconnect.reason,
			.properties = disconnect.properties });
}

static void wrong_way(struct engine *e, const char *what)
{
	engine_break(e,
		&(struct mqtt_error){ MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(e->connect.version, "U311-PKT-TYPE", "U50-PKT-TYPE"),
			what });
}

/* [MQTT-3.2.0-1] of both versions; AUTH may come before CONNACK. */
static void receive_first(struct engine *e, unsigned type, struct mqtt_view body)
{
	if (type == CONNACK)
		engine_accept(e, body);
	else if (type == AUTH && version_traits(e->connect.version).auth)
		engine_auth(e, body);
	else if (type == DISCONNECT && version_traits(e->connect.version).server_disconnect)
		engine_break(e,
			&(struct mqtt_error){ MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.14.0-1",
				"DISCONNECT before CONNACK" });
	else
		engine_break(e,
			&(struct mqtt_error){ MQTT_PROTOCOL_ERROR,
				MQTT_BY_VERSION(e->connect.version, "MQTT-3.2.0-1", "MQTT-3.2.0-1"),
				"a packet before CONNACK" });
}

static void receive_packet(struct engine *e, const struct mqtt_frame *frame, struct mqtt_view body)
{
	if (e->state == ENGINE_CONNECTING) {
		receive_first(e, frame->type, body);
		return;
	}
	switch ((enum packet_type)frame->type) {
	case PUBLISH: engine_receive(e, frame->flags, body); break;
	case PUBACK:
	case PUBREC:
	case PUBCOMP: engine_acknowledge(e, frame->type, body); break;
	case PUBREL: engine_release(e, body); break;
	case SUBACK:
	case UNSUBACK: engine_answer(e, frame->type, body); break;
	case PINGRESP: receive_pingresp(e, body); break;
	case DISCONNECT: receive_disconnect(e, body); break;
	case AUTH: engine_auth(e, body); break;
	case CONNACK:
		engine_break(e,
			&(struct mqtt_error){ MQTT_PROTOCOL_ERROR,
				MQTT_BY_VERSION(
					e->connect.version, "U311-PKT-TYPE", "MQTT-3.2.0-2"),
				"a second CONNACK" });
		break;
	default: wrong_way(e, "a packet that only a client sends"); break;
	}
	engine_pump(e);
}

static bool is_open(const struct engine *e)
{
	return e->state == ENGINE_CONNECTING || e->state == ENGINE_UP;
}

/* Takes one packet off the front; returns its size, 0 if it is not all there or cannot be one. */
static size_t take_packet(struct engine *e, const uint8_t *data, size_t len)
{
	struct mqtt_frame frame;
	struct mqtt_error error;

	switch (mqtt_frame_read(data, len, e->connect.version, &frame, &error)) {
	case MQTT_READ_MORE: return 0;
	case MQTT_READ_BAD: engine_break(e, &error); return 0;
	case MQTT_READ_OK: break;
	}
	uint32_t size = frame.header_len + frame.body_len;
	if (size > e->packet_bytes) {
		engine_break(e,
			&(struct mqtt_error){ MQTT_PACKET_TOO_LARGE,
				version_statement(
					e->connect.version, NULL, "5.0:U50-MAXPKT-EXCEEDED"),
				"a packet larger than allowed" });
		return 0;
	}
	if (size > len)
		return 0;
	e->last_heard_ms = e->now_ms;
	if (e->config.trace)
		e->config.trace(e->config.context, false, (struct mqtt_view){ data, size });
	receive_packet(e, &frame, (struct mqtt_view){ data + frame.header_len, frame.body_len });
	return size;
}

void engine_input(struct engine *e, const void *data, size_t len)
{
	bool buffered = e->in.len > 0;
	const uint8_t *at = data;
	size_t used = 0, one;

	if (!is_open(e))
		return;
	if (buffered) {
		if (!engine_must_keep(e, buf_add(&e->in, data, len)))
			return;
		at = e->in.data;
		len = e->in.len;
	}
	do {
		one = take_packet(e, at + used, len - used);
		used += one;
	} while (one && is_open(e) && used < len);
	if (!is_open(e))
		buf_reset(&e->in);
	else if (buffered)
		buf_consume(&e->in, used);
	else if (used < len)
		engine_must_keep(e, buf_add(&e->in, at + used, len - used));
}
