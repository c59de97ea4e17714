#include "mqtt/frame.h"

enum { FLAGS_2 = 1 << PUBREL | 1 << SUBSCRIBE | 1 << UNSUBSCRIBE };

static bool type_exists(unsigned version, uint8_t type)
{
	return type != RESERVED_0 && !(type == AUTH && version && !version_traits(version).auth);
}

/* [MQTT-2.2.2-2] of 3.1.1, [MQTT-2.1.3-1] of 5.0 */
static bool first_byte_valid(unsigned version, uint8_t first)
{
	uint8_t type = first >> 4, flags = first & 15;

	if (type == PUBLISH)
		return true;
	uint8_t want = (FLAGS_2 >> type & 1) * 2;
	if (flags == want)
		return type_exists(version, type);
	/* MQTT 3.1 has DUP in them, too. */
	return want && flags == (want | 8) && version_traits(version).dup_anywhere;
}

static void first_byte_refuse(unsigned version, uint8_t first, struct mqtt_error *e)
{
	uint8_t type = first >> 4;
	const char *statement = MQTT_BY_VERSION(version, "MQTT-2.2.2-2", "MQTT-2.1.3-1");

	if (!type_exists(version, type)) {
		mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-PKT-TYPE", "U50-PKT-TYPE"),
			"forbidden packet type");
		return;
	}
	if (type == PUBREL)
		statement = MQTT_BY_VERSION(version, "MQTT-3.6.1-1", "MQTT-3.6.1-1");
	else if (type == SUBSCRIBE)
		statement = MQTT_BY_VERSION(version, "MQTT-3.8.1-1", "MQTT-3.8.1-1");
	else if (type == UNSUBSCRIBE)
		statement = MQTT_BY_VERSION(version, "MQTT-3.10.1-1", "MQTT-3.10.1-1");
	else if (type == DISCONNECT)
		statement = MQTT_BY_VERSION(version, "MQTT-3.14.1-1", "MQTT-3.14.1-1");
	else if (type == AUTH)
		statement = "5.0:MQTT-3.15.1-1";
	mqtt_refuse(e, MQTT_MALFORMED_PACKET, statement, "reserved flag bits");
}

/* Remaining Length of two bytes and more. */
static enum mqtt_read length_read(const uint8_t *data, size_t len, unsigned version,
	struct mqtt_frame *out, struct mqtt_error *e)
{
	uint32_t value = data[1] & 0x7f;

	for (unsigned i = 2; i <= 4; i++) {
		if (i >= len)
			return MQTT_READ_MORE;
		value |= (uint32_t)(data[i] & 0x7f) << 7 * (i - 1);
		if (data[i] & 0x80)
			continue;
		out->header_len = (uint8_t)(i + 1);
		out->body_len = value;
		out->overlong = !data[i];
		/* 3.1.1 does not say that the shortest form is the only one. */
		if (!out->overlong || !version_traits(version).shortest_form)
			return MQTT_READ_OK;
		mqtt_refuse(
			e, MQTT_MALFORMED_PACKET, "5.0:MQTT-1.5.5-1", "overlong Remaining Length");
		return MQTT_READ_BAD;
	}
	mqtt_refuse(e, MQTT_MALFORMED_PACKET,
		MQTT_BY_VERSION(version, "U311-REMLEN", "U50-VBI-MAX"),
		"Remaining Length of more than four bytes");
	return MQTT_READ_BAD;
}

enum mqtt_read mqtt_frame_read(const uint8_t *data, size_t len, unsigned version,
	struct mqtt_frame *out, struct mqtt_error *e)
{
	if (!len)
		return MQTT_READ_MORE;
	if (!first_byte_valid(version, data[0])) {
		first_byte_refuse(version, data[0], e);
		return MQTT_READ_BAD;
	}
	if (len == 1)
		return MQTT_READ_MORE;
	out->type = data[0] >> 4;
	out->flags = data[0] & 15;
	if (data[1] & 0x80)
		return length_read(data, len, version, out, e);
	out->header_len = 2;
	out->overlong = false;
	out->body_len = data[1];
	return MQTT_READ_OK;
}

size_t mqtt_variable_size(uint32_t value)
{
	return value < 1u << 7 ? 1 : value < 1u << 14 ? 2 : value < 1u << 21 ? 3 : 4;
}

size_t mqtt_variable_write(uint8_t out[static 4], uint32_t value)
{
	size_t len = 0;

	do {
		uint8_t byte = value & 0x7f;
		value >>= 7;
		out[len++] = value ? byte | 0x80 : byte;
	} while (value && len < 4);
	return len;
}
