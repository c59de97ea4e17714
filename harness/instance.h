/* The target of one case run alone, which that run may stop and start again. The runner makes it
 * (runner/own_target.h), the verbs use it (language/restarts.c), in the process of the case run.
 *
 *   start ──▶ (running) ──▶ signal ──▶ ended, asked until it is true ──▶ start again
 *
 * What it stores, and where it listens, stays the same from one start to the next.
 */
#ifndef HARNESS_INSTANCE_H
#define HARNESS_INSTANCE_H

#include <stdbool.h>

struct arena;
struct record_death;

enum instance_status {
	INSTANCE_UP,
	INSTANCE_DOWN,   /* it ended before it was up */
	INSTANCE_LATE,   /* it was not up in time, by a clock of ours that accuses nobody */
	INSTANCE_ROBBED, /* nor could it: somebody else has its port by now */
};

struct instance {
	const char *name;      /* for people */
	const char *stop_name; /* of the signal that tells it to stop: "SIGTERM" */
	unsigned stop_ms;      /* how long that may take */

	/* Waits until it accepts connections and answers; else *why is a sentence in the arena, with its last
	 * words.
	 */
	enum instance_status (*start)(struct instance *i, struct arena *a, const char **why);

	/* Tells it to stop, or kills it. */
	void (*signal)(struct instance *i, bool orderly);

	/* Whether it has ended, with all that it had started; waits for that up to `wait_ms`. */
	bool (*ended)(struct instance *i, int wait_ms);

	/* Once it has ended: whether it was by a fault, or else only by what `told` says: to stop. */
	bool (*died)(struct instance *i, bool told, struct arena *a, struct record_death *death);

	/* The last lines that it has written, over all its starts; in the arena. */
	const char *(*said)(struct instance *i, struct arena *a);

	/* Ends it at once; harmless when it does not run. */
	void (*end)(struct instance *i);
};

#endif
