/* CONNECT, CONNACK, AUTH and DISCONNECT: how a connection begins and ends. */
#include "harness/monitor/monitor_state.h"

#include <string.h>

enum {
	AUTH_CONTINUE = 0x18,
	AUTH_AGAIN = 0x19,
};

/* ---- CONNECT ------------------------------------------------------------------------------- */

/* A limit of 0, or one that occurs twice, is itself against the rules: it limits nothing. */
static uint32_t limit(const struct properties *p, uint32_t id, uint32_t most)
{
	uint32_t value = properties_number(p, id, most, most);

	return value ? value : most;
}

static void read_limits(struct monitor *m, const struct properties *p)
{
	m->limits = (struct limits){
		.packet_size = limit(p, PROP_MAXIMUM_PACKET_SIZE, UINT32_MAX),
		.receive_maximum = limit(p, PROP_RECEIVE_MAXIMUM, UINT16_MAX),
		.topic_alias_maximum =
			properties_number(p, PROP_TOPIC_ALIAS_MAXIMUM, 0, UINT16_MAX),
		.maximum_qos = (uint8_t)properties_number(p, PROP_MAXIMUM_QOS, 2, 2),
		.retain = properties_number(p, PROP_RETAIN_AVAILABLE, 1, 1),
		.wildcards = properties_number(p, PROP_WILDCARD_AVAILABLE, 1, 1),
		.subscription_ids = properties_number(p, PROP_SUBSCRIPTION_ID_AVAILABLE, 1, 1),
		.shared = properties_number(p, PROP_SHARED_AVAILABLE, 1, 1),
	};
}

static struct greeted read_connect(struct monitor *m, const struct packet *p)
{
	const struct properties *props = &p->properties;
	const struct property *method = properties_find(props, PROP_AUTHENTICATION_METHOD);

	return (struct greeted){
		.client_id = bytes_kept(m->arena, p->client_id),
		.unnamed = !p->client_id.len,
		.clean = p->connect_flags & CONNECT_CLEAN,
		.wants_response_information =
			properties_number(props, PROP_REQUEST_RESPONSE_INFORMATION, 0, 1),
		.wants_no_problem_information =
			!properties_number(props, PROP_REQUEST_PROBLEM_INFORMATION, 1, 1),
		.expires = properties_number(props, PROP_SESSION_EXPIRY_INTERVAL, 0, 1),
		.has_will = p->connect_flags & CONNECT_WILL,
		.will_qos = (p->connect_flags & CONNECT_WILL_QOS) >> 3,
		.will_retain = p->connect_flags & CONNECT_WILL_RETAIN,
		.has_method = method,
		.method = method ? bytes_kept(m->arena, method->value) : (struct bytes){ 0 },
	};
}

/* A server need not read a CONNECT beyond an error, so what it refuses it with may not know of the limits. */
static bool keeps_rules(const struct monitor *m, const struct packet *connect)
{
	const struct finding *findings;
	struct arena a;

	arena_init(&a);
	struct monitor *of_client = monitor_new(&a, m->version, SIDE_CLIENT, NULL);
	bool kept = !monitor_packet(of_client, SIDE_CLIENT, connect, &findings);
	arena_fini(&a);
	return kept;
}

void note_connect(struct monitor *m, const struct packet *p)
{
	if (m->greeting != GREETING_NONE) {
		m->greeted_again = true;
		return;
	}
	if (p->level != m->version || !bytes_equal(p->protocol_name, BYTES("MQTT"))) {
		m->greeting = GREETING_FOREIGN;
		return;
	}
	m->greeting = GREETING_CLEAR;
	m->greeted = read_connect(m, p);
	if (judges_server(m)) {
		read_limits(m, &p->properties);
		m->limits_bind = keeps_rules(m, p);
	}
}

static void judge_will(struct monitor *m, const struct packet *p)
{
	if (!(p->connect_flags & CONNECT_WILL)) {
		if (p->connect_flags & CONNECT_WILL_QOS)
			breach(m, RULE_WILL_QOS_UNUSED, "Will QoS is set without a Will");
		if (p->connect_flags & CONNECT_WILL_RETAIN)
			breach(m, RULE_WILL_RETAIN_UNUSED, "Will Retain is set without a Will");
		return;
	}
	if ((p->connect_flags & CONNECT_WILL_QOS) == CONNECT_WILL_QOS)
		breach(m, RULE_WILL_QOS_3, "Will QoS is 3");
	if (!p->will_topic.len)
		breach(m, RULE_NAME_EMPTY, "the Will Topic is empty");
	if (bytes_contain(p->will_topic, "+#"))
		breach(m, RULE_WILL_TOPIC_WILDCARD, "the Will Topic has a wildcard");
}

void judge_connect(struct monitor *m, const struct packet *p)
{
	if (p->connect_flags & CONNECT_RESERVED)
		breach(m, RULE_CONNECT_RESERVED_FLAG, "the reserved Connect Flag is set");
	judge_will(m, p);
	if (p->connect_flags & CONNECT_PASSWORD && !(p->connect_flags & CONNECT_USER_NAME))
		breach(m, RULE_PASSWORD_ALONE, "a password without a user name");
	if (m->greeted.unnamed && !m->greeted.clean)
		breach(m, RULE_CLIENT_ID_EMPTY, "an empty ClientId with CleanSession 0");
	if (properties_find(&p->properties, PROP_AUTHENTICATION_DATA) && !m->greeted.has_method)
		breach(m, RULE_AUTH_DATA_ALONE, "Authentication Data without a method");
}

/* ---- the session --------------------------------------------------------------------------- */

/* The connection that had the session of this ClientId last; NULL if that is not known. */
static const struct monitor *session_owner(const struct monitor *m)
{
	for (const struct monitor *b = m->before; b; b = b->before) {
		if (b->greeting == GREETING_NONE)
			continue;
		if (b->greeting != GREETING_CLEAR)
			return NULL;
		if (bytes_equal(b->greeted.client_id, m->greeted.client_id) &&
			b->phase != PHASE_REFUSED)
			return b->version == m->version ? b : NULL;
	}
	return NULL;
}

/* Whether the session of that connection may live on. Then a server that says Session Present 0 may
 * be wrong in just that, so what it sends from the session accuses it of nothing else.
 */
static bool may_be_kept(const struct monitor *m, const struct monitor *owner)
{
	return judges_server(m) && owner && !m->greeted.clean &&
		(version_traits(m->version).reason_codes ? owner->greeted.expires
							 : !owner->greeted.clean);
}

/* Begins or goes on with the session, as CONNACK says. */
static void session_begin(struct monitor *m, bool present)
{
	const struct monitor *owner = session_owner(m);

	m->session = SESSION_UNKNOWN;
	if (m->greeting != GREETING_CLEAR)
		return;
	if (!present) {
		m->session = may_be_kept(m, owner) ? SESSION_UNKNOWN : SESSION_NEW;
		return;
	}
	if (m->greeted.clean || !owner || owner->session == SESSION_UNKNOWN || owner->blurred ||
		owner->late)
		return;
	m->session = SESSION_RESUMED;
	sent_inherit(m, owner);
	owed_inherit(m, owner);
	subscriptions_inherit(m, owner);
}

/* ---- CONNACK ------------------------------------------------------------------------------- */

bool connack_is_old_refusal(const struct monitor *m, const struct packet *p)
{
	return p->type == CONNACK && version_traits(m->version).reason_codes && p->code &&
		!p->properties.present;
}

static enum phase phase_after_connack(const struct monitor *m, const struct packet *p)
{
	if (!p->code)
		return PHASE_ACCEPTED;
	return version_traits(m->version).reason_codes && p->code < 0x80 ? PHASE_LOST
									 : PHASE_REFUSED;
}

static void judge_method(struct monitor *m, const struct packet *p)
{
	const struct property *method = properties_find(&p->properties, PROP_AUTHENTICATION_METHOD);

	if (method && !m->greeted.has_method)
		breach(m, RULE_AUTH_UNASKED, "CONNACK has an Authentication Method, CONNECT none");
	else if (m->greeted.has_method && !p->code &&
		(!method || !bytes_equal(method->value, m->greeted.method)))
		breach(m, RULE_AUTH_OTHER_METHOD,
			"CONNACK has not the Authentication Method of CONNECT");
}

static void judge_acceptance(struct monitor *m, const struct packet *p)
{
	const struct properties *props = &p->properties;
	const struct greeted *g = &m->greeted;
	bool assigned = properties_find(props, PROP_ASSIGNED_CLIENT_IDENTIFIER);

	if (g->clean && p->ack_flags & 1)
		breach(m, RULE_SESSION_PRESENT_CLEAN, "Session Present 1 for a clean start");
	if (g->unnamed && !assigned)
		breach(m, RULE_ASSIGNED_CLIENT_ID,
			"no Assigned Client Identifier for an empty ClientId");
	uint32_t maximum_qos = properties_number(props, PROP_MAXIMUM_QOS, 2, 2);
	if (g->has_will && g->will_qos <= 2 && g->will_qos > maximum_qos)
		breach(m, RULE_WILL_QOS_ACCEPTED, "a Will of QoS %u is accepted, Maximum QoS is %u",
			g->will_qos, maximum_qos);
	if (g->has_will && g->will_retain && !properties_number(props, PROP_RETAIN_AVAILABLE, 1, 1))
		breach(m, RULE_WILL_RETAIN_ACCEPTED,
			"a retained Will is accepted, Retain Available is 0");
}

static void judge_connack_fields(struct monitor *m, const struct packet *p)
{
	if (p->ack_flags & 0xFE)
		breach(m, RULE_CONNACK_FLAGS, "Connect Acknowledge Flags 0x%02X", p->ack_flags);
	if (p->code && p->ack_flags & 1)
		breach(m, RULE_SESSION_PRESENT_REFUSED, "Session Present 1 with code 0x%02X",
			p->code);
	if (!p->properties.present)
		breach(m, RULE_CONNACK_NO_PROPERTIES, "CONNACK without a Property Length");
}

void judge_connack(struct monitor *m, const struct packet *p)
{
	judge_connack_fields(m, p);
	m->phase = phase_after_connack(m, p);
	if (m->greeting != GREETING_CLEAR)
		return;
	const struct property *assigned =
		properties_find(&p->properties, PROP_ASSIGNED_CLIENT_IDENTIFIER);
	if (properties_find(&p->properties, PROP_RESPONSE_INFORMATION) &&
		!m->greeted.wants_response_information)
		breach(m, RULE_RESPONSE_INFORMATION, "Response Information was not requested");
	judge_method(m, p);
	if (p->code)
		return;
	judge_acceptance(m, p);
	if (assigned)
		m->greeted.client_id = bytes_kept(m->arena, assigned->value);
	session_begin(m, p->ack_flags & 1);
}

void note_connack(struct monitor *m, const struct packet *p)
{
	const struct property *assigned =
		properties_find(&p->properties, PROP_ASSIGNED_CLIENT_IDENTIFIER);

	if (m->phase != PHASE_OPEN)
		return;
	m->phase = phase_after_connack(m, p);
	if (p->code)
		return;
	if (assigned)
		m->greeted.client_id = bytes_kept(m->arena, assigned->value);
	read_limits(m, &p->properties);
	session_begin(m, p->ack_flags & 1);
}

/* ---- AUTH and DISCONNECT ------------------------------------------------------------------- */

void judge_auth(struct monitor *m, const struct packet *p)
{
	const struct property *method = properties_find(&p->properties, PROP_AUTHENTICATION_METHOD);
	bool again = p->code == AUTH_AGAIN && !judges_server(m);

	if (m->greeting != GREETING_CLEAR)
		return;
	if (!m->greeted.has_method) {
		breach(m, RULE_AUTH_UNASKED, "AUTH without an Authentication Method in CONNECT");
		return;
	}
	/* An AUTH without any field, which means code 0, has no place for a method. */
	if (!method && p->has_code)
		breach(m, RULE_AUTH_NO_METHOD, "AUTH without an Authentication Method");
	if (method && !bytes_equal(method->value, m->greeted.method))
		breach(m, again ? RULE_REAUTH_OTHER_METHOD : RULE_AUTH_OTHER_METHOD,
			"AUTH has not the Authentication Method of CONNECT");
	if (m->phase == PHASE_OPEN && p->code != AUTH_CONTINUE && code_may_be_sent(m, p))
		breach(m, RULE_AUTH_CONTINUES, "AUTH with code 0x%02X before CONNACK", p->code);
}

void judge_disconnect(struct monitor *m, const struct packet *p)
{
	m->phase = PHASE_OVER;
	if (!m->greeted.expires &&
		properties_number(&p->properties, PROP_SESSION_EXPIRY_INTERVAL, 0, 0))
		breach(m, RULE_DISCONNECT_EXPIRY,
			"a Session Expiry Interval in DISCONNECT, but none in CONNECT");
}
