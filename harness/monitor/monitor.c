/* The interface of the monitor, and the rules on which packet may come when. */
#include "harness/monitor/monitor_state.h"
#include "harness/versions.h"

#include <stdarg.h>
#include <string.h>

/* Packets that each side may send, by version. Type 0 and, in 3.1.1, type 15 are nobody's. */
#define SENT_BY_BOTH                                                                              \
	(SPEC_PACKET(PUBLISH) | SPEC_PACKET(PUBACK) | SPEC_PACKET(PUBREC) | SPEC_PACKET(PUBREL) | \
		SPEC_PACKET(PUBCOMP))
#define SENT_BY_CLIENT                                                                             \
	(SENT_BY_BOTH | SPEC_PACKET(CONNECT) | SPEC_PACKET(SUBSCRIBE) | SPEC_PACKET(UNSUBSCRIBE) | \
		SPEC_PACKET(PINGREQ) | SPEC_PACKET(DISCONNECT))
#define SENT_BY_SERVER                                                                       \
	(SENT_BY_BOTH | SPEC_PACKET(CONNACK) | SPEC_PACKET(SUBACK) | SPEC_PACKET(UNSUBACK) | \
		SPEC_PACKET(PINGRESP))

static const uint32_t packets_of[2][2] = {
	[SIDE_CLIENT] = { SENT_BY_CLIENT, SENT_BY_CLIENT | SPEC_PACKET(AUTH) },
	[SIDE_SERVER] = { SENT_BY_SERVER,
		SENT_BY_SERVER | SPEC_PACKET(DISCONNECT) | SPEC_PACKET(AUTH) },
};

struct monitor *monitor_new(
	struct arena *a, enum mqtt_version version, enum side judged, const struct monitor *session)
{
	struct monitor *m = arena_new(a, struct monitor);

	m->arena = a;
	m->words = a;
	m->version = version;
	m->judged = judged;
	m->before = session;
	m->aliases.element_size = sizeof(struct bytes);
	m->sent.element_size = sizeof(struct sent);
	m->owed.element_size = sizeof(struct owed);
	return m;
}

/* ---- tools --------------------------------------------------------------------------------- */

static void finding_add(struct monitor *m, const char *statement, const char *what)
{
	m->findings = arena_grow(m->arena, m->findings, m->finding_count, &m->finding_capacity,
		sizeof(*m->findings));
	m->findings[m->finding_count++] = (struct finding){ .statement = statement, .what = what };
}

void breach(struct monitor *m, enum monitor_rule rule, const char *format, ...)
{
	const char *statement = monitor_rule_statement(rule, m->version, m->judged);
	va_list args;

	if (!statement)
		return;
	va_start(args, format);
	finding_add(m, statement, arena_vprintf(m->words, format, args));
	va_end(args);
}

struct bytes bytes_kept(struct arena *a, struct bytes b)
{
	return (struct bytes){ arena_copy(a, b.data, b.len), b.len };
}

bool bytes_contain(struct bytes b, const char *any_of)
{
	for (const char *c = any_of; b.len && *c; c++)
		if (memchr(b.data, *c, b.len))
			return true;
	return false;
}

bool judges_server(const struct monitor *m)
{
	return m->judged == SIDE_SERVER;
}

void count_up(uint16_t *n)
{
	if (*n < UINT16_MAX)
		++*n;
}

bool begins_afresh(const struct monitor *m)
{
	if (judges_server(m))
		return m->session == SESSION_NEW;
	return m->greeted.clean || (m->session == SESSION_NEW && m->limits_bind);
}

void show_limits_known(struct monitor *m)
{
	if (m->phase == PHASE_ACCEPTED && !m->early)
		m->limits_bind = true;
}

uint32_t properties_number(
	const struct properties *p, uint32_t id, uint32_t absent, uint32_t doubtful)
{
	switch (properties_count(p, id)) {
	case 0: return absent;
	case 1: return properties_find(p, id)->number;
	default: return doubtful;
	}
}

/* ---- which packet may come when ------------------------------------------------------------- */

/* False: nothing more is to be said of the packet. */
static bool judge_server_turn(struct monitor *m, const struct packet *p)
{
	switch (m->phase) {
	case PHASE_OPEN:
		if (p->type == DISCONNECT)
			breach(m, RULE_EARLY_DISCONNECT, "DISCONNECT before CONNACK");
		else if (p->type != CONNACK &&
			!(p->type == AUTH && version_traits(m->version).auth))
			breach(m, RULE_BEFORE_CONNACK, "%s before CONNACK",
				spec_packet_name(p->type));
		return true;
	case PHASE_ACCEPTED:
		if (p->type != CONNACK)
			return true;
		if (version_traits(m->version).one_connack || m->greeted_again)
			breach(m, RULE_SECOND_CONNACK, "a second CONNACK");
		return false;
	case PHASE_LOST: return true;
	case PHASE_REFUSED:
		if (p->type == DISCONNECT)
			breach(m, RULE_EARLY_DISCONNECT, "DISCONNECT after a refusing CONNACK");
		else
			breach(m, RULE_AFTER_REFUSAL, "%s after a refusing CONNACK",
				spec_packet_name(p->type));
		return false;
	case PHASE_OVER:
		breach(m, RULE_AFTER_DISCONNECT, "%s after DISCONNECT", spec_packet_name(p->type));
		return false;
	}
	return false;
}

static bool judge_client_turn(struct monitor *m, const struct packet *p)
{
	if (m->phase == PHASE_OVER) {
		breach(m, RULE_AFTER_DISCONNECT, "%s after DISCONNECT", spec_packet_name(p->type));
		return false;
	}
	if (p->type == CONNECT && m->greeting == GREETING_CLEAR) {
		breach(m, RULE_SECOND_CONNECT, "a second CONNECT");
		return false;
	}
	if (p->type != CONNECT && m->greeting == GREETING_NONE) {
		breach(m, RULE_FIRST_PACKET, "%s before CONNECT", spec_packet_name(p->type));
		return false;
	}
	if (m->phase == PHASE_OPEN && !m->blurred && m->greeted.has_method && p->type != CONNECT &&
		p->type != AUTH && p->type != DISCONNECT)
		breach(m, RULE_BEFORE_AUTHENTICATED,
			"%s before CONNACK, with an Authentication Method in CONNECT",
			spec_packet_name(p->type));
	return true;
}

static bool begins_connection(const struct packet *p)
{
	return p->type == CONNECT || p->type == CONNACK || p->type == AUTH;
}

static bool judge_turn(struct monitor *m, const struct packet *p)
{
	/* [U311-PKT-TYPE] [U50-PKT-TYPE] */
	if (!(packets_of[m->judged][version_place(m->version)] & SPEC_PACKET(p->type))) {
		breach(m, RULE_PACKET_TYPE, "%s from the %s", spec_packet_name(p->type),
			judges_server(m) ? "server" : "client");
		return false;
	}
	if (m->joined && begins_connection(p))
		return true;
	return judges_server(m) ? judge_server_turn(m, p) : judge_client_turn(m, p);
}

/* ---- packets ------------------------------------------------------------------------------- */

/* An answer to what came after CONNACK shows that this has been read, too: the answer itself is bound by it; and a
 * CONNACK that accepts a CONNECT shows that all of that has been read.
 */
static void show_limits(struct monitor *m, const struct packet *p)
{
	switch (p->type) {
	case CONNACK: m->limits_bind |= judges_server(m) && !p->code; break;
	case PUBACK:
	case PUBREC:
	case PUBCOMP: owed_show_limits(m, p); break;
	case PUBREL: sent_show_limits(m, p); break;
	}
}

static void judge_contents(struct monitor *m, const struct packet *p)
{
	switch (p->type) {
	case CONNECT: judge_connect(m, p); break;
	case CONNACK: judge_connack(m, p); break;
	case PUBLISH: judge_publish(m, p); break;
	case PUBACK:
	case PUBREC:
	case PUBCOMP: judge_answer(m, p); break;
	case PUBREL: judge_pubrel(m, p); break;
	case SUBSCRIBE:
	case UNSUBSCRIBE: judge_request(m, p); break;
	case SUBACK:
	case UNSUBACK: judge_request_answer(m, p); break;
	case DISCONNECT: judge_disconnect(m, p); break;
	case AUTH: judge_auth(m, p); break;
	}
}

static void judge(struct monitor *m, const struct packet *p)
{
	if (!judge_turn(m, p))
		return;
	if (m->greeting == GREETING_OBSCURE) {
		/* It may not even be in the form of this version. */
		if (p->type == CONNACK)
			m->phase = p->code ? PHASE_REFUSED : PHASE_ACCEPTED;
		else if (p->type == DISCONNECT)
			m->phase = PHASE_OVER;
		return;
	}
	if (p->type == CONNECT && !m->joined)
		note_connect(m, p);
	else if (connack_is_old_refusal(m, p))
		m->greeting = GREETING_FOREIGN;
	if (m->greeting == GREETING_FOREIGN)
		return;
	show_limits(m, p);
	judge_fields(m, p);
	if (version_traits(m->version).properties)
		judge_properties(m, p);
	judge_codes(m, p);
	if (!m->joined || !begins_connection(p))
		judge_contents(m, p);
}

static void note(struct monitor *m, const struct packet *p)
{
	m->late |= m->phase == PHASE_REFUSED || m->phase == PHASE_OVER;
	/* A client that ignores a refusal answers what the server sends after it: that is an answer
	 * to something, whatever else it is.
	 */
	if (m->phase == PHASE_OVER || (m->phase == PHASE_REFUSED && judges_server(m)))
		return;
	if (!judges_server(m) && m->phase == PHASE_OPEN && p->type != CONNACK && p->type != AUTH)
		m->early = true;
	switch (p->type) {
	case CONNECT: note_connect(m, p); break;
	case CONNACK:
		if (!judges_server(m)) /* one from a client begins nothing */
			note_connack(m, p);
		break;
	case PUBLISH: note_publish(m, p); break;
	case PUBACK:
	case PUBREC:
	case PUBCOMP: note_answer(m, p); break;
	case PUBREL: note_pubrel(m, p); break;
	case SUBSCRIBE:
	case UNSUBSCRIBE: note_request(m, p); break;
	case SUBACK:
	case UNSUBACK: note_request_answer(m, p); break;
	}
}

static size_t findings_end(const struct monitor *m, const struct finding **findings)
{
	*findings = m->findings;
	return m->finding_count;
}

size_t monitor_packet(struct monitor *m, enum side from, const struct packet *packet,
	const struct finding **findings)
{
	m->finding_count = 0;
	if (m->ended)
		m->late |= from != m->judged;
	else if (m->greeting == GREETING_FOREIGN)
		;
	else if (from == m->judged)
		judge(m, packet);
	else
		note(m, packet);
	return findings_end(m, findings);
}

/* The catalogue's name in this version, which a rule may leave out; NULL for the other's. */
static const char *own_statement(struct monitor *m, const char *rule)
{
	const char *version = spec_version_name(m->version);
	size_t len = strlen(version);

	if (!strchr(rule, ':'))
		return arena_printf(m->words, "%s:%s", version, rule);
	return !strncmp(rule, version, len) && rule[len] == ':' ? rule : NULL;
}

static void judge_malformed(struct monitor *m, const struct wire_result *result)
{
	const char *statement = result->rule ? own_statement(m, result->rule) : NULL;

	/* A server that has read no CONNECT of this version may be speaking another one. */
	if (statement && (m->greeting == GREETING_CLEAR || !judges_server(m)))
		finding_add(m, statement, arena_text(m->words, result->what));
	if (m->phase == PHASE_OPEN && judges_server(m))
		m->phase = PHASE_LOST;
}

size_t monitor_malformed(struct monitor *m, enum side from, const struct wire_result *result,
	const struct finding **findings)
{
	m->finding_count = 0;
	if (m->ended)
		m->late |= from != m->judged;
	else if (from == m->judged && m->greeting != GREETING_FOREIGN)
		judge_malformed(m, result);
	m->blurred = true;
	if (m->greeting == GREETING_NONE)
		m->greeting = GREETING_OBSCURE;
	return findings_end(m, findings);
}

size_t monitor_closed(struct monitor *m, enum side from, const struct finding **findings)
{
	m->finding_count = 0;
	if (from == m->judged)
		m->ended = true;
	return findings_end(m, findings);
}
