/* The shortest scenario that still shows what a longer one has shown: first without some of its clients, then
 * without stretches of steps, of half its length down to one, then with its steps made plainer. What a step needs
 * may go before it: steps that make no sense any more are passed over when a scenario is played.
 */
#ifndef RANDOM_MINIMISE_H
#define RANDOM_MINIMISE_H

#include "random/step.h"

struct arena;

struct minimiser {
	/* Whether the candidate still shows it. */
	bool (*shows)(void *user, const struct scenario *candidate);
	bool (*is_over)(void *user); /* there is no more time */
	void *user;
};

/* *out is in the arena, and shows it: it is *from, or a candidate that has. */
void minimise(struct arena *a, const struct scenario *from, const struct minimiser *how,
	struct scenario *out);

#endif
