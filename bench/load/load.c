#include "bench/load/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/load/engine.h"
#include "harness/peers/demands.h"
#include "harness/transport/endpoint.h"

enum {
	IDENTIFIERS = 65536,
	CALM_US = 300000, /* the broker may still be busy with the last of many connections */
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static unsigned clients_wanted(const struct load_plan *p)
{
	if (p->workload->churn)
		return p->window;
	return (p->workload->measure == MEASURE_CONNECTIONS ? 0 : p->publishers) + p->subscribers;
}

static void begin_accounts(struct engine *e)
{
	const struct load_plan *p = e->plan;
	size_t pairs = (size_t)p->publishers * p->subscribers;
	bool each = e->workload->addressing == ADDRESS_ONE;

	e->copies = e->workload->addressing == ADDRESS_ONE ? 1 : p->subscribers - e->workload->deaf;
	e->numbers = must(calloc((each ? pairs : p->publishers) + 1, sizeof(*e->numbers)));
	if (workload_delivers(e->workload))
		e->ledgers = must(calloc(pairs, sizeof(*e->ledgers)));
}

static void begin_clients(struct engine *e)
{
	unsigned publishers = engine_publishers(e);

	e->count = clients_wanted(e->plan);
	e->clients = must(calloc(e->count, sizeof(*e->clients)));
	for (unsigned i = 0; i < e->count; i++) {
		struct client *c = &e->clients[i];
		*c = (struct client){ .fd = -1,
			.epoll = e->epoll,
			.index = i,
			.publisher = i < publishers,
			.number = i < publishers ? i : i - publishers };
		if (c->publisher && e->workload->measure == MEASURE_ACKS)
			c->due_us = must(calloc(IDENTIFIERS, sizeof(*c->due_us)));
	}
}

static void begin_watches(struct engine *e)
{
	for (unsigned i = 0; i < LOAD_WATCHES; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = e->count + i };
		if (e->host->watches[i].ready && e->host->watches[i].fd >= 0)
			epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->host->watches[i].fd, &event);
	}
}

static void allow_many_files(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void engine_init(struct engine *e, const struct load_host *host,
	const struct load_plan *plan, struct result *out)
{
	*e = (struct engine){ .host = host,
		.plan = plan,
		.workload = plan->workload,
		.out = out,
		.limits = packets_unlimited,
		.pinged_us = clock_now_us(),
		.doing = "connecting" };
	if (getrandom(&e->nonce, sizeof(e->nonce), 0) != sizeof(e->nonce))
		abort();
	snprintf(e->prefix, sizeof(e->prefix), "bench%08x", e->nonce);
	e->names = (struct workload_names){ plan->workload, e->prefix, plan->filters };
	if (host->to->login)
		e->login = (struct packets_login){ host->to->login->user_name,
			host->to->login->password };
	allow_many_files();
	prctl(PR_SET_TIMERSLACK, 1L, 0L, 0L, 0L); /* or each message would be due 50 µs late */
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e->epoll < 0)
		engine_fail(e, "epoll: %s", strerror(errno));
	e->chunk = must(malloc(CLIENT_ROOM));
	begin_accounts(e);
	begin_clients(e);
	begin_watches(e);
}

static void engine_fini(struct engine *e)
{
	for (unsigned i = 0; i < e->count; i++)
		client_fini(&e->clients[i]);
	if (e->ledgers)
		for (size_t i = 0; i < (size_t)e->plan->publishers * e->plan->subscribers; i++)
			ledger_fini(&e->ledgers[i]);
	close(e->epoll);
	free(e->clients);
	free(e->ledgers);
	free(e->numbers);
	free(e->marks);
	free(e->chunk);
}

/* ---- playing --------------------------------------------------------------------------------- */

static void play_connections(struct engine *e)
{
	engine_measure(e);
	if (e->workload->churn)
		fleet_storm(e);
	else
		fleet_idle(e);
	usleep(CALM_US);
	engine_weigh(e);
}

static void play_messages(struct engine *e)
{
	unsigned publishers = engine_publishers(e);
	bool late = e->workload->retains; /* subscribers, if there are any */
	bool release = e->workload->measure == MEASURE_RELEASE;

	if (!fleet_gather(e, 0, late ? publishers : e->count))
		return;
	if (release)
		e->began_us = clock_now_us();
	else
		engine_measure(e);
	messages_play(e);
	if (release && !e->failed) {
		engine_measure(e);
		messages_release(e);
	}
	if (e->measuring)
		engine_measured(e);
	proof_seek(e);
	engine_weigh(e);
}

/* What it has measured stands, whether or not the broker lets it clear up. */
static void sweep_quietly(struct engine *e)
{
	char error[RESULT_TEXT];

	memcpy(error, e->out->error, sizeof(error));
	e->failed = false;
	sweep(e);
	memcpy(e->out->error, error, sizeof(error));
}

void load_play(const struct load_host *host, const struct load_plan *plan, struct result *out)
{
	struct engine e;

	*out = (struct result){ .plan = *plan };
	series_init(&out->latency, clock_now_us());
	engine_init(&e, host, plan, out);
	if (e.failed)
		;
	else if (plan->workload->measure == MEASURE_CONNECTIONS)
		play_connections(&e);
	else
		play_messages(&e);
	series_close(&out->latency);
	if (!e.failed || out->interrupted)
		sweep_quietly(&e);
	engine_fini(&e);
}
