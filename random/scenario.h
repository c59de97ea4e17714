/* Scenarios from a seed: the same seed, size and profile make the same one, today and elsewhere. */
#ifndef RANDOM_SCENARIO_H
#define RANDOM_SCENARIO_H

#include "random/profile.h"
#include "random/step.h"

struct arena;

struct scenario_size {
	unsigned clients;  /* 2 to 8; 0: as many as the seed says */
	unsigned steps;    /* 1 to SCENARIO_STEPS_MAX */
	unsigned versions; /* mask of V311 (1) and V50 (2) of harness/case.h */
	unsigned
		ways; /* mask of what connections may travel over, by their number in names.h; 0: all are usual */
};

void random_scenario(struct arena *a, uint64_t seed, const struct profile *profile,
	const struct scenario_size *size, struct scenario *out);

#endif
