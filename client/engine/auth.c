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
	if (auth.reason == MQTT_CONTINUE_AUTHENTICATION) {
		go_on(e, mqtt_properties_view(&auth.properties, MQTT_AUTHENTICATION_DATA));
		return;
	}
	if (!engine_auth_done(e, &auth.properties))
		return;
	e->reauthenticating = false;
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
