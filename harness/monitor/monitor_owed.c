/* What the judged side answers: the other side's PUBLISH and PUBREL packets.
 *
 *   other side         judged side
 *   PUBLISH id  -->
 *               <--  PUBREC id
 *   PUBREL id   -->
 *               <--  PUBCOMP id
 *
 * The other side numbers its packets on its own, so an identifier may be in use in both directions.
 */
#include "harness/monitor/monitor_state.h"

#include <string.h>

#include "base/utf8.h"

static struct owed *owed_at(struct monitor *m, uint16_t id)
{
	return id_table_at(m->arena, &m->owed, id);
}

bool owed_at_rest(const void *element)
{
	const struct owed *o = element;

	return !o->open && !o->pubacks && !o->pubrecs && !o->pubcomps;
}

static bool are_sound(const struct properties *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].id != PROP_MESSAGE_EXPIRY_INTERVAL &&
			(p->list[i].id != PROP_SUBSCRIPTION_IDENTIFIER || !p->list[i].number))
			return false;
	return true;
}

/* Whether a receiver has no reason to pass it over: nothing in it could be wrong, and it is not a server's that comes
 * before CONNACK [MQTT-3.2.0-1].
 */
static bool is_sound(const struct monitor *m, const struct packet *p)
{
	return (judges_server(m) || m->phase == PHASE_ACCEPTED) && p->id && p->topic.len &&
		!bytes_contain(p->topic, "+#") && !memchr(p->topic.data, 0, p->topic.len) &&
		utf8_check(p->topic.data, p->topic.len) == p->topic.len &&
		are_sound(&p->properties);
}

void note_publish(struct monitor *m, const struct packet *p)
{
	if (!p->qos)
		return;
	struct owed *o = owed_at(m, p->id);
	o->here |= m->phase == PHASE_ACCEPTED;
	m->unordered |= !is_sound(m, p);
	if (p->qos == 3) {
		m->blurred = true; /* any answer may come */
	} else if (p->qos == 2) {
		count_up(&o->pubrecs);
		o->open = true;
		order_expect(m->arena, &m->pubrec_order, p->id);
	} else {
		count_up(&o->pubacks);
		order_expect(m->arena, &m->puback_order, p->id);
	}
}

void note_pubrel(struct monitor *m, const struct packet *p)
{
	struct owed *o = owed_at(m, p->id);

	o->here |= m->phase == PHASE_ACCEPTED;
	count_up(&o->pubcomps);
}

/* Whether the answer may be to something that the monitor has not seen. */
static bool may_have_missed(const struct monitor *m)
{
	return m->blurred || m->greeted_again ||
		(m->session != SESSION_RESUMED && !begins_afresh(m));
}

static void judge_order(
	struct monitor *m, enum monitor_rule rule, struct order_queue *q, const struct packet *p)
{
	if (!order_take(q, p->id) && !m->unordered && !m->blurred)
		breach(m, rule, "%s %u before that of an earlier PUBLISH",
			spec_packet_name(p->type), p->id);
}

static void judge_puback(struct monitor *m, struct owed *o, const struct packet *p)
{
	if (o->pubacks) {
		o->pubacks--;
		judge_order(m, RULE_PUBACK_ORDER, &m->puback_order, p);
	} else if (may_have_missed(m)) {
		return;
	} else if (o->open || o->pubrecs) {
		breach(m, RULE_ANSWER_TYPE, "PUBACK %u for a PUBLISH of QoS 2", p->id);
		order_take(&m->pubrec_order, p->id);
	} else {
		breach(m, RULE_ANSWER_ID, "PUBACK %u, but no PUBLISH waits for it", p->id);
	}
}

static void judge_pubrec(struct monitor *m, struct owed *o, const struct packet *p)
{
	if (o->pubrecs) {
		o->pubrecs--;
		o->open &= p->code < 0x80;
		judge_order(m, RULE_PUBREC_ORDER, &m->pubrec_order, p);
	} else if (may_have_missed(m) || o->open) { /* to send it again is not forbidden */
		return;
	} else if (o->pubacks) {
		breach(m, RULE_ANSWER_TYPE, "PUBREC %u for a PUBLISH of QoS 1", p->id);
		order_take(&m->puback_order, p->id);
	} else {
		breach(m, RULE_ANSWER_ID, "PUBREC %u, but no PUBLISH waits for it", p->id);
	}
}

static void judge_pubcomp(struct monitor *m, struct owed *o, uint16_t id)
{
	if (o->pubcomps) {
		o->pubcomps--;
		o->open = false;
	} else if (!may_have_missed(m)) {
		breach(m, RULE_PUBCOMP_ID, "PUBCOMP %u, but no PUBREL waits for it", id);
	}
}

void owed_show_limits(struct monitor *m, const struct packet *p)
{
	const struct owed *o = owed_at(m, p->id);

	if (o->here && (o->pubacks || o->pubrecs || o->pubcomps))
		show_limits_known(m);
}

void judge_answer(struct monitor *m, const struct packet *p)
{
	struct owed *o = owed_at(m, p->id);

	switch (p->type) {
	case PUBACK: judge_puback(m, o, p); break;
	case PUBREC: judge_pubrec(m, o, p); break;
	case PUBCOMP: judge_pubcomp(m, o, p->id); break;
	}
}

/* ---- over to the next connection ------------------------------------------------------------- */

static void inherit_owed(struct monitor *m, const struct owed *from, uint16_t id)
{
	struct owed *to = owed_at(m, id);

	to->open |= from->open;
	for (unsigned i = 0; i < from->pubacks; i++)
		count_up(&to->pubacks);
	for (unsigned i = 0; i < from->pubrecs; i++)
		count_up(&to->pubrecs);
	for (unsigned i = 0; i < from->pubcomps; i++)
		count_up(&to->pubcomps);
}

void owed_inherit(struct monitor *m, const struct monitor *before)
{
	const struct owed *from;
	uint32_t at = 0;
	uint16_t id;

	while ((from = id_table_next(&before->owed, &at, &id)))
		inherit_owed(m, from, id);
}
