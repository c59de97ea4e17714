/* A play leaves nothing with the broker: retained messages are cleared, kept sessions begin anew, and so end. */
#include "base/clock.h"
#include "bench/load/engine.h"

enum {
	STEP_US = 50000,
	LIMIT_US = 30000000, /* a broker that takes longer keeps the rest */
	UNDER_WAY = 500,
	DIALLED = 64,
};

static void await(struct engine *e, struct client *c, unsigned under_way)
{
	while (c->under_way > under_way && clock_now_us() - e->progress_us < LIMIT_US)
		if (!engine_turn(e, STEP_US))
			return;
}

static void clear_retained(struct engine *e)
{
	char topic[WORKLOAD_TEXT];
	unsigned qos = e->limits.maximum_qos ? 1 : 0; /* at 0 nothing is awaited */

	for (unsigned p = 0; p < engine_publishers(e); p++) {
		struct client *c = &e->clients[p];
		unsigned most = c->send_maximum < UNDER_WAY ? c->send_maximum : UNDER_WAY;
		for (uint64_t n = 0; n < e->numbers[p] && !e->failed && c->fd >= 0; n++) {
			workload_topic(&e->names, p, 0, n, topic);
			if (!++c->next_id)
				c->next_id = 1;
			put_publish(&c->out, e->plan->version, topic, qos, true, c->next_id, 0);
			c->under_way += qos;
			if (c->under_way >= most || (!qos && n % UNDER_WAY == 0)) {
				engine_flush(e, c);
				await(e, c, most / 2);
			}
		}
		engine_flush(e, c);
		await(e, c, 0);
	}
}

static void say_goodbye(struct engine *e, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++) {
		struct client *c = &e->clients[i];
		if (c->fd < 0)
			continue;
		put_disconnect(&c->out);
		engine_flush(e, c);
		client_close(c);
	}
}

/* With Clean Session, and not without. */
static void end_sessions(struct engine *e)
{
	e->ready = 0;
	for (unsigned i = 0; i < e->count && !e->failed; i += DIALLED) {
		unsigned end = e->count - i < DIALLED ? e->count : i + DIALLED;
		for (unsigned k = i; k < end && !e->failed; k++)
			fleet_hello(e, &e->clients[k], false);
		engine_progress(e, clock_now_us());
		while (e->ready < end && clock_now_us() - e->progress_us < LIMIT_US)
			if (!engine_turn(e, STEP_US))
				return;
		if (e->ready < end)
			return; /* it does not answer any more, and keeps the rest */
		say_goodbye(e, i, end);
	}
}

void sweep(struct engine *e)
{
	if (e->plan->leave)
		return;
	e->doing = "clearing up";
	e->measuring = e->workload->away; /* who comes back subscribes to nothing */
	engine_progress(e, clock_now_us());
	if (e->workload->retains)
		clear_retained(e);
	say_goodbye(e, 0, e->count);
	if (e->workload->away)
		end_sessions(e);
}
