/* A server without sockets, which obeys a scenario and tells the model what it does: a good one in several legal
 * ways, and bad ones.
 */
#ifndef TESTS_UNIT_SIMULATED_SERVER_H
#define TESTS_UNIT_SIMULATED_SERVER_H

#include <stdbool.h>

#include "base/arena.h"
#include "random/model/model.h"

/* What it may do, legally, this way or that. */
struct habits {
	bool copy_each;  /* one copy for each subscription that matches, not one for all of them */
	bool keeps_qos0; /* QoS 0 messages wait for a client, too */
	bool copies_twice; /* QoS 1 messages come twice */
};

/* One rule that it breaks. */
enum flaw {
	FLAWLESS,
	FORGETS_SESSIONS, /* though it says that they are there */
	KEEPS_SESSIONS,   /* over a Clean Start */
	LOSES_QUEUE,
	REVERSES_QUEUE,
	LOSES_TENTH,
	REPEATS_QOS2,
	LOWERS_QOS,
	LOWEST_OF_OVERLAP,
	KEEPS_REMOVED, /* an empty retained message removes nothing */
	STORES_NOTHING,
	FLAGS_LIVE,   /* RETAIN 1 in what is forwarded */
	FLAGS_STORED, /* RETAIN 0 in what comes from the store */
	IGNORES_NO_LOCAL,
	IGNORES_HANDLING,
	IGNORES_UNSUBSCRIBE,
	LOSES_IDENTIFIERS,
	SHARES_WITH_ALL,
	SHARES_WITH_NOBODY,
	WILLS_NEVER,
	WILLS_ALWAYS,
	MESSAGES_FOR_EVER, /* no Message Expiry Interval ... */
	INTERVALS_STAY,    /* ... or it stays as it was published */
	SESSIONS_FOR_EVER,
	WILLS_AT_ONCE, /* no Will Delay Interval */
	FLAWS,
};

/* Plays the scenario with a settlement after each step. False: the model has found *fault, whose texts are in the
 * arena.
 */
bool simulate(struct arena *a, const struct scenario *s, struct habits habits, enum flaw flaw,
	struct model_fault *fault);

#endif
