/* The clocks of the standard: how long messages, sessions and Wills wait.
 *
 * Where something happens when an interval is over, it may be early or late by what a message takes, and by the
 * whole seconds that intervals are counted in:
 *
 *	  begins                      over
 *	    |--------------------------|------------|
 *	     certainly not yet     | perhaps        | certainly
 *	                           EARLY_US         LATE_US
 */
#include "random/model/state.h"

enum {
	SECOND_US = 1000000,
	EARLY_US = 500000,
	LATE_US = 1500000,
	SESSION_LATE_US = 2500000, /* a server looks after sessions now and then */
	COUNTED_S = 2,             /* so far what is left may be off, in whole seconds */
};

static bool is_perhaps_over(const struct model *m, int64_t since_us, uint32_t interval_s)
{
	return m->now_us >= since_us + (int64_t)interval_s * SECOND_US - EARLY_US;
}

static bool is_over(const struct model *m, int64_t since_us, uint32_t interval_s, int64_t late_us)
{
	return m->now_us >= since_us + (int64_t)interval_s * SECOND_US + late_us;
}

bool may_have_expired(const struct model *m, const struct message *x)
{
	return x->what.expiry_s && is_perhaps_over(m, x->sent_us, x->what.expiry_s);
}

bool had_expired(const struct message *x, int64_t by_us)
{
	return x->what.expiry_s && x->settled_us && !x->resent &&
		by_us >= x->settled_us + (int64_t)x->what.expiry_s * SECOND_US + LATE_US;
}

bool has_expired(const struct model *m, const struct message *x)
{
	return had_expired(x, m->now_us);
}

/* It was sent since the due began, and we may be late to see it. */
bool expiry_is_right(const struct model *m, const struct due *d, const struct arrived *a)
{
	const struct message *x = message_of(m, d->number);
	int64_t least_s = (d->since_us - x->sent_us) / SECOND_US;
	int64_t most_s = (m->now_us - x->sent_us) / SECOND_US;

	if (!x->what.expiry_s || x->resent)
		return true; /* a server may have added one */
	if (x->will)         /* when it was published, we can only guess */
		return a->expires && a->expiry_s <= x->what.expiry_s;
	return a->expires && a->expiry_s <= x->what.expiry_s &&
		a->expiry_s + most_s >= (int64_t)x->what.expiry_s - COUNTED_S &&
		a->expiry_s + least_s <= (int64_t)x->what.expiry_s + COUNTED_S;
}

enum existence existence_now(const struct model *m, const struct session *s)
{
	if (s->exists != EXISTS || s->connected || s->session_s == UINT32_MAX)
		return s->exists;
	if (is_over(m, s->left_us, s->session_s, SESSION_LATE_US))
		return EXISTS_NOT;
	return is_perhaps_over(m, s->left_us, s->session_s) ? EXISTS_PERHAPS : EXISTS;
}

/* ---- Wills --------------------------------------------------------------------------------- */

void will_waits(struct model *m, unsigned client, uint32_t number)
{
	struct session *s = &m->sessions[client];
	uint32_t delay_s = s->delay_s < s->session_s ? s->delay_s : s->session_s;

	if (!delay_s) {
		message_goes(m, number);
		message_of(m, number)->sure = !s->delay_s; /* else the client may return in time */
		return;
	}
	s->pending = number;
	s->pending_us = s->left_us + (int64_t)delay_s * SECOND_US;
}

/* [MQTT-3.1.3-9]; a Clean Start ends the session, and the Will is due at once. */
void will_meets(struct model *m, unsigned client, bool clean)
{
	struct session *s = &m->sessions[client];
	uint32_t number = s->pending;

	s->pending = 0;
	if (!number)
		return;
	struct message *x = message_of(m, number);
	if (!x->waits) /* it may have gone out already */
		return;
	if (clean) { /* or, if the return of the client counts, never */
		message_goes(m, number);
		message_of(m, number)->sure = false;
	} else {
		x->settled = true; /* and it waits for ever */
	}
}

void model_now(struct model *m, int64_t now_us)
{
	m->now_us = now_us;
	for (unsigned c = 0; c < SESSIONS; c++) {
		struct session *s = &m->sessions[c];
		if (!s->pending || now_us < s->pending_us - EARLY_US)
			continue;
		struct message *x = message_of(m, s->pending);
		if (x->waits) {
			message_goes(m, s->pending);
			message_of(m, s->pending)->sure = false;
		}
		if (now_us >= s->pending_us + LATE_US) {
			message_of(m, s->pending)->sure = true;
			s->pending = 0;
		}
	}
}
