#include "deviants/when_around.h"

#include "base/clock.h"
#include "deviants/then_around.h"

enum {
	CROWD = 20,
	UNREAD = 512 * 1024, /* bytes */
	US_PER_S = 1000000,
	LOOK_BACK = 16, /* messages, among which the publisher's latest is looked for */
};

/* ---- others ---------------------------------------------------------------------------------- */

bool crowd_is_silent(const struct passing *it)
{
	return it->x->world->silent >= CROWD;
}

/* ---- its session ----------------------------------------------------------------------------- */

bool is_twentieth_connection(const struct passing *it)
{
	return it->x->session && it->x->session->connections >= CROWD;
}

bool is_noted_for_session(const struct passing *it)
{
	return it->x->session && it->x->session->note[0];
}

/* ---- its connection -------------------------------------------------------------------------- */

bool is_unread(const struct passing *it)
{
	return it->x->lane[TO_CLIENT].out.len >= UNREAD;
}

bool ping_is_overdue(const struct passing *it)
{
	int64_t limit_us = (int64_t)it->x->keep_alive * US_PER_S * 3 / 2;

	return limit_us && it->x->pinged_us && clock_now_us() - it->x->pinged_us > limit_us;
}

/* ---- where a PUBLISH to a client came from --------------------------------------------------- */

bool from_dup(const struct passing *it)
{
	return it->origin && it->origin->dup;
}

bool after_qos0(const struct passing *it)
{
	const struct world *w = it->x->world;
	const struct published *own = it->origin;

	if (!own)
		return false;
	for (size_t back = 1; back <= LOOK_BACK; back++) {
		size_t at = (size_t)(own - w->published) + PUBLISHED_LATELY - back;
		const struct published *m = &w->published[at % PUBLISHED_LATELY];

		if (m->publisher == own->publisher && m->topic.len)
			return !m->qos;
	}
	return false;
}

bool of_ended_session(const struct passing *it)
{
	const struct session *owner =
		it->origin ? NULL : world_will(it->x->world, it->topic, it->packet->payload);

	return owner && owner->note[0];
}
