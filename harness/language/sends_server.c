/* The packets that only a server sends. */
#include <string.h>

#include "harness/test.h"

enum {
	GRANTED = 3, /* the bits of the options byte that ask for a QoS */
	ASSIGNED_CLIENT_ID = 0x12,
};

static struct properties own(const struct peer *server, const struct properties *props)
{
	struct properties list = { 0 };

	if (!version_traits(server->test->play->version).properties)
		return list;
	if (props)
		list = *props;
	list.present = true;
	return list;
}

/* Whether the client has left it to the server to name it. */
static bool is_unnamed(const struct peer *server)
{
	for (size_t i = 0; i < server->arrival_count; i++)
		if (server->arrivals[i].packet.type == CONNECT)
			return !server->arrivals[i].packet.client_id.len;
	return false;
}

/* A client without a ClientId gets one with its acceptance. [MQTT-3.2.2-16] */
static void add_assigned_id(struct peer *server, struct packet *connack)
{
	struct properties *props = &connack->properties;

	if (!version_traits(server->test->play->version).assigned_id || connack->code ||
		!is_unnamed(server) || properties_find(props, ASSIGNED_CLIENT_ID))
		return;
	struct property *list =
		arena_alloc(server->test->arena, (props->count + 1) * sizeof(*list));
	if (props->count)
		memcpy(list, props->list, props->count * sizeof(*list));
	list[props->count++] = (struct property)P_ASSIGNED_CLIENT_ID(ASSIGNED_ID);
	props->list = list;
}

void send_connack_at(struct place at, struct peer *server, struct connack c)
{
	struct packet packet = wire_packet(CONNACK);

	packet.ack_flags = c.present;
	packet.code = (uint8_t)c.code;
	packet.has_code = true;
	packet.properties = own(server, c.props);
	add_assigned_id(server, &packet);
	server->accepted = !c.code;
	server->connack = packet;
	send_packet_at(at, server, packet, NULL);
}

static void send_codes(
	struct place at, struct peer *server, enum packet_type type, const struct suback *s)
{
	struct packet packet = wire_packet(type);

	packet.id = (uint16_t)s->id;
	packet.codes = s->codes;
	packet.properties = own(server, s->props);
	send_packet_at(at, server, packet, NULL);
}

void send_suback_at(struct place at, struct peer *server, struct suback s)
{
	send_codes(at, server, SUBACK, &s);
}

void send_grants_at(struct place at, struct peer *server, const struct packet *subscribe)
{
	uint8_t *codes = arena_alloc(server->test->arena, subscribe->filter_count + 1);

	for (size_t i = 0; i < subscribe->filter_count; i++)
		codes[i] = subscribe->filters[i].options & GRANTED;
	send_suback_at(at, server,
		(struct suback){
			.id = subscribe->id, .codes = { codes, subscribe->filter_count } });
}

void send_unsuback_at(struct place at, struct peer *server, struct suback s)
{
	if (!version_traits(server->test->play->version).reason_codes)
		s.codes = (struct bytes){ 0 };
	send_codes(at, server, UNSUBACK, &s);
}

void send_pingresp_at(struct place at, struct peer *server)
{
	send_packet_at(at, server, wire_packet(PINGRESP), NULL);
}
