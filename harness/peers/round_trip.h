/* How far away a server is: what passes at least, and at most, between a packet and its answer on a
 * connection that has nothing else to do. It is measured once, before the first case, and all limits of
 * a case run take it in, each in one place:
 *
 *	an answer (--timeout)           + most     runner/survey_distance.c
 *	the upper end of a window       + most     its slack, runner/runner_job.c
 *	the time of a case run          + most, as often as one may need it: runner/runner_job.c
 *	an answer to the pulse          + most     peers/lateness.c
 *	wait_packet_ms, wait_closed_ms  + most     language/
 *	only_until, in_time             + least    language/sends.c
 *	waits that a case itself counts + most     distance_ms
 *
 * A question that must be answered before a clock of the target has run out gets only the least: the
 * clock begins when our packet arrives there, and it had not run out yet when an answer left that is here
 * within the time and a whole round trip.
 *
 *	us       packet ─┐                            ┌─▶ answer
 *	target           └─▶ clock ........... answer ─┘
 *	                     ├── its time ──────┤
 *
 * What a case run costs besides its limits is up to the case: each exchange takes a round trip.
 */
#ifndef HARNESS_ROUND_TRIP_H
#define HARNESS_ROUND_TRIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/spec.h"

struct arena;
struct endpoint;

/* All zero: next door, or not measured. */
struct round_trip {
	int64_t least_us;
	int64_t usual_us; /* for people */
	int64_t most_us;
};

enum { ROUND_TRIP_SAMPLES = 10 };

/* From what was measured, in any order: the least; the middle one; and the greatest, with as much again as
 * it lies above the middle one, since few samples seldom show the worst. It sorts them.
 */
struct round_trip round_trip_of(int64_t *samples_us, size_t count);

/* Whether a way so long may lose what is sent on it. TCP sends that again, but not after a reset: then the
 * last that was said before it may never come.
 */
bool round_trip_may_lose(const struct round_trip *trip);

/* Sends PINGREQ after PINGREQ on a connection of its own, ten times, or as often as about two seconds
 * allow. All zero where nothing answers.
 */
struct round_trip round_trip_measure(struct arena *a, const struct endpoint *target,
	enum mqtt_version version, int64_t limit_us);

#endif
