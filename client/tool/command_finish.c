#include "client/tool/command_finish.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "client/tool/command_properties.h"
#include "spec/spec.h"

static bool has_tls(const struct command *c)
{
	return c->tls_url || c->tls_system || c->tls.ca_file || c->tls.ca_path;
}

static bool has_ws(const struct command *c)
{
	return c->ws || c->ws_url;
}

static const char *ws_contradiction(const struct command *c)
{
	if (has_ws(c))
		return c->unix_path ? "a Unix socket (--unix) and a WebSocket do not go together"
				    : NULL;
	return c->ws_path || c->ws_headers.count ? "--ws-path and --ws-header need --ws" : NULL;
}

/* An option that says something about TLS, where there is none. */
static const char *tls_contradiction(const struct command *c)
{
	const struct mqttspec_tls *t = &c->tls;

	if (has_tls(c))
		return c->unix_path ? "a Unix socket (--unix) and TLS do not go together" : NULL;
	if (t->cert_file || t->key_file || t->server_name || t->insecure || t->version_min ||
		t->ciphers || t->alpn)
		return "TLS needs to know whom to trust: --cafile, --capath or "
		       "--tls-use-os-certs";
	return NULL;
}

/* What does not go together; NULL if all is well. */
static const char *contradiction(const struct command *c)
{
	bool pub = c->kind == COMMAND_PUB;

	if (pub && (!c->topics.count || !c->source))
		return "a topic (-t) and a message (-f, -l, -m, -n or -s) are needed";
	if (!pub && !c->topics.count)
		return "a topic (-t) is needed";
	if (c->id && c->id_prefix)
		return "-i and -I do not go together";
	if (c->id && !*c->id)
		return "-i: an empty id is what is used without -i";
	if (c->keep_session && !c->id && !c->id_prefix)
		return "-c needs an id (-i)";
	if (version_traits(c->version).session_expiry && c->expiry_given &&
		c->expiry_s == UINT32_MAX && !c->id && !c->id_prefix)
		return "a session that never expires needs an id (-i)";
	if (c->password && !c->user_name && !version_traits(c->version).password_alone)
		return "-P needs a user name (-u) in MQTT 3.1.1";
	if (!c->will_topic && (c->will_payload || c->will_options))
		return "the options of a Will need --will-topic";
	if (c->no_retained && c->retained_only)
		return "-R and --retained-only do not go together";
	if (c->version_given && !version_traits(c->version).properties)
		for (unsigned place = 0; place < PLACES; place++)
			if (c->properties[place].count)
				return "properties (-D) need MQTT 5.0";
	const char *wrong = tls_contradiction(c);
	return wrong ? wrong : ws_contradiction(c);
}

/* Up to 23 bytes of letters and digits are what every server takes. [MQTT-3.1.3-5] */
static const char *random_id(struct arena *a)
{
	static const char letters[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint8_t bytes[14];
	char *id = arena_printf(a, "mqttspec%14s", "");

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return arena_printf(a, "mqttspec%d", (int)getpid());
	for (size_t i = 0; i < sizeof(bytes); i++)
		id[8 + i] = letters[bytes[i] % (sizeof(letters) - 1)];
	return id;
}

bool command_finish(struct command *c)
{
	const char *wrong = contradiction(c);
	if (wrong) {
		command_complain(c, "%s", wrong);
		return false;
	}
	if (c->id_prefix)
		c->id = arena_printf(c->arena, "%s%d", c->id_prefix, (int)getpid());
	else if (!c->id)
		c->id = version_traits(c->version).assigned_id ? "" : random_id(c->arena);
	bool has_expiry = command_property_has(c, PLACE_CONNECT, MQTTSPEC_SESSION_EXPIRY_INTERVAL);
	if (version_traits(c->version).session_expiry && !has_expiry &&
		(c->expiry_given || c->keep_session))
		command_property_add(c, PLACE_CONNECT,
			(struct mqttspec_property){ .id = MQTTSPEC_SESSION_EXPIRY_INTERVAL,
				.number = c->expiry_given ? c->expiry_s : UINT32_MAX });
	return true;
}

uint16_t command_port(const struct command *c)
{
	if (c->port)
		return c->port;
	return has_ws(c) ? (has_tls(c) ? 443 : 80) : has_tls(c) ? 8883 : 1883;
}

static const char *server_url(const struct command *c)
{
	bool bare_ipv6 = strchr(c->host, ':') && *c->host != '[';
	const char *schemes[] = { "mqtt", "mqtts", "ws", "wss" };
	const char *scheme = schemes[(has_ws(c) ? 2 : 0) + has_tls(c)];
	const char *path = !c->ws_path ? ""
		: *c->ws_path == '/'   ? c->ws_path
				       : arena_printf(c->arena, "/%s", c->ws_path);
	const char *host = bare_ipv6 ? arena_printf(c->arena, "[%s]", c->host) : c->host;

	if (c->unix_path)
		return arena_printf(c->arena, "unix:%s", c->unix_path);
	return arena_printf(c->arena, "%s://%s:%u%s", scheme, host, command_port(c), path);
}

void command_options(
	const struct command *c, struct mqttspec_options *o, struct mqttspec_message *will)
{
	const char **server = arena_new(c->arena, const char *);

	mqttspec_options_default(o);
	*server = server_url(c);
	o->servers = server;
	o->tls = c->tls;
	o->headers = c->ws_headers.list;
	o->header_count = c->ws_headers.count;
	o->server_count = 1;
	o->bind_address = c->bind_address;
	o->version = c->version;
	o->client_id = c->id;
	o->keep_session = c->keep_session;
	o->keep_alive_s = c->keep_alive_s;
	o->user_name = c->user_name;
	o->password = c->password;
	o->password_len = c->password_len;
	o->auth_method = c->auth_method;
	o->properties = c->properties[PLACE_CONNECT].list;
	o->property_count = c->properties[PLACE_CONNECT].count;
	o->reconnect = MQTTSPEC_RECONNECT_AFTER_FIRST;
	o->pause_min_ms = 1000;
	o->topic_aliases = 0; /* only those of -D */
	if (c->inflight)
		o->inflight = c->inflight;
	if (!c->will_topic)
		return;
	*will = (struct mqttspec_message){ .topic = c->will_topic,
		.payload = c->will_payload,
		.payload_len = c->will_payload ? strlen(c->will_payload) : 0,
		.qos = c->will_qos,
		.retain = c->will_retain,
		.properties = c->properties[PLACE_WILL].list,
		.property_count = c->properties[PLACE_WILL].count };
	o->will = will;
}
