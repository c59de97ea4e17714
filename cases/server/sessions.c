/* Session State: what outlives a connection and what does not, 3.1.2.4 and 4.1. What becomes of
 * messages that were under way is the business of another chapter, and so is Session Present.
 */
#include "harness/case.h"

static const char *const letters[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };

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
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/gone", .qos = 1);
	subscribe(sub, .filter = "s/kept", .qos = 1);
	unsubscribe(sub, .filter = "s/gone");
	leave(sub);
	publish(pub, .topic = "s/gone", .payload = "away", .qos = 1);
	publish(pub, .topic = "s/kept", .payload = "away", .qos = 1);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	expect_message(back, .topic = "s/kept", .payload = "away");
	publish(pub, .topic = "s/gone", .payload = "live", .qos = 1);
	publish(pub, .topic = "s/kept", .payload = "live", .qos = 1);
	expect_message(back, .topic = "s/kept", .payload = "live");
}

/*   publisher                 target                  subscriber
 *                                          <--  SUBSCRIBE, DISCONNECT
 *   PUBLISH "a" to "j"   -->
 *                                          <--  CONNECT, same session
 *                                          -->  PUBLISH "a" to "j", dup 0
 */
static void check_queue(struct test *t, unsigned qos)
{
	require(t, offers(t)->maximum_qos >= qos, "no QoS 2");
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/t", .qos = qos);
	leave(sub);
	for (unsigned i = 0; i < 50; i++)
		publish(pub, .topic = "s/t", .payload = letters[i % 10], .qos = qos);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	for (unsigned i = 0; i < 50; i++)
		expect_message(back, .topic = "s/t", .payload = letters[i % 10], .qos = SET(qos),
			.dup = SET(0), .retain = SET(0));
	publish(pub, .topic = "s/t", .payload = "marker", .qos = qos);
	expect_message(back, .payload = "marker");
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

/* Each subscriber has a queue of its own. */
CASE(queue_at_lower_qos,
	.title = "Queued messages come at the lower of their QoS and the one granted",
	.refs = { "3.1.1:MQTT-3.8.4-6", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-3.8.4-8",
		"5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	require(t, offers(t)->maximum_qos == 2, "no QoS 2");
	struct peer *pub = join(t, "publisher");
	struct peer *one = join(t, "one", .kept = true);
	struct peer *two = join(t, "two", .kept = true);
	subscribe(one, .filter = "s/t", .qos = 1);
	subscribe(two, .filter = "s/t", .qos = 2);

	for (unsigned qos = 1; qos <= 2; qos++) {
		leave(one);
		leave(two);
		publish(pub, .topic = "s/t", .payload = letters[qos], .qos = qos);
		one = join(t, "one", .kept = true, .resumed = true);
		two = join(t, "two", .kept = true, .resumed = true);
		expect_message(one, .payload = letters[qos], .qos = SET(1));
		expect_message(two, .payload = letters[qos], .qos = SET(qos));
	}
}

/* Both are allowed. Two subscriptions, since their messages have no order among them. */
CASE(queue_at_qos_0, .title = "QoS 0 messages may or may not wait for an absent subscriber",
	.refs = { "3.1.1:U311-QOS0-QUEUE", "5.0:U50-STATE-CONTENT" }, .level = MAY,
	.versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/t", .qos = 1);
	leave(sub);
	publish(pub, .topic = "s/t", .payload = "at 0");
	publish(pub, .topic = "s/t", .payload = "at 1", .qos = 1);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	bool queued = false;
	for (unsigned i = 0; i < 2; i++) {
		struct packet message = expect_message(back, .topic = "s/t");
		queued |= message.qos == 0;
		if (message.qos == 1 && !queued) {
			fence(back);
			queued = has_packet(back, PUBLISH);
			break;
		}
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
	subscribe(one, .filter = "s/one", .qos = 1);
	subscribe(two, .filter = "s/two", .qos = 1);
	leave(one);
	leave(two);
	publish(pub, .topic = "s/one", .payload = "for one", .qos = 1);
	publish(pub, .topic = "s/two", .payload = "for two", .qos = 1);
	leave(join(t, "two")); /* the end of one session is not the end of the other */

	struct peer *back = join(t, "one", .kept = true, .resumed = true);
	expect_message(back, .topic = "s/one", .payload = "for one");
	publish(pub, .topic = "s/two", .payload = "for nobody", .qos = 1);
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
	require(t, offers(t)->retain, "no retained messages");
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/t", .qos = 1, .no_local = true, .retain_as_published = true,
		.props = PROPS(P_SUBSCRIPTION_ID(300)));
	leave(sub);
	publish(pub, .topic = "s/t", .payload = "away", .qos = 1, .retain = true);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	judging(t, "5.0:MQTT-3.3.1-13");
	struct packet queued = expect_message(back, .payload = "away", .retain = SET(1));
	judging(t, "5.0:MQTT-3.8.3-3");
	publish(back, .topic = "s/t", .payload = "mine", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "live", .qos = 1, .retain = true);
	struct packet live = expect_message(back, .payload = "live");
	judging(t, "5.0:MQTT-3.3.1-13");
	check_eq(t, live.retain, 1);
	judging(t, "5.0:U50-SUBID-LIFE");
	const struct property *id = properties_find(&queued.properties, 0x0B);
	check(t, id && id->number == 300, "Subscription Identifier 300 on the queued message");
	id = properties_find(&live.properties, 0x0B);
	check(t, id && id->number == 300, "Subscription Identifier 300 on the live message");
}

/* ---- what is not kept ---------------------------------------------------------------------- */

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
	subscribe(sub, .filter = "s/t", .qos = highest);
	publish(pub, .topic = "s/t", .payload = "without PUBACK", .qos = 1);
	expect(sub, PUBLISH);
	if (highest == 2) {
		publish(pub, .topic = "s/t", .payload = "without PUBCOMP", .qos = 2);
		fence(sub);
		if (has_packet(sub, PUBLISH)) {
			struct packet message = expect(sub, PUBLISH);
			send_ack(sub, PUBREC, message.id);
			expect_ack(sub, PUBREL, message.id);
		}
	}
	drop(sub);
	publish(pub, .topic = "s/t", .payload = "queued", .qos = 1);

	struct peer *clean = join(t, "subscriber");
	check_eq(t, connack(clean).ack_flags, 0);
	publish(pub, .topic = "s/t", .payload = "live", .qos = 1);
	expect_no(clean, PUBLISH);
	expect_no(clean, PUBREL);
	subscribe(clean, .filter = "s/t", .qos = 1);
	publish(pub, .topic = "s/t", .payload = "marker", .qos = 1);
	expect_message(clean, .payload = "marker", .dup = SET(0));
	leave(clean);

	struct peer *kept = join(t, "subscriber", .kept = true);
	check_eq(t, connack(kept).ack_flags, 0);
	publish(pub, .topic = "s/t", .payload = "live", .qos = 1);
	expect_no(kept, PUBLISH);
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

	for (unsigned i = 0; i < 2; i++) {
		struct peer *clean = join(t, "subscriber");
		subscribe(clean, .filter = "s/t", .qos = 1);
		publish(pub, .topic = "s/t", .payload = "without PUBACK", .qos = 1);
		expect(clean, PUBLISH);
		if (i)
			leave(clean);
		else
			drop(clean);
		publish(pub, .topic = "s/t", .payload = "away", .qos = 1);

		struct peer *kept = join(t, "subscriber", .kept = true);
		check_eq(t, connack(kept).ack_flags, 0);
		publish(pub, .topic = "s/t", .payload = "live", .qos = 1);
		expect_no(kept, PUBLISH);
		subscribe(kept, .filter = "s/t", .qos = 1);
		publish(pub, .topic = "s/t", .payload = "marker", .qos = 1);
		expect_message(kept, .payload = "marker", .dup = SET(0));
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

CHAPTER(sessions, "Session State", &case_session_keeps_subscriptions,
	&case_session_keeps_unsubscriptions, &case_queue_at_qos_1, &case_queue_at_qos_2,
	&case_queue_at_lower_qos, &case_queue_at_qos_0, &case_sessions_are_apart,
	&case_session_keeps_options, &case_clean_start_ends_session,
	&case_clean_session_leaves_nothing, &case_session_lasts_while_connected);
