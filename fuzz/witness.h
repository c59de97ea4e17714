/* Clients that keep every rule while others break them: one subscribes, one publishes to it at QoS 1, and a
 * newcomer connects now and then. What happens to the others must not reach them: each message arrives once, as
 * it was sent, the connections stay, and new ones are served.
 *
 * Their time is counted in short turns, so that a machine that stood still uses none of it up.
 */
#ifndef FUZZ_WITNESS_H
#define FUZZ_WITNESS_H

#include <poll.h>

#include "fuzz/talk.h"

struct endpoint;

enum { WITNESS_PUBLISHER, WITNESS_SUBSCRIBER, WITNESS_NEWCOMER, WITNESS_TALKS };

enum { WITNESS_FINDINGS_MAX = 8 };

struct witness {
	const struct endpoint *endpoint;
	enum mqtt_version version;
	unsigned number;  /* of all witnesses: ClientIds and topic are made with it */
	int64_t limit_us; /* for anything that they wait for */

	struct arena arena, words;
	struct talk talks[WITNESS_TALKS];
	bool started[WITNESS_TALKS];
	bool subscribed;
	unsigned sent, arrived; /* messages */
	bool acknowledged;      /* PUBACK for the last one */
	int64_t own_us;         /* time that has passed, for the witness */
	int64_t turn_us;        /* of the last turn, monotonic */
	int64_t asked_us;       /* since when something is waited for, on its own clock */
	int64_t next_us;        /* of the next message, the same */
	int64_t newcomer_us;    /* since when the newcomer waits, or when the next one is due */
	bool newcomer_left;     /* the one there was: its connection is still to end */
	char trouble[256];      /* what was done to them; "" if nothing */

	/* What the monitor found in what they were sent, and nobody has taken yet. */
	struct finding findings[WITNESS_FINDINGS_MAX];
	size_t finding_count;
};

/* Connects. False, with the trouble, when there is no connection. */
bool witness_start(struct witness *w, const struct endpoint *endpoint, enum mqtt_version version,
	unsigned number, int64_t limit_us);
void witness_end(struct witness *w);

/* Their time has passed, too, while we waited for the target elsewhere: its queue of connections may be full. */
void witness_waited(struct witness *w, int64_t waited_us);

/* Does what is due. False: there is trouble. */
bool witness_turn(struct witness *w);
size_t witness_poll(const struct witness *w, struct pollfd *fds, size_t count, size_t max);

/* Waits until one more message has passed; the same. Also false, without trouble, when `stop_fd` is readable (-1:
 * never).
 */
bool witness_passes(struct witness *w, int stop_fd);

/* The oldest of the findings, which is removed from them; its texts last as long as the witness. False: there is none. */
bool witness_take_finding(struct witness *w, struct finding *out);

#endif
