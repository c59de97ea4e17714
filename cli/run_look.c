#include <string.h>

#include "cli/run.h"
#include "harness/versions.h"

static const struct case_def *surveyed_case(const struct run *run)
{
	for (size_t i = 0; i < run->case_count; i++)
		if (run->cases[i]->surveyed)
			return run->cases[i];
	return NULL;
}

/* Of the shards of one run one tells of it. */
static bool is_ours(const struct run_options *o, const struct case_def *def)
{
	return !o->shards || shard_of(def->id, o->shards) == o->shard;
}

void run_look(struct run *run)
{
	const struct run_options *o = &run->options;
	const struct case_def *def = surveyed_case(run);
	const struct play common = {
		.transport = run->routes.list[0],
		.target = target_endpoint(&run->target, run->routes.list[0]),
		.seed = o->seed,
		.slack_us = (int64_t)o->slack_ms * 1000 + run->round_trip.most_us,
		.round_trip = run->round_trip,
	};

	if (!def)
		return;
	survey_look(&run->arena, def, &common, o->pcap == PCAP_NONE ? NULL : o->out, run->surveys);
	for (int i = 0; i < VERSION_COUNT; i++)
		if (run->surveys[i].broken && is_ours(o, def))
			plan_add(&run->arena, &run->plan, def, version_at(i), run->routes.list[0]);
	run->record.planned = run->plan.count;
}
