#include "fuzz/hunt.h"

#include "base/arena.h"
#include "base/clock.h"
#include "fuzz/minimiser.h"
#include "fuzz/trial.h"

/* To cut down, a suspicion is enough: what is left has to stand up to more. */
enum { QUICK_US = 3000000, QUICK_PLAYS = 20 };

struct hunting {
	const struct hunt *hunt;
	struct trial trial;
};

static bool shows(void *user, const struct exchange *e)
{
	struct hunting *h = user;
	struct symptom seen;

	return trial_shows(&h->trial, e, NULL, &seen);
}

static bool goes_on(void *user)
{
	const struct hunting *h = user;

	return clock_now_us() < h->hunt->deadline_us && !h->trial.site->error &&
		!site_is_stopped(h->hunt->site);
}

/* The oldest first, as they were played. */
static struct exchange all_together(const struct hunt *h, struct arena *a)
{
	struct exchange all = { 0 };

	for (size_t i = h->together; i-- > 0;)
		if (exchange_connections(&all) + exchange_connections(h->suspects[i]) <
			EXCHANGE_CONNECTIONS_MAX)
			exchange_append(a, &all, h->suspects[i]);
	return all;
}

static bool find_culprit(
	struct hunting *h, struct arena *a, struct find *out, struct exchange *culprit)
{
	for (size_t i = 0; i < h->hunt->suspect_count && goes_on(h); i++) {
		out->tried++;
		if (shows(h, h->hunt->suspects[i])) {
			*culprit = exchange_copy(a, h->hunt->suspects[i]);
			return true;
		}
	}
	if (h->hunt->together < 2 || !goes_on(h))
		return false;
	*culprit = all_together(h->hunt, a);
	out->tried++;
	return shows(h, culprit);
}

void hunt_confirm(const struct hunt *h, struct arena *a, struct find *find)
{
	struct trial t;
	struct symptom seen;

	trial_init(&t, h->site, &find->symptom, h->limit_us);
	for (unsigned i = 0; i < HUNT_REPLAYS && !site_is_stopped(h->site); i++) {
		if (h->site->launched && !site_renew(h->site))
			break;
		tape_init(&find->tape, a, NULL);
		find->taped = true;
		if (trial_shows(&t, &find->exchange, &find->tape, &seen)) {
			find->replays++;
			find->symptom = seen;
		}
	}
	trial_fini(&t);
}

bool hunt_run(
	const struct hunt *h, struct arena *a, const struct symptom *symptom, struct find *out)
{
	struct hunting hunting = { .hunt = h };
	struct exchange culprit;

	*out = (struct find){ .symptom = *symptom };
	int64_t quick_us = h->limit_us < QUICK_US ? h->limit_us : QUICK_US;

	trial_init(&hunting.trial, h->site, symptom, quick_us);
	hunting.trial.plays = QUICK_PLAYS;
	if (symptom->kind == SYMPTOM_HARM)
		h->site->ask_us = quick_us;
	bool found = find_culprit(&hunting, a, out, &culprit);
	if (found) {
		struct minimiser m = { .shows = shows, .goes_on = goes_on, .user = &hunting };
		out->steps_before = culprit.count;
		out->exchange = minimiser_run(&m, a, &culprit);
		out->tried += m.tried;
	}
	trial_fini(&hunting.trial);
	h->site->ask_us = SITE_ASK_US;
	if (found)
		hunt_confirm(h, a, out);
	return found;
}
