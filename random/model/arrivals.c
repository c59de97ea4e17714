/* Messages that come, and what is made of them. */
#include "random/model/state.h"

/* Of those that have room, one that it fits; else one that it was likely meant for. */
static struct due *due_for(
	struct model *m, struct session *s, const struct arrived *a, uint32_t number)
{
	struct due *best = NULL;
	unsigned best_score = 0;

	for (size_t i = 0; i < s->due_count; i++) {
		struct due *d = &s->dues[i];
		if (d->gone || d->number != number)
			continue;
		bool fit = due_fits(m, d, a);
		bool room = due_has_room(m, d), once_more = fit && !room && a->qos == 1;
		unsigned score = 1 + 8 * (room && fit) + 4 * room + 3 * once_more +
			2 * ((d->source == FROM_STORE) == a->retain) +
			3 * (d->must && !d->copy_count);
		if (score > best_score) {
			best = d;
			best_score = score;
		}
	}
	return best;
}

/* A message that another member of a share has left behind. NULL: there is none. */
static struct due *due_of_another(struct model *m, struct session *s, uint32_t number)
{
	for (size_t i = 0; i < m->share_count; i++) {
		const struct share_due *share = &m->shares[i];
		if (share->number != number || !share->loose ||
			!subscription_may(&s->subscriptions[share->filter]))
			continue;
		struct due *d = due_add(m, s, number, FROM_SHARE, share->filter);
		d->loose = true;
		return d;
	}
	return NULL;
}

/* With RETAIN 1, after the copy that went through the share: nothing of what is retained is for shares. One that was
 * left behind may have RETAIN 1 with Retain As Published.
 */
static bool comes_from_store(
	const struct model *m, unsigned client, const struct due *d, const struct arrived *a)
{
	const struct message *x = message_of(m, d->number);

	if (d->source != FROM_SHARE || !a->retain || !x->what.retain || !x->settled)
		return false;
	const struct subscription *sub = &m->sessions[client].subscriptions[d->filter];
	bool as_published = d->loose || sub->now.as_published;
	for (unsigned i = 0; i < d->variant_count; i++)
		as_published |= d->variants[i].options.as_published;
	for (size_t i = 0; i < m->share_count; i++) {
		const struct share_due *share = &m->shares[i];
		if (share->number == d->number && share->filter == d->filter)
			return share->copies && !(share->loose && as_published);
	}
	return false;
}

/* With RETAIN 1, after all copies that its publication could bring. */
static bool comes_beside(const struct model *m, const struct due *d, const struct arrived *a)
{
	return d->source == FROM_PUBLISHER && d->copy_count && a->retain &&
		message_of(m, d->number)->what.retain && !d->loose && !due_has_room(m, d) &&
		!due_fits(m, d, a);
}

/* A copy for a subscription whose No Local would have kept it back; or, where it is without No Local only since an
 * earlier SUBSCRIBE ended, of that one.
 */
static const char *unkept_local(
	const struct model *m, unsigned client, const struct due *d, unsigned qos)
{
	bool could = false; /* one of these subscriptions have brought it */

	for (unsigned i = 0; i < d->local_count; i++)
		could |= qos_through(message_of(m, d->number), &d->local[i]) == qos;
	if (d->source != FROM_PUBLISHER || !could)
		return NULL;
	for (unsigned f = 0; f < FILTER_FIRST_SHARED; f++) {
		const struct subscription *sub = &m->sessions[client].subscriptions[f];
		if (sub->now.no_local && sub->replaced && !sub->before.no_local &&
			filter_lets_through(f, message_of(m, d->number)->what.topic))
			return "5.0:MQTT-3.8.4-3";
	}
	return "5.0:MQTT-3.8.3-3";
}

static bool repeats(struct model *m, unsigned client, const struct arrived *a, const struct due *d,
	struct model_fault *out)
{
	static const char *const about[] = { "PUBLISH/qos0", "PUBLISH/qos1", "PUBLISH/qos2" };
	const struct message *x = message_of(m, d->number);

	*out = (struct model_fault){
		.kind = SPEC_REPEATED,
		.about = x->will ? "PUBLISH/will" : about[a->qos % 3],
		.statement = x->will ? blamed_for_will(m, x, SPEC_REPEATED)
				     : unkept_local(m, client, d, a->qos),
		.client = client,
		.expected = "each message as often as its QoS allows",
		.actual = arena_printf(m->arena, "%s came once more", message_text(m, d->number)),
	};
	return false;
}

/* [MQTT-4.6.0-6] of 3.1.1, [MQTT-4.6.0-5] of 5.0 */
static bool in_order(struct model *m, unsigned client, const struct arrived *a, const struct due *d,
	struct model_fault *out)
{
	struct session *s = &m->sessions[client];
	const struct message *x = message_of(m, d->number);
	uint32_t *last = &s->last[x->publisher][x->what.topic][x->what.qos % 3][a->qos % 3];

	if (d->source != FROM_PUBLISHER || d->copy_count || a->dup || x->will || x->times > 1 ||
		d->loose)
		return true;
	if (*last > d->number)
		return fault_order(m, client, d->number, *last, out);
	*last = d->number;
	return true;
}

/* Somebody has refused it, so nobody else is to get it. [MQTT-4.8.2-6] */
static bool was_rejected(const struct model *m, const struct due *of)
{
	for (unsigned c = 0; c < SESSIONS; c++) {
		const struct session *s = &m->sessions[c];
		for (size_t i = 0; i < s->due_count; i++) {
			const struct due *d = &s->dues[i];
			for (unsigned k = 0; k < d->copy_count; k++)
				if (d->number == of->number && d->source == FROM_SHARE &&
					d->filter == of->filter && d->copies[k].rejected)
					return true;
		}
	}
	return false;
}

static bool count_in_share(
	struct model *m, unsigned client, const struct due *d, struct model_fault *out)
{
	for (size_t i = m->share_count; i-- > 0;) {
		struct share_due *share = &m->shares[i];
		if (share->number != d->number || share->filter != d->filter)
			continue;
		share->copies++;
		if (share->loose || share->copies <= message_of(m, d->number)->times)
			return true;
		*out = (struct model_fault){
			.kind = SPEC_REPEATED,
			.statement = was_rejected(m, d) ? "5.0:MQTT-4.8.2-6" : "5.0:U50-SHARE-ONE",
			.client = client,
			.expected = arena_printf(
				m->arena, "one copy for all of %s", filter_name(d->filter)),
			.actual = arena_printf(
				m->arena, "%s came to a second member", message_text(m, d->number)),
		};
		return false;
	}
	return true;
}

static void note_copy(struct due *d, const struct arrived *a)
{
	if (d->copy_count == COPIES_MAX)
		return;
	d->copies[d->copy_count++] = (struct copy){ .id = a->id,
		.qos = (uint8_t)a->qos,
		.state = a->qos ? COPY_SENT : COPY_DONE,
		.identifiers = a->identifiers };
}

/* One of its own has come: No Local that an earlier SUBSCRIBE asked for is no longer what the server goes by. */
static void forget_earlier_no_local(struct session *s, const struct message *x)
{
	for (unsigned f = 0; f < FILTER_COUNT; f++)
		if (!s->subscriptions[f].now.no_local && filter_lets_through(f, x->what.topic))
			s->subscriptions[f].was_local = false;
}

/* An identifier that comes again was free: so the server has read the answer to the last message that had it, or has
 * given that message up. What is owed of it stays so.
 */
static void free_identifier(struct session *s, const struct arrived *a)
{
	for (size_t i = 0; a->qos && i < s->due_count; i++)
		for (unsigned k = 0; k < s->dues[i].copy_count; k++) {
			struct copy *c = &s->dues[i].copies[k];
			if (c->qos && c->id == a->id)
				c->state = COPY_DONE;
		}
}

static bool wrong(struct model *m, unsigned client, enum spec_difference kind, const char *actual,
	struct model_fault *out)
{
	*out = (struct model_fault){
		.kind = kind,
		.about = "PUBLISH",
		.client = client,
		.expected = "a message as it was published",
		.actual = arena_text(m->arena, actual),
	};
	return false;
}

/* The one without a payload on this topic that the session has not got; 0: there is none. */
static uint32_t nameless_awaited(const struct model *m, const struct session *s, unsigned topic)
{
	for (size_t i = s->due_count; i-- > 0;) {
		const struct due *d = &s->dues[i];
		const struct message *x = message_of(m, d->number);
		if (x->what.empty && x->what.topic == topic && !d->gone && !d->copy_count)
			return d->number;
	}
	return 0;
}

/* A message without a payload is told by its topic: it is the one that is awaited, or the last of them, for no other is
 * under way (model_may_be_empty), unless it is sent again. 0: there is none.
 */
static uint32_t nameless(const struct model *m, struct session *s, const struct arrived *a)
{
	uint32_t last = a->dup ? 0 : nameless_awaited(m, s, a->topic);

	if (last)
		return last;
	for (uint32_t n = 1; n <= m->message_count; n++) {
		const struct message *x = message_of(m, n);
		if (!x->what.empty || x->what.topic != a->topic)
			continue;
		last = n;
		if (a->qos && copy_under_way(s, n, a->id))
			return n;
	}
	return last;
}

bool model_may_be_empty(const struct model *m, unsigned topic)
{
	for (unsigned c = 0; c < SESSIONS; c++) {
		const struct session *s = &m->sessions[c];
		for (size_t i = 0; i < s->due_count; i++) {
			const struct due *d = &s->dues[i];
			const struct message *x = message_of(m, d->number);
			if (x->what.empty && x->what.topic == topic && !d->gone &&
				(!d->copy_count || !x->settled))
				return false;
		}
	}
	return true;
}

/* Which may come again. */
static bool has_copy_of_qos_1(const struct due *d)
{
	for (unsigned i = 0; i < d->copy_count; i++)
		if (d->copies[i].qos == 1)
			return true;
	return false;
}

bool model_arrives(
	struct model *m, unsigned client, const struct arrived *a, struct model_fault *fault)
{
	struct session *s = &m->sessions[client];
	uint32_t number = a->number ? a->number : nameless(m, s, a);

	if (!number || number > m->message_count)
		return wrong(m, client, SPEC_PAYLOAD, "a payload that nobody has published", fault);
	const struct message *x = message_of(m, number);
	if (x->what.topic != a->topic || x->what.empty != !a->number)
		return wrong(m, client, a->topic != x->what.topic ? SPEC_TOPIC : SPEC_PAYLOAD,
			arena_printf(m->arena, "%s with another topic or payload",
				message_text(m, number)),
			fault);
	const struct copy *settled = copy_settled(s, a, number);
	if (settled)
		return fault_sent_again(m, client, number, settled, fault);
	struct copy *again = copy_again(m, s, a, number);
	if (again)
		return copy_take_again(m, client, again, number, fault);
	struct due *d = due_for(m, s, a, number);
	if (!d)
		d = due_of_another(m, s, number);
	if (!d)
		return x->refused || m->kept[a->topic].unknown ||
			fault_unwanted(m, client, a, number, fault);
	if (d->expired && !d->copy_count)
		return fault_expired(m, client, number, fault);
	if (s->version == MQTT_50 && !d->loose && !expiry_is_right(m, d, a))
		return fault_interval(m, client, a, number, fault);
	if (comes_from_store(m, client, d, a) || comes_beside(m, d, a))
		return fault_unwanted(m, client, a, number, fault);
	if (!due_has_room(m, d) && !d->loose && !(a->qos == 1 && has_copy_of_qos_1(d)))
		return repeats(m, client, a, d, fault);
	if (!due_fits(m, d, a))
		return fault_in_field(m, client, a, d, fault);
	if (!in_order(m, client, a, d, fault))
		return false;
	bool counts = d->source == FROM_SHARE && (!d->copy_count || a->qos != 1);
	if (counts && !count_in_share(m, client, d, fault))
		return false;
	if (d->source == FROM_STORE)
		message_of(m, number)->drawn = true;
	if (d->source == FROM_PUBLISHER && x->publisher == client)
		forget_earlier_no_local(s, x);
	free_identifier(&m->sessions[client], a);
	note_copy(d, a);
	return true;
}
