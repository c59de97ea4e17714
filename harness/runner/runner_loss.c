/* The target's health. A case run counts only when the target has outlived it; when it did not, the
 * suspects are all case runs that were under way, or had ended a moment before; where there are none of those, all that
 * have ended and are held.
 *
 *   FINE ──▶ LOST ──▶ FINE           launched: it died, or went mute; settled, and launched again
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
	LOOK_PAUSE_US = 100000, /* between two dials, while it accepts no connections */
	ACCEPT_LIMIT_US = 1000000,
	PATIENCE_US = 5000000,    /* with a target that accepts no connections */
	LAST_ANSWER_US = 2000000, /* beyond an answer's time: for a suspect to come to its end */
	DEATHS_MAX = 100,
};

/* Its WebSocket or its TLS is one that nobody should go on with, and was so before anything was played: what is left to be
 * asked is whether there are connections below.
 */
static bool was_never_reached(const struct runner *r)
{
	for (int i = 0; i < VERSION_COUNT; i++)
		if (r->config->surveys[i].asked &&
			r->config->surveys[i].status != PROBE_UNREACHABLE)
			return false;
	return true;
}

static bool accepts(struct runner *r)
{
	const struct endpoint *target = &r->config->target->endpoint;
	int64_t before_us = clock_now_us();

	if (!(was_never_reached(r) ? endpoint_accepts_below : endpoint_accepts)(
		    target, ACCEPT_LIMIT_US))
		return false;
	r->alive_us = before_us;
	return true;
}

/* ---- the loss ------------------------------------------------------------------------------ */

static void set_health(struct runner *r, enum runner_health health)
{
	r->health = health;
	r->health_us = clock_now_us();
}

/* Of those that were under way, or ended at this time or later. */
static const char *names_since(struct runner *r, int64_t since_us)
{
	const char *names = "";

	for (struct runner_job *job = r->first; job; job = job->next)
		if (!job->ended || job->ended_us >= since_us)
			names = arena_printf(
				&r->arena, "%s%s%s", names, *names ? " " : "", job->item.id);
	return names;
}

/* At a URL, which tells of no death, these are all that are held; and so they are where nothing was going on a moment before
 * it, since a process may take its time from its last word to its death.
 */
static const char *names_of_suspects(struct runner *r, int64_t at_us)
{
	const char *names = runner_launches(r) ? names_since(r, at_us - r->config->hold_us) : "";

	return *names ? names : names_since(r, 0);
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

static int64_t lost_us(const struct runner *r)
{
	if (r->is_shut)
		return r->shut_us;
	return r->health == HEALTH_DOUBT ? r->health_us : clock_now_us();
}

static void lose(struct runner *r, bool mute)
{
	int64_t at_us = lost_us(r);

	r->suspects = names_of_suspects(r, at_us);
	set_health(r, HEALTH_LOST);
	mute_forget(r);
	r->deaths += !r->search.runs;
	if (runner_launches(r) && r->first && !search_is_sure(r, mute, at_us))
		search_begin(r, mute, at_us);
	else
		hurry_suspects(r);
}

/* It lives, and serves nobody. */
static void end_target(struct runner *r, const char *note)
{
	struct target *target = r->config->target;

	target_read(target);
	r->death = (struct record_death){
		.signal = SIGKILL,
		.stderr_tail = tail_text(&target->tail, &r->arena),
		.note = note,
	};
	target_kill(target);
}

void loss_mute(struct runner *r, const char *packet)
{
	end_target(r,
		arena_printf(
			&r->arena, "went mute: it answered no %s, and mqttspec ended it", packet));
	lose(r, true);
}

void loss_shut(struct runner *r)
{
	end_target(r, "closed every connection before CONNACK, and mqttspec ended it");
	lose(r, true);
}

/* ---- settling ------------------------------------------------------------------------------ */

static void report_death(struct runner *r)
{
	const struct runner_config *c = r->config;

	r->death.during = r->suspects;
	room_for_line(r, !c->record || record_write_death(c->record, &r->death));
	c->view.death(c->view.user, &r->death);
}

static void launch_again(struct runner *r)
{
	const char *error;

	switch (target_launch(r->config->target, &error)) {
	case TARGET_UP:
		set_health(r, HEALTH_FINE);
		r->alive_us = r->health_us;
		r->served_us = r->health_us;
		r->last_end_us = 0;
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
		job_read(culprit);
		result_crash(&culprit->arena, &r->death, NULL, &culprit->result);
		search_found(r, culprit);
		job_commit(r, culprit);
	} else if (!r->search.runs) {
		r->unexplained++;
	}
	if (r->deaths >= DEATHS_MAX)
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
		job_read(job);
		if (alone)
			result_crash(&job->arena, NULL, why, &job->result);
		else
			result_unlearned(&job->arena, &job->item,
				arena_printf(&job->arena, "%s; these case runs were under way: %s",
					why, r->suspects),
				&job->result);
		job_commit(r, job);
	}
	set_health(r, HEALTH_WAITING);
}

/* ---- watching ------------------------------------------------------------------------------ */

static void look_while_absent(struct runner *r, int64_t now_us)
{
	if (!pace_lets_dial(r, now_us))
		return;
	if (accepts(r)) {
		set_health(r, HEALTH_FINE);
	} else if (now_us < r->health_us + PATIENCE_US) {
		return;
	} else if (r->health == HEALTH_WAITING) {
		runner_stop(r, RUNNER_TARGET_LOST, "the target accepts no connections any more");
	} else {
		end_target(r, "accepted no connections any more, and mqttspec ended it");
		lose(r, false);
	}
}

static void look_while_fine(struct runner *r, int64_t now_us)
{
	if (!r->is_in_doubt && !hold_wants_accept(r, now_us))
		return;
	if (!pace_lets_dial(r, now_us))
		return;
	r->is_in_doubt = false;
	if (accepts(r))
		return;
	if (runner_launches(r))
		set_health(r, HEALTH_DOUBT);
	else
		lose(r, false);
}

void loss_watch(struct runner *r, int64_t now_us)
{
	bool may_die = r->health == HEALTH_FINE || r->health == HEALTH_DOUBT;

	if (may_die && runner_launches(r) && target_died(r->config->target, &r->arena, &r->death))
		lose(r, false);
	else if (r->health == HEALTH_FINE)
		look_while_fine(r, now_us);
	else if (r->health == HEALTH_DOUBT || r->health == HEALTH_WAITING)
		look_while_absent(r, now_us);
	if (r->health == HEALTH_LOST && !r->running) {
		if (runner_launches(r))
			settle_death(r);
		else
			settle_absence(r);
	}
}

int64_t loss_next_us(const struct runner *r)
{
	if (r->health == HEALTH_DOUBT || r->health == HEALTH_WAITING)
		return clock_now_us() + LOOK_PAUSE_US;
	return INT64_MAX;
}
