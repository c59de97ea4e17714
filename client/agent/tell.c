#include "client/agent/tell.h"

#include <stdio.h>
#include <string.h>

#include "client/agent/properties.h"

#ifndef MQTTSPEC_VERSION
#error "the build names the version"
#endif

static json_t *event_of(const char *name, json_t *id)
{
	json_t *event = json_object();

	json_object_set_new(event, "event", json_string(name));
	if (id)
		json_object_set(event, "id", id);
	return event;
}

static void properties_add(
	json_t *event, const struct mqttspec_properties *properties, bool is_message)
{
	json_t *shown = properties_shown(properties, is_message);

	if (shown)
		json_object_set_new(event, "properties", shown);
}

/* A name of the command may have been cut in the middle of a character. */
static void text_add(json_t *event, const char *text)
{
	json_t *shown = json_string(text);

	json_object_set_new(event, "text", shown ? shown : json_string("a name that is too long"));
}

static void tell(json_t *event)
{
	json_dumpf(event, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(event);
}

void tell_hello(void)
{
	json_t *event = event_of("hello", NULL);

	json_object_set_new(event, "contract", json_integer(1));
	json_object_set_new(event, "name", json_string("mqttspec-client"));
	json_object_set_new(event, "version", json_string(MQTTSPEC_VERSION));
	json_object_set_new(event, "versions", json_pack("[ss]", "3.1.1", "5.0"));
	json_object_set_new(
		event, "transports", json_pack("[sssss]", "tcp", "tls", "ws", "wss", "unix"));
	tell(event);
}

void tell_connected(json_t *id, bool session_present, const struct mqttspec_properties *properties)
{
	json_t *event = event_of("connected", id);

	json_object_set_new(event, "session_present", json_boolean(session_present));
	properties_add(event, properties, false);
	tell(event);
}

void tell_refused(json_t *id, int code, const struct mqttspec_properties *properties)
{
	json_t *event = event_of("refused", id);

	json_object_set_new(event, "code", json_integer(code));
	properties_add(event, properties, false);
	tell(event);
}

void tell_acknowledged(json_t *id, const struct mqttspec_properties *properties)
{
	json_t *event = event_of("acknowledged", id);

	properties_add(event, properties, false);
	tell(event);
}

void tell_acknowledged_code(json_t *id, int code, const struct mqttspec_properties *properties)
{
	json_t *event = event_of("acknowledged", id);

	json_object_set_new(event, "code", json_integer(code));
	properties_add(event, properties, false);
	tell(event);
}

void tell_acknowledged_codes(json_t *id, const uint8_t *codes, size_t count,
	const struct mqttspec_properties *properties)
{
	json_t *event = event_of("acknowledged", id), *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_integer(codes[i]));
	json_object_set_new(event, "codes", list);
	properties_add(event, properties, false);
	tell(event);
}

void tell_synced(json_t *id)
{
	tell(event_of("synced", id));
}

void tell_disconnected(
	json_t *id, int code, const char *text, const struct mqttspec_properties *properties)
{
	json_t *event = event_of("disconnected", id);

	if (code >= 0)
		json_object_set_new(event, "code", json_integer(code));
	text_add(event, text);
	properties_add(event, properties, false);
	tell(event);
}

/* As text, if it is text; U+0000 is left to the digits, for JSON readers may stumble over it. */
static void payload_add(json_t *event, const struct mqttspec_message *m)
{
	const char *payload = m->payload_len ? m->payload : "";
	json_t *text =
		memchr(payload, 0, m->payload_len) ? NULL : json_stringn(payload, m->payload_len);

	if (text)
		json_object_set_new(event, "payload", text);
	else
		json_object_set_new(event, "payload_hex", hex_shown(payload, m->payload_len));
}

void tell_message(const struct mqttspec_message *m)
{
	json_t *event = event_of("message", NULL);

	json_object_set_new(event, "topic", json_string(m->topic));
	payload_add(event, m);
	json_object_set_new(event, "qos", json_integer(m->qos));
	json_object_set_new(event, "retain", json_boolean(m->retain));
	json_object_set_new(event, "dup", json_boolean(m->dup));
	properties_add(event, &m->received, true);
	tell(event);
}

void tell_challenge(uint8_t code, const struct mqttspec_properties *properties)
{
	json_t *event = event_of("challenge", NULL);

	json_object_set_new(event, "code", json_integer(code));
	properties_add(event, properties, false);
	tell(event);
}

void tell_error(json_t *id, const char *text)
{
	json_t *event = event_of("error", id);

	text_add(event, text);
	tell(event);
}

void tell_unsupported(json_t *id, const char *text)
{
	json_t *event = event_of("unsupported", id);

	text_add(event, text);
	tell(event);
}
