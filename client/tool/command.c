#include "client/tool/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/tool/command_finish.h"
#include "client/tool/command_properties.h"
#include "client/tool/help.h"
#include "mqtt/text.h"
#include "spec/spec.h"

void command_complain(const struct command *c, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", c->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
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
	command_complain(c, "%s takes %ld to %ld, not \"%s\"", option, least, most, text);
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
	command_complain(c, "-t: \"%s\" is no %s", text, pub ? "Topic Name" : "Topic Filter");
	return false;
}

static bool filter_add(struct command *c, struct texts *t, const char *option, const char *text)
{
	if (!mqtt_filter_valid(mqtt_view_of(text))) {
		command_complain(c, "%s: \"%s\" is no Topic Filter", option, text);
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
	command_complain(c, "-V takes 5, mqttv5, 311 or mqttv311, not \"%s\"", text);
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
	command_complain(c, "-x takes 0 to 4294967295, -1 or \xe2\x88\x9e, not \"%s\"", text);
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
	long port;

	if (strncmp(url, "mqtt://", 7) != 0) {
		command_complain(c, "-L: \"%s\" does not begin with mqtt://", url);
		return false;
	}
	char *authority = arena_text(c->arena, url + 7);
	char *topic = cut(authority, '/');
	if (!topic || !*topic) {
		command_complain(c, "-L: \"%s\" has no topic", url);
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

/* ---- the table ----------------------------------------------------------------------------- */

enum option_id {
	O_BIND,
	O_CLEAN,
	O_COUNT,
	O_DEBUG,
	O_PROPERTY,
	O_END,
	O_FILE,
	O_FORMAT,
	O_HOST,
	O_HELP,
	O_ID,
	O_ID_PREFIX,
	O_KEEP_ALIVE,
	O_LINES,
	O_URL,
	O_MESSAGE,
	O_INFLIGHT,
	O_NULL,
	O_NO_NEWLINE,
	O_PORT,
	O_PASSWORD,
	O_QOS,
	O_QUIET,
	O_RETAIN,
	O_NO_RETAINED,
	O_RETAINED_ONLY,
	O_RETAIN_AS_PUBLISHED,
	O_REMOVE_RETAINED,
	O_REPEAT,
	O_REPEAT_DELAY,
	O_STDIN,
	O_TOPIC,
	O_FILTER_OUT,
	O_USER,
	O_UNSUBSCRIBE,
	O_UNIX,
	O_VERBOSE,
	O_VERSION,
	O_PROTOCOL,
	O_WAIT,
	O_EXPIRY,
	O_WILL_TOPIC,
	O_WILL_PAYLOAD,
	O_WILL_QOS,
	O_WILL_RETAIN,
	O_NODELAY,
};

static const struct option {
	const char *brief, *full; /* NULL: none */
	enum option_id id;
	bool takes_value;
	unsigned kinds; /* mask of enum command_kind */
} options[] = {
	{ "-A", NULL, O_BIND, true, 3 },
	{ "-c", "--disable-clean-session", O_CLEAN, false, 3 },
	{ "-C", NULL, O_COUNT, true, COMMAND_SUB },
	{ "-d", "--debug", O_DEBUG, false, 3 },
	{ "-D", "--property", O_PROPERTY, false, 3 }, /* values of its own number */
	{ "-E", NULL, O_END, false, COMMAND_SUB },
	{ "-f", "--file", O_FILE, true, COMMAND_PUB },
	{ "-F", NULL, O_FORMAT, true, COMMAND_SUB },
	{ "-h", "--host", O_HOST, true, 3 },
	{ NULL, "--help", O_HELP, false, 3 },
	{ "-i", "--id", O_ID, true, 3 },
	{ "-I", "--id-prefix", O_ID_PREFIX, true, 3 },
	{ "-k", "--keepalive", O_KEEP_ALIVE, true, 3 },
	{ "-l", "--stdin-line", O_LINES, false, COMMAND_PUB },
	{ "-L", "--url", O_URL, true, 3 },
	{ "-m", "--message", O_MESSAGE, true, COMMAND_PUB },
	{ "-M", NULL, O_INFLIGHT, true, 3 },
	{ "-n", "--null-message", O_NULL, false, COMMAND_PUB },
	{ "-N", NULL, O_NO_NEWLINE, false, COMMAND_SUB },
	{ NULL, "--nodelay", O_NODELAY, false, 3 },
	{ "-p", "--port", O_PORT, true, 3 },
	{ "-P", "--pw", O_PASSWORD, true, 3 },
	{ "-q", "--qos", O_QOS, true, 3 },
	{ NULL, "--quiet", O_QUIET, false, 3 },
	{ "-r", "--retain", O_RETAIN, false, COMMAND_PUB },
	{ "-R", NULL, O_NO_RETAINED, false, COMMAND_SUB },
	{ NULL, "--retained-only", O_RETAINED_ONLY, false, COMMAND_SUB },
	{ NULL, "--retain-as-published", O_RETAIN_AS_PUBLISHED, false, COMMAND_SUB },
	{ NULL, "--remove-retained", O_REMOVE_RETAINED, false, COMMAND_SUB },
	{ NULL, "--repeat", O_REPEAT, true, COMMAND_PUB },
	{ NULL, "--repeat-delay", O_REPEAT_DELAY, true, COMMAND_PUB },
	{ "-s", "--stdin-file", O_STDIN, false, COMMAND_PUB },
	{ "-t", "--topic", O_TOPIC, true, 3 },
	{ "-T", "--filter-out", O_FILTER_OUT, true, COMMAND_SUB },
	{ "-u", "--username", O_USER, true, 3 },
	{ "-U", "--unsubscribe", O_UNSUBSCRIBE, true, COMMAND_SUB },
	{ NULL, "--unix", O_UNIX, true, 3 },
	{ "-v", "--verbose", O_VERBOSE, false, COMMAND_SUB },
	{ NULL, "--version", O_VERSION, false, 3 },
	{ "-V", "--protocol-version", O_PROTOCOL, true, 3 },
	{ "-W", NULL, O_WAIT, true, COMMAND_SUB },
	{ "-x", NULL, O_EXPIRY, true, 3 },
	{ NULL, "--will-topic", O_WILL_TOPIC, true, 3 },
	{ NULL, "--will-payload", O_WILL_PAYLOAD, true, 3 },
	{ NULL, "--will-qos", O_WILL_QOS, true, 3 },
	{ NULL, "--will-retain", O_WILL_RETAIN, false, 3 },
};

static bool repeat_delay_read(struct command *c, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (!*text || *end || !(seconds >= 0 && seconds <= 1000000)) {
		command_complain(c, "--repeat-delay takes seconds, not \"%s\"", text);
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

static bool option_with_value(struct command *c, const struct option *o, const char *v)
{
	const char *name = o->brief ? o->brief : o->full;

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
		command_complain(c, "--will-topic: \"%s\" is no Topic Name", v);
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

/* ---- the whole ----------------------------------------------------------------------------- */

static const struct option *option_find(const struct command *c, const char *text)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct option *o = &options[i];
		if (o->kinds & c->kind &&
			((o->brief && !strcmp(text, o->brief)) ||
				(o->full && !strcmp(text, o->full))))
			return o;
	}
	return NULL;
}

/* 0 to go on, else exit code plus one. */
static int options_read(struct command *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = option_find(c, argv[i]);
		bool ok = false;
		if (!o) {
			command_complain(c, "what is \"%s\"? --help shows the options", argv[i]);
		} else if (o->id == O_HELP || o->id == O_VERSION) {
			fputs(o->id == O_HELP ? help_text(c->kind) : help_version(), stdout);
			return COMMAND_FAILED + 1; /* as mosquitto's clients do */
		} else if (o->id == O_PROPERTY) {
			int read = command_property_read(c, argv + i + 1, argc - i - 1);
			ok = read > 0;
			i += read;
		} else if (o->takes_value && i + 1 == argc) {
			command_complain(c, "%s lacks its value", argv[i]);
		} else if (o->takes_value) {
			ok = option_with_value(c, o, argv[++i]);
		} else {
			ok = option_alone(c, o->id);
		}
		if (!ok)
			return COMMAND_FAILED + 1;
	}
	return 0;
}

int command_read(struct command *c, struct arena *a, enum command_kind kind, int argc, char **argv)
{
	*c = (struct command){ .kind = kind,
		.arena = a,
		.name = kind == COMMAND_PUB ? "mqttspec-client pub" : "mqttspec-client sub",
		.host = "localhost",
		.port = 1883,
		.keep_alive_s = 60,
		.version = MQTT_311,
		.repeat = 1 };
	int code = options_read(c, argc, argv);
	if (code)
		return code;
	return command_finish(c) ? 0 : COMMAND_FAILED + 1;
}
