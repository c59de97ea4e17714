#include "client/engine/engine.h"

#include <stdlib.h>

#include "client/engine/core.h"
#include "mqtt/control.h"

void engine_config_default(struct engine_config *config)
{
	*config = (struct engine_config){ .connack_wait_ms = 10000,
		.pingresp_wait_ms = 10000,
		.packet_bytes = MQTT_PACKET_MAX,
		.output_bytes = 16 << 20,
		.queue_messages = 10000,
		.queue_bytes = 64 << 20,
		.inflight = 1000,
		.topic_alias_out = 16,
		.maximum_qos = 2,
		.queue_qos0 = true,
		.republish = true };
}

struct engine *engine_new(const struct engine_config *config, int64_t now_ms)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->config = *config;
	e->now_ms = now_ms;
	e->last_id = config->first_id;
	e->pingresp_due_ms = INT64_MAX;
	e->session_until_ms = INT64_MAX;
	buf_init(&e->connect_bytes, MQTT_PACKET_MAX);
	buf_init(&e->assigned, UINT16_MAX);
	buf_init(&e->in, 2 * (size_t)MQTT_PACKET_MAX); /* a packet, and what came with its end */
	buf_init(&e->out, (size_t)config->output_bytes + MQTT_PACKET_MAX);
	buf_init(&e->packet, MQTT_PACKET_MAX);
	buf_init(&e->scratch, MQTT_REMAINING_LENGTH_MAX);
	return e;
}

static void messages_free(struct messages *list)
{
	struct message *m;

	while ((m = list->first)) {
		messages_remove(list, m);
		free(m);
	}
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	e->config.event = NULL;
	engine_requests_drop(e);
	messages_free(&e->waiting);
	messages_free(&e->waiting_qos0);
	messages_free(&e->published);
	messages_free(&e->released);
	alias_in_reset(&e->alias_in, 0);
	alias_out_reset(&e->alias_out, 0, 0);
	buf_fini(&e->connect_bytes);
	buf_fini(&e->assigned);
	buf_fini(&e->in);
	buf_fini(&e->out);
	buf_fini(&e->packet);
	buf_fini(&e->scratch);
	free(e);
}

void engine_tell(struct engine *e, const struct engine_event *event)
{
	if (e->config.event)
		e->config.event(e->config.context, event);
}

/* ---- the end of a connection --------------------------------------------------------------- */

void engine_end(struct engine *e)
{
	if (e->state != ENGINE_CLOSED)
		e->state = ENGINE_ENDING;
}

/* A client must not use every code that the standard has for a server's fault. */
static void farewell(struct engine *e, uint8_t reason)
{
	struct mqtt_control disconnect = { .reason = reason };

	buf_reset(&e->packet);
	if (!mqtt_disconnect_write(&e->packet, e->connect.version, MQTT_FROM_CLIENT, &disconnect)) {
		disconnect.reason = MQTT_PROTOCOL_ERROR;
		buf_reset(&e->packet);
		mqtt_disconnect_write(
			&e->packet, e->connect.version, MQTT_FROM_CLIENT, &disconnect);
	}
	engine_send_packet(e);
}

void engine_break(struct engine *e, const struct mqtt_error *error)
{
	struct engine_event event = { .type = ENGINE_BROKEN, .error = error };

	if (e->state == ENGINE_CLOSED || e->state == ENGINE_ENDING)
		return;
	/* 3.1.1 has no word for it; 5.0: U50-ERR-CLIENT, [MQTT-4.13.2-1] */
	if (version_traits(e->connect.version).reason_codes &&
		error->reason >= MQTT_UNSPECIFIED_ERROR)
		farewell(e, error->reason);
	engine_end(e);
	event.result = error->reason;
	engine_tell(e, &event);
}

int engine_disconnect(struct engine *e, uint8_t reason, struct mqtt_view properties)
{
	struct mqtt_control disconnect = { .reason = reason, .properties.raw = properties };
	struct mqtt_control check;
	struct mqtt_error error;
	struct mqtt_frame frame;

	if (e->state != ENGINE_UP && e->state != ENGINE_CONNECTING)
		return ENGINE_NOT_CONNECTED;
	if (!version_traits(e->connect.version).reason_codes && (reason || properties.len))
		return ENGINE_INVALID;
	buf_reset(&e->packet);
	if (!mqtt_disconnect_write(&e->packet, e->connect.version, MQTT_FROM_CLIENT, &disconnect))
		return ENGINE_INVALID;
	mqtt_frame_read(e->packet.data, e->packet.len, e->connect.version, &frame, &error);
	mqtt_disconnect_read(e->connect.version, MQTT_FROM_CLIENT,
		(struct mqtt_view){ e->packet.data + frame.header_len, frame.body_len }, &check,
		&error);
	uint32_t expiry_s = mqtt_properties_number(
		&check.properties, MQTT_SESSION_EXPIRY_INTERVAL, e->session_expiry_s);
	/* U50-DISC-EXPIRY-RAISE: what CONNECT asked for decides */
	if (expiry_s &&
		!mqtt_properties_number(&e->connect.properties, MQTT_SESSION_EXPIRY_INTERVAL, 0) &&
		mqtt_properties_has(&check.properties, MQTT_SESSION_EXPIRY_INTERVAL))
		return ENGINE_INVALID;
	if (!engine_send_packet(e))
		return MQTT_PACKET_TOO_LARGE;
	e->session_expiry_s = expiry_s;
	engine_end(e);
	return ENGINE_OK;
}

/* ---- output -------------------------------------------------------------------------------- */

bool engine_send(struct engine *e, const void *data, size_t len)
{
	if (len > e->server.packet_bytes) /* [MQTT-3.2.2-15] */
		return false;
	if (!buf_add(&e->out, data, len))
		return false;
	e->last_sent_ms = e->now_ms;
	if (e->config.trace)
		e->config.trace(e->config.context, true, (struct mqtt_view){ data, (uint32_t)len });
	return true;
}

bool engine_send_packet(struct engine *e)
{
	return !e->packet.failed && engine_send(e, e->packet.data, e->packet.len);
}

static bool break_unless(struct engine *e, bool done, const char *what)
{
	const struct mqtt_error error = { MQTT_UNSPECIFIED_ERROR, NULL, what };

	if (!done)
		engine_break(e, &error);
	return done;
}

bool engine_must_send(struct engine *e, bool sent)
{
	return break_unless(e, sent, "no room for an answer that is due");
}

bool engine_must_keep(struct engine *e, bool kept)
{
	return break_unless(e, kept, "no memory for what has come");
}

struct mqtt_view engine_output(const struct engine *e)
{
	return (struct mqtt_view){ e->out.data,
		e->out.len > UINT32_MAX ? UINT32_MAX : (uint32_t)e->out.len };
}

void engine_written(struct engine *e, size_t bytes)
{
	bool was_congested = engine_is_congested(e);

	buf_consume(&e->out, bytes);
	if (was_congested && !engine_is_congested(e))
		engine_pump(e);
}

bool engine_is_congested(const struct engine *e)
{
	return e->out.len >= e->config.output_bytes;
}

bool engine_wants_input(const struct engine *e)
{
	return !engine_is_congested(e);
}

bool engine_ends(const struct engine *e)
{
	return e->state == ENGINE_ENDING;
}

bool engine_is_connected(const struct engine *e)
{
	return e->state == ENGINE_UP;
}

const struct engine_server *engine_server(const struct engine *e)
{
	return &e->server;
}

uint32_t engine_pending(const struct engine *e)
{
	return e->waiting.count + e->waiting_qos0.count + e->published.count + e->released.count;
}
