/* The agent of libmosquitto (docs/AGENT.md). One thread: the library's socket and standard input are
 * polled together, so the library never connects again by itself.
 */
#include "targets/agents/libmosquitto_property.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void on_connect(
	struct mosquitto *m, void *agent, int code, int flags, const mosquitto_property *props)
{
	struct command *c = agent_find(agent, CONNECT);
	(void)m;
	if (c)
		answer(c, with(event_connected(c, code, flags & 1), props));
}

/* The reason is the code of a DISCONNECT or an error of the library. It has no error for the end that it
 * was told to make: a 0 that was not asked for is the server's.
 */
static void on_disconnect(
	struct mosquitto *m, void *agent, int reason, const mosquitto_property *props)
{
	struct command *c = agent_find(agent, DISCONNECT);
	json_t *e = event_new("disconnected", c);
	(void)m;
	if (!c && (reason == 0 || reason >= 0x80))
		json_object_set_new(e, "code", json_integer(reason));
	else if (!c)
		json_object_set_new(e, "text", json_string(mosquitto_strerror(reason)));
	tell_disconnected(agent, c, with(e, props));
}

static void on_publish(
	struct mosquitto *m, void *agent, int mid, int code, const mosquitto_property *props)
{
	struct command *c = agent_find(agent, mid);
	(void)m;
	if (c)
		answer(c, with(event_result(c, c->kept ? code : NO_CODE), props));
}

static void on_subscribe(struct mosquitto *m, void *agent, int mid, int count, const int *codes,
	const mosquitto_property *props)
{
	struct command *c = agent_find(agent, mid);
	(void)m;
	if (c && !c->kept && c->subscribes == (codes != NULL))
		answer(c, with(event_codes(c, count, codes), props));
}

static void on_unsubscribe(
	struct mosquitto *m, void *agent, int mid, const mosquitto_property *props)
{
	on_subscribe(m, agent, mid, 0, NULL, props);
}

static void on_message(struct mosquitto *m, void *agent, const struct mosquitto_message *message,
	const mosquitto_property *props)
{
	struct octets topic = { message->topic, strlen(message->topic) };
	struct octets payload = { message->payload, (size_t)message->payloadlen };
	(void)m, (void)agent;
	event_tell(with(event_message(topic, payload, message->qos, message->retain), props));
}

/* Behind a call of the library, or instead of one when the command has been answered. */
static bool hand_over(struct command *c, mosquitto_property *props, int rc)
{
	if (rc)
		answer(c,
			event_text("error", c,
				rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc)));
	mosquitto_property_free_all(&props);
	return true;
}

static struct mosquitto *client_new(struct agent *a, const struct connect *f)
{
	struct mosquitto *m = mosquitto_new(*f->client_id ? f->client_id : NULL, f->clean_start, a);
	if (!m)
		return NULL;
	a->clean_start = f->clean_start;
	mosquitto_int_option(
		m, MOSQ_OPT_PROTOCOL_VERSION, a->v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
	mosquitto_connect_v5_callback_set(m, on_connect);
	mosquitto_disconnect_v5_callback_set(m, on_disconnect);
	mosquitto_publish_v5_callback_set(m, on_publish);
	mosquitto_subscribe_v5_callback_set(m, on_subscribe);
	mosquitto_unsubscribe_v5_callback_set(m, on_unsubscribe);
	mosquitto_message_v5_callback_set(m, on_message);
	return m;
}

static bool connects(struct command *c)
{
	struct agent *a = c->agent;
	struct connect f = get_connect(c);
	const struct message *will = &f.will;
	mosquitto_property *props = properties_of(c, c->fields);
	mosquitto_property *will_props = properties_of(c, will->fields);
	if (f.keep_alive > 0 && f.keep_alive < 5)
		command_fault(c, "unsupported", "keep_alive", " below 5 s");
	if (a->client && f.clean_start != a->clean_start)
		command_fault(
			c, "unsupported", "clean_start", " that differs from the connect before");
	if (f.server_name)
		command_fault(c, "unsupported", "server_name", "");
	if (command_is_sound(c) && !a->client)
		a->client = client_new(a, &f);
	int rc = c->fault ? MOSQ_ERR_INVAL : mosquitto_will_clear(a->client);
	if (!rc && f.ca)
		rc = mosquitto_tls_set(a->client, f.ca, NULL, f.cert, f.key, NULL);
	if (!rc)
		rc = mosquitto_username_pw_set(a->client, f.user_name, f.password);
	if (!rc && f.has_will) {
		rc = mosquitto_will_set_v5(a->client, will->topic, (int)will->payload.size,
			will->payload.at, will->qos, will->retain, will_props);
		will_props = rc ? will_props : NULL;
	}
	if (!rc)
		rc = mosquitto_connect_bind_v5(
			a->client, f.host, f.port, f.keep_alive, NULL, props);
	mosquitto_property_free_all(&will_props);
	return hand_over(c, props, rc);
}

static bool subscribes(struct command *c)
{
	mosquitto_property *props = properties_of(c, c->fields);
	bool on = c->subscribes = !strcmp(c->name, "subscribe");
	struct filters f = get_filters(c, on);
	for (int i = 1; i < f.count; i++)
		if (f.qos[i] != f.qos[0] || f.options[i] != f.options[0])
			command_fault(c, "unsupported", "filters", " with different options");
	int rc = MOSQ_ERR_INVAL;
	if (command_is_sound(c))
		rc = on ? mosquitto_subscribe_multiple(c->agent->client, &c->mid, f.count, f.texts,
				  f.qos[0], f.options[0], props)
			: mosquitto_unsubscribe_multiple(
				  c->agent->client, &c->mid, f.count, f.texts, props);
	filters_free(&f);
	return hand_over(c, props, rc);
}

static bool publishes(struct command *c)
{
	mosquitto_property *props = properties_of(c, c->fields);
	struct message f = get_message(c, c->fields);
	c->kept = f.qos > 0;
	int rc = command_is_sound(c)
		? mosquitto_publish_v5(c->agent->client, &c->mid, f.topic, (int)f.payload.size,
			  f.payload.at, f.qos, f.retain, props)
		: MOSQ_ERR_INVAL;
	return hand_over(c, props, rc);
}

static bool disconnects(struct command *c)
{
	mosquitto_property *props = properties_of(c, c->fields);
	int code = get_code(c, 0);
	c->mid = DISCONNECT;
	int rc = command_is_sound(c) ? mosquitto_disconnect_v5(c->agent->client, code, props)
				     : MOSQ_ERR_INVAL;
	return hand_over(c, props, rc);
}

/* Where TLS does not come about, the library says so by what it returns, and calls nobody back. */
static void note_end(struct mosquitto *m, struct agent *a, int rc)
{
	if (rc && mosquitto_socket(m) < 0 && agent_find(a, CONNECT))
		on_disconnect(m, a, rc, NULL);
}

int main(void)
{
	static const struct verb verbs[] = { { "connect", connects }, { "subscribe", subscribes },
		{ "unsubscribe", subscribes }, { "publish", publishes },
		{ "disconnect", disconnects }, { 0 } };
	static const char *const transports[] = { "tcp", "tls", "unix", NULL };
	struct agent a;
	char version[32];
	int v = mosquitto_lib_version(NULL, NULL, NULL);
	snprintf(version, sizeof(version), "%d.%d.%d", v / 1000000, v / 1000 % 1000, v % 1000);
	mosquitto_lib_init();
	agent_init_over(&a, transports, verbs, "libmosquitto", version, true);
	for (bool more = true; more; agent_sweep(&a)) {
		struct mosquitto *m = a.client;
		struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { -1, POLLIN, 0 } };
		if (m)
			fds[1].fd = mosquitto_socket(m);
		if (m && mosquitto_want_write(m))
			fds[1].events |= POLLOUT;
		poll(fds, 2, 100);
		if (fds[1].revents & ~POLLOUT)
			note_end(m, &a, mosquitto_loop_read(m, 1));
		if (fds[1].revents & POLLOUT)
			note_end(m, &a, mosquitto_loop_write(m, 1));
		if (m)
			note_end(m, &a, mosquitto_loop_misc(m));
		if (fds[0].revents)
			more = agent_read(&a);
	}
	mosquitto_destroy(a.client);
	agent_fini(&a);
	mosquitto_lib_cleanup();
	return 0;
}
