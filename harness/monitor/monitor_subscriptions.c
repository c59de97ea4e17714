/* SUBSCRIBE and UNSUBSCRIBE, their answers, and whom a message may reach.
 *
 * A subscription is never forgotten, nor its grant lowered: messages that were on their way when
 * the client unsubscribed, or subscribed anew, may still come.
 */
#include "harness/monitor/monitor_state.h"

#include <string.h>

/* Bits of Subscription Options, 3.8.3.1; in 3.1.1 all but the QoS are reserved. */
enum {
	OPTION_QOS = 0x03,
	OPTION_NO_LOCAL = 0x04,
	OPTION_RETAIN_HANDLING = 0x30,
	OPTIONS_RESERVED_50 = 0xC0,
	OPTIONS_RESERVED_311 = 0xFC,
};

/* ---- requests of a judged client ------------------------------------------------------------ */

static void judge_filter_text(struct monitor *m, struct bytes filter)
{
	switch (filter_check(filter, m->version)) {
	case FILTER_GOOD: break;
	case FILTER_EMPTY: breach(m, RULE_NAME_EMPTY, "a Topic Filter is empty"); break;
	case FILTER_BAD_HASH:
		breach(m, RULE_FILTER_HASH, "# is not a level of its own at the end of the filter");
		break;
	case FILTER_BAD_PLUS:
		breach(m, RULE_FILTER_PLUS, "+ is not a level of its own in the filter");
		break;
	case FILTER_NO_SHARE_NAME: breach(m, RULE_SHARE_NAME_EMPTY, "no ShareName"); break;
	case FILTER_BAD_SHARE:
		breach(m, RULE_SHARE_FORM, "a shared subscription without name or filter");
		break;
	}
}

static void judge_options(struct monitor *m, const struct filter *f)
{
	uint8_t reserved = version_traits(m->version).subscription_options ? OPTIONS_RESERVED_50
									   : OPTIONS_RESERVED_311;

	if (f->options & reserved)
		breach(m, RULE_OPTIONS_RESERVED, "reserved bits are set in the options 0x%02X",
			f->options);
	if ((f->options & OPTION_QOS) == OPTION_QOS)
		breach(m, RULE_SUBSCRIBE_QOS_3, "QoS 3 is asked for");
	if ((f->options & OPTION_RETAIN_HANDLING) == OPTION_RETAIN_HANDLING)
		breach(m, RULE_RETAIN_HANDLING_3, "Retain Handling is 3");
	if (f->options & OPTION_NO_LOCAL && filter_is_shared(f->text))
		breach(m, RULE_NO_LOCAL_SHARED, "No Local for a shared subscription");
}

static void judge_availability(struct monitor *m, const struct packet *p)
{
	bool wildcard = false;
	bool shared = false;

	for (size_t i = 0; i < p->filter_count; i++) {
		wildcard |= bytes_contain(p->filters[i].text, "+#");
		shared |= filter_is_shared(p->filters[i].text);
	}
	if (wildcard && !m->limits.wildcards)
		breach(m, RULE_WILDCARD_UNAVAILABLE,
			"a wildcard, Wildcard Subscription Available is 0");
	if (shared && !m->limits.shared)
		breach(m, RULE_SHARED_UNAVAILABLE,
			"a shared subscription, Shared Subscription Available is 0");
	if (properties_find(&p->properties, PROP_SUBSCRIPTION_IDENTIFIER) &&
		!m->limits.subscription_ids)
		breach(m, RULE_SUBSCRIPTION_ID_UNAVAILABLE,
			"a Subscription Identifier, Subscription Identifier Available is 0");
}

void judge_request(struct monitor *m, const struct packet *p)
{
	bool subscribes = p->type == SUBSCRIBE;

	judge_request_id(m, p);
	if (!p->filter_count)
		breach(m, subscribes ? RULE_SUBSCRIBE_EMPTY : RULE_UNSUBSCRIBE_EMPTY,
			"%s without a Topic Filter", spec_packet_name(p->type));
	for (size_t i = 0; i < p->filter_count; i++) {
		judge_filter_text(m, p->filters[i].text);
		if (subscribes)
			judge_options(m, &p->filters[i]);
	}
	if (subscribes && m->limits_bind)
		judge_availability(m, p);
}

/* ---- what a client has asked of the judged server -------------------------------------------- */

static size_t subscription_find(struct monitor *m, struct bytes filter)
{
	size_t i = 0;

	while (i < m->subscription_count && !bytes_equal(m->subscriptions[i].filter, filter))
		i++;
	if (i < m->subscription_count)
		return i;
	m->subscriptions = arena_grow(m->arena, m->subscriptions, i, &m->subscription_capacity,
		sizeof(*m->subscriptions));
	m->subscriptions[m->subscription_count++] =
		(struct subscription){ .filter = bytes_kept(m->arena, filter),
			.granted = QOS_NONE,
			.lowest = QOS_NONE,
			.asked = QOS_NONE };
	return i;
}

static void subscription_add_id(struct monitor *m, struct subscription *s, uint32_t id)
{
	for (size_t i = 0; i < s->id_count; i++)
		if (s->ids[i] == id)
			return;
	s->ids = arena_grow(m->arena, s->ids, s->id_count, &s->id_capacity, sizeof(*s->ids));
	s->ids[s->id_count++] = id;
}

/* A filter that is against the rules, or of a kind that servers give a meaning of their own. */
static bool is_any_topic(const struct monitor *m, struct bytes filter)
{
	static const char *const known[] = { "$share/", "$SYS/" };
	bool special = filter.len && filter.data[0] == '$';

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (filter.len >= strlen(known[i]) &&
			!memcmp(filter.data, known[i], strlen(known[i])))
			special = false;
	return special || filter_check(filter, m->version) != FILTER_GOOD;
}

/* Too many to tell apart: any message may be for one of them. */
static bool has_too_many(struct monitor *m)
{
	if (m->lean && m->subscription_count >= SUBSCRIPTIONS_MAX)
		m->any_topic = true;
	return m->lean && m->any_topic;
}

static size_t note_filter(struct monitor *m, const struct packet *p, const struct filter *f)
{
	size_t index = subscription_find(m, f->text);
	struct subscription *s = &m->subscriptions[index];
	int qos = f->options & OPTION_QOS;

	m->any_topic |= is_any_topic(m, f->text);
	s->asked = qos > s->asked ? qos : s->asked;
	s->pending++;
	for (size_t i = 0; i < p->properties.count; i++)
		if (p->properties.list[i].id == PROP_SUBSCRIPTION_IDENTIFIER)
			subscription_add_id(m, s, p->properties.list[i].number);
	return index;
}

void note_request(struct monitor *m, const struct packet *p)
{
	struct request r = { .type = p->type, .id = p->id, .filter_count = p->filter_count };

	if (m->lean && m->request_count >= REQUESTS_MAX) {
		m->blurred = true; /* the answers to the next ones cannot be told apart */
		return;
	}
	if (p->type == SUBSCRIBE && p->filter_count && !has_too_many(m)) {
		r.subscriptions = arena_alloc(m->arena, p->filter_count * sizeof(*r.subscriptions));
		for (size_t i = 0; i < p->filter_count; i++)
			r.subscriptions[i] = note_filter(m, p, &p->filters[i]);
	}
	m->requests = arena_grow(m->arena, m->requests, m->request_count, &m->request_capacity,
		sizeof(*m->requests));
	m->requests[m->request_count++] = r;
}

/* ---- SUBACK and UNSUBACK of the judged server ------------------------------------------------ */

/* The open request that the packet answers; of several, the one whose count of filters fits. */
static struct request *request_find(struct monitor *m, const struct packet *p)
{
	uint8_t type = p->type == SUBACK ? SUBSCRIBE : UNSUBSCRIBE;
	struct request *found = NULL;

	for (size_t i = 0; i < m->request_count; i++) {
		struct request *r = &m->requests[i];
		if (r->type != type || r->id != p->id)
			continue;
		if (r->filter_count == p->codes.len)
			return r;
		if (!found)
			found = r;
	}
	return found;
}

static void request_remove(struct monitor *m, struct request *r)
{
	size_t later = (size_t)(m->requests + m->request_count - (r + 1));

	memmove(r, r + 1, later * sizeof(*r));
	m->request_count--;
}

static void grant(struct monitor *m, const struct request *r, const struct packet *p)
{
	for (size_t i = 0; r->subscriptions && i < r->filter_count; i++) {
		struct subscription *s = &m->subscriptions[r->subscriptions[i]];
		/* Codes that cannot be told apart may have granted all that was asked. */
		int qos = r->filter_count != p->codes.len ? s->asked
			: p->codes.data[i] <= 2           ? p->codes.data[i]
							  : QOS_NONE;
		s->granted = qos > s->granted ? qos : s->granted;
		if (s->lowest == QOS_NONE || (qos != QOS_NONE && qos < s->lowest))
			s->lowest = qos;
		if (--s->pending == 0)
			s->asked = QOS_NONE;
	}
}

void judge_request_answer(struct monitor *m, const struct packet *p)
{
	struct request *r = request_find(m, p);

	if (!r) {
		if (!m->blurred && m->greeting == GREETING_CLEAR && !m->greeted_again)
			breach(m, RULE_REQUEST_ID, "%s %u, but no request waits for it",
				spec_packet_name(p->type), p->id);
		return;
	}
	/* A request without filters is against the rules: whatever answers it. */
	if (r->filter_count && r->filter_count != p->codes.len)
		breach(m, p->type == SUBACK ? RULE_SUBACK_COUNT : RULE_UNSUBACK_COUNT,
			"%zu codes for %zu Topic Filters", p->codes.len, r->filter_count);
	if (p->type == SUBACK)
		grant(m, r, p);
	request_remove(m, r);
}

/* ---- messages of the judged server ----------------------------------------------------------- */

static bool is_subscription_id(const struct monitor *m, uint32_t id, struct bytes topic)
{
	for (size_t i = 0; i < m->subscription_count; i++) {
		const struct subscription *s = &m->subscriptions[i];
		for (size_t k = 0; k < s->id_count; k++)
			if (s->ids[k] == id && filter_matches(s->filter, topic))
				return true;
	}
	return false;
}

static void judge_subscription_ids(struct monitor *m, const struct packet *p, struct bytes topic)
{
	for (size_t i = 0; i < p->properties.count; i++) {
		const struct property *id = &p->properties.list[i];
		if (id->id == PROP_SUBSCRIPTION_IDENTIFIER && id->number &&
			!is_subscription_id(m, id->number, topic))
			breach(m, RULE_SUBSCRIPTION_ID_FOREIGN,
				"Subscription Identifier %u belongs to no matching subscription",
				id->number);
	}
}

static int allowed_qos(const struct subscription *s)
{
	return s->asked > s->granted ? s->asked : s->granted;
}

/* A server may subscribe a client by itself (4.5), so one that never asked for anything may still
 * get messages; the rule is about those that subscribe.
 */
static void judge_unasked(struct monitor *m, struct bytes topic)
{
	if (!m->subscription_count)
		return;
	if (topic.data[0] != '$') {
		breach(m, RULE_NO_SUBSCRIPTION, "no subscription matches the topic");
		return;
	}
	/* A server may send topics of its own unasked; but a wildcard does not ask for them. */
	uint8_t *plain = arena_copy(m->arena, topic.data, topic.len);
	plain[0] = 'x';
	for (size_t i = 0; i < m->subscription_count; i++)
		if (allowed_qos(&m->subscriptions[i]) != QOS_NONE &&
			filter_matches(
				m->subscriptions[i].filter, (struct bytes){ plain, topic.len })) {
			breach(m, RULE_DOLLAR_TOPIC,
				"a filter that begins with a wildcard has matched $");
			return;
		}
}

void judge_delivery(struct monitor *m, const struct packet *p, struct bytes topic)
{
	int most = QOS_NONE;

	if (m->session == SESSION_UNKNOWN || m->blurred || m->greeted_again || m->any_topic)
		return;
	for (size_t i = 0; i < m->subscription_count; i++) {
		int qos = allowed_qos(&m->subscriptions[i]);
		if (qos > most && filter_matches(m->subscriptions[i].filter, topic))
			most = qos;
	}
	if (most == QOS_NONE) {
		judge_unasked(m, topic);
		return;
	}
	if (p->qos > most)
		breach(m, RULE_QOS_ABOVE_GRANT, "QoS %u, granted was %d", p->qos, most);
	judge_subscription_ids(m, p, topic);
}

void subscriptions_inherit(struct monitor *m, const struct monitor *before)
{
	m->any_topic |= before->any_topic;
	for (size_t i = 0; i < before->subscription_count; i++) {
		const struct subscription *from = &before->subscriptions[i];
		size_t index = subscription_find(m, from->filter); /* may move the array */
		struct subscription *to = &m->subscriptions[index];
		int qos = allowed_qos(from);
		to->granted = qos > to->granted ? qos : to->granted;
		for (size_t k = 0; k < from->id_count; k++)
			subscription_add_id(m, to, from->ids[k]);
	}
}

void subscriptions_copy(struct monitor *to, const struct monitor *from)
{
	struct arena *a = to->arena;

	to->subscription_capacity = from->subscription_count;
	to->subscriptions = arena_copy(
		a, from->subscriptions, from->subscription_count * sizeof(*to->subscriptions));
	for (size_t i = 0; i < to->subscription_count; i++) {
		struct subscription *s = &to->subscriptions[i];
		s->filter = bytes_kept(a, s->filter);
		s->ids = arena_copy(a, s->ids, s->id_count * sizeof(*s->ids));
		s->id_capacity = s->id_count;
	}
	to->request_capacity = from->request_count;
	to->requests = arena_copy(a, from->requests, from->request_count * sizeof(*to->requests));
	for (size_t i = 0; i < to->request_count; i++) {
		struct request *r = &to->requests[i];
		if (r->subscriptions)
			r->subscriptions = arena_copy(
				a, r->subscriptions, r->filter_count * sizeof(*r->subscriptions));
	}
}

bool monitor_has_subscribed(const struct monitor *m, struct bytes filter)
{
	for (size_t i = 0; i < m->subscription_count; i++)
		if (filters_meet(m->subscriptions[i].filter, filter))
			return true;
	return false;
}

bool subscriptions_share(const struct monitor *m, struct bytes topic)
{
	for (size_t i = 0; i < m->subscription_count; i++)
		if (filter_is_shared(m->subscriptions[i].filter) &&
			filter_matches(m->subscriptions[i].filter, topic))
			return true;
	return m->session == SESSION_UNKNOWN ||
		m->any_topic; /* what it subscribed to is not known */
}

bool monitor_grants(const struct monitor *m, struct bytes topic, int *least, int *most)
{
	*least = *most = QOS_NONE;
	if (m->session != SESSION_NEW || m->joined || m->blurred || m->greeted_again ||
		m->any_topic)
		return false;
	for (size_t i = 0; i < m->subscription_count; i++) {
		const struct subscription *s = &m->subscriptions[i];
		if (!filter_matches(s->filter, topic))
			continue;
		/* Of one that was refused nothing comes, or that is another matter. */
		if (s->pending || s->lowest == QOS_NONE || filter_is_shared(s->filter))
			return false;
		*least = *least == QOS_NONE || s->lowest < *least ? s->lowest : *least;
		*most = s->granted > *most ? s->granted : *most;
	}
	return *most != QOS_NONE;
}
