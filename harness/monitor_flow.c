/* Packet Identifiers, the handshakes of QoS 1 and 2, retransmission and flow control.
 *
 *   judged side        other side            judged side        other side
 *   PUBLISH id  -->                                   <-- PUBLISH id
 *               <--  PUBREC id               PUBREC id -->
 *   PUBREL id   -->                                   <-- PUBREL id
 *               <--  PUBCOMP id              PUBCOMP id -->
 *      struct sent                              struct owed
 *
 * Each side numbers its packets on its own, so one identifier may be in use in both directions.
 */
#include "harness/monitor_state.h"

#include <string.h>

#include "base/utf8.h"

static struct sent *sent_at(struct monitor *m, uint16_t id)
{
	return id_table_at(m->arena, &m->sent, id);
}

static struct owed *owed_at(struct monitor *m, uint16_t id)
{
	return id_table_at(m->arena, &m->owed, id);
}

static void count_up(uint16_t *n)
{
	if (*n < UINT16_MAX)
		++*n;
}

/* ---- what the judged side publishes --------------------------------------------------------- */

static uint64_t digest(uint64_t hash, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) /* FNV-1a */
		hash = (hash ^ b.data[i]) * 0x100000001B3;
	return hash ^ b.len;
}

static bool is_publish(const struct sent *s)
{
	return s->kind == SENT_QOS_1 || s->kind == SENT_QOS_2;
}

/* Whether it counts against the Receive Maximum of this connection. */
static bool is_unsettled(const struct sent *s)
{
	return is_publish(s) && !s->inherited && !s->muddled;
}

static void settle(struct monitor *m, struct sent *s)
{
	if (is_unsettled(s))
		m->unsettled--;
	s->kind = SENT_NOTHING;
	s->inherited = false;
	s->received = false;
}

static void muddle(struct monitor *m, struct sent *s)
{
	if (is_unsettled(s))
		m->unsettled--;
	s->muddled = true;
}

static void judge_quota(struct monitor *m)
{
	uint32_t most = m->limits.receive_maximum + m->odd_answers;

	m->unsettled++;
	if (m->limits_bind && m->unsettled > most)
		breach(m, RULE_RECEIVE_MAXIMUM,
			"%u PUBLISH packets of QoS 1 or 2 are under way, Receive Maximum is %u",
			m->unsettled, m->limits.receive_maximum);
}

/* A PUBLISH that begins an exchange. */
static void start(struct monitor *m, struct sent *s, const struct packet *p, uint64_t content)
{
	bool muddled = s->muddled;

	if (is_unsettled(s))
		m->unsettled--;
	*s = (struct sent){
		.kind = p->qos == 1 ? SENT_QOS_1 : SENT_QOS_2,
		.here = true,
		.muddled = muddled,
		.expires = properties_find(&p->properties, PROP_MESSAGE_EXPIRY_INTERVAL),
		.order = ++m->sent_count,
		.content = content,
	};
	if (!muddled)
		judge_quota(m);
}

/* Whether the judged side knows that no session goes on, so that nothing can be sent again. */
static bool begins_afresh(const struct monitor *m)
{
	if (judges_server(m))
		return m->session == SESSION_NEW;
	return m->greeted.clean || (m->session == SESSION_NEW && m->limits_bind);
}

/* PUBLISH under an identifier that is free. */
static void judge_first(struct monitor *m, struct sent *s, const struct packet *p, uint64_t content)
{
	/* The answer may have crossed a retransmission. */
	if (p->dup && s->here && s->content == content) {
		if (s->released)
			breach(m, RULE_PUBLISH_AFTER_PUBREL, "PUBLISH %u again after its PUBREL",
				p->id);
		else
			breach(m, RULE_RETRANSMITTED, "PUBLISH %u again on the same connection",
				p->id);
		return;
	}
	if (p->dup && begins_afresh(m))
		breach(m, p->qos == 1 ? RULE_FIRST_DUP_QOS_1 : RULE_FIRST_DUP_QOS_2,
			"PUBLISH %u has DUP 1 when it is sent for the first time", p->id);
	start(m, s, p, content);
}

/* PUBLISH under the identifier of an exchange of an earlier connection. */
static void judge_inherited(
	struct monitor *m, struct sent *s, const struct packet *p, uint64_t content)
{
	if (s->content != content) {
		/* A client may have lost its session, and at QoS 1 a message may have expired. */
		bool expired = s->kind == SENT_QOS_1 && s->expires;
		if (judges_server(m) && !expired)
			breach(m, RULE_ID_IN_USE,
				"PUBLISH %u, whose identifier is in use since an earlier "
				"connection",
				p->id);
		start(m, s, p, content);
		return;
	}
	if (s->released)
		breach(m, RULE_PUBLISH_AFTER_PUBREL, "PUBLISH %u again after its PUBREL", p->id);
	else if (!p->dup)
		breach(m, RULE_REDELIVERED_WITHOUT_DUP, "PUBLISH %u is sent again with DUP 0",
			p->id);
	if (s->order < m->resent)
		breach(m, RULE_RESEND_ORDER, "PUBLISH %u is sent again behind a later one", p->id);
	else
		m->resent = s->order;
	s->inherited = false;
	s->here = true;
	judge_quota(m);
}

/* PUBLISH under the identifier of an exchange of this connection. */
static void judge_repeated(
	struct monitor *m, struct sent *s, const struct packet *p, uint64_t content)
{
	if (!is_publish(s) || s->content != content || (!p->dup && m->version == MQTT_50)) {
		breach(m, RULE_ID_IN_USE, "PUBLISH %u, whose identifier is in use", p->id);
		start(m, s, p, content);
	} else if (s->released) {
		breach(m, RULE_PUBLISH_AFTER_PUBREL, "PUBLISH %u again after its PUBREL", p->id);
	} else if (!p->dup) {
		breach(m, RULE_REDELIVERED_WITHOUT_DUP, "PUBLISH %u is sent again with DUP 0",
			p->id);
	} else {
		breach(m, RULE_RETRANSMITTED, "PUBLISH %u again on the same connection", p->id);
	}
}

void judge_publish_id(struct monitor *m, const struct packet *p, struct bytes topic)
{
	uint64_t content = digest(digest(0xCBF29CE484222325, topic), p->payload);
	struct sent *s = sent_at(m, p->id);

	if (!p->id) {
		breach(m, RULE_ID_ZERO, "PUBLISH with Packet Identifier 0");
		muddle(m, s);
	}
	if (s->muddled)
		start(m, s, p, content);
	else if (s->kind == SENT_NOTHING)
		judge_first(m, s, p, content);
	else if (s->inherited)
		judge_inherited(m, s, p, content);
	else
		judge_repeated(m, s, p, content);
}

void judge_request_id(struct monitor *m, const struct packet *p)
{
	struct sent *s = sent_at(m, p->id);

	if (judges_server(m))
		return;
	if (!p->id)
		breach(m, RULE_ID_ZERO, "%s with Packet Identifier 0", spec_packet_name(p->type));
	else if (s->kind != SENT_NOTHING && !s->muddled && !s->inherited)
		breach(m, RULE_ID_IN_USE, "%s %u, whose identifier is in use",
			spec_packet_name(p->type), p->id);
	settle(m, s);
	s->kind = p->type == SUBSCRIBE ? SENT_SUBSCRIBE : SENT_UNSUBSCRIBE;
}

/* ---- how the other side answers it ----------------------------------------------------------- */

static void note_pubrec(struct monitor *m, struct sent *s, const struct packet *p)
{
	bool refused = p->code >= 0x80;

	if (s->kind == SENT_NOTHING && refused)
		m->odd_answers++;
	else if (s->kind != SENT_QOS_2 || (refused && s->released))
		muddle(m, s);
	else if (refused)
		settle(m, s);
	else
		s->received = true;
	if (refused)
		return;
	count_up(&s->releases_due);
	order_expect(m->arena, &m->pubrel_order, p->id);
}

void note_answer(struct monitor *m, const struct packet *p)
{
	struct sent *s = sent_at(m, p->id);

	if (p->type == PUBREC)
		note_pubrec(m, s, p);
	else if (s->kind == SENT_NOTHING)
		m->odd_answers++;
	else if (p->type == PUBACK ? s->kind == SENT_QOS_1 : s->kind == SENT_QOS_2 && s->released)
		settle(m, s);
	else
		muddle(m, s);
}

void note_request_answer(struct monitor *m, const struct packet *p)
{
	struct sent *s = sent_at(m, p->id);

	if (s->kind == (p->type == SUBACK ? SENT_SUBSCRIBE : SENT_UNSUBSCRIBE))
		settle(m, s);
	else if (s->kind != SENT_NOTHING)
		muddle(m, s);
}

/* A client that answers what came behind CONNACK has read CONNACK. */
static void show_limits_known(struct monitor *m)
{
	if (m->phase == PHASE_ACCEPTED && !m->early)
		m->limits_bind = true;
}

void judge_pubrel(struct monitor *m, const struct packet *p)
{
	struct sent *s = sent_at(m, p->id);

	if (s->releases_due) {
		s->releases_due--;
		s->released = true;
		if (!order_take(&m->pubrel_order, p->id) && !m->unordered)
			breach(m, RULE_PUBREL_ORDER, "PUBREL %u before that of an earlier PUBREC",
				p->id);
		show_limits_known(m);
		return;
	}
	if (s->muddled || m->blurred)
		return;
	if (!s->here) {
		if (begins_afresh(m))
			breach(m, RULE_ANSWER_ID, "PUBREL %u, but no PUBLISH has that identifier",
				p->id);
	} else if (s->released) {
		breach(m, RULE_RETRANSMITTED, "PUBREL %u again on the same connection", p->id);
	} else if (s->kind == SENT_QOS_2) {
		breach(m, RULE_PUBREL_EARLY, "PUBREL %u before PUBREC", p->id);
	} else {
		breach(m, RULE_ANSWER_ID, "PUBREL %u, but no QoS 2 exchange is under way", p->id);
	}
	s->released = true;
}

/* ---- what the judged side answers ------------------------------------------------------------ */

/* Whether there is nothing in it for which the receiver might pass it over. */
static bool is_sound(const struct packet *p)
{
	return p->id && !bytes_contain(p->topic, "+#") &&
		(p->topic.len || properties_find(&p->properties, PROP_TOPIC_ALIAS)) &&
		!memchr(p->topic.len ? p->topic.data : (const uint8_t *)"", 0, p->topic.len) &&
		utf8_check(p->topic.data, p->topic.len) == p->topic.len;
}

void note_publish(struct monitor *m, const struct packet *p)
{
	struct owed *o = owed_at(m, p->id);

	if (!p->qos)
		return;
	o->here |= m->phase == PHASE_ACCEPTED;
	m->unordered |= !is_sound(p);
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

void judge_answer(struct monitor *m, const struct packet *p)
{
	struct owed *o = owed_at(m, p->id);

	if (o->here && (o->pubacks || o->pubrecs || o->pubcomps))
		show_limits_known(m);
	switch (p->type) {
	case PUBACK: judge_puback(m, o, p); break;
	case PUBREC: judge_pubrec(m, o, p); break;
	case PUBCOMP: judge_pubcomp(m, o, p->id); break;
	}
}

/* ---- over to the next connection ------------------------------------------------------------- */

static void inherit_sent(struct monitor *m, const struct sent *from, uint16_t id)
{
	struct sent *to = sent_at(m, id);

	/* Requests end with their connection, and what was answered oddly tells nothing. */
	if (to->kind != SENT_NOTHING || !is_publish(from) || from->muddled)
		return;
	*to = *from;
	to->inherited = true;
	to->here = false;
	to->releases_due = 0;
}

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

void flow_inherit(struct monitor *m, const struct monitor *before)
{
	for (unsigned id = 0; id < NUMBER_OF_IDS; id++) {
		unsigned page = id / IDS_PER_PAGE;
		unsigned place = id % IDS_PER_PAGE;
		if (before->sent.pages[page])
			inherit_sent(
				m, (struct sent *)before->sent.pages[page] + place, (uint16_t)id);
		if (before->owed.pages[page])
			inherit_owed(
				m, (struct owed *)before->owed.pages[page] + place, (uint16_t)id);
	}
	m->sent_count += before->sent_count;
}
