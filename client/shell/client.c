/* The client between its engine and its connection: when to connect, to whom, and when to stop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/shell/options.h"
#include "client/shell/shell.h"

enum {
	LINGER_MS = 2000, /* for the last bytes to be taken */
	BRIEF_MS = 10000, /* what is lost sooner than this after CONNACK was no success */
	DOUBLINGS_MAX = 20,
};

static int64_t now_ms(const struct mqttspec_client *c)
{
	return (int64_t)uv_now(c->loop);
}

/* ---- losing a connection ------------------------------------------------------------------- */

/* xorshift64* */
uint64_t shell_random(struct mqttspec_client *c)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return c->random * UINT64_C(2685821657736338717);
}

/* None while there are servers that were not tried; then longer and longer, less a random part of up to
 * a half. The first loss of a connection is followed by a short one, if there is no other server; if
 * servers accept connections and keep closing them, the pauses grow as if they had not.
 */
static int64_t pause_ms(struct mqttspec_client *c, bool was_accepted)
{
	unsigned servers = (unsigned)c->route.server_count;
	unsigned count = was_accepted ? c->brief : c->tried;
	unsigned rounds = count / servers;

	if (was_accepted && servers == 1 && count <= 1)
		return (int64_t)(shell_random(c) % c->pause_min_ms);
	if (!rounds || count % servers)
		return 0;
	rounds = rounds - 1 < DOUBLINGS_MAX ? rounds - 1 : DOUBLINGS_MAX;
	uint64_t pause = (uint64_t)c->pause_min_ms << rounds;
	pause = pause < c->pause_max_ms ? pause : c->pause_max_ms;
	return (int64_t)(pause - shell_random(c) % (pause / 2 + 1));
}

static bool may_retry(const struct mqttspec_client *c)
{
	if (c->stopping || c->end_final)
		return false;
	switch ((enum mqttspec_reconnect)c->reconnect) {
	case MQTTSPEC_RECONNECT_ALWAYS: return true;
	case MQTTSPEC_RECONNECT_AFTER_FIRST:
		return c->ever_accepted || c->tried < c->route.server_count;
	case MQTTSPEC_RECONNECT_NEVER: return !c->ever_accepted && c->tried < c->route.server_count;
	}
	return false;
}

/* The connection is gone, or none could be made. */
static void lost(struct mqttspec_client *c)
{
	struct mqttspec_properties properties = { c->end_properties.data, c->end_properties.len };
	bool was_accepted = c->accepted;

	c->connection = NULL;
	c->accepted = false;
	c->attempt_due_ms = c->linger_due_ms = INT64_MAX;
	c->tried++;
	if (was_accepted)
		c->brief = now_ms(c) - c->accepted_ms < BRIEF_MS ? c->brief + 1 : 0;
	c->failure = c->end_result;
	bool retry = may_retry(c);
	c->stopping = c->stopping || !retry;
	c->state = retry ? SHELL_PAUSING : SHELL_STOPPED;
	c->inside++;
	engine_closed(c->engine);
	if (retry) {
		c->server = (c->server + 1) % c->route.server_count;
		c->retry_due_ms = now_ms(c) + pause_ms(c, was_accepted);
	} else {
		requests_stop(c);
	}
	if (c->callbacks.disconnected)
		c->callbacks.disconnected(
			c->context, c->end_result, c->end_text, retry, &properties);
	c->inside--;
}

static void drop(struct mqttspec_client *c)
{
	connection_close(c->connection);
	lost(c);
}

/* ---- the connection ------------------------------------------------------------------------ */

static void on_opened(void *owner)
{
	struct mqttspec_client *c = owner;

	c->state = SHELL_OPEN;
	c->attempt_due_ms = INT64_MAX; /* the engine waits for CONNACK itself */
	c->inside++;
	engine_tick(c->engine, now_ms(c));
	bool opened = engine_open(c->engine);
	c->inside--;
	if (!opened) {
		shell_tell_end(c, MQTTSPEC_INVALID, true, "authentication could not be started");
		drop(c);
	}
	shell_turn(c);
}

static void on_bytes(void *owner, const void *data, size_t len)
{
	struct mqttspec_client *c = owner;

	c->inside++;
	engine_tick(c->engine, now_ms(c));
	engine_input(c->engine, data, len);
	c->inside--;
	shell_turn(c);
}

static void on_written(void *owner)
{
	shell_turn(owner);
}

static void on_ended(void *owner, const char *why)
{
	struct mqttspec_client *c = owner;
	int result = connection_is_untrusted(c->connection) ? MQTTSPEC_UNTRUSTED
		: c->state == SHELL_DIALLING                ? MQTTSPEC_UNREACHABLE
							    : MQTTSPEC_LOST;

	shell_tell_end(c, result, false, "%s", why);
	lost(c);
	shell_turn(c);
}

static const struct connection_hooks hooks = { on_opened, on_bytes, on_written, on_ended };

static void dial(struct mqttspec_client *c)
{
	c->state = SHELL_DIALLING;
	c->retry_due_ms = INT64_MAX;
	c->end_known = c->end_final = false;
	c->end_result = MQTTSPEC_OK;
	c->end_text[0] = 0;
	buf_reset(&c->end_properties);
	c->attempt_due_ms = now_ms(c) + c->connect_wait_ms;
	c->connection = connection_open(
		c->loop, &c->route.servers[c->server], c->route.bind_address, &hooks, c);
	if (!c->connection) {
		shell_tell_end(c, MQTTSPEC_UNREACHABLE, false, "no connection can be made");
		lost(c);
	}
}

/* ---- the turn ------------------------------------------------------------------------------ */

/* True when all is written. */
static bool flush(struct mqttspec_client *c)
{
	struct mqtt_view out = engine_output(c->engine);

	while (out.len && !connection_is_writing(c->connection)) {
		size_t taken = connection_write(c->connection, out);
		if (!taken)
			return false;
		engine_written(c->engine, taken);
		out = engine_output(c->engine);
	}
	return !out.len && !connection_is_writing(c->connection);
}

static void serve(struct mqttspec_client *c)
{
	bool flushed = flush(c);

	if (!engine_ends(c->engine)) {
		connection_pause(c->connection,
			!engine_wants_input(c->engine) || c->inbox.count >= c->inbox.limit);
		return;
	}
	if (c->linger_due_ms == INT64_MAX)
		c->linger_due_ms = now_ms(c) + LINGER_MS;
	if (flushed)
		connection_finish(c->connection);
	if ((flushed && !connection_is_writing(c->connection)) || now_ms(c) >= c->linger_due_ms)
		drop(c);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void on_timer(uv_timer_t *timer)
{
	shell_turn(timer->data);
}

static void set_timer(struct mqttspec_client *c, int64_t due_ms)
{
	int64_t now = now_ms(c);

	due_ms = earlier(due_ms, earlier(c->attempt_due_ms, c->retry_due_ms));
	due_ms = earlier(due_ms, earlier(c->linger_due_ms, c->wake_due_ms));
	if (due_ms == INT64_MAX || (c->state == SHELL_STOPPED && c->wake_due_ms == INT64_MAX))
		uv_timer_stop(&c->timer);
	else
		/* Not 0: libuv would run it again and again in the same turn. */
		uv_timer_start(&c->timer, on_timer, due_ms > now ? (uint64_t)(due_ms - now) : 1, 0);
}

void shell_turn(struct mqttspec_client *c)
{
	if (c->inside || c->freeing)
		return;
	c->inside++;
	int64_t due_ms = engine_tick(c->engine, now_ms(c));
	if (c->state == SHELL_PAUSING && now_ms(c) >= c->retry_due_ms)
		dial(c);
	if (c->state == SHELL_DIALLING && now_ms(c) >= c->attempt_due_ms) {
		const char *handshake = connection_handshake(c->connection);
		shell_tell_end(c, MQTTSPEC_UNREACHABLE, false, "no %s%s in time",
			handshake ? handshake : "connection", handshake ? " handshake" : "");
		drop(c);
	}
	if (c->stopping && c->state == SHELL_DIALLING)
		drop(c);
	if (c->state == SHELL_PAUSING && c->stopping)
		lost(c);
	if (c->state == SHELL_OPEN)
		serve(c);
	/* What was done may have brought a deadline forward. */
	due_ms = earlier(due_ms, engine_tick(c->engine, now_ms(c)));
	c->inside--;
	set_timer(c, due_ms);
}

/* ---- beginning and end --------------------------------------------------------------------- */

static void client_fini(struct mqttspec_client *c)
{
	requests_free(c);
	inbox_fini(&c->inbox);
	engine_free(c->engine);
	buf_fini(&c->end_properties);
	buf_fini(&c->answer_codes);
	route_fini(&c->route);
	scram_free(c->scram);
}

struct mqttspec_client *mqttspec_client_new(const struct mqttspec_options *options,
	struct uv_loop_s *loop, char *error, size_t error_size)
{
	struct mqttspec_client *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	arena_init(&c->route.arena);
	buf_init(&c->end_properties, MQTT_PACKET_MAX);
	buf_init(&c->answer_codes, MQTT_PACKET_MAX);
	c->attempt_due_ms = c->retry_due_ms = c->linger_due_ms = c->wake_due_ms = INT64_MAX;
	c->owns_loop = !loop;
	c->loop = loop ? loop : &c->own_loop;
	if (!loop)
		uv_loop_init(&c->own_loop);
	if (getrandom(&c->random, sizeof(c->random), 0) != sizeof(c->random))
		c->random = uv_hrtime();
	c->random |= 1;
	if (!options_read(c, options, error, error_size)) {
		client_fini(c);
		if (c->owns_loop)
			uv_loop_close(&c->own_loop);
		free(c);
		return NULL;
	}
	uv_timer_init(c->loop, &c->timer);
	c->timer.data = c;
	shell_note_id(c);
	return c;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct mqttspec_client *c = handle->data;

	client_fini(c);
	if (!c->owns_loop)
		free(c);
}

void mqttspec_client_free(struct mqttspec_client *c)
{
	if (!c)
		return;
	c->freeing = true;
	connection_close(c->connection);
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
	if (!c->owns_loop)
		return;
	uv_run(&c->own_loop, UV_RUN_DEFAULT);
	uv_loop_close(&c->own_loop);
	free(c);
}

void mqttspec_start(struct mqttspec_client *c)
{
	if (c->state != SHELL_IDLE && c->state != SHELL_STOPPED)
		return;
	c->stopping = false;
	c->ever_accepted = false;
	c->tried = c->brief = 0;
	c->failure = MQTTSPEC_OK;
	uv_update_time(c->loop);
	c->inside++;
	dial(c);
	c->inside--;
	shell_turn(c);
}

int mqttspec_disconnect(struct mqttspec_client *c, uint8_t reason,
	const struct mqttspec_property *properties, size_t property_count)
{
	struct buf raw;
	int result = MQTTSPEC_INVALID;

	buf_init(&raw, MQTT_REMAINING_LENGTH_MAX);
	if (properties_encode(&raw, properties, property_count))
		result = c->state == SHELL_OPEN && !engine_ends(c->engine)
			? engine_disconnect(c->engine, reason,
				  (struct mqtt_view){ raw.data, (uint32_t)raw.len })
			: MQTTSPEC_OK;
	buf_fini(&raw);
	if (result)
		return result;
	c->stopping = true;
	shell_tell_end(c, MQTTSPEC_OK, true, "disconnected");
	shell_turn(c);
	return MQTTSPEC_OK;
}

/* ---- requests ------------------------------------------------------------------------------ */

int mqttspec_publish(struct mqttspec_client *c, const struct mqttspec_message *m, uint64_t tag)
{
	struct buf raw;
	struct mqtt_publish p = { .retain = m->retain,
		.qos = m->qos,
		.topic = mqtt_view_of(m->topic),
		.payload = { m->payload, (uint32_t)m->payload_len } };
	int result = MQTTSPEC_INVALID;

	if (m->payload_len > MQTT_REMAINING_LENGTH_MAX)
		return MQTT_PACKET_TOO_LARGE;
	if (c->stopping)
		return MQTTSPEC_NOT_CONNECTED;
	buf_init(&raw, MQTT_REMAINING_LENGTH_MAX);
	if (properties_encode(&raw, m->properties, m->property_count)) {
		p.properties.raw = (struct mqtt_view){ raw.data, (uint32_t)raw.len };
		c->inside++;
		engine_tick(c->engine, now_ms(c));
		result = engine_publish(c->engine, &p, tag);
		c->inside--;
	}
	buf_fini(&raw);
	shell_turn(c);
	return result;
}

int mqttspec_authenticate(struct mqttspec_client *c)
{
	c->inside++;
	int result = engine_authenticate(c->engine);
	c->inside--;
	shell_turn(c);
	return result;
}

int mqttspec_auth_send(struct mqttspec_client *c, uint8_t reason,
	const struct mqttspec_property *properties, size_t property_count)
{
	struct buf raw;
	int result = MQTTSPEC_INVALID;

	buf_init(&raw, MQTT_REMAINING_LENGTH_MAX);
	c->inside++;
	if (properties_encode(&raw, properties, property_count))
		result = engine_auth_send(
			c->engine, reason, (struct mqtt_view){ raw.data, (uint32_t)raw.len });
	c->inside--;
	buf_fini(&raw);
	shell_turn(c);
	return result;
}

bool mqttspec_is_connected(const struct mqttspec_client *c)
{
	return engine_is_connected(c->engine);
}

const char *mqttspec_client_id(const struct mqttspec_client *c)
{
	return c->client_id;
}

uint32_t mqttspec_pending(const struct mqttspec_client *c)
{
	return engine_pending(c->engine);
}
