#include "mqtt/properties.h"

#include "base/buf.h"
#include "mqtt/cursor.h"
#include "mqtt/frame.h"
#include "mqtt/text.h"
#include "spec/spec.h"

/* The catalogue's entry; its table is in the order of the ids. */
static const struct spec_property *property_find(uint32_t id)
{
	size_t low = 0, high = spec_property_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (spec_properties[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < spec_property_count && spec_properties[low].id == id ? &spec_properties[low]
									  : NULL;
}

/* Reads the value of a property of this type. False when it is cut off. */
static bool value_read(struct mqtt_cursor *c, uint8_t type, struct mqtt_property *p)
{
	uint8_t byte = 0;
	uint16_t two = 0;
	bool ok = false;

	switch ((enum property_type)type) {
	case PROPERTY_BYTE:
		ok = cursor_u8(c, &byte);
		p->number = byte;
		break;
	case PROPERTY_TWO_BYTES:
		ok = cursor_u16(c, &two);
		p->number = two;
		break;
	case PROPERTY_FOUR_BYTES: ok = cursor_u32(c, &p->number); break;
	case PROPERTY_VARIABLE: ok = cursor_variable(c, &p->number); break;
	case PROPERTY_BINARY:
	case PROPERTY_STRING: ok = cursor_view(c, &p->value); break;
	case PROPERTY_STRING_PAIR:
		ok = cursor_view(c, &p->name) && cursor_view(c, &p->value);
		break;
	}
	return ok;
}

static bool text_check(
	const struct spec_property *spec, const struct mqtt_property *p, struct mqtt_error *e)
{
	if (spec->type == PROPERTY_STRING && !mqtt_text_valid(p->value))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:MQTT-1.5.4-1",
			"property with an ill-formed string");
	if (spec->type == PROPERTY_STRING_PAIR &&
		!(mqtt_text_valid(p->name) && mqtt_text_valid(p->value)))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:MQTT-1.5.7-1",
			"User Property with an ill-formed string");
	return true;
}

static bool zero_or_one(const struct mqtt_property *p, const char *statement, struct mqtt_error *e)
{
	return p->number <= 1 ||
		mqtt_refuse(e, MQTT_PROTOCOL_ERROR, statement, "property neither 0 nor 1");
}

/* Values that the standard forbids although their type could hold them. */
static bool range_check(const struct mqtt_property *p, struct mqtt_error *e)
{
	switch (p->id) {
	case MQTT_PAYLOAD_FORMAT_INDICATOR: return zero_or_one(p, "5.0:U50-PFI-UTF8", e);
	case MQTT_REQUEST_PROBLEM_INFORMATION: return zero_or_one(p, "5.0:U50-REQPROB-RANGE", e);
	case MQTT_REQUEST_RESPONSE_INFORMATION: return zero_or_one(p, "5.0:U50-REQRESP-RANGE", e);
	case MQTT_MAXIMUM_QOS: return zero_or_one(p, "5.0:U50-MAXQOS-RANGE", e);
	case MQTT_RETAIN_AVAILABLE: return zero_or_one(p, "5.0:U50-RETAINAVAIL-RANGE", e);
	case MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE:
		return zero_or_one(p, "5.0:U50-WILDCARDAVAIL", e);
	case MQTT_SUBSCRIPTION_IDENTIFIER_AVAILABLE: return zero_or_one(p, "5.0:U50-SUBIDAVAIL", e);
	case MQTT_SHARED_SUBSCRIPTION_AVAILABLE: return zero_or_one(p, "5.0:U50-SHAREDAVAIL", e);
	case MQTT_RECEIVE_MAXIMUM:
		return p->number ||
			mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-RECVMAX-ZERO",
				"Receive Maximum 0");
	case MQTT_MAXIMUM_PACKET_SIZE:
		return p->number ||
			mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-MAXPKT-ZERO",
				"Maximum Packet Size 0");
	case MQTT_SUBSCRIPTION_IDENTIFIER:
		return p->number ||
			mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-SUBID-ZERO",
				"Subscription Identifier 0");
	case MQTT_TOPIC_ALIAS:
		return p->number ||
			mqtt_refuse(
				e, MQTT_TOPIC_ALIAS_INVALID, "5.0:MQTT-3.3.2-8", "Topic Alias 0");
	case MQTT_RESPONSE_TOPIC:
		return mqtt_topic_valid(p->value) ||
			mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.3.2-14",
				"Response Topic is no Topic Name");
	default: return true;
	}
}

/* Properties that only one side may send in this packet. */
static bool direction_check(
	uint8_t id, uint32_t packet, enum mqtt_sender from, struct mqtt_error *e)
{
	if (packet == SPEC_PACKET(PUBLISH) && id == MQTT_SUBSCRIPTION_IDENTIFIER &&
		from == MQTT_FROM_CLIENT)
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.3.4-6",
			"Subscription Identifier from a client");
	if (packet != SPEC_PACKET(DISCONNECT))
		return true;
	if (id == MQTT_SESSION_EXPIRY_INTERVAL && from == MQTT_FROM_SERVER)
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.14.2-2",
			"Session Expiry Interval from a server");
	if (id == MQTT_SERVER_REFERENCE && from == MQTT_FROM_CLIENT)
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-SERVERREF",
			"Server Reference from a client");
	return true;
}

static bool property_read(struct mqtt_cursor *c, uint32_t packet, enum mqtt_sender from,
	uint64_t *seen, struct mqtt_error *e)
{
	struct mqtt_property p = { 0 };
	uint32_t id;

	if (!cursor_variable(c, &id))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:MQTT-1.5.5-1",
			"property identifier not well formed");
	const struct spec_property *spec = property_find(id);
	if (!spec || !(spec->packets & packet))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:U50-PROP-WRONG-PACKET",
			"property that this packet must not carry");
	p.id = (uint8_t)id;
	if (!value_read(c, spec->type, &p))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:U50-PROP-LENGTH",
			"property runs past its end");
	if (*seen >> id & 1 && !(spec->repeats & packet))
		return mqtt_refuse(
			e, MQTT_PROTOCOL_ERROR, "5.0:U50-PROP-ONCE", "property stands twice");
	*seen |= UINT64_C(1) << id;
	return direction_check(p.id, packet, from, e) && text_check(spec, &p, e) &&
		range_check(&p, e);
}

bool mqtt_properties_read(struct mqtt_cursor *c, uint32_t packet, enum mqtt_sender from,
	struct mqtt_properties *out, struct mqtt_error *e)
{
	uint32_t len;

	out->seen = 0;
	if (!cursor_variable(c, &len))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:MQTT-2.2.2-1",
			"Property Length missing or not well formed");
	if (!cursor_take(c, len, &out->raw))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:U50-PROP-LENGTH",
			"properties run past the end of the packet");
	struct mqtt_cursor inner = cursor_of(out->raw);
	while (inner.at < inner.end)
		if (!property_read(&inner, packet, from, &out->seen, e))
			return false;
	if (mqtt_properties_has(out, MQTT_AUTHENTICATION_DATA) &&
		!mqtt_properties_has(out, MQTT_AUTHENTICATION_METHOD))
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-AUTHDATA-ALONE",
			"Authentication Data without Authentication Method");
	return true;
}

bool mqtt_properties_next(
	const struct mqtt_properties *p, uint32_t *at, struct mqtt_property *property)
{
	if (*at >= p->raw.len)
		return false;
	struct mqtt_cursor c = { p->raw.data + *at, p->raw.data + p->raw.len };
	const uint8_t *start = c.at;
	uint32_t id = 0;
	if (!cursor_variable(&c, &id))
		return false;
	const struct spec_property *spec = property_find(id);
	*property = (struct mqtt_property){ .id = (uint8_t)id };
	if (!spec || !value_read(&c, spec->type, property))
		return false;
	property->raw = (struct mqtt_view){ start, (uint32_t)(c.at - start) };
	*at += property->raw.len;
	return true;
}

static bool property_first(
	const struct mqtt_properties *p, enum mqtt_property_id id, struct mqtt_property *found)
{
	uint32_t at = 0;

	if (!mqtt_properties_has(p, id))
		return false;
	while (mqtt_properties_next(p, &at, found))
		if (found->id == id)
			return true;
	return false;
}

uint32_t mqtt_properties_number(
	const struct mqtt_properties *p, enum mqtt_property_id id, uint32_t fallback)
{
	struct mqtt_property found;

	return property_first(p, id, &found) ? found.number : fallback;
}

struct mqtt_view mqtt_properties_view(const struct mqtt_properties *p, enum mqtt_property_id id)
{
	struct mqtt_property found;

	return property_first(p, id, &found) ? found.value : (struct mqtt_view){ 0 };
}

static bool view_add(struct buf *out, struct mqtt_view v)
{
	if (v.len > UINT16_MAX) {
		out->failed = true;
		return false;
	}
	return buf_add_u16(out, (uint16_t)v.len) && buf_add(out, v.data, v.len);
}

bool mqtt_property_add_number(struct buf *out, enum mqtt_property_id id, uint32_t number)
{
	const struct spec_property *spec = property_find(id);
	uint8_t variable[4];

	buf_add_u8(out, (uint8_t)id);
	switch ((enum property_type)spec->type) {
	case PROPERTY_BYTE: return buf_add_u8(out, (uint8_t)number);
	case PROPERTY_TWO_BYTES: return buf_add_u16(out, (uint16_t)number);
	case PROPERTY_FOUR_BYTES: return buf_add_u32(out, number);
	case PROPERTY_VARIABLE:
		return buf_add(out, variable, mqtt_variable_write(variable, number));
	default: out->failed = true; return false;
	}
}

bool mqtt_property_add_view(struct buf *out, enum mqtt_property_id id, struct mqtt_view value)
{
	return buf_add_u8(out, (uint8_t)id) && view_add(out, value);
}

bool mqtt_property_add_pair(struct buf *out, struct mqtt_view name, struct mqtt_view value)
{
	return buf_add_u8(out, MQTT_USER_PROPERTY) && view_add(out, name) && view_add(out, value);
}
