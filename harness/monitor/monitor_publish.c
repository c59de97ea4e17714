/* PUBLISH: its topic, alias and QoS. */
#include "harness/monitor/monitor_state.h"

/* Finds the topic that the packet means, and keeps the mapping that it makes. False: unknown. */
static bool judge_alias(struct monitor *m, const struct packet *p, struct bytes *topic)
{
	const struct property *alias = properties_find(&p->properties, PROP_TOPIC_ALIAS);
	uint32_t maximum = m->limits.topic_alias_maximum;

	*topic = p->topic;
	if (!alias) {
		if (!p->topic.len)
			breach(m, RULE_TOPIC_EMPTY, "the Topic Name is empty");
		return p->topic.len;
	}
	if (m->limits_bind && alias->number > maximum)
		breach(m, maximum ? RULE_TOPIC_ALIAS_MAXIMUM : RULE_TOPIC_ALIAS_UNOFFERED,
			"Topic Alias %u, Topic Alias Maximum is %u", alias->number, maximum);
	struct bytes *mapped = id_table_at(m->arena, &m->aliases, (uint16_t)alias->number);
	if (p->topic.len) {
		if (!bytes_equal(*mapped, p->topic))
			*mapped = bytes_kept(m->arena, p->topic);
		return true;
	}
	*topic = *mapped;
	/* What cannot be read may have made the mapping. */
	if (!mapped->len && alias->number && !m->blurred)
		breach(m, RULE_TOPIC_ALIAS_UNKNOWN, "Topic Alias %u has no topic yet",
			alias->number);
	return mapped->len;
}

static void judge_limits(struct monitor *m, const struct packet *p)
{
	if (!m->limits_bind)
		return;
	if (p->qos > m->limits.maximum_qos)
		breach(m, RULE_MAXIMUM_QOS, "QoS %u, Maximum QoS is %u", p->qos,
			m->limits.maximum_qos);
	if (p->retain && !m->limits.retain)
		breach(m, RULE_RETAIN_UNAVAILABLE, "RETAIN 1, Retain Available is 0");
}

void judge_publish(struct monitor *m, const struct packet *p)
{
	struct bytes topic;

	if (p->qos == 3) {
		breach(m, RULE_QOS_3, "QoS 3");
		m->blurred = true; /* how it goes on from here is not foreseen */
		return;
	}
	if (!p->qos && p->dup)
		breach(m, RULE_DUP_QOS_0, "DUP 1 at QoS 0");
	judge_limits(m, p);
	bool known = judge_alias(m, p, &topic);
	if (bytes_contain(p->topic, "+#")) {
		breach(m, RULE_TOPIC_WILDCARD, "the Topic Name has a wildcard");
		known = false;
	}
	if (p->qos)
		judge_publish_id(m, p, topic);
	if (known && judges_server(m))
		judge_delivery(m, p, topic);
}

struct bytes monitor_topic(const struct monitor *m, const struct packet *publish)
{
	const struct property *alias = properties_find(&publish->properties, PROP_TOPIC_ALIAS);
	const struct bytes *mapped =
		alias ? id_table_find(&m->aliases, (uint16_t)alias->number) : NULL;

	return publish->topic.len || !mapped ? publish->topic : *mapped;
}
