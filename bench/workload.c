#include "bench/workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct workload workloads[] = {
	{ "fan-in", ADDRESS_ALL, .wild = true },
	{ "fan-out", ADDRESS_ALL, .wild = true },
	{ "stalled", ADDRESS_ALL, .wild = true, .deaf = true },
	{ "wildcards", ADDRESS_ONE, .wild = true },
	{ "idle", ADDRESS_ALL, .idle = true },
	{ "kept", ADDRESS_ONE, .away = true },
	{ "retained", ADDRESS_TOPIC, .retains = true },
};

const struct workload *workload_find(const char *name)
{
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
		if (!strcmp(workloads[i].name, name))
			return &workloads[i];
	return NULL;
}

bool workload_ends_with_acks(const struct workload *w)
{
	return w->away || w->retains;
}

void workload_filter(const struct workload *w, uint64_t number, char text[static WORKLOAD_TEXT])
{
	if (w->addressing == ADDRESS_ONE)
		snprintf(text, WORKLOAD_TEXT, "load/%" PRIu64 "/%s", number,
			w->wild ? "+/value" : "value");
	else
		snprintf(text, WORKLOAD_TEXT, "load/#");
}

void workload_topic(const struct workload *w, uint64_t number, uint64_t filters, unsigned publisher,
	char text[static WORKLOAD_TEXT])
{
	uint64_t filter = w->addressing == ADDRESS_ONE ? number * 7919 % filters : 0;

	switch (w->addressing) {
	case ADDRESS_ALL: snprintf(text, WORKLOAD_TEXT, "load/topic/%u", publisher); break;
	case ADDRESS_TOPIC: snprintf(text, WORKLOAD_TEXT, "load/topic/%" PRIu64, number); break;
	case ADDRESS_ONE:
		if (w->wild)
			snprintf(text, WORKLOAD_TEXT, "load/%" PRIu64 "/x%u/value", filter,
				publisher);
		else
			snprintf(text, WORKLOAD_TEXT, "load/%" PRIu64 "/value", filter);
		break;
	}
}
