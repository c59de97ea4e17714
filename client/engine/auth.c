/* Enhanced authentication, 5.0 4.12. */
#include "client/engine/core.h"
#include "mqtt/control.h"

static bool step(
	struct engine *e, enum engine_auth_phase phase, struct mqtt_view data, struct buf *answer)
{
	return e->config.auth && e->config.auth(e->config.context, phase, data, answer);
}

static void gave_up(struct engine *e)
{
	engine_break(e,
		&(struct mqtt_error){ MQTT_UNSPECIFIED_ERROR, "5.0:MQTT-4.12.1-2",
			"authentication failed on this side" });
}

/* Adds Authentication Data, if there is an answer. */
static bool data_add(struct buf *properties, const struct buf *answer)
{
	return !answer->len ||
		mqtt_property_add_view(properties, MQTT_AUTHENTICATION_DATA,
			(struct mqtt_view){ answer->data, (uint32_t)answer->len });
}

bool engine_auth_start(struct engine *e, struct buf *properties)
{
	const struct mqtt_properties *p = &e->connect.properties;
	struct buf answer;

	if (!mqtt_properties_has(p, MQTT_AUTHENTICATION_METHOD) || !e->config.auth)
		return true;
	buf_init(&answer, UINT16_MAX);
	bool ok = step(e, ENGINE_AUTH_START, (struct mqtt_view){ 0 }, &answer) &&
		(mqtt_properties_has(p, MQTT_AUTHENTICATION_DATA) || data_add(properties, &answer));
	buf_fini(&answer);
	return ok;
}

static bool auth_send(struct engine *e, uint8_t reason, const struct buf *answer)
{
	struct mqtt_control auth = { .reason = reason };

	buf_reset(&e->scratch);
	mqtt_property_add_view(&e->scratch, MQTT_AUTHENTICATION_METHOD,
		mqtt_properties_view(&e->connect.properties, MQTT_AUTHENTICATION_METHOD));
	data_add(&e->scratch, answer);
	auth.properties.raw = (struct mqtt_view){ e->scratch.data, (uint32_t)e->scratch.len };
	buf_reset(&e->packet);
	return !e->scratch.failed && mqtt_auth_write(&e->packet, MQTT_FROM_CLIENT, &auth) &&
		engine_send_packet(e);
}

bool engine_auth_done(struct engine *e, const struct mqtt_properties *properties)
{
	struct buf answer;

	if (!e->with_method || !e->config.auth)
		return true;
	buf_init(&answer, UINT16_MAX);
	bool ok = step(e, ENGINE_AUTH_DONE,
		mqtt_properties_view(properties, MQTT_AUTHENTICATION_DATA), &answer);
	buf_fini(&answer);
	if (!ok)
		gave_up(e);
	return ok;
}

static void go_on(struct engine *e, struct mqtt_view data)
{
	struct buf answer;

	buf_init(&answer, UINT16_MAX);
	if (step(e, ENGINE_AUTH_CONTINUE, data, &answer))
		engine_must_send(e,
			auth_send(e, MQTT_CONTINUE_AUTHENTICATION, &answer)); /* [MQTT-4.12.0-3] */
	else
		gave_up(e);
	buf_fini(&answer);
}

static bool auth_check(
	const struct engine *e, const struct mqtt_control *auth, struct mqtt_error *error)
{
	struct mqtt_view method =
		mqtt_properties_view(&e->connect.properties, MQTT_AUTHENTICATION_METHOD);

	if (!e->with_method)
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:U50-AUTH-UNEXPECTED",
			"AUTH without method");
	if (!(auth->reason == MQTT_SUCCESS && !auth->properties.raw.len) && /* U50-AUTH-SHORT */
		!mqtt_view_equal(method,
			mqtt_properties_view(&auth->properties, MQTT_AUTHENTICATION_METHOD)))
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:MQTT-4.12.0-5",
			"AUTH with another Authentication Method");
	if (e->state == ENGINE_UP && !e->reauthenticating)
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:U50-AUTH-UNEXPECTED",
			"AUTH without re-authentication");
	if (e->state == ENGINE_CONNECTING && auth->reason == MQTT_SUCCESS)
		return mqtt_refuse(error, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.15.2-1",
			"AUTH with success in the place of CONNACK");
	return engine_problem_check(e, &auth->properties, error);
}

void engine_auth(struct engine *e, struct mqtt_view body)
{
	struct mqtt_control auth;
	struct mqtt_error error;

	if (!mqtt_auth_read(MQTT_FROM_SERVER, body, &auth, &error) ||
		!auth_check(e, &auth, &error)) {
		engine_break(e, &error);
		return;
	}
	bool goes_on = auth.reason == MQTT_CONTINUE_AUTHENTICATION;
	if (goes_on && !e->config.auth_later) {
		go_on(e, mqtt_properties_view(&auth.properties, MQTT_AUTHENTICATION_DATA));
		return;
	}
	if (!goes_on && !engine_auth_done(e, &auth.properties))
		return;
	e->challenged = goes_on;
	e->reauthenticating = goes_on && e->reauthenticating;
	if (e->config.auth_later)
		engine_tell(e,
			&(struct engine_event){ .type = ENGINE_CHALLENGED,
				.result = auth.reason,
				.properties = auth.properties });
	if (!goes_on)
		engine_tell(e,
			&(struct engine_event){
				.type = ENGINE_AUTHENTICATED, .properties = auth.properties });
}

int engine_authenticate(struct engine *e)
{
	struct buf answer;

	if (e->state != ENGINE_UP)
		return ENGINE_NOT_CONNECTED;
	if (!e->with_method || !e->config.auth || e->reauthenticating)
		return ENGINE_INVALID; /* [MQTT-4.12.0-7] */
	buf_init(&answer, UINT16_MAX);
	bool ok = step(e, ENGINE_AUTH_START, (struct mqtt_view){ 0 }, &answer) &&
		auth_send(e, MQTT_RE_AUTHENTICATE, &answer); /* [MQTT-4.12.1-1] */
	buf_fini(&answer);
	e->reauthenticating = ok;
	return ok ? ENGINE_OK : ENGINE_INVALID;
}

/* The method is that of CONNECT, and is added where it was left out. [MQTT-4.12.0-5] */
static bool method_settle(struct engine *e, struct mqtt_view raw)
{
	struct mqtt_view method =
		mqtt_properties_view(&e->connect.properties, MQTT_AUTHENTICATION_METHOD);
	struct mqtt_properties p = { .raw = raw };
	struct mqtt_property property;
	uint32_t at = 0;

	buf_reset(&e->scratch);
	buf_add(&e->scratch, raw.data, raw.len);
	while (mqtt_properties_next(&p, &at, &property))
		if (property.id == MQTT_AUTHENTICATION_METHOD)
			return mqtt_view_equal(property.value, method);
	return mqtt_property_add_view(&e->scratch, MQTT_AUTHENTICATION_METHOD, method);
}

int engine_auth_send(struct engine *e, uint8_t reason, struct mqtt_view properties)
{
	struct mqtt_control auth = { .reason = reason };
	bool again = reason == MQTT_RE_AUTHENTICATE;

	if (e->state != ENGINE_UP && (again || e->state != ENGINE_CONNECTING))
		return ENGINE_NOT_CONNECTED;
	/* [MQTT-4.12.0-7] [MQTT-4.12.0-3] [MQTT-4.12.1-1] */
	if (!e->with_method || (again ? e->reauthenticating : !e->challenged) ||
		!method_settle(e, properties))
		return ENGINE_INVALID;
	auth.properties.raw = (struct mqtt_view){ e->scratch.data, (uint32_t)e->scratch.len };
	buf_reset(&e->packet);
	if (e->scratch.failed || !(again || reason == MQTT_CONTINUE_AUTHENTICATION) ||
		!mqtt_auth_write(&e->packet, MQTT_FROM_CLIENT, &auth))
		return ENGINE_INVALID;
	if (!engine_send_packet(e))
		return MQTT_PACKET_TOO_LARGE;
	e->challenged = false;
	e->reauthenticating = e->reauthenticating || again;
	return ENGINE_OK;
}
