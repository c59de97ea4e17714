/* A target of the case run's own: launched before the body, stopped and started again by its verbs, and
 * ended after it.
 */
#include <math.h>
#include <signal.h>
#include <string.h>

#include "harness/instance.h"
#include "harness/test.h"

enum {
	STEP_MS = 20,
	DYING_US = 500000, /* from closing its connections to its end */
};

static struct instance *instance_of(struct place at, struct test *t)
{
	if (!t->play->instance)
		test_end(
			t, at, VERDICT_ERROR, "only a case with .restarts has a target to restart");
	return t->play->instance;
}

static const char *how_it_died(struct test *t)
{
	const struct record_death *d = t->death;

	if (d->signal)
		return arena_printf(t->arena, "%s died of signal %d (%s)", t->play->instance->name,
			d->signal, strsignal(d->signal));
	return arena_printf(
		t->arena, "%s exited with status %d", t->play->instance->name, d->exit_code);
}

static bool take_death(struct test *t, bool told)
{
	struct record_death death;

	if (!t->play->instance->died(t->play->instance, told, t->arena, &death))
		return false;
	t->death = arena_new(t->arena, struct record_death);
	memcpy((struct record_death *)t->death, &death, sizeof(death));
	test_remark(t, NULL, "%s", how_it_died(t));
	return true;
}

/* ---- before and after the body ------------------------------------------------------------- */

/* The pulse goes over a connection of its own, which ends with the target. */
static void watch_again(struct test *t)
{
	struct lateness before = t->lateness;

	if (!t->def->budget_ms)
		return;
	lateness_end(&t->lateness);
	test_watch_lateness(t);
	t->lateness.own_us += before.own_us;
	t->lateness.target_us += before.target_us;
}

void instance_begin(struct test *t)
{
	struct place at = AT("the launch of the target");
	struct instance *i = t->play->instance;
	const char *why;

	if (!i)
		return;
	enum instance_status status = i->start(i, t->arena, &why);
	t->waited = status == INSTANCE_LATE; /* in a quieter hour it may be otherwise */
	if (status != INSTANCE_UP)
		test_end(t, at, VERDICT_INCONCLUSIVE, why);
	test_remark(t, NULL, "%s runs, for this case run alone", i->name);
}

static bool has_ended_any(const struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++)
		if (t->peers[i]->ended && !t->peers[i]->closed)
			return true;
	return false;
}

/* By itself: who closes connections unasked may be about to. */
static bool has_ended(struct test *t, struct instance *i)
{
	bool dying = !verdict_is_good(t->verdict) && has_ended_any(t);
	int64_t until_us = tape_now_us(&t->tape) + (dying ? DYING_US : 0);

	if (t->down)
		return false;
	while (!i->ended(i, dying ? STEP_MS : 0))
		if (tape_now_us(&t->tape) >= until_us)
			return false;
	return true;
}

void instance_end(struct test *t)
{
	struct instance *i = t->play->instance;

	if (!i)
		return;
	if (has_ended(t, i))
		take_death(t, false);
	const char *said = i->said(i, t->arena);
	t->target_said = *said && !t->death ? said : NULL;
	i->end(i);
	if (!t->death)
		return;
	t->verdict = VERDICT_CRASH;
	t->note = how_it_died(t);
	for (size_t n = 0; n < t->claim_count; n++) {
		t->claims[n].verdict = VERDICT_CRASH;
		t->claims[n].open = false;
	}
}

/* ---- the verbs ----------------------------------------------------------------------------- */

/* What it still says to its peers is read all the while, or it might wait for them. */
static bool await_end(struct test *t, struct instance *i)
{
	int64_t until_us = tape_now_us(&t->tape) + (int64_t)i->stop_ms * 1000;

	while (!i->ended(i, STEP_MS)) {
		test_read_ready(t);
		if (tape_now_us(&t->tape) >= until_us)
			return false;
	}
	return true;
}

static void stop(struct place at, struct test *t, struct instance *i, bool orderly)
{
	const char *name = orderly ? i->stop_name : "SIGKILL";

	test_read_ready(t);
	if (i->ended(i, 0)) {
		t->down = true;
		take_death(t, false);
		test_end(t, at, VERDICT_INCONCLUSIVE, "the target ended by itself");
	}
	test_remark(t, NULL, "%s gets %s", i->name, name);
	i->signal(i, orderly);
	t->waited = !await_end(t, i);
	if (t->waited)
		test_end(t, at, VERDICT_INCONCLUSIVE,
			arena_printf(t->arena, "%s did not end within %u ms after %s", i->name,
				i->stop_ms, name));
	t->down = true;
	test_read_ready(t); /* the end of each connection */
	test_remark(t, NULL, "%s has ended", i->name);
	if (take_death(t, true))
		test_end(t, at, VERDICT_CRASH, how_it_died(t));
}

static void start_again(struct place at, struct test *t, struct instance *i)
{
	const char *why;
	enum instance_status status = i->start(i, t->arena, &why);

	t->waited = status == INSTANCE_LATE;
	if (status == INSTANCE_ROBBED || status == INSTANCE_LATE)
		test_end(t, at, VERDICT_INCONCLUSIVE, why);
	if (status == INSTANCE_DOWN)
		test_fail(t, at, "the target runs again", why);
	t->down = false;
	test_remark(t, NULL, "%s runs again", i->name);
	watch_again(t);
}

void leave_all_at(struct place at, struct test *t)
{
	for (size_t i = 0; i < t->peer_count; i++)
		if (t->peers[i]->accepted && is_open(t->peers[i]))
			leave_at(at, t->peers[i], (struct disconnect){ 0 });
}

void restart_at(struct place at, struct test *t)
{
	struct instance *i = instance_of(at, t);

	stop(at, t, i, true);
	start_again(at, t, i);
}

void crash_at(struct place at, struct test *t)
{
	struct instance *i = instance_of(at, t);

	stop(at, t, i, false);
	start_again(at, t, i);
}

void halt_at(struct place at, struct test *t)
{
	stop(at, t, instance_of(at, t), true);
}

void resume_at(struct place at, struct test *t)
{
	start_again(at, t, instance_of(at, t));
}
