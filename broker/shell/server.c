#include "broker/shell/server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/un.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "broker/shell/channel.h"
#include "broker/shell/connection.h"
#include "broker/shell/doorman.h"
#include "broker/shell/listener.h"
#include "broker/shell/settings.h"
#include "broker/shell/tls.h"

enum {
	LEAVE_MS = 2000, /* for clients to take their DISCONNECT when the broker ends */
	TRIM_MS = 1000, /* until free memory goes back to the system, unless it is wanted by then */
	RETRY_MS = 100, /* until memory for a connection is looked for again */
};

struct server {
	uv_loop_t loop;
	struct listener listeners[LISTENERS_MAX];
	unsigned listener_count;
	uv_prepare_t turn; /* before each poll */
	uv_timer_t timer;
	uv_timer_t leave;
	uv_timer_t trim;
	uv_signal_t signals[3];
	int64_t due_ms; /* what the timer is set to */
	struct broker *broker;
	struct connections connections;
	struct doorman doorman;
	struct log *log;
	void (*reload)(void *context);
	void *reload_context;
};

/* ---- the turn ------------------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer)
{
	struct server *s = timer->data;

	s->due_ms = -1; /* it has woken the loop: the turn does the rest */
}

static void set_timer(struct server *s, int64_t due_ms)
{
	int64_t now_ms = (int64_t)uv_now(&s->loop);

	if (due_ms == s->due_ms)
		return;
	s->due_ms = due_ms;
	if (due_ms == INT64_MAX)
		uv_timer_stop(&s->timer);
	else
		uv_timer_start(
			&s->timer, on_timer, due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0, 0);
}

/* Connections that wait for memory get it, now or a little later. */
static int64_t retry(struct server *s, int64_t due_ms)
{
	int64_t retry_ms = (int64_t)uv_now(&s->loop) + RETRY_MS;

	for (unsigned i = 0; i < s->listener_count; i++) {
		listener_retry(&s->listeners[i]);
		if (s->listeners[i].waits && retry_ms < due_ms)
			due_ms = retry_ms;
	}
	return due_ms;
}

static uint64_t resident_bytes(void)
{
	size_t bytes = 0;

	uv_resident_set_memory(&bytes);
	return bytes;
}

/* It costs some milliseconds for each hundred megabytes: so not often, and never when they are in
 * use again.
 */
static void on_trim(uv_timer_t *timer)
{
	struct server *s = timer->data;
	uint64_t before = resident_bytes();

	if (!broker_has_fallen(s->broker))
		return;
	broker_trim(s->broker);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	log_line(s->log, LOG_INFO, "free memory goes back: %" PRIu64 " KiB resident, from %" PRIu64,
		resident_bytes() / 1024, before / 1024);
}

/* Runs when timers, reads and closed connections have had their say, before the loop sleeps again. */
static void on_turn(uv_prepare_t *turn)
{
	struct server *s = turn->data;
	struct link *link;

	broker_tick(s->broker, (int64_t)uv_now(&s->loop));
	while ((link = broker_next(s->broker)))
		connection_serve(link_owner(link));
	set_timer(s, retry(s, broker_due(s->broker)));
	if (broker_has_fallen(s->broker) && !uv_is_active((uv_handle_t *)&s->trim))
		uv_timer_start(&s->trim, on_trim, TRIM_MS, 0);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void on_left(uv_timer_t *timer)
{
	struct server *s = timer->data;

	connections_close_all(&s->connections);
	uv_stop(&s->loop);
}

static void close_listeners(struct server *s)
{
	while (s->listener_count)
		listener_close(&s->listeners[--s->listener_count]);
}

static void leave(struct server *s)
{
	if (s->connections.leaving) { /* a second signal: at once */
		uv_timer_start(&s->leave, on_left, 0, 0);
		return;
	}
	s->connections.leaving = true;
	log_line(s->log, LOG_NOTICE, "ending: %u connections are told", s->connections.count);
	close_listeners(s);
	broker_shutdown(s->broker);
	uv_timer_start(&s->leave, on_left, s->connections.count ? LEAVE_MS : 0, 0);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct server *s = signal->data;

	if (number != SIGHUP)
		leave(s);
	else if (s->reload)
		s->reload(s->reload_context);
}

/* ---- the beginning ------------------------------------------------------------------------- */

static bool resolve(const struct listener_settings *settings, struct sockaddr_storage *address)
{
	const char *name = settings->address;

	if (settings->path) {
		struct sockaddr_un *unix_address = (struct sockaddr_un *)address;
		unix_address->sun_family = AF_UNIX;
		snprintf(unix_address->sun_path, sizeof(unix_address->sun_path), "%s",
			settings->path);
		return true;
	}
	if (!strcmp(name, "localhost"))
		name = settings->family == FAMILY_IPV6 ? "::1" : "127.0.0.1";
	return !uv_ip4_addr(name, settings->port, (struct sockaddr_in *)address) ||
		!uv_ip6_addr(name, settings->port, (struct sockaddr_in6 *)address);
}

/* What its connections are wrapped in. False, with a sentence, if that cannot be had. */
static bool wrap(struct listener *l, const struct listener_settings *settings, char *error,
	unsigned error_size)
{
	struct entrance *e = &l->entrance;

	if (!settings->tls.certfile)
		return true;
	e->inner = e->channel;
	e->channel = &channel_tls;
	e->tls = tls_new(
		&settings->tls, settings->protocol == PROTOCOL_WEBSOCKETS, error, error_size);
	return e->tls;
}

static bool start_listener(struct server *s, const struct listener_settings *settings, char *error,
	unsigned error_size)
{
	struct listener *l = &s->listeners[s->listener_count];
	struct sockaddr_storage address = { 0 };
	const char *name = settings->path ? settings->path : settings->address;

	l->only_v6 = settings->family == FAMILY_IPV6;
	int e = !resolve(settings, &address)
		? UV_EINVAL
		: listener_open(l, &s->loop, (struct sockaddr *)&address, &s->connections,
			  &channel_plain);
	if (e) {
		snprintf(error, error_size, "listener %u %s: %s", settings->port, name,
			uv_strerror(e));
		return false;
	}
	l->entrance.most = settings->max_connections;
	l->entrance.realm = doorman_realm(&s->doorman, s->listener_count);
	s->listener_count++;
	return wrap(l, settings, error, error_size);
}

static void log_trouble(void *context, void *owner, const struct mqtt_error *error)
{
	struct server *s = context;
	const struct connection *c = owner;

	log_line(s->log, LOG_NOTICE, "connection %u: %s (0x%02X, %s)", c ? c->number : 0,
		error->what, error->reason, error->statement ? error->statement : "-");
}

static struct broker *make_broker(
	struct server *s, const struct settings *settings, const char *version)
{
	struct broker_config config;
	uv_timeval64_t wall;

	broker_config_default(&config);
	config.limits = settings->limits;
	config.sys_interval_s = settings->sys_interval_s;
	config.version = version;
	config.clock_grain_ms = 1; /* of uv_now */
	config.resident_bytes = resident_bytes;
	config.unread = connection_has_unread;
	config.trouble = log_trouble;
	config.trouble_context = s;
	doorman_attend(&s->doorman, &config);
	if (getrandom(&config.seed, sizeof(config.seed), 0) != sizeof(config.seed))
		config.seed = uv_hrtime();
	uv_gettimeofday(&wall);
	config.wall_offset_ms =
		wall.tv_sec * 1000 + wall.tv_usec / 1000 - (int64_t)uv_now(&s->loop);
	return broker_new(&config, (int64_t)uv_now(&s->loop));
}

/* As many connections as the system allows this process. */
static uint32_t raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return UINT32_MAX;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
}

static void start_signals(struct server *s)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		uv_signal_init(&s->loop, &s->signals[i]);
		s->signals[i].data = s;
		uv_signal_start(&s->signals[i], on_signal, numbers[i]);
	}
}

static void apply_log(struct server *s, const struct settings *settings)
{
	s->connections.log_each = settings->log_connections && settings->log_most >= LOG_INFO;
	s->log->most = settings->log_most;
}

struct server *server_new(const struct settings *settings, struct log *log, const char *version,
	char *error, unsigned error_size)
{
	static const struct listener_settings standard = { .address = "127.0.0.1", .port = 1883 };
	struct server *s = calloc(1, sizeof(*s));

	snprintf(error, error_size, "no memory");
	if (!s)
		return NULL;
	s->log = log;
	s->due_ms = -1;
	uv_loop_init(&s->loop);
	uv_prepare_init(&s->loop, &s->turn);
	uv_timer_init(&s->loop, &s->timer);
	uv_timer_init(&s->loop, &s->leave);
	uv_timer_init(&s->loop, &s->trim);
	s->turn.data = s->timer.data = s->leave.data = s->trim.data = s;
	bool ok = doorman_init(&s->doorman, &s->connections, settings, error, error_size);
	s->broker = ok ? make_broker(s, settings, version) : NULL;
	ok = s->broker &&
		connections_init(&s->connections, s->broker, log, settings->connections_per_address,
			&s->loop);
	s->connections.files = raise_file_limit();
	apply_log(s, settings);
	unsigned count = settings->listener_count ? settings->listener_count : 1;
	for (unsigned i = 0; ok && i < count; i++)
		ok = start_listener(s,
			settings->listener_count ? &settings->listeners[i] : &standard, error,
			error_size);
	if (!ok) {
		server_free(s);
		return NULL;
	}
	start_signals(s);
	uv_prepare_start(&s->turn, on_turn);
	return s;
}

static void contexts_drop(struct tls *contexts[static LISTENERS_MAX])
{
	for (unsigned i = 0; i < LISTENERS_MAX; i++)
		tls_drop(contexts[i]);
}

/* What TLS takes, for each listener. False, with a sentence and none of them, if any cannot be had. */
static bool contexts_read(struct tls *contexts[static LISTENERS_MAX],
	const struct settings *settings, char *error, unsigned error_size)
{
	memset(contexts, 0, LISTENERS_MAX * sizeof(*contexts));
	for (unsigned i = 0; i < settings->listener_count; i++) {
		const struct listener_settings *l = &settings->listeners[i];
		if (!l->tls.certfile)
			continue;
		contexts[i] =
			tls_new(&l->tls, l->protocol == PROTOCOL_WEBSOCKETS, error, error_size);
		if (contexts[i])
			continue;
		contexts_drop(contexts);
		memset(contexts, 0, LISTENERS_MAX * sizeof(*contexts));
		return false;
	}
	return true;
}

/* Whether each listener is what it was, as far as that cannot change. */
static bool listeners_are_the_same(const struct server *s, const struct settings *settings)
{
	unsigned count = settings->listener_count ? settings->listener_count : 1;

	if (s->listener_count != count)
		return false;
	for (unsigned i = 0; i < settings->listener_count; i++) {
		const struct listener *l = &s->listeners[i];
		const struct listener_settings *other = &settings->listeners[i];
		bool same_place = !other->port || l->port == other->port;
		if (!same_place || !l->entrance.tls != !other->tls.certfile)
			return false;
	}
	return true;
}

bool server_check(const struct settings *settings, char *error, unsigned error_size)
{
	struct tls *contexts[LISTENERS_MAX];
	struct doorman doorman;

	if (!doorman_init(&doorman, NULL, settings, error, error_size))
		return false;
	doorman_fini(&doorman);
	bool ok = contexts_read(contexts, settings, error, error_size);
	contexts_drop(contexts);
	return ok;
}

bool server_apply(
	struct server *s, const struct settings *settings, char *error, unsigned error_size)
{
	struct tls *contexts[LISTENERS_MAX];

	if (!listeners_are_the_same(s, settings)) {
		snprintf(error, error_size, "other listeners take a restart");
		return false;
	}
	if (!contexts_read(contexts, settings, error, error_size))
		return false;
	bool ok = doorman_reload(&s->doorman, settings, error, error_size);
	for (unsigned i = 0; ok && i < s->listener_count; i++) {
		struct tls *old = s->listeners[i].entrance.tls;
		s->listeners[i].entrance.tls = contexts[i];
		contexts[i] = old;
	}
	contexts_drop(contexts);
	if (ok)
		apply_log(s, settings);
	return ok;
}

uint16_t server_port(const struct server *s, unsigned listener)
{
	return s->listeners[listener].port;
}

void server_on_reload(struct server *s, void (*reload)(void *context), void *context)
{
	s->reload = reload;
	s->reload_context = context;
}

void server_run(struct server *s)
{
	set_timer(s, broker_tick(s->broker, (int64_t)uv_now(&s->loop)));
	uv_run(&s->loop, UV_RUN_DEFAULT);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	close_listeners(s);
	connections_close_all(&s->connections);
	connections_fini(&s->connections);
	for (unsigned i = 0; i < LISTENERS_MAX; i++)
		tls_drop(s->listeners[i].entrance.tls);
	uv_walk(&s->loop, close_handle, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	if (s->broker)
		broker_free(s->broker);
	doorman_fini(&s->doorman);
	free(s);
}
