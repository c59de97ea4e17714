#include "mqtt/frame.h"

static bool first_byte_check(unsigned version, uint8_t first, struct mqtt_error *e)
{
	uint8_t type = first >> 4, flags = first & 15;

	if (type == RESERVED_0 || (type == AUTH && version && !version_traits(version).auth))
		return mqtt_refuse(e, MQTT_MALFORMED_PACKET,
			MQTT_BY_VERSION(version, "U311-PKT-TYPE", "U50-PKT-TYPE"),
			"forbidden packet type");
	if (type == PUBLISH)
		return true;
	/* [MQTT-2.2.2-2] of 3.1.1, [MQTT-2.1.3-1] of 5.0 */
	uint8_t want = type == PUBREL || type == SUBSCRIBE || type == UNSUBSCRIBE ? 2 : 0;
	if (flags == want || (want && flags == (want | 8) && version_traits(version).dup_anywhere))
		return true;
	const char *statement = MQTT_BY_VERSION(version, "MQTT-2.2.2-2", "MQTT-2.1.3-1");
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
	return mqtt_refuse(e, MQTT_MALFORMED_PACKET, statement, "reserved flag bits");
}

enum mqtt_read mqtt_frame_read(const uint8_t *data, size_t len, unsigned version,
	struct mqtt_frame *out, struct mqtt_error *e)
{
	if (!len)
		return MQTT_READ_MORE;
	if (!first_byte_check(version, data[0], e))
		return MQTT_READ_BAD;
	uint32_t value = 0;
	for (unsigned i = 1; i <= 4; i++) {
		if (i >= len)
			return MQTT_READ_MORE;
		value |= (uint32_t)(data[i] & 0x7f) << 7 * (i - 1);
		if (data[i] & 0x80)
			continue;
		*out = (struct mqtt_frame){ data[0] >> 4, data[0] & 15, (uint8_t)(i + 1),
			i > 1 && !data[i], value };
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
