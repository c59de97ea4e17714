#include "broker/shell/settings_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "broker/shell/directive.h"
#include "broker/shell/settings.h"
#include "broker/shell/settings_listener.h"

enum { DAY_S = 24 * 60 * 60 };

/* ---- one directive ------------------------------------------------------------------------- */

/* The file says what is offered, the limits what is lacking. */
static bool line_lack(struct line *l, bool *lacks)
{
	bool available;

	if (!line_bool(l, &available))
		return false;
	*lacks = !available;
	return true;
}

static bool set_max_qos(struct line *l)
{
	uint64_t qos;

	if (!line_number(l, 0, 2, &qos))
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
			return line_wrong(
				l, "persistent_client_expiration takes 136 years at most");
		l->settings->limits.session_expiry_max_s = (uint32_t)n * units[i].seconds;
		return true;
	}
	return line_wrong(
		l, "persistent_client_expiration takes a number and h, d, w, m or y: 14d");
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
	return line_wrong(
		l, "log_type takes none, error, warning, notice, information, debug or all");
}

static bool set_log_dest(struct line *l)
{
	if (!strcmp(l->value, "stderr"))
		return true;
	if (!strncmp(l->value, "file ", 5) && l->value[5]) {
		l->settings->log_file = arena_text(l->arena, l->value + 5);
		return true;
	}
	return line_wrong(l, "log_dest takes stderr or file PATH");
}

static bool set_persistence_sync(struct line *l)
{
	if (strcmp(l->value, "full") && strcmp(l->value, "none"))
		return line_wrong(l, "persistence_sync takes full or none");
	l->settings->persistence.no_sync = l->value[0] == 'n';
	return true;
}

static bool set_connection_messages(struct line *l)
{
	return line_bool(l, &l->settings->log_connections);
}

static bool set_tcp_nodelay(struct line *l)
{
	bool on;

	if (!line_bool(l, &on))
		return false;
	return on || line_wrong(l, "this broker writes once a turn and needs no delay: only true");
}

static bool set_max_packet_size(struct line *l)
{
	return line_u32(l, 20, MQTT_PACKET_MAX, &l->settings->limits.packet_bytes);
}

static bool set_memory_limit(struct line *l)
{
	return line_number(l, 1024 * 1024, UINT64_MAX, &l->settings->limits.memory_bytes);
}

static bool set_max_inflight(struct line *l)
{
	if (!line_u16(l, 0, 65535, &l->settings->limits.inflight))
		return false;
	if (!l->settings->limits.inflight)
		l->settings->limits.inflight = 65535;
	return true;
}

SETTING(set_persistence, line_bool(l, &l->settings->persistence.on))
SETTING(set_persistence_location, line_text(l, &l->settings->persistence.location))
SETTING(set_persistence_max, line_number(l, 0, UINT64_MAX, &l->settings->persistence.most_bytes))
SETTING(set_pid_file, line_text(l, &l->settings->pid_file))
SETTING(set_retain_available, line_lack(l, &l->settings->limits.no_retained))
SETTING(set_wildcards, line_lack(l, &l->settings->limits.no_wildcards))
SETTING(set_shared, line_lack(l, &l->settings->limits.no_shared))
SETTING(set_subscription_ids, line_lack(l, &l->settings->limits.no_subscription_ids))
SETTING(set_max_queued, line_limit(l, &l->settings->limits.queue_messages))
SETTING(set_max_queued_bytes, line_limit(l, &l->settings->limits.queue_bytes))
SETTING(set_max_keepalive, line_u16(l, 0, 65535, &l->settings->limits.keep_alive_max_s))
SETTING(set_receive_maximum, line_u16(l, 1, 65535, &l->settings->limits.receive_maximum))
SETTING(set_max_topic_alias, line_u16(l, 0, 65535, &l->settings->limits.topic_alias_in))
SETTING(set_max_topic_alias_out, line_u16(l, 0, 65535, &l->settings->limits.topic_alias_out))
SETTING(set_sys_interval, line_u32(l, 0, 65535, &l->settings->sys_interval_s))
SETTING(set_per_address, line_u32(l, 0, UINT32_MAX, &l->settings->connections_per_address))
SETTING(set_max_subscriptions, line_limit(l, &l->settings->limits.subscriptions))
SETTING(set_max_patterns, line_limit(l, &l->settings->limits.filter_patterns))
SETTING(set_max_topic_levels, line_u16(l, 1, 65535, &l->settings->limits.topic_levels))
SETTING(set_max_retained, line_limit(l, &l->settings->limits.retained_topics))
SETTING(set_connect_timeout, line_seconds(l, 1, 3600, &l->settings->limits.connect_wait_ms))
SETTING(set_end_timeout, line_seconds(l, 1, 3600, &l->settings->limits.end_wait_ms))
SETTING(set_stuck_timeout, line_seconds(l, 1, 3600, &l->settings->limits.stuck_wait_ms))
SETTING(set_output_timeout, line_seconds(l, 0, 1000000, &l->settings->limits.output_wait_ms))
SETTING(set_max_output, line_u32(l, 4096, UINT32_MAX, &l->settings->limits.output_bytes))

/* ---- the file ------------------------------------------------------------------------------ */

static const struct directive directives[] = {
	/* known to mosquitto */
	{ "connection_messages", set_connection_messages },
	{ "log_dest", set_log_dest },
	{ "log_type", set_log_type },
	{ "max_inflight_messages", set_max_inflight },
	{ "max_keepalive", set_max_keepalive },
	{ "max_packet_size", set_max_packet_size },
	{ "max_qos", set_max_qos },
	{ "max_queued_bytes", set_max_queued_bytes },
	{ "max_queued_messages", set_max_queued },
	{ "max_topic_alias", set_max_topic_alias },
	{ "memory_limit", set_memory_limit },
	{ "persistence", set_persistence },
	{ "persistence_location", set_persistence_location },
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
	{ "persistence_max_bytes", set_persistence_max },
	{ "persistence_sync", set_persistence_sync },
	{ "receive_maximum", set_receive_maximum },
	{ "shared_subscription_available", set_shared },
	{ "stuck_timeout", set_stuck_timeout },
	{ "subscription_identifier_available", set_subscription_ids },
	{ "wildcard_subscription_available", set_wildcards },
};

enum { DIRECTIVES = sizeof(directives) / sizeof(*directives), LISTENER_DIRECTIVES = 40 };

/* The line on which each directive stood; 0: none so far. Those of listeners may stand once for each. */
struct seen {
	unsigned global[DIRECTIVES];
	unsigned listener[LISTENER_DIRECTIVES];
	unsigned listener_count;
};

static bool set_once(struct line *l, unsigned number, const struct directive *d, unsigned *seen)
{
	if (*seen && d->set != set_log_type && !settings_listener_adds(d))
		return line_wrong(
			l, arena_printf(l->arena, "%s stands in line %u already", l->name, *seen));
	*seen = number;
	return d->set(l);
}

static bool apply(struct line *l, unsigned number, struct seen *seen)
{
	size_t count;
	const struct directive *list = settings_listener_directives(&count);

	for (size_t i = 0; i < DIRECTIVES; i++)
		if (!strcmp(directives[i].name, l->name))
			return set_once(l, number, &directives[i], &seen->global[i]);
	for (size_t i = 0; i < count && i < LISTENER_DIRECTIVES; i++)
		if (!strcmp(list[i].name, l->name))
			return set_once(l, number, &list[i], &seen->listener[i]);
	return line_wrong(l, arena_printf(l->arena, "there is no directive \"%s\"", l->name));
}

/* The settings of a listener end where the next one begins. What is for all of them may still stand once. */
static void seen_next(struct seen *seen, const struct settings *s)
{
	size_t count;
	const struct directive *list = settings_listener_directives(&count);

	if (seen->listener_count == s->listener_count)
		return;
	seen->listener_count = s->listener_count;
	for (size_t i = 0; i < count && i < LISTENER_DIRECTIVES; i++)
		if (s->per_listener || !settings_listener_is_shared(&list[i]))
			seen->listener[i] = 0;
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

/* ---- the whole file ------------------------------------------------------------------------ */

bool settings_read(struct settings *s, struct arena *a, const char *path, const char **error)
{
	FILE *file = fopen(path, "re");
	struct seen seen = { 0 };
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
		struct line l = { .settings = s,
			.listener = s->listener_count ? &s->listeners[s->listener_count - 1] : NULL,
			.arena = a,
			.name = name,
			.value = value };
		ok = !*name || *name == '#' || apply(&l, n, &seen);
		seen_next(&seen, s);
		if (!ok)
			*error = arena_printf(a, "%s:%u: %s", path, n, l.error);
	}
	if (ok && ferror(file)) {
		*error = arena_printf(a, "%s: it cannot be read", path);
		ok = false;
	}
	free(text);
	fclose(file);
	if (ok && s->persistence.on && !s->persistence.location) {
		*error = arena_printf(
			a, "%s: persistence true needs persistence_location: a folder", path);
		ok = false;
	}
	return ok && settings_listener_finish(s, a, path, error);
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
	if (s->persistence.on && access(s->persistence.location, W_OK | X_OK)) {
		*error = arena_printf(a, "%s: persistence_location cannot be used: %s",
			s->persistence.location, strerror(errno));
		return false;
	}
	return true;
}
