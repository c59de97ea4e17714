/* What came of a play. */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/figures/series.h"
#include "bench/load/plan.h"

enum { RESULT_TEXT = 256, RESULT_STATEMENT = 48 };

/* What became of the messages that subscribers were to get. */
struct result_account {
	uint64_t expected;  /* deliveries: each message as often as there are subscribers for it */
	uint64_t delivered; /* each once */
	uint64_t lost;      /* they have not come */
	uint64_t proven;    /* of these: a later message on the same way has come instead */
	uint64_t doubles;   /* deliveries of what had come before */
	uint64_t late;      /* came after a later one of the same publisher */
	uint64_t unknown;   /* late or double: too much was missing to tell */
	uint64_t stray;     /* came to a subscriber none of whose filters they match */
	uint64_t foreign;   /* messages of somebody else */
	bool ordered;       /* whether the order was promised, so that `late` means something */
};

struct result {
	struct load_plan plan;
	char error[RESULT_TEXT]; /* why it could not be played to its end; "": it was */
	bool interrupted;
	int64_t began_us, ended_us; /* of what is measured, by the monotonic clock */
	uint64_t sent, acknowledged;
	uint64_t refused; /* of those sent, by a Reason Code: the broker owes nothing for them */
	uint64_t unsent;  /* were due, in an open loop, and had no room to be sent in its time */
	uint64_t done;    /* what the rate counts: deliveries, acknowledgements or connections */
	struct result_account account;
	struct series latency;
	double target_cpu_s; /* of the target, if its process is known */
	long long target_memory_bytes, target_memory_before_bytes;
	double own_cpu_s, own_wait_s; /* of ourselves: at work, and waiting for a processor ... */
	double own_span_s;            /* ... in so long a time */
	struct histogram own_late;    /* how much later than due we sent, where there was room */
};

/* Frees what it holds. */
void result_fini(struct result *r);

double result_seconds(const struct result *r);
double result_rate(const struct result *r);

/* What each of the connections that stay takes of the target's memory. Negative: nobody knows, or the workload is
 * not about connections that stay; 0: it took no more for them than it had taken for what came before them.
 */
double result_bytes_each(const struct result *r);

/* Whether the load generator had no time left, so that the figures are its own rather than the target's. */
bool result_is_saturated(const struct result *r);

/* Whether it sent so late, of its own accord, that this is much of the latency of an open loop. */
bool result_is_late(const struct result *r);

/* Whether messages are missing that QoS 1 or 2 promises, and nothing proves that they are lost. */
bool result_is_unclear(const struct result *r);

/* Messages that a queue did not take: lost, that is proven, for clients that were away. A broker may bound what it keeps
 * for them, so this is a figure, and no accusation.
 */
uint64_t result_unqueued(const struct result *r);

/* A promise of the standard that was broken. */
struct result_break {
	char statement[RESULT_STATEMENT]; /* "3.1.1:MQTT-4.5.0-1" */
	char text[RESULT_TEXT];
};

enum { RESULT_BREAKS_MAX = 4 };

/* Returns how many there are. */
unsigned result_breaks(const struct result *r, struct result_break out[static RESULT_BREAKS_MAX]);

#endif
