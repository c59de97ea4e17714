/* What Eclipse Paho C answers and tells, as events. Called by threads of the library. */
#include "targets/agents/paho_c_events.h"

#include <string.h>

/* The library is done with a command. It may come back to a `connect` or `disconnect`. */
static void done(struct command *c, json_t *event)
{
	answer(c, event);
	if (c->mid > 0)
		command_free(c);
}

static void failed(struct command *c, int code, const char *message)
{
	if (c->mid == CONNECT && message && !strcmp(message, "CONNACK return code"))
		done(c, event_connected(c, code, false));
	else if (c->mid == SUBSCRIBE && code >= 0x80)
		done(c, event_codes(c, 1, &code));
	else
		done(c, event_text("error", c, message ? message : MQTTAsync_strerror(code)));
}

/* The list of codes has no length: the library leaves it to its user to count the filters. */
void on_success(void *context, MQTTAsync_successData *d)
{
	struct command *c = context;
	if (c->mid == CONNECT)
		done(c, event_connected(c, 0, d->alt.connect.sessionPresent));
	else if (c->mid == DISCONNECT)
		tell_disconnected(c->agent, c, event_new("disconnected", c));
	else if (c->mid == SUBSCRIBE)
		done(c, event_codes(c, c->filters, c->filters == 1 ? &d->alt.qos : d->alt.qosList));
	else
		done(c, event_new("acknowledged", c));
}

void on_failure(void *context, MQTTAsync_failureData *d)
{
	failed(context, d->code, d->message);
}

/* For a PUBLISH the library tells neither the code nor the properties of the acknowledgement; a single
 * code is not in the list.
 */
void on_success5(void *context, MQTTAsync_successData5 *d)
{
	struct command *c = context;
	int count = d->alt.sub.reasonCodeCount, single = (int)d->reasonCode;
	const int *codes = count == 1 ? &single : (const int *)d->alt.sub.reasonCodes;
	if (c->mid == CONNECT)
		done(c, with(event_connected(c, 0, d->alt.connect.sessionPresent), &d->properties));
	else if (c->mid == DISCONNECT)
		tell_disconnected(c->agent, c, event_new("disconnected", c));
	else if (c->mid == PUBLISH)
		done(c, event_new("acknowledged", c));
	else
		done(c, with(event_codes(c, count, codes), &d->properties));
}

/* With an error of its own the library may leave the other fields as they were. */
void on_failure5(void *context, MQTTAsync_failureData5 *d)
{
	struct command *c = context;
	int code = d->code ? d->code : (int)d->reasonCode;
	if (d->code == 0 && c->mid == SUBSCRIBE)
		done(c, with(event_codes(c, 1, &code), &d->properties));
	else if (d->code == 0 && c->mid == PUBLISH)
		done(c, with(event_result(c, code), &d->properties));
	else
		failed(c, code, d->message);
}

/* The library does not tell this end a second time, by on_lost. */
void on_disconnected(void *agent, MQTTProperties *props, enum MQTTReasonCodes code)
{
	json_t *e = event_new("disconnected", NULL);
	json_object_set_new(e, "code", json_integer(code));
	tell_disconnected(agent, NULL, with(e, props));
}

void on_lost(void *agent, char *cause)
{
	(void)cause;
	tell_disconnected(agent, NULL, event_new("disconnected", NULL));
}

int on_message(void *agent, char *topic, int length, MQTTAsync_message *m)
{
	struct octets text = { topic, length ? (size_t)length : strlen(topic) };
	struct octets payload = { m->payload, (size_t)m->payloadlen };
	json_t *e = event_message(text, payload, m->qos, m->retained);
	(void)agent;
	json_object_set_new(e, "dup", json_boolean(m->dup));
	event_tell(with(e, &m->properties));
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return true;
}
