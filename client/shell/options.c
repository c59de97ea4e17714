/* The options: what they are by default, and what becomes of them. */
#include "client/shell/options.h"

#include <stdio.h>
#include <string.h>

#include "client/shell/opening.h"

void mqttspec_options_default(struct mqttspec_options *options)
{
	*options = (struct mqttspec_options){ .version = 5,
		.client_id = "",
		.adopt_session = true,
		.keep_alive_s = 60,
		.pause_min_ms = 500,
		.pause_max_ms = 30000,
		.connect_wait_ms = 10000,
		.pingresp_wait_ms = 10000,
		.queue_messages = 10000,
		.queue_bytes = 64 << 20,
		.inflight = 1000,
		.topic_aliases = 16,
		.inbox_messages = 1000 };
}

static bool servers_read(
	struct route *r, const struct mqttspec_options *o, char *error, size_t size)
{
	if (!o->server_count) {
		snprintf(error, size, "no server to connect to");
		return false;
	}
	r->servers = arena_alloc(&r->arena, o->server_count * sizeof(*r->servers));
	r->server_count = o->server_count;
	for (size_t i = 0; i < o->server_count; i++)
		if (!server_read(&r->servers[i], o->servers[i], error, size))
			return false;
	return true;
}

static bool tls_read(struct route *r, const struct mqttspec_options *o, char *error, size_t size)
{
	bool wanted = false;

	for (size_t i = 0; i < r->server_count; i++)
		wanted = wanted || r->servers[i].secure;
	r->tls = wanted ? tls_context_new(&o->tls, error, size) : NULL;
	for (size_t i = 0; i < r->server_count; i++)
		r->servers[i].tls = r->tls;
	return !wanted || r->tls;
}

/* Of the opening handshake; an error shows no value, which may be a secret. */
static bool headers_read(
	struct route *r, const struct mqttspec_options *o, char *error, size_t size)
{
	char *all = arena_text(&r->arena, "");
	size_t bytes = 0;

	for (size_t i = 0; i < o->header_count; i++) {
		if (!opening_allows(o->headers[i])) {
			int shown = (int)strcspn(o->headers[i], ": ");
			snprintf(error, size, "%.*s: not a field that can be added to a request",
				shown, o->headers[i]);
			return false;
		}
		bytes += strlen(o->headers[i]) + 2;
		if (bytes > HTTP_HEAD_MAX) {
			snprintf(error, size, "the fields to add to a request are too long");
			return false;
		}
		all = arena_printf(&r->arena, "%s%s\r\n", all, o->headers[i]);
	}
	for (size_t i = 0; i < r->server_count; i++)
		r->servers[i].headers = all;
	return true;
}

static bool bind_address_read(
	struct route *r, const struct mqttspec_options *o, char *error, size_t size)
{
	struct sockaddr_storage address;

	if (!o->bind_address)
		return true;
	r->bind_address = arena_text(&r->arena, o->bind_address);
	if (!uv_ip4_addr(o->bind_address, 0, (struct sockaddr_in *)&address) ||
		!uv_ip6_addr(o->bind_address, 0, (struct sockaddr_in6 *)&address))
		return true;
	snprintf(error, size, "%s: not an IP address", o->bind_address);
	return false;
}

static bool route_read(struct route *r, const struct mqttspec_options *o, char *error, size_t size)
{
	return servers_read(r, o, error, size) && tls_read(r, o, error, size) &&
		headers_read(r, o, error, size) && bind_address_read(r, o, error, size);
}

void route_fini(struct route *r)
{
	tls_context_free(r->tls);
	arena_fini(&r->arena);
}

static struct mqtt_connect connect_of(
	const struct mqttspec_options *o, const struct buf *properties, const struct buf *will)
{
	struct mqtt_connect connect = { .version = o->version,
		.clean_start = !o->keep_session,
		.keep_alive_s = o->keep_alive_s,
		.client_id = mqtt_view_of(o->client_id),
		.properties.raw = { properties->data, (uint32_t)properties->len },
		.has_user_name = o->user_name && !o->auth_method,
		.has_password = o->password && !o->auth_method,
		.user_name = mqtt_view_of(o->user_name),
		.password = { o->password, (uint32_t)o->password_len } };

	if (!o->will)
		return connect;
	connect.has_will = true;
	connect.will_retain = o->will->retain;
	connect.will_qos = o->will->qos;
	connect.will_properties.raw = (struct mqtt_view){ will->data, (uint32_t)will->len };
	connect.will_topic = mqtt_view_of(o->will->topic);
	connect.will_payload =
		(struct mqtt_view){ o->will->payload, (uint32_t)o->will->payload_len };
	return connect;
}

static bool connect_set(
	struct mqttspec_client *c, const struct mqttspec_options *o, char *error, size_t size)
{
	struct buf properties, will;

	buf_init(&properties, MQTT_REMAINING_LENGTH_MAX);
	buf_init(&will, MQTT_REMAINING_LENGTH_MAX);
	bool ok = (o->version == MQTT_311 || o->version == MQTT_50) &&
		o->password_len <= UINT16_MAX && (!o->will || o->will->payload_len <= UINT16_MAX) &&
		properties_encode(&properties, o->properties, o->property_count) &&
		(!o->auth_method ||
			mqtt_property_add_view(&properties, MQTT_AUTHENTICATION_METHOD,
				mqtt_view_of(o->auth_method))) &&
		(!o->will ||
			properties_encode(&will, o->will->properties, o->will->property_count));
	if (ok) {
		struct mqtt_connect connect = connect_of(o, &properties, &will);
		ok = (version_traits(o->version).properties || !(properties.len || will.len)) &&
			engine_set_connect(c->engine, &connect);
	}
	buf_fini(&properties);
	buf_fini(&will);
	if (!ok)
		snprintf(error, size, "no legal CONNECT can be made of these options");
	return ok;
}

/* What is wrong with the options for it; NULL: nothing. */
static const char *auth_fault(const struct mqttspec_options *o)
{
	if (!o->auth_method)
		return NULL;
	if (!version_traits(o->version).properties)
		return "a method of authentication needs MQTT 5.0";
	if (!scram_knows(o->auth_method))
		return "a method of authentication is SCRAM-SHA-256 or SCRAM-SHA-1";
	if (!o->user_name || !o->password)
		return "a method of authentication needs a user name and a password";
	if (strlen(o->user_name) > UINT16_MAX || o->password_len > UINT16_MAX)
		return "user name or password is too long";
	if (o->callbacks.auth || o->callbacks.challenge)
		return "a method of authentication and callbacks for it do not go together";
	return NULL;
}

/* NULL: none is wanted, or, with a sentence in `error`, none can be made. */
static struct scram *scram_make(const struct mqttspec_options *o, char *error, size_t size)
{
	const char *fault = auth_fault(o);
	struct scram *scram = fault || !o->auth_method
		? NULL
		: scram_new(o->auth_method, o->user_name, o->password, o->password_len);

	*error = 0;
	if (fault || (o->auth_method && !scram))
		snprintf(error, size, "%s", fault ? fault : "out of memory");
	return scram;
}

bool options_read(
	struct mqttspec_client *c, const struct mqttspec_options *o, char *error, size_t size)
{
	struct engine_config config;

	c->callbacks = o->callbacks;
	c->context = o->context;
	c->version = o->version;
	c->reconnect = o->reconnect;
	c->resubscribe = !o->no_resubscribe;
	c->pause_min_ms = o->pause_min_ms ? o->pause_min_ms : 1;
	c->pause_max_ms = o->pause_max_ms;
	c->connect_wait_ms = o->connect_wait_ms;
	c->inbox.limit = o->inbox_messages;
	if (!route_read(&c->route, o, error, size))
		return false;
	c->scram = scram_make(o, error, size);
	if (*error)
		return false;
	shell_engine_config(c, o, &config);
	c->engine = engine_new(&config, (int64_t)uv_now(c->loop));
	if (!c->engine) {
		snprintf(error, size, "out of memory");
		return false;
	}
	return connect_set(c, o, error, size);
}

static const char *change_fault(const struct mqttspec_client *c, const struct mqttspec_options *o)
{
	if (c->state != SHELL_IDLE && c->state != SHELL_STOPPED)
		return "the client has not stopped";
	if (o->version != c->version)
		return "a session cannot change its version";
	if (!o->auth_method != !c->scram)
		return "whether there is a method of authentication cannot change";
	return NULL;
}

static bool connect_change(
	struct mqttspec_client *c, const struct mqttspec_options *o, char *error, size_t size)
{
	const char *fault = change_fault(c, o);

	if (fault) {
		snprintf(error, size, "%s", fault);
		return false;
	}
	struct scram *scram = scram_make(o, error, size);
	if (*error)
		return false;
	c->inside++;
	engine_tick(c->engine, (int64_t)uv_now(c->loop)); /* its session may be over */
	bool ok = connect_set(c, o, error, size);
	if (ok && !o->keep_session)
		engine_forget(c->engine);
	c->inside--;
	scram_free(ok ? c->scram : scram);
	c->scram = ok ? scram : c->scram;
	return ok;
}

bool mqttspec_set_connect(
	struct mqttspec_client *c, const struct mqttspec_options *o, char *error, size_t size)
{
	struct route route = { 0 };

	arena_init(&route.arena);
	if (!route_read(&route, o, error, size) || !connect_change(c, o, error, size)) {
		route_fini(&route);
		return false;
	}
	route_fini(&c->route);
	c->route = route;
	c->server = 0;
	shell_note_id(c);
	return true;
}
