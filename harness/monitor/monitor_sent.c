/* What the judged side has under way under Packet Identifiers of its own, the other side's answers
 * to it, retransmission and flow control.
 *
 *   judged side        other side
 *   PUBLISH id  -->
 *               <--  PUBREC id
 *   PUBREL id   -->
 *               <--  PUBCOMP id
 */
#include "base/digest.h"
#include "harness/monitor/monitor_state.h"

static struct sent *sent_at(struct monitor *m, uint16_t id)
{
	return id_table_at(m->arena, &m->sent, id);
}

bool sent_at_rest(const void *element)
{
	const struct sent *s = element;

	return s->kind == SENT_NOTHING && !s->muddled && !s->releases_due;
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
	bool within = ++m->unsettled <= most || !m->limits_bind;

	if (!within && !m->overfull) /* told once, however far it goes on */
		breach(m, RULE_RECEIVE_MAXIMUM,
			"%u PUBLISH packets of QoS 1 or 2 are under way, Receive Maximum is %u",
			m->unsettled, m->limits.receive_maximum);
	m->overfull = !within;
}

/* A PUBLISH that begins an exchange. */
static void start(struct monitor *m, struct sent *s, const struct packet *p, struct bytes topic,
	uint64_t content)
{
	bool muddled = s->muddled;

	if (is_unsettled(s))
		m->unsettled--;
	*s = (struct sent){
		.kind = p->qos == 1 ? SENT_QOS_1 : SENT_QOS_2,
		.here = true,
		.muddled = muddled,
		.expires = properties_find(&p->properties, PROP_MESSAGE_EXPIRY_INTERVAL),
		.shared = judges_server(m) && subscriptions_share(m, topic),
		.order = ++m->sent_count,
		.content = content,
	};
	if (!muddled)
		judge_quota(m);
}

/* PUBLISH under an identifier that is free. */
static void judge_first(struct monitor *m, struct sent *s, const struct packet *p,
	struct bytes topic, uint64_t content)
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
	if (p->dup && begins_afresh(m) && !m->sent.forgetful)
		breach(m, p->qos == 1 ? RULE_FIRST_DUP_QOS_1 : RULE_FIRST_DUP_QOS_2,
			"PUBLISH %u has DUP 1 when it is sent for the first time", p->id);
	start(m, s, p, topic, content);
}

/* Under the identifier that it has there; 0: it has not come on this connection. */
static unsigned comes_here_as(const struct monitor *m, uint64_t content)
{
	const struct sent *s;
	unsigned lowest = 0;
	uint32_t at = 0;
	uint16_t id;

	while ((s = id_table_next(&m->sent, &at, &id)))
		if (s->here && s->content == content && (!lowest || id < lowest))
			lowest = id;
	return lowest;
}

/* Another message under it: either it was given to a new one too early, or what is sent again does not keep
 * the identifiers that it had.
 */
static void judge_reused(struct monitor *m, const struct sent *s, const struct packet *p)
{
	unsigned id = comes_here_as(m, s->content);

	if (id)
		breach(m, RULE_RESENT_ID,
			"the message of PUBLISH %u is sent again as PUBLISH %u, and another one "
			"under its identifier",
			p->id, id);
	else
		breach(m, RULE_ID_IN_USE, "PUBLISH %u, in use since an earlier connection", p->id);
}

/* PUBLISH under the identifier of an exchange of an earlier connection. */
static void judge_inherited(struct monitor *m, struct sent *s, const struct packet *p,
	struct bytes topic, uint64_t content)
{
	/* At QoS 1 a message may have expired, and a share may have taken it back as soon as the connection
	 * was lost, to give it to any member, 4.8.2: to this one, too.
	 */
	bool withdrawn = s->kind == SENT_QOS_1 && s->shared;
	bool expired = s->kind == SENT_QOS_1 && s->expires;

	if (s->content != content || (withdrawn && !p->dup)) {
		/* A client may have lost its session. */
		if (judges_server(m) && !expired && !withdrawn)
			judge_reused(m, s, p);
		start(m, s, p, topic, content);
		return;
	}
	if (s->released)
		breach(m, RULE_PUBLISH_AFTER_PUBREL, "PUBLISH %u again after its PUBREL", p->id);
	else if (!p->dup)
		breach(m, RULE_REDELIVERED_WITHOUT_DUP, "PUBLISH %u is sent again with DUP 0",
			p->id);
	if (s->order < m->resent)
		breach(m, RULE_RESEND_ORDER, "PUBLISH %u is sent again after a later one", p->id);
	else
		m->resent = s->order;
	s->inherited = false;
	s->here = true;
	judge_quota(m);
}

/* PUBLISH under the identifier of an exchange of this connection. */
static void judge_repeated(struct monitor *m, struct sent *s, const struct packet *p,
	struct bytes topic, uint64_t content)
{
	if (!is_publish(s) || s->content != content ||
		(!p->dup && version_traits(m->version).resend_when_resuming)) {
		breach(m, RULE_ID_IN_USE, "PUBLISH %u, whose identifier is in use", p->id);
		start(m, s, p, topic, content);
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
	uint64_t content = digest_add(
		digest_add(DIGEST_NONE, topic.data, topic.len), p->payload.data, p->payload.len);
	struct sent *s = sent_at(m, p->id);

	if (!p->id) {
		breach(m, RULE_ID_ZERO, "PUBLISH with Packet Identifier 0");
		muddle(m, s);
	}
	if (s->muddled)
		start(m, s, p, topic, content);
	else if (s->kind == SENT_NOTHING)
		judge_first(m, s, p, topic, content);
	else if (s->inherited)
		judge_inherited(m, s, p, topic, content);
	else
		judge_repeated(m, s, p, topic, content);
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

unsigned monitor_under_way(const struct monitor *m)
{
	return m->unsettled;
}

bool monitor_is_under_way(const struct monitor *m, uint16_t id)
{
	const struct sent *s = id_table_find(&m->sent, id);

	return s && is_unsettled(s);
}

/* ---- how the other side answers it ----------------------------------------------------------- */

static void note_pubrec(struct monitor *m, struct sent *s, const struct packet *p)
{
	bool refused = p->code >= 0x80;
	bool awaited = s->kind == SENT_QOS_2 && !s->released && !s->muddled;

	if (s->kind == SENT_NOTHING ? !refused : s->kind != SENT_QOS_2 || (refused && s->released))
		muddle(m, s);
	else if (refused)
		settle(m, s);
	s->refused |= refused;
	if (refused)
		return;
	count_up(&s->releases_due);
	/* A client may pass over one of nothing, or one that comes again. */
	if (awaited)
		order_expect(m->arena, &m->pubrel_order, p->id);
}

void note_answer(struct monitor *m, const struct packet *p)
{
	struct sent *s = sent_at(m, p->id);

	/* By 4.9 what settles nothing of this connection may raise the quota all the same. */
	if ((p->type != PUBREC || p->code >= 0x80) && !is_unsettled(s))
		m->odd_answers++;
	if (m->phase == PHASE_OPEN)
		muddle(m, s);
	if (p->type == PUBREC)
		note_pubrec(m, s, p);
	else if (p->type == PUBACK ? s->kind == SENT_QOS_1 : s->kind == SENT_QOS_2 && s->released)
		settle(m, s);
	else if (s->kind != SENT_NOTHING)
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

void sent_show_limits(struct monitor *m, const struct packet *p)
{
	if (sent_at(m, p->id)->releases_due)
		show_limits_known(m);
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
		return;
	}
	/* No statement says that PUBREL must not follow a refusal, useless as it is. */
	if (s->muddled || m->blurred || s->refused)
		return;
	if (!s->here) {
		if (begins_afresh(m) && !m->sent.forgetful)
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

/* ---- over to the next connection ------------------------------------------------------------- */

static void inherit_sent(struct monitor *m, const struct sent *from, uint16_t id)
{
	struct sent *to = sent_at(m, id);

	to->refused |= from->refused;
	/* Requests end with their connection, and what was answered oddly tells nothing. */
	if (to->kind != SENT_NOTHING || !is_publish(from) || from->muddled)
		return;
	struct sent early =
		*to; /* what was answered before CONNACK said that the session goes on */
	*to = *from;
	to->inherited = true;
	to->here = false;
	to->muddled = early.muddled;
	to->releases_due = early.releases_due;
}

void sent_inherit(struct monitor *m, const struct monitor *before)
{
	const struct sent *from;
	uint32_t at = 0;
	uint16_t id;

	while ((from = id_table_next(&before->sent, &at, &id)))
		inherit_sent(m, from, id);
	m->sent.forgetful |= before->sent.forgetful;
	m->sent_count += before->sent_count;
}
