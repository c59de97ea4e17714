#include "harness/peers/echo.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "harness/peers/errand.h"
#include "harness/peers/guest.h"

enum {
	SUBSCRIBE_ID = 1,
	FIRST_PUBLISH_ID = 10, /* plus the QoS */
	STORE_TRIES = 6,       /* with pauses that double: a second in all */
	FIRST_PAUSE_US = 20000,
	NO_QOS = 3,
};

static const char kept_payload[] = "kept";

/* What is asked over one connection after the other: a server that refuses by closing one is asked the
 * rest on the next.
 */
struct talk {
	struct arena *arena;
	const struct endpoint *target;
	enum mqtt_version version;
	int64_t limit_us; /* of each connection */
	struct errand errand;
	bool open,
		silent; /* silent: something was not answered in time, so nothing more is asked */
	struct echo *echo;
	/* What came in answer to what was asked last. */
	const char *suback, *puback, *last_word;
	bool granted, refused, kept;
};

static bool is_refusal(uint8_t code)
{
	return code >= 0x80;
}

/* ---- what is sent -------------------------------------------------------------------------- */

static void subscribe(struct talk *t, const char *topic)
{
	struct filter filter = { .text = bytes_of(topic), .options = 2 };
	struct packet packet = wire_packet(SUBSCRIBE);

	packet.id = SUBSCRIBE_ID;
	packet.filters = &filter;
	packet.filter_count = 1;
	packet.properties.present = version_traits(t->version).properties;
	t->suback = NULL;
	errand_send(&t->errand, &packet);
}

static void publish(
	struct talk *t, const char *topic, unsigned qos, bool retain, const char *payload)
{
	struct packet packet = wire_packet(PUBLISH);

	packet.flags = wire_publish_flags(false, qos, retain);
	packet.id = (uint16_t)(FIRST_PUBLISH_ID + qos);
	packet.topic = bytes_of(topic);
	packet.payload = bytes_of(payload);
	packet.properties.present = version_traits(t->version).properties;
	t->puback = NULL;
	t->refused = false;
	errand_send(&t->errand, &packet);
}

static void answer(struct talk *t, enum packet_type type, uint16_t id)
{
	struct packet packet = wire_packet(type);

	packet.id = id;
	errand_send(&t->errand, &packet);
}

/* ---- what comes ---------------------------------------------------------------------------- */

/* The payload is the QoS, by which the message is known again. */
static void take_message(struct talk *t, const struct packet *packet)
{
	unsigned qos = packet->payload.len == 1 ? packet->payload.data[0] - '0' : NO_QOS;

	if (qos < NO_QOS)
		t->echo->qos[qos].works = true;
	t->kept |= bytes_equal(packet->payload, bytes_of(kept_payload));
	if (packet->qos)
		answer(t, packet->qos == 1 ? PUBACK : PUBREC, packet->id);
}

static void take_acknowledgement(struct talk *t, const struct packet *packet)
{
	unsigned qos = packet->type == PUBACK ? 1 : 2;

	t->puback = wire_describe(t->arena, t->version, packet);
	t->refused = is_refusal(packet->code);
	if (t->refused)
		t->echo->qos[qos].refused = t->puback;
	else if (packet->type == PUBREC)
		answer(t, PUBREL, packet->id);
}

static void take(struct talk *t, const struct packet *packet)
{
	switch (packet->type) {
	case SUBACK:
		t->suback = wire_describe(t->arena, t->version, packet);
		t->granted = packet->codes.len == 1 && !is_refusal(packet->codes.data[0]);
		break;
	case PUBLISH: take_message(t, packet); break;
	case PUBACK:
	case PUBREC: take_acknowledgement(t, packet); break;
	case PUBREL: answer(t, PUBCOMP, packet->id); break;
	case DISCONNECT: t->last_word = wire_describe(t->arena, t->version, packet); break;
	default: break;
	}
}

/* Until `done`, or nothing more comes. */
static void hear(struct talk *t, bool (*done)(const struct talk *))
{
	struct packet packet;
	bool ended = false;

	while (t->open && !done(t)) {
		if (errand_receive(&t->errand, &packet, &ended) == WIRE_PACKET) {
			take(t, &packet);
			continue;
		}
		if (ended) {
			errand_end(&t->errand);
			t->open = false;
		}
		t->silent = !ended;
		return;
	}
}

static bool is_answered(const struct talk *t)
{
	return t->suback;
}

static bool is_acknowledged(const struct talk *t)
{
	return t->puback;
}

static bool is_kept(const struct talk *t)
{
	return t->kept;
}

static bool is_heard(const struct talk *t)
{
	for (int qos = 0; qos < NO_QOS; qos++)
		if (t->echo->qos[qos].asked && !t->echo->qos[qos].works &&
			!t->echo->qos[qos].refused)
			return false;
	return true;
}

/* ---- connections --------------------------------------------------------------------------- */

static bool connect_as(struct errand *e, const char *client_id, struct packet *connack)
{
	struct packet connect = errand_connect(e, client_id);
	bool ended;

	connect.keep_alive = KEEP_ALIVE_INSTEAD_S;
	if (!*client_id)
		connect.client_id = (struct bytes){ 0 };
	return errand_send(e, &connect) && errand_receive(e, connack, &ended) == WIRE_PACKET &&
		connack->type == CONNACK;
}

/* The one there is, or a new one. */
static bool be_connected(struct talk *t)
{
	const char *id = arena_printf(t->arena, "mqttspececho%d", (int)getpid());
	struct packet connack;
	const char *error;

	t->last_word = NULL;
	if (t->silent)
		return false;
	if (t->open) {
		t->errand.deadline_us = clock_now_us() + t->limit_us;
		return true;
	}
	t->open = errand_start(&t->errand, t->arena, t->target, t->version, t->limit_us, &error) &&
		connect_as(&t->errand, id, &connack) && !connack.code;
	if (!t->open)
		errand_end(&t->errand);
	return t->open;
}

static void leave(struct talk *t)
{
	struct packet bye = wire_packet(DISCONNECT);

	if (!t->open)
		return;
	errand_send(&t->errand, &bye);
	errand_end(&t->errand);
	t->open = false;
}

/* Where it ended the connection instead of an answer. */
static void note_end(const struct talk *t, struct echo_offer *out)
{
	if (t->open)
		return;
	out->refused = t->last_word;
	out->closed = !t->last_word;
}

/* ---- questions ----------------------------------------------------------------------------- */

static const char *const payloads[] = { "0", "1", "2" };

static void ask_for_messages(struct talk *t, unsigned maximum_qos, const char *topic)
{
	struct echo *out = t->echo;

	out->connected = be_connected(t);
	if (!out->connected)
		return;
	subscribe(t, topic);
	hear(t, is_answered);
	out->subscribed = t->suback;
	out->granted = t->suback && t->granted;
	if (!out->granted) {
		out->closed = !t->open;
		return;
	}
	for (unsigned qos = 0; qos <= maximum_qos; qos++) {
		publish(t, topic, qos, false, payloads[qos]);
		out->qos[qos].asked = true;
	}
	hear(t, is_heard);
	out->closed = !t->open;
}

/* It ended the connection, and it is not clear at which of them: each by itself. */
static void ask_for_each(struct talk *t, unsigned maximum_qos, const char *topic)
{
	for (unsigned qos = 0; qos < NO_QOS; qos++)
		t->echo->qos[qos] = (struct echo_offer){ 0 };
	for (unsigned qos = 0; qos <= maximum_qos && be_connected(t); qos++) {
		struct echo_offer *out = &t->echo->qos[qos];
		subscribe(t, topic);
		hear(t, is_answered);
		out->asked = true;
		publish(t, topic, qos, false, payloads[qos]);
		hear(t, is_heard);
		if (!out->works && !out->refused)
			note_end(t, out);
	}
}

/* Publishes it, and looks into the store, where it may come to be a moment after it was acknowledged;
 * then it is deleted.
 */
static void ask_for_retained(struct talk *t, unsigned qos, const char *topic)
{
	struct echo_offer *out = &t->echo->retained;
	int64_t pause_us = FIRST_PAUSE_US;

	*out = (struct echo_offer){ .asked = be_connected(t) };
	if (!out->asked)
		return;
	publish(t, topic, qos, true, kept_payload);
	if (qos)
		hear(t, is_acknowledged);
	out->refused = t->refused ? t->puback : NULL;
	for (int i = 0; i < STORE_TRIES && t->open && !t->silent && !t->refused && !t->kept; i++) {
		subscribe(t, topic);
		hear(t, is_answered);
		t->errand.deadline_us = clock_now_us() + pause_us;
		hear(t, is_kept);
		t->silent = false; /* that nothing is there is an answer */
		t->errand.deadline_us = clock_now_us() + t->limit_us;
		pause_us *= 2;
	}
	out->works = t->kept;
	note_end(t, out);
	if (t->open)
		publish(t, topic, 0, true, "");
}

static void ask_for_filter(struct talk *t, const char *filter, struct echo_offer *out)
{
	*out = (struct echo_offer){ .asked = be_connected(t) };
	if (!out->asked)
		return;
	subscribe(t, filter);
	hear(t, is_answered);
	out->works = t->suback && t->granted;
	if (t->suback && !t->granted)
		out->refused = t->suback;
	note_end(t, out);
}

static void ask_what_is_offered(
	struct talk *t, const struct capabilities *offered, const char *topic)
{
	struct echo *out = t->echo;
	unsigned qos = out->qos[1].works;
	const char *kept = arena_printf(t->arena, "%s/kept", topic);
	const char *wild = arena_printf(t->arena, "%s/+", topic);
	const char *shared = arena_printf(t->arena, "$share/mqttspec/%s", topic);

	/* Whoever closes a connection once may have had another reason. */
	for (int i = 0; i < 2 && offered->retain && (!i || out->retained.closed); i++)
		ask_for_retained(t, qos, kept);
	for (int i = 0; i < 2 && offered->wildcards && (!i || out->wildcard.closed); i++)
		ask_for_filter(t, wild, &out->wildcard);
	if (!version_traits(t->version).shared_subscriptions)
		return;
	for (int i = 0; i < 2 && offered->shared && (!i || out->shared.closed); i++)
		ask_for_filter(t, shared, &out->shared);
}

/* A host that has a say in ClientIds may not let in those that have none. */
static void ask_without_a_name(struct talk *t)
{
	struct echo_offer *out = &t->echo->nameless;
	struct packet connack = { 0 };
	const char *error;

	t->open = errand_start(&t->errand, t->arena, t->target, t->version, t->limit_us, &error);
	if (!t->open) {
		errand_end(&t->errand);
		return;
	}
	out->asked = true;
	out->works = connect_as(&t->errand, "", &connack) && !connack.code;
	if (!out->works)
		out->refused = connack.type == CONNACK
			? wire_describe(t->arena, t->version, &connack)
			: "it closes the connection without a word";
}

void echo_ask(struct arena *a, const struct endpoint *target, enum mqtt_version version,
	const struct capabilities *offered, const char *topic, int64_t limit_us, struct echo *out)
{
	struct talk t = {
		.arena = a, .target = target, .version = version, .limit_us = limit_us, .echo = out
	};
	unsigned maximum_qos = offered->maximum_qos < NO_QOS ? offered->maximum_qos : 2;

	*out = (struct echo){ 0 };
	ask_for_messages(&t, maximum_qos, topic);
	if (out->granted && out->closed)
		ask_for_each(&t, maximum_qos, topic);
	if (out->qos[0].works || out->qos[1].works || out->qos[2].works)
		ask_what_is_offered(&t, offered, topic);
	leave(&t);
	if (out->connected && target->guest && target->guest->client_ids)
		ask_without_a_name(&t);
	leave(&t);
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
		if (echo->qos[qos].works)
			return NULL;
		refused = echo->qos[qos].refused ? echo->qos[qos].refused : refused;
	}
	if (refused)
		return arena_printf(a, "publishing to %s is not allowed (%s)", topic, refused);
	return arena_printf(a, "what is published to %s does not reach a subscriber%s", topic,
		echo->closed ? ": the server closes the connection" : "");
}
