/* Copies under way: what is sent again, what clients answer, and what is released. */
#include "random/model/state.h"

struct copy *copy_under_way(struct session *s, uint32_t number, uint16_t id)
{
	for (size_t i = s->due_count; i-- > 0;) {
		struct due *d = &s->dues[i];
		for (unsigned k = 0;
			!d->gone && (!number || d->number == number) && k < d->copy_count; k++)
			if (d->copies[k].qos && d->copies[k].id == id &&
				(d->copies[k].state != COPY_DONE || (number && d->copies[k].again)))
				return &d->copies[k];
	}
	return NULL;
}

/* Another copy of the message has the identifier by now, or may have it, and is the one that is sent again. */
static bool may_be_another(const struct session *s, const struct arrived *a, uint32_t number)
{
	for (size_t i = 0; i < s->due_count; i++) {
		const struct due *d = &s->dues[i];
		if (d->gone || d->number != number)
			continue;
		if (!d->copy_count)
			return true;
		for (unsigned k = 0; k < d->copy_count; k++) {
			const struct copy *c = &d->copies[k];
			if (c->qos == a->qos && c->id == a->id && !c->released &&
				(c->state != COPY_DONE || c->again))
				return true;
		}
	}
	return false;
}

/* What comes with DUP 1 although its sender must know that it is settled: its PUBREL has come
 * [MQTT-4.3.3-6], or its answer was read before the client left in good order [MQTT-4.4.0-1] of 5.0. NULL: it is not.
 */
const struct copy *copy_settled(const struct session *s, const struct arrived *a, uint32_t number)
{
	if (may_be_another(s, a, number))
		return NULL;
	for (size_t i = s->due_count; a->dup && a->qos && i-- > 0;) {
		const struct due *d = &s->dues[i];
		if (d->gone || d->loose || d->number != number || d->variant_count > 1)
			continue;
		for (unsigned k = 0; k < d->copy_count; k++) {
			const struct copy *c = &d->copies[k];
			bool known = c->state == COPY_DONE && !c->again && s->version == MQTT_50;
			if (c->qos == a->qos && c->id == a->id && (c->released || known))
				return c;
		}
	}
	return NULL;
}

/* Messages that have to be sent again come in the order in which they came first; in 5.0 it is that of their
 * publication. What came out of the store has no place in it.
 */
static bool again_in_order(struct model *m, unsigned client, const struct copy *c, uint32_t number,
	struct model_fault *out)
{
	struct session *s = &m->sessions[client];
	const struct message *x = message_of(m, number);
	const struct due *d = due_find(s, number, FROM_PUBLISHER, 0);
	uint32_t *last = &s->last_again[x->publisher][x->what.topic][x->what.qos % 3][c->qos % 3];

	bool live = d && c >= d->copies && c < d->copies + d->copy_count;

	if (c->resend != RESEND_PUBLISH || !live || d->loose || d->copy_count > 1 ||
		d->variant_count > 1 || x->will || x->times > 1)
		return true;
	if (*last > number)
		return fault_order(m, client, number, *last, out);
	*last = number;
	return true;
}

bool copy_take_again(
	struct model *m, unsigned client, struct copy *c, uint32_t number, struct model_fault *out)
{
	if (!again_in_order(m, client, c, number, out))
		return false;
	c->resend = RESEND_NOTHING;
	c->again = false;
	c->state = COPY_SENT;
	c->fenced = false;
	return true;
}

/* It is what a due is still waiting for: a message from the store may have the identifier that the same message had
 * before.
 */
static bool is_first(
	const struct model *m, const struct session *s, const struct arrived *a, uint32_t number)
{
	for (size_t i = 0; i < s->due_count; i++) {
		const struct due *d = &s->dues[i];
		if (!d->gone && d->number == number && !d->copy_count && due_fits(m, d, a))
			return true;
	}
	return false;
}

/* Under its identifier, whatever DUP says: that is the monitor's business. */
struct copy *copy_again(
	const struct model *m, struct session *s, const struct arrived *a, uint32_t number)
{
	struct copy *c = a->qos ? copy_under_way(s, number, a->id) : NULL;

	return c && (a->dup || (c->again && !is_first(m, s, a, number))) ? c : NULL;
}

/* ---- answers ------------------------------------------------------------------------------- */

void model_received(struct model *m, unsigned client, uint16_t id)
{
	struct copy *c = copy_under_way(&m->sessions[client], 0, id);

	if (c && c->state == COPY_SENT) {
		c->state = COPY_RECEIVED;
		c->fenced = false;
		c->turn = ++m->sessions[client].turns;
	}
}

void model_answered(struct model *m, unsigned client, uint16_t id)
{
	struct copy *c = copy_under_way(&m->sessions[client], 0, id);

	if (c) {
		c->state = COPY_ANSWERED;
		c->fenced = false;
		c->resend = RESEND_NOTHING;
	}
}

void model_rejects(struct model *m, unsigned client, uint16_t id)
{
	struct copy *c = copy_under_way(&m->sessions[client], 0, id);

	if (c)
		c->rejected = true;
	model_answered(m, client, id);
}

/* A message of the same publisher and topic whose PUBREC went out before that of `c`, and whose PUBREL has not come:
 * 3.1.1 has PUBRELs in the order of the PUBRECs on an Ordered Topic, towards subscribers, too [MQTT-4.6.0-6]. NULL:
 * there is none.
 */
static const struct due *due_before(
	const struct model *m, const struct session *s, const struct due *of, const struct copy *c)
{
	const struct message *x = message_of(m, of->number);

	for (size_t i = s->due_first; i < s->due_count && s->version == MQTT_311; i++) {
		const struct due *d = &s->dues[i];
		const struct message *other = message_of(m, d->number);
		if (d->gone || d->source != of->source || other->publisher != x->publisher ||
			other->what.topic != x->what.topic)
			continue;
		for (unsigned k = 0; k < d->copy_count; k++)
			if (d->copies[k].state == COPY_RECEIVED && !d->copies[k].released &&
				d->copies[k].qos == 2 && d->copies[k].turn &&
				d->copies[k].turn < c->turn)
				return d;
	}
	return NULL;
}

static bool in_turn(struct model *m, unsigned client, const struct due *d, const struct copy *c,
	struct model_fault *out)
{
	bool counts = c->turn && d->source == FROM_PUBLISHER;
	const struct due *before = counts ? due_before(m, &m->sessions[client], d, c) : NULL;

	if (!before)
		return true;
	*out = (struct model_fault){
		.kind = SPEC_ORDER,
		.statement = "3.1.1:MQTT-4.6.0-6",
		.client = client,
		.expected = "PUBRELs in the order of the PUBRECs",
		.actual = arena_printf(m->arena, "that of %s comes before that of %s",
			message_text(m, d->number), message_text(m, before->number)),
	};
	return false;
}

bool model_released(struct model *m, unsigned client, uint16_t id, struct model_fault *fault)
{
	struct session *s = &m->sessions[client];
	struct copy *c = copy_under_way(s, 0, id);

	if (!c)
		return true;
	c->resend = RESEND_NOTHING;
	c->released |= c->qos == 2;
	for (size_t i = 0; i < s->due_count; i++) {
		const struct due *d = &s->dues[i];
		if (c >= d->copies && c < d->copies + d->copy_count)
			return in_turn(m, client, d, c, fault);
	}
	return true;
}
