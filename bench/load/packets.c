#include "bench/load/packets.h"

#include <string.h>

#include "base/buf.h"

/* Of 5.0, 2.2.2.2. */
enum {
	SESSION_EXPIRY_INTERVAL = 0x11,
	SERVER_KEEP_ALIVE = 0x13,
	RECEIVE_MAXIMUM = 0x21,
	TOPIC_ALIAS_MAXIMUM = 0x22,
	MAXIMUM_QOS = 0x24,
	RETAIN_AVAILABLE = 0x25,
	USER_PROPERTY = 0x26,
	MAXIMUM_PACKET_SIZE = 0x27,
	WILDCARD_AVAILABLE = 0x28,
	SUBSCRIPTION_IDENTIFIER_AVAILABLE = 0x29,
	SHARED_AVAILABLE = 0x2a,
};

enum { EXPIRY_SIZE = 5, KEPT_S = 3600 };

const struct packets_limits packets_unlimited = {
	.receive_maximum = UINT16_MAX,
	.packet_size = UINT32_MAX,
	.maximum_qos = 2,
	.retain = true,
	.wildcards = true,
};

static void put_text(struct buf *out, const char *text)
{
	buf_add_u16(out, (uint16_t)strlen(text));
	buf_add(out, text, strlen(text));
}

static void put_header(struct buf *out, uint8_t first, size_t rest)
{
	buf_add_u8(out, first);
	do {
		uint8_t byte = rest & 0x7f;
		rest >>= 7;
		if (rest)
			byte |= 0x80;
		buf_add_u8(out, byte);
	} while (rest);
}

void put_connect(struct buf *out, enum mqtt_version version, const char *client_id, bool kept,
	const struct packets_login *login)
{
	const char *user = login->user_name, *password = user ? login->password : NULL;
	uint8_t flags = (kept ? 0 : 0x02) | (user ? 0x80 : 0) | (password ? 0x40 : 0);
	size_t properties = version == MQTT_50 ? 1 + (kept ? EXPIRY_SIZE : 0) : 0;

	put_header(out, 0x10,
		10 + properties + 2 + strlen(client_id) + (user ? 2 + strlen(user) : 0) +
			(password ? 2 + strlen(password) : 0));
	buf_add(out, "\0\4MQTT", 6);
	buf_add_u8(out, (uint8_t)version);
	buf_add_u8(out, flags);
	buf_add_u16(out, 0);
	if (properties)
		buf_add_u8(out, (uint8_t)(properties - 1));
	if (properties > 1) {
		buf_add_u8(out, SESSION_EXPIRY_INTERVAL);
		buf_add_u32(out, KEPT_S);
	}
	put_text(out, client_id);
	if (user)
		put_text(out, user);
	if (password)
		put_text(out, password);
}

/* Where 5.0 has properties, and we have none. */
static void put_none(struct buf *out, enum mqtt_version version)
{
	if (version == MQTT_50)
		buf_add_u8(out, 0);
}

void put_subscribe(
	struct buf *out, enum mqtt_version version, uint16_t id, const char *filter, unsigned qos)
{
	put_header(out, 0x82, 2 + (version == MQTT_50) + 2 + strlen(filter) + 1);
	buf_add_u16(out, id);
	put_none(out, version);
	put_text(out, filter);
	buf_add_u8(out, (uint8_t)qos);
}

void put_publish(struct buf *out, enum mqtt_version version, const char *topic, unsigned qos,
	bool retain, uint16_t id, size_t payload_len)
{
	put_header(out, (uint8_t)(0x30 | qos << 1 | retain),
		2 + strlen(topic) + (qos ? 2 : 0) + (version == MQTT_50) + payload_len);
	put_text(out, topic);
	if (qos)
		buf_add_u16(out, id);
	put_none(out, version);
}

void put_ack(struct buf *out, uint8_t first, const uint8_t id[static 2])
{
	buf_add(out, (uint8_t[]){ first, 2, id[0], id[1] }, 4);
}

void put_pingreq(struct buf *out)
{
	put_header(out, 0xc0, 0);
}

void put_disconnect(struct buf *out)
{
	put_header(out, 0xe0, 0);
}

/* ---- what comes in 5.0 ---------------------------------------------------------------------- */

/* A Variable Byte Integer; returns its size, 0: there is none. */
static size_t take_integer(const uint8_t *data, size_t len, uint32_t *out)
{
	*out = 0;
	for (size_t at = 0; at < len && at < 4; at++) {
		*out |= (uint32_t)(data[at] & 0x7f) << 7 * at;
		if (!(data[at] & 0x80))
			return at + 1;
	}
	return 0;
}

size_t properties_size(const uint8_t *data, size_t len)
{
	uint32_t rest;
	size_t head = take_integer(data, len, &rest);

	return head && rest <= len - head ? head + rest : SIZE_MAX;
}

/* The size of the value of a property that a CONNACK may have; SIZE_MAX: it is none, or cut short. */
static size_t value_size(uint8_t id, const uint8_t *data, size_t len)
{
	size_t first;

	switch (id) {
	case MAXIMUM_QOS:
	case RETAIN_AVAILABLE:
	case WILDCARD_AVAILABLE:
	case SUBSCRIPTION_IDENTIFIER_AVAILABLE:
	case SHARED_AVAILABLE: return 1;
	case SERVER_KEEP_ALIVE:
	case RECEIVE_MAXIMUM:
	case TOPIC_ALIAS_MAXIMUM: return 2;
	case SESSION_EXPIRY_INTERVAL:
	case MAXIMUM_PACKET_SIZE: return 4;
	default: break;
	}
	if (len < 2)
		return SIZE_MAX;
	first = 2 + (size_t)(data[0] << 8 | data[1]);
	if (id != USER_PROPERTY)
		return first;
	return first + 2 > len ? SIZE_MAX
			       : first + 2 + (size_t)(data[first] << 8 | data[first + 1]);
}

static uint32_t number_of(const uint8_t *data, size_t size)
{
	uint32_t number = 0;

	for (size_t i = 0; i < size && i < 4; i++)
		number = number << 8 | data[i];
	return number;
}

bool take_limits(const uint8_t *data, size_t len, struct packets_limits *out)
{
	uint32_t rest;
	size_t at = take_integer(data, len, &rest), size;

	*out = packets_unlimited;
	if (!at || rest > len - at)
		return false;
	for (len = at + rest; at < len; at += size) {
		uint8_t id = data[at++];
		size = value_size(id, data + at, len - at);
		if (size > len - at)
			return false;
		uint32_t number = number_of(data + at, size);
		switch (id) {
		case RECEIVE_MAXIMUM: out->receive_maximum = number; break;
		case MAXIMUM_PACKET_SIZE: out->packet_size = number; break;
		case MAXIMUM_QOS: out->maximum_qos = (uint8_t)number; break;
		case RETAIN_AVAILABLE: out->retain = number; break;
		case WILDCARD_AVAILABLE: out->wildcards = number; break;
		case SERVER_KEEP_ALIVE: out->keep_alive_s = (uint16_t)number; break;
		default: break;
		}
	}
	return out->receive_maximum && out->packet_size;
}
