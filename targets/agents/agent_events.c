/* What events are made of. */
#include "targets/agents/agent_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *event_connected(const struct command *c, int code, bool session_present)
{
	json_t *e = event_new(code ? "refused" : "connected", c);
	if (code)
		json_object_set_new(e, "code", json_integer(code));
	else
		json_object_set_new(e, "session_present", json_boolean(session_present));
	c->agent->connected = !code;
	return e;
}

json_t *event_result(const struct command *c, int code)
{
	json_t *e = event_new(code < 0x80 ? "acknowledged" : "refused", c);
	if (code != NO_CODE)
		json_object_set_new(e, "code", json_integer(code));
	return e;
}

json_t *event_codes(const struct command *c, int count, const int *codes)
{
	json_t *e = event_new("acknowledged", c), *list = json_array();
	bool told = codes != NULL;
	for (int i = 0; i < count; i++) {
		json_array_append_new(list, json_integer(codes[i]));
		told = told && codes[i] >= 0 && codes[i] <= 0xFF; /* else it was never set */
	}
	if (told)
		json_object_set(e, "codes", list);
	json_decref(list);
	return e;
}

json_t *event_message(struct octets topic, struct octets payload, int qos, bool retain)
{
	json_t *e = event_new("message", NULL);
	event_add_text(e, "topic", topic);
	event_add_text(e, "payload", payload);
	json_object_set_new(e, "qos", json_integer(qos));
	json_object_set_new(e, "retain", json_boolean(retain));
	return e;
}

void tell_disconnected(struct agent *a, struct command *by, json_t *event)
{
	bool told = atomic_exchange(&a->connected, false);
	agent_fail_open(a, by, "the connection has ended");
	if (by)
		answer(by, event);
	else if (told)
		event_tell(event);
	else
		json_decref(event);
}

void event_add_text(json_t *event, const char *name, struct octets text)
{
	char in_hex[80];
	json_t *string = NULL;
	if (text.size == 0 || !memchr(text.at, 0, text.size))
		string = json_stringn(text.size ? text.at : "", text.size);
	snprintf(in_hex, sizeof(in_hex), "%s_hex", name);
	if (string)
		json_object_set_new(event, name, string);
	else
		event_add_hex(event, in_hex, text);
}

void event_add_hex(json_t *event, const char *name, struct octets bytes)
{
	char *digits = malloc(2 * bytes.size + 1);
	if (!digits)
		abort();
	for (size_t i = 0; i < bytes.size; i++)
		sprintf(digits + 2 * i, "%02x", (unsigned char)bytes.at[i]);
	json_object_set_new(event, name, json_stringn(digits, 2 * bytes.size));
	free(digits);
}
