/* What only patience breaks: clients that do not read, or read slowly, and sessions that last. No statement
 * excepts them from the rules, and few have a word for them, so much here is no more than `nonstrict`.
 *
 *   publisher                 target                  client
 *   PUBLISH 1, 2, 3 ...  -->
 *                                          -->  as much as the connection holds
 *                             the rest
 */
#include <math.h>

#include "cases/common/series.h"
#include "harness/case.h"

enum {
	LARGE = 128 * 1024, /* bytes of a message */
	MANY = 64,          /* of them, more than any connection holds */
	/* Systems keep some 4 MB at most of what is written to a connection and not read. */
	HELD_MAX = 6 * 1000 * 1000,
	ANSWER_MS = 5000,
	ENDING_MS = 7000, /* in which a connection ends whose client takes nothing */
	NOTICE_MS = 500,  /* for a reset to come back */
};

#define TOPIC "press/t"

/* The client no longer reads anything, and messages pile up for it. It has subscribed at QoS 0, so
 * that the target is free to drop some.
 */
static void press(struct test *t, struct peer *client, struct peer *pub)
{
	struct series s;

	off_the_record(client);
	stop_reading(client);
	series_begin(&s, pub, TOPIC, LARGE);
	series_publish(&s, MANY);
	require(t, s.published, SERIES_NO_ROOM);
}

static bool ends_within(struct test *t, struct peer *client, unsigned ms)
{
	enum { STEP_MS = 20 };
	int64_t since_us = now_us(t);

	while (is_open(client) && now_us(t) - since_us < (int64_t)ms * 1000)
		let_pass(t, STEP_MS);
	return !is_open(client);
}

/* A connection that is closed answers what is sent to it with a reset, and only that can be seen by
 * somebody who does not read.
 */
static bool is_gone(struct test *t, struct peer *client, struct bytes probe)
{
	if (is_open(client))
		send_bytes(client, probe);
	return ends_within(t, client, NOTICE_MS + distance_ms(t));
}

static bool goes_within(struct test *t, struct peer *client, unsigned ms)
{
	int64_t since_us = now_us(t);

	do {
		if (is_gone(t, client, BYTES("\xC0\x00")))
			return true;
	} while (now_us(t) - since_us < (int64_t)ms * 1000);
	return false;
}

/* The connection is closed, if not at once then when its client reads what is left. */
static void expect_end(struct test *t, struct peer *client, const char *after)
{
	if (goes_within(t, client, ENDING_MS))
		return;
	read_to_end(client);
	expect_closed(client);
	nonstrict(t, "%s the connection is open for as long as its client does not read", after);
}

/* ---- keep alive ---------------------------------------------------------------------------- */

/*   client                    target
 *   CONNECT, 1 s         -->
 *                        <--  CONNACK, then PUBLISH, which is not read
 *                             1.5 s
 *   one byte of a packet -->
 *                        <--  reset
 */
CASE(pressed_keep_alive,
	.title = "A client that neither reads nor sends is cut off when its Keep Alive is over",
	.refs = { "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-22", "3.1.1:MQTT-3.1.2-8",
		"5.0:MQTT-3.1.2-8" },
	.level = MUST, .versions = BOTH, .budget_ms = 12000)
{
	static const unsigned looks_ms[] = { 2500, 2500, 3500 };
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "press/w", .qos = 1);
	struct peer *pub = join(t, "publisher");
	int64_t heard_us = now_us(t);
	struct peer *client = join(t, "client", .keep_alive = 1,
		.will = { .topic = "press/w", .payload = "cut off", .qos = 1 });
	struct packet answer = connack(client);
	const struct property *own = properties_find(&answer.properties, 0x13);
	require(t, !own || own->number == 1, "a Server Keep Alive");
	subscribe(client, .filter = TOPIC, .qos = 0);
	hang(client);
	in_time(t, heard_us, 1000); /* it is pressed within its Keep Alive */
	press(t, client, pub);

	/* PUBLISH with a topic of one letter: its bytes come one by one, and make no packet. */
	const char *packet = is_v5(t) ? "\x30\x04\x00\x01x\x00" : "\x30\x03\x00\x01x";
	unsigned sent = 0, silence_ms = 0;
	bool gone = false;
	for (; sent < 3 && !gone; sent++) {
		let_pass(t, looks_ms[sent]);
		silence_ms += looks_ms[sent];
		gone = is_gone(t, client, (struct bytes){ (const uint8_t *)packet + sent, 1 });
	}
	if (!gone) {
		size_t before = bytes_read(client);
		struct bytes rest = { (const uint8_t *)packet + sent, is_v5(t) ? 3 : 2 };
		read_on(client);
		ends_within(t, client, ANSWER_MS);
		size_t more = bytes_read(client) - before;
		if (is_open(client)) {
			send_bytes(client, rest);
			send_pingreq(client);
			bool served = !isnan(wait_packet_ms(client, PINGRESP, ANSWER_MS));
			fail(t, "the connection closed for its Keep Alive",
				"the connection is %s after %u ms of silence",
				served ? "served" : "open", silence_ms);
		}
		if (more > HELD_MAX)
			fail(t, "the connection closed for its Keep Alive",
				"after %u ms of silence the connection is open, and %zu kB are "
				"sent on it",
				silence_ms, more / 1000);
		nonstrict(t, "it is open for as long as its client does not read");
	}
	judging(t, "3.1.1:MQTT-3.1.2-8");
	judging(t, "5.0:MQTT-3.1.2-8");
	expect_message(watcher, .topic = "press/w", .payload = "cut off");
}

enum { LATE_MS = 1300 }; /* for a Keep Alive of 1 s */

/* A client with a Keep Alive of 1 s that pings. */
struct pulse {
	struct peer *client;
	int64_t last_us;
	unsigned count;
	bool late; /* the machine, or a target that holds up others */
};

static void pulse_turn(struct test *t, struct pulse *p)
{
	enum { EVERY_MS = 300 };
	int64_t since_us = now_us(t) - p->last_us;

	if (!is_open(p->client) || since_us < EVERY_MS * 1000)
		return;
	p->late |= since_us > LATE_MS * 1000;
	p->last_us = now_us(t);
	p->count++;
	send_pingreq(p->client);
}

/* Whether each PINGREQ has its PINGRESP, now or while the Keep Alive lasts. */
static bool pulse_is_answered(struct test *t, const struct pulse *p)
{
	enum { LOOKS = 9, PAUSE_MS = 100 };
	unsigned looks = LOOKS + distance_ms(t) / PAUSE_MS;

	for (unsigned i = 0; i < looks && packets_waiting(p->client, PINGRESP) < p->count; i++)
		let_pass(t, PAUSE_MS);
	return packets_waiting(p->client, PINGRESP) == p->count;
}

/*   client                    target
 *   CONNECT, 1 s         -->
 *                        <--  CONNACK, then PUBLISH after PUBLISH
 *   PINGREQ              -->            every 0.3 s; it reads 0.3 MB in a second
 *   ...
 *                        <--  PINGRESP for each, somewhere among the messages
 */
CASE(slow_reader_pings,
	.title = "A client that reads slowly and pings in time is kept, and its pings are answered",
	.refs = { "3.1.1:MQTT-3.12.4-1", "5.0:MQTT-3.12.4-1", "3.1.1:MQTT-4.6.0-6",
		"5.0:MQTT-4.6.0-5" },
	.level = MUST, .versions = BOTH, .budget_ms = 15000)
{
	enum { TURNS = 50, LAST_TURNS = 10, PAUSE_MS = 100, PART = 64 * 1024, FULL = 64 };
	struct series s;
	series_begin(&s, join(t, "publisher"), TOPIC, LARGE); /* while no Keep Alive runs */
	int64_t begun_us = now_us(t);
	struct peer *client = join(t, "client", .keep_alive = 1);
	struct pulse pulse = { .client = client, .last_us = begun_us };
	subscribe(client, .filter = TOPIC, .qos = 0);
	off_the_record(client);
	stop_reading(client);
	while (s.published < FULL && is_open(client) && series_publish(&s, 1))
		pulse_turn(t, &pulse);
	for (unsigned i = 0; i < TURNS && is_open(client); i++) {
		pulse_turn(t, &pulse);
		if (i % 2) {
			read_some(client, PART);
			series_publish(&s, 1);
		}
		let_pass(t, PAUSE_MS);
	}
	read_on(client);
	for (unsigned i = 0; i < LAST_TURNS && is_open(client) && !pulse_is_answered(t, &pulse);
		i++)
		pulse_turn(t, &pulse);
	if (is_open(client))
		check_eq(t, packets_waiting(client, PINGRESP), pulse.count);
	else if (!pulse.late && wait_closed_ms(client, 0) < LATE_MS)
		nonstrict(t, "a client that reads slowly is cut off, though it pings in time");
	else
		observe(t, "a client that reads slowly is cut off, but its pings were late");
	while (has_packet(client, PUBLISH))
		series_take(&s, client);
}

/* ---- take-over, protocol error, DISCONNECT --------------------------------------------------- */

/* One that wants the ClientId of a client that does not read. It may have to wait for that one, but
 * not once there is nobody left to wait for. NULL: the target has no room, which is its right.
 */
static struct peer *successor(struct test *t, struct peer *old, bool kept)
{
	struct peer *next = dial(t, "client");

	judging(t, "3.1.1:MQTT-3.1.4-4");
	judging(t, "5.0:MQTT-3.1.4-5");
	off_the_record(next);
	send_connect(next, .kept = kept);
	if (isnan(wait_packet_ms(next, CONNACK, ANSWER_MS)) && is_open(next)) {
		nonstrict(t, "the next client is not let in while the one before does not read");
		abort_connection(old);
	}
	struct packet answer = expect_one_of(next,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .verdict = VERDICT_NONSTRICT,
				.says = "no room for the next client of this ClientId" },
			{ CLOSED, .verdict = VERDICT_NONSTRICT,
				.says = "no room for the next client of this ClientId" }));
	return answer.type == CONNACK && !answer.code ? next : NULL;
}

/*   first                     target                    second
 *                        <--  PUBLISH, which is not read
 *                                          <--  CONNECT, the same ClientId
 *                                          -->  CONNACK
 *   PINGREQ              -->
 *                        <--  reset
 */
CASE(pressed_take_over,
	.title = "A client that does not read is cut off by a take-over, and the new one is served",
	.refs = { "3.1.1:MQTT-3.1.4-2", "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-3.1.4-3",
		"5.0:MQTT-3.1.4-5" },
	.level = MUST, .versions = BOTH)
{
	struct peer *first = join(t, "client");
	subscribe(first, .filter = TOPIC, .qos = 0);
	press(t, first, join(t, "publisher"));
	struct peer *second = successor(t, first, false);
	if (!second)
		return;
	fence(second);
	judging(t, "3.1.1:MQTT-3.1.4-2");
	judging(t, "5.0:MQTT-3.1.4-3");
	if (is_open(first))
		expect_end(t, first, "after a take-over");
}

/* A target that does not read either, while it waits for its client to do so, sees the error later. */
CASE(pressed_protocol_error,
	.title = "A client that does not read is cut off when it breaks the protocol",
	.refs = { "3.1.1:MQTT-3.1.0-2", "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-3.1.0-2",
		"5.0:MQTT-3.1.4-5" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = TOPIC, .qos = 0);
	press(t, client, join(t, "publisher"));
	misbehave(client);
	send_connect(client, .keep_alive = 0);
	expect_end(t, client, "after a second CONNECT");
	struct peer *next = successor(t, client, false);
	if (next)
		fence(next);
}

CASE(pressed_disconnect,
	.title = "A client that does not read and leaves by DISCONNECT makes room for the next one",
	.refs = { "3.1.1:MQTT-3.1.4-4", "3.1.1:U311-DISC-CLOSE", "5.0:MQTT-3.1.4-5",
		"5.0:U50-DISC-CLOSE" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = TOPIC, .qos = 0);
	press(t, client, join(t, "publisher"));
	send_disconnect(client);
	struct peer *next = successor(t, client, false);
	if (next)
		fence(next);
	judging(t, "3.1.1:U311-DISC-CLOSE");
	judging(t, "5.0:U50-DISC-CLOSE");
	misbehave(client);
	if (!goes_within(t, client, ENDING_MS)) {
		read_to_end(client);
		ends_within(t, client, ANSWER_MS);
		nonstrict(t, "after DISCONNECT the connection is open %s",
			is_open(client) ? "" : "for as long as its client does not read");
	}
}

/* ---- sessions that wait ---------------------------------------------------------------------- */

/* What was published comes, in order, whatever of it; and so does what is published now. */
static void expect_series(struct series *s, struct peer *client)
{
	struct test *t = s->test;

	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	series_take(s, client);
	while (s->taken < s->published && !isnan(wait_packet_ms(client, PUBLISH, ANSWER_MS)))
		series_take(s, client);
	if (s->taken < s->published)
		nonstrict(t, "%u of %u messages come to the next connection of the session",
			s->taken, s->published);
	judging(t, "3.1.1:MQTT-4.5.0-1");
	judging(t, "5.0:MQTT-4.5.0-1");
	publish(join(t, "next publisher"), .topic = TOPIC, .payload = "", .qos = 1);
	expect_message(client, .payload = "");
}

/*   first                     target                    second
 *                        <--  PUBLISH 1, 2, 3 ... at QoS 1, which are not read
 *                                          <--  CONNECT, the same session
 *                                          -->  CONNACK, Session Present 1
 *                                          -->  PUBLISH 1, 2, 3 ...
 *                                          <--  PUBACK 1, 2, 3 ...
 */
CASE(pressed_take_over_of_session,
	.title = "A take-over while output waits loses nothing of the session",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6",
		"3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-4.4.0-1", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-4.6.0-5", "5.0:MQTT-3.1.2-5", "5.0:MQTT-3.1.4-5" },
	.level = MUST, .versions = BOTH)
{
	enum { COUNT = 40 };
	struct series s;
	struct peer *first = join(t, "client", .kept = true);
	subscribe(first, .filter = TOPIC, .qos = 1);
	off_the_record(first);
	stop_reading(first);
	series_begin(&s, join(t, "publisher"), TOPIC, LARGE);
	series_publish(&s, COUNT);
	require(t, s.published, SERIES_NO_ROOM);
	struct peer *second = successor(t, first, true);
	if (!second)
		return;
	judging(t, "3.1.1:MQTT-3.1.2-4");
	judging(t, "5.0:MQTT-3.1.2-5");
	check_eq(t, connack(second).ack_flags & 1, 1);
	expect_series(&s, second);
}

/* How many of these connections have not ended when they have had their time. */
static unsigned open_after(struct test *t, struct peer *const *clients, unsigned count)
{
	unsigned open;
	int64_t since_us = now_us(t);

	do {
		open = 0;
		for (unsigned i = 0; i < count; i++)
			if (is_open(clients[i]))
				send_pingreq(clients[i]);
		let_pass(t, NOTICE_MS + distance_ms(t));
		for (unsigned i = 0; i < count; i++)
			open += is_open(clients[i]);
	} while (open && now_us(t) - since_us < ENDING_MS * 1000);
	return open;
}

/* Only the first few of the old connections are kept: each may hold megabytes of the system's memory. */
CASE(take_overs_with_full_queue,
	.title = "A hundred take-overs of a session with a full queue cost it nothing, and nobody "
		 "else",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6",
		"3.1.1:MQTT-3.1.4-2", "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-4.4.0-1", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-4.6.0-5", "5.0:MQTT-3.1.4-3", "5.0:MQTT-3.1.4-5" },
	.level = MUST, .versions = BOTH)
{
	enum { TAKE_OVERS = 100, KEPT = 4, COUNT = 40, LONGEST_MS = 8000 };
	struct series s;
	struct peer *kept[KEPT], *now = join(t, "client", .kept = true);
	unsigned made = 0;
	subscribe(now, .filter = TOPIC, .qos = 1);
	off_the_record(now);
	stop_reading(now);
	series_begin(&s, join(t, "publisher"), TOPIC, LARGE);
	series_publish(&s, COUNT);
	require(t, s.published, SERIES_NO_ROOM);
	for (int64_t since_us = now_us(t);
		made < TAKE_OVERS && now_us(t) - since_us < LONGEST_MS * 1000; made++) {
		struct peer *old = now;
		now = successor(t, old, true);
		if (!now)
			return;
		stop_reading(now);
		if (made < KEPT)
			kept[made] = old;
		else
			abort_connection(old);
	}
	fence(join(t, "newcomer"));
	unsigned open = open_after(t, kept, made < KEPT ? made : KEPT);
	if (open)
		nonstrict(t, "%u connections that were taken over are open", open);
	read_on(now);
	expect_series(&s, now);
}

/* ---- identifiers ----------------------------------------------------------------------------- */

/* Takes the next message and acknowledges it; its payload's length. */
static size_t settle_one(struct peer *sub, unsigned *greatest)
{
	struct packet m = expect(sub, PUBLISH);

	send_ack(sub, PUBACK, m.id);
	*greatest = m.id > *greatest ? m.id : *greatest;
	return m.payload.len;
}

/* False: they do not come while the first message is open. */
static bool settle_many(struct peer *sub, struct peer *pub, unsigned count, unsigned *greatest)
{
	for (unsigned i = 1; i <= count; i++)
		send_publish(pub, .topic = "ids/t", .payload = "x", .qos = 1, .id = 100 + i);
	for (unsigned i = 0; i < count; i++) {
		if (isnan(wait_packet_ms(sub, PUBLISH, ANSWER_MS)) && is_open(sub))
			return false;
		settle_one(sub, greatest);
	}
	for (unsigned i = 1; i <= count; i++)
		expect_ack(pub, PUBACK, 100 + i);
	return true;
}

/*   target                    subscriber
 *   PUBLISH q2 a         -->
 *                        <--  PUBREC a
 *   PUBREL a             -->            no PUBCOMP
 *   PUBLISH q1           -->
 *                        <--  PUBACK
 *   ... until the 65,534 other identifiers have been used, and one of them once more
 *                        <--  PUBCOMP a
 *   PUBLISH q1           -->
 *
 * Acknowledgements of QoS 1 have an order [MQTT-4.6.0-2], and so have PUBREC and PUBREL, but not PUBCOMP. A
 * target that takes the identifiers first that are free again never comes to the end of them.
 */
CASE(all_identifiers_used,
	.title =
		"Deliveries go on when every Packet Identifier has been used and one is still open",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-2.3.1-4", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-2.2.1-4" },
	.level = MUST, .versions = BOTH)
{
	enum { OTHERS = 65535, AT_ONCE = 64, TRIED = 2000, LONGEST_MS = 20000 };
	static const char last[] = "the last one";
	struct peer *sub = join(t, "subscriber"), *pub = join(t, "publisher");
	unsigned most = offers(t)->receive_maximum < AT_ONCE ? offers(t)->receive_maximum : AT_ONCE;
	unsigned settled = 1, greatest = 0;
	bool has_time = true;
	subscribe(sub, .filter = "ids/t", .qos = 2);
	publish(pub, .topic = "ids/t", .payload = "open", .qos = 2);
	unsigned open = expect(sub, PUBLISH).id;
	send_ack(sub, PUBREC, open);
	expect_ack(sub, PUBREL, open);
	publish(pub, .topic = "ids/t", .payload = "x", .qos = 1);
	settle_one(sub, &greatest); /* unless one message alone may be under way */

	off_the_record(sub);
	off_the_record(pub);
	int64_t since_us = now_us(t);
	while (settled < OTHERS && has_time && (settled < TRIED || greatest > TRIED / 2)) {
		unsigned count = OTHERS - settled < most ? OTHERS - settled : most;
		if (!settle_many(sub, pub, count, &greatest)) {
			nonstrict(t, "of %u messages some do not come while an older one is open",
				settled + count);
			break;
		}
		settled += count;
		has_time = settled == OTHERS || now_us(t) - since_us < (int64_t)LONGEST_MS * 1000;
	}
	send_ack(sub, PUBCOMP, open);
	send_publish(pub, .topic = "ids/t", .payload = last, .qos = 1, .id = 1);
	while (settle_one(sub, &greatest) != sizeof(last) - 1)
		;
	require(t, has_time,
		"the target is too slow, or too far away, to use all identifiers in 20 s");
}

CHAPTER(pressure, "Pressure: clients that do not read, and sessions that last",
	&case_pressed_keep_alive, &case_slow_reader_pings, &case_pressed_take_over,
	&case_pressed_protocol_error, &case_pressed_disconnect, &case_pressed_take_over_of_session,
	&case_take_overs_with_full_queue, &case_all_identifiers_used);
