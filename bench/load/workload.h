/* The workloads: what the clients of each do, as a row of a table.
 *
 * There are up to three things to do, one after another; what is measured is the last of them:
 *
 *	gather    the subscribers connect and subscribe     (not where they come late)
 *	publish   the publishers publish
 *	release   the subscribers come, and get what was kept for them
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum workload_addressing {
	ADDRESS_ALL,   /* a publisher has one topic, and each message is for every subscriber */
	ADDRESS_ONE,   /* each is for one subscriber: one of its filters matches */
	ADDRESS_TOPIC, /* a topic of its own for each message; for every subscriber */
};

enum workload_measure {
	MEASURE_MESSAGES,    /* from the time that one was due to its arrival */
	MEASURE_ACKS,        /* ... to its last acknowledgement: nobody receives anything */
	MEASURE_RELEASE,     /* from the coming of a subscriber to each arrival */
	MEASURE_CONNECTIONS, /* from the time that one was due to its CONNACK */
};

struct workload {
	const char *name;
	const char *summary; /* a sentence without its full stop */
	enum workload_addressing addressing;
	enum workload_measure measure;
	bool wild;    /* its filters have wildcards */
	bool deaf;    /* the last subscriber never reads */
	bool away;    /* sessions are kept, and subscribers leave before the first message */
	bool retains; /* messages are retained */
	bool churn;   /* connections end as soon as they are made, and others take their place */
	bool usual;   /* played when none is named */

	/* Unless somebody says otherwise; 0: does not apply. */
	unsigned qos, publishers, subscribers, filters, window;
	uint64_t messages; /* 0: as many as the time allows */
};

extern const struct workload workloads[];
extern const size_t workload_count;

/* NULL: there is none of this name. */
const struct workload *workload_find(const char *name);

/* Whether its subscribers receive messages, which have to be accounted for. */
bool workload_delivers(const struct workload *w);

/* Whether all messages of a publisher for a subscriber have the same topic, so their order is promised. */
bool workload_keeps_order(const struct workload *w);

/* Names of one play: nothing of another play, or of anybody else, is like them. */
struct workload_names {
	const struct workload *workload;
	const char *prefix; /* the first level of all topics */
	unsigned filters;   /* of each subscriber */
};

enum { WORKLOAD_TEXT = 96 }; /* a topic, or a filter */

/* Filter `number` of a subscriber. */
void workload_filter(const struct workload_names *n, unsigned subscriber, unsigned number,
	char text[static WORKLOAD_TEXT]);

/* Where message `number` goes, of those of this publisher that are for this subscriber. */
void workload_topic(const struct workload_names *n, unsigned publisher, unsigned subscriber,
	uint64_t number, char text[static WORKLOAD_TEXT]);

#endif
