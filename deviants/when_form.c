#include "deviants/when_form.h"

#include "base/utf8.h"
#include "deviants/properties.h"

enum {
	LEAST_OF_TWO_BYTES = 128,
	LEAST_OF_THREE_BYTES = 16384,
	LEAST_OF_FOUR_BYTES = 2097152,
	LENGTH_SHIFT = 7,
	LENGTH_BYTES_MAX = 4,
	LENGTH_GOES_ON = 0x80,
	LENGTH_BITS = 0x7F,
	ID_LEN = 2,      /* bytes of a Packet Identifier, ... */
	TEXT_LENGTH = 2, /* ... and of the length before a string */
	FIRST_PRINTABLE = 0x20,
	GIANT = 200 * 1000 * 1000,
	LONGEST_KEEP_ALIVE = 65535,
	HUNDRED = 100,
	THOUSAND = 1000,
	FIRST_OF_FOUR = 0xF0, /* the first byte of a character of four */
};

/* ---- how long it is, and how it came --------------------------------------------------------- */

/* A Variable Byte Integer; it has no bytes where it does not end. */
struct integer {
	uint32_t value;
	size_t bytes;
	bool padded;
};

static struct integer integer_at(struct bytes raw, size_t at)
{
	struct integer n = { 0 };

	for (size_t i = 0; i < LENGTH_BYTES_MAX && at + i < raw.len; i++) {
		uint8_t byte = raw.data[at + i];

		n.value |= (uint32_t)(byte & LENGTH_BITS) << (LENGTH_SHIFT * i);
		if (!(byte & LENGTH_GOES_ON))
			return (struct integer){ n.value, i + 1, i && !byte };
	}
	return (struct integer){ 0 };
}

bool length_is_128(const struct passing *it)
{
	return it->packet->remaining_length == LEAST_OF_TWO_BYTES;
}

bool length_is_16384(const struct passing *it)
{
	return it->packet->remaining_length == LEAST_OF_THREE_BYTES;
}

bool length_is_2097152(const struct passing *it)
{
	return it->packet->remaining_length == LEAST_OF_FOUR_BYTES;
}

bool length_is_padded(const struct passing *it)
{
	return integer_at(it->raw, 1).padded;
}

bool property_length_is_padded(const struct passing *it)
{
	const struct packet *p = it->packet;
	size_t at = 1 + integer_at(it->raw, 1).bytes;

	if (p->type == PUBLISH)
		at += TEXT_LENGTH + p->topic.len;
	if (p->type != PUBLISH || p->qos)
		at += ID_LEN;
	return it->x->version == MQTT_50 && integer_at(it->raw, at).padded;
}

bool packet_came_in_pieces(const struct passing *it)
{
	return it->lane->pieces;
}

bool announces_giant(const struct passing *it)
{
	return integer_at(it->raw, 1).value > GIANT;
}

/* ---- CONNECT --------------------------------------------------------------------------------- */

bool has_no_password(const struct passing *it)
{
	return !(it->packet->connect_flags & CONNECT_PASSWORD);
}

bool has_empty_user_name(const struct passing *it)
{
	return it->packet->connect_flags & CONNECT_USER_NAME && !it->packet->user_name.len;
}

bool has_empty_will(const struct passing *it)
{
	return it->packet->connect_flags & CONNECT_WILL && !it->packet->will_payload.len;
}

bool has_vast_session_expiry(const struct passing *it)
{
	const struct property *expiry =
		properties_find(&it->packet->properties, PROP_SESSION_EXPIRY);

	return expiry && expiry->number > INT32_MAX;
}

bool has_hundred_user_properties(const struct passing *it)
{
	return properties_count(&it->packet->properties, PROP_USER_PROPERTY) >= HUNDRED;
}

/* ---- the connection -------------------------------------------------------------------------- */

bool has_longest_keep_alive(const struct passing *it)
{
	return it->x->keep_alive == LONGEST_KEEP_ALIVE;
}

bool has_given_id(const struct passing *it)
{
	return it->x->session && it->x->session->client_id.len;
}

/* ---- other packets --------------------------------------------------------------------------- */

bool has_repeated_pair(const struct passing *it)
{
	const struct properties *p = &it->packet->properties;

	for (size_t i = 1; i < p->count; i++)
		for (size_t k = 0; k < i; k++)
			if (p->list[i].id == PROP_USER_PROPERTY &&
				p->list[k].id == PROP_USER_PROPERTY &&
				bytes_equal(p->list[i].name, p->list[k].name) &&
				bytes_equal(p->list[i].value, p->list[k].value))
				return true;
	return false;
}

bool code_is_foreign(const struct passing *it)
{
	return it->packet->has_code && !spec_reason_code(it->packet->code, it->packet->type);
}

static size_t count_of(struct bytes text, uint8_t from, uint8_t to)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] >= from && text.data[i] <= to;
	return count;
}

bool topic_has_wide_character(const struct passing *it)
{
	return count_of(it->topic, FIRST_OF_FOUR, UINT8_MAX);
}

bool topic_has_control_character(const struct passing *it)
{
	return count_of(it->topic, 1, FIRST_PRINTABLE - 1);
}

bool payload_is_not_as_indicated(const struct passing *it)
{
	const struct property *format =
		properties_find(&it->packet->properties, PROP_PAYLOAD_FORMAT);
	struct bytes payload = it->packet->payload;

	return format && format->number && payload.len &&
		utf8_check(payload.data, payload.len) < payload.len;
}

bool has_thousand_levels(const struct passing *it)
{
	return it->packet->filter_count &&
		count_of(it->packet->filters[0].text, '/', '/') >= THOUSAND;
}
