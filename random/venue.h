/* Where scenarios are played: a target, and a process for each of them. */
#ifndef RANDOM_VENUE_H
#define RANDOM_VENUE_H

#include <poll.h>

#include "base/arena.h"
#include "harness/runner/plan.h"
#include "harness/runner/survey.h"
#include "harness/runner/target.h"
#include "harness/runner/worker.h"
#include "random/row.h"
#include "harness/case.h"
#include "record/record.h"

struct venue {
	struct target *target;
	const struct survey *surveys; /* VERSION_COUNT of them */
	struct routes routes;
	const struct round_trip *round_trips; /* one for each of the routes */
	int stop_fd;                          /* readable: stop at once; -1 */
	void (*meanwhile)(void *user);        /* while one is waited for (venue_play); or NULL */
	void (*ending)(void *user); /* before it is ended while it lives (venue_renew); or NULL */
	void *user;

	char prefix[4];  /* of everything that is played here */
	unsigned serial; /* of the next one */
	struct leavings
		*leavings; /* on the target, of those that could not clear them themselves */
	bool has_pulse;    /* launched, and it served a plain client */
	size_t revivals; /* how often it was dead: what was played then is void, even if it has ended */
	const char *gone; /* it could not be launched again, and why; or NULL */
};

/* How a scenario is played. */
struct manner {
	bool careful;     /* a settlement after each step */
	bool patient;     /* what is due may take as long as an answer ... */
	bool hasty;       /* ... or must not take long: one of many candidates */
	bool whole;       /* its record has the transcript, also where nothing was found */
	const char *pcap; /* a path; or NULL */
};

/* One that is being played. */
struct playing {
	struct arena arena;
	struct venue *venue;
	struct leavings *leavings;
	struct worker worker;
	struct random_row row;
	struct vector vector;
	struct plan_item item;
	struct play play;
	struct capabilities offers[VERSION_COUNT];
	char prefix[12];
	char id[24];
	bool whole;
	int64_t deadline_us; /* monotonic */
};

/* A prefix that is unlike those of other runs, and what it needs. False with errno. */
bool venue_init(struct venue *v);

/* Clears what is left on the target, as far as it answers. How many sessions and retained messages stay. */
size_t venue_fini(struct venue *v);

/* What has to be polled for venue_attend: what a launched target says, which must be read, and whatever stops it
 * all. Returns the number of descriptors.
 */
enum { VENUE_POLLED = 2 };
nfds_t venue_poll(const struct venue *v, struct pollfd fds[static VENUE_POLLED]);
void venue_attend(struct venue *v);

/* The scenario is borrowed until it has ended. False with errno: no process. */
bool playing_start(
	struct playing *p, struct venue *v, const struct scenario *s, const struct manner *how);

/* Takes what there is; true when it has ended, or was ended since it lasted too long. Then *out has what was
 * found, in its arena.
 */
bool playing_look(struct playing *p, struct record_case *out);
void playing_fini(struct playing *p); /* kills it */

/* One from beginning to end; where the target has not outlived it, it is launched again, and the verdict is `crash`.
 * False: it was interrupted, or could not be started, or the target is gone; *p has to be finished anyway.
 */
bool venue_play(struct venue *v, struct playing *p, const struct scenario *s,
	const struct manner *how, struct record_case *out);

/* ---- revive.c: the life of the target ------------------------------------------------------- */

/* Whether it serves a plain client, now that nothing else is played: only then it is ended for not doing so. */
void venue_learn_pulse(struct venue *v);

/* Whether it has ended, or serves nobody any more. `death` is in the arena. */
bool venue_has_died(struct venue *v, struct arena *a, struct record_death *death);

/* Launches it again; what listens at a URL is waited for. False: it is interrupted, or v->gone says why not. */
bool venue_revive(struct venue *v);

/* Ends a launched one, and launches it again; what listens at a URL stays as it is. False as above. */
bool venue_renew(struct venue *v);

#endif
