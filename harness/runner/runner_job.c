#include "harness/runner/runner_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/agent/agent.h"
#include "harness/case.h"
#include "harness/peers/guest.h"
#include "harness/peers/leavings.h"
#include "harness/runner/folder.h"
#include "harness/runner/own_target.h"
#include "harness/runner/result.h"
#include "harness/runner/target.h"
#include "harness/transport/pace.h"
#include "harness/transport/transport.h"
#include "harness/versions.h"

enum {
	ANSWERS_A_CASE = 10,      /* answers that a case run may wait for in vain ... */
	GRACE_US = 2000000,       /* ... and time for everything else */
	ROUND_TRIPS_A_CASE = 600, /* that case runs of many exchanges take, one after the other */
	STARTS_A_CASE = 4,        /* of a target of its own, with the stops in between */
	LAST_WORDS_US = 3000000,  /* after that, to write down why it did not come to its end */
};

bool runner_launches(const struct runner *r)
{
	return !r->config->client && target_is_launched(r->config->target);
}

bool runner_may_keep(const struct runner *r)
{
	return !r->config->live && !r->config->no_fork;
}

/* ---- the job ------------------------------------------------------------------------------- */

/* It plays where the target's file says. */
static bool is_special(const struct case_def *def)
{
	return def->of_users || def->of_certificates;
}

static void set_play(struct runner *r, struct runner_job *job)
{
	const struct runner_config *c = r->config;
	const struct survey *survey = &c->surveys[version_place(job->item.version)];
	const struct round_trip trip = c->round_trips
		? c->round_trips[routes_place(&c->routes, job->item.transport)]
		: (struct round_trip){ 0 };

	job->capabilities = survey->capabilities;
	if (c->client && c->client->kept_alive & transport_bit(job->item.transport))
		job->capabilities.keep_alive = KEEP_ALIVE_INSTEAD_S;
	if (job->item.def->of_users && !c->client)
		job->place = target_users_endpoint(c->target, job->item.transport);
	if (job->item.def->of_certificates && !c->client)
		job->place = target_certificates_endpoint(c->target, job->item.transport);
	job->play = (struct play){
		.def = job->item.def,
		.row = job->item.row,
		.version = job->item.version,
		.segmentation = job->item.cut.segmentation,
		.split_at = job->item.cut.split_at,
		.repeat = job->item.repeat,
		.transport = job->item.transport,
		.target = c->client ? NULL
			: is_special(job->item.def)
			? &job->place
			: target_endpoint(c->target, job->item.transport),
		.client = c->client,
		.capabilities = &job->capabilities,
		.known = survey->known,
		.prefix = job->prefix,
		.seed = c->seed,
		.answer_us = survey->answer_us,
		.patience_us = job->ticket.patient ? c->patience_us : 0,
		.slack_us = c->slack_us + trip.most_us,
		.round_trip = trip,
		.leavings = job->leavings,
		.live = c->live,
	};
}

/* Three characters of the run, then a number of at least four digits: of one length, so that none is
 * the beginning of another.
 */
static void set_prefix(struct runner *r, struct runner_job *job)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char reversed[8];
	size_t len = 0;

	for (unsigned n = r->serial++; (n || len < 4) && len < 6; n /= 36)
		reversed[len++] = digits[n % 36];
	char *p = stpcpy(job->prefix, r->prefix);
	while (len)
		*p++ = reversed[--len];
	*p = '\0';
}

static int64_t longest_us(const struct runner *r, const struct runner_job *job)
{
	const struct play *p = &job->play;
	int64_t answer_us = p->patience_us > p->answer_us ? p->patience_us : p->answer_us;
	int64_t answers = ANSWERS_A_CASE + (r->config->client ? CLIENT_START_ANSWERS : 0);

	int64_t starts_us = p->def->restarts && runner_launches(r)
		? own_target_limit_us(r->config->target->file, STARTS_A_CASE)
		: 0;

	return starts_us + (int64_t)p->def->budget_ms * 1000 + answers * answer_us + GRACE_US +
		ROUND_TRIPS_A_CASE * p->round_trip.most_us;
}

static struct runner_job *job_new(struct runner *r, struct runner_ticket ticket)
{
	const struct runner_config *c = r->config;
	struct runner_job *job = calloc(1, sizeof(*job));

	if (!job)
		abort();
	job->ticket = ticket;
	job->item = c->plan->items[ticket.index];
	job->item.repeat += ticket.round * (int)r->repeats;
	job->worker.fd = -1;
	bool leaves = !c->client && !job->item.def->restarts;
	job->leavings = leaves ? leavings_new() : NULL;
	if (leaves && !job->leavings)
		abort();
	arena_init(&job->arena);
	job->started_us = clock_now_us();
	job->account = r->serial;
	pace_open(runner_pace(r), job->account);
	set_prefix(r, job);
	set_play(r, job);
	capture_open(r, job);
	job->play.limit_us = longest_us(r, job);
	/* What has to be played with patience may have got no turn of the machine to say anything. */
	job->deadline_us =
		job->started_us + job->play.limit_us + LAST_WORDS_US + job->play.patience_us;
	*r->last = job;
	r->last = &job->next;
	job->timed = job->item.def->budget_ms;
	r->running++;
	r->working++;
	r->timed_working += job->timed;
	r->patient_running += ticket.patient;
	return job;
}

static void mark_waits(struct runner *r, struct runner_job *job, bool waits)
{
	if (waits == job->waits)
		return;
	job->waits = waits;
	r->working += waits ? -1u : 1u;
	r->timed_working += !job->timed ? 0u : waits ? -1u : 1u;
}

static void mark_ended(struct runner *r, struct runner_job *job)
{
	mark_waits(r, job, true);
	job->ended = true;
	job->ended_us = clock_now_us();
	r->running--;
	r->patient_running -= job->ticket.patient;
}

static void unlink_job(struct runner *r, struct runner_job *job)
{
	struct runner_job **at = &r->first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (!*at)
		r->last = at;
	job->next = NULL;
}

static void job_free(struct runner *r, struct runner_job *job)
{
	if (!job->ended)
		mark_ended(r, job);
	unlink_job(r, job);
	worker_fini(&job->worker);
	folder_remove(job->folder);
	capture_close(job);
	clean_note(r, job);
	leavings_free(job->leavings);
	arena_fini(&job->arena);
	free(job);
}

/* ---- playing ------------------------------------------------------------------------------- */

static void play_and_report(const struct play *play, FILE *out)
{
	struct record_case record;
	struct arena arena;

	arena_init(&arena);
	play_case(&arena, play, &record);
	record.expected = verdict_is_good(record.verdict); /* so that most lines need no change */
	record_write_case(out, &record);
	arena_fini(&arena);
}

/* In the process of the case run: it owns the target that it may restart. */
static void play_with_target(const struct runner_job *job, struct play *play, FILE *out)
{
	struct own_target own;

	if (!job->folder) {
		play_and_report(play, out);
		return;
	}
	own_target_init(&own, job->usual, play->transport, job->folder);
	play->instance = &own.instance;
	play->target = &own.target.endpoint;
	play_and_report(play, out);
	own_target_fini(&own);
}

static void say_waits(void *user, bool waits)
{
	worker_tell(user, waits);
}

static void work(void *user, FILE *out)
{
	const struct runner_job *job = user;
	struct play play = job->play;

	if (play.target && play.target->guest)
		pace_charge(play.target->guest->pace, job->account);
	play.waits = say_waits;
	play.waits_user = out;
	play_with_target(job, &play, out);
}

/* In this process; the result takes the same way as any other. */
static void play_here(struct runner *r, struct runner_job *job)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	struct play play = job->play;
	play_with_target(job, &play, out);
	fclose(out);
	result_read(&job->arena, &job->item, text, len, &job->result);
	free(text);
	mark_ended(r, job);
}

/* False where the folder cannot be made: then the job is gone, and the run stops. */
static bool make_folder(struct runner *r, struct runner_job *job)
{
	const char *why;

	if (!job->item.def->restarts)
		return true;
	job->usual = r->config->target;
	job->folder = folder_make(&job->arena, &why);
	if (job->folder)
		return true;
	why = arena_text(&r->arena, why);
	job_drop(r, job);
	runner_stop(r, RUNNER_BROKEN, why);
	return false;
}

static void play(struct runner *r, struct runner_job *job)
{
	if (!make_folder(r, job))
		return;
	if (r->config->no_fork) {
		play_here(r, job);
	} else if (!worker_start(&job->worker, work, job)) {
		const char *why =
			arena_printf(&r->arena, "no process for a case run: %s", strerror(errno));
		job_drop(r, job);
		runner_stop(r, RUNNER_BROKEN, why);
	}
}

void job_start(struct runner *r, struct runner_queue *queue)
{
	const struct runner_config *c = r->config;
	struct runner_job *job = job_new(r, queue_take(queue));
	const struct survey *survey = &c->surveys[version_place(job->item.version)];
	const char *unserved = survey->unserved;

	if (!unserved && c->client && !c->client->agent && !job->item.def->unaided)
		unserved = "a command line is not enough for it: it needs an agent";
	if (!unserved && job->item.def->restarts)
		unserved = own_target_lack(&job->arena, c->target, job->item.transport);
	if (unserved) {
		result_blank(&job->arena, &job->item, VERDICT_INAPPLICABLE, unserved, &job->result);
		job_commit(r, job);
		return;
	}
	r->played++;
	if (job->item.def->surveyed && survey->broken) {
		result_survey(&job->arena, &job->item, survey->broken, &job->result);
		job_commit(r, job);
		return;
	}
	play(r, job);
}

static const char *overdue_sentence(struct runner_job *job, int64_t now_us)
{
	return arena_printf(&job->arena, "the case run did not end within %.1f s, and was killed",
		(double)(now_us - job->started_us) / 1e6);
}

void job_look(struct runner *r, struct runner_job *job, int64_t now_us)
{
	if (job->ended)
		return;
	if (worker_read(&job->worker)) {
		mark_ended(r, job);
		job->unread = !r->config->view.whole &&
			result_skim(&job->arena, &job->item, &job->worker, &job->result);
		if (!job->unread)
			result_take(&job->arena, &job->item, &job->worker, &job->result);
	} else if (now_us >= pace_deadline_us(r, job)) {
		worker_kill(&job->worker);
		mark_ended(r, job);
		result_blank(&job->arena, &job->item, VERDICT_ERROR, overdue_sentence(job, now_us),
			&job->result);
		job->result.duration_us = now_us - job->started_us;
		job->result.started_us -= job->result.duration_us;
	}
	if (!job->ended) {
		mark_waits(r, job, job->worker.waits);
		return;
	}
	if (!job->unread)
		buf_fini(&job->worker.out);
	r->timeouts += job->result.waited;
}

void job_read(struct runner_job *job)
{
	if (!job->unread)
		return;
	result_take(&job->arena, &job->item, &job->worker, &job->result);
	buf_fini(&job->worker.out);
	job->unread = false;
}

/* ---- the end of it ------------------------------------------------------------------------- */

void runner_judge(struct runner *r, const struct plan_item *item, struct record_case *record)
{
	const struct expectations *expected = r->config->expected;

	result_judge(expected, item, record);
	for (size_t i = 0; i < expected->count; i++)
		r->seen[i] |= expectation_is_seen(&expected->list[i], record);
}

void runner_tell(struct runner *r, size_t index, const struct record_case *record)
{
	const struct runner_config *c = r->config;

	r->done++;
	r->counts[record->verdict]++;
	r->unexpected += !record->expected;
	room_for_capture(r, record);
	if (c->view.result)
		c->view.result(c->view.user, index, record);
}

/* What its process wrote stands, if there is nothing to add but the capture. */
static bool write_line(struct runner *r, struct runner_job *job)
{
	const struct buf *line = &job->worker.out;
	FILE *to = r->config->record;

	if (!to)
		return true;
	return job->unread ? record_pass_on(to, (const char *)line->data, line->len,
				     job->result.pcap, job->result.wire)
			   : record_write_case(to, &job->result);
}

void job_commit(struct runner *r, struct runner_job *job)
{
	struct record_case *record = &job->result;

	runner_judge(r, &job->item, record);
	if (job->unread && (record->foreseen || !record->expected)) {
		job_read(job);
		runner_judge(r, &job->item, record);
	}
	capture_keep(r, job);
	room_for_line(r, write_line(r, job));
	runner_tell(r, job->ticket.index, record);
	foreign_note(r, &job->item, record);
	if (r->config->fail_fast && !record->expected)
		runner_stop(r, RUNNER_FAIL_FAST, "--fail-fast");
	if (job->ended_us > r->last_end_us)
		r->last_end_us = job->ended_us;
	job_free(r, job);
}

void job_drop(struct runner *r, struct runner_job *job)
{
	worker_kill(&job->worker);
	capture_drop(job);
	job_free(r, job);
}

void job_set_aside(struct runner *r, struct runner_job *job)
{
	unlink_job(r, job);
	*r->aside_last = job;
	r->aside_last = &job->next;
}
