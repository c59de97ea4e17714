/* A target can live, accept connections, and serve nobody any more: one packet has killed a thread of it,
 * or left a lock behind. A checkup tells, off the fast path. The first one, before anything was played, is
 * the control: who does not pass that one is never called mute.
 *
 * The same exchanges warm a target up that gets faster by being used (a JIT compiler, a cache), before
 * case runs begin that measure time.
 */
#include "base/clock.h"
#include "harness/case.h"
#include "harness/runner/runner_job.h"
#include "harness/runner/target.h"

enum {
	EXCHANGES = 4, /* of a checkup: some targets have a thread for each of some connections */
	TIMEOUTS = 2,  /* set-ups to which nothing came in time: then the target is asked */
	LIMIT_ANSWERS = 2,    /* of a checkup: in times of an answer */
	CONTROL_US = 1000000, /* the first one has to itself */
	WARM_UP_US = 2000000,
};

/* A version in which the target serves; NULL: none. */
static const struct survey *served(const struct runner *r, enum mqtt_version *version)
{
	for (int i = 0; i < SURVEY_VERSIONS; i++) {
		const struct survey *s = &r->config->surveys[i];
		*version = i ? MQTT_50 : MQTT_311;
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

static void start(struct runner *r, int64_t answers, unsigned exchanges, int64_t warm_us)
{
	struct checkup *c = &r->checkup;
	const struct survey *survey = served(r, &c->version);

	c->target = &r->config->target->endpoint;
	c->prefix = r->prefix;
	c->limit_us = warm_us ? warm_us : answers * survey->answer_us;
	c->exchanges = exchanges;
	c->warm_us = warm_us;
	r->warming_up = warm_us && checkup_start(c);
	if (!warm_us && !checkup_start(c))
		runner_stop(r, RUNNER_BROKEN, "no process for a checkup of the target");
}

bool mute_holds_up(struct runner *r, int64_t now_us)
{
	if (r->warming_up)
		return true;
	if (r->was_asked || !can_be_asked(r))
		return false;
	if (!r->checkup.runs)
		start(r, 1, 1, 0);
	return now_us < r->checkup.started_us + CONTROL_US;
}

int64_t mute_next_us(const struct runner *r, int64_t now_us)
{
	int64_t at_us = r->checkup.started_us + CONTROL_US;

	return !r->was_asked && r->checkup.runs && at_us > now_us ? at_us : INT64_MAX;
}

bool mute_is_warm(struct runner *r)
{
	if (r->is_warm || !can_be_asked(r))
		return true;
	if (!r->checkup.runs) {
		start(r, 1, 1, WARM_UP_US);
		r->is_warm = !r->warming_up;
	}
	return r->is_warm;
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
	const char *packet = r->checkup.mute_to;

	if (is_done(r)) {
		const char *why = arena_printf(&r->arena,
			"the target accepts connections, and answers no %s any more", packet);
		hold_give_up_aside(r, why);
		runner_stop(r, RUNNER_TARGET_LOST, why);
	} else if (!r->mute && c->view.remark) {
		c->view.remark(c->view.user,
			arena_printf(&r->arena,
				"the target went mute: it accepts connections, and answered no %s "
				"for %.0f s; the run goes on",
				packet, (double)r->checkup.limit_us / 1e6));
	}
	r->mute = true;
}

static void take_watch(struct runner *r, enum checkup_result result)
{
	r->timeouts = 0;
	if (result == CHECKUP_MUTE && runner_launches(r)) {
		loss_mute(r, r->checkup.mute_to);
		return;
	}
	if (result == CHECKUP_MUTE) {
		tell_of_mute(r);
		return;
	}
	r->mute = false;
	r->served_us = r->checkup.started_us;
	r->is_in_doubt = result == CHECKUP_OTHER;
}

static void take(struct runner *r, enum checkup_result result)
{
	bool first = !r->was_asked;

	r->was_asked = true;
	if (r->warming_up) {
		r->warming_up = false;
		r->is_warm = true;
	} else if (!first) {
		take_watch(r, result);
	}
	if (first)
		r->can_be_mute = result == CHECKUP_SERVED;
	if (result == CHECKUP_SERVED)
		r->served_us = r->checkup.started_us;
}

bool mute_is_suspected(const struct runner *r)
{
	return r->can_be_mute && !r->mute && r->timeouts >= TIMEOUTS;
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
	if (r->was_asked && wants_watch(r, now_us))
		start(r, LIMIT_ANSWERS, EXCHANGES, 0);
}

void mute_forget(struct runner *r)
{
	checkup_stop(&r->checkup);
	r->warming_up = false;
	r->is_warm = false;
	r->timeouts = 0;
}
