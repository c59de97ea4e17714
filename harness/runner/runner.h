/* Plays the case runs of a plan, many at once, each in a process of its own, against one target, and
 * gives each a record, whatever happens: to the process, to the target, or to us.
 *
 *   queues ──▶ under way ──▶ held ──▶ committed: record file, view
 *     ▲            │         │  │
 *     ├── search ◀─┴─────────┘  │   the target was lost, and it is not clear of which one
 *     └── patient ◀── aside ◀───┘   nothing came in time: played again when all else is done
 *
 * A case run that has ended is held for a moment, until it is sure that the target has outlived it.
 * When a launched target dies, or serves nobody any more, it is launched again. If only one case
 * run can have done it, that one is a `crash`; otherwise the suspects are played again until one of
 * them does it alone, and the verdict is that of the second time. A target at a URL that no longer
 * accepts connections is waited for; if there are several suspects, nothing is said about them but
 * that they are `inconclusive`.
 *
 * A case run that only waits, for a clock or for what does not come, gives its slot to the next one: there
 * may be many of those, while as few start and work at once as the machine can serve.
 *
 * A case run that was not content only because nothing came in time is set aside, and played again,
 * with more patience, when all the others are done. That verdict stands.
 *
 * Those that the target's file expects to kill it come after that, one by one.
 */
#ifndef HARNESS_RUNNER_H
#define HARNESS_RUNNER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "harness/runner/checkup.h"
#include "harness/runner/expectation.h"
#include "harness/runner/plan.h"
#include "harness/runner/survey.h"
#include "record/record.h"

struct leavings;
struct target;
struct runner_job;

struct runner_running {
	const char *id;
	int64_t age_us;
};

struct runner_progress {
	size_t done, planned;
	const struct runner_running *running; /* the oldest first */
	size_t running_count;
	size_t patient; /* of those left: to be played with patience, or being so played */
	bool patiently; /* nothing else is played at this time */
	bool paced;     /* case runs wait for their turn to connect */
};

/* Who looks on. Records are valid for the duration of the call. Of one that passed, as expected, there is what
 * its line in the file begins with, up to the duration, unless all records are to be whole.
 */
struct runner_view {
	void *user;
	bool whole;
	void (*result)(void *user, size_t index, const struct record_case *record);
	void (*death)(void *user, const struct record_death *death);
	void (*remark)(void *user, const char *sentence);
	void (*progress)(void *user, const struct runner_progress *progress); /* or NULL */
};

enum runner_pcap { PCAP_FAILURES, PCAP_ALL, PCAP_NONE };

/* Most processes need less than RUNNER_HOLD_US from closing their sockets to being dead. Some dump
 * their memory first, or panic on a thread of their own: a record is held back for RUNNER_KEEP_US
 * where that costs nothing, so that a slow death is traced to its culprit.
 */
enum { RUNNER_HOLD_US = 20000, RUNNER_KEEP_US = 500000 };

struct runner_config {
	const struct plan *plan;
	struct target *target;
	const struct client *client;  /* judged, and then there is no target; or NULL */
	const struct survey *surveys; /* VERSION_COUNT of them */
	const struct expectations *expected;
	bool whole; /* all cases were selected: a cause that does not come up is gone */
	uint64_t seed;
	int64_t slack_us;
	struct routes routes;                 /* none: the usual one ... */
	const struct round_trip *round_trips; /* ... over each of them; NULL: next door */
	int64_t deadline_us;                  /* monotonic: of everything; 0: none */
	int64_t hold_us;     /* how long, at least, a verdict waits for the target to outlive it */
	int64_t patience_us; /* of a second playing where nothing came in time; 0: none */
	unsigned jobs;       /* case runs at work at once ... */
	unsigned most_jobs;  /* ... and with those that only wait; 1: they never overlap */
	bool fail_fast;
	bool no_fork;       /* in this very process, one after the other */
	FILE *live;         /* the transcript goes here while it happens; or NULL */
	const char *folder; /* captures go to folder/pcap/ */
	enum runner_pcap pcap;
	bool wire;    /* captures of what is below TLS and WebSocket, too: beside the others */
	FILE *record; /* case and death lines; or NULL */
	int stop_fd;  /* readable: stop at once; -1. Not read from */
	struct runner_view view;
};

/* Why a run stops before its end. */
enum runner_stop {
	RUNNER_GOES_ON,
	RUNNER_INTERRUPTED,
	RUNNER_DEADLINE,
	RUNNER_FAIL_FAST,
	RUNNER_TARGET_LOST,
	RUNNER_BROKEN, /* our own fault: no process */
};

struct runner_ticket {
	size_t index; /* in the plan */
	int round;    /* of the whole plan: more repeats */
	bool patient; /* the second playing */
	bool earlier; /* it had ended well before the target was lost */
	bool slow;    /* it took a long time then */
};

struct runner_queue {
	struct runner_ticket *list;
	size_t head, count, capacity;
};

/* How the target is, as far as we know. */
enum runner_health {
	HEALTH_FINE,
	HEALTH_DOUBT,   /* launched and alive, but accepts no connections */
	HEALTH_LOST,    /* dead, mute, or gone; suspects are still under way */
	HEALTH_WAITING, /* for something to listen at the URL again */
};

/* What a checkup is for. */
enum runner_question {
	QUESTION_CONTROL, /* does it serve at all? */
	QUESTION_WARM_UP, /* nothing starts meanwhile */
	QUESTION_WATCH,   /* does it still serve? */
	QUESTION_SHUT,    /* does it still close every connection? Nothing starts meanwhile */
};

/* The search for whom the target was lost through: suspects are played again, the quick ones one by
 * one, those that wait (for clocks, with patience, or in vain) together, and in halves when they do
 * it again.
 */
struct runner_search {
	bool runs;
	bool mute;  /* the target did not die: it has to be asked after each of them */
	bool exact; /* the target outlives each by RUNNER_KEEP_US before the next one starts */
	struct runner_queue plain, waiting;
	size_t group; /* at most this many of the waiting ones at once */
};

/* Case runs of a version that were sent messages of others (runner_foreign.c). */
struct runner_foreign {
	const char *victims; /* the ids of the first, with commas between */
	const char *topic;   /* of the first message */
	size_t count;
	const struct transport *transport; /* of the first of them */
};

struct runner {
	const struct runner_config *config;
	struct arena arena;
	struct runner_queue timed, plain; /* waiting for their turn */
	struct runner_queue patient;      /* the same, of second playings */
	struct runner_queue lethal; /* the same, of those that are expected to kill the target */
	struct runner_job *first, **last;       /* under way and held, the oldest first */
	struct runner_job *aside, **aside_last; /* ended: to be played again with patience */
	unsigned running, patient_running;
	unsigned working, timed_working; /* of those running, the ones that do not only wait */
	struct runner_search search;

	char prefix[4];  /* of all case runs of this run */
	unsigned serial; /* the rest of the prefix of each */
	size_t repeats;  /* of the plan: what a round adds */

	enum runner_health health;
	int64_t health_us;         /* since when */
	int64_t alive_us;          /* when it was last seen to accept a connection */
	struct record_death death; /* in HEALTH_LOST, of a launched target */
	const char *suspects;      /* ids of those that were under way */
	unsigned deaths;           /* apart from those in searches */
	bool dies_slowly;          /* it was seen to */
	int64_t last_end_us; /* of all that were committed and played on this launch of the target */

	struct checkup checkup;
	enum runner_question question; /* of the checkup, while it runs */
	bool had_control;              /* the first one is through ... */
	bool can_be_mute;              /* ... and was passed */
	bool was_asked;                /* so is the first one of this launch of the target ... */
	bool is_warm;                  /* ... which is as fast as it gets */
	bool is_in_doubt;  /* the last one went wrong: does it still accept connections? */
	bool is_shut;      /* launched: the last one was closed before any answer ... */
	int64_t shut_us;   /* ... and began at this time */
	int64_t shaken_us; /* when one that was alone went wrong: it may be about to die of that */
	bool mute;         /* at a URL: it passes none at present ... */
	int64_t mute_us;   /* ... since this time */
	unsigned timeouts; /* case runs to which nothing came in time, since the last checkup */
	int64_t served_us; /* when a checkup began that it passed */

	int64_t held_until_us; /* nothing starts before, for the pace of connections ... */
	bool was_held;         /* ... which was said */
	int64_t turn_us;       /* when the runner itself may connect; 0: it has no turn */
	struct leavings
		*left; /* on a target that outlives the run, by case runs that could not clear
				* it; NULL: nothing */

	size_t added, done, played;
	size_t counts[VERDICT_COUNT];
	size_t unexpected;
	size_t unexplained; /* deaths that no case run could repeat */
	struct runner_foreign foreign[VERSION_COUNT];
	bool *seen;                 /* for each of the expectations of causes: it came up */
	bool no_captures;           /* there was no room for one, or for a line of the record ... */
	size_t unrecorded;          /* ... lines that could not be written */
	const char *unrecorded_why; /* the last of them */
	int64_t started_us, progress_us;

	enum runner_stop stopped;
	const char *sentence; /* what stopped it, for people */
};

/* The config is borrowed. */
void runner_init(struct runner *r, const struct runner_config *config);

/* Puts a case run of the plan at the end of the queue. */
void runner_add(struct runner *r, size_t index, int round);

/* Puts the whole plan there. */
void runner_add_all(struct runner *r, int round);

/* Starts what can be started, waits until something happens, and deals with it. `extra` (may be
 * NULL) is polled as well. False when there is nothing left to do, or the run was stopped.
 */
bool runner_turn(struct runner *r, struct pollfd *extra);

/* When the plan has been played: the failures that are the run's, as records of their own. */
void runner_conclude(struct runner *r);

/* Then: clears what case runs have left on a target that outlives the run, as far as they could not do it
 * themselves, since they were killed, say. In bounded time, and says so.
 */
void runner_clean(struct runner *r);

/* What is known when it is over; valid until runner_fini. */
void runner_result(struct runner *r, struct record_end *out);

/* Kills what is under way, and frees everything. */
void runner_fini(struct runner *r);

#endif
