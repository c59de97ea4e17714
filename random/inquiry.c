#include "random/inquiry.h"

#include "base/arena.h"
#include "base/clock.h"
#include "random/minimise.h"

enum { CONFIRMATIONS = 3 };

struct search {
	const struct inquiry *inquiry;
	const struct find *find;
	struct manner manner;
	int64_t until_us;
	bool interrupted;
};

/* Played once; the record is in the arena of *p. */
static bool shows_again(struct search *s, const struct scenario *candidate, struct playing *p,
	struct record_case *record)
{
	bool played = venue_play(s->inquiry->venue, p, candidate, &s->manner, record);

	s->interrupted |= !played;
	if (!played || find_shows(s->find, record))
		return played;
	if (record->death) {
		struct scenario killer = *candidate;
		killer.careful |= s->manner.careful;
		s->inquiry->died(s->inquiry->user, &killer, record->death);
	}
	return false;
}

static bool candidate_shows(void *user, const struct scenario *candidate)
{
	struct search *s = user;
	struct playing p;
	struct record_case record;

	s->inquiry->tries(s->inquiry->user, candidate->count);
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

static void tell_found(
	const struct inquiry *q, struct find *f, struct record_case *record, const char *pcap)
{
	record->pcap = pcap && !record->pcap_error ? pcap : NULL;
	find_tell(q->arena, f, record);
	f->record = record;
	f->confirmed = true;
	q->found(q->user, f);
	f->record = NULL;
}

/* Three times in a row, with all the time that an answer may take; the last time on a target that is fresh, for one
 * that is wounded shows things that its last few steps have nothing to do with.
 */
static void confirm(struct search *s, struct find *f)
{
	const struct inquiry *q = s->inquiry;
	const char *name =
		q->folder ? arena_printf(q->arena, "pcap/find_%zu.pcapng", f->number) : NULL;

	s->manner.patient = s->manner.whole = true;
	s->manner.hasty = false;
	for (int i = 0; i < CONFIRMATIONS; i++) {
		struct playing p;
		struct record_case record;
		bool last = i == CONFIRMATIONS - 1;
		if (last && !venue_renew(q->venue)) {
			s->interrupted = true;
			return;
		}
		s->manner.pcap =
			last && name ? arena_printf(q->arena, "%s/%s", q->folder, name) : NULL;
		bool shown = shows_again(s, &f->shortest, &p, &record);
		if (shown && last)
			tell_found(q, f, &record, name);
		playing_fini(&p);
		f->worn = last && !shown && !s->interrupted && target_is_launched(q->venue->target);
		if (!shown)
			return;
	}
}

static struct scenario kept(const struct inquiry *q, const struct scenario *s)
{
	struct scenario copy = *s;

	copy.steps = arena_copy(q->arena, s->steps, (s->count + 1) * sizeof(*s->steps));
	return copy;
}

bool inquire(const struct inquiry *q, struct find *f, const struct scenario *from)
{
	struct search s = {
		.inquiry = q,
		.find = f,
		.manner = { .hasty = true },
		.until_us = clock_now_us() + q->limit_us,
	};
	const struct minimiser how = {
		.shows = candidate_shows, .is_over = search_is_over, .user = &s
	};
	struct arena a;
	struct scenario first, shortest;

	arena_init(&a);
	if (begin_search(&s, from, &first)) {
		minimise(&a, &first, &how, &shortest);
		f->shortest = kept(q, &shortest);
		f->careful = f->shortest.careful = s.manner.careful || from->careful;
		if (!s.interrupted)
			confirm(&s, f);
	}
	arena_fini(&a);
	f->broken_off = s.interrupted && !f->confirmed;
	return !s.interrupted;
}
