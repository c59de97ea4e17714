#include "mqtt/subscribe.h"

#include "base/buf.h"
#include "mqtt/cursor.h"
#include "mqtt/text.h"
#include "mqtt/write.h"

/* Packet Identifier and properties, which the four packets have in common. */
static bool start_read(struct mqtt_cursor *c, unsigned version, enum packet_type type,
	enum mqtt_sender from, uint16_t *id, struct mqtt_properties *properties,
	struct mqtt_error *e)
{
	*properties = (struct mqtt_properties){ 0 };
	if (!cursor_u16(c, id))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-2.3.1-1", "MQTT-2.2.1-3"),
			"no Packet Identifier");
	if (!*id)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "MQTT-2.3.1-1", "MQTT-2.2.1-3"),
			"Packet Identifier 0");
	return !version_traits(version).properties ||
		mqtt_properties_read(c, SPEC_PACKET(type), from, properties, e);
}

static bool options_check(
	unsigned version, const struct mqtt_filter *f, uint8_t options, struct mqtt_error *e)
{
	if (!version_traits(version).subscription_options)
		return options <= 2 ||
			mqtt_refuse(e, MQTT_MALFORMED_PACKET, "3.1.1:MQTT-3.8.3-4",
				"Requested QoS is none of 0, 1, 2");
	if (options & 0xc0)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET, "5.0:MQTT-3.8.3-5",
			"reserved bits of the Subscription Options");
	if (f->qos == 3)
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-SUB-QOS3", "Maximum QoS 3");
	if (f->retain_handling == 3)
		return mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:U50-SUB-RH3", "Retain Handling 3");
	return true;
}

static bool shared_check(const struct mqtt_filter *f, struct mqtt_error *e)
{
	struct mqtt_view name, filter;

	if (!mqtt_filter_is_shared(f->text))
		return true;
	if (!mqtt_filter_split_shared(f->text, &name, &filter))
		return mqtt_refuse(e, MQTT_TOPIC_FILTER_INVALID, "5.0:MQTT-4.8.2-2",
			"$share without a proper name and filter");
	return !f->no_local ||
		mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "5.0:MQTT-3.8.3-4",
			"No Local on a shared subscription");
}

static bool filter_check(
	unsigned version, enum packet_type type, struct mqtt_view filter, struct mqtt_error *e)
{
	if (mqtt_filter_valid(filter))
		return true;
	if (filter.len && mqtt_text_valid(filter))
		return mqtt_refuse(e, MQTT_TOPIC_FILTER_INVALID,
			MQTT_BY_VERSION(version, "MQTT-4.7.1-2", "MQTT-4.7.1-1"),
			"misplaced wildcard");
	if (!filter.len)
		return mqtt_refuse(e, MQTT_TOPIC_FILTER_INVALID,
			MQTT_BY_VERSION(version, "MQTT-4.7.3-1", "MQTT-4.7.3-1"), "empty filter");
	const char *statement = MQTT_BY_VERSION(version, "MQTT-3.10.3-1", "MQTT-3.10.3-1");
	if (type == SUBSCRIBE)
		statement = MQTT_BY_VERSION(version, "MQTT-3.8.3-1", "MQTT-3.8.3-1");
	return mqtt_refuse(e, MQTT_MALFORMED_PACKET, statement, "ill-formed filter");
}

static bool filter_read(struct mqtt_cursor *c, struct mqtt_filter *f, uint8_t *options)
{
	if (!cursor_view(c, &f->text) || !cursor_u8(c, options))
		return false;
	f->qos = *options & 3;
	f->no_local = *options & 4;
	f->retain_as_published = *options & 8;
	f->retain_handling = *options >> 4 & 3;
	return true;
}

static bool cut_off(unsigned version, struct mqtt_error *e)
{
	return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
		MQTT_BY_VERSION(version, "MQTT-4.8.0-1", "MQTT-4.13.1-1"),
		"list of filters is cut off");
}

bool mqtt_subscribe_read(
	unsigned version, struct mqtt_view body, struct mqtt_subscribe *out, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);

	if (!start_read(&c, version, SUBSCRIBE, MQTT_FROM_CLIENT, &out->id, &out->properties, e))
		return false;
	out->filters = (struct mqtt_view){ c.at, cursor_left(&c) };
	for (out->count = 0; c.at < c.end; out->count++) {
		struct mqtt_filter f;
		uint8_t options;
		if (!filter_read(&c, &f, &options))
			return cut_off(version, e);
		if (!filter_check(version, SUBSCRIBE, f.text, e) ||
			!options_check(version, &f, options, e) ||
			(version_traits(version).shared_subscriptions && !shared_check(&f, e)))
			return false;
	}
	return out->count ||
		mqtt_refuse(e, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(version, "MQTT-3.8.3-3", "MQTT-3.8.3-2"),
			"SUBSCRIBE to nothing");
}

bool mqtt_unsubscribe_read(
	unsigned version, struct mqtt_view body, struct mqtt_subscribe *out, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);

	if (!start_read(&c, version, UNSUBSCRIBE, MQTT_FROM_CLIENT, &out->id, &out->properties, e))
		return false;
	out->filters = (struct mqtt_view){ c.at, cursor_left(&c) };
	for (out->count = 0; c.at < c.end; out->count++) {
		struct mqtt_filter f = { 0 };
		if (!cursor_view(&c, &f.text))
			return cut_off(version, e);
		if (!filter_check(version, UNSUBSCRIBE, f.text, e) ||
			(version_traits(version).shared_subscriptions && !shared_check(&f, e)))
			return false;
	}
	return out->count ||
		mqtt_refuse(e, MQTT_PROTOCOL_ERROR,
			MQTT_BY_VERSION(version, "MQTT-3.10.3-2", "MQTT-3.10.3-2"),
			"UNSUBSCRIBE from nothing");
}

bool mqtt_subscribe_next(const struct mqtt_subscribe *s, uint32_t *at, struct mqtt_filter *filter)
{
	struct mqtt_cursor c = { s->filters.data + *at, s->filters.data + s->filters.len };
	uint8_t options;

	if (c.at == c.end || !filter_read(&c, filter, &options))
		return false;
	*at = (uint32_t)(c.at - s->filters.data);
	return true;
}

bool mqtt_unsubscribe_next(const struct mqtt_subscribe *s, uint32_t *at, struct mqtt_view *filter)
{
	struct mqtt_cursor c = { s->filters.data + *at, s->filters.data + s->filters.len };

	if (!cursor_view(&c, filter))
		return false;
	*at = (uint32_t)(c.at - s->filters.data);
	return true;
}

static bool code_check(unsigned version, enum packet_type type, uint8_t code, struct mqtt_error *e)
{
	if (version_traits(version).reason_codes)
		return spec_reason_code(code, type) != NULL ||
			mqtt_refuse(e, MQTT_PROTOCOL_ERROR,
				type == SUBACK ? "5.0:MQTT-3.9.3-2" : "5.0:MQTT-3.11.3-2",
				"unknown Reason Code");
	return code <= 2 || (code == 0x80 && version_traits(version).suback_failure) ||
		mqtt_refuse(e, MQTT_PROTOCOL_ERROR, "3.1.1:MQTT-3.9.3-2", "reserved return code");
}

bool mqtt_suback_read(unsigned version, enum packet_type type, struct mqtt_view body,
	struct mqtt_suback *out, struct mqtt_error *e)
{
	struct mqtt_cursor c = cursor_of(body);
	bool wants_codes = type == SUBACK || version_traits(version).reason_codes;

	if (!start_read(&c, version, type, MQTT_FROM_SERVER, &out->id, &out->properties, e))
		return false;
	out->codes = (struct mqtt_view){ c.at, cursor_left(&c) };
	if (!out->codes.len == wants_codes)
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			version_statement(version,
				type == SUBACK ? "3.1.1:MQTT-3.8.4-5" : "3.1.1:U311-ACK-LEN",
				"5.0:MQTT-3.8.4-6"),
			"number of codes");
	for (uint32_t i = 0; i < out->codes.len; i++)
		if (!code_check(version, type, out->codes.data[i], e))
			return false;
	return true;
}

bool mqtt_subscribe_write(struct buf *out, unsigned version, uint16_t id,
	struct mqtt_view properties, const struct mqtt_filter *filters, size_t count)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_subscribe check;
	struct mqtt_error e;

	buf_add_u16(out, id);
	packet_properties(out, version, properties);
	for (size_t i = 0; i < count; i++) {
		const struct mqtt_filter *f = &filters[i];
		packet_view(out, f->text);
		buf_add_u8(out,
			(uint8_t)(f->qos | (f->no_local ? 4 : 0) |
				(f->retain_as_published ? 8 : 0) | f->retain_handling << 4));
	}
	return packet_keep(out, mark,
		packet_end(out, mark, SUBSCRIBE, 2, &frame, &body) &&
			mqtt_subscribe_read(version, body, &check, &e));
}

bool mqtt_unsubscribe_write(struct buf *out, unsigned version, uint16_t id,
	struct mqtt_view properties, const struct mqtt_view *filters, size_t count)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_subscribe check;
	struct mqtt_error e;

	buf_add_u16(out, id);
	packet_properties(out, version, properties);
	for (size_t i = 0; i < count; i++)
		packet_view(out, filters[i]);
	return packet_keep(out, mark,
		packet_end(out, mark, UNSUBSCRIBE, 2, &frame, &body) &&
			mqtt_unsubscribe_read(version, body, &check, &e));
}

bool mqtt_suback_write(
	struct buf *out, unsigned version, enum packet_type type, const struct mqtt_suback *suback)
{
	size_t mark = packet_begin(out);
	struct mqtt_frame frame;
	struct mqtt_view body;
	struct mqtt_suback check;
	struct mqtt_error e;

	buf_add_u16(out, suback->id);
	packet_properties(out, version, suback->properties.raw);
	buf_add(out, suback->codes.data, suback->codes.len);
	return packet_keep(out, mark,
		packet_end(out, mark, type, 0, &frame, &body) &&
			mqtt_suback_read(version, type, body, &check, &e));
}
