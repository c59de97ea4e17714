/* A case run clears what it leaves on the target. One that is killed, because its time is up or the
 * run is stopped, cannot; another may not get through. What is left of them is cleared at the end,
 * by a process of its own, if the target outlives the run.
 */
#include <poll.h>

#include "base/clock.h"
#include "harness/peers/leavings.h"
#include "harness/runner/runner_job.h"
#include "harness/runner/target.h"
#include "harness/transport/pace.h"

enum {
	ERRAND_LIMIT_US = 2000000,
	LIMIT_US = 10000000, /* of everything */
	NAMED = 5,           /* of what stays, with their names */
};

struct cleaner {
	const struct runner *runner;
	unsigned account;
};

static bool target_stays(const struct runner *r)
{
	return !r->config->client && !target_is_launched(r->config->target);
}

void clean_note(struct runner *r, const struct runner_job *job)
{
	const struct leavings *own = job->leavings;

	if (!own || !target_stays(r))
		return;
	if (!leavings_count(own, LEFT_SESSION) && !leavings_count(own, LEFT_RETAINED))
		return;
	if (!r->left)
		r->left = leavings_new();
	if (r->left)
		leavings_take_over(r->left, own);
}

static void work(void *user, FILE *out)
{
	const struct cleaner *c = user;
	const struct runner *r = c->runner;
	struct arena arena;

	(void)out;
	arena_init(&arena);
	pace_charge(runner_pace(r), c->account);
	leavings_clear(r->left, &arena, &r->config->target->endpoint,
		arena_printf(&arena, "%sCLEANER", r->prefix), ERRAND_LIMIT_US);
	arena_fini(&arena);
}

static void clear_all(struct runner *r)
{
	struct cleaner cleaner = { r, r->serial++ };
	int64_t limit_us = clock_now_us() + LIMIT_US, left_us;
	struct worker worker;

	pace_open(runner_pace(r), cleaner.account);
	if (!worker_start(&worker, work, &cleaner))
		return;
	while (!worker_read(&worker)) {
		struct pollfd fd = { .fd = worker.fd, .events = POLLIN };
		left_us = limit_us + pace_charged_us(runner_pace(r), cleaner.account) -
			clock_now_us();
		if (left_us <= 0)
			break;
		poll(&fd, 1, (int)((left_us + 999) / 1000));
	}
	worker_fini(&worker);
}

/* "2 sessions and 1 retained message" */
static const char *count_text(struct runner *r)
{
	size_t sessions = leavings_count(r->left, LEFT_SESSION);
	size_t retained = leavings_count(r->left, LEFT_RETAINED);

	return arena_printf(&r->arena, "%zu session%s and %zu retained message%s", sessions,
		sessions == 1 ? "" : "s", retained, retained == 1 ? "" : "s");
}

static const char *names(struct runner *r)
{
	struct leaving one;
	const char *text = "";
	size_t named = 0;

	for (size_t at = 0; named <= NAMED && leavings_next(r->left, &at, &one);)
		if (!one.cleared)
			text = named++ < NAMED
				? arena_printf(&r->arena, "%s%s%.*s", text, *text ? ", " : "",
					  (int)one.name.len, (const char *)one.name.data)
				: arena_printf(&r->arena, "%s, ...", text);
	return text;
}

static void tell(struct runner *r, const char *sentence)
{
	if (r->config->view.remark)
		r->config->view.remark(r->config->view.user, sentence);
}

void runner_clean(struct runner *r)
{
	for (struct runner_job *job = r->aside; job; job = job->next)
		clean_note(r, job);
	if (!r->left)
		return;
	tell(r,
		arena_printf(&r->arena,
			"clearing what case runs may have left on the target: %s (10 s at most)",
			count_text(r)));
	clear_all(r);
	if (leavings_count(r->left, LEFT_SESSION) || leavings_count(r->left, LEFT_RETAINED))
		tell(r,
			arena_printf(
				&r->arena, "%s may still be there: %s", count_text(r), names(r)));
}
