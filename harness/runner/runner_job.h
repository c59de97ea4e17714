/* The parts of the runner: one case run on its way (runner_job.c), and what becomes of them all when
 * the target is lost (runner_loss.c). Not for others, who see harness/runner/runner.h.
 */
#ifndef HARNESS_RUNNER_JOB_H
#define HARNESS_RUNNER_JOB_H

#include "harness/runner/runner.h"
#include "harness/runner/worker.h"

struct runner_job {
	struct runner_job *next;
	struct runner_ticket ticket;
	struct plan_item item; /* with the repeat of this round */
	struct play play;
	char prefix[10];
	struct worker worker;
	struct arena arena; /* of the result */
	struct record_case result;
	const char *capture; /* name of the capture in folder/pcap, or NULL */
	const char *capture_path;
	bool timed; /* has a slot of the timed ones */
	bool alone; /* is played again */
	bool ended;
	int64_t started_us; /* monotonic, like the others */
	int64_t deadline_us;
	int64_t ended_us;
};

/* Starts the next one of the queue, or, if its version is not served, gives it its verdict at once. */
void job_start(struct runner *r, struct runner_queue *queue, bool timed, bool alone);

/* Takes what its process has written; kills it when its time is up. */
void job_look(struct runner *r, struct runner_job *job, int64_t now_us);

/* The result is final: record, view, counts. The job is gone then. */
void job_commit(struct runner *r, struct runner_job *job);

/* It never happened: no record. The job is gone then. */
void job_drop(struct runner *r, struct runner_job *job);

void queue_add(struct runner *r, struct runner_queue *queue, struct runner_ticket ticket);
void runner_stop(struct runner *r, enum runner_stop why, const char *sentence);

/* Looks after the target: did it die, does it still accept connections? */
void loss_watch(struct runner *r, int64_t now_us);

/* Commits the held ones that the target has outlived. */
void loss_release(struct runner *r, int64_t now_us);

/* When loss_watch or loss_release wants to be called again, monotonic; INT64_MAX: no wish. */
int64_t loss_next_us(const struct runner *r);

#endif
