#include "broker/shell/server.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "broker/access/secret.h"
#include "broker/shell/committer.h"
#include "broker/shell/connection.h"
#include "broker/shell/doorman.h"
#include "broker/shell/listeners.h"
#include "broker/shell/settings.h"
#include "broker/shell/tls_set.h"
#include "broker/store/store.h"

enum {
	LEAVE_MS = 2000, /* for clients to take their DISCONNECT when the broker ends */
	TRIM_MS = 1000, /* until free memory goes back to the system, unless it is wanted by then */
	RETRY_MS = 100, /* until memory for a connection is looked for again */
};

struct server {
	uv_loop_t loop;
	struct listeners listeners;
	uv_prepare_t turn; /* before each poll */
	uv_timer_t timer;
	uv_timer_t leave;
	uv_timer_t trim;
	uv_timer_t beat;
	uv_signal_t signals[3];
	int64_t due_ms; /* what the timer is set to */
	struct broker *broker;
	struct connections connections;
	struct doorman doorman;
	struct store *store; /* NULL: everything is in memory only */
	struct committer committer;
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

	return listeners_retry(&s->listeners) && retry_ms < due_ms ? retry_ms : due_ms;
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

static void leave(struct server *s)
{
	if (s->connections.leaving) { /* a second signal: at once */
		uv_timer_start(&s->leave, on_left, 0, 0);
		return;
	}
	s->connections.leaving = true;
	log_line(s->log, LOG_NOTICE, "ending: %u connections are told", s->connections.count);
	listeners_close(&s->listeners);
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

static void log_trouble(void *context, void *owner, const struct mqtt_error *error)
{
	struct server *s = context;
	const struct connection *c = owner;

	log_line(s->log, LOG_NOTICE, "connection %u: %s (0x%02X, %s)", c ? c->number : 0,
		error->what, error->reason, error->statement ? error->statement : "-");
}

static int64_t moment_ms(void *loop)
{
	uv_update_time(loop);
	return (int64_t)uv_now(loop);
}

static struct broker *make_broker(
	struct server *s, const struct settings *settings, const char *version)
{
	struct broker_config config;

	broker_config_default(&config);
	config.limits = settings->limits;
	config.sys_interval_s = settings->sys_interval_s;
	config.version = version;
	config.clock_grain_ms = 1; /* of uv_now */
	config.moment_ms = moment_ms;
	config.moment_context = &s->loop;
	config.resident_bytes = resident_bytes;
	config.unread = connection_has_unread;
	config.trouble = log_trouble;
	config.trouble_context = s;
	doorman_attend(&s->doorman, &config);
	if (getrandom(&config.seed, sizeof(config.seed), 0) != sizeof(config.seed))
		config.seed = uv_hrtime();
	uv_update_time(&s->loop);
	if (s->store) {
		config.store = (struct broker_store){ .context = s->store,
			.put = store_put,
			.remove = store_remove,
			.amend = store_amend,
			.commit = store_commit,
			.begin = s->committer.store ? store_begin : NULL };
		config.wall_offset_ms = store_now_ms(s->store) - (int64_t)uv_now(&s->loop);
		config.ended_wall_ms = store_ended_ms(s->store);
	}
	return broker_new(&config, (int64_t)uv_now(&s->loop));
}

/* ---- the store ----------------------------------------------------------------------------- */

static bool restore(void *context, struct mqtt_view key, struct mqtt_view value)
{
	return broker_restore(context, key, value);
}

static void on_beat(uv_timer_t *timer)
{
	struct server *s = timer->data;

	store_beat(s->store);
}

static struct store_settings store_settings_of(const struct persistence_settings *p)
{
	return (struct store_settings){ p->location, !p->no_sync, p->most_bytes };
}

static void on_committed(void *context, bool durable)
{
	struct server *s = context;

	broker_committed(s->broker, durable);
}

static bool open_store(
	struct server *s, const struct settings *settings, char *error, unsigned error_size)
{
	const struct persistence_settings *p = &settings->persistence;
	const struct store_settings how = store_settings_of(p);

	if (!p->on)
		return true;
	s->store = store_open(&how, s->log, error, error_size);
	if (s->store && how.sync)
		committer_init(&s->committer, &s->loop, s->store, on_committed, s);
	return s->store;
}

/* All that is in it, before anybody may ask for any of it. */
static bool load(struct server *s, char *error, unsigned error_size)
{
	if (!s->store)
		return true;
	if (!store_load(s->store, restore, s->broker, error, error_size))
		return false;
	const struct broker_figures *f = broker_figures(s->broker);
	log_line(s->log, LOG_NOTICE, "restored %u sessions, %u subscriptions, %u retained messages",
		f->sessions, f->subscriptions, f->retained);
	uv_update_time(&s->loop);
	broker_tick(s->broker, (int64_t)uv_now(&s->loop)); /* it is all in place, then */
	f = broker_figures(s->broker);
	if (f->memory_bytes > f->message_bytes)
		log_line(s->log, LOG_WARNING,
			"that takes %" PRIu64
			" bytes: memory_limit has no room for messages until there are fewer",
			f->memory_bytes);
	uv_timer_start(&s->beat, on_beat, STORE_BEAT_MS, STORE_BEAT_MS);
	return true;
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

static bool knows_secrets(const struct settings *s)
{
	bool any = s->access.password_file || s->access.scram_file;

	for (unsigned i = 0; i < s->listener_count; i++) {
		const struct listener_settings *l = &s->listeners[i];
		any |= tls_is_wanted(&l->tls) || l->access.password_file || l->access.scram_file;
	}
	return any;
}

struct server *server_new(const struct settings *settings, struct log *log, const char *version,
	char *error, unsigned error_size)
{
	struct server *s = calloc(1, sizeof(*s));

	snprintf(error, error_size, "no memory");
	if (!s)
		return NULL;
	s->log = log;
	s->due_ms = -1;
	if (knows_secrets(settings))
		secret_keep_process();
	uv_loop_init(&s->loop);
	uv_prepare_init(&s->loop, &s->turn);
	uv_timer_init(&s->loop, &s->timer);
	uv_timer_init(&s->loop, &s->leave);
	uv_timer_init(&s->loop, &s->trim);
	uv_timer_init(&s->loop, &s->beat);
	s->turn.data = s->timer.data = s->leave.data = s->trim.data = s->beat.data = s;
	bool ok = doorman_init(&s->doorman, &s->connections, settings, error, error_size) &&
		open_store(s, settings, error, error_size);
	s->broker = ok ? make_broker(s, settings, version) : NULL;
	ok = s->broker &&
		connections_init(&s->connections, s->broker, log, settings->connections_per_address,
			&s->loop);
	s->connections.files = raise_file_limit();
	apply_log(s, settings);
	ok = ok && load(s, error, error_size) &&
		listeners_open(
			&s->listeners, &s->loop, &s->connections, settings, error, error_size);
	if (!ok) {
		server_free(s);
		return NULL;
	}
	start_signals(s);
	uv_prepare_start(&s->turn, on_turn);
	return s;
}

bool server_check(const struct settings *settings, char *error, unsigned error_size)
{
	struct doorman doorman;
	struct tls_set set;

	if (!doorman_init(&doorman, NULL, settings, error, error_size))
		return false;
	doorman_fini(&doorman);
	bool ok = tls_set_read(&set, settings, error, error_size);
	tls_set_drop(&set);
	return ok;
}

bool server_apply(
	struct server *s, const struct settings *settings, char *error, unsigned error_size)
{
	const struct store_settings how = store_settings_of(&settings->persistence);
	struct tls_set set;

	if (!listeners_fit(&s->listeners, settings)) {
		snprintf(error, error_size, "other listeners take a restart");
		return false;
	}
	if (s->store ? !store_fits(s->store, &how) || !settings->persistence.on
		     : settings->persistence.on) {
		snprintf(error, error_size, "another persistence takes a restart");
		return false;
	}
	bool ok = tls_set_read(&set, settings, error, error_size) &&
		doorman_reload(&s->doorman, settings, error, error_size);
	if (ok) {
		listeners_renew(&s->listeners, &set);
		apply_log(s, settings);
	}
	tls_set_drop(&set);
	return ok;
}

uint16_t server_port(const struct server *s, unsigned listener)
{
	return s->listeners.list[listener].port;
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
	listeners_close(&s->listeners);
	connections_close_all(&s->connections);
	connections_fini(&s->connections);
	listeners_fini(&s->listeners);
	committer_end(&s->committer);
	uv_walk(&s->loop, close_handle, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	if (s->broker)
		broker_free(s->broker);
	store_close(s->store);
	doorman_fini(&s->doorman);
	free(s);
}
