#include "harness/peers/echo.h"

#include <unistd.h>

#include "base/arena.h"
#include "harness/peers/errand.h"

enum { SUBSCRIBE_ID = 1, FIRST_PUBLISH_ID = 10 /* plus the QoS */ };

static bool is_refusal(uint8_t code)
{
	return code >= 0x80;
}

/* ---- what is sent -------------------------------------------------------------------------- */

static void subscribe(struct errand *e, const char *topic)
{
	struct filter filter = { .text = bytes_of(topic), .options = 2 };
	struct packet packet = wire_packet(SUBSCRIBE);

	packet.id = SUBSCRIBE_ID;
	packet.filters = &filter;
	packet.filter_count = 1;
	packet.properties.present = version_traits(e->version).properties;
	errand_send(e, &packet);
}

/* The payload is the QoS, by which the message is known again. */
static void publish(struct errand *e, const char *topic, unsigned qos)
{
	static const char *const payloads[] = { "0", "1", "2" };
	struct packet packet = wire_packet(PUBLISH);

	packet.flags = wire_publish_flags(false, qos, false);
	packet.id = (uint16_t)(FIRST_PUBLISH_ID + qos);
	packet.topic = bytes_of(topic);
	packet.payload = bytes_of(payloads[qos]);
	packet.properties.present = version_traits(e->version).properties;
	errand_send(e, &packet);
}

static void answer(struct errand *e, enum packet_type type, uint16_t id)
{
	struct packet packet = wire_packet(type);

	packet.id = id;
	errand_send(e, &packet);
}

/* ---- what comes ---------------------------------------------------------------------------- */

static void take_message(struct errand *e, const struct packet *packet, struct echo *out)
{
	unsigned qos = packet->payload.len == 1 ? packet->payload.data[0] - '0' : 3;

	if (qos < 3)
		out->qos[qos].arrived = true;
	if (packet->qos)
		answer(e, packet->qos == 1 ? PUBACK : PUBREC, packet->id);
}

static void take_acknowledgement(struct errand *e, const struct packet *packet, struct echo *out)
{
	unsigned qos = packet->type == PUBACK ? 1 : 2;

	if (is_refusal(packet->code))
		out->qos[qos].refused = wire_describe(e->arena, e->version, packet);
	else if (packet->type == PUBREC)
		answer(e, PUBREL, packet->id);
}

static void take(struct errand *e, const struct packet *packet, struct echo *out)
{
	switch (packet->type) {
	case SUBACK:
		out->subscribed = wire_describe(e->arena, e->version, packet);
		out->granted = packet->codes.len == 1 && !is_refusal(packet->codes.data[0]);
		break;
	case PUBLISH: take_message(e, packet, out); break;
	case PUBACK:
	case PUBREC: take_acknowledgement(e, packet, out); break;
	case PUBREL: answer(e, PUBCOMP, packet->id); break;
	default: break;
	}
}

/* ---- the order of it ----------------------------------------------------------------------- */

static bool is_heard(const struct echo *echo)
{
	for (int qos = 0; qos < 3; qos++)
		if (echo->qos[qos].sent && !echo->qos[qos].arrived && !echo->qos[qos].refused)
			return false;
	return true;
}

/* Until `done`, or nothing more comes. */
static void hear(struct errand *e, struct echo *out, bool (*done)(const struct echo *))
{
	struct packet packet;

	while (!done(out)) {
		enum wire_status status = errand_receive(e, &packet, &out->closed);
		if (status != WIRE_PACKET)
			return;
		take(e, &packet, out);
	}
}

static bool is_answered(const struct echo *echo)
{
	return echo->subscribed;
}

static bool connect_as(struct errand *e, const char *client_id, uint16_t keep_alive)
{
	struct packet connect = errand_connect(e, client_id), packet;
	bool ended;

	connect.keep_alive = keep_alive;
	return errand_send(e, &connect) && errand_receive(e, &packet, &ended) == WIRE_PACKET &&
		packet.type == CONNACK && !packet.code;
}

static void converse(
	struct errand *e, const struct capabilities *offered, const char *topic, struct echo *out)
{
	const char *id = arena_printf(e->arena, "mqttspececho%d", (int)getpid());

	out->connected = connect_as(e, id, KEEP_ALIVE_INSTEAD_S);
	if (!out->connected)
		return;
	subscribe(e, topic);
	hear(e, out, is_answered);
	if (!out->granted)
		return;
	for (unsigned qos = 0; qos <= offered->maximum_qos && qos < 3; qos++) {
		publish(e, topic, qos);
		out->qos[qos].sent = true;
	}
	hear(e, out, is_heard);
	struct packet bye = wire_packet(DISCONNECT);
	errand_send(e, &bye);
}

void echo_ask(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	const struct capabilities *offered, const char *topic, int64_t limit_us, struct echo *out)
{
	struct errand e;
	const char *error;

	*out = (struct echo){ 0 };
	if (errand_start(&e, a, target, version, limit_us, &error))
		converse(&e, offered, topic, out);
	errand_end(&e);
}

/* ---- in words ------------------------------------------------------------------------------ */

const char *echo_trouble(struct arena *a, const struct echo *echo, const char *topic)
{
	const char *refused = NULL;

	if (!echo->connected)
		return NULL; /* another CONNECT was accepted before: cases will tell */
	if (!echo->subscribed)
		return arena_printf(a, "nothing answers a SUBSCRIBE to %s%s", topic,
			echo->closed ? ": the server closes the connection" : "");
	if (!echo->granted)
		return arena_printf(
			a, "subscribing to %s is not allowed (%s)", topic, echo->subscribed);
	for (int qos = 0; qos < 3; qos++) {
		if (echo->qos[qos].arrived)
			return NULL;
		refused = echo->qos[qos].refused ? echo->qos[qos].refused : refused;
	}
	if (refused)
		return arena_printf(a, "publishing to %s is not allowed (%s)", topic, refused);
	return arena_printf(a, "what is published to %s does not reach a subscriber%s", topic,
		echo->closed ? ": the server closes the connection" : "");
}
