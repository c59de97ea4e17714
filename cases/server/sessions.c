/* Session State: what outlives a connection and what does not, 3.1.2.4 and 4.1. What becomes of
 * messages that were under way is the business of another chapter, and so is Session Present.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/case.h"

/* A subscriber that gets what another must not get. */
static struct peer *join_control(struct test *t, const char *topic)
{
	struct peer *control = join(t, "control");

	subscribe(control, .filter = topic, .qos = 1);
	return control;
}

/* A message of which nothing is still on its way once the control has it. */
static void publish_gone(
	struct peer *pub, struct peer *control, const char *topic, const char *payload)
{
	publish(pub, .topic = topic, .payload = payload, .qos = 1);
	expect_message(control, .topic = topic, .payload = payload);
}

/* ---- what is kept -------------------------------------------------------------------------- */

/* After a DISCONNECT, a close and a reset. */
CASE(session_keeps_subscriptions,
	.title = "The subscriptions of a kept session are there without subscribing again",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-3.1.2-5",
		"5.0:MQTT-3.1.2-23", "5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/one", .qos = 1,
		.more = (const struct subscribe[]){
			{ .filter = "s/two", .qos = 0 }, { .filter = NULL } });

	for (unsigned i = 0; i < 3; i++) {
		switch (i) {
		case 0: leave(sub); break;
		case 1: drop(sub); break;
		default: abort_connection(sub);
		}
		sub = join(t, "subscriber", .kept = true, .resumed = true);
		publish(pub, .topic = "s/one", .payload = "x", .qos = 1);
		expect_message(sub, .topic = "s/one", .payload = "x", .qos = SET(1));
		publish(pub, .topic = "s/two", .payload = "y", .qos = 1);
		expect_message(sub, .topic = "s/two", .payload = "y", .qos = SET(0));
	}
}

CASE(session_keeps_unsubscriptions,
	.title = "A subscription given up before the break does not come back with the session",
	.refs = { "3.1.1:MQTT-3.10.4-2", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-3.10.4-2",
		"5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *control = join_control(t, "s/gone");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/gone", .qos = 1);
	subscribe(sub, .filter = "s/kept", .qos = 1);
	unsubscribe(sub, .filter = "s/gone");
	leave(sub);
	publish_gone(pub, control, "s/gone", "away");
	publish(pub, .topic = "s/kept", .payload = "away", .qos = 1);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	expect_message(back, .topic = "s/kept", .payload = "away");
	publish_gone(pub, control, "s/gone", "live");
	publish(pub, .topic = "s/kept", .payload = "live", .qos = 1);
	expect_message(back, .topic = "s/kept", .payload = "live");
}

enum { QUEUED = 50, LONG_QUEUE = 400, NUMBER_SIZE = 8 };

/* The number that a message has for payload; 0: another payload. */
static unsigned number_of(const struct packet *message)
{
	char text[NUMBER_SIZE] = { 0 };

	if (message->payload.len && message->payload.len < sizeof(text))
		memcpy(text, message->payload.data, message->payload.len);
	return (unsigned)strtoul(text, NULL, 10);
}

static void publish_numbers(struct peer *pub, unsigned qos, unsigned count)
{
	char number[NUMBER_SIZE];

	for (unsigned i = 1; i <= count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		publish(pub, .topic = "s/t", .payload = number, .qos = qos);
	}
}

/*   publisher                 target                  subscriber
 *                                          <--  SUBSCRIBE, DISCONNECT
 *   PUBLISH "1" to "50"  -->
 *                                          <--  CONNECT, same session
 *                                          -->  PUBLISH "1", dup 0
 *   PUBLISH "marker"     -->
 *                                          -->  PUBLISH "2" to "50", dup 0, then "marker"
 *
 * How many a queue holds is the administrator's affair: it may lack the last of them, or the first, but
 * none in between. A target that says how few it keeps, keeps as many. Returns how many it kept.
 */
static unsigned play_queue(struct test *t, unsigned qos, unsigned count, unsigned *first_kept)
{
	require_qos(t, qos);
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/t", .qos = qos);
	leave(sub);
	publish_numbers(pub, qos, count);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	struct packet message = expect_message(
		back, .topic = "s/t", .qos = SET(qos), .dup = SET(0), .retain = SET(0));
	unsigned first = number_of(&message), next = first;
	check_in(t, message, first > 0, "the first message is one that was published meanwhile");
	publish(pub, .topic = "s/t", .payload = "marker", .qos = qos);
	do {
		next++;
		message = expect_message(
			back, .topic = "s/t", .qos = SET(qos), .dup = SET(0), .retain = SET(0));
	} while (number_of(&message) == next);
	judging(t, "3.1.1:MQTT-4.6.0-6");
	judging(t, "5.0:MQTT-4.6.0-5");
	check_in(t, message, !number_of(&message),
		"the messages in their order, and none left out in between");
	check_text(t, message.payload, "marker");
	*first_kept = first;
	return next - first;
}

static void check_queue(struct test *t, unsigned qos)
{
	unsigned first, kept = play_queue(t, qos, QUEUED, &first);

	if (kept < QUEUED && kept < offers(t)->queue)
		nonstrict(
			t, "%u of %u messages are queued, from number %u on", kept, QUEUED, first);
}

CASE(queue_at_qos_1, .title = "QoS 1 messages wait for an absent subscriber and come in order",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6",
		"5.0:MQTT-4.5.0-1", "5.0:MQTT-3.1.2-23", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-4.6.0-5" },
	.level = MUST, .versions = BOTH)
{
	check_queue(t, 1);
}

CASE(queue_at_qos_2, .title = "QoS 2 messages wait for an absent subscriber and come in order",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6",
		"5.0:MQTT-4.5.0-1", "5.0:MQTT-3.1.2-23", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-4.6.0-5" },
	.level = MUST, .versions = BOTH)
{
	check_queue(t, 2);
}

CASE(queue_of_hundreds, .title = "None of four hundred messages that wait is left out in between",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-4.6.0-5" },
	.level = MUST, .versions = BOTH)
{
	unsigned first, kept = play_queue(t, 1, LONG_QUEUE, &first);

	if (kept < LONG_QUEUE)
		observe(t, "%u of %u messages are queued, from number %u on", kept, LONG_QUEUE,
			first);
}

/* Each subscriber has a queue of its own. */
CASE(queue_at_lower_qos,
	.title = "Queued messages come at the lower of their QoS and the one granted",
	.refs = { "3.1.1:MQTT-3.8.4-6", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-3.8.4-8",
		"5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	static const char *const payloads[] = { "at 1", "at 2" };
	require_qos(t, 2);
	struct peer *pub = join(t, "publisher");
	struct peer *one = join(t, "one", .kept = true);
	struct peer *two = join(t, "two", .kept = true);
	subscribe(one, .filter = "s/t", .qos = 1);
	subscribe(two, .filter = "s/t", .qos = 2);

	for (unsigned qos = 1; qos <= 2; qos++) {
		leave(one);
		leave(two);
		publish(pub, .topic = "s/t", .payload = payloads[qos - 1], .qos = qos);
		one = join(t, "one", .kept = true, .resumed = true);
		two = join(t, "two", .kept = true, .resumed = true);
		expect_message(one, .payload = payloads[qos - 1], .qos = SET(1));
		expect_message(two, .payload = payloads[qos - 1], .qos = SET(qos));
	}
}

/* What has QoS 0 may wait, or not; what comes after it must. They have no order among them. */
CASE(queue_at_qos_0,
	.title = "A QoS 0 message may or may not wait for an absent subscriber, the next one does",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:U311-QOS0-QUEUE", "5.0:MQTT-3.1.2-5",
		"5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/t", .qos = 1);
	leave(sub);
	publish(pub, .topic = "s/t", .payload = "at 0");
	publish(pub, .topic = "s/t", .payload = "at 1", .qos = 1);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	struct packet message = expect_message(back, .topic = "s/t");
	bool queued = bytes_equal(message.payload, BYTES("at 0"));
	if (queued)
		message = expect_message(back, .topic = "s/t");
	check_text(t, message.payload, "at 1");
	check_eq(t, message.qos, 1);
	if (!queued) {
		fence(back);
		queued = has_packet(back, PUBLISH);
	}
	observe(t, "QoS 0 messages are %s", queued ? "queued" : "not queued");
}

/*   one                       target                  two
 *   SUBSCRIBE "s/one"    -->               <--  SUBSCRIBE "s/two"
 *        both are away                  a message for each
 *   CONNECT              -->
 *                        <--  PUBLISH "s/one" alone
 */
CASE(sessions_are_apart, .title = "Sessions of different ClientIds have nothing in common",
	.refs = { "3.1.1:MQTT-3.1.3-2", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-3.1.3-2",
		"5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *one = join(t, "one", .kept = true);
	struct peer *two = join(t, "two", .kept = true);
	struct peer *control = join_control(t, "s/two");
	subscribe(one, .filter = "s/one", .qos = 1);
	subscribe(two, .filter = "s/two", .qos = 1);
	leave(one);
	leave(two);
	publish(pub, .topic = "s/one", .payload = "for one", .qos = 1);
	publish_gone(pub, control, "s/two", "for two");
	leave(join(t, "two")); /* the end of one session is not the end of the other */

	struct peer *back = join(t, "one", .kept = true, .resumed = true);
	expect_message(back, .topic = "s/one", .payload = "for one");
	publish_gone(pub, control, "s/two", "for nobody");
	publish(pub, .topic = "s/one", .payload = "marker", .qos = 1);
	expect_message(back, .topic = "s/one", .payload = "marker");
}

/* No Local, Retain As Published, the Subscription Identifier and the QoS of a subscription. */
CASE(session_keeps_options,
	.title = "A subscription of a resumed session has all of its options still",
	.refs = { "5.0:U50-STATE-CONTENT", "5.0:U50-SUBID-LIFE", "5.0:MQTT-3.8.3-3",
		"5.0:MQTT-3.3.1-13" },
	.level = STATED, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "no Subscription Identifiers");
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	struct peer *control = join_control(t, "s/t");
	subscribe(sub, .filter = "s/own", .qos = 1);
	subscribe(sub, .filter = "s/t", .qos = 1, .no_local = true, .retain_as_published = true,
		.props = PROPS(P_SUBSCRIPTION_ID(300)));
	leave(sub);
	publish(pub, .topic = "s/t", .payload = "away", .qos = 1, .retain = true);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	judging(t, "5.0:MQTT-3.3.1-13");
	struct packet queued = expect_message(back, .payload = "away", .retain = SET(1));
	expect_message(control, .payload = "away");
	judging(t, "5.0:MQTT-3.8.3-3");
	publish_gone(back, control, "s/t", "mine");
	publish(back, .topic = "s/own", .payload = "marker", .qos = 1);
	expect_message(back, .topic = "s/own", .payload = "marker");
	publish(pub, .topic = "s/t", .payload = "live", .qos = 1, .retain = true);
	struct packet live = expect_message(back, .payload = "live");
	judging(t, "5.0:MQTT-3.3.1-13");
	check_eq(t, live.retain, 1);
	judging(t, "5.0:U50-SUBID-LIFE");
	const struct property *id = properties_find(&queued.properties, 0x0B);
	check_in(t, queued, id && id->number == 300,
		"Subscription Identifier 300 on the queued message");
	id = properties_find(&live.properties, 0x0B);
	check_in(t, live, id && id->number == 300,
		"Subscription Identifier 300 on the live message");
}

/* ---- what is not kept ---------------------------------------------------------------------- */

/*   client                    target                  publisher, control
 *                        <--  CONNACK, Session Present 0
 *   SUBSCRIBE "s/other"  -->
 *                                          <--  PUBLISH "s/t" "live"
 *                                          -->  "live" for the control
 *                                          <--  PUBLISH "s/other" "marker"
 *                        <--  "marker", first
 */
static void expect_new_session(
	struct test *t, struct peer *client, struct peer *pub, struct peer *control)
{
	check_eq(t, connack(client).ack_flags & 1, 0);
	subscribe(client, .filter = "s/other", .qos = 1);
	publish_gone(pub, control, "s/t", "live");
	publish(pub, .topic = "s/other", .payload = "marker", .qos = 1);
	expect_message(client, .topic = "s/other", .payload = "marker", .dup = SET(0));
}

/*   subscriber                target
 *                        <--  PUBLISH q1        (no PUBACK)
 *                        <--  PUBLISH q2
 *   PUBREC               -->
 *                        <--  PUBREL            (no PUBCOMP)
 *        away                           one message more
 *   CONNECT, clean       -->
 *                        <--  nothing of all that
 */
CASE(clean_start_ends_session,
	.title =
		"A clean CONNECT ends the session: subscriptions, queue and all that was under way",
	.refs = { "3.1.1:MQTT-3.1.2-6", "3.1.1:MQTT-3.2.2-1", "5.0:MQTT-3.1.2-4",
		"5.0:MQTT-3.2.2-2" },
	.level = MUST, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	struct peer *control = join_control(t, "s/t");
	subscribe(sub, .filter = "s/t", .qos = highest);
	publish_gone(pub, control, "s/t", "without PUBACK");
	struct packet first = expect(sub, PUBLISH);
	/* At QoS 2, where it was raised, it must not be passed over by another PUBREC. [MQTT-4.6.0-3] */
	if (highest == 2 && first.qos < 2) {
		publish(pub, .topic = "s/t", .payload = "without PUBCOMP", .qos = 2);
		expect_message(control, .payload = "without PUBCOMP");
		fence(sub);
		if (has_packet(sub, PUBLISH)) {
			struct packet message = expect(sub, PUBLISH);
			send_ack(sub, PUBREC, message.id);
			expect_ack(sub, PUBREL, message.id);
		}
	}
	drop(sub);
	publish_gone(pub, control, "s/t", "queued");

	struct peer *clean = join(t, "subscriber");
	expect_new_session(t, clean, pub, control);
	expect_no(clean, PUBREL);
	leave(clean);
	expect_new_session(t, join(t, "subscriber", .kept = true), pub, control);
}

/*   subscriber                target
 *   CONNECT, clean       -->
 *   SUBSCRIBE            -->
 *                        <--  PUBLISH q1        (no PUBACK)
 *   FIN, CONNECT, kept   -->
 *                        <--  CONNACK, no session; and nothing of all that
 */
CASE(clean_session_leaves_nothing,
	.title = "A session that is not kept leaves nothing to the next one",
	.refs = { "3.1.1:MQTT-3.1.2-6", "3.1.1:MQTT-3.2.2-3", "5.0:U50-SESSION-EXPIRY-DEFAULT",
		"5.0:MQTT-4.1.0-2", "5.0:MQTT-3.2.2-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *control = join_control(t, "s/t");

	for (unsigned i = 0; i < 2; i++) {
		struct peer *clean = join(t, "subscriber");
		subscribe(clean, .filter = "s/t", .qos = 1);
		publish_gone(pub, control, "s/t", "without PUBACK");
		expect(clean, PUBLISH);
		if (i)
			leave(clean);
		else
			drop(clean);
		publish_gone(pub, control, "s/t", "away");

		struct peer *kept = join(t, "subscriber", .kept = true);
		expect_new_session(t, kept, pub, control);
		leave(kept);
	}
}

/* Neither Keep Alive 0 nor a Session Expiry Interval of a second ends it while it is in use. */
CASE(session_lasts_while_connected, .title = "A session does not end while its connection is open",
	.refs = { "3.1.1:MQTT-4.1.0-2", "5.0:MQTT-4.1.0-1" }, .level = MUST, .versions = BOTH,
	.budget_ms = 3000)
{
	struct peer *pub = join(t, "publisher");
	struct peer *idle = join(t, "idle");
	struct peer *brief = join(t, "brief", .kept = true, .expiry = SET(1));
	subscribe(idle, .filter = "s/t", .qos = 1);
	subscribe(brief, .filter = "s/t", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "under way", .qos = 1);
	struct packet unsettled = expect(idle, PUBLISH);
	expect_message(brief, .payload = "under way");

	let_pass(t, 3000);
	send_ack(idle, PUBACK, unsettled.id);
	publish(pub, .topic = "s/t", .payload = "later", .qos = 1);
	expect_message(idle, .payload = "later", .dup = SET(0));
	expect_message(brief, .payload = "later", .dup = SET(0));
}

/* What a client can ask for, and what it gets, on each of several connections. */
CASE(resumed_session_is_served,
	.title = "A session that is resumed again and again is served like a new one each time",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-3.12.4-1", "3.1.1:MQTT-3.8.4-1",
		"3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.1.0-2", "5.0:MQTT-3.1.2-5", "5.0:MQTT-3.12.4-1",
		"5.0:MQTT-3.8.4-1", "5.0:MQTT-4.5.0-1", "5.0:MQTT-4.1.0-1" },
	.level = MUST, .versions = BOTH)
{
	static const char *const topics[] = { "s/0", "s/1", "s/2", "s/3" };
	require_qos(t, 1);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);

	for (unsigned i = 0; i < 4; i++) {
		judging(t, "3.1.1:MQTT-3.12.4-1");
		judging(t, "5.0:MQTT-3.12.4-1");
		for (unsigned n = 0; n < 12; n++) {
			send_pingreq(sub);
			expect(sub, PINGRESP);
		}
		judging(t, "3.1.1:MQTT-3.8.4-1");
		judging(t, "5.0:MQTT-3.8.4-1");
		send_subscribe(sub, .filter = topics[i], .qos = highest, .id = 900 + i);
		struct packet suback = expect_ack(sub, SUBACK, 900 + i);
		require(t, suback.codes.len && suback.codes.data[0] == highest,
			"the target grants less QoS than was asked for");
		judging(t, "3.1.1:MQTT-4.5.0-1");
		judging(t, "5.0:MQTT-4.5.0-1");
		for (unsigned n = 0; n <= i; n++) {
			unsigned qos = n % (highest + 1);
			publish(pub, .topic = topics[n], .payload = "live", .qos = qos);
			expect_message(sub, .topic = topics[n], .payload = "live", .qos = SET(qos),
				.dup = SET(0));
			publish(sub, .topic = topics[n], .payload = "own", .qos = qos);
			expect_message(sub, .topic = topics[n], .payload = "own", .qos = SET(qos));
		}
		leave(sub);
		publish(pub, .topic = topics[i], .payload = "away", .qos = 1);
		sub = join(t, "subscriber", .kept = true, .resumed = true);
		expect_message(sub, .topic = topics[i], .payload = "away");
	}
}

/* Nothing that a client asks for has to wait for its own acknowledgements. */
CASE(requests_in_open_handshakes,
	.title = "SUBSCRIBE, UNSUBSCRIBE and PINGREQ are answered while messages are under way",
	.refs = { "3.1.1:MQTT-3.8.4-1", "3.1.1:MQTT-3.10.4-4", "3.1.1:MQTT-3.12.4-1",
		"5.0:MQTT-3.8.4-1", "5.0:MQTT-3.10.4-4", "5.0:MQTT-3.12.4-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "s/+", .qos = 1);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "s/t", .payload = "open", .qos = 1);
	struct packet open = expect(sub, PUBLISH);

	send_subscribe(sub, .filter = "other/t", .qos = 1, .id = 70);
	expect_ack(sub, SUBACK, 70);
	judging(t, "3.1.1:MQTT-3.10.4-4");
	judging(t, "5.0:MQTT-3.10.4-4");
	send_unsubscribe(sub, .filter = "other/t", .id = 71);
	expect_ack(sub, UNSUBACK, 71);
	judging(t, "3.1.1:MQTT-3.12.4-1");
	judging(t, "5.0:MQTT-3.12.4-1");
	send_pingreq(sub);
	expect(sub, PINGRESP);
	send_ack(sub, PUBACK, open.id);
}

CHAPTER(sessions, "Session State", &case_session_keeps_subscriptions,
	&case_session_keeps_unsubscriptions, &case_queue_at_qos_1, &case_queue_at_qos_2,
	&case_queue_of_hundreds, &case_queue_at_lower_qos, &case_queue_at_qos_0,
	&case_sessions_are_apart, &case_session_keeps_options, &case_clean_start_ends_session,
	&case_clean_session_leaves_nothing, &case_session_lasts_while_connected,
	&case_resumed_session_is_served, &case_requests_in_open_handshakes);
