/* The beginning of a connection, and what becomes of the session there and at its end. */
#include <stdlib.h>

#include "client/engine/core.h"

static void server_default(struct engine *e)
{
	const struct mqtt_connect *c = &e->connect;

	e->server = (struct engine_server){ .client_id = c->client_id,
		.packet_bytes = MQTT_PACKET_MAX,
		.session_expiry_s =
			mqtt_properties_number(&c->properties, MQTT_SESSION_EXPIRY_INTERVAL, 0),
		.receive_maximum = UINT16_MAX,
		.keep_alive_s = c->keep_alive_s,
		.maximum_qos = 2,
		.retain = true,
		.wildcards = true,
		.shared = version_traits(c->version).shared_subscriptions,
		.subscription_ids = version_traits(c->version).subscription_ids };
	if (!c->client_id.len && e->assigned.len)
		e->server.client_id =
			(struct mqtt_view){ e->assigned.data, (uint32_t)e->assigned.len };
}

bool engine_set_connect(struct engine *e, const struct mqtt_connect *connect)
{
	struct buf bytes;
	struct mqtt_frame frame;
	struct mqtt_error error;
	struct mqtt_connect copy;
	enum mqtt_connect_form form;

	if (e->state != ENGINE_CLOSED)
		return false;
	buf_init(&bytes, MQTT_PACKET_MAX);
	bool ok = mqtt_connect_write(&bytes, connect) &&
		mqtt_frame_read(bytes.data, bytes.len, 0, &frame, &error) == MQTT_READ_OK;
	struct mqtt_view body = { bytes.data + (ok ? frame.header_len : 0),
		ok ? frame.body_len : 0 };
	ok = ok && mqtt_connect_read(&frame, body, &copy, &form, &error);
	/* A server may answer it, but a client must not send it. [MQTT-3.1.3-7] of 3.1.1 */
	ok = ok &&
		(version_traits(copy.version).assigned_id || copy.client_id.len ||
			copy.clean_start);
	/* U50-WILL-PFI */
	struct mqtt_publish will = { .properties = copy.will_properties,
		.payload = copy.will_payload };
	if (!ok || !mqtt_publish_payload_valid(&will)) {
		buf_fini(&bytes);
		return false;
	}
	if (e->has_connect && !mqtt_view_equal(copy.client_id, e->connect.client_id)) {
		buf_reset(&e->assigned); /* another client has another session [MQTT-3.1.3-2] */
		if (e->has_session)
			engine_forget(e);
	}
	buf_fini(&e->connect_bytes);
	e->connect_bytes = bytes;
	e->connect = copy;
	e->has_connect = true;
	e->forgotten = false;
	server_default(e);
	return true;
}

/* ---- opening ------------------------------------------------------------------------------- */

/* Everything that belongs to a connection starts afresh. U50-QUOTA-RESET */
static void connection_reset(struct engine *e)
{
	const struct mqtt_properties *p = &e->connect.properties;

	buf_reset(&e->in);
	buf_reset(&e->out);
	e->resend = NULL;
	e->outstanding = 0;
	for (struct message *m = e->published.first; m; m = m->next)
		m->counted = false;
	for (struct message *m = e->released.first; m; m = m->next)
		m->counted = false;
	idset_clear(&e->received_here);
	e->received_count = 0;
	e->reauthenticating = e->challenged = false;
	e->pingresp_due_ms = INT64_MAX;
	e->last_sent_ms = e->last_heard_ms = e->now_ms;
	e->receive_maximum = (uint16_t)mqtt_properties_number(p, MQTT_RECEIVE_MAXIMUM, UINT16_MAX);
	e->problem_info = mqtt_properties_number(p, MQTT_REQUEST_PROBLEM_INFORMATION, 1);
	e->packet_bytes = mqtt_properties_number(p, MQTT_MAXIMUM_PACKET_SIZE, MQTT_PACKET_MAX);
	if (e->packet_bytes > e->config.packet_bytes)
		e->packet_bytes = e->config.packet_bytes;
	alias_in_reset(
		&e->alias_in, (uint16_t)mqtt_properties_number(p, MQTT_TOPIC_ALIAS_MAXIMUM, 0));
	alias_out_reset(&e->alias_out, 0, 0);
}

bool engine_open(struct engine *e)
{
	struct mqtt_connect c = e->connect;

	if (!e->has_connect || e->state != ENGINE_CLOSED)
		return false;
	if (e->has_session && (e->session_ends || e->now_ms >= e->session_until_ms))
		engine_forget(e);
	server_default(e);
	connection_reset(e);
	buf_reset(&e->scratch);
	buf_add(&e->scratch, c.properties.raw.data, c.properties.raw.len);
	if (!engine_auth_start(e, &e->scratch))
		return false;
	c.properties.raw = (struct mqtt_view){ e->scratch.data, (uint32_t)e->scratch.len };
	c.client_id = e->server.client_id;
	/* A session of ours goes on in 5.0; in 3.1.1 Clean Session would end it. [MQTT-3.1.2-6] */
	c.clean_start = e->has_session ? false : e->connect.clean_start || e->forgotten;
	e->clean = c.clean_start;
	e->with_method = mqtt_properties_has(&c.properties, MQTT_AUTHENTICATION_METHOD);
	buf_reset(&e->packet);
	if (!mqtt_connect_write(&e->packet, &c) || !engine_send_packet(e))
		return false;
	e->state = ENGINE_CONNECTING;
	e->connack_due_ms = e->now_ms + e->config.connack_wait_ms;
	return true;
}

/* ---- CONNACK ------------------------------------------------------------------------------- */

static void server_learn(struct engine *e, const struct mqtt_properties *p)
{
	struct engine_server *s = &e->server;

	s->packet_bytes = mqtt_properties_number(p, MQTT_MAXIMUM_PACKET_SIZE, s->packet_bytes);
	s->session_expiry_s =
		mqtt_properties_number(p, MQTT_SESSION_EXPIRY_INTERVAL, s->session_expiry_s);
	s->receive_maximum =
		(uint16_t)mqtt_properties_number(p, MQTT_RECEIVE_MAXIMUM, s->receive_maximum);
	s->topic_alias_maximum = (uint16_t)mqtt_properties_number(p, MQTT_TOPIC_ALIAS_MAXIMUM, 0);
	/* [MQTT-3.1.2-21] [MQTT-3.2.2-21] */
	s->keep_alive_s =
		(uint16_t)mqtt_properties_number(p, MQTT_SERVER_KEEP_ALIVE, s->keep_alive_s);
	s->maximum_qos = (uint8_t)mqtt_properties_number(p, MQTT_MAXIMUM_QOS, s->maximum_qos);
	s->retain = mqtt_properties_number(p, MQTT_RETAIN_AVAILABLE, s->retain);
	s->wildcards =
		mqtt_properties_number(p, MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE, s->wildcards);
	s->shared = mqtt_properties_number(p, MQTT_SHARED_SUBSCRIPTION_AVAILABLE, s->shared);
	s->subscription_ids = mqtt_properties_number(
		p, MQTT_SUBSCRIPTION_IDENTIFIER_AVAILABLE, s->subscription_ids);
	alias_out_reset(&e->alias_out, s->topic_alias_maximum, e->config.topic_alias_out);
}

static bool session_check(
	struct engine *e, const struct mqtt_connack *connack, struct mqtt_error *error)
{
	unsigned version = e->connect.version;

	if (!connack->session_present || e->has_session || (!e->clean && e->config.adopt_session))
		return true;
	if (e->clean)
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(version, "MQTT-3.2.2-1", "MQTT-3.2.2-4"),
			"Session Present after a clean start");
	e->forgotten = true; /* and then it "can reconnect with Clean Start 1" */
	return mqtt_refuse(error, MQTT_PROTOCOL_ERROR,
		MQTT_BY_VERSION(version, "U311-SP-MISMATCH", "MQTT-3.2.2-4"),
		"a session that this client knows nothing of");
}

static bool connack_check(
	struct engine *e, const struct mqtt_connack *connack, struct mqtt_error *error)
{
	const struct mqtt_properties *p = &connack->properties;

	if (connack->code)
		return true;
	if (!session_check(e, connack, error))
		return false;
	if (!version_traits(e->connect.version).properties)
		return true;
	if (!e->server.client_id.len && !mqtt_properties_has(p, MQTT_ASSIGNED_CLIENT_IDENTIFIER))
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.1.3-7",
			"no Assigned Client Identifier");
	if (mqtt_properties_has(p, MQTT_RESPONSE_INFORMATION) &&
		!mqtt_properties_number(
			&e->connect.properties, MQTT_REQUEST_RESPONSE_INFORMATION, 0))
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.1.2-28",
			"Response Information that was not asked for");
	if (!mqtt_view_equal(
		    mqtt_properties_view(&e->connect.properties, MQTT_AUTHENTICATION_METHOD),
		    mqtt_properties_view(p, MQTT_AUTHENTICATION_METHOD)))
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:MQTT-4.12.0-5",
			"CONNACK with another Authentication Method");
	return true;
}

static void refused(struct engine *e, const struct mqtt_connack *connack)
{
	struct engine_event event = {
		.type = ENGINE_REFUSED, .result = connack->code, .properties = connack->properties
	};

	engine_end(e); /* [MQTT-4.13.2-1] */
	engine_tell(e, &event);
}

static bool assigned_take(struct engine *e, const struct mqtt_properties *p)
{
	struct mqtt_view id = mqtt_properties_view(p, MQTT_ASSIGNED_CLIENT_IDENTIFIER);

	if (!mqtt_properties_has(p, MQTT_ASSIGNED_CLIENT_IDENTIFIER))
		return true;
	buf_reset(&e->assigned);
	if (!buf_add(&e->assigned, id.data, id.len))
		return false;
	e->server.client_id = (struct mqtt_view){ e->assigned.data, id.len };
	return true;
}

void engine_accept(struct engine *e, struct mqtt_view body)
{
	struct mqtt_connack connack;
	struct mqtt_error error;

	if (!mqtt_connack_read(e->connect.version, body, &connack, &error) ||
		!connack_check(e, &connack, &error)) {
		engine_break(e, &error);
		return;
	}
	if (connack.code) {
		refused(e, &connack);
		return;
	}
	if (!engine_must_keep(e, assigned_take(e, &connack.properties)) ||
		!engine_auth_done(e, &connack.properties))
		return;
	server_learn(e, &connack.properties);
	if (e->has_session && !connack.session_present)
		engine_forget(e); /* [MQTT-3.2.2-5] */
	if (!e->has_session && connack.session_present)
		e->last_id = e->config.first_id;
	e->has_session = true;
	e->forgotten = e->challenged = false;
	e->session_expiry_s = e->server.session_expiry_s;
	e->session_ends =
		!version_traits(e->connect.version).session_expiry && e->connect.clean_start;
	e->state = ENGINE_UP;
	struct engine_event event = { .type = ENGINE_CONNECTED,
		.session_present = connack.session_present,
		.properties = connack.properties };
	engine_resume(e);
	engine_tell(e, &event);
	engine_pump(e);
}

/* ---- the end ------------------------------------------------------------------------------- */

void engine_closed(struct engine *e)
{
	unsigned version = e->connect.version;

	if (e->state == ENGINE_CLOSED)
		return;
	e->state = ENGINE_CLOSED;
	buf_reset(&e->in);
	buf_reset(&e->out);
	e->server.packet_bytes = MQTT_PACKET_MAX;
	e->session_until_ms = INT64_MAX;
	/* U50-STATE-LIFE; [MQTT-3.1.2-23] */
	if (version_traits(version).session_expiry && e->session_expiry_s != UINT32_MAX)
		e->session_until_ms = e->now_ms + e->session_expiry_s * INT64_C(1000);
	engine_requests_drop(e);
	if (e->has_session && (e->session_ends || e->now_ms >= e->session_until_ms))
		engine_forget(e);
}

/* What was under way waits again, in front of what has waited since, as if it had never been sent. */
static void message_renew(struct engine *e, struct message *m, struct messages *renewed)
{
	messages_remove(&e->published, m);
	m->id = 0;
	m->alias = 0;
	m->counted = false;
	messages_add(renewed, m);
}

void engine_forget(struct engine *e)
{
	struct messages renewed = { 0 };
	struct message *m;

	e->has_session = false;
	e->forgotten = true;
	idset_clear(&e->received);
	idset_clear(&e->received_here);
	idset_clear(&e->used);
	e->received_count = 0;
	e->outstanding = 0;
	e->resend = NULL;
	while (e->config.republish && (m = e->published.first))
		message_renew(e, m, &renewed);
	while ((m = e->waiting.first)) {
		messages_remove(&e->waiting, m);
		messages_add(&renewed, m);
	}
	e->waiting = renewed;
	while ((m = e->published.first))
		engine_settle(e, &e->published, m, ENGINE_SESSION_LOST, NULL);
	/* PUBREC has said that the server has the message. */
	while ((m = e->released.first))
		engine_settle(e, &e->released, m,
			e->config.republish ? ENGINE_OK : ENGINE_SESSION_LOST, NULL);
}
