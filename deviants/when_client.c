#include "deviants/when_client.h"

#include <string.h>

#include "base/utf8.h"
#include "deviants/properties.h"
#include "deviants/then_client.h"
#include "deviants/when.h"

enum {
	THIRD = 3,
	SHORT_ID = 23, /* bytes that a server has to take in 3.1.1 */
	ONE_BYTE_MAX = 255,
	TWO_BYTES_MAX = 65535,
	QOS_2 = 2,
	GRANT_FAILED = 0x80,
	TYPE_SHIFT = 4,
	CODE_CONTINUE = 0x18,
	CODE_AGAIN = 0x19,
};

/* ---- CONNECT ------------------------------------------------------------------------------- */

bool is_third_connection(const struct passing *it)
{
	return it->x->session && it->x->session->connections >= THIRD;
}

bool has_empty_id(const struct passing *it)
{
	return !it->packet->client_id.len;
}

bool has_long_id(const struct passing *it)
{
	return it->packet->client_id.len > SHORT_ID;
}

bool has_user_name(const struct passing *it)
{
	return it->packet->connect_flags & CONNECT_USER_NAME;
}

bool has_password(const struct passing *it)
{
	return it->packet->connect_flags & CONNECT_PASSWORD;
}

bool has_no_user_name(const struct passing *it)
{
	return !has_user_name(it);
}

bool tells_no_will(const struct passing *it)
{
	return !(it->packet->connect_flags & CONNECT_WILL);
}

bool has_long_will(const struct passing *it)
{
	return it->packet->will_payload.len > ONE_BYTE_MAX;
}

bool has_long_keep_alive(const struct passing *it)
{
	return it->packet->keep_alive > ONE_BYTE_MAX;
}

/* ---- CONNACK ------------------------------------------------------------------------------- */

bool is_session_present(const struct passing *it)
{
	return it->packet->ack_flags & 1;
}

bool is_no_session_present(const struct passing *it)
{
	return !is_session_present(it);
}

static bool has(const struct passing *it, uint32_t id)
{
	return properties_find(&it->packet->properties, id);
}

bool has_server_keep_alive(const struct passing *it)
{
	return has(it, PROP_SERVER_KEEP_ALIVE);
}

bool has_packet_limit(const struct passing *it)
{
	return has(it, PROP_MAXIMUM_PACKET_SIZE);
}

/* ---- a PUBLISH ----------------------------------------------------------------------------- */

bool is_beyond_255(const struct passing *it)
{
	return it->lane->count[it->packet->type] > ONE_BYTE_MAX;
}

bool is_beyond_65535(const struct passing *it)
{
	return it->lane->count[it->packet->type] > TWO_BYTES_MAX;
}

bool topic_is_long(const struct passing *it)
{
	return it->packet->topic.len > ONE_BYTE_MAX;
}

bool topic_is_ill_formed(const struct passing *it)
{
	struct bytes topic = it->packet->topic;

	return topic.len && utf8_check(topic.data, topic.len) < topic.len;
}

bool topic_has_nul(const struct passing *it)
{
	return it->packet->topic.len && memchr(it->packet->topic.data, 0, it->packet->topic.len);
}

bool has_alias(const struct passing *it)
{
	return has(it, PROP_TOPIC_ALIAS);
}

bool expires_at_once(const struct passing *it)
{
	const struct property *expiry =
		properties_find(&it->packet->properties, PROP_MESSAGE_EXPIRY);

	return expiry && expiry->number == 1;
}

bool has_identifier_1(const struct passing *it)
{
	const struct property *identifier =
		properties_find(&it->packet->properties, PROP_SUBSCRIPTION_IDENTIFIER);

	return identifier && identifier->number == 1;
}

bool has_response_topic(const struct passing *it)
{
	return has(it, PROP_RESPONSE_TOPIC);
}

bool is_before_suback(const struct passing *it)
{
	return it->x->lane[TO_SERVER].count[SUBSCRIBE] > it->x->lane[TO_CLIENT].count[SUBACK];
}

bool by_nobody(const struct passing *it)
{
	return !session_match(it->x->session, it->topic, NULL);
}

/* ---- other packets ------------------------------------------------------------------------- */

bool is_not_second(const struct passing *it)
{
	return it->lane->count[it->packet->type] != 2;
}

bool has_received(const struct passing *it)
{
	return it->x->lane[TO_CLIENT].count[PUBLISH];
}

bool is_foreign_type(const struct passing *it)
{
	switch (it->packet->type) {
	case CONNACK:
	case PUBLISH:
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP:
	case SUBACK:
	case UNSUBACK:
	case PINGRESP: return false;
	case DISCONNECT:
	case AUTH: return it->x->version == MQTT_311;
	default: return true;
	}
}

bool has_reason_string(const struct passing *it)
{
	return has(it, PROP_REASON_STRING);
}

bool is_refused_filter(const struct passing *it)
{
	return it->packet->codes.len && it->packet->codes.data[0] >= GRANT_FAILED;
}

bool has_no_share(const struct passing *it)
{
	return !has_share(it);
}

bool has_method(const struct passing *it)
{
	return has(it, PROP_AUTH_METHOD);
}

bool has_no_method(const struct passing *it)
{
	return !has_method(it);
}

bool is_reauthentication(const struct passing *it)
{
	return it->packet->code == CODE_AGAIN;
}

bool is_answer_to_challenge(const struct passing *it)
{
	return it->packet->code == CODE_CONTINUE;
}

bool has_one_code(const struct passing *it)
{
	return it->packet->codes.len == 1;
}

bool has_another_count(const struct passing *it)
{
	return it->packet->codes.len != (size_t)it->x->lane[TO_SERVER].note[NOTE_CONNECTION];
}

bool has_foreign_grant(const struct passing *it)
{
	struct bytes codes = it->packet->codes;

	return it->x->version == MQTT_311 && codes.len && codes.data[0] > QOS_2 &&
		codes.data[0] != GRANT_FAILED;
}

/* ---- what was noted ------------------------------------------------------------------------ */

bool is_noted(const struct passing *it)
{
	return it->x->lane[TO_SERVER].note[NOTE_CONNECTION];
}

bool is_not_noted(const struct passing *it)
{
	return !is_noted(it);
}

bool holds_no_id(const struct passing *it)
{
	return it->x->lane[TO_SERVER].note[NOTE_HELD] != it->packet->id;
}

bool has_held_id(const struct passing *it)
{
	return it->packet->id && !holds_no_id(it);
}

bool has_noted_id(const struct passing *it)
{
	return it->x->session && it->packet->id && it->x->session->note[NOTE_ID] == it->packet->id;
}

/* ---- bytes that make no packet --------------------------------------------------------------- */

static bool is_bad(const struct passing *it, enum packet_type first, enum packet_type last)
{
	unsigned type = it->raw.len ? it->raw.data[0] >> TYPE_SHIFT : 0;

	return type >= first && type <= last;
}

bool is_bad_publish(const struct passing *it)
{
	return is_bad(it, PUBLISH, PUBLISH);
}

bool is_bad_acknowledgement(const struct passing *it)
{
	return is_bad(it, PUBACK, PUBCOMP);
}

bool is_bad_suback(const struct passing *it)
{
	return is_bad(it, SUBACK, SUBACK) || is_bad(it, UNSUBACK, UNSUBACK);
}

bool is_bad_pingresp(const struct passing *it)
{
	return is_bad(it, PINGRESP, PINGRESP);
}
