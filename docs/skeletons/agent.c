/* A skeleton of an agent: MQTT 3.1.1, around Paho's MQTTClient, whose calls last until the server has answered.
 * A call that waits has a thread of its own, which begins before the next command is read.
 *
 *	cc -D_GNU_SOURCE -I MQTTSPEC agent.c MQTTSPEC/targets/agents/agent_*.c -ljansson -lpaho-mqtt3c
 */
#include "targets/agents/agent_fields.h"

#include <MQTTClient.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sem_t begun; /* the command is understood, and its call comes next */

static bool is_ready(struct command *c)
{
	if (!c->agent->client)
		command_fault(c, "error", "there is", " no client yet");
	return command_is_sound(c);
}

static void on_lost(void *agent, char *why)
{
	tell_disconnected(
		agent, NULL, event_text("disconnected", NULL, why ? why : "connection lost"));
}

static int on_message(void *agent, char *topic, int size, MQTTClient_message *m)
{
	struct octets name = { topic, size ? (size_t)size : strlen(topic) };
	struct octets payload = { m->payload, (size_t)m->payloadlen };
	event_tell(event_message(name, payload, m->qos, m->retained));
	MQTTClient_freeMessage(&m);
	MQTTClient_free(topic);
	return agent != NULL;
}

static void on_delivered(void *agent, MQTTClient_deliveryToken token)
{
	struct command *c = agent_find(agent, token);
	if (c)
		answer(c, event_result(c, NO_CODE));
}

static void do_connect(struct command *c)
{
	struct agent *a = c->agent;
	struct connect f = get_connect(c);
	MQTTClient_connectOptions o = MQTTClient_connectOptions_initializer;
	MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
	char uri[300], *uris[] = { uri };

	snprintf(uri, sizeof(uri), "tcp://%s:%d", f.host, f.port);
	if (!a->client &&
		!c->fault) { /* once: a second connect goes on with what this object has of its session */
		MQTTClient_create(&a->client, uri, f.client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL);
		MQTTClient_setCallbacks(a->client, a, on_lost, on_message, on_delivered);
	}
	o.MQTTVersion = MQTTVERSION_3_1_1;
	o.serverURIs = uris;
	o.serverURIcount = 1;
	o.cleansession = f.clean_start;
	o.reliable = 0; /* several messages may be under way */
	o.keepAliveInterval = f.keep_alive;
	o.username = f.user_name;
	o.password = f.password;
	o.will = f.has_will ? &will : NULL;
	will.topicName = f.will.topic;
	will.payload.data = f.will.payload.at;
	will.payload.len = (int)f.will.payload.size;
	will.qos = f.will.qos;
	will.retained = f.will.retain;
	bool ready = is_ready(c);
	sem_post(&begun);
	int rc = ready ? MQTTClient_connect(a->client, &o) : 0;
	if (ready)
		answer(c,
			rc < 0 ? event_text("error", c, "no connection")
			       : event_connected(c, rc, o.returned.sessionPresent));
}

static void do_subscribe(struct command *c)
{
	void *client = c->agent->client;
	bool on = !strcmp(c->name, "subscribe");
	struct filters f = get_filters(c, on);
	bool ready = is_ready(c);

	sem_post(&begun);
	int rc = !ready ? 0
		: on
		? MQTTClient_subscribeMany(client, f.count, f.texts, f.qos) /* and now the codes */
		: MQTTClient_unsubscribeMany(client, f.count, f.texts);
	if (ready)
		answer(c,
			rc ? event_text("error", c, "no SUBACK, or UNSUBACK")
			   : event_codes(c, on ? f.count : 0, f.qos));
}

static void *call(void *command)
{
	struct command *c = command;

	strcmp(c->name, "connect") ? do_subscribe(c) : do_connect(c);
	return NULL;
}

static bool in_thread(struct command *c)
{
	pthread_t thread;

	json_incref(c->fields); /* for as long as the call may look at them */
	pthread_create(&thread, NULL, call, c);
	pthread_detach(thread);
	return !sem_wait(&begun);
}

/* Does not wait: on_delivered is held up until the answer's number is known. */
static bool publishes(struct command *c)
{
	struct message f = get_message(c, c->fields);
	int rc;

	if (!is_ready(c))
		return true;
	pthread_mutex_lock(&c->agent->lock);
	rc = MQTTClient_publish(c->agent->client, f.topic, (int)f.payload.size, f.payload.at, f.qos,
		f.retain, &c->mid);
	if (rc || !f.qos)
		answer(c, rc ? event_text("error", c, "not sent") : event_result(c, NO_CODE));
	pthread_mutex_unlock(&c->agent->lock);
	return true;
}

static bool disconnects(struct command *c)
{
	if (is_ready(c) && (!c->agent->connected || MQTTClient_disconnect(c->agent->client, 0)))
		command_fault(c, "error", "there is", " no connection");
	if (command_is_sound(c))
		tell_disconnected(c->agent, c, event_new("disconnected", c));
	return true;
}

int main(void)
{
	static const struct verb verbs[] = { { "connect", in_thread }, { "subscribe", in_thread },
		{ "unsubscribe", in_thread }, { "publish", publishes },
		{ "disconnect", disconnects }, { 0 } };
	static struct agent a;

	sem_init(&begun, 0, 0);
	agent_init(&a, verbs, "Paho C, MQTTClient", "1.3", false);
	while (agent_read(&a))
		agent_sweep(&a);
	exit(EXIT_SUCCESS); /* at once, whatever the threads wait for */
}
