/* An agent that has loaded all that it needs and forks for each case run, so that an interpreter does not
 * spend more time on loading than the case run on everything else. It says in its `hello` that it can.
 */
#ifndef HARNESS_PRELOAD_H
#define HARNESS_PRELOAD_H

#include <stdbool.h>

#include "harness/launch/program.h"

struct arena;
struct client;

struct preload {
	struct program program;
};

/* Launches it once, and has it fork once, to see that it can. False, with a sentence: each case run launches
 * it anew, as ever. `p` is valid either way.
 */
bool preload_start(
	struct preload *p, struct arena *a, const struct client *client, const char **error);

/* One more process of it; false when none comes. */
bool preload_fork(const struct preload *p, struct program *out);

/* Ends it, and whatever it has forked. */
void preload_stop(struct preload *p);

#endif
