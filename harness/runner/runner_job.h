/* The parts of the runner. Not for others, who see harness/runner/runner.h.
 *
 *	runner_queue.c   tickets of case runs that wait for their turn
 *	runner_job.c     one case run on its way
 *	runner_capture.c its captures
 *	runner_hold.c    when a verdict is final, and which are played once more with patience
 *	runner_loss.c    what becomes of them all when the target is lost
 *	runner_search.c  who it was
 *	runner_mute.c    whether it still serves anybody
 *	runner_pace.c    connections a second
 *	runner_clean.c   what is left on the target
 *	runner_room.c    what becomes of captures and records when the disk is full
 */
#ifndef HARNESS_RUNNER_JOB_H
#define HARNESS_RUNNER_JOB_H

#include "harness/runner/runner.h"
#include "harness/runner/worker.h"

/* What a case run may leave in folder/pcap. */
struct runner_file {
	const char *name; /* NULL: it leaves none */
	const char *path; /* where it is, or goes once it is wanted ... */
	int fd;           /* ... in memory till then; -1: it is there */
};

struct runner_job {
	struct runner_job *next;
	unsigned account; /* of the pace of connections */
	struct leavings *leavings;
	struct runner_ticket ticket;
	struct plan_item item; /* with the repeat of this round */
	struct play play;
	struct capabilities capabilities; /* those of its version over its transport */
	const struct target *usual;       /* what that is an instance of */
	const char *folder;               /* of a target of its own; NULL: it has none */
	struct endpoint place; /* play.target, of a case run that is of users or of certificates */
	char prefix[10];
	struct worker worker;
	struct arena arena; /* of the result */
	struct record_case result;
	bool unread; /* it passed: the result is only the beginning of what worker.out has */
	struct runner_file capture;
	struct runner_file wire; /* the capture of what is below TLS and WebSocket */
	bool timed;              /* waits for a clock of the standard */
	bool waits;              /* does nothing else at this time */
	bool ended;
	int64_t started_us; /* monotonic, like the others */
	int64_t deadline_us;
	int64_t ended_us;
};

/* ---- runner_queue.c ------------------------------------------------------------------------ */

void queue_add(struct runner *r, struct runner_queue *queue, struct runner_ticket ticket);
void queue_add_first(struct runner *r, struct runner_queue *queue, struct runner_ticket ticket);
struct runner_ticket queue_take(struct runner_queue *queue); /* there must be one */

/* ---- runner_job.c -------------------------------------------------------------------------- */

/* Starts the next one of the queue, or, if its version is not served, gives it its verdict at once. */
void job_start(struct runner *r, struct runner_queue *queue);

/* Takes what its process has written; kills it when its time is up. */
void job_look(struct runner *r, struct runner_job *job, int64_t now_us);

/* Its result is whole after this, and may be changed. */
void job_read(struct runner_job *job);

/* The result is final: record, view, counts. The job is gone afterwards. */
void job_commit(struct runner *r, struct runner_job *job);

/* The same of a record: it is compared with what is expected; once its line has been written, it goes to the
 * view and the counts.
 */
void runner_judge(struct runner *r, const struct plan_item *item, struct record_case *record);
void runner_tell(struct runner *r, size_t index, const struct record_case *record);

/* ---- runner_capture.c ---------------------------------------------------------------------- */

/* Where the captures of a new job go; its result is final: they are kept, if they are wanted; there will be
 * no result: they are gone; their memory.
 */
void capture_open(struct runner *r, struct runner_job *job);
void capture_keep(struct runner *r, struct runner_job *job);
void capture_drop(struct runner_job *job);
void capture_close(struct runner_job *job);

/* ---- runner_pace.c ------------------------------------------------------------------------- */

/* How fast connections may follow each other; NULL: at will. */
struct pace *runner_pace(const struct runner *r);

/* Whether something can start now, which then connects; that it was started. */
bool pace_lets_start(struct runner *r, int64_t now_us);
void pace_started(struct runner *r);

/* Whether the runner itself may connect now; if not, that is seen to: look again at r->turn_us. */
bool pace_lets_dial(struct runner *r, int64_t now_us);

/* When the case run is overdue: its waits for turns are not on its time. */
int64_t pace_deadline_us(const struct runner *r, const struct runner_job *job);

/* ---- runner_clean.c ------------------------------------------------------------------------ */

/* It is over, whatever its end: what it has not cleared is remembered. */
void clean_note(struct runner *r, const struct runner_job *job);

/* ---- runner_room.c ------------------------------------------------------------------------- */

void room_for_capture(struct runner *r, const struct record_case *record);

/* After each line of the record. `written` false: errno says why. */
void room_for_line(struct runner *r, bool written);

/* Remembers who was sent messages of others. */
void foreign_note(struct runner *r, const struct plan_item *item, const struct record_case *record);

/* It never happened: no record. The job is gone afterwards. */
void job_drop(struct runner *r, struct runner_job *job);

/* Takes one that has ended out of the list, and sets it aside. */
void job_set_aside(struct runner *r, struct runner_job *job);

void runner_stop(struct runner *r, enum runner_stop why, const char *sentence);

/* A program that we launch, and not a client. */
bool runner_launches(const struct runner *r);

/* Nobody looks on while it happens, so that a record may be kept back for a while. */
bool runner_may_keep(const struct runner *r);

/* ---- runner_hold.c ------------------------------------------------------------------------- */

/* Commits the held ones that the target has outlived, or sets them aside. */
void hold_release(struct runner *r, int64_t now_us);

/* None is under way, and the target has outlived those that are held for a moment. */
bool hold_is_quiet(const struct runner *r, int64_t now_us);

/* One that was outlived needs a checkup to be final. */
bool hold_wants_checkup(const struct runner *r, int64_t now_us);

/* One that has ended needs a connection that the target accepts. */
bool hold_wants_accept(const struct runner *r, int64_t now_us);

/* When one of these answers may change, monotonic; INT64_MAX: never. */
int64_t hold_next_us(const struct runner *r, int64_t now_us);

/* Everything else is done: those set aside are queued. */
void hold_queue_patient(struct runner *r);

/* Those set aside cannot be played again: nothing was learned from them, for this reason. */
void hold_give_up_aside(struct runner *r, const char *why);

/* ---- runner_loss.c ------------------------------------------------------------------------- */

/* Looks after the target: did it die, does it still accept connections? */
void loss_watch(struct runner *r, int64_t now_us);

/* It serves nobody any more; `packet` is what it does not answer. Only for a launched one. */
void loss_mute(struct runner *r, const char *packet);
void loss_shut(struct runner *r); /* it closes every connection before any answer */

/* When loss_watch wants to be called again, monotonic; INT64_MAX: no wish. */
int64_t loss_next_us(const struct runner *r);

/* ---- runner_search.c ----------------------------------------------------------------------- */

/* Whether the target, lost at this time, was lost through the only one that is under way or held. */
bool search_is_sure(const struct runner *r, bool mute, int64_t at_us);

/* It was not: all that are under way or held have to be played again. */
void search_begin(struct runner *r, bool mute, int64_t at_us);

/* It was this one, whose job is about to be committed as a `crash`. */
void search_found(struct runner *r, const struct runner_job *culprit);

/* Starts the next ones, when it is time. */
void search_start(struct runner *r, int64_t now_us);

/* Ends it when all have been played again, and the target lived. */
void search_look(struct runner *r);

/* ---- runner_mute.c ------------------------------------------------------------------------- */

/* Takes the result of a checkup. */
void mute_look(struct runner *r);

/* Starts one, if one is wanted. */
void mute_ask(struct runner *r, int64_t now_us);

/* Nothing should start now: the target is asked, for the first time, or warmed up. */
bool mute_holds_up(struct runner *r, int64_t now_us);

/* A checkup will tell. */
bool mute_is_suspected(const struct runner *r);

/* When mute_holds_up may change, monotonic; INT64_MAX: when the checkup ends. */
int64_t mute_next_us(const struct runner *r, int64_t now_us);

/* Whether timed ones can start; if not, that is seen to; nothing else should start meanwhile. */
bool mute_is_warm(struct runner *r);

/* This launch of the target is over: forgets what was known of it, and any checkup under way. */
void mute_forget(struct runner *r);

#endif
