/* One exchange, played by itself, and what the target shows of it. */
#ifndef FUZZ_TRIAL_H
#define FUZZ_TRIAL_H

#include "fuzz/exchange.h"
#include "fuzz/site.h"
#include "fuzz/symptom.h"

struct tape;

struct trial {
	struct site *site;
	struct player player;
	struct symptom wanted; /* kind SYMPTOM_NONE: whatever shows */
	int64_t limit_us;      /* for the witnesses */
	unsigned plays;        /* of each of two series, for what leaks */
};

void trial_init(struct trial *t, struct site *site, const struct symptom *wanted, int64_t limit_us);
void trial_fini(struct trial *t);

/* Launches the target first, if it is dead. True: it shows what is wanted, which is in *seen. `tape` may be NULL. */
bool trial_shows(
	struct trial *t, const struct exchange *e, struct tape *tape, struct symptom *seen);

#endif
