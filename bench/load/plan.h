/* What is to be played: a workload, with its numbers. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/version.h"

struct arena;
struct workload;

#define LOAD_UNLIMITED UINT64_MAX

enum {
	LOAD_PAYLOAD_MIN = 32, /* the stamp of a message, see messages.c */
	LOAD_PAYLOAD_MAX = 1024 * 1024,
	LOAD_CONNECTIONS_MAX = 200000,
	LOAD_PAIRS_MAX = 1000000, /* of a publisher and a subscriber: each has a ledger */
	LOAD_FILTERS_MAX = 10000000,
	LOAD_RATE_MAX = 10000000,
	LOAD_WINDOW_MAX = 1000000,
	LOAD_GRACE_US = 2000000, /* beyond its time, for what a stall at its end has held up */
};

struct load_plan {
	const struct workload *workload;
	enum mqtt_version version;
	unsigned qos, publishers, subscribers, filters;
	unsigned payload; /* bytes */
	unsigned window;  /* messages, or connections, under way at most; closed loop */
	double rate; /* of them that are due each second, whatever comes back; open loop; 0: closed */
	uint64_t messages; /* or connections, of a storm */
	int64_t time_us;   /* to publish, or to hold idle connections */
	bool leave;        /* sessions and retained messages stay behind */
};

/* The usual numbers of the workload, for this many seconds, in MQTT 3.1.1. */
struct load_plan load_plan_usual(const struct workload *w, unsigned seconds);

/* Why it cannot be played, as a sentence in the arena; NULL: it can. */
const char *load_plan_objection(struct arena *a, const struct load_plan *p);

#endif
