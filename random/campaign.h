/* Scenarios, one after the other and several at a time, until the steps, the time, or the patience with a find
 * are over. What is found is made as short as it gets, and played three times more.
 *
 *	seed ──▶ scenarios ──▶ played ──▶ nothing
 *	                          └────▶ a find ──▶ minimised ──▶ three times in a row ──▶ kept
 */
#ifndef RANDOM_CAMPAIGN_H
#define RANDOM_CAMPAIGN_H

#include "random/scenario.h"
#include "random/venue.h"

enum { FINDS_MAX = 64 };

/* What tells one find from another. */
struct find {
	size_t number;          /* from 1 */
	const char *statement;  /* "5.0:MQTT-4.5.0-1"; or "" */
	const char *difference; /* "missing"; or the verdict of what is no failure */
	const char *expected, *actual;
	uint64_t seed;                    /* of the scenario that has shown it first */
	size_t after_steps;               /* that had been played by then */
	size_t times;                     /* scenarios that have shown it */
	struct scenario shortest;         /* of those that have: minimised, if `confirmed` */
	bool careful;                     /* it shows with a settlement after each step */
	bool confirmed;                   /* three times in a row */
	const struct record_case *record; /* of the last of them; or NULL */
};

struct campaign_progress {
	size_t scenarios, steps, finds, faded;
	double seconds;
	size_t minimising; /* steps of the scenario that is being minimised; 0: none is */
};

struct campaign_config {
	struct venue *venue;
	uint64_t seed;
	const struct profile *profile;
	struct scenario_size size;
	size_t steps;        /* of all scenarios together; 0: no limit */
	int64_t deadline_us; /* monotonic; 0: none */
	int64_t minimise_us; /* for one find */
	unsigned jobs;
	const struct scenario *only; /* instead of random ones, this one, once; or NULL */
	bool until_find;             /* stop at the first one that is confirmed */
	const char *folder;          /* captures go to folder/pcap/; or NULL */
	void *user;
	void (*progress)(void *user, const struct campaign_progress *p); /* or NULL */
	/* For the first time; `find` has its number, and nothing else yet but what `record` says. */
	void (*suspected)(void *user, const struct find *find, const struct scenario *s,
		const struct record_case *record);
	void (*found)(void *user, const struct find *find); /* it is confirmed */
};

enum campaign_end {
	CAMPAIGN_DONE,
	CAMPAIGN_INTERRUPTED,
	CAMPAIGN_LOST, /* the target answers no more ... */
	CAMPAIGN_DIED, /* ... for it has ended: `death` says how, `during` which seeds were being played */
};

struct campaign {
	const struct campaign_config *config;
	struct arena arena;
	struct find finds[FINDS_MAX];
	size_t find_count;
	struct campaign_progress progress;
	size_t inconclusive;       /* scenarios that have said nothing ... */
	struct record_death death; /* CAMPAIGN_DIED */
	const char *why;           /* ... the last of them, why; or NULL */
};

enum campaign_end random_campaign_run(struct campaign *c, const struct campaign_config *config);
void random_campaign_fini(struct campaign *c);

#endif
