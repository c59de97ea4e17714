#include "harness/runner/runner.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/case.h"
#include "harness/peers/leavings.h"
#include "harness/runner/runner_job.h"
#include "harness/runner/target.h"
#include "harness/versions.h"

enum {
	LONGEST_WAIT_MS = 1000,
	PROGRESS_PAUSE_US = 100000,
	POLLED_BESIDE_JOBS = 5, /* stop_fd, the target's output and end, the checkup, extra */
	PATIENT_JOBS = 32,      /* at once: they do little but wait */
};

/* Not from the seed: two runs with one seed may meet on one target. */
static void choose_prefix(struct runner *r)
{
	static const char digits[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint64_t n = (uint64_t)clock_wall_us() * 0x9e3779b97f4a7c15 ^
		(uint64_t)getpid() * 0xbf58476d1ce4e5b9;

	n ^= n >> 31;
	for (size_t i = 0; i < sizeof(r->prefix) - 1; i++, n /= 62)
		r->prefix[i] = digits[n % 62];
}

void runner_init(struct runner *r, const struct runner_config *config)
{
	*r = (struct runner){ .config = config, .suspects = "" };
	arena_init(&r->arena);
	checkup_init(&r->checkup);
	r->last = &r->first;
	r->aside_last = &r->aside;
	r->started_us = clock_now_us();
	r->seen = arena_alloc(&r->arena, config->expected->count * sizeof(*r->seen));
	choose_prefix(r);
	for (size_t i = 0; i < config->plan->count; i++)
		if ((size_t)config->plan->items[i].repeat >= r->repeats)
			r->repeats = (size_t)config->plan->items[i].repeat + 1;
}

/* The target's file says so: among others it would have to be searched for. */
static bool is_lethal(const struct runner *r, const struct plan_item *item)
{
	const struct expectation *e = expectation_find(
		r->config->expected, item->def, item->row, item->version, item->transport);

	return e && e->verdict == VERDICT_CRASH && runner_launches(r) && !item->def->restarts;
}

void runner_add(struct runner *r, size_t index, int round)
{
	const struct plan_item *item = &r->config->plan->items[index];

	queue_add(r,
		is_lethal(r, item)             ? &r->lethal
			: item->def->budget_ms ? &r->timed
					       : &r->plain,
		(struct runner_ticket){ .index = index, .round = round });
	r->added++;
}

void runner_add_all(struct runner *r, int round)
{
	for (size_t i = 0; i < r->config->plan->count; i++)
		runner_add(r, i, round);
}

void runner_stop(struct runner *r, enum runner_stop why, const char *sentence)
{
	if (r->stopped)
		return;
	r->stopped = why;
	r->sentence = sentence;
}

/* ---- one turn ------------------------------------------------------------------------------ */

static bool has_slot(const struct runner *r, unsigned most)
{
	return r->working < r->config->jobs && r->running < most;
}

/* Timed ones go first, since they last longest, but leave half of the slots to others, so that the
 * machine has something to do while they wait.
 */
static bool start_next(struct runner *r)
{
	bool timed =
		r->timed.count && (!r->plain.count || r->timed_working < (r->config->jobs + 1) / 2);

	if ((!r->timed.count && !r->plain.count) || !has_slot(r, r->config->most_jobs))
		return false;
	job_start(r, timed ? &r->timed : &r->plain);
	return true;
}

/* So that there is never more than one suspect, not even among those that have just ended. */
static bool one_by_one(const struct runner_config *c)
{
	return c->no_fork || c->most_jobs == 1;
}

/* The last one is through. Where the target can be launched again the search finds out which one it was that
 * killed it, so that there is no need to wait for a death; elsewhere the only suspect must be sure.
 */
static bool is_next_one_due(const struct runner *r)
{
	return runner_launches(r) && runner_may_keep(r) ? !r->running : !r->first;
}

/* A client is a process that has to be started: not too many of those at once. */
static bool start_one_patient(struct runner *r)
{
	const struct runner_config *c = r->config;
	unsigned most = one_by_one(c)                      ? 1
		: c->client && c->most_jobs < PATIENT_JOBS ? c->most_jobs
							   : PATIENT_JOBS;

	if (!r->patient.count || r->running >= most || (c->client && !has_slot(r, most)))
		return false;
	job_start(r, &r->patient);
	return true;
}

/* Those that wait with patience are alone with each other, after all others; when the first surprise
 * ends the run, as soon as there is one.
 */
static bool is_patient_turn(struct runner *r)
{
	bool fail_fast = r->config->fail_fast;
	bool can_be = r->aside && !r->mute && !mute_is_suspected(r);

	if (can_be && !r->first && (fail_fast || (!r->timed.count && !r->plain.count)))
		hold_queue_patient(r);
	return r->patient.count || r->patient_running || (fail_fast && can_be);
}

/* `before` were played when this turn began: where connections have a pace, one may follow. */
static bool more_may_start(const struct runner *r, size_t before)
{
	return !runner_pace(r) || r->played == before;
}

static void start_patient(struct runner *r)
{
	size_t before = r->played;

	while (!r->stopped && more_may_start(r, before) && start_one_patient(r))
		;
}

/* When all others are through, so that it is the only suspect: others join it only where they are asked for meanwhile. */
static void start_lethal(struct runner *r, int64_t now_us)
{
	if (r->lethal.count && !r->timed.count && !r->plain.count && !r->first && !r->aside &&
		now_us >= r->last_end_us + RUNNER_KEEP_US)
		job_start(r, &r->lethal);
}

static void start_some(struct runner *r, int64_t now_us)
{
	bool single = one_by_one(r->config);
	size_t before = r->played;

	if (r->search.runs) {
		search_start(r, now_us);
		return;
	}
	if (single && !is_next_one_due(r))
		return;
	if (is_patient_turn(r)) {
		start_patient(r);
		return;
	}
	if (r->timed.count && !mute_is_warm(r))
		return;
	while (!r->stopped && more_may_start(r, before) && start_next(r) && !single)
		;
	start_lethal(r, now_us);
}

static void start_jobs(struct runner *r, int64_t now_us)
{
	size_t before = r->played;

	if (r->health != HEALTH_FINE || mute_holds_up(r, now_us) || !pace_lets_start(r, now_us))
		return;
	start_some(r, now_us);
	if (r->played != before)
		pace_started(r);
}

static bool is_idle(const struct runner *r)
{
	return !r->first && !r->timed.count && !r->plain.count && !r->patient.count &&
		!r->lethal.count && !r->search.runs && !r->aside && !r->mute && !r->is_shut &&
		!mute_is_suspected(r) && r->health == HEALTH_FINE;
}

static int wait_ms(const struct runner *r, int64_t turn_us)
{
	int64_t next_us = mute_next_us(r, turn_us), now_us = clock_now_us();
	const struct runner_config *c = r->config;

	if (loss_next_us(r) < next_us)
		next_us = loss_next_us(r);
	if (r->health == HEALTH_FINE && hold_next_us(r, turn_us) < next_us)
		next_us = hold_next_us(r, turn_us);
	if (c->deadline_us && c->deadline_us < next_us)
		next_us = c->deadline_us;
	if (c->view.progress && r->progress_us + PROGRESS_PAUSE_US < next_us)
		next_us = r->progress_us + PROGRESS_PAUSE_US;
	if (r->held_until_us > turn_us && r->held_until_us < next_us)
		next_us = r->held_until_us;
	for (const struct runner_job *job = r->first; job; job = job->next)
		if (!job->ended && pace_deadline_us(r, job) < next_us)
			next_us = pace_deadline_us(r, job);
	if (next_us <= now_us)
		return 0;
	int64_t ms = (next_us - now_us + 999) / 1000;
	return ms < LONGEST_WAIT_MS ? (int)ms : LONGEST_WAIT_MS;
}

/* Waits; then everything that may have happened is looked at, since looking costs little. */
static void wait_for_something(struct runner *r, struct pollfd *extra, int64_t turn_us)
{
	const struct target *target = r->config->target;
	struct pollfd *fds = calloc(POLLED_BESIDE_JOBS + r->running, sizeof(*fds));
	nfds_t count = 0;

	if (!fds)
		abort();
	fds[count++] = (struct pollfd){ .fd = r->config->stop_fd, .events = POLLIN };
	fds[count++] = extra ? *extra : (struct pollfd){ .fd = -1 };
	fds[count++] = (struct pollfd){ .fd = target->program.output_fd, .events = POLLIN };
	if (r->health == HEALTH_FINE || r->health == HEALTH_DOUBT)
		fds[count++] = (struct pollfd){ .fd = target->program.pid_fd, .events = POLLIN };
	if (r->checkup.runs)
		fds[count++] = (struct pollfd){ .fd = r->checkup.worker.fd, .events = POLLIN };
	for (const struct runner_job *job = r->first; job; job = job->next)
		if (!job->ended)
			fds[count++] = (struct pollfd){ .fd = job->worker.fd, .events = POLLIN };
	poll(fds, count, is_idle(r) && !extra ? 0 : wait_ms(r, turn_us));
	if (fds[0].revents & POLLIN)
		runner_stop(r, RUNNER_INTERRUPTED, "interrupted");
	if (extra)
		extra->revents = fds[1].revents;
	free(fds);
}

static void show_progress(struct runner *r, int64_t now_us)
{
	const struct runner_config *c = r->config;
	struct runner_progress p = { .done = r->done, .planned = r->added };
	struct runner_running *list;

	if (!c->view.progress || now_us < r->progress_us + PROGRESS_PAUSE_US)
		return;
	r->progress_us = now_us;
	list = calloc(r->running + 1, sizeof(*list));
	if (!list)
		abort();
	for (const struct runner_job *job = r->first; job; job = job->next)
		if (!job->ended)
			list[p.running_count++] =
				(struct runner_running){ job->item.id, now_us - job->started_us };
	p.running = list;
	p.patiently = r->patient.count || r->patient_running;
	p.patient = r->patient.count - r->patient.head + r->patient_running;
	for (const struct runner_job *job = r->aside; job; job = job->next)
		p.patient++;
	p.paced = now_us < r->held_until_us;
	c->view.progress(c->view.user, &p);
	free(list);
}

bool runner_turn(struct runner *r, struct pollfd *extra)
{
	int64_t now_us = clock_now_us();
	struct runner_job *next;

	start_jobs(r, now_us);
	wait_for_something(r, extra, now_us);
	now_us = clock_now_us();
	if (r->config->deadline_us && now_us >= r->config->deadline_us)
		runner_stop(r, RUNNER_DEADLINE, "deadline");
	target_read(r->config->target);
	for (struct runner_job *job = r->first; job && !r->stopped; job = next) {
		next = job->next;
		job_look(r, job, now_us);
	}
	if (!r->stopped)
		mute_look(r);
	if (!r->stopped)
		loss_watch(r, now_us);
	if (!r->stopped)
		hold_release(r, now_us);
	if (!r->stopped)
		search_look(r);
	if (!r->stopped)
		mute_ask(r, now_us);
	show_progress(r, now_us);
	while (r->stopped && r->first)
		job_drop(r, r->first);
	return !r->stopped && !is_idle(r);
}

/* ---- the end ------------------------------------------------------------------------------- */

/* Nobody knows what a version has that was not asked for, or is not served. */
static bool was_played(const struct runner *r, unsigned versions)
{
	for (int i = 0; i < VERSION_COUNT; i++) {
		const struct survey *survey = &r->config->surveys[i];
		if (versions & (i ? V50 : V311) && (!survey->asked || survey->unserved))
			return false;
	}
	return true;
}

static void list_unseen(struct runner *r, struct record_end *out)
{
	const struct expectations *expected = r->config->expected;
	struct record_unseen *list = arena_alloc(&r->arena, expected->count * sizeof(*list));

	for (size_t i = 0; i < expected->count; i++) {
		const struct expectation *e = &expected->list[i];
		if (e->cause && !e->sometimes && !r->seen[i] && was_played(r, e->versions))
			list[out->unseen_count++] = (struct record_unseen){
				.cause = e->cause, .reason = e->reason, .link = e->link
			};
	}
	out->unseen = list;
}

void runner_result(struct runner *r, struct record_end *out)
{
	*out = (struct record_end){
		.unexpected = r->unexpected,
		.not_run = r->added - r->done,
		.unrecorded = r->unrecorded,
		.duration_us = clock_now_us() - r->started_us,
		.stopped = r->sentence,
	};
	memcpy(out->counts, r->counts, sizeof(out->counts));
	if (r->config->whole && !r->stopped)
		list_unseen(r, out);
}

void runner_fini(struct runner *r)
{
	checkup_stop(&r->checkup);
	hold_queue_patient(r);
	while (r->first)
		job_drop(r, r->first);
	leavings_free(r->left);
	arena_fini(&r->arena);
}
