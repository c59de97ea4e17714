/* Keep Alive, 3.1.2.10: silent clients are cut off in time, and others are left alone. */
#include <math.h>
#include <stdio.h>

#include "harness/case.h"

enum { LONGEST_S = 10 }; /* Server Keep Alive that a case run can wait for */

/* What counts for this connection: the server of 5.0 may set a Keep Alive of its own. */
static unsigned keep_alive_of(struct test *t, struct peer *client, unsigned asked)
{
	struct packet answer = connack(client);
	const struct property *own = properties_find(&answer.properties, 0x13);
	unsigned seconds = own ? own->number : asked;

	require(t, seconds > 0 && seconds <= LONGEST_S, "a long Server Keep Alive");
	return seconds;
}

/* No statement forbids it. */
static void note_early(struct test *t, double closed_ms, unsigned seconds)
{
	if (closed_ms < 1000 * seconds)
		nonstrict(t, "closed after %.0f ms, before the Keep Alive of %u s is over",
			closed_ms, seconds);
}

/* Targets look for silent clients now and then, so luck decides over a single one. The clients here
 * come one after the other over more than five seconds:
 *
 *   join 1 s ──hang──────┤ until 1.5 s
 *     join 2 s ──hang──────────────────┤ until 3.0 s
 *       join 3 s ──hang────────────────────────────┤ until 4.5 s
 *         join 1 s ──hang──────┤ ...
 */
CASE(keep_alive_expiry,
	.title = "Silent clients are cut off once 1.5 times their Keep Alive is over",
	.refs = { "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22", "5.0:MQTT-3.2.2-22" }, .level = MUST,
	.versions = BOTH, .budget_ms = 11000)
{
	enum { CLIENTS = 12, GAP_MS = 470, PATIENCE_MS = 6000 };
	static const char *const names[] = { "", "close after Keep Alive 1 s",
		"close after Keep Alive 2 s", "close after Keep Alive 3 s" };
	struct peer *clients[CLIENTS];

	for (unsigned i = 0; i < CLIENTS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "silent %u", i + 1);
		clients[i] = join(t, name, .keep_alive = 1 + i % 3);
		require(t, keep_alive_of(t, clients[i], 1 + i % 3) == 1 + i % 3,
			"a Server Keep Alive other than what the client asked");
		hang(clients[i]);
		let_pass(t, GAP_MS);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		unsigned seconds = 1 + i % 3;
		double ms = wait_closed_ms(clients[i], PATIENCE_MS);
		measure(t, names[seconds], "ms", ms, 0, 1500 * seconds);
		note_early(t, ms, seconds);
	}
}

/* How late is the business of the case above; elsewhere it only has to happen. */
static unsigned longest_silence_ms(unsigned seconds)
{
	return 1500 * seconds + 7000;
}

static void expect_end_of_silence(struct test *t, struct peer *silent, unsigned seconds)
{
	expect_closed_between(silent, 0, longest_silence_ms(seconds));
	if (is_v5(t) && has_packet(silent, DISCONNECT)) {
		uint8_t code = expect(silent, DISCONNECT).code;
		judging(t, "5.0:U50-KEEPALIVE-TIMEOUT-CODE");
		if (code != 0x8D)
			nonstrict(t, "DISCONNECT says 0x%02X, fitting is 0x8D", code);
	}
}

CASE(keep_alive_expiry_will, .title = "The Will of a client that fell silent is published",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-8",
		"5.0:U50-WILL-CAUSES", "5.0:MQTT-3.1.2-22" },
	.level = MUST, .versions = BOTH, .budget_ms = 3000)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "alive/w", .qos = 1);
	struct peer *silent = join(t, "silent", .keep_alive = 1,
		.will = { .topic = "alive/w", .payload = "fell silent", .qos = 1 });
	unsigned seconds = keep_alive_of(t, silent, 1);

	hang(silent);
	judging(t, "3.1.1:MQTT-3.1.2-24");
	judging(t, "5.0:MQTT-3.1.2-22");
	expect_end_of_silence(t, silent, seconds);
	judging(t, "3.1.1:MQTT-3.1.2-8");
	judging(t, "5.0:MQTT-3.1.2-8");
	expect_message(watcher, .topic = "alive/w", .payload = "fell silent");
}

/*   client                    target
 *   CONNECT, 1 s         -->
 *                        <--  CONNACK
 *   one byte of a packet -->
 *   one byte more        -->
 *   ...
 *                        <--  close: no packet came
 */
CASE(keep_alive_partial_packet, .title = "Bytes that make no packet do not keep a connection alive",
	.refs = { "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22" }, .level = MUST, .versions = BOTH,
	.budget_ms = 3000)
{
	struct peer *client = join(t, "client", .keep_alive = 1);
	unsigned seconds = keep_alive_of(t, client, 1);
	unsigned rounds = longest_silence_ms(seconds) / 250;

	hang(client);
	send_bytes(client, BYTES("\x30\x7F\x00\x60"));
	while (rounds-- && is_open(client)) {
		send_bytes(client, BYTES("a"));
		let_pass(t, 250);
	}
	expect_closed_between(client, 0, longest_silence_ms(seconds));
}

/*   client                    target
 *   CONNECT, 2 s         -->
 *                        <--  CONNACK
 *   its packet           -->            every 1.6 s, for more than 8 s
 *
 * The statements say when a server must close, and not that it must not earlier.
 */
CASE(keep_alive_by_any_packet, .title = "Any packet within the Keep Alive keeps a connection open",
	.refs = { "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22" }, .level = SHOULD, .versions = BOTH,
	.budget_ms = 9000)
{
	enum { KEEP_ALIVE_S = 2, GAP_MS = 1600, ROUNDS = 5 };
	struct peer *feeder = join(t, "feeder");
	struct peer *pinging = dial(t, "pinging");
	struct peer *qos_0 = dial(t, "publishing at QoS 0");
	struct peer *qos_1 = dial(t, "publishing at QoS 1");
	struct peer *subscribing = dial(t, "subscribing");
	struct peer *unsubscribing = dial(t, "unsubscribing");
	struct peer *puback = dial(t, "answering PUBACK");
	struct peer *pubrec = dial(t, "answering PUBREC");
	struct peer *all[] = { pinging, qos_0, qos_1, subscribing, unsubscribing, puback, pubrec };
	int64_t heard_us = now_us(t);

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		send_connect(all[i], .keep_alive = KEEP_ALIVE_S);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		need_accepted(all[i]);
	subscribe(puback, .filter = "feed/1", .qos = 1);
	subscribe(pubrec, .filter = "feed/2", .qos = 2);

	for (unsigned i = 1; i <= ROUNDS; i++) {
		int64_t quiet_us = heard_us, spent_ms = (now_us(t) - quiet_us) / 1000;
		let_pass(t, spent_ms < GAP_MS ? GAP_MS - (unsigned)spent_ms : 0);
		heard_us = now_us(t);
		only_until(t, quiet_us, 1500 * KEEP_ALIVE_S);
		send_pingreq(pinging);
		send_publish(qos_0, .topic = "alive/0", .payload = "x");
		send_publish(qos_1, .topic = "alive/1", .payload = "x", .qos = 1, .id = i);
		send_subscribe(subscribing, .filter = "alive/s", .id = i);
		send_unsubscribe(unsubscribing, .filter = "alive/s", .id = i);
		expect(pinging, PINGRESP);
		expect_ack(qos_1, PUBACK, i);
		expect_ack(subscribing, SUBACK, i);
		expect_ack(unsubscribing, UNSUBACK, i);
		publish(feeder, .topic = "feed/1", .payload = "x", .qos = 1);
		expect_message(puback, .topic = "feed/1");
		publish(feeder, .topic = "feed/2", .payload = "x", .qos = 2);
		expect_message(pubrec, .topic = "feed/2");
	}
	fence(qos_0);
	fence(puback);
	fence(pubrec);
}

/* No statement forbids to close earlier. */
static bool is_left_alone(struct test *t, struct peer *client)
{
	if (is_open(client)) {
		fence(client);
		return true;
	}
	nonstrict(t, "a connection is closed before its Keep Alive is over");
	return false;
}

CASE(keep_alive_not_over,
	.title = "A client whose Keep Alive is not over is left alone, and so is its session",
	.refs = { "3.1.1:MQTT-3.1.2-24", "3.1.1:MQTT-4.1.0-2", "5.0:MQTT-3.2.2-22",
		"5.0:MQTT-4.1.0-1" },
	.level = MUST, .versions = BOTH, .budget_ms = 8000)
{
	enum { IDLE_MS = 8000 };
	int64_t heard_us = now_us(t);
	struct peer *ten = join(t, "ten", .keep_alive = 10);
	struct peer *hour = join(t, "hour", .keep_alive = 3600);
	struct peer *longest = join(t, "longest", .keep_alive = 65535);

	require(t, !offers(t)->server_keep_alive || offers(t)->server_keep_alive >= 10,
		"a short Server Keep Alive");
	subscribe(hour, .filter = "idle/t", .qos = 1);
	let_pass(t, IDLE_MS);
	only_until(t, heard_us, 15000);
	judging(t, "3.1.1:MQTT-3.1.2-24");
	judging(t, "5.0:MQTT-3.2.2-22");
	if (!is_left_alone(t, ten) || !is_left_alone(t, hour) || !is_left_alone(t, longest))
		return;
	only_until(t, 0, 0);
	judging(t, "3.1.1:MQTT-4.1.0-2");
	judging(t, "5.0:MQTT-4.1.0-1");
	publish(longest, .topic = "idle/t", .payload = "still subscribed", .qos = 1);
	expect_message(hour, .payload = "still subscribed");
}

/* A server may close idle connections for reasons of its own. */
CASE(keep_alive_0, .title = "A silent client with Keep Alive 0 stays connected",
	.refs = { "3.1.1:U311-KEEPALIVE-ZERO", "5.0:U50-KEEPALIVE-ZERO" }, .level = MAY,
	.versions = BOTH, .budget_ms = 8000)
{
	enum { IDLE_MS = 8000 };
	require(t, !offers(t)->keep_alive,
		"the target refuses a Keep Alive of 0, which it may; it gets 60 s instead");
	struct peer *client = join(t, "client", .keep_alive = 0);

	require(t, !offers(t)->server_keep_alive || offers(t)->server_keep_alive >= 10,
		"a short Server Keep Alive");
	let_pass(t, IDLE_MS);
	fence(client);
}

CASE(server_keep_alive, .title = "A Server Keep Alive takes the place of the client's",
	.refs = { "5.0:MQTT-3.1.2-22" }, .level = MUST, .versions = V50, .budget_ms = 15000)
{
	struct peer *silent = join(t, "silent", .keep_alive = 65535);
	unsigned seconds = keep_alive_of(t, silent, 65535);

	hang(silent);
	expect_closed_between(silent, 0, 1500 * seconds);
	note_early(t, wait_closed_ms(silent, 0), seconds);
}

/*   silent                    target                  publisher
 *   CONNECT, 1 s         -->
 *                        <--  PUBLISH              <--  PUBLISH
 *                        <--  PUBLISH              <--  PUBLISH
 *                        <--  close: it has said nothing itself
 */
CASE(keep_alive_with_messages_out, .title = "A silent client is cut off while messages go to it",
	.refs = { "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22" }, .level = MUST, .versions = BOTH,
	.budget_ms = 3000)
{
	enum { GAP_MS = 300 };
	struct peer *pub = join(t, "publisher");
	struct peer *silent = join(t, "silent", .keep_alive = 1);
	unsigned seconds = keep_alive_of(t, silent, 1);

	subscribe(silent, .filter = "alive/t");
	hang(silent);
	for (unsigned ms = 0; ms < longest_silence_ms(seconds) && is_open(silent); ms += GAP_MS) {
		publish(pub, .topic = "alive/t", .payload = "tick");
		let_pass(t, GAP_MS);
	}
	expect_end_of_silence(t, silent, seconds);
}

CHAPTER(keep_alive, "Keep Alive", &case_keep_alive_expiry, &case_keep_alive_expiry_will,
	&case_keep_alive_partial_packet, &case_keep_alive_by_any_packet, &case_keep_alive_not_over,
	&case_keep_alive_0, &case_server_keep_alive, &case_keep_alive_with_messages_out);
