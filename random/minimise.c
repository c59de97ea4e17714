#include "random/minimise.h"

#include <string.h>

#include "base/arena.h"
#include "random/text.h"

struct search {
	struct arena *arena;
	const struct minimiser *how;
	struct scenario best;
};

static bool is_over(const struct search *s)
{
	return s->how->is_over && s->how->is_over(s->how->user);
}

static struct scenario copy_of(struct search *s)
{
	struct scenario copy = s->best;

	copy.steps = arena_copy(s->arena, s->best.steps, (s->best.count + 1) * sizeof(*copy.steps));
	return copy;
}

static bool try(struct search *s, const struct scenario *candidate)
{
	if (is_over(s) || !candidate->count || !s->how->shows(s->how->user, candidate))
		return false;
	s->best = *candidate;
	return true;
}

/* ---- fewer steps ---------------------------------------------------------------------------- */

static bool without(struct search *s, size_t from, size_t count)
{
	struct scenario c = copy_of(s);

	memmove(c.steps + from, c.steps + from + count,
		(c.count - from - count) * sizeof(*c.steps));
	c.count -= count;
	return try(s, &c);
}

/* From the end, where what came too late for it is. */
static bool shorten(struct search *s, size_t length)
{
	bool any = false;

	for (size_t end = s->best.count; end >= length && end && !is_over(s);) {
		any |= without(s, end - length, length);
		end -= length;
		if (end > s->best.count)
			end = s->best.count;
	}
	return any;
}

static void without_steps(struct search *s)
{
	size_t length = s->best.count / 2;

	while (length && !is_over(s)) {
		bool any = shorten(s, length);
		if (length > 1)
			length /= 2;
		else if (!any)
			return;
	}
}

static void without_clients(struct search *s)
{
	for (unsigned client = 0; client < s->best.clients && !is_over(s); client++) {
		struct scenario c = copy_of(s);
		size_t kept = 0;
		for (size_t i = 0; i < c.count; i++) {
			const struct step *step = &c.steps[i];
			bool of_all = step->kind == STEP_SETTLE || step->kind == STEP_WAIT;
			if (of_all || step->client != client)
				c.steps[kept++] = *step;
		}
		if (kept == c.count)
			continue;
		c.count = kept;
		try(s, &c);
	}
}

/* Those that do nothing any more have no number: the others move up. */
static void renumber(struct search *s)
{
	struct scenario c = copy_of(s);
	unsigned next = 0;

	for (unsigned client = 0; client < s->best.clients; client++) {
		bool used = false;
		for (size_t i = 0; i < c.count; i++) {
			struct step *step = &c.steps[i];
			if (step->kind == STEP_SETTLE || step->kind == STEP_WAIT ||
				s->best.steps[i].client != client)
				continue;
			step->client = (uint8_t)next;
			used = true;
		}
		if (!used)
			continue;
		c.versions[next++] = s->best.versions[client];
	}
	c.clients = next;
	if (next && next < s->best.clients)
		try(s, &c);
}

/* ---- plainer steps -------------------------------------------------------------------------- */

/* The n-th way to make a step plainer; false: there are no more. */
static bool plainer(struct step *s, unsigned n)
{
	switch (n) {
	case 0: s->will = false; return true;
	case 1: s->message.size = 0; return true;
	case 2: s->message.properties = 0; return true;
	case 3: s->message.retain = false; return true;
	case 4: s->message.qos = 0; return true;
	case 5: s->message.qos = s->message.qos ? 1 : 0; return true;
	case 6: s->half = false; return true;
	case 7: s->no_local = s->as_published = false; return true;
	case 8: s->handling = 0; return true;
	case 9: s->identifier = 0; return true;
	case 10: s->qos = 0; return true;
	case 11: s->qos = s->qos ? 1 : 0; return true;
	case 12: s->message.empty = false; return true;
	case 13: s->code = 0; return true;
	case 14: s->clean = true; return true;
	case 15: s->session_s = 0; return true;
	case 16: s->message.expiry_s = 0; return true;
	case 17: s->delay_s = 0; return true;
	case 18: s->message.topic = 0; return true;
	case 19: s->way = 0; return true;
	case 20: s->coded = false; return true;
	default: return false;
	}
}

static bool is_same(const struct step *a, const struct step *b)
{
	char texts[2][STEP_TEXT_SIZE];

	step_text(a, texts[0]);
	step_text(b, texts[1]);
	return !strcmp(texts[0], texts[1]);
}

static void simplify(struct search *s)
{
	for (size_t i = 0; i < s->best.count && !is_over(s); i++) {
		struct step step;
		for (unsigned n = 0; step = s->best.steps[i], plainer(&step, n); n++) {
			if (is_same(&step, &s->best.steps[i]))
				continue;
			struct scenario c = copy_of(s);
			c.steps[i] = step;
			try(s, &c);
		}
	}
}

void minimise(struct arena *a, const struct scenario *from, const struct minimiser *how,
	struct scenario *out)
{
	struct search s = { .arena = a, .how = how, .best = *from };

	without_clients(&s);
	without_steps(&s);
	simplify(&s);
	without_steps(&s);
	renumber(&s);
	*out = s.best;
}
