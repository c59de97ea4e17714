/* From the engine's callbacks to the program's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/shell/shell.h"
#include "spec/spec.h"

static struct mqttspec_properties shown(const struct mqtt_properties *p)
{
	return (struct mqttspec_properties){ p->raw.data, p->raw.len };
}

void shell_tell_end(struct mqttspec_client *c, int result, bool is_final, const char *format, ...)
{
	va_list args;

	if (c->end_known)
		return;
	c->end_known = true;
	c->end_result = result;
	c->end_final = is_final;
	va_start(args, format);
	vsnprintf(c->end_text, sizeof(c->end_text), format, args);
	va_end(args);
}

/* Whether another attempt, or another server, may do better. */
static bool is_passing(unsigned version, int code)
{
	if (!version_traits(version).reason_codes)
		return code == 3;
	return code == MQTT_UNSPECIFIED_ERROR || code == 0x83 || code == MQTT_SERVER_UNAVAILABLE ||
		code == MQTT_SERVER_BUSY || code == MQTT_QUOTA_EXCEEDED || code == 0x9c ||
		code == 0x9d || code == 0x9f;
}

static void refused(struct mqttspec_client *c, const struct engine_event *e)
{
	const char *name = version_traits(c->version).reason_codes
		? spec_reason_name((uint8_t)e->result, CONNACK)
		: spec_return_code_name((uint8_t)e->result);

	buf_reset(&c->end_properties);
	buf_add(&c->end_properties, e->properties.raw.data, e->properties.raw.len);
	shell_tell_end(c, e->result, !is_passing(c->version, e->result),
		"connection refused by the server: %s", name);
}

/* A client replaced by another of its name must not answer in kind. */
static void disconnected(struct mqttspec_client *c, const struct engine_event *e)
{
	buf_reset(&c->end_properties);
	buf_add(&c->end_properties, e->properties.raw.data, e->properties.raw.len);
	shell_tell_end(c, e->result, e->result == MQTT_SESSION_TAKEN_OVER,
		"disconnected by the server: %s", spec_reason_name((uint8_t)e->result, DISCONNECT));
}

void shell_note_id(struct mqttspec_client *c)
{
	struct mqtt_view id = engine_server(c->engine)->client_id;

	if (id.len)
		memcpy(c->client_id, id.data, id.len);
	c->client_id[id.len] = 0;
}

static void connected(struct mqttspec_client *c, const struct engine_event *e)
{
	struct mqttspec_properties properties = shown(&e->properties);

	c->accepted = c->ever_accepted = true;
	c->accepted_ms = (int64_t)uv_now(c->loop);
	c->tried = 0;
	c->failure = MQTTSPEC_OK;
	shell_note_id(c);
	c->attempt_due_ms = INT64_MAX;
	requests_send(c, e->session_present);
	if (c->callbacks.connected)
		c->callbacks.connected(c->context, e->session_present, &properties);
}

static void published(struct mqttspec_client *c, const struct engine_event *e)
{
	struct mqttspec_properties properties = shown(&e->properties);

	if (!blocking_answer(c, e->tag, e->result, (struct mqtt_view){ 0 }) &&
		c->callbacks.published)
		c->callbacks.published(c->context, e->tag, e->result, &properties);
}

static void challenged(struct mqttspec_client *c, const struct engine_event *e)
{
	struct mqttspec_properties properties = shown(&e->properties);

	c->callbacks.challenge(c->context, (uint8_t)e->result, &properties);
}

static void on_event(void *context, const struct engine_event *e)
{
	struct mqttspec_client *c = context;

	c->inside++;
	switch ((enum engine_event_type)e->type) {
	case ENGINE_CONNECTED: connected(c, e); break;
	case ENGINE_REFUSED: refused(c, e); break;
	case ENGINE_PUBLISHED: published(c, e); break;
	case ENGINE_SUBSCRIBED:
	case ENGINE_UNSUBSCRIBED: requests_ended(c, e); break;
	case ENGINE_CHALLENGED: challenged(c, e); break;
	case ENGINE_AUTHENTICATED:
		if (c->callbacks.authenticated)
			c->callbacks.authenticated(c->context);
		break;
	case ENGINE_DISCONNECTED: disconnected(c, e); break;
	case ENGINE_BROKEN:
		shell_tell_end(c, MQTTSPEC_BROKEN, false, "%s%s%s%s", e->error->what,
			e->error->statement ? " (" : "",
			e->error->statement ? e->error->statement : "",
			e->error->statement ? ")" : "");
		break;
	}
	c->inside--;
}

static uint8_t on_message(void *context, const struct mqtt_publish *publish)
{
	struct mqttspec_client *c = context;
	uint8_t reason = 0;

	if (!c->callbacks.message)
		return inbox_add(&c->inbox, publish) ? 0 : MQTT_QUOTA_EXCEEDED;
	char *topic = malloc(publish->topic.len + 1);
	if (!topic)
		return MQTT_QUOTA_EXCEEDED;
	struct mqttspec_message message = message_of(publish, topic);
	c->inside++;
	reason = c->callbacks.message(c->context, &message);
	c->inside--;
	free(topic);
	return reason;
}

static bool on_auth(
	void *context, enum engine_auth_phase phase, struct mqtt_view data, struct buf *answer)
{
	struct mqttspec_client *c = context;
	uint8_t *bytes = malloc(UINT16_MAX);
	size_t len = 0;

	c->inside++;
	bool ok = bytes &&
		c->callbacks.auth(c->context, (enum mqttspec_auth_phase)phase, data.data, data.len,
			bytes, UINT16_MAX, &len);
	c->inside--;
	ok = ok && len <= UINT16_MAX && (!len || buf_add(answer, bytes, len));
	free(bytes);
	return ok;
}

static bool on_scram(
	void *context, enum engine_auth_phase phase, struct mqtt_view data, struct buf *answer)
{
	struct mqttspec_client *c = context;
	const char *fault = scram_step(c->scram, phase, data, answer);

	if (fault)
		shell_tell_end(c, MQTTSPEC_UNTRUSTED, true, "%s", fault);
	return !fault;
}

static void on_trace(void *context, bool sent, struct mqtt_view packet)
{
	struct mqttspec_client *c = context;

	c->inside++;
	c->callbacks.trace(c->context, sent, packet.data, packet.len);
	c->inside--;
}

void shell_engine_config(
	struct mqttspec_client *c, const struct mqttspec_options *o, struct engine_config *config)
{
	engine_config_default(config);
	config->context = c;
	config->event = on_event;
	config->message = on_message;
	config->auth = o->auth_method ? on_scram : o->callbacks.auth ? on_auth : NULL;
	config->auth_later = !config->auth && o->callbacks.challenge;
	config->trace = o->callbacks.trace ? on_trace : NULL;
	config->connack_wait_ms = o->connect_wait_ms;
	config->pingresp_wait_ms = o->pingresp_wait_ms;
	config->queue_messages = o->queue_messages;
	config->queue_bytes = o->queue_bytes;
	config->overflow = o->overflow;
	config->inflight = o->inflight;
	config->topic_alias_out = o->topic_aliases;
	config->queue_qos0 = !o->skip_qos0;
	config->adopt_session = o->adopt_session;
	/* What an earlier process left unfinished must not be taken for a message of this one. */
	config->first_id = o->keep_session && o->adopt_session ? (uint16_t)shell_random(c) : 0;
	config->republish = !o->no_republish;
}
