/* SUBSCRIBE and SUBACK, 3.8 and 3.9: what is granted, replaced and delivered. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/case.h"

enum { ANSWER_MS = 5000 };

static bool is_payload(const struct packet *m, const char *text)
{
	return bytes_equal(m->payload, bytes_of(text));
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* ---- SUBACK -------------------------------------------------------------------------------- */

CASE(suback_identifiers, .title = "Every SUBSCRIBE gets a SUBACK with its Packet Identifier",
	.refs = { "3.1.1:MQTT-3.8.4-1", "3.1.1:MQTT-3.8.4-2", "3.1.1:MQTT-2.3.1-7",
		"5.0:MQTT-3.8.4-1", "5.0:MQTT-3.8.4-2", "5.0:MQTT-2.2.1-6" },
	.level = MUST, .versions = BOTH)
{
	static const unsigned ids[] = { 1, 0x1234, 65535 };
	static const char *const filters[] = { "s/1", "s/4660", "s/65535" };
	struct peer *client = join(t, "client");

	for (size_t i = 0; i < 3; i++)
		send_subscribe(client, .filter = filters[i], .id = ids[i]);
	for (size_t i = 0; i < 3; i++) {
		struct packet suback = expect_ack(client, SUBACK, ids[i]);
		check_eq(t, suback.codes.len, 1);
	}
	expect_no(client, SUBACK);
}

CASE(suback_codes_in_order,
	.title =
		"SUBACK has one code for each filter, in their order, and each filter takes effect",
	.refs = { "3.1.1:MQTT-3.9.3-1", "3.1.1:MQTT-3.8.4-5", "3.1.1:MQTT-3.8.4-4",
		"5.0:MQTT-3.9.3-1", "5.0:MQTT-3.8.4-6", "5.0:MQTT-3.8.4-7", "5.0:MQTT-3.8.4-5" },
	.level = MUST, .versions = BOTH)
{
	static const char *const filters[] = { "s/zero", "s/two", "s/one" };
	static const unsigned asked[] = { 0, 2, 1 };
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	send_subscribe(sub, .filter = filters[0], .qos = 0, .id = 3,
		.more = (const struct subscribe[]){ { .filter = filters[1], .qos = 2 },
			{ .filter = filters[2], .qos = 1 }, { 0 } });
	struct packet suback = expect_ack(sub, SUBACK, 3);
	judging(t, "3.1.1:MQTT-3.8.4-5");
	judging(t, "5.0:MQTT-3.8.4-6");
	check_eq(t, suback.codes.len, 3);
	judging(t, "3.1.1:MQTT-3.9.3-1");
	judging(t, "5.0:MQTT-3.9.3-1");
	for (size_t i = 0; i < 3; i++)
		check_in(t, suback,
			suback.codes.data[i] >= 0x80 || suback.codes.data[i] <= asked[i],
			"each code grants at most the QoS asked at its place, or refuses");
	judging(t, "3.1.1:MQTT-3.8.4-4");
	judging(t, "5.0:MQTT-3.8.4-5");
	expect_no(sub, SUBACK);
	for (size_t i = 0; i < 3; i++) {
		if (suback.codes.data[i] >= 0x80)
			continue;
		publish(pub, .topic = filters[i], .payload = "m", .qos = offers(t)->maximum_qos);
		expect_message(sub, .topic = filters[i],
			.qos = SET(least(suback.codes.data[i], offers(t)->maximum_qos)));
	}
}

CASE(subscribe_above_maximum_qos,
	.title = "A server with a Maximum QoS accepts SUBSCRIBE at any QoS",
	.refs = { "5.0:MQTT-3.2.2-10" }, .level = MUST, .versions = V50)
{
	require(t, offers(t)->maximum_qos < 2 && !offers(t)->refusals[OFFER_QOS],
		"the target has announced no Maximum QoS");
	struct peer *client = join(t, "client");

	for (unsigned qos = 0; qos <= 2; qos++) {
		send_subscribe(client, .filter = "s/q", .qos = qos, .id = 1 + qos);
		struct packet suback = expect_ack(client, SUBACK, 1 + qos);
		check_in(t, suback, suback.codes.len == 1 && suback.codes.data[0] <= qos,
			"SUBACK grants a QoS up to that asked for");
	}
}

/*   subscriber                    target
 *   SUBSCRIBE up q0, up q1,   -->
 *             down q1, down q0
 *                             <--  SUBACK of four codes
 *                             <--  PUBLISH "once" on each, once, at the QoS of the later entry
 */
CASE(same_filter_twice_in_one_packet,
	.title = "Of two entries with one filter in a SUBSCRIBE the later one holds",
	.refs = { "3.1.1:MQTT-3.8.4-4", "3.1.1:MQTT-3.8.4-3", "3.1.1:MQTT-3.8.4-5",
		"5.0:MQTT-3.8.4-5", "5.0:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-6" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	send_subscribe(sub, .filter = "s/up", .qos = 0, .id = 9,
		.more = (const struct subscribe[]){ { .filter = "s/up", .qos = 1 },
			{ .filter = "s/down", .qos = 1 }, { .filter = "s/down", .qos = 0 },
			{ 0 } });
	struct packet suback = expect_ack(sub, SUBACK, 9);
	check_eq(t, suback.codes.len, 4);
	require(t, suback.codes.data[1] == 1 && suback.codes.data[3] == 0,
		"the target does not grant QoS 1");

	publish(pub, .topic = "s/up", .payload = "once", .qos = 1);
	publish(pub, .topic = "s/up", .payload = "marker", .qos = 1);
	expect_message(sub, .topic = "s/up", .payload = "once", .qos = SET(1));
	expect_message(sub, .topic = "s/up", .payload = "marker", .qos = SET(1));
	publish(pub, .topic = "s/down", .payload = "once", .qos = 1);
	publish(pub, .topic = "s/down", .payload = "marker", .qos = 1);
	expect_message(sub, .topic = "s/down", .payload = "once", .qos = SET(0));
	expect_message(sub, .topic = "s/down", .payload = "marker", .qos = SET(0));
}

/* ---- SUBSCRIBE packets that must be refused ------------------------------------------------- */

static const struct vector bad_subscribe[] = {
	{ "no_filter", "82 r m1 p{}",
		.refs = { "3.1.1:MQTT-3.8.3-3", "5.0:MQTT-3.8.3-2", "5.0:U50-SUB-EMPTY" },
		.title = "A SUBSCRIBE without filters ends the connection",
		.codes = { 0x82, 0x81 } },
	{ "identifier_0", "82 r m0 p{} t\"a\" 00",
		.refs = { "3.1.1:MQTT-2.3.1-1", "5.0:MQTT-2.2.1-3" },
		.title = "A SUBSCRIBE with Packet Identifier 0 ends the connection",
		.codes = { 0x82, 0x81 } },
	{ "bit_2", "82 r m1 t\"a\" 04", .versions = V311 },
	{ "bit_3", "82 r m1 t\"a\" 08", .versions = V311 },
	{ "bit_4", "82 r m1 t\"a\" 10", .versions = V311 },
	{ "bit_5", "82 r m1 t\"a\" 20", .versions = V311 },
	{ "bit_6", "82 r m1 p{} t\"a\" 40", .codes = { 0x81, 0x82 } },
	{ "bit_7", "82 r m1 p{} t\"a\" 80", .codes = { 0x81, 0x82 } },
	{ "bit_7_of_second", "82 r m1 p{} t\"a\" 00 t\"b\" 80", .codes = { 0x81, 0x82 } },
	{ "qos_3", "82 r m1 p{} t\"a\" 03", .refs = { "3.1.1:MQTT-3.8.3-4", "5.0:U50-SUB-QOS3" },
		.title = "A SUBSCRIBE that asks for QoS 3 ends the connection",
		.codes = { 0x82, 0x81 } },
	{ "qos_3_of_second", "82 r m1 p{} t\"a\" 01 t\"b\" 03",
		.refs = { "3.1.1:MQTT-3.8.3-4", "5.0:U50-SUB-QOS3" },
		.title = "A SUBSCRIBE that asks for QoS 3 ends the connection",
		.codes = { 0x82, 0x81 } },
	{ "retain_handling_3", "82 r m1 p{} t\"a\" 30", .refs = { "5.0:U50-SUB-RH3" },
		.title = "A SUBSCRIBE with Retain Handling 3 ends the connection", .versions = V50,
		.codes = { 0x82, 0x81 } },
};

CASE(bad_subscribe, .title = "A SUBSCRIBE with reserved bits in its options ends the connection",
	.refs = { "3.1.1:MQTT-3.8.3-4", "5.0:MQTT-3.8.3-5" }, .level = MUST, .versions = BOTH,
	ROWS(bad_subscribe))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* ---- subscribing again ---------------------------------------------------------------------- */

CASE(resubscribe_replaces_qos,
	.title = "Subscribing again replaces the subscription: the new QoS, one copy",
	.refs = { "3.1.1:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-3" }, .level = MUST, .versions = BOTH)
{
	static const unsigned order[] = { 2, 0, 1, 2 };
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < 4; i++) {
		subscribe(sub, .filter = "s/t", .qos = order[i]);
		publish(pub, .topic = "s/t", .payload = "once", .qos = 2);
		publish(pub, .topic = "s/t", .payload = "marker", .qos = 2);
		expect_message(sub, .payload = "once", .qos = SET(order[i]));
		expect_message(sub, .payload = "marker", .qos = SET(order[i]));
	}
}

/* The client publishes on "s/t", where it has No Local, and demands that nothing of it comes back. Its other
 * subscription, to "s/own", is older and has no No Local.
 *
 *   client                target            control
 *   PUBLISH "s/t"    -->
 *                                      -->  PUBLISH "s/t"
 *   PUBLISH "s/own"  -->
 *                    <--  PUBLISH "s/own", first
 */
static void expect_unheard(
	struct peer *client, struct peer *control, const char *payload, unsigned qos)
{
	publish(client, .topic = "s/t", .payload = payload, .qos = qos);
	expect_message(control, .topic = "s/t", .payload = payload);
	publish(client, .topic = "s/own", .payload = "marker", .qos = qos);
	expect_message(client, .topic = "s/own", .payload = "marker");
}

CASE(resubscribe_replaces_options,
	.title = "Subscribing again replaces No Local and Retain As Published",
	.refs = { "5.0:MQTT-3.8.4-3", "5.0:MQTT-3.8.3-3", "5.0:MQTT-3.3.1-12",
		"5.0:MQTT-3.3.1-13" },
	.level = MUST, .versions = V50)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *sub = join(t, "subscriber");
	struct peer *control = join(t, "control");
	struct peer *pub = join(t, "publisher");
	subscribe(control, .filter = "s/t");
	subscribe(sub, .filter = "s/own");

	subscribe(sub, .filter = "s/t", .no_local = true, .retain_as_published = true);
	expect_unheard(sub, control, "own 1", 0);
	publish(pub, .topic = "s/t", .payload = "retained 1", .retain = true);
	expect_message(sub, .payload = "retained 1", .retain = SET(1));
	expect_message(control, .payload = "retained 1", .retain = SET(0));

	subscribe(sub, .filter = "s/t", .retain_handling = 2);
	publish(sub, .topic = "s/t", .payload = "own 2");
	expect_message(sub, .payload = "own 2");
	expect_message(control, .payload = "own 2");
	publish(pub, .topic = "s/t", .payload = "retained 2", .retain = true);
	expect_message(sub, .payload = "retained 2", .retain = SET(0));
	expect_message(control, .payload = "retained 2", .retain = SET(0));

	subscribe(sub, .filter = "s/t", .retain_handling = 2, .no_local = true);
	expect_unheard(sub, control, "own 3", 0);
}

enum { ROUNDS = 20, BURST = 3 };

/* All messages of a round, in whatever order they come: other cases judge that. Second copies, which QoS 1
 * allows, do not count.
 */
static void expect_round(struct test *t, struct peer *pub, struct peer *sub, unsigned first)
{
	unsigned missing = (1u << 2 * BURST) - 1;

	/* In turns: a server may hold PUBACK back until its own window is free. */
	for (unsigned i = 0; i < 2 * BURST || missing; i++) {
		if (i < 2 * BURST)
			expect_ack(pub, PUBACK, first + i + 1);
		if (!missing)
			continue;
		struct packet m = expect_message(sub, .topic = "s/stream");
		char text[16] = { 0 };
		if (m.payload.len)
			memcpy(text, m.payload.data, m.payload.len < 15 ? m.payload.len : 15);
		unsigned at = (unsigned)strtoul(text, NULL, 10) - first;
		unsigned bit = at < 2 * BURST ? 1u << at : 0;
		if (!(missing & bit))
			observe(t, "a second copy of message %s", text);
		missing &= ~bit;
	}
}

/*   publisher            target            subscriber
 *   PUBLISH 0, 1, 2 -->
 *                              <--  SUBSCRIBE again
 *   PUBLISH 3, 4, 5 -->
 *                              -->  PUBLISH 0 to 5, and SUBACK
 */
CASE(resubscribe_loses_nothing,
	.title = "No message of a stream is lost while its subscription is replaced",
	.refs = { "3.1.1:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-4" }, .level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	char number[16];

	subscribe(sub, .filter = "s/stream", .qos = 1, .id = 500);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned first = round * 2 * BURST;
		for (unsigned i = 0; i < 2 * BURST; i++) {
			if (i == BURST)
				send_subscribe(
					sub, .filter = "s/stream", .qos = 1, .id = 501 + round);
			snprintf(number, sizeof(number), "%u", first + i);
			send_publish(pub, .topic = "s/stream", .payload = number, .qos = 1,
				.id = first + i + 1);
		}
		expect_ack(sub, SUBACK, 501 + round);
		expect_round(t, pub, sub, first);
	}
}

/* ---- what is delivered ---------------------------------------------------------------------- */

CASE(delivered_at_lower_qos,
	.title = "A message goes out at the lower of its own QoS and the granted one",
	.refs = { "3.1.1:MQTT-3.8.4-6", "5.0:MQTT-3.8.4-8" }, .level = MUST, .versions = BOTH)
{
	static const char *const names[] = { "granted0", "granted1", "granted2" };
	struct peer *subs[3];
	struct peer *pub = join(t, "publisher");

	for (unsigned granted = 0; granted <= 2; granted++) {
		subs[granted] = join(t, names[granted]);
		subscribe(subs[granted], .filter = "s/t", .qos = granted);
	}
	for (unsigned qos = 0; qos <= 2; qos++) {
		publish(pub, .topic = "s/t", .payload = "m", .qos = qos);
		for (unsigned granted = 0; granted <= 2; granted++)
			expect_message(
				subs[granted], .payload = "m", .qos = SET(least(qos, granted)));
	}
}

CASE(every_matching_subscriber, .title = "Each client whose filter matches gets the message",
	.refs = { "3.1.1:UALL-DELIVER-MATCH", "3.1.1:MQTT-4.5.0-1", "5.0:UALL-DELIVER-MATCH",
		"5.0:MQTT-4.5.0-1" },
	.level = STATED, .versions = BOTH)
{
	static const char *const names[] = { "exact", "plus", "hash", "parent", "other" };
	static const char *const filters[] = { "s/a/b", "s/+/b", "s/#", "s/a/b/#", "s/a/c" };
	struct peer *subs[5];
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < 5; i++) {
		subs[i] = join(t, names[i]);
		subscribe(subs[i], .filter = filters[i], .qos = 1);
	}
	/* No filter of the others matches: nothing orders messages on two topics. */
	subscribe(subs[4], .filter = "marker", .qos = 1);
	publish(pub, .topic = "s/a/b", .payload = "all", .qos = 1);
	publish(pub, .topic = "marker", .payload = "marker", .qos = 1);
	for (size_t i = 0; i < 4; i++)
		expect_message(subs[i], .topic = "s/a/b", .payload = "all");
	expect_message(subs[4], .topic = "marker", .payload = "marker");
}

struct overlap {
	struct subscribe first, second;
};

static const struct overlap hash2_plus1 = { { .filter = "o/#", .qos = 2 },
	{ .filter = "o/+", .qos = 1 } };
static const struct overlap plus2_hash1 = { { .filter = "o/+", .qos = 2 },
	{ .filter = "o/#", .qos = 1 } };
static const struct overlap hash0_exact2 = { { .filter = "o/#", .qos = 0 },
	{ .filter = "o/t", .qos = 2 } };
static const struct overlap exact0_hash2 = { { .filter = "o/t", .qos = 0 },
	{ .filter = "o/#", .qos = 2 } };
static const struct overlap exact2_hash0 = { { .filter = "o/t", .qos = 2 },
	{ .filter = "o/#", .qos = 0 } };
static const struct overlap plus1_exact2 = { { .filter = "o/+", .qos = 1 },
	{ .filter = "o/t", .qos = 2 } };

static const struct vector overlapping[] = {
	{ "hash_2_plus_1", .extra = &hash2_plus1 },
	{ "plus_2_hash_1", .extra = &plus2_hash1 },
	{ "hash_0_exact_2", .extra = &hash0_exact2 },
	{ "exact_0_hash_2", .extra = &exact0_hash2 },
	{ "exact_2_hash_0", .extra = &exact2_hash0 },
	{ "plus_1_exact_2", .extra = &plus1_exact2 },
};

/* Further copies, one for each other subscription at its own QoS, are allowed; the standard orders
 * only what goes out at one QoS, so the marker counts once it comes at QoS 2.
 */
CASE(overlapping,
	.title = "A message that matches two subscriptions of a client comes at the higher QoS",
	.refs = { "3.1.1:MQTT-3.3.5-1", "5.0:MQTT-3.3.4-2" }, .level = MUST, .versions = BOTH,
	ROWS(overlapping))
{
	const struct overlap *o = row(t)->extra;
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = o->first.filter, .qos = o->first.qos);
	subscribe(sub, .filter = o->second.filter, .qos = o->second.qos);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "o/t", .payload = "once", .qos = 2);
	publish(pub, .topic = "o/t", .payload = "marker", .qos = 2);

	unsigned best = 0, copies = 0;
	for (;;) {
		if (isnan(wait_packet_ms(sub, PUBLISH, ANSWER_MS)))
			fail(t, "the messages once and marker at QoS 2",
				"%u copies came, at QoS %u at most, and no marker at QoS 2", copies,
				best);
		struct packet m = expect_message(sub, .topic = "o/t");
		if (is_payload(&m, "marker") && m.qos == 2)
			break;
		if (is_payload(&m, "once")) {
			best = m.qos > best ? m.qos : best;
			copies++;
		}
	}
	check_number(t, "the highest QoS of the copies", best, 2);
	check(t, copies <= 2, "at most one copy for each subscription", "%u copies came", copies);
}

/* ---- No Local ------------------------------------------------------------------------------- */

CASE(own_messages_echoed, .title = "A client gets its own messages, unless it asks not to",
	.refs = { "3.1.1:UALL-DELIVER-MATCH", "5.0:UALL-DELIVER-MATCH", "5.0:MQTT-3.8.3-3" },
	.level = STATED, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "s/t", .qos = 1);
	publish(client, .topic = "s/t", .payload = "own", .qos = 1);
	expect_message(client, .payload = "own");
}

CASE(no_local, .title = "With No Local a client gets the messages of others, and not its own",
	.refs = { "5.0:MQTT-3.8.3-3" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client", .kept = true);
	struct peer *control = join(t, "control");
	struct peer *pub = join(t, "publisher");

	subscribe(control, .filter = "s/t", .qos = 2);
	subscribe(client, .filter = "s/own", .qos = 2);
	subscribe(client, .filter = "s/t", .qos = 2, .no_local = true);
	for (unsigned qos = 0; qos <= 2; qos++) {
		expect_unheard(client, control, "own", qos);
		publish(pub, .topic = "s/t", .payload = "theirs", .qos = qos);
		expect_message(client, .payload = "theirs");
		expect_message(control, .payload = "theirs");
	}
	leave(client);

	client = join(t, "client", .kept = true, .resumed = true);
	expect_unheard(client, control, "own again", 1);
}

/*   client, kept session        target             watcher
 *   SUBSCRIBE, No Local    -->
 *   FIN                    -->
 *                                              -->  the Will
 *   CONNECT                -->
 *                          <--  no Will, the marker
 *
 * The Will is a message of the client, published in its name: that No Local holds it back is the plain
 * reading of the statement, and no more than that.
 */
CASE(no_local_and_own_will, .title = "With No Local a client's session does not get its own Will",
	.refs = { "5.0:MQTT-3.8.3-3" }, .level = SHOULD, .versions = V50)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "s/w", .qos = 1);
	struct peer *client = join(t, "client", .kept = true, .clean = true,
		.will = { .topic = "s/w", .payload = "gone", .qos = 1 });
	subscribe(client, .filter = "s/w", .qos = 1, .no_local = true);
	drop(client);
	expect_message(watcher, .payload = "gone");

	client = join(t, "client", .kept = true, .resumed = true);
	publish(join(t, "publisher"), .topic = "s/w", .payload = "marker", .qos = 1);
	expect_message(watcher, .payload = "marker");
	expect_message(client, .payload = "marker");
}

CASE(no_local_of_one_subscription,
	.title = "No Local on one subscription leaves another that matches alone",
	.refs = { "5.0:MQTT-3.3.4-2", "5.0:MQTT-3.8.3-3" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");

	subscribe(client, .filter = "s/#", .qos = 1, .no_local = true);
	subscribe(client, .filter = "s/t", .qos = 1);
	publish(client, .topic = "s/t", .payload = "own", .qos = 1);
	publish(client, .topic = "s/t", .payload = "marker", .qos = 1);
	expect_message(client, .payload = "own");
	expect_message(client, .payload = "marker");
}

/* ---- many filters --------------------------------------------------------------------------- */

enum { MANY = 100, NAME_SIZE = 16 };

static struct subscribe many_filters(char names[MANY][NAME_SIZE], struct subscribe list[MANY])
{
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(names[i], NAME_SIZE, i % 3 ? "many/%u" : "many/%u/#", i);
		list[i] = (struct subscribe){ .filter = names[i], .qos = i % 2 };
	}
	struct subscribe all = list[0];
	memmove(list, list + 1, (MANY - 1) * sizeof(*list));
	list[MANY - 1] = (struct subscribe){ .filter = NULL };
	all.more = list;
	return all;
}

CASE(hundred_filters,
	.title =
		"Each of a hundred filters in one SUBSCRIBE brings its messages, until UNSUBSCRIBE",
	.refs = { "3.1.1:MQTT-3.8.4-4", "3.1.1:MQTT-3.8.4-5", "3.1.1:MQTT-4.5.0-1",
		"3.1.1:MQTT-3.10.4-6", "5.0:MQTT-3.8.4-5", "5.0:MQTT-3.8.4-6", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-3.10.4-6" },
	.level = MUST, .versions = BOTH)
{
	static char names[MANY][NAME_SIZE];
	static struct subscribe list[MANY];
	struct peer *sub = join(t, "subscriber");
	struct peer *control = join(t, "control");
	struct peer *pub = join(t, "publisher");
	struct subscribe all = many_filters(names, list);
	char topic[NAME_SIZE];
	subscribe(sub, .filter = "end/t", .qos = 1);
	subscribe(control, .filter = "many/#", .qos = 1);
	struct packet suback =
		subscribe(sub, .filter = all.filter, .qos = all.qos, .more = all.more);
	check_number(t, "codes in SUBACK", suback.codes.len, MANY);

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(topic, sizeof(topic), "many/%u", i);
		publish(pub, .topic = topic, .payload = "m", .qos = 1);
		expect_message(sub, .topic = topic, .payload = "m", .qos = SET(i % 2));
		expect_message(control, .topic = topic, .payload = "m");
	}
	judging(t, "3.1.1:MQTT-3.10.4-6");
	judging(t, "5.0:MQTT-3.10.4-6");
	unsubscribe(sub, .filter = all.filter, .more = all.more);
	for (unsigned i = 0; i < MANY; i += 9) {
		snprintf(topic, sizeof(topic), "many/%u", i);
		publish(pub, .topic = topic, .payload = "gone", .qos = 1);
		expect_message(control, .topic = topic, .payload = "gone");
		publish(pub, .topic = "end/t", .payload = topic, .qos = 1);
		expect_message(sub, .topic = "end/t", .payload = topic);
	}
}

CASE(no_local_by_wildcard, .title = "No Local holds for filters with wildcards",
	.refs = { "5.0:MQTT-3.8.3-3" }, .level = MUST, .versions = V50)
{
	static const char *const filters[] = { "s/+", "s/#" };
	struct peer *control = join(t, "control");
	struct peer *pub = join(t, "publisher");
	subscribe(control, .filter = "s/t", .qos = 2);

	for (size_t i = 0; i < 2; i++) {
		struct peer *client = join(t, i ? "hash" : "plus");
		subscribe(client, .filter = "s/own", .qos = 2);
		subscribe(client, .filter = filters[i], .qos = 2, .no_local = true);
		publish(client, .topic = "s/t", .payload = "own", .qos = 1);
		expect_message(control, .payload = "own");
		publish(pub, .topic = "s/t", .payload = "theirs", .qos = 1);
		expect_message(control, .payload = "theirs");
		expect_message(client, .payload = "theirs");
		leave(client);
	}
}

CHAPTER(subscribe, "SUBSCRIBE and SUBACK", &case_suback_identifiers, &case_suback_codes_in_order,
	&case_subscribe_above_maximum_qos, &case_same_filter_twice_in_one_packet,
	&case_bad_subscribe, &case_resubscribe_replaces_qos, &case_resubscribe_replaces_options,
	&case_resubscribe_loses_nothing, &case_delivered_at_lower_qos,
	&case_every_matching_subscriber, &case_overlapping, &case_own_messages_echoed,
	&case_no_local, &case_no_local_and_own_will, &case_no_local_of_one_subscription,
	&case_hundred_filters, &case_no_local_by_wildcard);
