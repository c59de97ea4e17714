#include "check/joining.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "harness/wire/wire.h"

enum {
	PLAUSIBLE_SIZE = 1 << 20, /* of a packet whose end is not there */
	ODD_ENOUGH = 2,           /* packets that decide against a version */
};

static bool may_send(enum mqtt_version version, enum side from, unsigned type)
{
	switch (type) {
	case RESERVED_0: return false;
	case CONNECT:
	case SUBSCRIBE:
	case UNSUBSCRIBE:
	case PINGREQ: return from == SIDE_CLIENT;
	case CONNACK:
	case SUBACK:
	case UNSUBACK:
	case PINGRESP: return from == SIDE_SERVER;
	case DISCONNECT: return from == SIDE_CLIENT || version_traits(version).server_disconnect;
	case AUTH: return version_traits(version).auth;
	default: return true;
	}
}

static bool is_header_sound(unsigned type, unsigned flags)
{
	unsigned qos = flags >> 1 & 3;

	if (type == PUBLISH)
		return qos != 3 && (qos || !(flags & 8));
	return flags == wire_packet((enum packet_type)type).flags;
}

static bool is_name_sound(struct bytes name)
{
	return utf8_check(name.data, name.len) == name.len &&
		(!name.len || !memchr(name.data, 0, name.len));
}

static bool is_sound(const struct packet *p)
{
	switch (p->type) {
	case PUBLISH:
		return (!p->qos || p->id) && (p->topic.len || p->properties.count) &&
			is_name_sound(p->topic) &&
			(!p->topic.len ||
				(!memchr(p->topic.data, '#', p->topic.len) &&
					!memchr(p->topic.data, '+', p->topic.len)));
	case SUBSCRIBE:
	case UNSUBSCRIBE:
		for (size_t i = 0; i < p->filter_count; i++)
			if (!p->filters[i].text.len || !is_name_sound(p->filters[i].text))
				return false;
		return p->id && p->filter_count;
	case PUBACK:
	case PUBREC:
	case PUBREL:
	case PUBCOMP:
	case SUBACK:
	case UNSUBACK: return p->id;
	default: return true;
	}
}

static bool are_properties_sound(const struct packet *p)
{
	for (size_t i = 0; i < p->properties.count; i++) {
		const struct spec_property *known = spec_property(p->properties.list[i].id);
		if (!known || !(known->packets & SPEC_PACKET(p->type)))
			return false;
	}
	return true;
}

static enum wire_status read_one(
	struct arena *a, enum mqtt_version version, enum side from, struct bytes data, size_t *size)
{
	struct packet p;

	if (!may_send(version, from, data.data[0] >> 4) ||
		!is_header_sound(data.data[0] >> 4, data.data[0] & 15))
		return WIRE_MALFORMED;
	struct wire_result result = wire_parse(a, version, data.data, data.len, PLAUSIBLE_SIZE, &p);
	*size = result.consumed;
	if (result.status == WIRE_PACKET && !(is_sound(&p) && are_properties_sound(&p)))
		return WIRE_MALFORMED;
	return result.status;
}

bool joining_holds(struct arena *a, enum mqtt_version version, enum side from, struct bytes data)
{
	size_t whole = 0;
	size_t size;

	while (data.len) {
		switch (read_one(a, version, from, data, &size)) {
		case WIRE_PACKET: break;
		case WIRE_NEED_MORE: return whole > 0;
		case WIRE_MALFORMED: return false;
		}
		whole++;
		data.data += size;
		data.len -= size;
	}
	return whole > 0;
}

bool version_guess_see(
	struct version_guess *g, struct arena *a, enum side from, struct bytes packet)
{
	size_t size;
	bool is_311 = read_one(a, MQTT_311, from, packet, &size) == WIRE_PACKET;
	bool is_50 = read_one(a, MQTT_50, from, packet, &size) == WIRE_PACKET;

	if (!is_311 && !is_50)
		return false;
	g->odd_311 += !is_311;
	g->odd_50 += !is_50;
	return true;
}

bool version_guess_is_made(const struct version_guess *g, enum mqtt_version *version)
{
	*version = g->odd_311 ? MQTT_50 : MQTT_311;
	return (g->odd_311 >= ODD_ENOUGH && !g->odd_50) || (g->odd_50 >= ODD_ENOUGH && !g->odd_311);
}
