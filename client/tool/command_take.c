#include "client/tool/command_take.h"

#include <stdlib.h>
#include <string.h>

#include "client/tool/command_url.h"
#include "client/tool/command_value.h"
#include "client/tool/secret.h"
#include "mqtt/text.h"
#include "spec/spec.h"

/* ---- values -------------------------------------------------------------------------------- */

static bool filter_add(struct command *c, struct texts *t, const char *option, const char *text)
{
	if (!mqtt_filter_valid(mqtt_view_of(text))) {
		command_complain(c, "%s: %s is no Topic Filter", option, command_shown(c, text));
		return false;
	}
	command_text_add(c, t, text);
	return true;
}

static bool version_read(struct command *c, const char *text)
{
	static const struct {
		const char *name;
		uint8_t version;
	} names[] = { { "5", MQTT_50 }, { "mqttv5", MQTT_50 }, { "311", MQTT_311 },
		{ "mqttv311", MQTT_311 } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(text, names[i].name) != 0)
			continue;
		c->version = names[i].version;
		c->version_given = true;
		return true;
	}
	command_complain(c, "-V takes 5, mqttv5, 311 or mqttv311, not %s", command_shown(c, text));
	return false;
}

static bool expiry_read(struct command *c, const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	c->expiry_given = true;
	c->expiry_s = UINT32_MAX;
	if (!strcmp(text, "\xe2\x88\x9e") || (*text && !*end && value == -1))
		return true;
	c->expiry_s = (uint32_t)value;
	if (*text && !*end && value >= 0 && value <= UINT32_MAX)
		return true;
	command_complain(
		c, "-x takes 0 to 4294967295, -1 or \xe2\x88\x9e, not %s", command_shown(c, text));
	return false;
}

static bool source_set(struct command *c, enum command_source source, const char *message)
{
	if (c->source) {
		command_complain(c, "only one of -f, -l, -m, -n and -s can be given");
		return false;
	}
	c->source = source;
	c->message = message;
	return true;
}

/* ---- options ------------------------------------------------------------------------------- */

static bool repeat_delay_read(struct command *c, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (!*text || *end || !(seconds >= 0 && seconds <= 1000000)) {
		command_complain(c, "--repeat-delay takes seconds, not %s", command_shown(c, text));
		return false;
	}
	c->repeat_delay_ms = (uint32_t)(seconds * 1000);
	return true;
}

static bool count_set(struct command *c, const char *option, const char *text, uint32_t *to)
{
	long value;

	if (!command_number(c, option, text, 1, 2147483647, &value))
		return false;
	*to = (uint32_t)value;
	return true;
}

static bool short_set(struct command *c, const char *option, const char *text, long least,
	long most, uint16_t *to)
{
	long value;

	if (!command_number(c, option, text, least, most, &value))
		return false;
	*to = (uint16_t)value;
	return true;
}

static bool qos_set(struct command *c, const char *option, const char *text, uint8_t *to)
{
	long value;

	if (!command_number(c, option, text, 0, 2, &value))
		return false;
	*to = (uint8_t)value;
	return true;
}

static bool option_with_value(
	struct command *c, const struct option *o, const char *name, const char *v)
{
	switch (o->id) {
	case O_AUTH_METHOD:
		c->auth_method = v;
		c->version = c->version_given ? c->version : MQTT_50;
		return true;
	case O_BIND: c->bind_address = v; return true;
	case O_COUNT: return count_set(c, name, v, &c->count);
	case O_FILE: return source_set(c, SOURCE_FILE, v);
	case O_FORMAT: c->format = v; return true;
	case O_HOST: c->host = v; return true;
	case O_ID: c->id = v; return true;
	case O_ID_PREFIX: c->id_prefix = v; return true;
	case O_KEEP_ALIVE: return short_set(c, name, v, 5, 65535, &c->keep_alive_s);
	case O_URL: return command_url_read(c, v);
	case O_MESSAGE: return source_set(c, SOURCE_MESSAGE, v);
	case O_INFLIGHT: return short_set(c, name, v, 1, 65535, &c->inflight);
	case O_PORT: return short_set(c, name, v, 1, 65535, &c->port);
	case O_PASSWORD:
		c->password = v;
		c->password_len = strlen(v);
		return true;
	case O_PASSWORD_FILE: return secret_read_file(c, v);
	case O_CA_FILE: c->tls.ca_file = v; return true;
	case O_CA_PATH: c->tls.ca_path = v; return true;
	case O_CERT: c->tls.cert_file = v; return true;
	case O_KEY: c->tls.key_file = v; return true;
	case O_CIPHERS: c->tls.ciphers = v; return true;
	case O_SNI: c->tls.server_name = v; return true;
	case O_WS_HEADER: command_text_add(c, &c->ws_headers, v); return true;
	case O_WS_PATH: c->ws_path = v; return true;
	case O_TLS_ALPN: c->tls.alpn = v; return true;
	case O_TLS_VERSION: c->tls.version_min = v; return true;
	case O_QOS: return qos_set(c, name, v, &c->qos);
	case O_REPEAT: return count_set(c, name, v, &c->repeat);
	case O_REPEAT_DELAY: return repeat_delay_read(c, v);
	case O_TOPIC: return command_topic_add(c, v);
	case O_FILTER_OUT: return filter_add(c, &c->filtered_out, name, v);
	case O_USER: c->user_name = v; return true;
	case O_UNSUBSCRIBE: return filter_add(c, &c->unsubscribe, name, v);
	case O_UNIX: c->unix_path = v; return true;
	case O_PROTOCOL: return version_read(c, v);
	case O_WAIT: return count_set(c, name, v, &c->wait_s);
	case O_EXPIRY: return expiry_read(c, v);
	case O_WILL_TOPIC:
		c->will_topic = v;
		if (mqtt_topic_valid(mqtt_view_of(v)))
			return true;
		command_complain(c, "--will-topic: %s is no Topic Name", command_shown(c, v));
		return false;
	case O_WILL_PAYLOAD: c->will_payload = v; return true;
	case O_WILL_QOS: c->will_options = true; return qos_set(c, name, v, &c->will_qos);
	default: return false;
	}
}

static bool option_alone(struct command *c, enum option_id id)
{
	switch (id) {
	case O_CLEAN: c->keep_session = true; return true;
	case O_DEBUG: c->debug = true; return true;
	case O_END: c->end_when_subscribed = true; return true;
	case O_LINES: return source_set(c, SOURCE_LINES, NULL);
	case O_NULL: return source_set(c, SOURCE_NULL, NULL);
	case O_STDIN: return source_set(c, SOURCE_STDIN, NULL);
	case O_NO_NEWLINE: c->no_newline = true; return true;
	case O_QUIET: c->quiet = true; return true;
	case O_RETAIN: c->retain = true; return true;
	case O_NO_RETAINED: c->no_retained = true; return true;
	case O_RETAINED_ONLY: c->retained_only = true; return true;
	case O_RETAIN_AS_PUBLISHED: c->retain_as_published = true; return true;
	case O_REMOVE_RETAINED: c->remove_retained = true; return true;
	case O_INSECURE: c->tls.insecure = true; return true;
	case O_OS_CERTS: c->tls_system = true; return true;
	case O_VERBOSE: c->verbose = true; return true;
	case O_WS: c->ws = true; return true;
	case O_WILL_RETAIN: c->will_retain = c->will_options = true; return true;
	default: return true; /* --nodelay: always */
	}
}

/* ---- defaults ------------------------------------------------------------------------------ */

/* Options that say the same thing in different ways, or cannot be there together: one of them on the
 * command line takes the place of what a file said.
 */
enum group {
	GROUP_NONE,
	GROUP_SOURCE,
	GROUP_ID,
	GROUP_SERVER,
	GROUP_RETAINED,
	GROUP_VERSION,
	GROUP_PASSWORD
};

static enum group group_of(enum option_id id)
{
	switch (id) {
	case O_FILE:
	case O_LINES:
	case O_MESSAGE:
	case O_NULL:
	case O_STDIN: return GROUP_SOURCE;
	case O_ID:
	case O_ID_PREFIX: return GROUP_ID;
	case O_HOST:
	case O_PORT:
	case O_UNIX:
	case O_URL: return GROUP_SERVER;
	case O_NO_RETAINED:
	case O_RETAINED_ONLY: return GROUP_RETAINED;
	case O_PASSWORD:
	case O_PASSWORD_FILE: return GROUP_PASSWORD;
	case O_PROTOCOL:
	case O_PROPERTY: return GROUP_VERSION;
	default: return GROUP_NONE;
	}
}

void command_override(struct command *c, enum option_id id)
{
	enum group group = group_of(id);
	unsigned bit = 1u << group;

	if (c->where) {
		c->defaults |= bit;
		return;
	}
	if (!(c->defaults & bit))
		return;
	c->defaults &= ~bit;
	switch (group) {
	case GROUP_SOURCE: c->source = SOURCE_NONE; break;
	case GROUP_ID: c->id = c->id_prefix = NULL; break;
	case GROUP_SERVER: c->unix_path = NULL; break;
	case GROUP_PASSWORD: break; /* the last one counts */
	case GROUP_RETAINED: c->no_retained = c->retained_only = false; break;
	case GROUP_VERSION: c->version_given = false; break; /* -D says it as well */
	case GROUP_NONE: break;
	}
}

bool command_take(struct command *c, const struct option *o, const char *name, const char *value)
{
	command_override(c, o->id);
	if (o->id == O_MISSING)
		command_complain(
			c, "%s needs %s, which this client does not have", name, o->missing);
	else if (o->takes_value && !value)
		command_complain(c, "%s lacks its value", name);
	else if (!o->takes_value && value)
		command_complain(c, "%s takes no value", name);
	else
		return o->takes_value ? option_with_value(c, o, name, value)
				      : option_alone(c, o->id);
	return false;
}
