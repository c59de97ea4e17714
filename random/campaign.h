/* Scenarios, one after the other and several at a time, until the steps, the time, or the patience with a find
 * are over. What is found is made as short as it gets, and played three times more.
 *
 *	seed ──▶ scenarios ──▶ played ──▶ nothing
 *	                          ├────▶ a find ──▶ minimised ──▶ three times in a row ──▶ kept
 *	                          └────▶ the target has ended ──▶ launched again, and each suspect played alone
 */
#ifndef RANDOM_CAMPAIGN_H
#define RANDOM_CAMPAIGN_H

#include "random/find.h"
#include "random/scenario.h"
#include "random/venue.h"

enum { FINDS_MAX = 64 };

struct campaign_progress {
	size_t scenarios, steps, finds, faded;
	double seconds;
	double inquiring;  /* of these, those in which a find was looked into */
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
	/* The target has ended, or serves nobody; `death->during` has those that were played. */
	void (*died)(void *user, const struct record_death *death);
};

enum campaign_end {
	CAMPAIGN_DONE,
	CAMPAIGN_INTERRUPTED,
	CAMPAIGN_LOST, /* the target answers no more; `why` says more */
};

struct campaign {
	const struct campaign_config *config;
	int64_t began_us;
	struct arena arena;
	struct find finds[FINDS_MAX];
	size_t find_count;
	struct campaign_progress progress;
	size_t inconclusive;    /* scenarios that have said nothing, in a row ... */
	const char *why;        /* ... the last of them, why; or NULL */
	struct scenario killer; /* of which the target died while another find was looked into */
	bool has_killer;
	size_t unexplained; /* deaths that no scenario has brought about by itself */
	struct campaign_slots *slots;
};

enum campaign_end random_campaign_run(struct campaign *c, const struct campaign_config *config);
void random_campaign_fini(struct campaign *c);

#endif
