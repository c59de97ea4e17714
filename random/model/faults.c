/* Which statement a message breaks that should not have come, or not so, or that has not come. */
#include "random/model/state.h"

static const char *by_version(const struct session *s, const char *of_311, const char *of_50)
{
	return s->version == MQTT_50 ? of_50 : of_311;
}

/* When a Will is due has been agreed between the server and its publisher, in the version of both; whom it
 * reaches may speak another one.
 */
static const struct session *publisher_of(const struct model *m, const struct message *x)
{
	return &m->sessions[x->publisher];
}

const char *blamed_for_will(
	const struct model *m, const struct message *x, enum spec_difference kind)
{
	return spec_blamed(publisher_of(m, x)->version, false, kind, "PUBLISH/will");
}

/* ---- it should not have come ------------------------------------------------------------------ */

static bool was_for_earlier_session(const struct session *s, uint32_t number)
{
	for (size_t i = 0; i < s->due_count; i++)
		if (s->dues[i].number == number && s->dues[i].gone && !s->dues[i].copy_count)
			return true;
	return false;
}

/* A subscription of the client that matches; `ended`: one that it has ended. NULL: none. */
static const struct subscription *matching(
	const struct session *s, unsigned topic, bool ended, bool shared)
{
	for (unsigned f = 0; f < FILTER_COUNT; f++) {
		const struct subscription *sub = &s->subscriptions[f];
		if (filter_is_of_share(f) == shared && filter_lets_through(f, topic) &&
			(ended ? sub->ended && !subscription_may(sub) : subscription_may(sub)))
			return sub;
	}
	return NULL;
}

/* Of a session that has ended, and no other one. */
static bool any_forgotten(const struct session *s, unsigned topic)
{
	for (unsigned f = 0; f < FILTER_COUNT; f++)
		if (s->subscriptions[f].forgotten && !subscription_may(&s->subscriptions[f]) &&
			filter_lets_through(f, topic))
			return !matching(s, topic, true, false) && !matching(s, topic, false, true);
	return false;
}

/* With RETAIN 1 it comes out of the store. */
static const char *unwanted_from_store(
	const struct model *m, const struct session *s, const struct message *x, uint32_t number)
{
	const struct kept *k = &m->kept[x->what.topic];
	const struct subscription *sub = matching(s, x->what.topic, false, false);

	if (has_expired(m, x) && s->version == MQTT_50)
		return "5.0:U50-RETAIN-EXPIRE";
	if (!x->what.retain && x->will)
		return by_version(publisher_of(m, x), "3.1.1:MQTT-3.1.2-16", "5.0:MQTT-3.1.2-14");
	if (!x->what.retain)
		return by_version(s, "3.1.1:MQTT-3.3.1-12", "5.0:MQTT-3.3.1-8");
	if (x->what.empty)
		return by_version(s, "3.1.1:MQTT-3.3.1-11", "5.0:MQTT-3.3.1-7");
	if (!sub && matching(s, x->what.topic, false, true))
		return "5.0:U50-RETAIN-SHARED";
	if (k->certain && !k->message && x->settled)
		return by_version(s, "3.1.1:MQTT-3.3.1-10", "5.0:MQTT-3.3.1-6");
	if (k->certain && k->message != number && x->settled)
		return by_version(s, "3.1.1:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-5");
	if (sub && sub->now.handling == 2)
		return "5.0:MQTT-3.3.1-11";
	if (sub && sub->now.handling == 1)
		return "5.0:MQTT-3.3.1-10";
	return NULL;
}

/* One that is not to be published, or not yet. */
static const char *unwanted_will(const struct model *m, const struct message *x)
{
	const struct session *s = publisher_of(m, x);

	if (x->delayed && x->settled && s->version == MQTT_50)
		return "5.0:MQTT-3.1.3-9";
	return x->settled ? by_version(s, "3.1.1:MQTT-3.14.4-3", "5.0:MQTT-3.14.4-3")
			  : by_version(s, "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8");
}

static const char *unwanted(
	const struct model *m, unsigned client, const struct arrived *a, uint32_t number)
{
	const struct session *s = &m->sessions[client];
	const struct message *x = message_of(m, number);
	const struct subscription *sub = matching(s, a->topic, false, false);

	if (x->waits)
		return unwanted_will(m, x);
	if (was_for_earlier_session(s, number) || (!sub && any_forgotten(s, a->topic)))
		return by_version(s, "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4");
	bool own = x->publisher == client;
	if (sub && sub->replaced && own && sub->now.no_local && !sub->before.no_local)
		return "5.0:MQTT-3.8.4-3";
	if (a->retain) {
		const char *statement = unwanted_from_store(m, s, x, number);
		if (statement)
			return statement;
	}
	if (sub && sub->now.no_local && own)
		return "5.0:MQTT-3.8.3-3";
	if (!sub && matching(s, a->topic, true, false))
		return by_version(s, "3.1.1:MQTT-3.10.4-2", "5.0:MQTT-3.10.4-2");
	if (!sub && matching(s, a->topic, true, true))
		return "5.0:U50-SHARE-UNSUB";
	return NULL;
}

bool fault_unwanted(struct model *m, unsigned client, const struct arrived *a, uint32_t number,
	struct model_fault *out)
{
	const struct message *x = message_of(m, number);
	const char *statement = unwanted(m, client, a, number);

	if (!statement && x->will)
		statement = blamed_for_will(m, x, SPEC_EXTRA);
	*out = (struct model_fault){
		.kind = SPEC_EXTRA,
		.about = x->will ? "PUBLISH/will" : "PUBLISH",
		.statement = statement,
		.client = client,
		.expected = "nothing that is not meant for this client",
		.actual = arena_printf(m->arena, "%s came at QoS %u, retain %d",
			message_text(m, number), a->qos, a->retain),
	};
	return false;
}

bool fault_sent_again(struct model *m, unsigned client, uint32_t number, const struct copy *c,
	struct model_fault *out)
{
	const struct session *s = &m->sessions[client];

	*out = (struct model_fault){
		.kind = SPEC_REPEATED,
		.statement = c->rejected ? "5.0:MQTT-4.4.0-2"
			: c->released    ? by_version(s, "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.3.3-6")
					 : "5.0:MQTT-4.4.0-1",
		.client = client,
		.expected = arena_printf(m->arena, "no PUBLISH %u once more: it was settled by %s",
			c->id,
			c->rejected           ? "the code of an error"
				: c->released ? "PUBREC"
					      : "PUBACK"),
		.actual = arena_printf(m->arena, "%s is sent again", message_text(m, number)),
	};
	return false;
}

bool fault_order(
	struct model *m, unsigned client, uint32_t number, uint32_t after, struct model_fault *out)
{
	*out = (struct model_fault){
		.kind = SPEC_ORDER,
		.about = "PUBLISH",
		.client = client,
		.expected = "messages of one publisher, topic and QoS in the order of their "
			    "publication",
		.actual = arena_printf(m->arena, "%s after n%u", message_text(m, number), after),
	};
	return false;
}

bool fault_expired(struct model *m, unsigned client, uint32_t number, struct model_fault *out)
{
	*out = (struct model_fault){
		.kind = SPEC_EXTRA,
		.about = "PUBLISH",
		.statement = "5.0:MQTT-3.3.2-5",
		.client = client,
		.expected =
			"no message whose Message Expiry Interval was over before the client came",
		.actual = arena_printf(m->arena, "%s came after more than %u s",
			message_text(m, number), message_of(m, number)->what.expiry_s),
	};
	return false;
}

bool fault_interval(struct model *m, unsigned client, const struct arrived *a, uint32_t number,
	struct model_fault *out)
{
	const struct message *x = message_of(m, number);

	*out = (struct model_fault){
		.kind = SPEC_PROPERTY,
		.about = "0x02",
		.client = client,
		.expected = arena_printf(m->arena,
			"%s with what is left of its Message Expiry Interval of %u s after %.1f s",
			message_text(m, number), x->what.expiry_s,
			(double)(m->now_us - x->sent_us) / 1e6),
		.actual = a->expires ? arena_printf(m->arena, "%u s", a->expiry_s) : "none",
	};
	return false;
}

/* ---- it has not come -------------------------------------------------------------------------- */

static const char *missing_from_store(
	const struct session *s, const struct due *d, const struct message *x)
{
	const struct options *o = &d->variants[0].options;

	if (!x->drawn)
		return by_version(s, "3.1.1:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-5");
	return by_version(s, "3.1.1:MQTT-3.3.1-6",
		o->handling == 1 ? "5.0:MQTT-3.3.1-10" : "5.0:MQTT-3.3.1-9");
}

/* No Local of the options that a later SUBSCRIBE has replaced. */
static bool is_local_of_before(const struct session *s, unsigned client, const struct message *x)
{
	for (unsigned f = 0; f < FILTER_COUNT && x->publisher == client; f++) {
		const struct subscription *sub = &s->subscriptions[f];
		if (sub->was_local && !sub->now.no_local && filter_lets_through(f, x->what.topic))
			return true;
	}
	return false;
}

/* Another subscription that matches has No Local, which leaves this one alone. [MQTT-3.3.4-2] */
static bool is_local_of_another(const struct due *d)
{
	return d->source == FROM_PUBLISHER && d->local_count;
}

/* A Will that the observer has got was published: it is the delivery that lacks. */
static bool has_been_seen(const struct model *m, uint32_t number)
{
	const struct due *d = due_of_observer(m, number);

	return d && d->copy_count;
}

/* A session that goes on has its subscriptions, and what has waited for it. */
static const char *missing_from_session(const struct session *s, const struct due *d)
{
	if (!d->resumed || d->source != FROM_PUBLISHER)
		return NULL;
	return by_version(
		s, d->waited ? "3.1.1:MQTT-3.1.2-5" : "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-3.1.2-5");
}

bool fault_missing(struct model *m, unsigned client, const struct due *d, struct model_fault *out)
{
	const struct session *s = &m->sessions[client];
	const struct message *x = message_of(m, d->number);
	bool as_will = x->will && !has_been_seen(m, d->number);

	*out = (struct model_fault){
		.kind = SPEC_MISSING,
		.about = as_will ? "PUBLISH/will" : "PUBLISH",
		.statement = d->source == FROM_STORE       ? missing_from_store(s, d, x)
			: as_will                          ? blamed_for_will(m, x, SPEC_MISSING)
			: is_local_of_another(d)           ? "5.0:MQTT-3.3.4-2"
			: is_local_of_before(s, client, x) ? "5.0:MQTT-3.8.4-3"
							   : missing_from_session(s, d),
		.client = client,
		.expected = arena_printf(m->arena, "%s%s", message_text(m, d->number),
			d->source == FROM_STORE ? ", which is retained" : ""),
		.actual = "it does not come",
	};
	return false;
}

/* ---- it is not as it should be ---------------------------------------------------------------- */

static const char *retain_text(struct model *m, const struct due *d, const struct message *x)
{
	const struct options *o = &d->variants[0].options;

	if (d->source == FROM_STORE)
		return "RETAIN 1, since it is retained";
	return arena_printf(m->arena, "RETAIN %d", o->as_published && x->what.retain);
}

static bool any_qos(const struct message *x, const struct due *d, unsigned qos)
{
	for (unsigned i = 0; i < d->variant_count; i++)
		if (qos_through(x, &d->variants[i].options) == qos)
			return true;
	return false;
}

static bool any_retain(const struct message *x, const struct due *d, bool retain)
{
	for (unsigned i = 0; i < d->variant_count; i++)
		if ((d->source == FROM_STORE ||
			    (d->variants[i].options.as_published && x->what.retain)) == retain)
			return true;
	return false;
}

static bool any_identifiers(const struct due *d, uint64_t identifiers)
{
	for (unsigned i = 0; i < d->variant_count; i++) {
		unsigned one = d->variants[i].options.identifier;
		if ((one ? UINT64_C(1) << one : 0) == identifiers)
			return true;
	}
	return false;
}

/* It is as the subscription would have had it before it was replaced; of a share nobody says that it is. */
static bool fits_before(const struct session *s, const struct message *x, const struct arrived *a)
{
	for (unsigned f = 0; f < FILTER_COUNT; f++) {
		const struct subscription *sub = &s->subscriptions[f];
		const struct options *o = &sub->before;
		uint64_t identifiers = o->identifier ? UINT64_C(1) << o->identifier : 0;
		if (sub->replaced && !filter_is_of_share(f) &&
			filter_lets_through(f, x->what.topic) && a->qos == qos_through(x, o) &&
			a->identifiers == identifiers &&
			a->retain == (o->as_published && x->what.retain))
			return true;
	}
	return false;
}

bool fault_in_field(struct model *m, unsigned client, const struct arrived *a, const struct due *d,
	struct model_fault *out)
{
	const struct session *s = &m->sessions[client];
	const struct message *x = message_of(m, d->number);
	const struct options *o = &d->variants[0].options;

	*out = (struct model_fault){ .client = client };
	/* Of a message under way nobody knows what has brought it. */
	if ((d->source != FROM_STORE || !x->settled) && fits_before(s, x, a)) {
		out->kind = SPEC_PROPERTY;
		out->statement = by_version(s, "3.1.1:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-3");
		out->expected =
			arena_printf(m->arena, "%s as the options of the last SUBSCRIBE have it",
				message_text(m, d->number));
		out->actual =
			arena_printf(m->arena, "QoS %u%s RETAIN %d%s as an earlier one had it",
				a->qos, s->version == MQTT_50 ? "," : " and", a->retain,
				s->version == MQTT_50 ? ", and Subscription Identifiers" : ",");
		return false;
	}
	if (!any_qos(x, d, a->qos)) {
		out->kind = SPEC_QOS;
		out->about = "PUBLISH";
		out->expected = arena_printf(
			m->arena, "%s at QoS %u", message_text(m, d->number), qos_through(x, o));
		out->actual = arena_printf(m->arena, "QoS %u", a->qos);
		return false;
	}
	if (!any_retain(x, d, a->retain)) {
		out->kind = SPEC_RETAIN;
		out->about = a->retain ? "PUBLISH/to-0" : "PUBLISH/to-1";
		if (d->source != FROM_STORE && o->as_published)
			out->statement = "5.0:MQTT-3.3.1-13";
		else if (a->retain && !x->what.retain)
			out->statement = by_version(s, "3.1.1:MQTT-3.3.1-12", "5.0:MQTT-3.3.1-8");
		out->expected = arena_printf(
			m->arena, "%s with %s", message_text(m, d->number), retain_text(m, d, x));
		out->actual = arena_printf(m->arena, "RETAIN %d", a->retain);
		return false;
	}
	if (any_identifiers(d, a->identifiers)) {
		out->kind = SPEC_PROPERTY;
		out->statement = by_version(s, "3.1.1:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-3");
		out->expected = arena_printf(
			m->arena, "%s as one of its SUBSCRIBEs has it", message_text(m, d->number));
		out->actual = arena_printf(m->arena,
			"QoS %u and RETAIN %d, which are not of the same one", a->qos, a->retain);
		return false;
	}
	out->kind = SPEC_PROPERTY;
	out->about = "0x0B";
	out->expected =
		arena_printf(m->arena, "%s with the Subscription Identifier of its subscription",
			message_text(m, d->number));
	out->actual = a->identifiers ? "another one, or too many" : "none";
	return false;
}
