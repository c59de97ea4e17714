/* The target's health. A case run counts only when the target has outlived it; when it did not, the
 * suspects are all case runs that were under way, or had ended a moment before.
 *
 *   FINE ──▶ LOST ──▶ FINE           launched: it died; settled, and launched again
 *   FINE ──▶ DOUBT ──▶ FINE | LOST   launched: accepts no connections, and is given time to die
 *   FINE ──▶ LOST ──▶ WAITING ──▶ FINE | end of the run      at a URL
 */
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "harness/runner/port.h"
#include "harness/runner/result.h"
#include "harness/runner/runner_job.h"
#include "harness/runner/target.h"

enum {
	CHECK_PAUSE_US = 10000, /* between two dials to see whether it accepts connections */
	LOOK_PAUSE_US = 100000, /* the same, while it does not */
	ACCEPT_LIMIT_US = 1000000,
	PATIENCE_US = 5000000,    /* with a target that accepts no connections */
	LAST_ANSWER_US = 2000000, /* beyond an answer's time: for a suspect to come to its end */
	DEATHS_MAX = 100,
};

static bool is_launched(const struct runner *r)
{
	return target_is_launched(r->config->target);
}

static bool accepts(struct runner *r)
{
	int64_t before_us = clock_now_us();

	if (!endpoint_accepts(&r->config->target->endpoint, ACCEPT_LIMIT_US))
		return false;
	r->alive_us = before_us;
	return true;
}

/* ---- held case runs ------------------------------------------------------------------------ */

/* A launched target tells by its death; whether one at a URL is still there has to be asked. So it is,
 * too, behind a bad verdict, which may come from a target that is about to go.
 */
static bool needs_check(const struct runner *r, const struct runner_job *job)
{
	if (r->config->client) /* each case run has its own, and knows how it fared */
		return false;
	return !is_launched(r) || !verdict_is_good(job->result.verdict);
}

static bool is_checked(const struct runner *r, const struct runner_job *job)
{
	return r->alive_us >= job->ended_us + r->config->hold_us;
}

static bool wants_check(const struct runner *r, int64_t now_us)
{
	if (now_us < r->alive_us + CHECK_PAUSE_US)
		return false;
	for (const struct runner_job *job = r->first; job; job = job->next)
		if (job->ended && now_us >= job->ended_us + r->config->hold_us &&
			needs_check(r, job) && !is_checked(r, job))
			return true;
	return false;
}

/* All of them were played once more, and the target lived. */
static void check_again(struct runner *r)
{
	if (!r->replaying || r->again.count || r->first)
		return;
	r->replaying = false;
	r->unexplained += !r->again_crashed;
}

void loss_release(struct runner *r, int64_t now_us)
{
	struct runner_job *next;

	if (r->health != HEALTH_FINE)
		return;
	for (struct runner_job *job = r->first; job; job = next) {
		next = job->next;
		if (job->ended && now_us >= job->ended_us + r->config->hold_us &&
			(!needs_check(r, job) || is_checked(r, job)))
			job_commit(r, job);
	}
	check_again(r);
}

/* ---- the loss ------------------------------------------------------------------------------ */

static void set_health(struct runner *r, enum runner_health health)
{
	r->health = health;
	r->health_us = clock_now_us();
}

static const char *names_of_all(struct runner *r, size_t *count)
{
	const char *names = "";

	*count = 0;
	for (struct runner_job *job = r->first; job; job = job->next, (*count)++)
		names = arena_printf(&r->arena, "%s%s%s", names, *count ? " " : "", job->item.id);
	return names;
}

/* They come to their ends by themselves, since their connections are gone. */
static void hurry_suspects(struct runner *r)
{
	for (struct runner_job *job = r->first; job; job = job->next) {
		int64_t deadline_us = r->health_us + job->play.answer_us + LAST_ANSWER_US;
		if (deadline_us < job->deadline_us)
			job->deadline_us = deadline_us;
	}
}

static void play_suspects_again(struct runner *r)
{
	r->replaying = true;
	r->again_crashed = false;
	while (r->first) {
		queue_add(r, &r->again, r->first->ticket);
		job_drop(r, r->first);
	}
}

static void lose(struct runner *r)
{
	size_t count;

	set_health(r, HEALTH_LOST);
	r->suspects = names_of_all(r, &count);
	if (is_launched(r) && count > 1)
		play_suspects_again(r);
	else
		hurry_suspects(r);
}

static void end_hung_target(struct runner *r)
{
	struct target *target = r->config->target;

	target_read(target);
	r->death = (struct record_death){
		.signal = SIGKILL,
		.stderr_tail = arena_printf(&r->arena,
			"%s\n(it accepted no connections any more, and mqttspec ended it)",
			tail_text(&target->tail, &r->arena)),
	};
	target_kill(target);
}

/* ---- settling ------------------------------------------------------------------------------ */

static void report_death(struct runner *r)
{
	const struct runner_config *c = r->config;

	r->death.during = r->suspects;
	if (c->record && !record_write_death(c->record, &r->death))
		runner_stop(r, RUNNER_BROKEN, "the record cannot be written");
	c->view.death(c->view.user, &r->death);
}

static void launch_again(struct runner *r)
{
	const char *error;

	switch (target_launch(r->config->target, &error)) {
	case TARGET_UP:
		set_health(r, HEALTH_FINE);
		r->alive_us = r->health_us;
		break;
	case TARGET_FAILED:
		runner_stop(r, RUNNER_TARGET_LOST,
			arena_printf(&r->arena,
				"the target died, and could not be launched again: %s", error));
		break;
	case TARGET_CANCELLED: runner_stop(r, RUNNER_INTERRUPTED, "interrupted"); break;
	}
}

static void settle_death(struct runner *r)
{
	struct runner_job *culprit = r->first;

	report_death(r);
	if (culprit) {
		r->again_crashed |= culprit->alone;
		result_crash(&culprit->arena, &r->death, NULL, &culprit->result);
		job_commit(r, culprit);
	} else if (!*r->suspects) {
		r->unexplained++;
	}
	check_again(r);
	if (++r->deaths >= DEATHS_MAX)
		runner_stop(r, RUNNER_TARGET_LOST, "the target died 100 times");
	else if (!r->stopped)
		launch_again(r);
}

static void settle_absence(struct runner *r)
{
	bool alone = r->first && !r->first->next;
	static const char why[] = "the target accepted no connections any more";

	while (r->first) {
		struct runner_job *job = r->first;
		if (alone) {
			result_crash(&job->arena, NULL, why, &job->result);
		} else {
			job->result.verdict = VERDICT_INCONCLUSIVE;
			job->result.note = arena_printf(&job->arena,
				"%s; these case runs were under way: %s", why, r->suspects);
		}
		job_commit(r, job);
	}
	set_health(r, HEALTH_WAITING);
}

/* ---- watching ------------------------------------------------------------------------------ */

static void look_while_absent(struct runner *r, int64_t now_us)
{
	if (accepts(r))
		set_health(r, HEALTH_FINE);
	else if (now_us < r->health_us + PATIENCE_US)
		return;
	else if (r->health == HEALTH_WAITING)
		runner_stop(r, RUNNER_TARGET_LOST, "the target accepts no connections any more");
	else {
		end_hung_target(r);
		lose(r);
	}
}

void loss_watch(struct runner *r, int64_t now_us)
{
	bool may_die = r->health == HEALTH_FINE || r->health == HEALTH_DOUBT;

	if (may_die && is_launched(r) && target_died(r->config->target, &r->arena, &r->death))
		lose(r);
	else if (r->health == HEALTH_FINE && wants_check(r, now_us) && !accepts(r)) {
		if (is_launched(r))
			set_health(r, HEALTH_DOUBT);
		else
			lose(r);
	} else if (r->health == HEALTH_DOUBT || r->health == HEALTH_WAITING)
		look_while_absent(r, now_us);
	if (r->health == HEALTH_LOST && !r->running) {
		if (is_launched(r))
			settle_death(r);
		else
			settle_absence(r);
	}
}

int64_t loss_next_us(const struct runner *r)
{
	int64_t next_us = INT64_MAX;

	if (r->health == HEALTH_DOUBT || r->health == HEALTH_WAITING)
		return clock_now_us() + LOOK_PAUSE_US;
	for (const struct runner_job *job = r->first; job; job = job->next) {
		int64_t at_us = job->ended_us + r->config->hold_us;
		if (needs_check(r, job) && at_us < r->alive_us + CHECK_PAUSE_US)
			at_us = r->alive_us + CHECK_PAUSE_US;
		if (job->ended && at_us < next_us)
			next_us = at_us;
	}
	return next_us;
}
