/* Sessions, their connections and their subscriptions. */
#include <string.h>

#include "random/model/state.h"

struct model *model_new(struct arena *a, const struct scenario *s, uint32_t queue)
{
	struct model *m = arena_new(a, struct model);

	m->arena = a;
	m->queue = queue;
	m->batch = 1;
	for (unsigned i = 0; i < SESSIONS; i++)
		m->sessions[i].version = s->versions[i];
	for (unsigned i = 0; i < TOPIC_COUNT; i++)
		m->kept[i].certain = true;
	return m;
}

bool model_is_connected(const struct model *m, unsigned client)
{
	return m->sessions[client].connected;
}

bool model_holds(const struct model *m, unsigned client)
{
	return m->sessions[client].holds;
}

/* ---- the end of a session, and what is left of one that is not certain ---------------------- */

static void loosen_share(struct model *m, unsigned filter)
{
	for (size_t i = m->share_first; i < m->share_count; i++)
		if (m->shares[i].filter == filter) {
			m->shares[i].loose = true;
			m->shares[i].must = false;
		}
}

static void loosen_shares(struct model *m, const struct session *s)
{
	for (unsigned f = FILTER_FIRST_SHARED; f < FILTER_COUNT; f++)
		if (subscription_may(&s->subscriptions[f]))
			loosen_share(m, f);
}

/* What a member has not settled may go to another one. */
static void release_to_share(struct model *m, const struct session *s)
{
	for (size_t i = 0; i < s->due_count; i++) {
		const struct due *d = &s->dues[i];
		bool done = d->copy_count;
		for (unsigned k = 0; k < d->copy_count; k++)
			done &= d->copies[k].state == COPY_DONE;
		for (size_t n = 0; d->source == FROM_SHARE && !done && n < m->share_count; n++)
			if (m->shares[n].number == d->number && m->shares[n].filter == d->filter) {
				m->shares[n].loose = true;
				m->shares[n].must = false;
			}
	}
}

static void clear(struct model *m, struct session *s)
{
	loosen_shares(m, s);
	release_to_share(m, s);
	for (unsigned f = 0; f <= FILTER_COUNT; f++)
		s->subscriptions[f] =
			(struct subscription){ .forgotten = s->subscriptions[f].forgotten ||
					subscription_may(&s->subscriptions[f]) };
	for (size_t i = 0; i < s->due_count; i++)
		s->dues[i].gone = true;
	s->queued = 0;
}

static void become_unsure(struct subscription *s)
{
	if (s->state == SUBSCRIBED_NOT)
		return;
	if (s->state == SUBSCRIBED || s->state == UNSUBSCRIBING)
		s->before = s->now;
	s->state = UNSURE;
}

/* It may have ended and begun anew, or not. */
static void loosen(struct model *m, struct session *s)
{
	loosen_shares(m, s);
	for (unsigned f = 0; f <= FILTER_COUNT; f++)
		become_unsure(&s->subscriptions[f]);
	for (size_t i = 0; i < s->due_count; i++) {
		s->dues[i].must = false;
		s->dues[i].loose = true;
		for (unsigned k = 0; k < s->dues[i].copy_count; k++)
			s->dues[i].copies[k].resend = RESEND_NOTHING;
	}
}

/* 5.0 drops a Will whose client is back before its delay is over [MQTT-3.1.2-8], and a delay of 0 is open to both
 * readings: where the client takes itself over, or is back before its server has seen the break.
 */
static void will_is_met(struct model *m, struct session *s)
{
	if (s->version == MQTT_50 && s->due_will && !message_of(m, s->due_will)->settled)
		message_of(m, s->due_will)->sure = false;
	s->due_will = 0;
}

/* ---- connections ---------------------------------------------------------------------------- */

uint32_t model_connects(struct model *m, const struct step *step, enum presence *due)
{
	struct session *s = &m->sessions[step->client];

	if (s->connected)
		model_departs(m, step->client, TAKEN_OVER, true);
	will_is_met(m, s);
	will_meets(m, step->client, step->clean);
	s->exists = existence_now(m, s);
	*due = step->clean || s->exists == EXISTS_NOT ? PRESENT_NO
		: s->exists == EXISTS                 ? PRESENT_YES
						      : PRESENT_EITHER;
	s->asked_us = m->now_us;
	s->clean = step->clean;
	s->session_s = s->version == MQTT_50 ? step->session_s : step->clean ? 0 : UINT32_MAX;
	s->keeps = s->session_s > 0;
	s->delay_s = s->version == MQTT_50 ? step->delay_s : 0;
	s->will = step->will ? message_add(m, &step->message, step->client, true) : 0;
	if (s->will)
		message_of(m, s->will)->delayed = s->delay_s > 0;
	return s->will;
}

/* What was under way when the last connection ended has to be sent again [MQTT-4.4.0-1]; but for what came through a
 * share at QoS 1, which may have gone to another member, 4.8.2.
 */
static void expect_again(struct session *s)
{
	for (size_t i = 0; i < s->due_count; i++) {
		struct due *d = &s->dues[i];
		for (unsigned k = 0; !d->gone && !d->loose && k < d->copy_count; k++) {
			struct copy *c = &d->copies[k];
			bool withdrawn = d->source == FROM_SHARE && c->qos == 1;
			if (!c->qos || withdrawn || c->state == COPY_ANSWERED ||
				c->state == COPY_DONE)
				continue;
			c->resend = c->state == COPY_SENT ? RESEND_PUBLISH
				: c->fenced               ? RESEND_PUBREL
							  : RESEND_EITHER;
		}
	}
}

void model_connected(struct model *m, unsigned client, bool present)
{
	struct session *s = &m->sessions[client];

	if (!present)
		clear(m, s);
	else if (s->exists != EXISTS)
		loosen(m, s);
	else
		expect_again(s);
	for (unsigned f = 0; f <= FILTER_COUNT; f++)
		s->subscriptions[f].resumed = true;
	for (size_t i = 0; i < s->due_count; i++)
		if (!s->dues[i].gone && !s->dues[i].offered) {
			struct due *d = &s->dues[i];
			d->expired = had_expired(message_of(m, d->number), s->asked_us);
			d->offered = true;
			d->since_us = s->asked_us;
		}
	memset(s->last_again, 0, sizeof(s->last_again));
	s->turns = 0;
	s->exists = EXISTS;
	s->connected = true;
	s->holds = false;
	s->queued = 0;
	s->due_first = 0;
}

static void break_dues(struct model *m, struct session *s, bool good)
{
	for (size_t i = 0; i < s->due_count; i++) {
		struct due *d = &s->dues[i];
		const struct message *x = message_of(m, d->number);
		unsigned most = 0;
		for (size_t k = 0; k < d->variant_count; k++) {
			unsigned qos = qos_through(x, &d->variants[k].options);
			if (d->variants[k].certain && qos > most)
				most = qos;
		}
		/* At most once: it may have been on its way. And the SUBSCRIBE may never have got there. */
		if (!d->copy_count && (!most || d->source == FROM_STORE))
			d->must = false;
		for (unsigned k = 0; k < d->copy_count; k++) {
			d->copies[k].again |= !good || d->copies[k].state != COPY_DONE;
			d->copies[k].resend = RESEND_NOTHING;
			d->copies[k].turn = 0;
		}
	}
}

static void end_will(struct model *m, struct session *s, enum departure how)
{
	uint32_t will = s->will;

	s->will = 0;
	if (!will)
		return;
	if (how == LEFT) {
		message_of(m, will)->settled = true; /* and it still `waits`: for ever */
		message_of(m, will)->delayed = false;
		return;
	}
	s->due_will = will;
	will_waits(m, (unsigned)(s - m->sessions), will);
}

void model_keeps(struct model *m, unsigned client, unsigned session_s)
{
	m->sessions[client].session_s = session_s;
	m->sessions[client].keeps = session_s > 0;
}

void model_leaves(struct model *m, unsigned client)
{
	m->sessions[client].leaving_us = m->now_us;
}

void model_departs(struct model *m, unsigned client, enum departure how, bool closed)
{
	struct session *s = &m->sessions[client];

	s->connected = false;
	s->holds = false;
	s->left_us = s->leaving_us ? s->leaving_us : m->now_us;
	s->leaving_us = 0;
	s->left_batch = m->batch;
	messages_break(m, client);
	release_to_share(m, s);
	break_dues(m, s, (how == LEFT || how == LEFT_WILL) && closed);
	for (unsigned f = 0; f <= FILTER_COUNT; f++)
		if (s->subscriptions[f].state != SUBSCRIBED)
			become_unsure(&s->subscriptions[f]);
	loosen_shares(m, s);
	bool certain_end = s->version != MQTT_50 || ((how == LEFT || how == LEFT_WILL) && closed);
	if (!s->keeps) {
		s->exists = certain_end ? EXISTS_NOT : EXISTS_PERHAPS;
		if (certain_end)
			clear(m, s);
		else
			loosen(m, s);
	}
	end_will(m, s, how);
}

/* ---- subscriptions --------------------------------------------------------------------------- */

bool model_may_ask(const struct model *m, unsigned client, unsigned filter)
{
	enum subscription_state state = m->sessions[client].subscriptions[filter].state;

	return state == SUBSCRIBED || state == SUBSCRIBED_NOT || state == UNSURE;
}

bool model_has(const struct model *m, unsigned client, unsigned filter)
{
	return m->sessions[client].subscriptions[filter].state == SUBSCRIBED;
}

static bool are_alike(const struct options *a, const struct options *b)
{
	return a->as_published == b->as_published && a->identifier == b->identifier;
}

/* That a SUBSCRIBE replaces the options of an earlier one is said of non-shared subscriptions alone [MQTT-3.8.4-3]; of
 * a share no more than that it counts once. What SUBACK grants holds for both [MQTT-4.8.2-3].
 */
static void keep_older(struct subscription *s)
{
	bool known = are_alike(&s->before, &s->now);

	for (unsigned i = 0; i < s->older_count; i++)
		known |= are_alike(&s->before, &s->older[i]);
	if (!known && s->older_count < OLDER_MAX)
		s->older[s->older_count++] = s->before;
}

void model_subscribes(struct model *m, const struct step *step)
{
	struct session *s = &m->sessions[step->client];
	struct subscription *sub = &s->subscriptions[step->filter];
	bool was_there = sub->state == SUBSCRIBED, perhaps = sub->state == UNSURE;
	bool shared = filter_is_of_share(step->filter);

	sub->before = sub->now;
	sub->now = (struct options){
		.qos = step->qos,
		.handling = s->version == MQTT_50 ? step->handling : 0,
		.identifier = s->version == MQTT_50 ? step->identifier : 0,
		.no_local = s->version == MQTT_50 && step->no_local,
		.as_published = s->version == MQTT_50 && step->as_published,
	};
	sub->replaced = was_there || perhaps;
	sub->was_local |= sub->replaced && sub->before.no_local;
	if (sub->replaced && shared)
		keep_older(sub);
	sub->state = was_there || perhaps ? REPLACING : SUBSCRIBING;
	sub->resumed = false;
	sub->unsure_before = perhaps;
	sub->draws = !shared && (sub->now.handling == 0 || (sub->now.handling == 1 && !was_there));
	dues_of_subscription(m, step->client, step->filter);
	if (sub->draws)
		store_draws(m, step->client, step->filter);
	if (shared)
		loosen_share(m, step->filter);
}

void model_granted(struct model *m, unsigned client, unsigned filter, unsigned code)
{
	struct session *s = &m->sessions[client];
	struct subscription *sub = &s->subscriptions[filter];

	if (code == sub->now.qos)
		return;
	/* Less than was asked, or nothing: nobody knows what that makes of the messages under way. */
	for (size_t i = s->due_first; i < s->due_count; i++)
		if (s->dues[i].batch == m->batch) {
			s->dues[i].loose = true;
			s->dues[i].must = false;
		}
	if (code < 3)
		sub->now.qos = (uint8_t)code;
	else if (sub->state == SUBSCRIBING)
		sub->state = UNSUBSCRIBING;
	else
		sub->state = UNSURE;
}

void model_unsubscribes(struct model *m, const struct step *step)
{
	struct session *s = &m->sessions[step->client];
	struct subscription *sub = &s->subscriptions[step->filter];

	if (sub->state == SUBSCRIBED_NOT)
		return;
	if (sub->state == SUBSCRIBED)
		sub->before = sub->now;
	sub->state = UNSUBSCRIBING;
	/* What has not come yet need not, for it may have been meant for this one alone. */
	for (size_t i = 0; i < s->due_count; i++) {
		struct due *d = &s->dues[i];
		if (!d->copy_count &&
			filter_lets_through(step->filter, message_of(m, d->number)->what.topic)) {
			d->must = false;
			d->loose = true;
		}
	}
	if (filter_is_of_share(step->filter))
		loosen_share(m, step->filter);
}

void model_holds_back(struct model *m, unsigned client, bool holds)
{
	m->sessions[client].holds = holds;
	if (holds)
		loosen_shares(m, &m->sessions[client]);
}
