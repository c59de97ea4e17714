#include "broker/shell/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/arena.h"

enum { DAY_S = 24 * 60 * 60 };

void settings_default(struct settings *s)
{
	struct broker_config config;

	broker_config_default(&config);
	*s = (struct settings){
		.limits = config.limits,
		.sys_interval_s = config.sys_interval_s,
		.allow_anonymous = true,
		.log_connections = true,
		.log_most = LOG_NOTICE,
	};
}

/* ---- one directive ------------------------------------------------------------------------- */

/* A line under way: what its handler may use and say. */
struct line {
	struct settings *settings;
	struct arena *arena;
	const char *name;
	char *value; /* the rest of the line, without blanks at its ends; "" if there is none */
	const char *error;
};

static bool wrong(struct line *l, const char *what)
{
	l->error = what;
	return false;
}

static bool read_number(struct line *l, uint64_t least, uint64_t most, uint64_t *number)
{
	char *end;

	errno = 0;
	unsigned long long n = strtoull(l->value, &end, 10);
	if (!isdigit((unsigned char)*l->value) || *end || errno)
		return wrong(l,
			arena_printf(l->arena, "%s takes a number, not \"%s\"", l->name, l->value));
	if (n < least || n > most)
		return wrong(l,
			arena_printf(l->arena, "%s takes %llu to %llu, not %llu", l->name,
				(unsigned long long)least, (unsigned long long)most, n));
	*number = n;
	return true;
}

static bool read_u32(struct line *l, uint32_t least, uint32_t most, uint32_t *number)
{
	uint64_t n;

	if (!read_number(l, least, most, &n))
		return false;
	*number = (uint32_t)n;
	return true;
}

static bool read_u16(struct line *l, uint16_t least, uint16_t most, uint16_t *number)
{
	uint64_t n;

	if (!read_number(l, least, most, &n))
		return false;
	*number = (uint16_t)n;
	return true;
}

static bool read_bool(struct line *l, bool *value)
{
	if (strcmp(l->value, "true") && strcmp(l->value, "false"))
		return wrong(l,
			arena_printf(
				l->arena, "%s takes true or false, not \"%s\"", l->name, l->value));
	*value = l->value[0] == 't';
	return true;
}

/* Mosquitto's "0 means no limit". */
static bool read_limit(struct line *l, uint32_t *limit)
{
	if (!read_u32(l, 0, UINT32_MAX, limit))
		return false;
	if (*limit == 0)
		*limit = UINT32_MAX;
	return true;
}

bool settings_address_valid(const char *address)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	return !strcmp(address, "localhost") || !uv_ip4_addr(address, 0, &four) ||
		!uv_ip6_addr(address, 0, &six);
}

static bool set_listener(struct line *l)
{
	struct settings *s = l->settings;
	char *rest;
	unsigned long port = strtoul(l->value, &rest, 10);

	if (!isdigit((unsigned char)*l->value) || port > 65535 || (*rest && !isblank(*rest)))
		return wrong(
			l, "listener takes a port from 0 to 65535, and an address if you like");
	while (isblank(*rest))
		rest++;
	if (*rest && !settings_address_valid(rest))
		return wrong(l,
			arena_printf(l->arena,
				"listener takes an IP address or localhost, not \"%s\"", rest));
	if (s->listener_count == LISTENERS_MAX)
		return wrong(l, "there are more listeners than 32");
	s->listeners[s->listener_count++] = (struct listener_settings){
		.port = (uint16_t)port,
		.address = *rest ? arena_text(l->arena, rest) : "::",
	};
	return true;
}

/* -1 is mosquitto's "no limit". */
static bool set_max_connections(struct line *l)
{
	uint32_t *connections = &l->settings->limits.connections;

	if (strcmp(l->value, "-1"))
		return read_u32(l, 1, UINT32_MAX, connections);
	*connections = UINT32_MAX;
	return true;
}

/* The file says what is offered, the limits what is lacking. */
static bool read_available(struct line *l, bool *lacks)
{
	bool available;

	if (!read_bool(l, &available))
		return false;
	*lacks = !available;
	return true;
}

static bool set_max_qos(struct line *l)
{
	uint64_t qos;

	if (!read_number(l, 0, 2, &qos))
		return false;
	l->settings->limits.maximum_qos = (uint8_t)qos;
	return true;
}

/* "14d", "2w", "1m", "1y", "12h": a month has 30 days here, a year 365. */
static bool set_client_expiration(struct line *l)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 'h', 3600 }, { 'd', DAY_S }, { 'w', 7 * DAY_S }, { 'm', 30 * DAY_S },
		{ 'y', 365 * DAY_S } };
	char *end;
	unsigned long long n = strtoull(l->value, &end, 10);

	for (size_t i = 0; isdigit((unsigned char)*l->value) && i < sizeof(units) / sizeof(*units);
		i++) {
		if (*end != units[i].unit || end[1] || !n)
			continue;
		if (n > (UINT32_MAX - 1) / units[i].seconds)
			return wrong(l, "persistent_client_expiration takes 136 years at most");
		l->settings->limits.session_expiry_max_s = (uint32_t)n * units[i].seconds;
		return true;
	}
	return wrong(l, "persistent_client_expiration takes a number and h, d, w, m or y: 14d");
}

static bool set_log_type(struct line *l)
{
	static const struct {
		const char *name;
		enum log_level most;
	} types[] = { { "none", LOG_ERROR }, { "error", LOG_ERROR }, { "warning", LOG_WARNING },
		{ "notice", LOG_NOTICE }, { "information", LOG_INFO }, { "subscribe", LOG_INFO },
		{ "unsubscribe", LOG_INFO }, { "debug", LOG_DEBUG }, { "all", LOG_DEBUG } };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strcmp(types[i].name, l->value))
			continue;
		if (!l->settings->log_types_given || types[i].most > l->settings->log_most)
			l->settings->log_most = types[i].most;
		l->settings->log_types_given = true; /* the first one replaces the default */
		return true;
	}
	return wrong(l, "log_type takes none, error, warning, notice, information, debug or all");
}

static bool set_log_dest(struct line *l)
{
	if (!strcmp(l->value, "stderr"))
		return true;
	if (!strncmp(l->value, "file ", 5) && l->value[5]) {
		l->settings->log_file = arena_text(l->arena, l->value + 5);
		return true;
	}
	return wrong(l, "log_dest takes stderr or file PATH");
}

static bool set_persistence(struct line *l)
{
	bool on;

	if (!read_bool(l, &on))
		return false;
	return !on ||
		wrong(l, "this broker keeps everything in memory: persistence can only be false");
}

static bool set_pid_file(struct line *l)
{
	l->settings->pid_file = arena_text(l->arena, l->value);
	return *l->value || wrong(l, "pid_file takes a path");
}

static bool set_allow_anonymous(struct line *l)
{
	l->settings->allow_anonymous_given = true;
	return read_bool(l, &l->settings->allow_anonymous);
}

static bool set_connection_messages(struct line *l)
{
	return read_bool(l, &l->settings->log_connections);
}

static bool set_tcp_nodelay(struct line *l)
{
	bool on;

	if (!read_bool(l, &on))
		return false;
	return on || wrong(l, "this broker writes once a turn and needs no delay: only true");
}

static bool set_max_packet_size(struct line *l)
{
	return read_u32(l, 20, MQTT_PACKET_MAX, &l->settings->limits.packet_bytes);
}

static bool set_memory_limit(struct line *l)
{
	return read_number(l, 1024 * 1024, UINT64_MAX, &l->settings->limits.memory_bytes);
}

static bool read_seconds(struct line *l, uint32_t least, uint32_t most, uint32_t *ms)
{
	uint32_t seconds;

	if (!read_u32(l, least, most, &seconds))
		return false;
	*ms = seconds * 1000;
	return true;
}

static bool set_max_inflight(struct line *l)
{
	if (!read_u16(l, 0, 65535, &l->settings->limits.inflight))
		return false;
	if (!l->settings->limits.inflight)
		l->settings->limits.inflight = 65535;
	return true;
}

#define SETTING(function, call)              \
	static bool function(struct line *l) \
	{                                    \
		return call;                 \
	}

SETTING(set_retain_available, read_available(l, &l->settings->limits.no_retained))
SETTING(set_wildcards, read_available(l, &l->settings->limits.no_wildcards))
SETTING(set_shared, read_available(l, &l->settings->limits.no_shared))
SETTING(set_subscription_ids, read_available(l, &l->settings->limits.no_subscription_ids))
SETTING(set_max_queued, read_limit(l, &l->settings->limits.queue_messages))
SETTING(set_max_queued_bytes, read_limit(l, &l->settings->limits.queue_bytes))
SETTING(set_max_keepalive, read_u16(l, 0, 65535, &l->settings->limits.keep_alive_max_s))
SETTING(set_receive_maximum, read_u16(l, 1, 65535, &l->settings->limits.receive_maximum))
SETTING(set_max_topic_alias, read_u16(l, 0, 65535, &l->settings->limits.topic_alias_in))
SETTING(set_max_topic_alias_out, read_u16(l, 0, 65535, &l->settings->limits.topic_alias_out))
SETTING(set_sys_interval, read_u32(l, 0, 65535, &l->settings->sys_interval_s))
SETTING(set_per_address, read_u32(l, 0, UINT32_MAX, &l->settings->connections_per_address))
SETTING(set_max_subscriptions, read_limit(l, &l->settings->limits.subscriptions))
SETTING(set_max_patterns, read_limit(l, &l->settings->limits.filter_patterns))
SETTING(set_max_topic_levels, read_u16(l, 1, 65535, &l->settings->limits.topic_levels))
SETTING(set_max_retained, read_limit(l, &l->settings->limits.retained_topics))
SETTING(set_connect_timeout, read_seconds(l, 1, 3600, &l->settings->limits.connect_wait_ms))
SETTING(set_end_timeout, read_seconds(l, 1, 3600, &l->settings->limits.end_wait_ms))
SETTING(set_stuck_timeout, read_seconds(l, 1, 3600, &l->settings->limits.stuck_wait_ms))
SETTING(set_output_timeout, read_seconds(l, 0, 1000000, &l->settings->limits.output_wait_ms))
SETTING(set_max_output, read_u32(l, 4096, UINT32_MAX, &l->settings->limits.output_bytes))

/* ---- the file ------------------------------------------------------------------------------ */

static const struct directive {
	const char *name;
	bool (*set)(struct line *l);
} directives[] = {
	/* known to mosquitto */
	{ "listener", set_listener },
	{ "allow_anonymous", set_allow_anonymous },
	{ "connection_messages", set_connection_messages },
	{ "log_dest", set_log_dest },
	{ "log_type", set_log_type },
	{ "max_connections", set_max_connections },
	{ "max_inflight_messages", set_max_inflight },
	{ "max_keepalive", set_max_keepalive },
	{ "max_packet_size", set_max_packet_size },
	{ "max_qos", set_max_qos },
	{ "max_queued_bytes", set_max_queued_bytes },
	{ "max_queued_messages", set_max_queued },
	{ "max_topic_alias", set_max_topic_alias },
	{ "memory_limit", set_memory_limit },
	{ "persistence", set_persistence },
	{ "persistent_client_expiration", set_client_expiration },
	{ "pid_file", set_pid_file },
	{ "retain_available", set_retain_available },
	{ "set_tcp_nodelay", set_tcp_nodelay },
	{ "sys_interval", set_sys_interval },
	/* of this broker alone */
	{ "connect_timeout", set_connect_timeout },
	{ "end_timeout", set_end_timeout },
	{ "max_connections_per_address", set_per_address },
	{ "max_filter_patterns_per_session", set_max_patterns },
	{ "max_output_bytes", set_max_output },
	{ "max_retained_messages", set_max_retained },
	{ "max_subscriptions_per_session", set_max_subscriptions },
	{ "max_topic_alias_out", set_max_topic_alias_out },
	{ "max_topic_levels", set_max_topic_levels },
	{ "output_timeout", set_output_timeout },
	{ "receive_maximum", set_receive_maximum },
	{ "shared_subscription_available", set_shared },
	{ "stuck_timeout", set_stuck_timeout },
	{ "subscription_identifier_available", set_subscription_ids },
	{ "wildcard_subscription_available", set_wildcards },
};

enum { DIRECTIVES = sizeof(directives) / sizeof(*directives) };

/* Each one adds to those before it. */
static bool may_repeat(const struct directive *d)
{
	return d->set == set_listener || d->set == set_log_type;
}

/* `seen`: the line on which each directive stood; 0: none so far. */
static bool apply(struct line *l, unsigned number, unsigned seen[static DIRECTIVES])
{
	for (size_t i = 0; i < DIRECTIVES; i++) {
		if (strcmp(directives[i].name, l->name))
			continue;
		if (seen[i] && !may_repeat(&directives[i]))
			return wrong(l,
				arena_printf(l->arena, "%s stands in line %u already", l->name,
					seen[i]));
		seen[i] = number;
		return directives[i].set(l);
	}
	return wrong(l, arena_printf(l->arena, "there is no directive \"%s\"", l->name));
}

/* Splits "  name   value  " in place. */
static void split(char *text, char **name, char **value)
{
	while (isspace((unsigned char)*text))
		text++;
	*name = text;
	text += strcspn(text, " \t\r\n");
	if (*text)
		*text++ = '\0';
	while (isspace((unsigned char)*text))
		text++;
	*value = text;
	size_t len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

bool settings_read(struct settings *s, struct arena *a, const char *path, const char **error)
{
	FILE *file = fopen(path, "re");
	unsigned seen[DIRECTIVES] = { 0 };
	char *text = NULL;
	size_t size = 0;
	bool ok = true;

	if (!file) {
		*error = arena_printf(a, "%s: %s", path, strerror(errno));
		return false;
	}
	for (unsigned n = 1; ok && getline(&text, &size, file) >= 0; n++) {
		char *name, *value;
		split(text, &name, &value);
		struct line l = { .settings = s, .arena = a, .name = name, .value = value };
		ok = !*name || *name == '#' || apply(&l, n, seen);
		if (!ok)
			*error = arena_printf(a, "%s:%u: %s", path, n, l.error);
	}
	if (ok && ferror(file)) {
		*error = arena_printf(a, "%s: it cannot be read", path);
		ok = false;
	}
	free(text);
	fclose(file);
	if (s->listener_count && !s->allow_anonymous_given)
		s->allow_anonymous = false;
	return ok;
}

/* Whether it can be written, or made; it is left as it is. */
static bool is_writable(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash && slash != path ? (size_t)(slash - path) : 1;
	const char *folder = slash ? arena_printf(a, "%.*s", (int)len, path) : ".";

	if (!access(path, F_OK)) {
		FILE *file = fopen(path, "ae"); /* a folder cannot be opened */
		if (file)
			fclose(file);
		return file != NULL;
	}
	return errno == ENOENT && !access(folder, W_OK | X_OK);
}

bool settings_check(const struct settings *s, struct arena *a, const char **error)
{
	const char *files[] = { s->log_file, s->pid_file };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (!files[i] || is_writable(a, files[i]))
			continue;
		*error = arena_printf(a, "%s: it cannot be written: %s", files[i], strerror(errno));
		return false;
	}
	return true;
}
