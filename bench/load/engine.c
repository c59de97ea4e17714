#include "bench/load/engine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	EVENTS = 512,
	TELL_US = 250000,
	LOOK_US = 500000,
};

void engine_fail(struct engine *e, const char *format, ...)
{
	va_list args;

	if (!e->failed) {
		va_start(args, format);
		vsnprintf(e->out->error, sizeof(e->out->error), format, args);
		va_end(args);
	}
	e->failed = true;
}

void engine_progress(struct engine *e, int64_t now_us)
{
	e->progress_us = now_us;
}

unsigned engine_publishers(const struct engine *e)
{
	return e->workload->measure == MEASURE_CONNECTIONS ? 0 : e->plan->publishers;
}

struct client *engine_subscriber(struct engine *e, unsigned number)
{
	return &e->clients[engine_publishers(e) + number];
}

struct ledger *engine_ledger(struct engine *e, unsigned publisher, unsigned subscriber)
{
	return &e->ledgers[(size_t)publisher * e->plan->subscribers + subscriber];
}

uint64_t *engine_number(struct engine *e, unsigned publisher, unsigned subscriber)
{
	if (e->workload->addressing != ADDRESS_ONE)
		return &e->numbers[publisher];
	return &e->numbers[(size_t)publisher * e->plan->subscribers + subscriber];
}

/* ---- measuring ------------------------------------------------------------------------------ */

void engine_measure(struct engine *e)
{
	e->target_before = process_use(e->host->pid, e->host->is_group);
	e->own_before = process_use(getpid(), false);
	e->began_us = clock_now_us();
	e->out->began_us = e->out->ended_us = e->began_us;
	e->out->latency.began_us = e->began_us;
	e->measuring = true;
}

void engine_measured(struct engine *e)
{
	struct process_use target = process_use(e->host->pid, e->host->is_group);
	struct process_use own = process_use(getpid(), false);

	e->out->target_cpu_s = target.cpu_s - e->target_before.cpu_s;
	e->out->own_cpu_s = own.cpu_s - e->own_before.cpu_s;
	e->out->own_wait_s = own.wait_s - e->own_before.wait_s;
	e->out->own_span_s = (double)(clock_now_us() - e->out->began_us) / 1e6;
}

void engine_weigh(struct engine *e)
{
	e->out->target_memory_before_bytes = e->target_before.memory_bytes;
	e->out->target_memory_bytes = process_use(e->host->pid, e->host->is_group).memory_bytes;
}

/* ---- turns ---------------------------------------------------------------------------------- */

static const char *kind_of(const struct engine *e, const struct client *c)
{
	return e->workload->measure == MEASURE_CONNECTIONS ? "connection"
		: c->publisher                             ? "publisher"
							   : "subscriber";
}

static bool check(struct engine *e, struct client *c, bool ok)
{
	if (ok || e->failed)
		return ok;
	if (c->deaf) /* to give it up is what a broker may do */
		client_close(c);
	else
		engine_fail(e, "%s %u: %s", kind_of(e, c), c->number + 1, c->fault);
	return false;
}

bool engine_flush(struct engine *e, struct client *c)
{
	return c->fd < 0 || check(e, c, client_flush(c));
}

static void happen(struct engine *e, const struct epoll_event *event)
{
	uint32_t index = event->data.u32;

	if (index >= e->count) {
		const struct load_watch *w = &e->host->watches[index - e->count];
		w->ready(w->user);
		return;
	}
	struct client *c = &e->clients[index];
	if (c->deaf && event->events & (EPOLLHUP | EPOLLERR)) {
		/* it is given up, which a broker may do; nothing is read even then */
		client_close(c);
		return;
	}
	/* it may have been closed by what happened before, in the same turn */
	if (c->fd >= 0 && event->events & EPOLLOUT)
		engine_flush(e, c);
	e->now_us = clock_now_us();
	if (c->fd >= 0 && event->events & (uint32_t)~EPOLLOUT)
		check(e, c, client_receive(c, e->chunk, messages_take, e));
}

static void tell(struct engine *e, int64_t now_us)
{
	uint64_t done = e->out->done + (e->measuring ? 0 : e->ready);

	if (!e->host->progress || now_us - e->told_us < TELL_US)
		return;
	double seconds = (double)(now_us - e->told_us) / 1e6;
	const struct series *s = &e->out->latency;
	const struct load_progress p = {
		.doing = e->doing,
		.done = done,
		.rate = done > e->told_done ? (double)(done - e->told_done) / seconds : 0,
		.p99_us = s->count ? histogram_at(&s->intervals[s->count - 1], 0.99) : 0,
	};
	e->told_us = now_us;
	e->told_done = done;
	e->host->progress(e->host->user, &p);
}

static void look(struct engine *e, int64_t now_us)
{
	const struct load_host *h = e->host;

	if (!h->pid || !h->memory_max_bytes || now_us - e->looked_us < LOOK_US)
		return;
	e->looked_us = now_us;
	long long has = process_use(h->pid, h->is_group).memory_bytes;
	if (has > h->memory_max_bytes)
		engine_fail(e, "the target takes %lld MiB of memory, more than --memory allows",
			has >> 20);
}

bool engine_turn(struct engine *e, int64_t wait_us)
{
	struct epoll_event events[EVENTS];
	struct timespec wait = { wait_us / 1000000, wait_us % 1000000 * 1000 };
	int n = epoll_pwait2(e->epoll, events, EVENTS, &wait, NULL);

	if (n < 0 && errno != EINTR)
		engine_fail(e, "epoll: %s", strerror(errno));
	for (int i = 0; i < n && !e->failed; i++)
		happen(e, &events[i]);
	int64_t now = clock_now_us();
	tell(e, now);
	look(e, now);
	fleet_keep_alive(e, now);
	if (e->host->stop && *e->host->stop && !e->out->interrupted) {
		e->out->interrupted = true;
		engine_fail(e, "interrupted");
	}
	return !e->failed;
}
