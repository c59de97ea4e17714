/* The workloads that the load generator knows: who subscribes to what, and what is published where. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum workload_addressing {
	ADDRESS_ALL,   /* each message is for every subscriber */
	ADDRESS_ONE,   /* for one of them: one of its filters matches */
	ADDRESS_TOPIC, /* a topic of its own for each message */
};

struct workload {
	const char *name;
	enum workload_addressing addressing;
	bool wild;    /* its filters have wildcards */
	bool idle;    /* connections, and no message */
	bool deaf;    /* the last subscriber never reads */
	bool away;    /* sessions are kept, and subscribers leave before the first message */
	bool retains; /* messages are retained, and there are no subscribers */
};

enum { WORKLOAD_TEXT = 64 }; /* a topic, or a filter */

/* NULL: there is none of this name. */
const struct workload *workload_find(const char *name);

/* Whether it is done when all is acknowledged, since nobody receives anything. */
bool workload_ends_with_acks(const struct workload *w);

/* The filter with this number, of all of them. */
void workload_filter(const struct workload *w, uint64_t number, char text[static WORKLOAD_TEXT]);

/* Where the message with this number goes, of a publisher, when there are so many filters. */
void workload_topic(const struct workload *w, uint64_t number, uint64_t filters, unsigned publisher,
	char text[static WORKLOAD_TEXT]);

#endif
