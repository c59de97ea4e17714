#include "deviants/when_wrong.h"

#include <string.h>

#include "base/utf8.h"
#include "deviants/properties.h"
#include "harness/monitor/monitor.h"

enum {
	WILL_QOS_SHIFT = 3,
	OPTION_QOS = 0x03,
	TYPE_SHIFT = 4,
	CONTINUED = 0x80, /* of a byte of Remaining Length */
	FLAGS_OFFSET = 7, /* of the Connect Flags in the body of a CONNECT whose protocol is MQTT */
	SHARE_PREFIX = 7, /* the length of "$share/" */
	LENGTH_BYTES = 4,
	SURROGATE_FIRST = 0xED,
	SURROGATE_SECOND = 0xA0,
	FAR_FIRST = 0xF4,
	FAR_SECOND = 0x90,
};

/* ---- strings ------------------------------------------------------------------------------- */

static bool has_nul(struct bytes text)
{
	return text.len && memchr(text.data, 0, text.len);
}

static bool is_ill_formed(struct bytes text)
{
	return text.len && utf8_check(text.data, text.len) < text.len;
}

static bool any_filter(const struct passing *it, bool (*is)(struct bytes text))
{
	for (size_t i = 0; i < it->packet->filter_count; i++)
		if (is(it->packet->filters[i].text))
			return true;
	return false;
}

static bool any_property(const struct properties *p, uint32_t id, bool (*is)(struct bytes text))
{
	for (size_t i = 0; i < p->count; i++)
		if ((!id || p->list[i].id == id) && (is(p->list[i].value) || is(p->list[i].name)) &&
			p->list[i].type != PROPERTY_BINARY)
			return true;
	return false;
}

bool has_ill_formed_id(const struct passing *it)
{
	return is_ill_formed(it->packet->client_id);
}

bool has_ill_formed_will_topic(const struct passing *it)
{
	return is_ill_formed(it->packet->will_topic);
}

bool has_ill_formed_user_name(const struct passing *it)
{
	return is_ill_formed(it->packet->user_name);
}

bool has_ill_formed_topic(const struct passing *it)
{
	return is_ill_formed(it->packet->topic);
}

bool has_ill_formed_filter(const struct passing *it)
{
	return any_filter(it, is_ill_formed);
}

bool has_ill_formed_response_topic(const struct passing *it)
{
	return any_property(&it->packet->properties, PROP_RESPONSE_TOPIC, is_ill_formed);
}

bool has_ill_formed_content_type(const struct passing *it)
{
	return any_property(&it->packet->properties, PROP_CONTENT_TYPE, is_ill_formed);
}

bool has_ill_formed_pair(const struct passing *it)
{
	return any_property(&it->packet->properties, PROP_USER_PROPERTY, is_ill_formed);
}

bool has_ill_formed_reason(const struct passing *it)
{
	return any_property(&it->packet->properties, PROP_REASON_STRING, is_ill_formed);
}

bool has_ill_formed_will_property(const struct passing *it)
{
	return any_property(&it->packet->will_properties, 0, is_ill_formed);
}

bool has_nul_in_id(const struct passing *it)
{
	return has_nul(it->packet->client_id);
}

bool has_nul_in_topic(const struct passing *it)
{
	return has_nul(it->packet->topic);
}

bool has_nul_in_filter(const struct passing *it)
{
	return any_filter(it, has_nul);
}

bool has_nul_in_pair(const struct passing *it)
{
	return any_property(&it->packet->properties, PROP_USER_PROPERTY, has_nul);
}

static bool has_pair_of_bytes(struct bytes text, uint8_t first, uint8_t second)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.data[i] == first && text.data[i + 1] >= second)
			return true;
	return false;
}

static bool has_surrogate(struct bytes text)
{
	return has_pair_of_bytes(text, SURROGATE_FIRST, SURROGATE_SECOND);
}

static bool has_far_character(struct bytes text)
{
	return has_pair_of_bytes(text, FAR_FIRST, FAR_SECOND);
}

/* The first bytes that no shortest form has: C0, C1; E0 80 to 9F; F0 80 to 8F. */
static bool has_overlong(struct bytes text)
{
	for (size_t i = 0; i + 1 < text.len; i++) {
		uint8_t first = text.data[i], second = text.data[i + 1];

		if (first == 0xC0 || first == 0xC1 || (first == 0xE0 && second >> 5 == 4) ||
			(first == 0xF0 && second >> 4 == 8))
			return true;
	}
	return false;
}

bool has_surrogate_in_topic(const struct passing *it)
{
	return has_surrogate(it->packet->topic) || any_filter(it, has_surrogate);
}

bool has_overlong_in_topic(const struct passing *it)
{
	return has_overlong(it->packet->topic) || any_filter(it, has_overlong);
}

bool has_far_character_in_topic(const struct passing *it)
{
	return has_far_character(it->packet->topic) || any_filter(it, has_far_character);
}

/* ---- CONNECT ------------------------------------------------------------------------------- */

static bool flags_are(const struct passing *it, uint8_t mask, uint8_t value)
{
	return (it->packet->connect_flags & mask) == value;
}

bool has_will_qos_without_will(const struct passing *it)
{
	return flags_are(it, CONNECT_WILL, 0) && !flags_are(it, CONNECT_WILL_QOS, 0);
}

bool has_will_retain_without_will(const struct passing *it)
{
	return flags_are(it, CONNECT_WILL | CONNECT_WILL_RETAIN, CONNECT_WILL_RETAIN);
}

bool has_will_of_qos3(const struct passing *it)
{
	return flags_are(it, CONNECT_WILL | CONNECT_WILL_QOS, CONNECT_WILL | CONNECT_WILL_QOS);
}

bool has_password_alone(const struct passing *it)
{
	return flags_are(it, CONNECT_USER_NAME | CONNECT_PASSWORD, CONNECT_PASSWORD);
}

bool has_packet_size_zero(const struct passing *it)
{
	const struct property *found =
		properties_find(&it->packet->properties, PROP_MAXIMUM_PACKET_SIZE);

	return found && !found->number;
}

bool has_auth_method(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_AUTH_METHOD);
}

bool has_auth_data_alone(const struct passing *it)
{
	return !has_auth_method(it) && properties_find(&it->packet->properties, PROP_AUTH_DATA);
}

/* ---- bytes that make no packet ------------------------------------------------------------- */

static bool begins(const struct passing *it, unsigned type)
{
	return it->raw.len && it->raw.data[0] >> TYPE_SHIFT == (int)type;
}

bool begins_connect(const struct passing *it)
{
	return begins(it, CONNECT);
}

static bool begins_connect_saying(const struct passing *it, uint8_t mask, uint8_t value)
{
	size_t body = 2;

	while (body < it->raw.len && body <= LENGTH_BYTES && it->raw.data[body - 1] & CONTINUED)
		body++;
	return begins_connect(it) && it->raw.len > body + FLAGS_OFFSET &&
		(it->raw.data[body + FLAGS_OFFSET] & mask) == value;
}

bool begins_connect_with_will(const struct passing *it)
{
	return begins_connect_saying(it, CONNECT_WILL, CONNECT_WILL);
}

bool begins_connect_with_user_name(const struct passing *it)
{
	return begins_connect_saying(it, CONNECT_USER_NAME, CONNECT_USER_NAME);
}

bool begins_connect_without_user_name(const struct passing *it)
{
	return begins_connect_saying(it, CONNECT_USER_NAME, 0);
}

bool begins_connect_with_password(const struct passing *it)
{
	return begins_connect_saying(it, CONNECT_PASSWORD, CONNECT_PASSWORD);
}

bool begins_connect_without_password(const struct passing *it)
{
	return begins_connect_saying(it, CONNECT_PASSWORD, 0);
}

bool begins_publish(const struct passing *it)
{
	return begins(it, PUBLISH);
}

bool begins_acknowledgement(const struct passing *it)
{
	return begins(it, PUBACK) || begins(it, PUBREC) || begins(it, PUBREL) ||
		begins(it, PUBCOMP);
}

bool begins_subscribe(const struct passing *it)
{
	return begins(it, SUBSCRIBE);
}

bool begins_unsubscribe(const struct passing *it)
{
	return begins(it, UNSUBSCRIBE);
}

bool breaks_length(const struct passing *it)
{
	for (size_t i = 1; i <= LENGTH_BYTES; i++)
		if (i >= it->raw.len || !(it->raw.data[i] & CONTINUED))
			return false;
	return true;
}

bool breaks_properties(const struct passing *it)
{
	return it->rule && strstr(it->rule, "PROP");
}

/* ---- properties ---------------------------------------------------------------------------- */

static bool any_foreign(const struct properties *p, uint32_t packets)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct spec_property *kind = spec_property(p->list[i].id);

		if (kind && !(kind->packets & packets))
			return true;
	}
	return false;
}

bool has_foreign_property(const struct passing *it)
{
	return any_foreign(&it->packet->properties, SPEC_PACKET(it->packet->type));
}

bool has_foreign_will_property(const struct passing *it)
{
	return any_foreign(&it->packet->will_properties, SPEC_WILL_PROPERTIES);
}

bool has_repeated_property(const struct passing *it)
{
	const struct properties *p = &it->packet->properties;

	for (size_t i = 0; i < p->count; i++) {
		const struct spec_property *kind = spec_property(p->list[i].id);

		if (kind && !(kind->repeats & SPEC_PACKET(it->packet->type)) &&
			properties_count(p, p->list[i].id) > 1)
			return true;
	}
	return false;
}

bool has_repeated_will_format(const struct passing *it)
{
	return properties_count(&it->packet->will_properties, PROP_PAYLOAD_FORMAT) > 1;
}

bool response_topic_has_wildcard(const struct passing *it)
{
	return any_property(&it->packet->properties, PROP_RESPONSE_TOPIC, filter_has_wildcard);
}

bool has_subscription_identifier(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_SUBSCRIPTION_IDENTIFIER);
}

bool has_subscription_identifier_zero(const struct passing *it)
{
	const struct property *found =
		properties_find(&it->packet->properties, PROP_SUBSCRIPTION_IDENTIFIER);

	return found && !found->number;
}

static const struct property *alias_of(const struct passing *it)
{
	return properties_find(&it->packet->properties, PROP_TOPIC_ALIAS);
}

bool alias_is_zero(const struct passing *it)
{
	return alias_of(it) && !alias_of(it)->number;
}

bool alias_is_too_high(const struct passing *it)
{
	return alias_of(it) && alias_of(it)->number > it->x->course.alias_maximum;
}

bool alias_is_unknown(const struct passing *it)
{
	return alias_of(it) && !it->packet->topic.len && !it->alias_before.len;
}

/* ---- filters ------------------------------------------------------------------------------- */

static bool is_misplaced(struct bytes text, uint8_t wildcard, bool anywhere)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == wildcard &&
			((i && text.data[i - 1] != '/') ||
				(i + 1 < text.len && (!anywhere || text.data[i + 1] != '/'))))
			return true;
	return false;
}

static bool hash_is_misplaced(struct bytes text)
{
	return is_misplaced(text, '#', false);
}

static bool plus_is_misplaced(struct bytes text)
{
	return is_misplaced(text, '+', true);
}

static bool is_empty_text(struct bytes text)
{
	return !text.len;
}

static struct bytes share_of(struct bytes text)
{
	struct bytes name = { text.data + SHARE_PREFIX, text.len - SHARE_PREFIX };
	const uint8_t *slash = name.len ? memchr(name.data, '/', name.len) : NULL;

	if (slash)
		name.len = (size_t)(slash - name.data);
	return name;
}

static bool share_is_nameless(struct bytes text)
{
	return filter_is_shared(text) &&
		(!share_of(text).len || filter_has_wildcard(share_of(text)));
}

static bool share_is_empty(struct bytes text)
{
	return filter_is_shared(text) && SHARE_PREFIX + share_of(text).len + 1 >= text.len;
}

bool has_misplaced_hash(const struct passing *it)
{
	return any_filter(it, hash_is_misplaced);
}

bool has_misplaced_plus(const struct passing *it)
{
	return any_filter(it, plus_is_misplaced);
}

bool has_empty_filter(const struct passing *it)
{
	return any_filter(it, is_empty_text);
}

bool has_nameless_share(const struct passing *it)
{
	return any_filter(it, share_is_nameless);
}

bool has_empty_share(const struct passing *it)
{
	return any_filter(it, share_is_empty);
}

bool asks_for_qos3(const struct passing *it)
{
	for (size_t i = 0; i < it->packet->filter_count; i++)
		if ((it->packet->filters[i].options & OPTION_QOS) == OPTION_QOS)
			return true;
	return false;
}
