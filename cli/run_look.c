#include <string.h>

#include "cli/run.h"
#include "harness/versions.h"

enum {
	SERVER_SLACK_MS = 750, /* 1.5 Keep Alives of 1 s, in whole seconds, are 2 s */
	CLIENT_SLACK_MS =
		500, /* less than the tenth of a Keep Alive of 6 s that some are late by */
};

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

int64_t run_slack_us(const struct run *run)
{
	unsigned ms = run->options.slack_ms;

	if (ms == SLACK_BY_ROLE)
		ms = run->role == ROLE_SERVER ? SERVER_SLACK_MS : CLIENT_SLACK_MS;
	return (int64_t)ms * 1000;
}

void run_look(struct run *run)
{
	const struct run_options *o = &run->options;
	const struct case_def *def = surveyed_case(run);
	const struct play common = {
		.transport = run->routes.list[0],
		.target = target_endpoint(&run->target, run->routes.list[0]),
		.seed = o->seed,
		.slack_us = run_slack_us(run) + run->round_trips[0].most_us,
		.round_trip = run->round_trips[0],
	};
	const struct survey_evidence kept = {
		.folder = o->pcap == PCAP_NONE ? NULL : o->out,
		.wire = o->wire,
	};

	if (!def)
		return;
	survey_look(&run->arena, def, &common, &kept, run->surveys);
	for (int i = 0; i < VERSION_COUNT; i++)
		if (run->surveys[i].broken && is_ours(o, def))
			plan_add(&run->arena, &run->plan, def, version_at(i), run->routes.list[0]);
	run->record.planned = run->plan.count;
}
