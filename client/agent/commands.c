/* The commands of docs/AGENT.md: each is read whole before the client is handed anything. */
#include <stdio.h>
#include <string.h>

#include "client/agent/agent.h"
#include "client/agent/properties.h"
#include "client/agent/tell.h"

enum { QOS_MOST = 2, HANDLING_MOST = 2, CONTINUE_AUTHENTICATION = 0x18 };

struct command {
	const json_t *object;
	json_t *id;
	struct reading reading;
};

/* False, and the command is answered, if a field was wrong. */
static bool is_read(struct command *c)
{
	if (c->reading.state == READ_WRONG)
		tell_error(c->id, c->reading.text);
	else if (c->reading.state == READ_UNSUPPORTED)
		tell_unsupported(c->id, c->reading.text);
	return c->reading.state == READ_OK;
}

/* The command waits, or the client has said no. */
static void settle(struct agent *a, struct unanswered *u, int result)
{
	if (!result)
		return;
	tell_error(u->id, mqttspec_result_text(result));
	unanswered_remove(a, u);
}

/* ---- connect ------------------------------------------------------------------------------- */

static uint8_t version_read(struct command *c)
{
	const char *text = read_text(&c->reading, c->object, "version");

	if (!strcmp(text, "3.1.1"))
		return 4;
	if (strcmp(text, "5.0") != 0)
		read_note(&c->reading, READ_UNSUPPORTED, "version");
	return 5;
}

static struct mqttspec_message message_read(struct reading *r, const json_t *object)
{
	struct properties properties = properties_read(r, object);
	struct read_bytes payload = read_payload(r, object);

	return (struct mqttspec_message){ .topic = read_text(r, object, "topic"),
		.payload = payload.data,
		.payload_len = payload.len,
		.qos = (uint8_t)read_number(r, object, "qos", QOS_MOST),
		.retain = read_flag(r, object, "retain"),
		.properties = properties.list,
		.property_count = properties.count };
}

static void connect_read(struct command *c, struct mqttspec_options *o)
{
	struct reading *r = &c->reading;
	struct properties properties = properties_read(r, c->object);

	mqttspec_options_default(o);
	o->version = version_read(c);
	o->client_id = read_text(r, c->object, "client_id");
	o->keep_session = !read_flag(r, c->object, "clean_start");
	o->adopt_session = false; /* this process is the client, and knows what it has */
	o->keep_alive_s = (uint16_t)read_number(r, c->object, "keep_alive", UINT16_MAX);
	o->user_name = read_text_or(r, c->object, "user_name", NULL);
	o->password = read_text_or(r, c->object, "password", NULL);
	o->password_len = o->password ? strlen(o->password) : 0;
	o->tls.ca_file = read_text_or(r, c->object, "ca", NULL);
	o->tls.cert_file = read_text_or(r, c->object, "cert", NULL);
	o->tls.key_file = read_text_or(r, c->object, "key", NULL);
	o->tls.server_name = read_text_or(r, c->object, "server_name", NULL);
	o->properties = properties.list;
	o->property_count = properties.count;
	o->reconnect = MQTTSPEC_RECONNECT_NEVER;
	o->no_resubscribe = o->no_republish = true;
}

static bool client_set(struct agent *a, const struct mqttspec_options *o, char *error, size_t size)
{
	if (a->client)
		return mqttspec_set_connect(a->client, o, error, size);
	a->client = mqttspec_client_new(o, &a->loop, error, size);
	return a->client;
}

static const char *scheme_of(struct reading *r, const char *transport)
{
	static const char *const schemes[][2] = { { "tcp", "mqtt" }, { "tls", "mqtts" },
		{ "ws", "ws" }, { "wss", "wss" }, { "unix", "unix" } };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (!strcmp(schemes[i][0], transport))
			return schemes[i][1];
	read_note(r, READ_UNSUPPORTED, "transport");
	return "mqtt";
}

/* Port 0: a Unix socket, and its path. */
static const char *server_read(struct reading *r, const json_t *object)
{
	const char *host = read_text(r, object, "host");
	unsigned port = read_number(r, object, "port", UINT16_MAX);
	const char *transport = read_text_or(r, object, "transport", port ? "tcp" : "unix");
	const char *path = read_text_or(r, object, "path", "");
	bool v6 = strchr(host, ':');

	if (!port)
		return arena_printf(r->arena, "unix:%s", host);
	return arena_printf(r->arena, v6 ? "%s://[%s]:%u%s" : "%s://%s:%u%s",
		scheme_of(r, transport), host, port, path);
}

static void do_connect(struct agent *a, struct command *c)
{
	const json_t *will = json_object_get(c->object, "will");
	const char *server = server_read(&c->reading, c->object);
	struct mqttspec_options options;
	struct mqttspec_message message;
	char error[256] = "connected already";

	connect_read(c, &options);
	if (will && !json_is_object(will))
		read_note(&c->reading, READ_WRONG, "will is no object");
	if (json_is_object(will)) {
		message = message_read(&c->reading, will);
		options.will = &message;
	}
	if (!is_read(c))
		return;
	options.servers = (const char *const[]){ server };
	options.server_count = 1;
	options.callbacks = answers;
	options.context = a;
	if (a->running || !client_set(a, &options, error, sizeof(error))) {
		tell_error(c->id, error);
		return;
	}
	a->running = true;
	a->connect_id = json_incref(c->id);
	mqttspec_start(a->client);
}

/* ---- the others ---------------------------------------------------------------------------- */

static void do_subscribe(struct agent *a, struct command *c)
{
	struct reading *r = &c->reading;
	const json_t *filters = read_list(r, c->object, "filters"), *f;
	size_t count = json_array_size(filters), i;
	struct properties properties = properties_read(r, c->object);
	struct mqttspec_subscription *list = arena_alloc(r->arena, (count + 1) * sizeof(*list));

	json_array_foreach(filters, i, f) list[i] =
		(struct mqttspec_subscription){ .filter = read_text(r, f, "filter"),
			.qos = (uint8_t)read_number(r, f, "qos", QOS_MOST),
			.retain_handling =
				(uint8_t)read_number_or(r, f, "retain_handling", HANDLING_MOST, 0),
			.no_local = read_flag_or(r, f, "no_local", false),
			.retain_as_published = read_flag_or(r, f, "retain_as_published", false) };
	if (!is_read(c))
		return;
	struct unanswered *u = unanswered_add(a, c->id);
	settle(a, u,
		!a->client ? MQTTSPEC_NOT_CONNECTED
			   : mqttspec_subscribe(a->client, list, count, properties.list,
				     properties.count, (uintptr_t)u));
}

static void do_unsubscribe(struct agent *a, struct command *c)
{
	struct reading *r = &c->reading;
	const json_t *filters = read_list(r, c->object, "filters"), *f;
	size_t count = json_array_size(filters), i;
	struct properties properties = properties_read(r, c->object);
	const char **list = arena_alloc(r->arena, (count + 1) * sizeof(*list));

	json_array_foreach(filters, i, f) list[i] = read_text_of(r, f, "a filter");
	if (!is_read(c))
		return;
	struct unanswered *u = unanswered_add(a, c->id);
	settle(a, u,
		!a->client ? MQTTSPEC_NOT_CONNECTED
			   : mqttspec_unsubscribe(a->client, list, count, properties.list,
				     properties.count, (uintptr_t)u));
}

static void do_publish(struct agent *a, struct command *c)
{
	struct mqttspec_message message = message_read(&c->reading, c->object);

	if (!is_read(c))
		return;
	struct unanswered *u = unanswered_add(a, c->id);
	settle(a, u,
		!a->client ? MQTTSPEC_NOT_CONNECTED
			   : mqttspec_publish(a->client, &message, (uintptr_t)u));
}

/* The end may come before mqttspec_disconnect returns. */
static void do_disconnect(struct agent *a, struct command *c)
{
	struct properties properties = properties_read(&c->reading, c->object);
	uint8_t code = (uint8_t)read_number_or(&c->reading, c->object, "code", UINT8_MAX, 0);

	if (!is_read(c))
		return;
	if (!a->running || a->disconnect_id) {
		tell_error(c->id, mqttspec_result_text(MQTTSPEC_NOT_CONNECTED));
		return;
	}
	a->disconnect_id = json_incref(c->id);
	int result = mqttspec_disconnect(a->client, code, properties.list, properties.count);
	if (!result)
		return;
	tell_error(c->id, mqttspec_result_text(result));
	json_decref(a->disconnect_id);
	a->disconnect_id = NULL;
}

static void do_authenticate(struct agent *a, struct command *c)
{
	struct properties properties = properties_read(&c->reading, c->object);
	uint8_t code = (uint8_t)read_number_or(
		&c->reading, c->object, "code", UINT8_MAX, CONTINUE_AUTHENTICATION);

	if (!is_read(c))
		return;
	int result = !a->client
		? MQTTSPEC_NOT_CONNECTED
		: mqttspec_auth_send(a->client, code, properties.list, properties.count);
	if (result)
		tell_error(c->id, mqttspec_result_text(result));
	else
		tell_acknowledged(c->id, &(struct mqttspec_properties){ 0 });
}

static void do_sync(struct agent *a, struct command *c)
{
	(void)a;
	tell_synced(c->id);
}

/* ---- lines --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(struct agent *a, struct command *c);
} commands[] = {
	{ "connect", do_connect },
	{ "subscribe", do_subscribe },
	{ "unsubscribe", do_unsubscribe },
	{ "publish", do_publish },
	{ "disconnect", do_disconnect },
	{ "authenticate", do_authenticate },
	{ "sync", do_sync },
};

static void run(struct agent *a, struct command *c, const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, name)) {
			commands[i].run(a, c);
			return;
		}
	tell_unsupported(c->id, name);
}

void commands_line(struct agent *a, const void *data, size_t len)
{
	struct arena arena;
	json_t *object = json_loadb(data, len, JSON_ALLOW_NUL, NULL);
	json_t *id = json_object_get(object, "id");

	arena_init(&arena);
	struct command c = { .object = object, .id = id, .reading = { .arena = &arena } };
	const char *name = json_string_value(json_object_get(object, "do"));
	if (!json_is_object(object))
		tell_error(NULL, "no JSON object");
	else if (!json_is_number(id))
		tell_error(NULL, "id is no number");
	else if (!name)
		tell_error(id, "do is no text");
	else
		run(a, &c, name);
	arena_fini(&arena);
	json_decref(object);
}
