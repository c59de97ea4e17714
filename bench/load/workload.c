#include "bench/load/workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Coprime to any number of filters that people ask for, so that all are met, none after its neighbour, and
 * each publisher and each subscriber is elsewhere.
 */
enum { STRIDE = 7919, OFFSET = 104729, SHIFT = 611953 };

const struct workload workloads[] = {
	{
		.name = "fan-in",
		.summary = "many publishers, one subscriber gets everything",
		.addressing = ADDRESS_ALL,
		.measure = MEASURE_MESSAGES,
		.wild = true,
		.usual = true,
		.publishers = 10,
		.subscribers = 1,
		.filters = 1,
		.window = 1000,
	},
	{
		.name = "fan-out",
		.summary = "one publisher, many subscribers get everything",
		.addressing = ADDRESS_ALL,
		.measure = MEASURE_MESSAGES,
		.wild = true,
		.usual = true,
		.publishers = 1,
		.subscribers = 100,
		.filters = 1,
		.window = 50,
	},
	{
		.name = "wildcards",
		.summary = "subscribers with many wildcard filters, one of which matches each "
			   "message",
		.addressing = ADDRESS_ONE,
		.measure = MEASURE_MESSAGES,
		.wild = true,
		.usual = true,
		.publishers = 10,
		.subscribers = 10,
		.filters = 1000,
		.window = 1000,
	},
	{
		.name = "stalled",
		.summary = "fan-in, and a second subscriber that never reads",
		.addressing = ADDRESS_ALL,
		.measure = MEASURE_MESSAGES,
		.wild = true,
		.deaf = true,
		.publishers = 10,
		.subscribers = 2,
		.filters = 1,
		.window = 1000,
	},
	{
		.name = "kept",
		.summary = "messages for sessions whose clients are away, until they are "
			   "acknowledged",
		.addressing = ADDRESS_ONE,
		.measure = MEASURE_ACKS,
		.away = true,
		.qos = 1,
		.publishers = 10,
		.subscribers = 10,
		.filters = 1,
		.window = 1000,
	},
	{
		.name = "drain",
		.summary = "clients come back to their sessions and get what was queued for them",
		.addressing = ADDRESS_ALL,
		.measure = MEASURE_RELEASE,
		.wild = true,
		.away = true,
		.usual = true,
		.qos = 1,
		.publishers = 1,
		.subscribers = 2,
		.filters = 1,
		.window = 200,
		.messages = 10000,
	},
	{
		.name = "retained",
		.summary = "retained messages, each on a topic of its own, until they are "
			   "acknowledged",
		.addressing = ADDRESS_TOPIC,
		.measure = MEASURE_ACKS,
		.retains = true,
		.qos = 1,
		.publishers = 10,
		.window = 1000,
	},
	{
		.name = "flood",
		.summary = "a new subscription gets very many retained messages",
		.addressing = ADDRESS_TOPIC,
		.measure = MEASURE_RELEASE,
		.wild = true,
		.retains = true,
		.usual = true,
		.qos = 1,
		.publishers = 1,
		.subscribers = 1,
		.filters = 1,
		.window = 200,
		.messages = 10000,
	},
	{
		.name = "storm",
		.summary = "connections made and ended, as fast as the broker takes them",
		.measure = MEASURE_CONNECTIONS,
		.churn = true,
		.usual = true,
		.window = 50,
	},
	{
		.name = "idle",
		.summary = "connections that are made and kept, and say nothing",
		.measure = MEASURE_CONNECTIONS,
		.usual = true,
		.subscribers = 1000,
	},
};

const size_t workload_count = sizeof(workloads) / sizeof(*workloads);

const struct workload *workload_find(const char *name)
{
	for (size_t i = 0; i < workload_count; i++)
		if (!strcmp(workloads[i].name, name))
			return &workloads[i];
	return NULL;
}

bool workload_delivers(const struct workload *w)
{
	return w->measure == MEASURE_MESSAGES || w->measure == MEASURE_RELEASE;
}

bool workload_keeps_order(const struct workload *w)
{
	return workload_delivers(w) && w->addressing == ADDRESS_ALL;
}

void workload_filter(const struct workload_names *n, unsigned subscriber, unsigned number,
	char text[static WORKLOAD_TEXT])
{
	if (n->workload->addressing == ADDRESS_ONE)
		snprintf(text, WORKLOAD_TEXT, "%s/%" PRIu64 "/%s", n->prefix,
			(uint64_t)subscriber * n->filters + number,
			n->workload->wild ? "+/value" : "value");
	else
		snprintf(text, WORKLOAD_TEXT, "%s/#", n->prefix);
}

static void topic_of_one(const struct workload_names *n, unsigned publisher, unsigned subscriber,
	uint64_t number, char text[static WORKLOAD_TEXT])
{
	uint64_t begin = (uint64_t)publisher * OFFSET + (uint64_t)subscriber * SHIFT;
	uint64_t place = (number * STRIDE + begin) % n->filters;
	uint64_t filter = (uint64_t)subscriber * n->filters + place;

	if (n->workload->wild)
		snprintf(text, WORKLOAD_TEXT, "%s/%" PRIu64 "/x%u/value", n->prefix, filter,
			publisher);
	else
		snprintf(text, WORKLOAD_TEXT, "%s/%" PRIu64 "/value", n->prefix, filter);
}

void workload_topic(const struct workload_names *n, unsigned publisher, unsigned subscriber,
	uint64_t number, char text[static WORKLOAD_TEXT])
{
	switch (n->workload->addressing) {
	case ADDRESS_ALL: snprintf(text, WORKLOAD_TEXT, "%s/topic/%u", n->prefix, publisher); break;
	case ADDRESS_TOPIC:
		snprintf(text, WORKLOAD_TEXT, "%s/topic/%u-%" PRIu64, n->prefix, publisher, number);
		break;
	case ADDRESS_ONE: topic_of_one(n, publisher, subscriber, number, text); break;
	}
}
