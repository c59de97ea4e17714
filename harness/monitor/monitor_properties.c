/* Properties of 5.0: which may stand where, how often, with what values. */
#include "harness/monitor/monitor_state.h"

#include "base/utf8.h"

struct range {
	uint8_t id;
	uint32_t low, high;
	enum monitor_rule rule;
};

static const struct range ranges[] = {
	{ PROP_SUBSCRIPTION_IDENTIFIER, 1, UINT32_MAX, RULE_SUBSCRIPTION_ID_ZERO },
	{ PROP_REQUEST_PROBLEM_INFORMATION, 0, 1, RULE_REQUEST_PROBLEM_RANGE },
	{ PROP_REQUEST_RESPONSE_INFORMATION, 0, 1, RULE_REQUEST_RESPONSE_RANGE },
	{ PROP_RECEIVE_MAXIMUM, 1, UINT32_MAX, RULE_RECEIVE_MAXIMUM_ZERO },
	{ PROP_TOPIC_ALIAS, 1, UINT32_MAX, RULE_TOPIC_ALIAS_ZERO },
	{ PROP_MAXIMUM_QOS, 0, 1, RULE_MAXIMUM_QOS_RANGE },
	{ PROP_RETAIN_AVAILABLE, 0, 1, RULE_RETAIN_AVAILABLE_RANGE },
	{ PROP_MAXIMUM_PACKET_SIZE, 1, UINT32_MAX, RULE_PACKET_SIZE_ZERO },
	{ PROP_WILDCARD_AVAILABLE, 0, 1, RULE_WILDCARD_AVAILABLE_RANGE },
	{ PROP_SUBSCRIPTION_ID_AVAILABLE, 0, 1, RULE_SUBSCRIPTION_ID_AVAILABLE_RANGE },
	{ PROP_SHARED_AVAILABLE, 0, 1, RULE_SHARED_AVAILABLE_RANGE },
};

static void judge_value(
	struct monitor *m, const struct property *value, const struct spec_property *known)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (ranges[i].id == value->id &&
			(value->number < ranges[i].low || value->number > ranges[i].high))
			breach(m, ranges[i].rule, "%s is %u", known->name, value->number);
	if (known->type == PROPERTY_STRING)
		judge_text(m, RULE_TEXT_UTF8, RULE_TEXT_NUL, value->value, known->name);
	if (known->type == PROPERTY_STRING_PAIR) {
		judge_text(m, RULE_PAIR_TEXT, RULE_PAIR_TEXT, value->name, known->name);
		judge_text(m, RULE_PAIR_TEXT, RULE_PAIR_TEXT, value->value, known->name);
	}
}

/* Properties that only one side may send. */
static bool judge_sender(struct monitor *m, const struct packet *p, uint32_t id)
{
	if (p->type == PUBLISH && id == PROP_SUBSCRIPTION_IDENTIFIER && !judges_server(m)) {
		breach(m, RULE_SUBSCRIPTION_ID_SENT, "PUBLISH has a Subscription Identifier");
		return false;
	}
	if (p->type == DISCONNECT && id == PROP_SESSION_EXPIRY_INTERVAL && judges_server(m)) {
		breach(m, RULE_SESSION_EXPIRY_SENT, "DISCONNECT has a Session Expiry Interval");
		return false;
	}
	if ((id == PROP_REASON_STRING || id == PROP_USER_PROPERTY) && p->type != PUBLISH &&
		p->type != CONNACK && p->type != DISCONNECT &&
		m->greeted.wants_no_problem_information)
		breach(m, RULE_PROBLEM_INFORMATION,
			"%s has a Reason String or User Property, which CONNECT asked not to send",
			spec_packet_name(p->type));
	return true;
}

/* Of these two the standard says only for the Will that they stand once. */
static bool may_repeat(const struct spec_property *known, uint32_t place)
{
	return known->repeats & place ||
		(place == SPEC_PACKET(PUBLISH) &&
			(known->id == PROP_PAYLOAD_FORMAT_INDICATOR ||
				known->id == PROP_MESSAGE_EXPIRY_INTERVAL));
}

static void judge_list(struct monitor *m, const struct packet *p, const struct properties *list,
	uint32_t place, const char *where)
{
	uint64_t once = 0, again = 0; /* bit n: property n; the highest is 0x2A */

	for (size_t i = 0; i < list->count; i++) {
		const struct property *value = &list->list[i];
		const struct spec_property *known = spec_property(value->id);
		if (!known || !(known->packets & place)) {
			breach(m, RULE_PROPERTY_FORBIDDEN, "%s has %s", where,
				known ? known->name : "an unknown property");
			continue;
		}
		if (!judge_sender(m, p, value->id))
			continue;
		uint64_t bit = UINT64_C(1) << known->id;
		bool second = once & bit && !(again & bit);
		again |= once & bit;
		once |= bit;
		if (second && !may_repeat(known, place))
			breach(m, RULE_PROPERTY_REPEATED, "%s has %s more than once", where,
				known->name);
		judge_value(m, value, known);
	}
}

static bool claims_utf8(const struct properties *p)
{
	return properties_number(p, PROP_PAYLOAD_FORMAT_INDICATOR, 0, 0) == 1;
}

static bool is_utf8(struct bytes payload)
{
	return utf8_check(payload.data, payload.len) == payload.len;
}

void judge_properties(struct monitor *m, const struct packet *p)
{
	const struct property *response_topic =
		properties_find(&p->properties, PROP_RESPONSE_TOPIC);

	judge_list(m, p, &p->properties, SPEC_PACKET(p->type), spec_packet_name(p->type));
	judge_list(m, p, &p->will_properties, SPEC_WILL_PROPERTIES, "the Will");
	if (p->type == PUBLISH && claims_utf8(&p->properties) && !is_utf8(p->payload))
		breach(m, RULE_PAYLOAD_FORMAT, "Payload Format Indicator 1, but no UTF-8");
	if (claims_utf8(&p->will_properties) && !is_utf8(p->will_payload))
		breach(m, RULE_WILL_PAYLOAD_FORMAT,
			"Payload Format Indicator 1 in the Will, but no UTF-8");
	/* A server passes on what the publisher wrote. */
	if (p->type == PUBLISH && response_topic && bytes_contain(response_topic->value, "+#"))
		breach(m, RULE_RESPONSE_TOPIC_WILDCARD, "Response Topic has a wildcard");
}
