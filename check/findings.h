/* The findings of one connection: what is told of them, and how many there are. */
#ifndef CHECK_FINDINGS_H
#define CHECK_FINDINGS_H

#include "base/arena.h"
#include "check/finding.h"
#include "check/recent.h"

enum {
	FINDINGS_TOLD = 24,       /* in full, of one connection ... */
	FINDINGS_TOLD_OF_ONE = 3, /* ... and of one statement broken by one side of it */
};

/* All 0: none. */
struct findings {
	struct arena arena; /* from the first finding on */
	bool any;
	struct check_finding *list;
	size_t count, capacity;
	size_t followed; /* those before it have their line of the packet after them */
	size_t reported; /* those before it have been handed out */
	struct finding_tally *tallies;
	size_t tally_count, tally_capacity;
	uint64_t totals[2]; /* by enum side */
};

/* `recent` ends with the packet that is to blame, if `of_packet`, else with what came before it. */
void findings_add(struct findings *f, const struct recent *recent, enum mqtt_version version,
	const struct check_finding *finding, bool of_packet);

/* A packet has come: it is the line after the last finding. */
void findings_go_on(struct findings *f, const struct recent *recent, enum mqtt_version version);

bool findings_are_left(const struct findings *f); /* that have not been handed out */

/* The next of them; after findings_go_on, or at the end of the connection. NULL: none. */
const struct check_finding *findings_next(struct findings *f);

void findings_fini(struct findings *f);

#endif
