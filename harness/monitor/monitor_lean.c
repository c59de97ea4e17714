/* What captures need: monitors that do not grow, and that begin in the middle of a connection. */
#include "harness/monitor/monitor_state.h"

void monitor_lean(struct monitor *m, struct arena *words)
{
	m->lean = true;
	m->words = words;
	m->sent.at_rest = sent_at_rest;
	m->owed.at_rest = owed_at_rest;
}

static void aliases_copy(struct monitor *to, const struct monitor *from)
{
	id_table_copy(to->arena, &to->aliases, &from->aliases);
	for (uint32_t i = 0; i < to->aliases.places; i++) {
		struct bytes *topic = (struct bytes *)(void *)to->aliases.elements + i;
		if (to->aliases.keys[i])
			*topic = bytes_kept(to->arena, *topic);
	}
}

struct monitor *monitor_copy(struct arena *a, const struct monitor *m)
{
	struct monitor *copy = arena_copy(a, m, sizeof(*m));

	copy->arena = a;
	copy->before = NULL;
	copy->findings = NULL;
	copy->finding_count = copy->finding_capacity = 0;
	copy->greeted.client_id = bytes_kept(a, m->greeted.client_id);
	copy->greeted.method = bytes_kept(a, m->greeted.method);
	aliases_copy(copy, m);
	id_table_copy(a, &copy->sent, &m->sent);
	id_table_copy(a, &copy->owed, &m->owed);
	order_copy(a, &copy->puback_order, &m->puback_order);
	order_copy(a, &copy->pubrec_order, &m->pubrec_order);
	order_copy(a, &copy->pubrel_order, &m->pubrel_order);
	subscriptions_copy(copy, m);
	return copy;
}

/* Answers may be to what was not seen, identifiers and aliases may be in use, and limits are not known: the same
 * that the rules allow after bytes that nobody can read.
 */
void monitor_join(struct monitor *m)
{
	struct monitor joined = {
		.arena = m->arena,
		.words = m->words,
		.lean = m->lean,
		.version = m->version,
		.judged = m->judged,
		.findings = m->findings,
		.finding_capacity = m->finding_capacity,
		.phase = PHASE_ACCEPTED,
		.greeting = GREETING_CLEAR,
		.greeted = { .client_id = m->greeted.client_id,
			.wants_response_information = true,
			.expires = true,
			.has_method = true },
		.joined = true,
		.blurred = true,
		.late = true,
		.limits = { .packet_size = UINT32_MAX,
			.receive_maximum = UINT16_MAX,
			.topic_alias_maximum = UINT16_MAX,
			.maximum_qos = 2,
			.retain = true,
			.wildcards = true,
			.subscription_ids = true,
			.shared = true },
		.aliases.element_size = m->aliases.element_size,
		.sent = { .element_size = m->sent.element_size,
			.at_rest = m->sent.at_rest,
			.forgetful = true },
		.owed = { .element_size = m->owed.element_size,
			.at_rest = m->owed.at_rest,
			.forgetful = true },
		.unordered = true,
		.any_topic = true,
	};

	*m = joined;
}

void monitor_follow(struct monitor *m, const struct monitor *session)
{
	m->before = session;
}

bool monitor_session_stays(const struct monitor *m)
{
	const struct greeted *g = &m->greeted;
	bool stays = !g->clean || (version_traits(m->version).session_expiry && g->expires);

	return stays && m->greeting == GREETING_CLEAR && m->phase != PHASE_REFUSED && !m->blurred &&
		g->client_id.len;
}
