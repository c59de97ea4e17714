#include "fuzz/situation.h"

#include "base/arena.h"
#include "fuzz/grammar.h"

enum { AUTHENTICATION_METHOD = 0x15, AUTHENTICATION_DATA = 0x16, SESSION_EXPIRY_INTERVAL = 0x11 };

const char *situation_name(enum situation s)
{
	static const char *const names[SITUATION_COUNT] = {
		[SITUATION_NOTHING_YET] = "before CONNECT",
		[SITUATION_CONNECTED] = "connected",
		[SITUATION_SUBSCRIBED] = "subscribed",
		[SITUATION_SENDING] = "sending QoS 1 and 2",
		[SITUATION_RECEIVING] = "receiving QoS 1 and 2",
		[SITUATION_WILL] = "with a Will",
		[SITUATION_RESUMED] = "a session resumed",
		[SITUATION_TAKEN_OVER] = "taken over",
		[SITUATION_AUTHENTICATING] = "while authenticating",
		[SITUATION_DISCONNECTED] = "after DISCONNECT",
	};

	return names[s];
}

/* An exchange in the making. */
struct making {
	struct grammar grammar;
	struct exchange exchange;
	unsigned connection; /* the one at hand */
	unsigned connections;
	bool over; /* nothing may be sent any more */
};

static void add(struct making *m, struct step step)
{
	step.connection = step.connection ? step.connection : m->connection;
	step.id_at = step.id_at ? step.id_at : EXCHANGE_NO_ID;
	step.damaged = m->over && step.kind == STEP_SEND;
	exchange_add(m->grammar.arena, &m->exchange, step);
}

static void begin(struct making *m)
{
	m->connection = ++m->connections;
	add(m, (struct step){ .kind = STEP_OPEN, .version = m->grammar.version });
}

static void send(struct making *m, const struct packet *packet)
{
	add(m, (struct step){ .kind = STEP_SEND, .bytes = grammar_bytes(&m->grammar, packet) });
}

/* With the identifier of what came last, which stands after the fixed header. */
static void answer(struct making *m, const struct packet *packet)
{
	struct bytes bytes = grammar_bytes(&m->grammar, packet);
	uint16_t at = 2;

	while (bytes.data[at - 1] & 0x80)
		at++;
	add(m, (struct step){ .kind = STEP_SEND, .bytes = bytes, .id_at = at });
}

static void await(struct making *m, enum packet_type type)
{
	add(m, (struct step){ .kind = STEP_AWAIT, .type = (uint8_t)type });
}

static void end(struct making *m, enum step_kind kind)
{
	add(m, (struct step){ .kind = kind });
}

static void send_any(struct making *m, enum packet_type type)
{
	struct packet packet = grammar_packet(&m->grammar, type);

	send(m, &packet);
}

/* What follows a packet of this type where all goes well. */
static void await_answer(struct making *m, enum packet_type type)
{
	static const uint8_t answers[] = { [CONNECT] = CONNACK,
		[SUBSCRIBE] = SUBACK,
		[UNSUBSCRIBE] = UNSUBACK,
		[PINGREQ] = PINGRESP,
		[AUTH] = 0 };

	if (type < sizeof(answers) && answers[type])
		await(m, (enum packet_type)answers[type]);
}

static void send_some(struct making *m)
{
	unsigned count = draw_between(m->grammar.draw, 1, 4);

	while (count--) {
		enum packet_type type = grammar_type(&m->grammar);
		if (type == DISCONNECT || type == AUTH)
			type = PUBLISH;
		send_any(m, type);
		if (draw_chance(m->grammar.draw, 30))
			await_answer(m, type);
	}
}

static void connect_plainly(struct making *m, unsigned client, bool clean)
{
	struct packet connect = grammar_connect(&m->grammar, client, clean);
	struct property expiry = {
		.id = SESSION_EXPIRY_INTERVAL, .type = PROPERTY_FOUR_BYTES, .number = 60
	};

	if (!clean && version_traits(m->grammar.version).session_expiry)
		connect.properties = (struct properties){ &expiry, 1, true };
	begin(m);
	send(m, &connect);
	await(m, CONNACK);
}

static void connect_somehow(struct making *m)
{
	if (draw_chance(m->grammar.draw, 60)) {
		connect_plainly(m, 0, true);
		return;
	}
	begin(m);
	send_any(m, CONNECT);
	await(m, CONNACK);
}

static void subscribe(struct making *m, struct bytes filter, unsigned qos)
{
	struct packet packet = grammar_subscribe(&m->grammar, filter, qos);

	send(m, &packet);
	await(m, SUBACK);
}

/* Returns its Packet Identifier. */
static uint16_t publish(struct making *m, unsigned qos)
{
	struct packet packet = grammar_publish(&m->grammar, grammar_topic(0), qos);

	send(m, &packet);
	return packet.id;
}

static void answer_with(struct making *m, enum packet_type type)
{
	struct packet packet = wire_packet(type);

	answer(m, &packet);
}

/* ---- towards a server ------------------------------------------------------------------------ */

static void make_nothing_yet(struct making *m)
{
	begin(m);
	m->over = true; /* or it has not begun */
	if (draw_chance(m->grammar.draw, 40))
		send_any(m, grammar_type(&m->grammar));
	m->over = false;
	send_any(m, CONNECT);
	if (draw_chance(m->grammar.draw, 30))
		send_any(m, PINGREQ);
}

static void make_subscribed(struct making *m)
{
	connect_somehow(m);
	send_any(m, SUBSCRIBE);
	await(m, SUBACK);
	if (draw_chance(m->grammar.draw, 50))
		send_any(m, SUBSCRIBE);
	send_any(m, PUBLISH);
	send_some(m);
	if (draw_chance(m->grammar.draw, 50)) {
		send_any(m, UNSUBSCRIBE);
		await(m, UNSUBACK);
	}
}

static void send_qos_2(struct making *m)
{
	struct packet release = wire_packet(PUBREL);

	release.id = publish(m, 2);
	if (draw_chance(m->grammar.draw, 70))
		await(m, PUBREC);
	send(m, &release);
	if (draw_chance(m->grammar.draw, 50))
		await(m, PUBCOMP);
}

static void make_sending(struct making *m)
{
	m->grammar.last_id = (uint16_t)draw_next(m->grammar.draw);
	connect_plainly(m, 0, draw_chance(m->grammar.draw, 70));
	publish(m, 1);
	if (draw_chance(m->grammar.draw, 50))
		await(m, PUBACK);
	send_qos_2(m);
	send_some(m);
}

static void take_qos_2(struct making *m)
{
	await(m, PUBLISH);
	answer_with(m, PUBREC);
	await(m, PUBREL);
	answer_with(m, PUBCOMP);
}

static void make_receiving(struct making *m)
{
	unsigned qos = draw_between(m->grammar.draw, 1, 2);

	connect_plainly(m, 0, draw_chance(m->grammar.draw, 70));
	subscribe(m, grammar_topic(0), qos);
	connect_plainly(m, 1, true);
	publish(m, qos);
	m->connection = 1;
	if (qos == 2) {
		take_qos_2(m);
	} else {
		await(m, PUBLISH);
		answer_with(m, PUBACK);
	}
	send_some(m);
}

static void make_will(struct making *m)
{
	struct packet connect = grammar_connect(&m->grammar, 1, true);

	connect_plainly(m, 0, true);
	subscribe(m, grammar_topic(1), 1);
	connect.connect_flags |= CONNECT_WILL | (uint8_t)(draw_below(m->grammar.draw, 3) << 3);
	connect.will_topic = grammar_topic(1);
	connect.will_payload = BYTES("gone");
	connect.will_properties.present = connect.properties.present;
	begin(m);
	send(m, &connect);
	await(m, CONNACK);
	send_some(m);
	end(m, draw_chance(m->grammar.draw, 50) ? STEP_RESET : STEP_CLOSE);
	m->connection = 1;
	await(m, PUBLISH);
	send_any(m, PINGREQ);
}

static void make_resumed(struct making *m)
{
	connect_plainly(m, 2, false);
	subscribe(m, grammar_topic(0), 2);
	end(m, draw_chance(m->grammar.draw, 50) ? STEP_RESET : STEP_CLOSE);
	connect_plainly(m, 1, true);
	publish(m, draw_between(m->grammar.draw, 1, 2));
	connect_plainly(m, 2, draw_chance(m->grammar.draw, 20));
	if (draw_chance(m->grammar.draw, 50))
		take_qos_2(m);
	send_some(m);
}

static void make_taken_over(struct making *m)
{
	connect_plainly(m, 0, draw_chance(m->grammar.draw, 50));
	subscribe(m, grammar_topic(0), 1);
	if (draw_chance(m->grammar.draw, 50))
		publish(m, 2);
	connect_plainly(m, 0, draw_chance(m->grammar.draw, 50));
	send_some(m);
	m->connection = 1;
	send_any(m, PINGREQ);
}

static void make_authenticating(struct making *m)
{
	struct packet connect = grammar_connect(&m->grammar, 0, true);
	bool known = draw_chance(m->grammar.draw, 50);
	struct property list[] = {
		{ .id = AUTHENTICATION_METHOD,
			.type = PROPERTY_STRING,
			.value = known ? bytes_of("SCRAM-SHA-256") : bytes_of("fz") },
		{ .id = AUTHENTICATION_DATA,
			.type = PROPERTY_BINARY,
			.value = BYTES("n,,n=user,r=abcdefgh") },
	};

	connect.properties = (struct properties){ list, draw_between(m->grammar.draw, 1, 2), true };
	begin(m);
	send(m, &connect);
	if (draw_chance(m->grammar.draw, 50))
		await(m, AUTH);
	send_any(m, AUTH);
	if (draw_chance(m->grammar.draw, 50))
		send_any(m, AUTH);
}

static void make_disconnected(struct making *m)
{
	connect_somehow(m);
	send_any(m, SUBSCRIBE);
	send_any(m, DISCONNECT);
	m->over = true;
	if (draw_chance(m->grammar.draw, 70))
		send_some(m);
}

struct exchange situation_make(
	struct arena *a, struct draw *draw, enum situation s, enum mqtt_version version)
{
	struct making m = { .grammar = { a, draw, version, SIDE_CLIENT, 0 } };

	if (s == SITUATION_AUTHENTICATING && !version_traits(version).auth)
		s = SITUATION_CONNECTED;
	switch (s) {
	case SITUATION_NOTHING_YET: make_nothing_yet(&m); break;
	case SITUATION_SUBSCRIBED: make_subscribed(&m); break;
	case SITUATION_SENDING: make_sending(&m); break;
	case SITUATION_RECEIVING: make_receiving(&m); break;
	case SITUATION_WILL: make_will(&m); break;
	case SITUATION_RESUMED: make_resumed(&m); break;
	case SITUATION_TAKEN_OVER: make_taken_over(&m); break;
	case SITUATION_AUTHENTICATING: make_authenticating(&m); break;
	case SITUATION_DISCONNECTED: make_disconnected(&m); break;
	default:
		connect_somehow(&m);
		send_some(&m);
		break;
	}
	return m.exchange;
}

/* ---- towards a client ------------------------------------------------------------------------ */

static void tell(struct making *m, const char *what)
{
	exchange_add(m->grammar.arena, &m->exchange,
		(struct step){ .kind = STEP_TELL, .what = what, .id_at = EXCHANGE_NO_ID });
}

static void accept_client(struct making *m)
{
	struct packet connack = wire_packet(CONNACK);

	connack.has_code = true;
	connack.properties.present = version_traits(m->grammar.version).properties;
	tell(m, "connect");
	begin(m);
	await(m, CONNECT);
	if (draw_chance(m->grammar.draw, 70))
		send(m, &connack);
	else
		send_any(m, CONNACK);
}

static void serve_subscribe(struct making *m)
{
	struct packet suback = wire_packet(SUBACK);

	suback.codes = BYTES("\x02");
	suback.properties.present = version_traits(m->grammar.version).properties;
	tell(m, "subscribe");
	await(m, SUBSCRIBE);
	answer(m, &suback);
}

static void serve_publish(struct making *m)
{
	if (draw_chance(m->grammar.draw, 50)) {
		tell(m, "publish-1");
		await(m, PUBLISH);
		answer_with(m, PUBACK);
		return;
	}
	tell(m, "publish-2");
	await(m, PUBLISH);
	answer_with(m, PUBREC);
	await(m, PUBREL);
	answer_with(m, PUBCOMP);
}

static void deliver(struct making *m)
{
	unsigned qos = draw_below(m->grammar.draw, 3);
	struct packet release = wire_packet(PUBREL);

	release.id = publish(m, qos);
	if (qos == 1)
		await(m, PUBACK);
	if (qos != 2)
		return;
	await(m, PUBREC);
	send(m, &release);
	await(m, PUBCOMP);
}

/* Closed, with DISCONNECT where a server may send one. */
static void serve_end(struct making *m)
{
	if (version_traits(m->grammar.version).server_disconnect &&
		draw_chance(m->grammar.draw, 40))
		send_any(m, DISCONNECT);
	else if (draw_chance(m->grammar.draw, 50))
		tell(m, "disconnect");
	end(m, draw_chance(m->grammar.draw, 80) ? STEP_CLOSE : STEP_RESET);
}

struct exchange situation_make_client(
	struct arena *a, struct draw *draw, enum situation s, enum mqtt_version version)
{
	struct making m = { .grammar = { a, draw, version, SIDE_SERVER, 0 } };

	accept_client(&m);
	if (s == SITUATION_SUBSCRIBED || s == SITUATION_RECEIVING || s == SITUATION_RESUMED)
		serve_subscribe(&m);
	if (s == SITUATION_SENDING || s == SITUATION_RESUMED || s == SITUATION_TAKEN_OVER)
		serve_publish(&m);
	if (s == SITUATION_RECEIVING || s == SITUATION_WILL || s == SITUATION_DISCONNECTED)
		deliver(&m);
	if (s != SITUATION_NOTHING_YET && draw_chance(draw, 50))
		send_some(&m);
	serve_end(&m);
	return m.exchange;
}
