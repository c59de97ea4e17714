/* From a symptom to the exchange that brings it about: the suspects are played again, each by itself and then all
 * together; the one that shows it is cut down, and then has to show it three times on a target just launched.
 */
#ifndef FUZZ_HUNT_H
#define FUZZ_HUNT_H

#include "fuzz/exchange.h"
#include "fuzz/site.h"
#include "fuzz/symptom.h"
#include "harness/evidence/tape.h"

enum { HUNT_REPLAYS = 3 };

/* What became of a symptom. */
struct find {
	struct symptom symptom;
	struct exchange exchange; /* count 0: none was found that shows it again */
	unsigned replays;         /* of HUNT_REPLAYS, that showed it */
	unsigned tried;           /* exchanges, to get there */
	size_t steps_before;      /* of the exchange, before it was cut down */
	struct tape tape;         /* of the last replay */
	bool taped;
};

struct hunt {
	struct site *site;
	const struct exchange *const *suspects; /* the likeliest first ... */
	size_t suspect_count;
	size_t together; /* ... and so many of them, the newest first, are played together at last */
	int64_t limit_us;    /* for the witnesses */
	int64_t deadline_us; /* of cutting down */
};

/* Everything is in the arena. False: nothing shows it again. */
bool hunt_run(
	const struct hunt *h, struct arena *a, const struct symptom *symptom, struct find *out);

/* Whether this exchange shows it HUNT_REPLAYS times: fills in replays and tape. */
void hunt_confirm(const struct hunt *h, struct arena *a, struct find *find);

#endif
