/* How late the machine was in a case run that judges by a clock: the harness, which may be kept
 * from running, and the target, as a pulse shows it: a connection of its own on which PINGREQ is
 * answered. Windows grow by as much, so that a machine under load, or a process that was stopped,
 * accuses nobody.
 *
 *   pulse   PINGREQ ──▶ PINGRESP ─ 100 ms ─ PINGREQ ──▶ ............ PINGRESP
 *                                                        └── late ──┘
 */
#ifndef HARNESS_LATENESS_H
#define HARNESS_LATENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/spec.h"

struct arena;
struct endpoint;
struct pipe;

/* All zero: nothing is watched, and nothing was ever late. */
struct lateness {
	bool watched;
	int64_t round_trip_us; /* that an answer to the pulse may take without being late */
	int64_t turn_us;       /* of the last turn, monotonic */
	int64_t own_us;        /* how late the harness was, in total */

	struct pipe *pulse;   /* NULL: there is none */
	int64_t asked_us;     /* when the PINGREQ that is still unanswered went out; 0: none */
	int64_t own_asked_us; /* own_us at that time: our own fault since is not the target's */
	int64_t ask_us;       /* when the next one is due */
	int64_t target_us;    /* how late the target was, in total */
};

/* Begins to watch, with a pulse where a server is judged (`target` is not NULL) and lets another client in.
 * Answers of the pulse may take this round trip without being late.
 */
void lateness_watch(struct lateness *l, struct arena *a, const struct endpoint *target,
	enum mqtt_version version, const char *client_id, int64_t round_trip_us);

/* To be called before and after each wait; the second is told the time (monotonic). */
void lateness_turn(struct lateness *l);
void lateness_turn_at(struct lateness *l, int64_t now_us);

/* The harness had to hold back by this much, and is that much later with what it does next. */
void lateness_add(struct lateness *l, int64_t us);

/* When a wait until then must come up for air. Both on the clock of the tape. */
int64_t lateness_slice_us(const struct lateness *l, int64_t now_us, int64_t until_us);

/* What to poll for the pulse; -1: nothing. */
int lateness_fd(const struct lateness *l);

/* How late in total: how much a window must grow by. */
int64_t lateness_us(const struct lateness *l);
int64_t lateness_us_at(const struct lateness *l, int64_t now_us);

void lateness_end(struct lateness *l);

#endif
