/* One case run, played against a target from beginning to verdict: the runner's view of the engine. */
#ifndef HARNESS_PLAY_H
#define HARNESS_PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/peers/round_trip.h"
#include "record/record.h"
#include "spec/spec.h"

struct arena;
struct capabilities;
struct case_def;
struct client;
struct endpoint;
struct instance;
struct leavings;
struct transport;
struct vector;

/* How a case run's packets are cut on their way to the target. */
enum segmentation {
	SEGMENT_WHOLE, /* one write per packet */
	SEGMENT_BYTES, /* one write per byte; for more than 4096 bytes, some 4096 writes */
	SEGMENT_SPLIT, /* two writes per packet, parted at `split_at` */
	SEGMENT_BATCH, /* packets that are sent without a wait between them share a write */
};

/* Everything that a case run needs to know. Borrowed for the duration of play_case. */
struct play {
	const struct case_def *def;
	const struct vector *row; /* of the case's table; NULL for a plain case */
	enum mqtt_version version;
	enum segmentation segmentation;
	unsigned split_at; /* SEGMENT_SPLIT: bytes in the first write */
	int repeat;
	const struct transport *transport;
	const struct endpoint *target; /* a server is judged; or NULL ... */
	struct instance *instance;     /* it is this case run's own: not launched yet; or NULL */
	const struct client *client;   /* ... and a client is */
	const struct capabilities *capabilities; /* of this version */
	/* Statements that every CONNACK breaks: a finding of the run, not of this case run. NULL
	 * after the last; or NULL.
	 */
	const char *const *known;
	const char *prefix; /* of ClientIds and topics; unique; 1 to 9 of 0-9a-zA-Z */
	uint64_t seed;
	int64_t answer_us;   /* how long an answer may take before it counts as missing */
	int64_t limit_us;    /* by when all of it must be over, since it began; 0: never */
	int64_t patience_us; /* how long a wait for it goes on all the same; 0: no longer */
	int64_t slack_us;    /* granted beyond the upper end of a timing window, distance and all */
	struct round_trip round_trip; /* to the target: how far away it is */
	struct leavings *leavings;    /* where to note what it leaves; NULL: nobody wants to know */
	const char *pcap_path;        /* NULL: no capture */
	const char *wire_path;        /* of one of what is below TLS and WebSocket; NULL: none */
	/* Called when it does nothing but wait, and again when it has work; or NULL. */
	void (*waits)(void *user, bool waits);
	void *waits_user;
	FILE *live; /* print the transcript here while it happens; or NULL */
};

/* "bad_flags/pingreq_1"; in the arena. */
const char *play_id(struct arena *a, const struct case_def *def, const struct vector *row);

/* Plays it in this process and fills `out`, except for what only the runner knows (expected,
 * foreseen, death, pcap). Bounded in time by the case's own waits; returns whatever happens.
 * Everything in `out` is in the arena.
 */
void play_case(struct arena *a, const struct play *play, struct record_case *out);

#endif
