#include "tests/unit/changes.h"

#include <string.h>

enum { ODD_ID = 4321 }; /* nobody's */

#define C SIDE_CLIENT
#define S SIDE_SERVER

const char *packet_kind(struct arena *a, const struct packet *p)
{
	return p->type == PUBLISH ? arena_printf(a, "PUBLISH/%u", p->qos)
				  : arena_printf(a, "%s", spec_packet_name(p->type));
}

static bool has_id(const struct packet *p)
{
	return p->id != 0;
}

/* Each returns false where the packet has nothing of the kind. */
static bool flip(struct subject *s, uint8_t bits)
{
	s->p.flags ^= bits;
	return true;
}

static bool flag_0(struct subject *s)
{
	return flip(s, 0x01);
}

static bool flag_1(struct subject *s)
{
	return flip(s, 0x02);
}

static bool flag_2(struct subject *s)
{
	return flip(s, 0x04);
}

static bool flag_3(struct subject *s)
{
	return flip(s, 0x08);
}

static bool id_zero(struct subject *s)
{
	bool has = has_id(&s->p);

	s->p.id = 0;
	return has;
}

static bool id_odd(struct subject *s)
{
	bool has = has_id(&s->p);

	s->p.id = ODD_ID;
	return has;
}

static bool sent_twice(struct subject *s)
{
	s->twice = true;
	return true;
}

static bool long_header(struct subject *s)
{
	s->twist.remaining_length_bytes = 3;
	return true;
}

static bool set_text(struct subject *s, struct bytes new)
{
	struct packet *p = &s->p;

	if (p->type == PUBLISH) {
		p->topic = new;
	} else if (p->type == CONNECT && p->connect_flags & CONNECT_WILL) {
		p->will_topic = new;
	} else if (p->filter_count) {
		p->filters = arena_copy(s->a, p->filters, p->filter_count * sizeof(*p->filters));
		p->filters[0].text = new;
	} else {
		return false;
	}
	return true;
}

static bool text_other(struct subject *s)
{
	return set_text(s, BYTES("z/y"));
}

static bool text_empty(struct subject *s)
{
	return set_text(s, BYTES(""));
}

static bool text_hash(struct subject *s)
{
	return set_text(s, BYTES("a#"));
}

static bool text_plus(struct subject *s)
{
	return set_text(s, BYTES("a+/b"));
}

static bool text_nul(struct subject *s)
{
	return set_text(s, BYTES("a\0b"));
}

static bool text_ill_formed(struct subject *s)
{
	return set_text(s, BYTES("a\xED\xA0\x80"));
}

static bool text_dollar(struct subject *s)
{
	return set_text(s, BYTES("$a"));
}

static bool text_share_nameless(struct subject *s)
{
	return set_text(s, BYTES("$share//a"));
}

static bool text_share_bare(struct subject *s)
{
	return set_text(s, BYTES("$share/a"));
}

static bool no_filter(struct subject *s)
{
	bool has = s->p.filter_count;

	s->p.filter_count = 0;
	return has;
}

static bool payload_other(struct subject *s)
{
	s->p.payload = BYTES("\x00\xFF");
	return s->p.type == PUBLISH;
}

static bool in_connect(struct subject *s, uint8_t clear, uint8_t set)
{
	s->p.connect_flags = (uint8_t)((s->p.connect_flags & ~clear) | set);
	return s->p.type == CONNECT;
}

static bool connect_reserved(struct subject *s)
{
	return in_connect(s, 0, CONNECT_RESERVED);
}

static bool connect_kept(struct subject *s)
{
	return in_connect(s, CONNECT_CLEAN, 0);
}

static bool connect_will_qos_3(struct subject *s)
{
	return in_connect(s, 0, CONNECT_WILL_QOS) && s->p.connect_flags & CONNECT_WILL;
}

static bool connect_will_at_0(struct subject *s)
{
	return in_connect(s, CONNECT_WILL_QOS | CONNECT_WILL_RETAIN, 0);
}

static bool connect_qos_alone(struct subject *s)
{
	return in_connect(s, CONNECT_WILL | CONNECT_WILL_RETAIN | CONNECT_WILL_QOS, 0x08);
}

static bool connect_retain_alone(struct subject *s)
{
	return in_connect(s, CONNECT_WILL | CONNECT_WILL_QOS, CONNECT_WILL_RETAIN);
}

static bool connect_password_alone(struct subject *s)
{
	return in_connect(s, CONNECT_USER_NAME, 0) && s->p.connect_flags & CONNECT_PASSWORD;
}

static bool connect_id_empty(struct subject *s)
{
	s->p.client_id = BYTES("");
	return s->p.type == CONNECT;
}

static bool connect_id_ill_formed(struct subject *s)
{
	s->p.client_id = BYTES("\xFF");
	return s->p.type == CONNECT;
}

static bool connect_keep_alive(struct subject *s)
{
	s->p.keep_alive = 0xFFFF;
	return s->p.type == CONNECT;
}

static bool connect_password_other(struct subject *s)
{
	s->p.password = BYTES("\x00\xFF");
	return s->p.type == CONNECT && s->p.connect_flags & CONNECT_PASSWORD;
}

static bool connack_present(struct subject *s)
{
	s->p.ack_flags ^= 1;
	return s->p.type == CONNACK;
}

static bool connack_bit_1(struct subject *s)
{
	s->p.ack_flags ^= 2;
	return s->p.type == CONNACK;
}

static bool connack_bit_7(struct subject *s)
{
	s->p.ack_flags ^= 0x80;
	return s->p.type == CONNACK;
}

static bool set_options(struct subject *s, uint8_t options)
{
	struct packet *p = &s->p;

	if (p->type != SUBSCRIBE)
		return false;
	p->filters = arena_copy(s->a, p->filters, p->filter_count * sizeof(*p->filters));
	p->filters[0].options = options;
	return true;
}

static bool options_qos_3(struct subject *s)
{
	return set_options(s, 0x03);
}

static bool options_no_local(struct subject *s)
{
	return set_options(s, 0x06);
}

static bool options_handling_3(struct subject *s)
{
	return set_options(s, 0x32);
}

static bool options_bit_6(struct subject *s)
{
	return set_options(s, 0x42);
}

static bool options_bit_7(struct subject *s)
{
	return set_options(s, 0x82);
}

static bool codes_none(struct subject *s)
{
	bool has = s->p.codes.len;

	s->p.codes.len = 0;
	return has;
}

static bool codes_two(struct subject *s)
{
	bool has = s->p.codes.len;

	s->p.codes = BYTES("\x00\x00");
	return has;
}

#define CHANGE(name)        \
	{                   \
#name, name \
	}

const struct change changes[] = {
	CHANGE(flag_0),
	CHANGE(flag_1),
	CHANGE(flag_2),
	CHANGE(flag_3),
	CHANGE(id_zero),
	CHANGE(id_odd),
	CHANGE(sent_twice),
	CHANGE(long_header),
	CHANGE(text_other),
	CHANGE(text_empty),
	CHANGE(text_hash),
	CHANGE(text_plus),
	CHANGE(text_nul),
	CHANGE(text_ill_formed),
	CHANGE(text_dollar),
	CHANGE(text_share_nameless),
	CHANGE(text_share_bare),
	CHANGE(no_filter),
	CHANGE(payload_other),
	CHANGE(connect_reserved),
	CHANGE(connect_kept),
	CHANGE(connect_will_qos_3),
	CHANGE(connect_will_at_0),
	CHANGE(connect_qos_alone),
	CHANGE(connect_retain_alone),
	CHANGE(connect_password_alone),
	CHANGE(connect_id_empty),
	CHANGE(connect_id_ill_formed),
	CHANGE(connect_keep_alive),
	CHANGE(connect_password_other),
	CHANGE(connack_present),
	CHANGE(connack_bit_1),
	CHANGE(connack_bit_7),
	CHANGE(options_qos_3),
	CHANGE(options_no_local),
	CHANGE(options_handling_3),
	CHANGE(options_bit_6),
	CHANGE(options_bit_7),
	CHANGE(codes_none),
	CHANGE(codes_two),
};
const size_t change_count = sizeof(changes) / sizeof(*changes);

/* ---- what has to be said of them ------------------------------------------------------------- */

#define BOTH_SIDES (1u << C | 1u << S)
#define BY_CLIENT  (1u << C)
#define BY_SERVER  (1u << S)
#define IN_311     (1u << 8) /* and in no other version */
#define IN_50      (1u << 9)

/* Where a rule binds nobody in a version, nothing is said there. */
struct verdict {
	const char *packets; /* kinds, a blank between; "*": all but PUBLISH */
	const char *change;
	unsigned sides; /* and, where it is one of them only, the version */
	enum monitor_rule rule;
};

#define MESSAGES_0_TO_2 "PUBLISH/0 PUBLISH/1 PUBLISH/2"
#define REQUESTS        "SUBSCRIBE UNSUBSCRIBE"

static const struct verdict verdicts[] = {
	{ "*", "flag_0", BOTH_SIDES, RULE_HEADER_FLAGS },
	{ "*", "flag_1", BOTH_SIDES, RULE_HEADER_FLAGS },
	{ "*", "flag_2", BOTH_SIDES, RULE_HEADER_FLAGS },
	{ "*", "flag_3", BOTH_SIDES, RULE_HEADER_FLAGS },
	{ "PUBLISH/0", "flag_1", BOTH_SIDES, RULE_ID_ZERO },
	{ "PUBLISH/0", "flag_2", BOTH_SIDES, RULE_ID_ZERO },
	{ "PUBLISH/0", "flag_3", BOTH_SIDES, RULE_DUP_QOS_0 },
	{ "PUBLISH/1", "flag_2", BOTH_SIDES, RULE_QOS_3 },
	{ "PUBLISH/1", "flag_3", BOTH_SIDES, RULE_FIRST_DUP_QOS_1 },
	{ "PUBLISH/2", "flag_1", BOTH_SIDES, RULE_QOS_3 },
	{ "PUBLISH/2", "flag_3", BOTH_SIDES, RULE_FIRST_DUP_QOS_2 },
	{ "PUBLISH/1 PUBLISH/2 " REQUESTS, "id_zero", BOTH_SIDES, RULE_ID_ZERO },
	{ "PUBACK PUBREC PUBREL", "id_zero", BOTH_SIDES, RULE_ANSWER_ID },
	{ "PUBACK PUBREC PUBREL", "id_odd", BOTH_SIDES, RULE_ANSWER_ID },
	{ "PUBCOMP", "id_zero", BOTH_SIDES, RULE_PUBCOMP_ID },
	{ "PUBCOMP", "id_odd", BOTH_SIDES, RULE_PUBCOMP_ID },
	{ "SUBACK UNSUBACK", "id_zero", BY_SERVER, RULE_REQUEST_ID },
	{ "SUBACK UNSUBACK", "id_odd", BY_SERVER, RULE_REQUEST_ID },
	{ "CONNECT", "sent_twice", BY_CLIENT, RULE_SECOND_CONNECT },
	{ "CONNACK", "sent_twice", BY_SERVER | IN_50, RULE_SECOND_CONNACK },
	{ "PUBLISH/1 PUBLISH/2", "sent_twice", BOTH_SIDES | IN_311, RULE_REDELIVERED_WITHOUT_DUP },
	{ "PUBLISH/1 PUBLISH/2", "sent_twice", BOTH_SIDES | IN_50, RULE_ID_IN_USE },
	{ REQUESTS, "sent_twice", BY_CLIENT, RULE_ID_IN_USE },
	{ "SUBACK UNSUBACK", "sent_twice", BY_SERVER, RULE_REQUEST_ID },
	{ "PUBACK", "sent_twice", BOTH_SIDES, RULE_ANSWER_ID },
	{ "PUBREL", "sent_twice", BOTH_SIDES, RULE_RETRANSMITTED },
	{ "PUBCOMP", "sent_twice", BOTH_SIDES, RULE_PUBCOMP_ID },
	{ "DISCONNECT", "sent_twice", BOTH_SIDES, RULE_AFTER_DISCONNECT },
	{ "* " MESSAGES_0_TO_2, "long_header", BOTH_SIDES, RULE_SHORTEST_INTEGER },
	{ MESSAGES_0_TO_2, "text_empty", BOTH_SIDES, RULE_TOPIC_EMPTY },
	{ MESSAGES_0_TO_2, "text_hash", BOTH_SIDES, RULE_TOPIC_WILDCARD },
	{ MESSAGES_0_TO_2, "text_plus", BOTH_SIDES, RULE_TOPIC_WILDCARD },
	{ "CONNECT " REQUESTS, "text_empty", BY_CLIENT, RULE_NAME_EMPTY },
	{ "CONNECT", "text_hash", BY_CLIENT, RULE_WILL_TOPIC_WILDCARD },
	{ "CONNECT", "text_plus", BY_CLIENT, RULE_WILL_TOPIC_WILDCARD },
	{ REQUESTS, "text_hash", BY_CLIENT, RULE_FILTER_HASH },
	{ REQUESTS, "text_plus", BY_CLIENT, RULE_FILTER_PLUS },
	{ "CONNECT " REQUESTS " " MESSAGES_0_TO_2, "text_nul", BOTH_SIDES, RULE_TEXT_NUL },
	{ "CONNECT " REQUESTS " " MESSAGES_0_TO_2, "text_ill_formed", BOTH_SIDES, RULE_TEXT_UTF8 },
	{ MESSAGES_0_TO_2, "text_dollar", BY_SERVER, RULE_DOLLAR_TOPIC },
	{ MESSAGES_0_TO_2, "text_share_nameless", BY_SERVER, RULE_DOLLAR_TOPIC },
	{ MESSAGES_0_TO_2, "text_share_bare", BY_SERVER, RULE_DOLLAR_TOPIC },
	{ REQUESTS, "text_share_nameless", BY_CLIENT, RULE_SHARE_NAME_EMPTY },
	{ REQUESTS, "text_share_bare", BY_CLIENT, RULE_SHARE_FORM },
	{ "SUBSCRIBE", "no_filter", BY_CLIENT, RULE_SUBSCRIBE_EMPTY },
	{ "UNSUBSCRIBE", "no_filter", BY_CLIENT, RULE_UNSUBSCRIBE_EMPTY },
	{ "CONNECT", "connect_reserved", BY_CLIENT, RULE_CONNECT_RESERVED_FLAG },
	{ "CONNECT", "connect_will_qos_3", BY_CLIENT, RULE_WILL_QOS_3 },
	{ "CONNECT", "connect_qos_alone", BY_CLIENT, RULE_WILL_QOS_UNUSED },
	{ "CONNECT", "connect_retain_alone", BY_CLIENT, RULE_WILL_RETAIN_UNUSED },
	{ "CONNECT", "connect_password_alone", BY_CLIENT, RULE_PASSWORD_ALONE },
	{ "CONNECT", "connect_id_ill_formed", BY_CLIENT, RULE_TEXT_UTF8 },
	{ "CONNACK", "connack_present", BY_SERVER, RULE_SESSION_PRESENT_CLEAN },
	{ "CONNACK", "connack_bit_1", BY_SERVER, RULE_CONNACK_FLAGS },
	{ "CONNACK", "connack_bit_7", BY_SERVER, RULE_CONNACK_FLAGS },
	{ "SUBSCRIBE", "options_qos_3", BY_CLIENT, RULE_SUBSCRIBE_QOS_3 },
	{ "SUBSCRIBE", "options_no_local", BY_CLIENT | IN_311, RULE_OPTIONS_RESERVED },
	{ "SUBSCRIBE", "options_handling_3", BY_CLIENT | IN_311, RULE_OPTIONS_RESERVED },
	{ "SUBSCRIBE", "options_handling_3", BY_CLIENT, RULE_RETAIN_HANDLING_3 },
	{ "SUBSCRIBE", "options_bit_6", BY_CLIENT, RULE_OPTIONS_RESERVED },
	{ "SUBSCRIBE", "options_bit_7", BY_CLIENT, RULE_OPTIONS_RESERVED },
	{ "SUBACK", "codes_none", BY_SERVER, RULE_SUBACK_COUNT },
	{ "SUBACK", "codes_two", BY_SERVER, RULE_SUBACK_COUNT },
	{ "UNSUBACK", "codes_none", BY_SERVER, RULE_UNSUBACK_COUNT },
	{ "UNSUBACK", "codes_two", BY_SERVER, RULE_UNSUBACK_COUNT },
};

enum { VERDICTS = sizeof(verdicts) / sizeof(*verdicts) };

_Static_assert(sizeof(verdicts) / sizeof(*verdicts) <= (size_t)VERDICTS_MAX, "a place for each");

static bool names(const char *list, const char *kind)
{
	size_t len = strlen(kind);

	for (const char *at = list; (at = strstr(at, kind)); at += len)
		if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return list[0] == '*' && strncmp(kind, "PUBLISH", strlen("PUBLISH")) != 0;
}

const char *change_verdict(
	const struct subject *s, const char *kind, const char *change, bool spoken[VERDICTS_MAX])
{
	for (size_t i = 0; i < VERDICTS; i++) {
		const struct verdict *v = &verdicts[i];
		const char *statement = monitor_rule_statement(v->rule, s->version, s->from);
		if (!names(v->packets, kind) || strcmp(v->change, change) != 0 ||
			!(v->sides & 1u << s->from) || !statement ||
			(v->sides & (s->version == MQTT_50 ? IN_311 : IN_50)))
			continue;
		spoken[i] = true;
		return statement;
	}
	return NULL;
}

const char *change_unspoken(struct arena *a, const bool spoken[VERDICTS_MAX])
{
	for (size_t i = 0; i < VERDICTS; i++)
		if (!spoken[i])
			return arena_printf(a, "%s of %s", verdicts[i].change, verdicts[i].packets);
	return NULL;
}
