#include "random/campaign.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "random/dice.h"
#include "random/inquiry.h"

enum {
	LOOK_MS = 200,
	FADES_MAX = 3,         /* so often a find is looked into that does not show again */
	INCONCLUSIVE_MAX = 20, /* in a row: the target is gone */
	UNEXPLAINED_MAX = 20,  /* deaths */
	JOBS_MAX = 64,
	GUILT_US = 1000000, /* a scenario that ended before may have led to a death for so long */
};

/* A scenario under way, or the last that was. */
struct slot {
	bool busy;
	bool ended;       /* and nobody has looked at its record yet */
	int64_t ended_us; /* 0: none has */
	struct arena arena;
	struct scenario scenario;
	struct playing playing;
	struct record_case record;
};

struct campaign_slots {
	struct slot list[JOBS_MAX];
	unsigned count;
	uint64_t next; /* the next scenario is the n-th of the seed */
};

static void tell(struct campaign *c)
{
	c->progress.seconds = (double)(clock_now_us() - c->began_us) / 1e6;
	if (c->config->progress)
		c->config->progress(c->config->user, &c->progress);
}

/* ---- slots --------------------------------------------------------------------------------- */

static bool start(struct campaign *c, struct slot *slot)
{
	const struct campaign_config *config = c->config;
	const struct manner how = { 0 };
	uint64_t n = c->slots->next++;

	arena_fini(&slot->arena);
	arena_init(&slot->arena);
	if (config->only)
		slot->scenario = *config->only;
	else
		random_scenario(&slot->arena, dice_seed(config->seed, n), config->profile,
			&config->size, &slot->scenario);
	slot->busy = playing_start(&slot->playing, config->venue, &slot->scenario, &how);
	slot->ended = false;
	slot->ended_us = 0;
	if (!slot->busy)
		playing_fini(&slot->playing);
	return slot->busy;
}

/* What it has played is kept, for it may come under suspicion. */
static void stop(struct slot *slot)
{
	if (!slot->busy)
		return;
	playing_fini(&slot->playing);
	slot->busy = slot->ended = false;
	slot->ended_us = clock_now_us();
}

/* Takes what those under way have to say, so that none of them has to wait for us. */
static void attend(void *user)
{
	struct campaign *c = user;

	for (unsigned i = 0; i < c->slots->count; i++) {
		struct slot *slot = &c->slots->list[i];
		if (slot->busy && !slot->ended)
			slot->ended = playing_look(&slot->playing, &slot->record);
	}
}

/* The target is about to be ended, and those under way would take that for its fault. Those that have ended have seen
 * nothing of it, and count.
 */
static void give_up_unended(void *user)
{
	struct campaign *c = user;

	attend(c);
	for (unsigned i = 0; i < c->slots->count; i++)
		if (!c->slots->list[i].ended)
			stop(&c->slots->list[i]);
}

static bool any_busy(const struct campaign *c)
{
	for (unsigned i = 0; i < c->slots->count; i++)
		if (c->slots->list[i].busy)
			return true;
	return false;
}

/* Polls those under way, and what stops it all; true: stop. */
static bool await(struct campaign *c)
{
	struct pollfd fds[JOBS_MAX + VENUE_POLLED];
	nfds_t n = venue_poll(c->config->venue, fds);

	for (unsigned i = 0; i < c->slots->count; i++) {
		const struct slot *slot = &c->slots->list[i];
		if (slot->busy && !slot->ended)
			fds[n++] =
				(struct pollfd){ .fd = slot->playing.worker.fd, .events = POLLIN };
	}
	poll(fds, n, LOOK_MS);
	venue_attend(c->config->venue);
	attend(c);
	return fds[0].revents;
}

/* ---- finds --------------------------------------------------------------------------------- */

/* And nobody wants a second one. */
static bool has_found(const struct campaign *c)
{
	bool found = false;

	for (size_t i = 0; i < c->find_count; i++)
		found |= c->finds[i].confirmed;
	return found && c->config->until_find;
}

static bool is_enough(const struct campaign *c)
{
	const struct campaign_config *config = c->config;

	return (config->only && c->slots->next) ||
		(config->steps && c->progress.steps >= config->steps) ||
		(config->deadline_us && clock_now_us() >= config->deadline_us) || has_found(c) ||
		c->find_count == FINDS_MAX;
}

static void tell_tried(void *user, size_t steps)
{
	struct campaign *c = user;

	c->progress.minimising = steps;
	tell(c);
}

static void tell_found(void *user, const struct find *f)
{
	struct campaign *c = user;

	c->config->found(c->config->user, f);
}

static struct find *find_take(
	struct campaign *c, const struct record_case *r, const struct scenario *s)
{
	for (size_t i = 0; i < c->find_count; i++)
		if (find_shows(&c->finds[i], r))
			return &c->finds[i];
	if (c->find_count == FINDS_MAX)
		return NULL;
	struct find *f = &c->finds[c->find_count++];
	*f = find_of(&c->arena, r);
	f->number = c->find_count;
	f->seed = s->seed;
	f->after_steps = c->progress.steps;
	c->config->suspected(c->config->user, f, s, r);
	return f;
}

static void tell_death(struct campaign *c, struct record_death *death,
	const struct scenario *suspects, size_t count);
static bool try_suspects(struct campaign *c, const struct scenario *suspects, size_t count);

/* The first of an inquiry is looked into after it. */
static void take_killer(
	void *user, const struct scenario *candidate, const struct record_death *death)
{
	struct campaign *c = user;
	struct record_death told = *death;

	tell_death(c, &told, candidate, 1);
	if (c->has_killer)
		return;
	c->has_killer = true;
	c->killer = *candidate;
	c->killer.steps = arena_copy(
		&c->arena, candidate->steps, (candidate->count + 1) * sizeof(*candidate->steps));
}

/* False: interrupted, or the target is gone. */
static bool look_into_killer(struct campaign *c)
{
	struct scenario killer = c->killer;

	if (!c->has_killer)
		return true;
	c->has_killer = false;
	return try_suspects(c, &killer, 1);
}

/* False: interrupted, or the target is gone. */
static bool look_into(
	struct campaign *c, const struct record_case *r, const struct scenario *scenario)
{
	const struct inquiry q = {
		.venue = c->config->venue,
		.arena = &c->arena,
		.limit_us = c->config->minimise_us,
		.folder = c->config->folder,
		.user = c,
		.tries = tell_tried,
		.found = tell_found,
		.died = take_killer,
	};
	struct find *f = find_take(c, r, scenario);

	if (!f)
		return true;
	f->times++;
	if (f->confirmed || f->times > FADES_MAX)
		return true;
	int64_t began_us = clock_now_us();
	bool went_on = inquire(&q, f, scenario);
	c->progress.inquiring += (double)(clock_now_us() - began_us) / 1e6;
	c->progress.minimising = 0;
	c->progress.finds += f->confirmed;
	c->progress.faded += !f->confirmed && f->times == 1;
	return went_on && look_into_killer(c);
}

/* ---- a target that has ended ------------------------------------------------------------------ */

/* Those under way, and those that had ended a moment before. */
static size_t take_suspects(struct campaign *c, struct arena *a, struct scenario *out)
{
	int64_t since_us = clock_now_us() - GUILT_US;
	size_t count = 0;

	for (unsigned i = 0; i < c->slots->count; i++) {
		const struct slot *slot = &c->slots->list[i];
		if (!slot->busy && slot->ended_us < since_us)
			continue;
		out[count] = slot->scenario;
		out[count++].steps = arena_copy(
			a, slot->scenario.steps, (slot->scenario.count + 1) * sizeof(struct step));
	}
	return count;
}

static void tell_death(struct campaign *c, struct record_death *death,
	const struct scenario *suspects, size_t count)
{
	death->during = "";
	for (size_t i = 0; i < count; i++)
		death->during = arena_printf(&c->arena, "%s%srandom/seed_%llu", death->during,
			i ? " " : "", (unsigned long long)suspects[i].seed);
	c->config->died(c->config->user, death);
}

/* Each by itself, until one does it again. False: interrupted, or the target is gone. */
static bool try_suspects(struct campaign *c, const struct scenario *suspects, size_t count)
{
	const struct manner how = { 0 };
	bool went_on = true, explained = false;

	for (size_t i = 0; i < count && went_on && !explained; i++) {
		struct playing p;
		struct record_case record;
		went_on = venue_play(c->config->venue, &p, &suspects[i], &how, &record);
		explained = went_on && record.verdict == VERDICT_CRASH;
		if (explained)
			went_on = look_into(c, &record, &suspects[i]);
		playing_fini(&p);
	}
	c->unexplained += !explained;
	return went_on;
}

/* False: interrupted, or the target is gone. */
static bool bury(struct campaign *c, struct record_death *death)
{
	struct scenario suspects[JOBS_MAX];
	struct arena a;

	arena_init(&a);
	size_t count = take_suspects(c, &a, suspects);
	for (unsigned i = 0; i < c->slots->count; i++)
		stop(&c->slots->list[i]);
	tell_death(c, death, suspects, count);
	bool went_on = venue_revive(c->config->venue) && try_suspects(c, suspects, count);
	arena_fini(&a);
	return went_on && c->unexplained < UNEXPLAINED_MAX;
}

/* ---- what scenarios have shown ----------------------------------------------------------------- */

static void take_silence(struct campaign *c, const struct record_case *r)
{
	const char *why = r->note                  ? r->note
		: r->failure && r->failure->actual ? r->failure->actual
						   : "";

	c->inconclusive = verdict_is_good(r->verdict) ? 0 : c->inconclusive + 1;
	if (c->inconclusive)
		c->why = arena_text(&c->arena, why);
}

/* False: interrupted, or the target is gone. */
static bool judge(struct campaign *c, struct slot *slot)
{
	const struct record_case *r = &slot->record;
	struct record_death death;

	c->progress.scenarios++;
	c->progress.steps += slot->scenario.count;
	if (!verdict_is_good(r->verdict) && venue_has_died(c->config->venue, &c->arena, &death))
		return bury(c, &death);
	if (find_is_in(r))
		return look_into(c, r, &slot->scenario);
	take_silence(c, r);
	return true;
}

static bool look(struct campaign *c)
{
	for (unsigned i = 0; i < c->slots->count && !has_found(c); i++) {
		struct slot *slot = &c->slots->list[i];
		if (!slot->busy || !slot->ended)
			continue;
		size_t revivals = c->config->venue->revivals;
		bool went_on = judge(c, slot);
		stop(slot);
		/* What was under way has lost its target, and what has ended may have met a dying one. */
		bool revived = c->config->venue->revivals != revivals;
		for (unsigned k = 0; k < c->slots->count && revived; k++)
			stop(&c->slots->list[k]);
		if (!went_on)
			return false;
	}
	return true;
}

/* A launched one, though nothing has looked wrong. */
static bool look_at_target(struct campaign *c)
{
	struct target *target = c->config->venue->target;
	struct record_death death;

	if (!target_is_launched(target) || !target_died(target, &c->arena, &death))
		return true;
	return bury(c, &death);
}

static bool start_some(struct campaign *c)
{
	for (unsigned i = 0; i < c->slots->count; i++)
		if (!c->slots->list[i].busy && !is_enough(c) && !start(c, &c->slots->list[i]))
			return false; /* no further process is to be had */
	return true;
}

static enum campaign_end end_of(struct campaign *c)
{
	const struct venue *v = c->config->venue;

	if (v->gone)
		c->why = arena_text(&c->arena, v->gone);
	return v->gone || c->unexplained >= UNEXPLAINED_MAX ? CAMPAIGN_LOST : CAMPAIGN_INTERRUPTED;
}

static enum campaign_end go_on(struct campaign *c)
{
	if (!start_some(c))
		return CAMPAIGN_LOST;
	if (await(c))
		return CAMPAIGN_INTERRUPTED;
	if (!look(c) || !look_at_target(c))
		return end_of(c);
	return c->inconclusive >= INCONCLUSIVE_MAX ? CAMPAIGN_LOST : CAMPAIGN_DONE;
}

enum campaign_end random_campaign_run(struct campaign *c, const struct campaign_config *config)
{
	enum campaign_end end = CAMPAIGN_DONE;

	*c = (struct campaign){
		.config = config,
		.began_us = clock_now_us(),
		.slots = calloc(1, sizeof(*c->slots)),
	};
	if (!c->slots)
		abort();
	arena_init(&c->arena);
	c->slots->count = config->only ? 1 : config->jobs < JOBS_MAX ? config->jobs : JOBS_MAX;
	for (unsigned i = 0; i < c->slots->count; i++)
		arena_init(&c->slots->list[i].arena);
	config->venue->meanwhile = attend;
	config->venue->ending = give_up_unended;
	config->venue->user = c;
	venue_learn_pulse(config->venue);
	do {
		end = go_on(c);
		tell(c);
	} while (end == CAMPAIGN_DONE && (!is_enough(c) || (any_busy(c) && !has_found(c))));
	for (unsigned i = 0; i < c->slots->count; i++) {
		stop(&c->slots->list[i]);
		arena_fini(&c->slots->list[i].arena);
	}
	config->venue->meanwhile = config->venue->ending = NULL;
	return end;
}

void random_campaign_fini(struct campaign *c)
{
	free(c->slots);
	arena_fini(&c->arena);
}
