/* When a verdict is final. A case run counts only when the target has outlived it: not only for the
 * moment that a death takes, but also so that it still serves (which a checkup tells, one for all that
 * are held). What it did not answer in time is not final even then: it is set aside, to be played again
 * when all others are done, with more patience.
 */
#include "base/clock.h"
#include "harness/case.h"
#include "harness/runner/result.h"
#include "harness/runner/runner_job.h"
#include "harness/versions.h"

enum { CHECK_PAUSE_US = 10000 }; /* between two dials to see whether it accepts connections */

static bool something_waits(const struct runner *r)
{
	return r->timed.count || r->plain.count || r->patient.count || r->search.runs;
}

/* Where nothing is going on that a late death could be blamed on, there is no need to wait for one. */
static int64_t keep_us(const struct runner *r)
{
	int64_t hold_us = r->config->hold_us;
	bool long_enough = !r->running && !something_waits(r);

	if (!runner_launches(r) || hold_us > RUNNER_KEEP_US)
		return hold_us;
	if (r->dies_slowly)
		return RUNNER_KEEP_US;
	if (!runner_may_keep(r) || long_enough || (r->search.runs && r->search.mute))
		return hold_us;
	return RUNNER_KEEP_US;
}

/* As far as the moment goes that most deaths take. */
static bool is_held_long_enough(
	const struct runner *r, const struct runner_job *job, int64_t now_us)
{
	return job->ended && now_us >= job->ended_us + r->config->hold_us;
}

static bool is_outlived(const struct runner *r, const struct runner_job *job, int64_t now_us)
{
	return job->ended && now_us >= job->ended_us + keep_us(r);
}

/* A launched target tells by its death; whether one at a URL is still there has to be asked. The
 * same goes for a bad verdict, which may come from a target that is about to go.
 */
static bool needs_accept(const struct runner *r, const struct runner_job *job)
{
	if (r->config->client) /* each case run has its own, and knows how it fared */
		return false;
	if (runner_launches(r) && verdict_is_good(job->result.verdict))
		return false;
	return r->alive_us < job->ended_us + r->config->hold_us;
}

static bool needs_checkup(const struct runner *r, const struct runner_job *job)
{
	return r->can_be_mute && runner_launches(r) && runner_may_keep(r) &&
		r->served_us < job->ended_us;
}

bool hold_is_quiet(const struct runner *r, int64_t now_us)
{
	for (const struct runner_job *job = r->first; job; job = job->next)
		if (!is_held_long_enough(r, job, now_us) || needs_accept(r, job))
			return false;
	return true;
}

bool hold_wants_checkup(const struct runner *r, int64_t now_us)
{
	for (const struct runner_job *job = r->first; job; job = job->next)
		if (is_outlived(r, job, now_us) && needs_checkup(r, job))
			return true;
	return false;
}

bool hold_wants_accept(const struct runner *r, int64_t now_us)
{
	if (now_us < r->alive_us + CHECK_PAUSE_US)
		return false;
	for (const struct runner_job *job = r->first; job; job = job->next)
		if (is_held_long_enough(r, job, now_us) && needs_accept(r, job))
			return true;
	return false;
}

/* When an ended one takes its next step. */
static int64_t job_next_us(const struct runner *r, const struct runner_job *job, int64_t now_us)
{
	int64_t quiet_us = job->ended_us + r->config->hold_us;
	int64_t at_us = job->ended_us + keep_us(r);

	if (quiet_us > now_us)
		return quiet_us;
	if (needs_accept(r, job))
		return r->turn_us > r->alive_us + CHECK_PAUSE_US ? r->turn_us
								 : r->alive_us + CHECK_PAUSE_US;
	if (at_us <= now_us && r->checkup.runs && needs_checkup(r, job))
		return INT64_MAX; /* its end is polled for */
	return at_us;
}

int64_t hold_next_us(const struct runner *r, int64_t now_us)
{
	int64_t next_us = INT64_MAX;

	for (const struct runner_job *job = r->first; job; job = job->next) {
		int64_t at_us = job->ended ? job_next_us(r, job, now_us) : INT64_MAX;
		if (at_us < next_us)
			next_us = at_us;
	}
	return next_us;
}

/* ---- release ------------------------------------------------------------------------------- */

static bool is_open_to_patience(enum verdict verdict)
{
	return verdict == VERDICT_FAIL || verdict == VERDICT_NONSTRICT ||
		verdict == VERDICT_INCONCLUSIVE;
}

/* The target's file says so. */
static bool is_foreseen(const struct runner *r, const struct runner_job *job)
{
	struct record_case copy = job->result;

	result_judge(r->config->expected, &job->item, &copy);
	return copy.foreseen && copy.expected;
}

/* Not where the target's file says that nothing will come, nor where the first probe found it. */
static bool wants_patience(const struct runner *r, const struct runner_job *job)
{
	const struct runner_config *c = r->config;

	return job->result.waited && is_open_to_patience(job->result.verdict) &&
		!job->ticket.patient && c->patience_us > job->play.answer_us &&
		!c->surveys[version_place(job->item.version)].warning && !is_foreseen(r, job);
}

void hold_release(struct runner *r, int64_t now_us)
{
	struct runner_job *next;

	if (r->health != HEALTH_FINE)
		return;
	for (struct runner_job *job = r->first; job && !r->stopped; job = next) {
		next = job->next;
		if (!is_outlived(r, job, now_us) || needs_accept(r, job) || needs_checkup(r, job))
			continue;
		if (wants_patience(r, job))
			job_set_aside(r, job);
		else
			job_commit(r, job);
	}
}

/* ---- those set aside ----------------------------------------------------------------------- */

static struct runner_job *take_aside(struct runner *r)
{
	struct runner_job *job = r->aside;

	r->aside = job->next;
	if (!r->aside)
		r->aside_last = &r->aside;
	job->next = NULL;
	*r->last = job; /* job_drop and job_commit take it from there */
	r->last = &job->next;
	return job;
}

void hold_queue_patient(struct runner *r)
{
	while (r->aside) {
		struct runner_job *job = take_aside(r);
		job->ticket.patient = true;
		queue_add(r, &r->patient, job->ticket);
		job_drop(r, job);
	}
}

void hold_give_up_aside(struct runner *r, const char *why)
{
	while (r->aside) {
		struct runner_job *job = take_aside(r);
		result_unlearned(&job->arena, &job->item, why, &job->result);
		job_commit(r, job);
	}
}
