/* Connections: how the clients come to work, and the workloads that are nothing else. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "bench/load/engine.h"
#include "bench/load/schedule.h"
#include "harness/transport/endpoint.h"

enum {
	DIALLED = 64, /* that wait for their CONNACK, or SUBACK */
	ANSWER_US = 20000000,
	STEP_US = 50000,
	IDENTIFIERS = 65535,
	HEAD_BYTES = 5 + 2 + WORKLOAD_TEXT + 2 + 1, /* of a PUBLISH, at most */
	SECOND_US = 1000000,
};

bool fleet_hello(struct engine *e, struct client *c, bool kept)
{
	char id[64];

	snprintf(id, sizeof(id), "%s%c%u", e->prefix,
		e->workload->measure == MEASURE_CONNECTIONS ? 'c'
			: c->publisher                      ? 'p'
							    : 's',
		c->number);
	c->since_us = clock_now_us();
	c->kept = kept;
	if (!client_dial(c, e->host->to, e->serial++)) {
		engine_fail(e, "%s", c->fault);
		return false;
	}
	put_connect(&c->out, e->plan->version, id, kept, &e->login);
	return engine_flush(e, c);
}

/* It says nothing more until it is ready. */
static void subscribe(struct engine *e, struct client *c)
{
	char filter[WORKLOAD_TEXT];

	for (unsigned i = 0; i < e->plan->filters; i++) {
		workload_filter(&e->names, c->number, i, filter);
		put_subscribe(&c->out, e->plan->version, (uint16_t)(i % IDENTIFIERS + 1), filter,
			e->plan->qos);
	}
	if (e->measuring) /* what is retained comes from here on */
		c->since_us = clock_now_us();
}

static void be_ready(struct engine *e, struct client *c)
{
	c->at_work = true;
	e->ready++;
	engine_progress(e, clock_now_us());
}

/* The session stays. */
static void leave(struct engine *e, struct client *c)
{
	put_disconnect(&c->out);
	if (engine_flush(e, c))
		client_close(c);
}

static void count_connection(struct engine *e, const struct client *c, int64_t now_us)
{
	series_add(&e->out->latency, now_us, now_us - c->since_us);
	e->out->done++;
	e->out->ended_us = now_us;
}

/* Whether the load can be played within the limits of the broker. */
static bool is_within_limits(struct engine *e)
{
	const struct packets_limits *l = &e->limits;
	const struct load_plan *p = e->plan;

	if (e->workload->measure == MEASURE_CONNECTIONS)
		return true;
	if (p->qos > l->maximum_qos)
		engine_fail(e, "the broker offers QoS %u at most", l->maximum_qos);
	else if (e->workload->retains && !l->retain)
		engine_fail(e, "the broker does not offer to retain messages");
	else if (e->workload->subscribers && e->workload->wild && !l->wildcards)
		engine_fail(e, "the broker does not offer wildcards");
	else if (p->payload + HEAD_BYTES > l->packet_size)
		engine_fail(e, "the broker takes packets of %u bytes at most", l->packet_size);
	return !e->failed;
}

bool fleet_take_connack(struct engine *e, struct client *c, const uint8_t *body, size_t len)
{
	if (len < 2 || c->accepted) {
		engine_fail(e, "the broker sent a CONNACK that is none");
		return false;
	}
	if (body[1]) {
		engine_fail(e, "the broker refuses a connection: CONNACK %u", body[1]);
		return false;
	}
	c->accepted = true;
	if (e->plan->version == MQTT_50 && !take_limits(body + 2, len - 2, &e->limits)) {
		engine_fail(e, "the broker sent a CONNACK with malformed properties");
		return false;
	}
	if (!is_within_limits(e))
		return false;
	c->send_maximum = e->limits.receive_maximum;
	bool resumed = e->measuring && e->workload->away;
	if (resumed && c->kept && !(body[0] & 1)) {
		engine_fail(e, "the broker has not kept a session: Session Present is 0");
		return false;
	}
	if (e->workload->measure == MEASURE_CONNECTIONS)
		count_connection(e, c, clock_now_us());
	if (c->publisher || resumed || e->workload->measure == MEASURE_CONNECTIONS)
		be_ready(e, c);
	else
		subscribe(e, c);
	return true;
}

bool fleet_take_suback(struct engine *e, struct client *c)
{
	if (++c->granted < e->plan->filters) {
		engine_progress(e, e->now_us);
		return true;
	}
	be_ready(e, c);
	if (e->workload->deaf && c->number == e->plan->subscribers - 1)
		client_deafen(c);
	if (e->workload->away && !e->measuring)
		leave(e, c);
	return !e->failed;
}

/* Until all of so many are ready. */
static bool await_ready(struct engine *e, unsigned wanted)
{
	while (e->ready < wanted) {
		if (!engine_turn(e, STEP_US))
			return false;
		if (clock_now_us() - e->progress_us > ANSWER_US) {
			engine_fail(e,
				"the broker has accepted %u of %u connections, then none for %d s",
				e->ready, wanted, ANSWER_US / 1000000);
			return false;
		}
	}
	return true;
}

bool fleet_gather(struct engine *e, unsigned first, unsigned end)
{
	e->ready = 0;
	engine_progress(e, clock_now_us());
	for (unsigned i = first; i < end; i++) {
		unsigned begun = i - first;
		if (!fleet_hello(e, &e->clients[i], e->workload->away))
			return false;
		if (!await_ready(e, begun >= DIALLED ? begun - DIALLED + 1 : 0))
			return false;
		/* those that are ready already are to be heard meanwhile */
		if (begun % DIALLED == DIALLED - 1 && !engine_turn(e, 0))
			return false;
	}
	return await_ready(e, end - first);
}

void fleet_keep_alive(struct engine *e, int64_t now_us)
{
	int64_t limit_us = (int64_t)e->limits.keep_alive_s * SECOND_US;

	if (!limit_us || now_us - e->pinged_us < limit_us / 2)
		return;
	e->pinged_us = now_us;
	for (unsigned i = 0; i < e->count && !e->failed; i++)
		if (e->clients[i].fd >= 0 && e->clients[i].accepted) {
			put_pingreq(&e->clients[i].out);
			engine_flush(e, &e->clients[i]);
		}
}

/* ---- connections alone ----------------------------------------------------------------------- */

static bool begin_connection(struct engine *e, struct client *c, int64_t due_us)
{
	if (!fleet_hello(e, c, false))
		return false;
	c->since_us = due_us;
	e->out->sent++;
	return true;
}

/* Connections that were due by then. */
static uint64_t due(const struct engine *e, int64_t now_us)
{
	const struct schedule s = { e->began_us, e->plan->rate };
	int64_t end_us =
		e->plan->time_us ? e->began_us + e->plan->time_us : INT64_MAX - LOAD_GRACE_US;
	bool over = now_us >= end_us;
	uint64_t most = LOAD_UNLIMITED;

	if (e->plan->rate > 0 && now_us < end_us + LOAD_GRACE_US)
		most = schedule_due(&s, over ? end_us - 1 : now_us);
	else if (over)
		most = e->out->sent;
	return most < e->plan->messages ? most : e->plan->messages;
}

/* Takes what has been accepted away, and puts others in its place. */
static bool turn_over(struct engine *e, int64_t now_us)
{
	const struct schedule s = { e->began_us, e->plan->rate };
	uint64_t most = due(e, now_us);

	for (unsigned i = 0; i < e->count; i++) {
		struct client *c = &e->clients[i];
		if (c->fd >= 0 && c->at_work) {
			put_disconnect(&c->out);
			if (!engine_flush(e, c))
				return false;
			client_close(c);
		}
		if (c->fd < 0 && e->out->sent < most &&
			!begin_connection(
				e, c, s.rate > 0 ? schedule_at(&s, e->out->sent) : now_us))
			return false;
	}
	return true;
}

static bool storm_is_over(const struct engine *e, int64_t now_us)
{
	bool last = e->out->sent >= e->plan->messages ||
		(e->plan->time_us && now_us >= e->began_us + e->plan->time_us &&
			e->out->sent >= due(e, now_us));

	return last && e->out->done >= e->out->sent;
}

void fleet_storm(struct engine *e)
{
	e->doing = "connecting";
	engine_progress(e, e->began_us);
	for (int64_t now = e->began_us; !storm_is_over(e, now); now = clock_now_us()) {
		if (!turn_over(e, now) || !engine_turn(e, e->plan->rate > 0 ? 500 : STEP_US))
			return;
		if (clock_now_us() - e->progress_us > ANSWER_US) {
			engine_fail(e, "no connection was accepted for %d s", ANSWER_US / 1000000);
			return;
		}
	}
	if (e->plan->time_us)
		e->out->unsent = due(e, e->began_us + e->plan->time_us) - e->out->sent;
	engine_measured(e);
}

/* Whether all of them are still there. */
static void ask_all(struct engine *e)
{
	e->pongs = 0;
	e->pinged_us = clock_now_us();
	engine_progress(e, clock_now_us());
	for (unsigned i = 0; i < e->count; i++) {
		e->clients[i].ponged = false;
		put_pingreq(&e->clients[i].out);
		if (!engine_flush(e, &e->clients[i]) ||
			(i % DIALLED == DIALLED - 1 && !engine_turn(e, 0)))
			return;
	}
	while (e->pongs < e->count) {
		if (!engine_turn(e, STEP_US))
			return;
		if (clock_now_us() - e->progress_us > ANSWER_US) {
			engine_fail(e, "only %" PRIu64 " of %u idle connections answer a PINGREQ",
				e->pongs, e->count);
			return;
		}
	}
}

void fleet_idle(struct engine *e)
{
	e->doing = "connecting";
	if (!fleet_gather(e, 0, e->count))
		return;
	engine_measured(e);
	int64_t until = e->out->ended_us + e->plan->time_us;
	e->doing = "idle";
	while (e->plan->time_us && clock_now_us() < until)
		if (!engine_turn(e, STEP_US))
			return;
	if (e->plan->time_us)
		ask_all(e);
}
