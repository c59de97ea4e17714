/* What a scenario is mostly about: weights of the steps, and how often they have which options. */
#ifndef RANDOM_PROFILE_H
#define RANDOM_PROFILE_H

#include <stddef.h>

#include "random/step.h"

struct profile {
	const char *name, *summary;
	unsigned weights
		[STEP_KINDS]; /* of the steps of a client that is connected; CONNECT: a take-over */
	/* Of a hundred: */
	unsigned clocks; /* of messages, sessions and Wills that have one */
	unsigned retain, empty, properties, half, kept, will, shared, clean, away;
};

extern const struct profile
	profiles[]; /* the first is the usual one; NULL as the name of the last */

const struct profile *profile_find(const char *name); /* NULL: there is none */

#endif
