/* Connections a second, as far as the runner has a say: nothing starts while connections wait for
 * their turn, so that those of a case run that is under way come soon.
 */
#include "base/clock.h"
#include "harness/peers/guest.h"
#include "harness/runner/runner_job.h"
#include "harness/runner/target.h"
#include "harness/transport/pace.h"

enum { SECOND_US = 1000000 };

struct pace *runner_pace(const struct runner *r)
{
	const struct guest *guest = r->config->client ? NULL : r->config->target->guest;

	return guest ? guest->pace : NULL;
}

static void tell(struct runner *r, const struct pace *pace)
{
	const struct runner_view *view = &r->config->view;

	if (r->was_held)
		return;
	r->was_held = true;
	if (view->remark)
		view->remark(view->user,
			arena_printf(&r->arena,
				"the run takes longer, since it makes no more than %lld "
				"connections a "
				"second",
				(long long)(SECOND_US / pace->interval_us)));
}

bool pace_lets_start(struct runner *r, int64_t now_us)
{
	struct pace *pace = runner_pace(r);

	if (!pace)
		return true;
	if (pace_next_us(pace) > r->held_until_us)
		r->held_until_us = pace_next_us(pace);
	if (now_us >= r->held_until_us)
		return true;
	tell(r, pace);
	return false;
}

/* It takes its first turn in a moment. */
void pace_started(struct runner *r)
{
	const struct pace *pace = runner_pace(r);

	if (pace)
		r->held_until_us = clock_now_us() + pace->interval_us;
}

bool pace_lets_dial(struct runner *r, int64_t now_us)
{
	struct pace *pace = runner_pace(r);

	if (pace && !r->turn_us)
		r->turn_us = pace_take(pace);
	if (now_us < r->turn_us)
		return false;
	r->turn_us = 0;
	return true;
}

int64_t pace_deadline_us(const struct runner *r, const struct runner_job *job)
{
	return job->deadline_us + pace_charged_us(runner_pace(r), job->account);
}
