/* Who was it? The target was lost while several case runs were under way, or had ended just before: each
 * of them is played again against a fresh one, which tells by itself.
 *
 *   quick ones      one by one, those that were under way before those that had ended
 *   waiting ones    (for clocks, with patience, or for what did not come) together, since each takes
 *                   long; in halves when the target is lost again
 *
 * The first that does it alone is the culprit. The others, as far as they were not played again, take
 * their turn in the run as if nothing had been. When the target lives through all of it nobody is accused.
 */
#include <stdlib.h>

#include "harness/case.h"
#include "harness/runner/runner_job.h"

enum { SLOW_US = 1000000 };

bool search_is_sure(const struct runner *r, bool mute, int64_t at_us)
{
	if (!r->first || r->first->next)
		return false;
	if (mute) /* that a machine stood still must accuse nobody: not without a second time */
		return r->search.runs;
	return at_us >= r->last_end_us + RUNNER_KEEP_US;
}

/* The likeliest first. */
static int compare_suspects(const void *a, const void *b)
{
	const struct runner_job *const *one = a, *const *other = b;
	const struct runner_job *x = *one, *y = *other;

	if (x->ticket.earlier != y->ticket.earlier)
		return x->ticket.earlier - y->ticket.earlier;
	if (x->ticket.earlier)
		return (x->ended_us < y->ended_us) - (x->ended_us > y->ended_us);
	return (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

static bool is_waiting_kind(const struct runner *r, struct runner_ticket ticket)
{
	return ticket.patient || ticket.slow || r->config->plan->items[ticket.index].def->budget_ms;
}

static void queue_suspect(struct runner *r, struct runner_ticket ticket)
{
	struct runner_search *s = &r->search;

	queue_add_first(r, is_waiting_kind(r, ticket) ? &s->waiting : &s->plain, ticket);
}

/* So many of them wait; 0 when one of them does not. */
static size_t count_group(const struct runner *r)
{
	size_t count = 0;

	for (const struct runner_job *job = r->first; job; job = job->next, count++)
		if (!is_waiting_kind(r, job->ticket))
			return 0;
	return count;
}

static size_t count_jobs(const struct runner *r)
{
	size_t count = 0;

	for (const struct runner_job *job = r->first; job; job = job->next)
		count++;
	return count;
}

static void prepare(struct runner *r, bool mute)
{
	struct runner_search *s = &r->search;
	size_t group = count_group(r);

	if (!s->runs) {
		s->group = SIZE_MAX;
		s->exact = mute || r->dies_slowly;
	} else {
		s->exact = true;
		if (group)
			s->group = (group + 1) / 2;
	}
	s->runs = true;
	s->mute = mute;
}

void search_begin(struct runner *r, bool mute, int64_t at_us)
{
	size_t count = count_jobs(r), i = 0;
	struct runner_job **list = calloc(count + 1, sizeof(struct runner_job *));

	if (!list)
		abort();
	for (struct runner_job *job = r->first; job; job = job->next) {
		int64_t until_us = job->ended ? job->ended_us : at_us;
		job->ticket.earlier |= job->ended && until_us + r->config->hold_us < at_us;
		job->ticket.slow |= until_us - job->started_us > SLOW_US;
		list[i++] = job;
	}
	prepare(r, mute);
	qsort(list, count, sizeof(*list), compare_suspects);
	while (i--) {
		queue_suspect(r, list[i]->ticket);
		job_drop(r, list[i]);
	}
	free(list);
}

/* To the front of the queues that they came from, in their order. */
static void give_back(struct runner *r, struct runner_queue *queue)
{
	for (size_t i = queue->count; i > queue->head; i--) {
		struct runner_ticket ticket = queue->list[i - 1];
		bool timed = r->config->plan->items[ticket.index].def->budget_ms;
		ticket.earlier = ticket.slow = false;
		queue_add_first(r,
			ticket.patient  ? &r->patient
				: timed ? &r->timed
					: &r->plain,
			ticket);
	}
	queue->head = queue->count = 0;
}

void search_found(struct runner *r, const struct runner_job *culprit)
{
	struct runner_search *s = &r->search;

	if (!s->runs)
		return;
	r->dies_slowly |= culprit->ticket.earlier && !s->mute;
	give_back(r, &s->plain);
	give_back(r, &s->waiting);
	s->runs = false;
}

void search_start(struct runner *r, int64_t now_us)
{
	struct runner_search *s = &r->search;

	if (s->exact ? r->first != NULL : !hold_is_quiet(r, now_us))
		return;
	if (s->plain.count) {
		job_start(r, &s->plain);
		return;
	}
	if (r->first || !s->waiting.count || !mute_is_warm(r))
		return;
	for (size_t i = 0; i < s->group && s->waiting.count && !r->stopped; i++)
		job_start(r, &s->waiting);
}

void search_look(struct runner *r)
{
	struct runner_search *s = &r->search;

	if (!s->runs || s->plain.count || s->waiting.count || r->first || r->health != HEALTH_FINE)
		return;
	s->runs = false;
	r->unexplained++;
	r->dies_slowly |= !s->mute;
}
