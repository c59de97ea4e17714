/* Reason Codes of 5.0 and return codes of 3.1.1. */
#include "harness/monitor/monitor_state.h"

/* Code 0x8C in DISCONNECT, and 0x9B from a client, stand in one place of the standard and are
 * missing in another (spec/reason-codes-5.0.tsv): they are allowed to pass.
 */
static bool is_doubtful(uint8_t code, uint8_t type)
{
	return type == DISCONNECT && (code == 0x8C || code == 0x9B);
}

bool code_may_be_sent(const struct monitor *m, const struct packet *p)
{
	const struct spec_reason_code *known = spec_reason_code(p->code, p->type);

	if (p->type != DISCONNECT && p->type != AUTH)
		return known;
	if (is_doubtful(p->code, p->type))
		return true;
	return known && (judges_server(m) ? known->from_server : known->from_client);
}

static bool rule_of(uint8_t type, enum monitor_rule *rule)
{
	switch (type) {
	case CONNACK: *rule = RULE_CODE_CONNACK; return true;
	case PUBACK: *rule = RULE_CODE_PUBACK; return true;
	case PUBREC: *rule = RULE_CODE_PUBREC; return true;
	case PUBREL: *rule = RULE_CODE_PUBREL; return true;
	case PUBCOMP: *rule = RULE_CODE_PUBCOMP; return true;
	case DISCONNECT: *rule = RULE_CODE_DISCONNECT; return true;
	case AUTH: *rule = RULE_CODE_AUTH; return true;
	default: return false;
	}
}

static void judge_list(struct monitor *m, const struct packet *p)
{
	enum monitor_rule rule = p->type == SUBACK ? RULE_CODE_SUBACK : RULE_CODE_UNSUBACK;

	for (size_t i = 0; i < p->codes.len; i++) {
		uint8_t code = p->codes.data[i];
		bool good = version_traits(m->version).reason_codes
			? spec_reason_code(code, p->type) != NULL
			: code <= 2 || code == 0x80;
		if (!good)
			breach(m, rule, "%s has the code 0x%02X", spec_packet_name(p->type), code);
	}
}

void judge_codes(struct monitor *m, const struct packet *p)
{
	enum monitor_rule rule;

	if (p->type == SUBACK || p->type == UNSUBACK)
		judge_list(m, p);
	if (!rule_of(p->type, &rule))
		return;
	bool good = version_traits(m->version).reason_codes ? code_may_be_sent(m, p) : p->code <= 5;
	if (!good)
		breach(m, rule, "%s has the code 0x%02X", spec_packet_name(p->type), p->code);
	if ((p->type == PUBACK || p->type == PUBREC) && p->code == 0x10)
		breach(m, RULE_CODE_NO_SUBSCRIBERS, "%s from a client has the code 0x10",
			spec_packet_name(p->type));
}
