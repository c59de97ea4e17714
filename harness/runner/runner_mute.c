/* A target can live, accept connections, and yet serve nobody any more: one packet has killed one
 * of its threads, or left a lock held. It is mute then, or shut: it closes every connection before any
 * answer. A checkup tells, off the fast path. The first one, before
 * anything was played, is the control: a target that does not pass it is never called mute.
 *
 * The same exchanges warm a target up that gets faster by being used (a JIT compiler, a cache), before
 * case runs begin that measure time.
 */
#include "base/clock.h"
#include "harness/case.h"
#include "harness/runner/runner_job.h"
#include "harness/runner/target.h"
#include "harness/versions.h"

enum {
	TIMEOUTS = 2,        /* case runs to which nothing came in time: then the target is asked */
	WATCH_EXCHANGES = 4, /* a target may have several threads, each with some connections */
	MUTE_ANSWERS = 6,    /* for so many times of an answer: a busy machine is not mute */
	MUTE_ANSWERS_OF_SEVERAL = 2,
	/* Connections in a row: a limit of connections, or of their rate, ends sooner. */
	SHUT_TRIES = 6,
	SHUT_PAUSE_US = 1000000, /* between two */
	CONTROL_US = 1000000,    /* the first one has to itself */
	WARM_UP_US = 2000000,
};

/* A version in which the target serves; NULL: none. */
static const struct survey *served(const struct runner *r, enum mqtt_version *version)
{
	for (int i = 0; i < VERSION_COUNT; i++) {
		const struct survey *s = &r->config->surveys[i];
		*version = version_at(i);
		if (s->status == PROBE_SERVED && !s->unserved)
			return s;
	}
	return NULL;
}

static bool can_be_asked(const struct runner *r)
{
	enum mqtt_version version;

	return !r->config->client && !r->config->no_fork && served(r, &version);
}

/* Among several suspects a wrong answer costs a round of the search, and accuses nobody. */
static int64_t limit_answers(const struct runner *r)
{
	bool several = r->search.runs && r->first && r->first->next;

	return several ? MUTE_ANSWERS_OF_SEVERAL : MUTE_ANSWERS;
}

/* One that was launched again may need a moment before it serves. */
static bool is_patient_with_closes(const struct runner *r, enum runner_question question)
{
	return question == QUESTION_SHUT || (question == QUESTION_CONTROL && r->had_control);
}

static void ask(struct runner *r, enum runner_question question)
{
	struct checkup *c = &r->checkup;
	const struct survey *survey = served(r, &c->version);

	c->target = &r->config->target->endpoint;
	c->prefix = r->prefix;
	c->answer_us = survey->answer_us;
	c->limit_us = limit_answers(r) * survey->answer_us;
	c->exchanges = question == QUESTION_WATCH ? WATCH_EXCHANGES : 1;
	c->shut_tries = is_patient_with_closes(r, question) ? SHUT_TRIES : 1;
	c->shut_pause_us = SHUT_PAUSE_US;
	c->warm_us = 0;
	if (question == QUESTION_WARM_UP)
		c->limit_us = c->warm_us = WARM_UP_US;
	r->question = question;
	if (!checkup_start(c))
		runner_stop(r, RUNNER_BROKEN, "no process for a checkup of the target");
}

static bool is_asked(const struct runner *r, enum runner_question question)
{
	return r->checkup.runs && r->question == question;
}

/* One that was launched again must serve before anybody can be blamed for its not serving. */
static bool needs_control(const struct runner *r)
{
	return !r->was_asked && (!r->had_control || r->can_be_mute) && can_be_asked(r);
}

bool mute_holds_up(struct runner *r, int64_t now_us)
{
	if (is_asked(r, QUESTION_WARM_UP) || r->is_shut ||
		now_us < r->shaken_us + r->config->hold_us)
		return true;
	if (!needs_control(r))
		return false;
	if (!r->checkup.runs)
		ask(r, QUESTION_CONTROL);
	return r->had_control || now_us < r->checkup.started_us + CONTROL_US;
}

int64_t mute_next_us(const struct runner *r, int64_t now_us)
{
	int64_t at_us = r->checkup.started_us + CONTROL_US;

	if (r->shaken_us + r->config->hold_us > now_us)
		return r->shaken_us + r->config->hold_us;
	return !r->had_control && r->checkup.runs && at_us > now_us ? at_us : INT64_MAX;
}

bool mute_is_warm(struct runner *r)
{
	if (r->is_warm || !can_be_asked(r) || (r->had_control && !r->can_be_mute))
		return true;
	if (!r->checkup.runs)
		ask(r, QUESTION_WARM_UP);
	return false;
}

/* ---- results ------------------------------------------------------------------------------- */

static bool is_done(const struct runner *r)
{
	return !r->first && !r->timed.count && !r->plain.count && !r->patient.count &&
		!r->search.runs;
}

/* At a URL: said once; the run goes on, since it may come back. */
static void tell_of_mute(struct runner *r)
{
	const struct runner_config *c = r->config;

	r->mute = true;
	r->mute_us = clock_now_us();
	if (c->view.remark)
		c->view.remark(c->view.user,
			arena_printf(&r->arena,
				"the target went mute: it accepts connections, and answered no %s "
				"for %.0f s; the run goes on",
				r->checkup.mute_to, (double)r->checkup.limit_us / 1e6));
}

/* Nothing is left but to wait for it: as long as for any answer. */
static void end_when_mute(struct runner *r)
{
	if (!is_done(r) || clock_now_us() < r->mute_us + r->config->patience_us)
		return;
	const char *why = arena_printf(&r->arena,
		"the target accepts connections, and answers no %s any more", r->checkup.mute_to);
	hold_give_up_aside(r, why);
	runner_stop(r, RUNNER_TARGET_LOST, why);
}

/* Once is not enough: it is asked again, for some seconds. */
static void take_shut(struct runner *r)
{
	if (r->question == QUESTION_SHUT) {
		loss_shut(r);
		return;
	}
	r->is_shut = true;
	r->shut_us = r->checkup.started_us;
}

static void take_watch(struct runner *r, enum checkup_result result)
{
	r->timeouts = 0;
	if (result == CHECKUP_SHUT && runner_launches(r)) {
		take_shut(r);
		return;
	}
	r->is_shut = false;
	if (result == CHECKUP_MUTE && runner_launches(r)) {
		loss_mute(r, r->checkup.mute_to);
		return;
	}
	if (result == CHECKUP_MUTE) {
		if (!r->mute)
			tell_of_mute(r);
		end_when_mute(r);
		return;
	}
	r->mute = false;
	r->served_us = r->checkup.started_us;
}

static void take_control(struct runner *r, enum checkup_result result)
{
	r->was_asked = true;
	if (!r->had_control)
		r->can_be_mute = result == CHECKUP_SERVED;
	else if (result == CHECKUP_MUTE || result == CHECKUP_SHUT)
		runner_stop(r, RUNNER_TARGET_LOST,
			"the target serves nobody, not even after it was launched again");
	r->had_control = true;
}

static void take(struct runner *r, enum checkup_result result)
{
	switch (r->question) {
	case QUESTION_CONTROL: take_control(r, result); break;
	case QUESTION_WARM_UP: r->is_warm = true; break;
	case QUESTION_WATCH:
	case QUESTION_SHUT: take_watch(r, result); break;
	}
	if (result == CHECKUP_SERVED)
		r->served_us = r->checkup.started_us;
	r->is_in_doubt = result == CHECKUP_OTHER || result == CHECKUP_SHUT;
	if (r->is_in_doubt && (r->question == QUESTION_CONTROL || r->question == QUESTION_WARM_UP))
		r->shaken_us = clock_now_us();
}

bool mute_is_suspected(const struct runner *r)
{
	return r->can_be_mute && !r->mute && r->timeouts >= (is_done(r) ? 1 : TIMEOUTS);
}

static bool wants_watch(const struct runner *r, int64_t now_us)
{
	if (!r->can_be_mute)
		return false;
	return hold_wants_checkup(r, now_us) || mute_is_suspected(r) || (r->mute && is_done(r));
}

void mute_look(struct runner *r)
{
	enum checkup_result result;

	if (!r->checkup.runs)
		return;
	result = checkup_look(&r->checkup);
	if (result != CHECKUP_RUNS)
		take(r, result);
}

void mute_ask(struct runner *r, int64_t now_us)
{
	if (r->checkup.runs || r->health != HEALTH_FINE || !can_be_asked(r))
		return;
	if (r->is_shut && !r->running) /* it may be their connections that are too many */
		ask(r, QUESTION_SHUT);
	else if (!r->is_shut && !needs_control(r) && wants_watch(r, now_us))
		ask(r, QUESTION_WATCH);
}

void mute_forget(struct runner *r)
{
	r->had_control |= is_asked(r, QUESTION_CONTROL); /* it was the end of it: never again */
	checkup_stop(&r->checkup);
	r->is_shut = false;
	r->was_asked = false;
	r->is_warm = false;
	r->timeouts = 0;
}
