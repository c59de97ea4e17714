#include "deviants/when.h"

#include <string.h>

#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	LONG = 1000,
	VERY_LONG = 60000,
	DEEP = 8,
	FULL = 3,
	QOS_3 = 3,
	OPTION_QOS = 0x03,
	OPTION_NO_LOCAL = 0x04,
	OPTION_RETAIN_AS_PUBLISHED = 0x08,
	OPTION_HANDLING = 0x30,
	OPTIONS_RESERVED_50 = 0xC0,
	OPTIONS_RESERVED_311 = 0xFC,
	WILL_QOS_SHIFT = 3,
	STRANGE_ID = 4242,
	FAR_ID = 1000,
	CODE_WITH_WILL = 0x04,
	CODE_TAKEN_OVER = 0x8E,
	REFUSAL = 0x80,
	TENTH = 10,
	THOUSANDTH = 1000,
};

/* ---- a PUBLISH ----------------------------------------------------------------------------- */

bool is_qos0(const struct passing *it)
{
	return it->packet->qos == 0;
}

bool is_qos1(const struct passing *it)
{
	return it->packet->qos == 1;
}

bool is_qos2(const struct passing *it)
{
	return it->packet->qos == 2;
}

bool is_acknowledged(const struct passing *it)
{
	return it->packet->qos > 0;
}

bool is_retained(const struct passing *it)
{
	return it->packet->retain;
}

bool is_live(const struct passing *it)
{
	return !it->packet->retain;
}

bool is_dup(const struct passing *it)
{
	return it->packet->dup;
}

bool is_not_dup(const struct passing *it)
{
	return !it->packet->dup;
}

bool is_empty(const struct passing *it)
{
	return !it->packet->payload.len;
}

bool is_not_empty(const struct passing *it)
{
	return it->packet->payload.len;
}

bool is_long(const struct passing *it)
{
	return it->packet->payload.len > LONG;
}

bool is_very_long(const struct passing *it)
{
	return it->packet->payload.len > VERY_LONG;
}

bool topic_is_deep(const struct passing *it)
{
	size_t levels = 1;

	for (size_t i = 0; i < it->topic.len; i++)
		levels += it->topic.data[i] == '/';
	return levels > DEEP;
}

bool topic_has_wildcard(const struct passing *it)
{
	return filter_has_wildcard(it->packet->topic);
}

bool topic_has_empty_level(const struct passing *it)
{
	for (size_t i = 0; i < it->topic.len; i++)
		if (it->topic.data[i] == '/' &&
			(!i || i + 1 == it->topic.len || it->topic.data[i - 1] == '/'))
			return true;
	return false;
}

bool topic_is_missing(const struct passing *it)
{
	return !it->topic.len;
}

bool has_qos3(const struct passing *it)
{
	return it->packet->qos == QOS_3;
}

bool follows_second_suback(const struct passing *it)
{
	return it->lane->count[SUBACK] > 1;
}

/* ---- whom it is for ------------------------------------------------------------------------ */

struct audience {
	unsigned plain, wildcard, shared, identified, as_published;
};

static struct audience audience_of(const struct passing *it)
{
	struct audience a = { 0 };

	for (const struct subscription *s = session_match(it->x->session, it->topic, NULL); s;
		s = session_match(it->x->session, it->topic, s)) {
		a.identified += s->identifier != 0;
		a.as_published += (s->options & OPTION_RETAIN_AS_PUBLISHED) != 0;
		if (filter_is_shared(s->filter))
			a.shared++;
		else if (filter_has_wildcard(s->filter))
			a.wildcard++;
		else
			a.plain++;
	}
	return a;
}

bool by_wildcard(const struct passing *it)
{
	struct audience a = audience_of(it);

	return a.wildcard && !a.plain && !a.shared;
}

bool by_plain(const struct passing *it)
{
	return audience_of(it).plain;
}

bool by_share(const struct passing *it)
{
	struct audience a = audience_of(it);

	return a.shared && !a.plain && !a.wildcard;
}

bool by_parent_of_hash(const struct passing *it)
{
	static const char tail[] = "/#";
	size_t len = it->topic.len;
	const struct subscription *s = session_match(it->x->session, it->topic, NULL);

	return s && !session_match(it->x->session, it->topic, s) &&
		s->filter.len == len + strlen(tail) &&
		!memcmp(s->filter.data + len, tail, strlen(tail));
}

bool by_retain_as_published(const struct passing *it)
{
	return audience_of(it).as_published;
}

bool by_retain_dropped(const struct passing *it)
{
	struct audience a = audience_of(it);

	return !a.as_published && a.plain + a.wildcard + a.shared;
}

/* ---- where it came from -------------------------------------------------------------------- */

bool from_50(const struct passing *it)
{
	return it->origin && it->origin->version == MQTT_50;
}

bool from_other_version(const struct passing *it)
{
	return it->origin && it->origin->version != it->x->version;
}

bool from_itself(const struct passing *it)
{
	return it->origin && it->origin->publisher == it->x->session;
}

bool from_retained(const struct passing *it)
{
	return it->origin && it->origin->retain;
}

/* ---- properties ---------------------------------------------------------------------------- */

static bool has(const struct passing *it, uint32_t id)
{
	return properties_find(&it->packet->properties, id);
}

bool has_payload_format(const struct passing *it)
{
	return has(it, PROP_PAYLOAD_FORMAT);
}

bool has_expiry(const struct passing *it)
{
	return has(it, PROP_MESSAGE_EXPIRY);
}

bool has_content_type(const struct passing *it)
{
	return has(it, PROP_CONTENT_TYPE);
}

bool has_user_property(const struct passing *it)
{
	return has(it, PROP_USER_PROPERTY);
}

bool has_user_properties(const struct passing *it)
{
	return properties_count(&it->packet->properties, PROP_USER_PROPERTY) > 1;
}

bool has_session_expiry(const struct passing *it)
{
	return has(it, PROP_SESSION_EXPIRY);
}

bool has_no_property(const struct passing *it)
{
	return !it->packet->properties.count;
}

/* ---- the connection ------------------------------------------------------------------------ */

bool is_v311(const struct passing *it)
{
	return it->x->version == MQTT_311;
}

bool is_v50(const struct passing *it)
{
	return it->x->version == MQTT_50;
}

bool is_clean(const struct passing *it)
{
	return it->x->session && it->x->clean;
}

bool is_kept(const struct passing *it)
{
	return it->x->session && !it->x->clean;
}

bool is_resumed(const struct passing *it)
{
	return is_kept(it) && it->x->session->connections > 1;
}

bool is_resumed_twice(const struct passing *it)
{
	return is_kept(it) && it->x->session->resumptions > 1;
}

bool is_known(const struct passing *it)
{
	return it->x->session && it->x->session->connections > 1;
}

bool is_not_first_connection(const struct passing *it)
{
	return is_known(it);
}

bool is_accepted(const struct passing *it)
{
	return !it->packet->code;
}

bool is_not_accepted(const struct passing *it)
{
	return it->packet->code;
}

bool is_v50_connect(const struct passing *it)
{
	return it->packet->level == MQTT_50;
}

bool is_before_connect(const struct passing *it)
{
	return !it->x->session;
}

bool has_will_of_qos2(const struct passing *it)
{
	return (it->packet->connect_flags & CONNECT_WILL_QOS) == 2 << WILL_QOS_SHIFT;
}

bool has_no_keep_alive(const struct passing *it)
{
	return !it->x->keep_alive;
}

bool has_no_id(const struct passing *it)
{
	return !it->packet->client_id.len && !(it->packet->connect_flags & CONNECT_CLEAN);
}

bool has_strange_name(const struct passing *it)
{
	return !bytes_equal(it->packet->protocol_name, BYTES("MQTT")) &&
		!bytes_equal(it->packet->protocol_name, BYTES("MQIsdp"));
}

bool has_will(const struct passing *it)
{
	return it->x->will;
}

bool has_keep_alive(const struct passing *it)
{
	return it->x->keep_alive;
}

bool is_abrupt(const struct passing *it)
{
	return !it->x->disconnected;
}

bool is_disconnected(const struct passing *it)
{
	return it->x->disconnected;
}

bool is_refused(const struct passing *it)
{
	return it->x->refused;
}

bool is_told_to_leave(const struct passing *it)
{
	return it->x->lane[TO_CLIENT].count[DISCONNECT];
}

bool is_older(const struct passing *it)
{
	return it->x->session && it->x->session->connections > it->x->connection;
}

bool is_thrown_out(const struct passing *it)
{
	return !is_disconnected(it) && !is_refused(it) && !is_older(it) &&
		!it->x->lane[TO_SERVER].ended;
}

bool flight_is_full(const struct passing *it)
{
	return it->x->in_flight[it->way] >= FULL;
}

/* ---- how many came before ------------------------------------------------------------------ */

static unsigned number_of(const struct passing *it)
{
	return it->lane->count[it->packet->type];
}

bool is_first(const struct passing *it)
{
	return number_of(it) == 1;
}

bool is_not_first(const struct passing *it)
{
	return number_of(it) > 1;
}

bool is_second(const struct passing *it)
{
	return number_of(it) == 2;
}

bool is_third(const struct passing *it)
{
	return number_of(it) == FULL;
}

bool is_tenth(const struct passing *it)
{
	return number_of(it) >= TENTH;
}

bool is_thousandth(const struct passing *it)
{
	return number_of(it) == THOUSANDTH;
}

bool is_beyond_thousand(const struct passing *it)
{
	return number_of(it) > THOUSANDTH;
}

/* ---- other packets ------------------------------------------------------------------------- */

bool is_success(const struct passing *it)
{
	return it->packet->code < REFUSAL;
}

bool is_refusal(const struct passing *it)
{
	return it->packet->code >= REFUSAL;
}

static bool any_filter(const struct passing *it, bool (*is)(struct bytes filter))
{
	for (size_t i = 0; i < it->packet->filter_count; i++)
		if (is(it->packet->filters[i].text))
			return true;
	return false;
}

bool has_wildcard(const struct passing *it)
{
	return any_filter(it, filter_has_wildcard);
}

bool has_share(const struct passing *it)
{
	return any_filter(it, filter_is_shared);
}

bool has_many_filters(const struct passing *it)
{
	return it->packet->filter_count > 1;
}

bool has_no_filter(const struct passing *it)
{
	return !it->packet->filter_count;
}

bool begins_with_wildcard(const struct passing *it)
{
	for (size_t i = 0; i < it->packet->filter_count; i++) {
		struct bytes text = it->packet->filters[i].text;

		if (text.len && (text.data[0] == '#' || text.data[0] == '+'))
			return true;
	}
	return false;
}

static bool any_options(const struct passing *it, uint8_t mask, uint8_t value)
{
	for (size_t i = 0; i < it->packet->filter_count; i++)
		if ((it->packet->filters[i].options & mask) == value)
			return true;
	return false;
}

bool has_reserved_options(const struct passing *it)
{
	uint8_t reserved = is_v50(it) ? OPTIONS_RESERVED_50 : OPTIONS_RESERVED_311;

	for (size_t i = 0; i < it->packet->filter_count; i++)
		if (it->packet->filters[i].options & reserved)
			return true;
	return false;
}

bool asks_for_qos0(const struct passing *it)
{
	return any_options(it, OPTION_QOS, 0);
}

bool asks_for_qos2(const struct passing *it)
{
	return any_options(it, OPTION_QOS, 2);
}

bool asks_for_no_local(const struct passing *it)
{
	return any_options(it, OPTION_NO_LOCAL, OPTION_NO_LOCAL);
}

bool asks_for_handling_0(const struct passing *it)
{
	return any_options(it, OPTION_HANDLING, 0);
}

bool asks_for_handling_1(const struct passing *it)
{
	return any_options(it, OPTION_HANDLING, 0x10);
}

bool asks_for_handling_2(const struct passing *it)
{
	return any_options(it, OPTION_HANDLING, 0x20);
}

bool asks_for_handling_3(const struct passing *it)
{
	return any_options(it, OPTION_HANDLING, OPTION_HANDLING);
}

bool has_many_codes(const struct passing *it)
{
	return it->packet->codes.len > 1;
}

bool has_identifier_zero(const struct passing *it)
{
	return !it->packet->id;
}

bool has_identifier_4242(const struct passing *it)
{
	return it->packet->id == STRANGE_ID;
}

bool is_far_identifier(const struct passing *it)
{
	return it->packet->id > FAR_ID;
}

bool is_with_will(const struct passing *it)
{
	return it->packet->code == CODE_WITH_WILL;
}

bool is_taken_over(const struct passing *it)
{
	return it->packet->code == CODE_TAKEN_OVER;
}

bool flags_are_wrong(const struct passing *it)
{
	return it->packet->flags != wire_packet(it->packet->type).flags;
}
