/* Whether an arrival is what a due is about: how many copies there may be, and what they look like. */
#include "random/model/state.h"

/* As many copies as there are subscriptions that may bring one. */
static unsigned most_copies(const struct model *m, const struct due *d)
{
	unsigned times = message_of(m, d->number)->times;

	if (d->loose)
		return COPIES_MAX;
	return times * (d->source == FROM_PUBLISHER ? d->variant_count : 1u);
}

/* At QoS 1 a message may come more than once, which takes the place of no other copy. */
static unsigned counted_copies(const struct model *m, const struct due *d)
{
	const struct message *x = message_of(m, d->number);
	unsigned at_least_once = 0, most = 0, others = 0;

	for (unsigned i = 0; i < d->variant_count; i++)
		most += x->times * (qos_through(x, &d->variants[i].options) == 1);
	for (unsigned i = 0; i < d->local_count && !most; i++)
		most = x->times * (qos_through(x, &d->local[i]) == 1);
	for (unsigned k = 0; k < d->copy_count; k++) {
		at_least_once += d->copies[k].qos == 1;
		others += d->copies[k].qos != 1;
	}
	return others + (at_least_once < most ? at_least_once : most);
}

bool due_has_room(const struct model *m, const struct due *d)
{
	return counted_copies(m, d) < most_copies(m, d);
}

static bool fits_variant(const struct message *x, const struct due *d, const struct arrived *a,
	const struct options *o)
{
	bool retain = d->source == FROM_STORE || (o->as_published && x->what.retain);
	uint64_t identifiers = o->identifier ? UINT64_C(1) << o->identifier : 0;

	return a->qos == qos_through(x, o) && a->retain == retain && a->identifiers == identifiers;
}

/* One copy for several subscriptions: their identifiers together, the QoS and RETAIN of any of them. Those whose No
 * Local would keep it back match, too.
 */
static bool fits_several(const struct message *x, const struct due *d, const struct arrived *a)
{
	unsigned count = d->variant_count + d->local_count;
	bool qos = false, retain = false;
	uint64_t known = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct options *o = i < d->variant_count ? &d->variants[i].options
							       : &d->local[i - d->variant_count];
		qos |= a->qos == qos_through(x, o);
		retain |= a->retain == (o->as_published && x->what.retain);
		known |= o->identifier ? UINT64_C(1) << o->identifier : 0;
	}
	return count > 1 && qos && retain && !(a->identifiers & ~known);
}

/* A message that a member has left behind comes as another one has subscribed since. */
static bool is_left_behind(const struct model *m, const struct due *d)
{
	for (size_t i = 0; d->source == FROM_SHARE && i < m->share_count; i++)
		if (m->shares[i].number == d->number && m->shares[i].filter == d->filter)
			return m->shares[i].loose;
	return false;
}

bool due_fits(const struct model *m, const struct due *d, const struct arrived *a)
{
	const struct message *x = message_of(m, d->number);

	if (d->loose || is_left_behind(m, d))
		return true;
	for (unsigned i = 0; i < d->variant_count; i++)
		if (fits_variant(x, d, a, &d->variants[i].options))
			return true;
	return d->source == FROM_PUBLISHER && fits_several(x, d, a);
}
