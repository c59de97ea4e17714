/* What is still due, and what a settlement makes certain. */
#include "random/model/state.h"

static bool fault_not_again(struct model *m, unsigned client, const struct due *d,
	const struct copy *c, struct model_fault *out)
{
	*out = (struct model_fault){
		.kind = SPEC_MISSING,
		.statement = m->sessions[client].version == MQTT_50 ? "5.0:MQTT-4.4.0-1"
								    : "3.1.1:MQTT-4.4.0-1",
		.client = client,
		.expected = arena_printf(m->arena, "%s %u again, for %s",
			c->resend == RESEND_PUBREL ? "PUBREL" : "PUBLISH", c->id,
			message_text(m, d->number)),
		.actual = "it is not sent again on the connection that resumes the session",
	};
	return true;
}

static bool session_owes(struct model *m, unsigned client, struct model_fault *out)
{
	struct session *s = &m->sessions[client];

	if (!s->connected || s->holds)
		return false;
	for (size_t i = s->due_first; i < s->due_count; i++) {
		const struct due *d = &s->dues[i];
		if (d->gone)
			continue;
		const struct message *x = message_of(m, d->number);
		for (unsigned k = 0; k < d->copy_count; k++) {
			const struct copy *c = &d->copies[k];
			/* Only of QoS 2 it is said that expiry ends with the first PUBLISH [MQTT-4.3.3-7]. */
			if (c->resend && (c->qos == 2 || !may_have_expired(m, x)))
				return fault_not_again(m, client, d, c, out);
		}
		if (d->must && !d->copy_count && x->sure && !may_have_expired(m, x))
			return !fault_missing(m, client, d, out);
	}
	return false;
}

static bool share_owes(struct model *m, struct model_fault *out)
{
	for (size_t i = m->share_first; i < m->share_count; i++) {
		const struct share_due *share = &m->shares[i];
		const struct message *x = message_of(m, share->number);
		if (!share->must || share->copies || !x->sure || may_have_expired(m, x))
			continue;
		unsigned client = 0;
		while (!subscription_may(&m->sessions[client].subscriptions[share->filter]))
			client++;
		*out = (struct model_fault){
			.kind = SPEC_MISSING,
			.statement = "5.0:U50-SHARE-ONE",
			.client = client,
			.expected = arena_printf(m->arena, "%s for a member of %s",
				message_text(m, share->number), filter_name(share->filter)),
			.actual = "none of them gets it",
		};
		return true;
	}
	return false;
}

/* ---- overlapping subscriptions ---------------------------------------------------------------- */

/* Of several copies one has the highest QoS [MQTT-3.3.5-1] [MQTT-3.3.4-2], and a single one has all identifiers
 * [MQTT-3.3.4-4].
 */
static bool overlap_is_kept(
	struct model *m, unsigned client, const struct due *d, struct model_fault *out)
{
	const struct message *x = message_of(m, d->number);
	bool is_50 = m->sessions[client].version == MQTT_50;
	unsigned due_qos = 0, best = 0;
	uint64_t all = 0, got = 0, open = 0;
	bool certain = true;

	for (unsigned i = 0; i < d->variant_count; i++) {
		const struct variant *v = &d->variants[i];
		unsigned qos = qos_through(x, &v->options);
		certain &= v->certain;
		due_qos = v->certain && qos > due_qos ? qos : due_qos;
		certain &= qos || !d->waited; /* a copy of QoS 0 need not wait */
		all |= v->options.identifier ? UINT64_C(1) << v->options.identifier : 0;
	}
	for (unsigned i = 0; i < d->local_count; i++)
		open |= d->local[i].identifier ? UINT64_C(1) << d->local[i].identifier : 0;
	for (unsigned i = 0; i < d->copy_count; i++) {
		best = d->copies[i].qos > best ? d->copies[i].qos : best;
		got |= d->copies[i].identifiers;
	}
	*out = (struct model_fault){ .client = client };
	if (best < due_qos) {
		out->kind = SPEC_QOS;
		out->statement = is_50 ? "5.0:MQTT-3.3.4-2" : "3.1.1:MQTT-3.3.5-1";
		out->expected = arena_printf(m->arena,
			"a copy of %s at QoS %u, the highest of the "
			"subscriptions that match",
			message_text(m, d->number), due_qos);
		out->actual = arena_printf(m->arena, "none is above QoS %u", best);
		return false;
	}
	if (certain && d->copy_count == 1 && (got | open) != (all | open)) {
		out->kind = SPEC_PROPERTY;
		out->statement = "5.0:MQTT-3.3.4-4";
		out->expected = arena_printf(m->arena,
			"the Subscription Identifiers of all subscriptions that match in the only "
			"copy "
			"of %s",
			message_text(m, d->number));
		out->actual = "some of them are missing";
		return false;
	}
	return true;
}

static bool session_is_sound(struct model *m, unsigned client, struct model_fault *out)
{
	struct session *s = &m->sessions[client];

	if (s->left_batch == m->batch) /* what was under way then, nobody knows */
		return true;
	for (size_t i = s->due_first; i < s->due_count; i++) {
		const struct due *d = &s->dues[i];
		if (d->gone || d->loose || d->source != FROM_PUBLISHER ||
			d->variant_count + d->local_count < 2 || !d->copy_count || s->holds)
			continue;
		/* Further copies may have been lost with a connection. */
		if (d->batch == m->batch && !overlap_is_kept(m, client, d, out))
			return false;
	}
	return true;
}

bool model_owes_client(struct model *m, unsigned client, struct model_fault *fault)
{
	return session_owes(m, client, fault);
}

bool model_owes(struct model *m, struct model_fault *fault)
{
	for (unsigned c = 0; c < SESSIONS; c++)
		if (session_owes(m, SESSIONS - 1 - c, fault)) /* the observer first */
			return true;
	for (unsigned c = 0; c < SESSIONS; c++)
		if (!session_is_sound(m, c, fault))
			return true;
	return share_owes(m, fault);
}

/* ---- what becomes certain --------------------------------------------------------------------- */

static bool is_at_rest(const struct model *m, const struct due *d)
{
	bool open = d->must && !d->copy_count && !d->gone;

	for (unsigned i = 0; i < d->copy_count; i++)
		open |= d->copies[i].state != COPY_DONE;
	return !open && message_of(m, d->number)->settled;
}

static void settle_copies(struct model *m, struct session *s)
{
	bool rests = true;

	for (size_t i = s->due_first; i < s->due_count; i++) {
		struct due *d = &s->dues[i];
		for (unsigned k = 0; s->connected && k < d->copy_count; k++) {
			struct copy *c = &d->copies[k];
			c->fenced = true;
			if (c->state == COPY_ANSWERED)
				c->state = COPY_DONE;
		}
		rests &= is_at_rest(m, d) && i == s->due_first;
		s->due_first += rests;
	}
}

static void settle_subscription(struct subscription *s)
{
	switch (s->state) {
	case SUBSCRIBING:
	case REPLACING:
		s->state = SUBSCRIBED;
		s->unsure_before = false;
		s->draws = false;
		break;
	case UNSUBSCRIBING: *s = (struct subscription){ .ended = true, .before = s->now }; break;
	case UNSURE: /* whatever was sent before this connection has been read */
		s->draws = false;
		break;
	default: break;
	}
}

/* The observer has got it, or was not to get it. */
static bool has_passed(const struct model *m, uint32_t number)
{
	const struct due *d = due_of_observer(m, number);

	return !d || d->copy_count;
}

static void settle_message(const struct model *m, struct message *x)
{
	x->settled = true;
	x->settled_us = m->now_us;
}

static void settle_messages(struct model *m)
{
	for (size_t i = 0; i < m->message_count; i++) {
		struct message *x = &m->messages[i];
		if (!x->settled && !x->waits && x->sure && has_passed(m, (uint32_t)i + 1))
			settle_message(m, x);
	}
}

bool model_settles(struct model *m, struct model_fault *fault)
{
	if (model_owes(m, fault))
		return false;
	store_settles(m);
	settle_messages(m);
	for (unsigned c = 0; c < SESSIONS; c++) {
		struct session *s = &m->sessions[c];
		settle_copies(m, s);
		for (unsigned f = 0; s->connected && f <= FILTER_COUNT; f++)
			settle_subscription(&s->subscriptions[f]);
	}
	m->share_first = m->share_count;
	m->batch++;
	return true;
}
