#include "random/campaign.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "random/dice.h"
#include "random/minimise.h"

enum {
	CONFIRMATIONS = 3,
	LOOK_MS = 200,
	FADES_MAX = 3,         /* so often a find is looked into that does not show again */
	INCONCLUSIVE_MAX = 20, /* in a row: the target is gone */
	JOBS_MAX = 64,
};

/* A scenario under way. */
struct slot {
	bool busy;
	struct arena arena;
	struct scenario scenario;
	struct playing playing;
};

struct search {
	struct campaign *campaign;
	const struct find *find;
	struct manner manner;
	int64_t until_us;
	bool interrupted;
};

/* ---- finds --------------------------------------------------------------------------------- */

static bool is_find(const struct record_case *r)
{
	return r->verdict == VERDICT_FAIL || r->verdict == VERDICT_CRASH;
}

static const char *statement_of(const struct record_case *r)
{
	return r->failure && r->failure->statement ? r->failure->statement : "";
}

static const char *difference_of(const struct record_case *r)
{
	return r->failure && r->failure->difference ? r->failure->difference
						    : verdict_name(r->verdict);
}

static bool shows(const struct find *f, const struct record_case *r)
{
	return is_find(r) && !strcmp(f->statement, statement_of(r)) &&
		!strcmp(f->difference, difference_of(r));
}

static struct find *find_of(struct campaign *c, const struct record_case *r)
{
	for (size_t i = 0; i < c->find_count; i++)
		if (shows(&c->finds[i], r))
			return &c->finds[i];
	return NULL;
}

static struct scenario kept(struct campaign *c, const struct scenario *s)
{
	struct scenario copy = *s;

	copy.steps = arena_copy(&c->arena, s->steps, (s->count + 1) * sizeof(*s->steps));
	return copy;
}

static struct find *find_add(
	struct campaign *c, const struct record_case *r, const struct scenario *s)
{
	struct find *f = &c->finds[c->find_count++];

	*f = (struct find){
		.number = c->find_count,
		.statement = arena_text(&c->arena, statement_of(r)),
		.difference = arena_text(&c->arena, difference_of(r)),
		.expected = arena_text(
			&c->arena, r->failure && r->failure->expected ? r->failure->expected : ""),
		.actual = arena_text(
			&c->arena, r->failure && r->failure->actual ? r->failure->actual : ""),
		.seed = s->seed,
		.after_steps = c->progress.steps,
	};
	return f;
}

/* ---- the shortest scenario ------------------------------------------------------------------- */

static void tell(struct campaign *c)
{
	if (c->config->progress)
		c->config->progress(c->config->user, &c->progress);
}

/* Played once; the record is in the arena of *p. */
static bool shows_again(struct search *s, const struct scenario *candidate, struct playing *p,
	struct record_case *record)
{
	bool played = venue_play(s->campaign->config->venue, p, candidate, &s->manner, record);

	s->interrupted |= !played;
	return played && shows(s->find, record);
}

static bool candidate_shows(void *user, const struct scenario *candidate)
{
	struct search *s = user;
	struct playing p;
	struct record_case record;

	s->campaign->progress.minimising = candidate->count;
	tell(s->campaign);
	bool shown = shows_again(s, candidate, &p, &record);
	playing_fini(&p);
	return shown;
}

static bool search_is_over(void *user)
{
	const struct search *s = user;

	return s->interrupted || clock_now_us() >= s->until_us;
}

/* With a settlement after each step it is plainest, and no order is left to chance: then what follows the step
 * that has failed is of no use. False: it does not show so.
 */
static bool begin_search(struct search *s, const struct scenario *from, struct scenario *out)
{
	*out = *from;
	for (int careful = 1; careful >= 0 && !s->interrupted; careful--) {
		struct playing p;
		struct record_case record;
		s->manner.careful = careful;
		bool shown = shows_again(s, from, &p, &record);
		int line = shown && record.failure ? record.failure->line : 0;
		if (shown && line > 0 && (size_t)line < out->count)
			out->count = (size_t)line;
		playing_fini(&p);
		if (shown && (out->count == from->count || candidate_shows(s, out)))
			return true;
		*out = *from;
		if (shown)
			return true;
	}
	return false;
}

/* Three times in a row, with all the time that an answer may take. */
static bool confirm(struct search *s, struct find *f)
{
	struct campaign *c = s->campaign;
	const char *folder = c->config->folder;

	s->manner.patient = s->manner.whole = true;
	s->manner.hasty = false;
	for (int i = 0; i < CONFIRMATIONS; i++) {
		struct playing p;
		struct record_case record;
		bool last = i == CONFIRMATIONS - 1;
		char *name = arena_printf(&c->arena, "pcap/find_%zu.pcapng", f->number);
		s->manner.pcap =
			last && folder ? arena_printf(&c->arena, "%s/%s", folder, name) : NULL;
		bool shown = shows_again(s, &f->shortest, &p, &record);
		if (shown && last) {
			record.pcap = folder && !record.pcap_error ? name : NULL;
			f->expected = arena_text(
				&c->arena, record.failure ? record.failure->expected : "");
			f->actual =
				arena_text(&c->arena, record.failure ? record.failure->actual : "");
			f->record = &record;
			f->confirmed = true;
			c->config->found(c->config->user, f);
			f->record = NULL;
		}
		playing_fini(&p);
		if (!shown)
			return false;
	}
	return true;
}

/* False: interrupted. */
static bool look_into(struct campaign *c, struct find *f, const struct scenario *from, size_t route)
{
	struct search s = {
		.campaign = c,
		.find = f,
		.manner = { .hasty = true, .route = route },
		.until_us = clock_now_us() + c->config->minimise_us,
	};
	const struct minimiser how = {
		.shows = candidate_shows, .is_over = search_is_over, .user = &s
	};
	struct arena a;
	struct scenario first, shortest;

	arena_init(&a);
	if (begin_search(&s, from, &first)) {
		minimise(&a, &first, &how, &shortest);
		f->shortest = kept(c, &shortest);
		f->careful = f->shortest.careful = s.manner.careful || from->careful;
		if (!s.interrupted)
			confirm(&s, f);
	}
	arena_fini(&a);
	c->progress.minimising = 0;
	return !s.interrupted;
}

/* ---- scenarios ------------------------------------------------------------------------------- */

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

	return (config->only && c->progress.scenarios) ||
		(config->steps && c->progress.steps >= config->steps) ||
		(config->deadline_us && clock_now_us() >= config->deadline_us) || has_found(c) ||
		c->find_count == FINDS_MAX;
}

static bool start(struct campaign *c, struct slot *slot, uint64_t n)
{
	const struct campaign_config *config = c->config;
	const struct manner how = { .route = n % config->venue->routes.count };

	arena_init(&slot->arena);
	if (config->only)
		slot->scenario = *config->only;
	else
		random_scenario(&slot->arena, dice_seed(config->seed, n), config->profile,
			&config->size, &slot->scenario);
	slot->busy = playing_start(&slot->playing, config->venue, &slot->scenario, &how);
	if (!slot->busy) {
		playing_fini(&slot->playing);
		arena_fini(&slot->arena);
	}
	return slot->busy;
}

static void stop(struct slot *slot)
{
	if (!slot->busy)
		return;
	playing_fini(&slot->playing);
	arena_fini(&slot->arena);
	slot->busy = false;
}

static size_t route_of(const struct campaign *c, const struct slot *slot)
{
	const struct routes *routes = &c->config->venue->routes;
	size_t i = 0;

	while (routes->list[i] != slot->playing.play.transport)
		i++;
	return i;
}

/* False: interrupted. */
static bool judge(struct campaign *c, struct slot *slot, const struct record_case *r)
{
	c->progress.scenarios++;
	c->progress.steps += slot->scenario.count;
	if (!is_find(r)) {
		if (verdict_is_good(r->verdict)) {
			c->inconclusive = 0;
		} else {
			c->inconclusive++;
			c->why = arena_text(&c->arena,
				r->note                                    ? r->note
					: r->failure && r->failure->actual ? r->failure->actual
									   : "");
		}
		return true;
	}
	struct find *f = find_of(c, r);
	if (!f && c->find_count == FINDS_MAX)
		return true;
	if (!f) {
		f = find_add(c, r, &slot->scenario);
		c->config->suspected(c->config->user, f, &slot->scenario, r);
	}
	f->times++;
	if (f->confirmed || f->times > FADES_MAX)
		return true;
	bool went_on = look_into(c, f, &slot->scenario, route_of(c, slot));
	c->progress.finds += f->confirmed;
	c->progress.faded += !f->confirmed && f->times == 1;
	return went_on;
}

/* Polls those under way, and what stops it all; true: stop. */
static bool await(const struct campaign *c, const struct slot *slots, unsigned jobs)
{
	struct pollfd fds[JOBS_MAX + VENUE_POLLED];
	nfds_t n = venue_poll(c->config->venue, fds);

	for (unsigned i = 0; i < jobs; i++)
		if (slots[i].busy)
			fds[n++] = (struct pollfd){ .fd = slots[i].playing.worker.fd,
				.events = POLLIN };
	poll(fds, n, LOOK_MS);
	venue_attend(c->config->venue);
	return fds[0].revents;
}

static bool look(struct campaign *c, struct slot *slots, unsigned jobs)
{
	for (unsigned i = 0; i < jobs && !has_found(c); i++) {
		struct record_case record;
		if (!slots[i].busy || !playing_look(&slots[i].playing, &record))
			continue;
		bool went_on = judge(c, &slots[i], &record);
		stop(&slots[i]);
		if (!went_on)
			return false;
	}
	return true;
}

static bool any_busy(const struct slot *slots, unsigned jobs)
{
	for (unsigned i = 0; i < jobs; i++)
		if (slots[i].busy)
			return true;
	return false;
}

/* A launched target; which of the scenarios has done it is not known. */
static bool has_died(struct campaign *c, const struct slot *slots, unsigned jobs)
{
	struct target *target = c->config->venue->target;
	const char *during = "";

	if (!target_is_launched(target) || !target_died(target, &c->arena, &c->death))
		return false;
	for (unsigned i = 0; i < jobs; i++)
		if (slots[i].busy)
			during = arena_printf(&c->arena, "%s%srandom/%s", during,
				*during ? " " : "", slots[i].playing.id);
	c->death.during = during;
	return true;
}

enum campaign_end random_campaign_run(struct campaign *c, const struct campaign_config *config)
{
	unsigned jobs = config->only ? 1 : config->jobs < JOBS_MAX ? config->jobs : JOBS_MAX;
	struct slot *slots = calloc(jobs, sizeof(*slots));
	enum campaign_end end = CAMPAIGN_DONE;
	int64_t began_us = clock_now_us();
	uint64_t n = 0;

	if (!slots)
		abort();
	*c = (struct campaign){ .config = config };
	arena_init(&c->arena);
	do {
		for (unsigned i = 0; i < jobs && end == CAMPAIGN_DONE; i++)
			if (!slots[i].busy && !is_enough(c) && (!config->only || n == 0) &&
				!start(c, &slots[i], n++))
				end = CAMPAIGN_LOST; /* no further process is to be had */
		if (await(c, slots, jobs) || !look(c, slots, jobs))
			end = CAMPAIGN_INTERRUPTED;
		else if (has_died(c, slots, jobs))
			end = CAMPAIGN_DIED;
		else if (c->inconclusive >= INCONCLUSIVE_MAX)
			end = CAMPAIGN_LOST;
		c->progress.seconds = (double)(clock_now_us() - began_us) / 1e6;
		tell(c);
	} while (end == CAMPAIGN_DONE &&
		(!is_enough(c) || (any_busy(slots, jobs) && !has_found(c))));
	for (unsigned i = 0; i < jobs; i++)
		stop(&slots[i]);
	free(slots);
	return end;
}

void random_campaign_fini(struct campaign *c)
{
	arena_fini(&c->arena);
}
