#include "client/tool/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "client/tool/command_finish.h"
#include "client/tool/command_properties.h"
#include "client/tool/defaults.h"
#include "client/tool/help.h"
#include "mqtt/text.h"
#include "spec/spec.h"

void command_complain(const struct command *c, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: %s%s", c->name, c->where ? c->where : "", c->where ? ": " : "");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *command_shown(const struct command *c, const char *text)
{
	return c->where ? "what is there" : arena_printf(c->arena, "\"%s\"", text);
}

/* ---- values -------------------------------------------------------------------------------- */

static bool number(const struct command *c, const char *option, const char *text, long least,
	long most, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (*text && !*end && !errno && *value >= least && *value <= most)
		return true;
	command_complain(
		c, "%s takes %ld to %ld, not %s", option, least, most, command_shown(c, text));
	return false;
}

static void text_add(struct command *c, struct texts *t, const char *text)
{
	t->list = arena_grow(c->arena, t->list, t->count, &t->capacity, sizeof(*t->list));
	t->list[t->count++] = text;
}

static bool topic_add(struct command *c, const char *text)
{
	struct mqtt_view topic = mqtt_view_of(text);
	bool pub = c->kind == COMMAND_PUB;

	if (pub ? mqtt_topic_valid(topic) : mqtt_filter_valid(topic)) {
		if (pub)
			c->topics.count = 0; /* the last one counts */
		text_add(c, &c->topics, text);
		return true;
	}
	command_complain(
		c, "-t: %s is no %s", command_shown(c, text), pub ? "Topic Name" : "Topic Filter");
	return false;
}

static bool filter_add(struct command *c, struct texts *t, const char *option, const char *text)
{
	if (!mqtt_filter_valid(mqtt_view_of(text))) {
		command_complain(c, "%s: %s is no Topic Filter", option, command_shown(c, text));
		return false;
	}
	text_add(c, t, text);
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

/* ---- -L ------------------------------------------------------------------------------------ */

/* Cuts `text` at the first of `mark`; returns what is after it, NULL if there is none. */
static char *cut(char *text, char mark)
{
	char *at = strchr(text, mark);

	if (at)
		*at++ = 0;
	return at;
}

static bool url_read(struct command *c, const char *url)
{
	const char *shown = strchr(url, '@') ? "what is there" : command_shown(c, url);
	long port;

	if (!strncmp(url, "mqtts://", 8)) {
		command_complain(c, "-L: mqtts:// needs TLS, which this client does not have");
		return false;
	}
	if (strncmp(url, "mqtt://", 7) != 0) {
		command_complain(c, "-L: %s does not begin with mqtt://", shown);
		return false;
	}
	char *authority = arena_text(c->arena, url + 7);
	char *topic = cut(authority, '/');
	if (!topic || !*topic) {
		command_complain(c, "-L: %s has no topic", shown);
		return false;
	}
	char *host = strrchr(authority, '@');
	if (host) {
		*host++ = 0;
		char *password = cut(authority, ':');
		c->user_name = authority;
		c->password = password ? password : c->password;
	} else {
		host = authority;
	}
	char *colon = *host == '[' ? strstr(host, "]:") : strchr(host, ':');
	if (colon) {
		char *text = strrchr(host, ':');
		*text++ = 0;
		if (!number(c, "the port of -L", text, 1, 65535, &port))
			return false;
		c->port = (uint16_t)port;
	}
	c->host = host;
	return topic_add(c, topic);
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

	if (!number(c, option, text, 1, 2147483647, &value))
		return false;
	*to = (uint32_t)value;
	return true;
}

static bool short_set(struct command *c, const char *option, const char *text, long least,
	long most, uint16_t *to)
{
	long value;

	if (!number(c, option, text, least, most, &value))
		return false;
	*to = (uint16_t)value;
	return true;
}

static bool qos_set(struct command *c, const char *option, const char *text, uint8_t *to)
{
	long value;

	if (!number(c, option, text, 0, 2, &value))
		return false;
	*to = (uint8_t)value;
	return true;
}

static bool option_with_value(
	struct command *c, const struct option *o, const char *name, const char *v)
{
	switch (o->id) {
	case O_BIND: c->bind_address = v; return true;
	case O_COUNT: return count_set(c, name, v, &c->count);
	case O_FILE: return source_set(c, SOURCE_FILE, v);
	case O_FORMAT: c->format = v; return true;
	case O_HOST: c->host = v; return true;
	case O_ID: c->id = v; return true;
	case O_ID_PREFIX: c->id_prefix = v; return true;
	case O_KEEP_ALIVE: return short_set(c, name, v, 5, 65535, &c->keep_alive_s);
	case O_URL: return url_read(c, v);
	case O_MESSAGE: return source_set(c, SOURCE_MESSAGE, v);
	case O_INFLIGHT: return short_set(c, name, v, 1, 65535, &c->inflight);
	case O_PORT: return short_set(c, name, v, 1, 65535, &c->port);
	case O_PASSWORD: c->password = v; return true;
	case O_QOS: return qos_set(c, name, v, &c->qos);
	case O_REPEAT: return count_set(c, name, v, &c->repeat);
	case O_REPEAT_DELAY: return repeat_delay_read(c, v);
	case O_TOPIC: return topic_add(c, v);
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
	case O_VERBOSE: c->verbose = true; return true;
	case O_WILL_RETAIN: c->will_retain = c->will_options = true; return true;
	default: return true; /* --nodelay: always */
	}
}

/* ---- defaults ------------------------------------------------------------------------------ */

/* Options that say the same thing in different ways, or cannot be there together: one of them on the
 * command line takes the place of what a file said.
 */
enum group { GROUP_NONE, GROUP_SOURCE, GROUP_ID, GROUP_SERVER, GROUP_RETAINED, GROUP_VERSION };

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
	case O_PROTOCOL:
	case O_PROPERTY: return GROUP_VERSION;
	default: return GROUP_NONE;
	}
}

static void group_take(struct command *c, enum option_id id)
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
	case GROUP_RETAINED: c->no_retained = c->retained_only = false; break;
	case GROUP_VERSION: c->version_given = false; break; /* -D says it as well */
	case GROUP_NONE: break;
	}
}

bool command_take(struct command *c, const struct option *o, const char *name, const char *value)
{
	group_take(c, o->id);
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

/* ---- the whole ----------------------------------------------------------------------------- */

/* What it looks like, but not the value that may have been glued to it: that may be a secret. */
static bool unknown(struct command *c, const char *word)
{
	size_t len = strcspn(word, "=");

	if (word[0] == '-' && word[1] != '-' && word[1] && len > 2)
		len = 2;
	command_complain(c, "what is \"%.*s%s\"? --help shows the options", (int)len, word,
		word[len] ? "..." : "");
	return false;
}

/* 0 to go on, else exit code plus one. */
static int options_read(struct command *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = option_find(c->kind, argv[i]);
		bool ok;
		if (!o) {
			ok = unknown(c, argv[i]);
		} else if (o->id == O_PROPERTY) {
			group_take(c, o->id);
			int read = command_property_read(c, argv + i + 1, argc - i - 1);
			ok = read > 0;
			i += read;
		} else {
			const char *value = o->takes_value && i + 1 < argc ? argv[i + 1] : NULL;
			ok = command_take(c, o, argv[i], value);
			i += o->takes_value;
		}
		if (!ok)
			return COMMAND_FAILED + 1;
	}
	return 0;
}

/* What asks for help gets it, whatever else is there. */
static const char *help_wanted(enum command_kind kind, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = option_find(kind, argv[i]);
		if (o && (o->id == O_HELP || o->id == O_VERSION))
			return o->id == O_HELP ? help_text(kind) : help_version();
		i += o && o->takes_value;
	}
	return NULL;
}

int command_read(struct command *c, struct arena *a, enum command_kind kind, int argc, char **argv)
{
	const char *help = help_wanted(kind, argc, argv);

	*c = (struct command){ .kind = kind,
		.arena = a,
		.name = kind == COMMAND_PUB ? "mqttspec-client pub" : "mqttspec-client sub",
		.host = "localhost",
		.port = 1883,
		.keep_alive_s = 60,
		.version = MQTT_311,
		.repeat = 1,
		.begun_ms = (int64_t)(uv_hrtime() / 1000000) };
	if (help) {
		fputs(help, stdout);
		return COMMAND_FAILED + 1; /* as mosquitto's clients do */
	}
	const char *path = defaults_path(c);
	if (path && !defaults_read(c, path))
		return COMMAND_FAILED + 1;
	int code = options_read(c, argc, argv);
	if (code)
		return code;
	return command_finish(c) ? 0 : COMMAND_FAILED + 1;
}

int64_t command_left_ms(const struct command *c)
{
	int64_t left_ms =
		c->begun_ms + c->wait_s * INT64_C(1000) - (int64_t)(uv_hrtime() / 1000000);

	return !c->wait_s ? -1 : left_ms > 0 ? left_ms : 0;
}
