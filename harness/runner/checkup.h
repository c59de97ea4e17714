/* Does the target still serve a plain client? Asked on fresh connections, off the record, by a process of
 * its own: CONNECT, SUBSCRIBE to a topic of the run, PUBLISH to it at QoS 0; the message has to come back.
 *
 *   checkup_start ──▶ checkup_look (whenever checkup.worker.fd is readable) ──▶ its result
 *         └─────────▶ checkup_stop (at any time)
 *
 * Time is counted in short waits, so that a machine that stood still uses up none of it.
 */
#ifndef HARNESS_CHECKUP_H
#define HARNESS_CHECKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/runner/worker.h"
#include "harness/transport/endpoint.h"
#include "spec/spec.h"

enum checkup_result {
	CHECKUP_RUNS,   /* no result yet */
	CHECKUP_SERVED, /* all went as it should */
	CHECKUP_MUTE,   /* there was a connection, but no answer */
	CHECKUP_SHUT,   /* it closed connections before any answer, as often as was tried */
	CHECKUP_OTHER, /* no connection, a refusal, a later close: not well, but neither of these */
};

struct checkup {
	const struct endpoint *target;
	enum mqtt_version version;
	const char *prefix; /* begins ClientIds and topics; borrowed */
	unsigned serial;    /* of the next connection */
	int64_t limit_us;   /* a target that gives no answer for this long is mute ... */
	int64_t answer_us;  /* ... and so is one that closes the connection after this long */
	unsigned exchanges; /* one after the other, each on a connection of its own */
	/* It is asked again, after a pause, when it has closed a connection before any answer: so many
	 * connections in a row, and at least one. A limit of connections, or of their rate, is none of
	 * the target's faults.
	 */
	unsigned shut_tries;
	int64_t shut_pause_us;
	int64_t warm_us; /* go on until the exchanges get no faster, at most this long; 0: do not */

	struct worker worker;
	bool runs;
	int64_t started_us;  /* monotonic */
	const char *mute_to; /* CHECKUP_MUTE: "CONNECT", "SUBSCRIBE", "PUBLISH"; else "" */
};

/* No checkup is running. */
void checkup_init(struct checkup *c);

/* The fields from `target` to `warm_us` say what to do. False with errno: no process. */
bool checkup_start(struct checkup *c);
enum checkup_result checkup_look(struct checkup *c);
void checkup_stop(struct checkup *c);

#endif
