/* The agent of Eclipse Paho C, its asynchronous interface (docs/AGENT.md). Commands are read here, the
 * library answers from threads of its own: a command that it has taken may be gone when its call returns.
 */
#include "targets/agents/paho_c_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the agent's client is. */
struct client {
	MQTTAsync handle;
	bool keeps_session; /* and with it QoS 1 and 2, from connection to connection */
};

/* Behind a call of the library, or instead of one when the command has been answered. */
static bool handed_over(struct command *c, MQTTProperties *props, int rc)
{
	MQTTProperties_free(props);
	if (rc)
		answer(c, event_text("error", c, MQTTAsync_strerror(rc)));
	return !rc;
}

static MQTTAsync_responseOptions response(struct command *c, int kind, MQTTProperties props)
{
	MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;
	bool v5 = c->agent->v5;
	c->mid = kind;
	r.context = c;
	r.properties = props;
	r.onSuccess = v5 ? NULL : on_success;
	r.onFailure = v5 ? NULL : on_failure;
	r.onSuccess5 = v5 ? on_success5 : NULL;
	r.onFailure5 = v5 ? on_failure5 : NULL;
	return r;
}

static int client_open(struct agent *a, const char *uri)
{
	struct client *p = a->client;
	MQTTAsync_createOptions o = MQTTAsync_createOptions_initializer;
	o.MQTTVersion = a->v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	o.maxBufferedMessages = 65536; /* commands come faster than its thread takes them */
	int rc = MQTTAsync_createWithOptions(
		&p->handle, uri, a->client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &o);
	if (!rc)
		rc = MQTTAsync_setCallbacks(p->handle, a, on_lost, on_message, NULL);
	return rc ? rc : MQTTAsync_setDisconnected(p->handle, a, on_disconnected);
}

/* Makes the client at the first time. Later, the thread that told the end of the connection before may
 * still be busy with it, and would take the callbacks of the new `connect` for those of the old one: the
 * question waits until it is done.
 */
static int client_ready(struct agent *a, const char *uri)
{
	struct client *p = a->client;
	if (!p->handle)
		return client_open(a, uri);
	return MQTTAsync_isConnected(p->handle) ? MQTTASYNC_FAILURE : MQTTASYNC_SUCCESS;
}

static MQTTAsync_connectOptions connect_options(struct command *c, const struct connect *f)
{
	static const MQTTAsync_connectOptions of_3 = MQTTAsync_connectOptions_initializer,
					      of_5 = MQTTAsync_connectOptions_initializer5;
	MQTTAsync_responseOptions r =
		response(c, CONNECT, (MQTTProperties)MQTTProperties_initializer);
	bool v5 = c->agent->v5;
	MQTTAsync_connectOptions o = v5 ? of_5 : of_3;
	o.MQTTVersion = v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	*(v5 ? &o.cleanstart : &o.cleansession) = f->clean_start;
	o.keepAliveInterval = f->keep_alive;
	o.username = f->user_name;
	o.password = f->password;
	o.context = c;
	o.onSuccess = r.onSuccess;
	o.onFailure = r.onFailure;
	o.onSuccess5 = r.onSuccess5;
	o.onFailure5 = r.onFailure5;
	return o;
}

static bool connects(struct command *c)
{
	struct agent *a = c->agent;
	struct client *p = a->client;
	struct connect f = get_connect(c);
	char uri[300], *uris[] = { uri };
	bool tls = f.ca;
	snprintf(uri, sizeof(uri), "%s://%s:%d%s", strcmp(f.transport, "tls") ? f.transport : "ssl",
		f.host, f.port, f.path ? f.path : "");
	if (f.server_name)
		command_fault(c, "unsupported", "server_name", "");
	/* Properties that are older than the first client can never be freed. */
	int rc = c->fault ? MQTTASYNC_FAILURE : client_ready(a, uri);
	MQTTProperties props = properties_of(c, c->fields),
		       will_props = properties_of(c, f.will.fields);
	MQTTAsync_connectOptions o = connect_options(c, &f);
	MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
	MQTTAsync_SSLOptions ssl = MQTTAsync_SSLOptions_initializer;
	o.serverURIs = uris;
	o.serverURIcount = 1;
	o.connectProperties = a->v5 ? &props : NULL;
	o.willProperties = a->v5 && f.has_will ? &will_props : NULL;
	o.will = f.has_will ? &will : NULL;
	o.ssl = tls ? &ssl : NULL;
	ssl.trustStore = f.ca;
	ssl.keyStore = f.cert;
	ssl.privateKey = f.key;
	ssl.verify = ssl.disableDefaultTrustStore = 1;
	will.topicName = f.will.topic;
	will.payload.data = f.will.payload.at;
	will.payload.len = (int)f.will.payload.size;
	will.qos = f.will.qos;
	will.retained = f.will.retain;
	/* In 5.0 the library takes an expiry interval to hold until another one is given. */
	json_t *expiry = json_object_get(
		json_object_get(c->fields, "properties"), "session_expiry_interval");
	if (!a->v5 || expiry)
		p->keeps_session = a->v5 ? json_integer_value(expiry) > 0 : !f.clean_start;
	if (command_is_sound(c) && !rc)
		rc = MQTTAsync_connect(p->handle, &o);
	MQTTProperties_free(&will_props);
	handed_over(c, &props, rc);
	return true; /* the library may know it even if it said no */
}

static bool subscribes(struct command *c)
{
	struct client *p = c->agent->client;
	bool on = !strcmp(c->name, "subscribe");
	struct filters f = get_filters(c, on);
	MQTTProperties props = properties_of(c, c->fields);
	MQTTAsync_responseOptions r = response(c, on ? SUBSCRIBE : UNSUBSCRIBE, props);
	MQTTSubscribe_options *options = calloc((size_t)f.count + 1, sizeof(*options));
	for (int i = 0; i < f.count; i++) {
		options[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
		options[i].noLocal = f.options[i] >> 2 & 1;
		options[i].retainAsPublished = f.options[i] >> 3 & 1;
		options[i].retainHandling = f.options[i] >> 4 & 3;
	}
	r.subscribeOptions = options[0];
	r.subscribeOptionsList = options;
	r.subscribeOptionsCount = f.count;
	int rc = MQTTASYNC_FAILURE;
	if (command_is_sound(c))
		rc = on ? MQTTAsync_subscribeMany(p->handle, f.count, f.texts, f.qos, &r)
			: MQTTAsync_unsubscribeMany(p->handle, f.count, f.texts, &r);
	free(options);
	filters_free(&f);
	return handed_over(c, &props, rc);
}

static bool publishes(struct command *c)
{
	struct client *p = c->agent->client;
	struct message f = get_message(c, c->fields);
	MQTTProperties props = properties_of(c, c->fields);
	MQTTAsync_responseOptions r = response(c, PUBLISH, props);
	c->kept = f.qos > 0 && p->keeps_session;
	int rc = MQTTASYNC_FAILURE;
	if (command_is_sound(c))
		rc = MQTTAsync_send(
			p->handle, f.topic, (int)f.payload.size, f.payload.at, f.qos, f.retain, &r);
	return handed_over(c, &props, rc);
}

static bool disconnects(struct command *c)
{
	static const MQTTAsync_disconnectOptions of_3 = MQTTAsync_disconnectOptions_initializer,
						 of_5 = MQTTAsync_disconnectOptions_initializer5;
	struct client *p = c->agent->client;
	MQTTAsync_disconnectOptions o = c->agent->v5 ? of_5 : of_3;
	o.reasonCode = (enum MQTTReasonCodes)get_code(c, 0);
	o.properties = properties_of(c, c->fields);
	MQTTAsync_responseOptions r = response(c, DISCONNECT, o.properties);
	o.context = c;
	o.onSuccess = r.onSuccess;
	o.onFailure = r.onFailure;
	o.onSuccess5 = r.onSuccess5;
	o.onFailure5 = r.onFailure5;
	int rc = command_is_sound(c) ? MQTTAsync_disconnect(p->handle, &o) : MQTTASYNC_FAILURE;
	return handed_over(c, &o.properties, rc);
}

/* No way out but exit: to destroy the client is to wait for its threads. */
int main(void)
{
	static const struct verb verbs[] = { { "connect", connects }, { "subscribe", subscribes },
		{ "unsubscribe", subscribes }, { "publish", publishes },
		{ "disconnect", disconnects }, { 0 } };
	static const char *const transports[] = { "tcp", "tls", "ws", "wss", NULL };
	static struct agent a;
	static struct client p;
	const MQTTAsync_nameValue *v = MQTTAsync_getVersionInfo();
	while (v->name && strcmp(v->name, "Version") != 0)
		v++;
	agent_init_over(&a, transports, verbs, "Paho C", v->name ? v->value : "", true);
	a.client = &p;
	while (agent_read(&a))
		;
	exit(EXIT_SUCCESS);
}
