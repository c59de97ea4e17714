/* `mqttspec random`: its options, and what it tells. */
#ifndef CLI_RANDOM_H
#define CLI_RANDOM_H

#include "cli/run.h"
#include "random/campaign.h"

struct random_options {
	const struct profile *profile;
	unsigned clients;        /* 0: by the seed */
	unsigned scenario_steps; /* of each scenario */
	size_t steps;            /* of all; 0: no limit */
	unsigned time_s;         /* 0: no limit */
	bool timed;              /* it was asked for, also if it is 0 */
	unsigned minimise_s;     /* for one find */
	const char *play;        /* a file with a scenario; or NULL */
	bool first;              /* stop at the first find */
	bool routed;             /* --transports was given */
};

/* Who is told, and where. */
struct random_view {
	struct run *run;
	const struct random_options *options;
	size_t told;     /* finds */
	size_t deaths;   /* of the target */
	size_t left;     /* sessions and retained messages that could not be cleared */
	bool line;       /* a line of progress stands on the screen */
	int64_t line_us; /* monotonic: since when */
	bool unwritten;  /* evidence could not be */
};

extern const char random_help[];

void random_tell_progress(void *user, const struct campaign_progress *p);
void random_keep_suspicion(void *user, const struct find *find, const struct scenario *s,
	const struct record_case *record);
void random_tell_find(void *user, const struct find *find);
void random_tell_death(void *user, const struct record_death *death);
void random_tell_end(struct random_view *v, const struct campaign *c, enum campaign_end end);

#endif
