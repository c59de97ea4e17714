#include "bench/load/plan.h"

#include "base/arena.h"
#include "bench/load/workload.h"

enum { PAYLOAD = 64 };

struct load_plan load_plan_usual(const struct workload *w, unsigned seconds)
{
	return (struct load_plan){
		.workload = w,
		.version = MQTT_311,
		.qos = w->qos,
		.publishers = w->publishers,
		.subscribers = w->subscribers,
		.filters = w->filters,
		.payload = PAYLOAD,
		.window = w->window,
		.messages = w->messages ? w->messages : LOAD_UNLIMITED,
		.time_us = (int64_t)seconds * 1000000,
	};
}

static const char *numbers_objection(struct arena *a, const struct load_plan *p)
{
	const char *name = p->workload->name;
	bool publishes = p->workload->measure != MEASURE_CONNECTIONS;

	if (publishes && !p->publishers)
		return arena_printf(a, "%s needs a publisher", name);
	if (p->workload->subscribers && !p->subscribers)
		return arena_printf(a, "%s needs a subscriber", name);
	if (p->workload->deaf && p->subscribers < 2)
		return arena_printf(
			a, "%s needs two subscribers: one that reads, and one that does not", name);
	if (p->workload->filters && !p->filters)
		return arena_printf(a, "%s needs a filter for each subscriber", name);
	if ((uint64_t)p->publishers + p->subscribers > LOAD_CONNECTIONS_MAX)
		return arena_printf(a, "%s: more than %d connections", name, LOAD_CONNECTIONS_MAX);
	if ((uint64_t)p->publishers * p->subscribers > LOAD_PAIRS_MAX)
		return arena_printf(a,
			"%s: more than %d pairs of a publisher and a subscriber, each of which is "
			"kept account of",
			name, LOAD_PAIRS_MAX);
	if (p->workload->addressing != ADDRESS_ONE && p->filters > 1)
		return arena_printf(a, "%s has one filter for each subscriber", name);
	if ((uint64_t)p->filters * p->subscribers > LOAD_FILTERS_MAX)
		return arena_printf(a, "%s: more than %d filters", name, LOAD_FILTERS_MAX);
	return NULL;
}

const char *load_plan_objection(struct arena *a, const struct load_plan *p)
{
	const struct workload *w = p->workload;
	const char *objection = numbers_objection(a, p);

	if (objection)
		return objection;
	if (!p->qos && (w->measure == MEASURE_ACKS || w->measure == MEASURE_RELEASE))
		return arena_printf(
			a, "%s takes QoS 1 or 2: acknowledgements say that it is stored", w->name);
	bool timed = w->measure == MEASURE_MESSAGES || w->measure == MEASURE_ACKS || w->churn;
	if (p->rate > 0 && !timed)
		return arena_printf(a, "%s has no rate: the broker sets the pace", w->name);
	if (w->measure == MEASURE_RELEASE && p->messages == LOAD_UNLIMITED)
		return arena_printf(a, "%s needs a number of messages", w->name);
	bool ends = w->measure == MEASURE_CONNECTIONS && !w->churn;
	if (p->messages == LOAD_UNLIMITED && !p->time_us && !ends)
		return arena_printf(a, "%s needs an end: a number of messages, or a time", w->name);
	return NULL;
}
