/* What is under way when a connection breaks, and how it goes on in the session's next one, 4.4. */
#include "harness/case.h"

static struct peer *subscriber_of(struct test *t, unsigned qos)
{
	require_qos(t, qos);
	struct peer *sub = join(t, "subscriber", .kept = true);

	subscribe(sub, .filter = "re/t", .qos = qos);
	return sub;
}

static struct peer *come_back(struct test *t)
{
	return join(t, "subscriber", .kept = true, .resumed = true);
}

static const char *const letters[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };

/* ---- the target as sender ------------------------------------------------------------------ */

static void check_resent(struct test *t, struct packet again, struct packet first)
{
	judging(t, "3.1.1:MQTT-3.3.1-1");
	judging(t, "5.0:MQTT-3.3.1-1");
	check_eq(t, again.dup, 1);
	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	check_eq(t, again.id, first.id);
}

/*   subscriber                target
 *                        <--  PUBLISH q1 id N
 *   FIN, CONNECT         -->
 *                        <--  PUBLISH q1 id N dup
 *   FIN, CONNECT         -->
 *                        <--  PUBLISH q1 id N dup
 *   PUBACK N             -->
 *   FIN, CONNECT         -->
 *                        <--  PUBLISH "marker"
 */
CASE(qos1_sent_again,
	.title = "A QoS 1 message without PUBACK is sent again, with DUP 1 and its identifier",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1", "3.1.1:MQTT-2.3.1-4",
		"3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:MQTT-4.3.2-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 1);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "re/t", .payload = "again", .qos = 1);

	struct packet first = expect(sub, PUBLISH);
	check_eq(t, first.dup, 0);
	drop(sub);
	struct peer *back = come_back(t);
	struct packet again = expect(back, PUBLISH);
	check_text(t, again.payload, "again");
	check_resent(t, again, first);
	drop(back);
	back = come_back(t);
	again = expect_message(back, .payload = "again", .qos = SET(1));
	check_resent(t, again, first);
	leave(back); /* so that the target has dealt with the PUBACK */
	struct peer *last = come_back(t);
	publish(pub, .topic = "re/t", .payload = "marker", .qos = 1);
	expect_message(last, .payload = "marker", .dup = SET(0));
}

/*   subscriber                target
 *                        <--  PUBLISH q2 id N
 *   FIN, CONNECT         -->
 *                        <--  PUBLISH q2 id N dup
 *   PUBREC N ... PUBCOMP N
 */
CASE(qos2_sent_again,
	.title = "A QoS 2 message without PUBREC is sent again, with DUP 1 and its identifier",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1", "3.1.1:MQTT-4.3.3-1",
		"5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:MQTT-4.3.3-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "re/t", .payload = "again", .qos = 2);

	struct packet first = expect(sub, PUBLISH);
	check_eq(t, first.dup, 0);
	drop(sub);
	struct peer *back = come_back(t);
	struct packet again = expect_message(back, .payload = "again", .qos = SET(2));
	check_resent(t, again, first);
	publish(pub, .topic = "re/t", .payload = "marker", .qos = 2);
	expect_message(back, .payload = "marker", .dup = SET(0));
}

/*   subscriber                target
 *                        <--  PUBLISH q2 id N
 *   PUBREC N             -->
 *                        <--  PUBREL N
 *   FIN, CONNECT         -->
 *                        <--  PUBREL N, and no PUBLISH
 *   PUBCOMP N            -->
 *   FIN, CONNECT         -->
 *                        <--  nothing of N
 */
CASE(pubrel_sent_again,
	.title = "A PUBREL without PUBCOMP is sent again, the PUBLISH before it not",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.4.0-1",
		"5.0:MQTT-4.3.3-5", "5.0:MQTT-4.3.3-6" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "re/t", .payload = "once", .qos = 2);
	struct packet message = expect(sub, PUBLISH);
	send_ack(sub, PUBREC, message.id);
	expect_ack(sub, PUBREL, message.id);
	drop(sub);

	struct peer *back = come_back(t);
	expect_ack(back, PUBREL, message.id);
	send_ack(back, PUBCOMP, message.id);
	publish(pub, .topic = "re/t", .payload = "marker", .qos = 2);
	expect_message(back, .payload = "marker");
	leave(back); /* so that the target has dealt with the PUBCOMP */

	struct peer *last = come_back(t);
	publish(pub, .topic = "re/t", .payload = "last", .qos = 2);
	expect_message(last, .payload = "last", .dup = SET(0));
	expect_no(last, PUBREL);
}

/* A target may keep fewer in flight than are published: the rest follows, all of it in order. */
static void check_order_again(struct test *t, unsigned qos)
{
	enum { COUNT = 10 };
	struct peer *sub = subscriber_of(t, qos);
	struct peer *pub = join(t, "publisher");
	unsigned ids[COUNT], sent = 0;

	for (unsigned i = 0; i < COUNT; i++)
		publish(pub, .topic = "re/t", .payload = letters[i], .qos = qos);
	fence(sub);
	do {
		struct packet message = expect(sub, PUBLISH);
		check_text(t, message.payload, letters[sent]);
		ids[sent++] = message.id;
	} while (sent < COUNT && has_packet(sub, PUBLISH));
	drop(sub);

	struct peer *back = come_back(t);
	for (unsigned i = 0; i < sent; i++) {
		judging(t, "3.1.1:MQTT-4.6.0-6");
		judging(t, "5.0:MQTT-4.6.0-5");
		struct packet message =
			expect_message(back, .payload = letters[i], .qos = SET(qos), .dup = SET(1));
		judging(t, "3.1.1:MQTT-4.4.0-1");
		judging(t, "5.0:MQTT-4.4.0-1");
		check_eq(t, message.id, ids[i]);
	}
	for (unsigned i = sent; i < COUNT; i++)
		expect_message(back, .payload = letters[i], .qos = SET(qos));
}

CASE(qos1_order_kept, .title = "QoS 1 messages sent again come in their first order",
	.refs = { "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.6.0-5",
		"5.0:MQTT-4.4.0-1" },
	.level = MUST, .versions = BOTH)
{
	check_order_again(t, 1);
}

CASE(qos2_order_kept, .title = "QoS 2 messages sent again come in their first order",
	.refs = { "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.6.0-5",
		"5.0:MQTT-4.4.0-1" },
	.level = MUST, .versions = BOTH)
{
	check_order_again(t, 2);
}

/*   subscriber                target
 *        away                           five messages are queued
 *   CONNECT              -->
 *                        <--  PUBLISH "a" to "e"
 *   PUBACK "a", "b"      -->
 *   DISCONNECT, CONNECT  -->
 *                        <--  PUBLISH "c" to "e"
 */
static void check_break_in_delivery(struct test *t, unsigned qos)
{
	struct peer *sub = subscriber_of(t, qos);
	leave(sub);
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 5; i++)
		publish(pub, .topic = "re/t", .payload = letters[i], .qos = qos);

	struct peer *back = come_back(t);
	for (size_t i = 0; i < 2; i++)
		expect_message(back, .payload = letters[i], .qos = SET(qos), .dup = SET(0));
	leave(back); /* so that the target has dealt with the acknowledgements */
	struct peer *again = come_back(t);
	for (size_t i = 2; i < 5; i++)
		expect_message(again, .payload = letters[i], .qos = SET(qos));
	publish(pub, .topic = "re/t", .payload = "marker", .qos = qos);
	expect_message(again, .payload = "marker", .dup = SET(0));
	expect_no(again, PUBREL);
}

CASE(qos1_break_in_delivery,
	.title = "A connection that ends while queued QoS 1 messages are delivered loses none, and "
		 "none that is settled comes again",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.6.0-6",
		"5.0:MQTT-4.4.0-1", "5.0:U50-STATE-CONTENT", "5.0:MQTT-4.6.0-5" },
	.level = MUST, .versions = BOTH)
{
	check_break_in_delivery(t, 1);
}

CASE(qos2_break_in_delivery,
	.title = "A connection that ends while queued QoS 2 messages are delivered loses none, and "
		 "none that is settled comes again",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.6.0-6",
		"5.0:MQTT-4.4.0-1", "5.0:U50-STATE-CONTENT", "5.0:MQTT-4.6.0-5" },
	.level = MUST, .versions = BOTH)
{
	check_break_in_delivery(t, 2);
}

/*   old                       target                  new
 *                        <--  PUBLISH "a" to "f"
 *   PUBACK "a", "b"      -->
 *                                          <--  CONNECT, same session
 *                        <--  closed
 *                                          -->  PUBLISH "c" to "j"
 */
CASE(take_over_loses_no_message,
	.title = "Messages published around a take-over reach the old or the new connection",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-4.4.0-1",
		"5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *old = subscriber_of(t, 1);
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 6; i++)
		publish(pub, .topic = "re/t", .payload = letters[i], .qos = 1);
	expect_message(old, .payload = letters[0]);
	expect_message(old, .payload = letters[1]);
	fence(old);

	struct peer *new = come_back(t);
	for (size_t i = 6; i < 10; i++)
		publish(pub, .topic = "re/t", .payload = letters[i], .qos = 1);
	for (size_t i = 2; i < 10; i++)
		expect_message(new, .payload = letters[i], .qos = SET(1));
	expect_closed(old);
}

/*   subscriber                target
 *                        <--  PUBLISH q2 id N, expiry 1 s
 *   FIN                  -->
 *        3 s
 *   CONNECT              -->
 *                        <--  PUBLISH q2 id N dup
 */
CASE(qos2_sent_again_when_expired,
	.title = "A QoS 2 message that has been sent is sent again even when it has expired "
		 "meanwhile",
	.refs = { "5.0:MQTT-4.3.3-7", "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = V50,
	.budget_ms = 3000)
{
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "re/t", .payload = "short-lived", .qos = 2,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	struct packet first = expect(sub, PUBLISH);
	drop(sub);

	let_pass(t, 3000);
	struct peer *back = come_back(t);
	struct packet again = expect_message(back, .payload = "short-lived", .dup = SET(1));
	check_eq(t, again.id, first.id);
}

/* What is owed here is no longer a message, but the rest of a handshake. */
CASE(pubrel_sent_again_when_expired,
	.title = "A PUBREL without PUBCOMP is sent again even when its message has expired "
		 "meanwhile",
	.refs = { "5.0:MQTT-4.3.3-5", "5.0:MQTT-4.3.3-7", "5.0:MQTT-4.4.0-1" }, .level = MUST,
	.versions = V50, .budget_ms = 3000)
{
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "re/t", .payload = "short-lived", .qos = 2,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	struct packet message = expect(sub, PUBLISH);
	send_ack(sub, PUBREC, message.id);
	expect_ack(sub, PUBREL, message.id);
	drop(sub);

	let_pass(t, 3000);
	struct peer *back = come_back(t);
	expect_ack(back, PUBREL, message.id);
	send_ack(back, PUBCOMP, message.id);
	publish(pub, .topic = "re/t", .payload = "marker", .qos = 2);
	expect_message(back, .payload = "marker", .dup = SET(0));
}

/* ---- unsubscribing meanwhile --------------------------------------------------------------- */

/*   subscriber                target
 *                        <--  PUBLISH q2 id N
 *   UNSUBSCRIBE          -->
 *                        <--  UNSUBACK
 *   PUBREC N             -->
 *                        <--  PUBREL N
 */
CASE(unsubscribe_under_way,
	.title = "A QoS 2 delivery under way is brought to its end after an UNSUBSCRIBE",
	.refs = { "3.1.1:MQTT-3.10.4-3", "5.0:MQTT-3.10.4-3" }, .level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "re/t", .payload = "under way", .qos = 2);
	struct packet message = expect(sub, PUBLISH);

	unsubscribe(sub, .filter = "re/t");
	send_ack(sub, PUBREC, message.id);
	expect_ack(sub, PUBREL, message.id);
	send_ack(sub, PUBCOMP, message.id);
	fence(sub);
}

CASE(unsubscribe_and_send_again,
	.title = "Deliveries under way are sent again after an UNSUBSCRIBE and a break",
	.refs = { "3.1.1:MQTT-3.10.4-3", "5.0:MQTT-3.10.4-3" }, .level = MUST, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	for (unsigned qos = 1; qos <= highest; qos++) {
		struct peer *sub = join(t, "subscriber", .kept = true);
		subscribe(sub, .filter = "re/t", .qos = qos);
		struct peer *pub = join(t, "publisher");
		publish(pub, .topic = "re/t", .payload = "under way", .qos = qos);
		struct packet message = expect(sub, PUBLISH);

		unsubscribe(sub, .filter = "re/t");
		drop(sub);
		struct peer *back = come_back(t);
		struct packet again = expect_message(back, .payload = "under way", .dup = SET(1));
		check_eq(t, again.id, message.id);
		leave(back);
	}
}

/* ---- the target as receiver ---------------------------------------------------------------- */

/* The PUBCOMP; a PUBREC may come before it, repeated by the target of its own accord as the session
 * goes on: nothing forbids it.
 */
static void expect_pubcomp(struct test *t, struct peer *pub, unsigned id)
{
	struct packet answer = expect_one_of(
		pub, OUTCOMES({ .type = PUBREC }, { .type = PUBCOMP, .code = SET(0) }));

	check_eq(t, answer.id, id);
	if (answer.type == PUBREC)
		check_eq(t, expect_ack(pub, PUBCOMP, id).code, 0);
}

/*   publisher                 target                  watcher
 *   PUBLISH q2 id 7      -->
 *                        <--  PUBREC 7
 *   FIN, CONNECT         -->
 *   PUBLISH q2 id 7 dup  -->
 *                        <--  PUBREC 7            three times
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 *                                          -->  PUBLISH "once", once
 */
CASE(qos2_received_once,
	.title = "A QoS 2 PUBLISH that a client repeats in its resumed session is delivered once",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-4.3.3-10",
		"5.0:U50-STATE-CONTENT", "5.0:U50-PKTID-INUSE" },
	.level = MUST, .versions = BOTH)
{
	require_qos(t, 2);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "re/t", .qos = 0);
	struct peer *pub = join(t, "publisher", .kept = true);
	send_publish(pub, .topic = "re/t", .payload = "once", .qos = 2, .id = 7);
	expect_ack(pub, PUBREC, 7);

	for (unsigned i = 0; i < 3; i++) {
		drop(pub);
		pub = join(t, "publisher", .kept = true, .resumed = true);
		send_publish(
			pub, .topic = "re/t", .payload = "once", .qos = 2, .id = 7, .dup = true);
		if (expect_ack(pub, PUBREC, 7).code == 0x91) {
			judging(t, "5.0:U50-PKTID-INUSE");
			nonstrict(t,
				"0x91 gives up a message that has to be sent again "
				"(MQTT-4.4.0-1), as if another one had its identifier");
			return;
		}
	}
	send_ack(pub, PUBREL, 7);
	expect_pubcomp(t, pub, 7);
	publish(pub, .topic = "re/t", .payload = "marker", .qos = 2, .id = 8);
	expect_message(watcher, .payload = "once");
	struct packet next = expect_message(watcher);
	check(t, !bytes_equal(next.payload, BYTES("once")), "the message is delivered once",
		"it came once more");
	check_text(t, next.payload, "marker");
}

/*   publisher                 target                  watcher
 *   PUBLISH q2 id 7      -->
 *                        <--  PUBREC 7
 *   FIN, CONNECT         -->
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 *                                          -->  PUBLISH "once", once
 */
CASE(qos2_released_after_return,
	.title = "A PUBREL that a client sends in its resumed session completes the delivery",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-4.3.3-11",
		"5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	require_qos(t, 2);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "re/t", .qos = 0);
	struct peer *pub = join(t, "publisher", .kept = true);
	send_publish(pub, .topic = "re/t", .payload = "once", .qos = 2, .id = 7);
	expect_ack(pub, PUBREC, 7);
	drop(pub);

	struct peer *back = join(t, "publisher", .kept = true, .resumed = true);
	send_ack(back, PUBREL, 7);
	expect_pubcomp(t, back, 7);
	publish(back, .topic = "re/t", .payload = "marker", .qos = 2, .id = 8);
	expect_message(watcher, .payload = "once");
	struct packet next = expect_message(watcher);
	check(t, !bytes_equal(next.payload, BYTES("once")), "the message is delivered once",
		"it came once more");
	check_text(t, next.payload, "marker");
}

/* A new session knows nothing of identifier 7, so the PUBLISH is a new message. Whether the first
 * one is delivered is open: its PUBREL never came.
 */
CASE(qos2_forgotten_with_session,
	.title = "An identifier that waited for PUBREL is free again in a new session",
	.refs = { "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4", "5.0:MQTT-4.3.3-12" }, .level = MUST,
	.versions = BOTH)
{
	require_qos(t, 2);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "re/t", .qos = 0);
	struct peer *pub = join(t, "publisher", .kept = true);
	send_publish(pub, .topic = "re/t", .payload = "old", .qos = 2, .id = 7);
	expect_ack(pub, PUBREC, 7);
	drop(pub);

	if (!is_v5(t))
		leave(join(t, "publisher"));
	struct peer *fresh = join(t, "publisher", .kept = true, .clean = true);
	send_publish(fresh, .topic = "re/t", .payload = "new", .qos = 2, .id = 7);
	expect_ack(fresh, PUBREC, 7);
	send_ack(fresh, PUBREL, 7);
	expect_ack(fresh, PUBCOMP, 7);
	publish(fresh, .topic = "re/t", .payload = "marker", .qos = 2, .id = 8);
	struct packet message = expect_message(watcher, .topic = "re/t");
	if (bytes_equal(message.payload, BYTES("old")))
		message = expect_message(watcher, .topic = "re/t");
	check_in(t, message, bytes_equal(message.payload, BYTES("new")),
		"the new message is delivered, before the one after it");
}

/* ---- break after break ---------------------------------------------------------------------- */

/* The standard makes no difference between the first resumption and a later one. */
static void check_each_break(struct test *t, unsigned qos)
{
	struct peer *sub = subscriber_of(t, qos);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "re/t", .payload = "again and again", .qos = qos);
	struct packet first = expect(sub, PUBLISH);

	for (unsigned i = 0; i < 3; i++) {
		drop(sub);
		sub = come_back(t);
		struct packet again = expect(sub, PUBLISH);
		check_resent(t, again, first);
		judging(t, "3.1.1:UALL-PAYLOAD-INTACT");
		judging(t, "5.0:UALL-PAYLOAD-INTACT");
		check_text(t, again.payload, "again and again");
		judging(t, "3.1.1:MQTT-4.4.0-1");
		judging(t, "5.0:MQTT-4.4.0-1");
	}
	if (qos == 1) {
		send_ack(sub, PUBACK, first.id);
	} else {
		send_ack(sub, PUBREC, first.id);
		expect_ack(sub, PUBREL, first.id);
		for (unsigned i = 0; i < 3; i++) {
			drop(sub);
			sub = come_back(t);
			expect_ack(sub, PUBREL, first.id);
		}
		send_ack(sub, PUBCOMP, first.id);
	}
	publish(pub, .topic = "re/t", .payload = "marker", .qos = qos);
	expect_message(sub, .payload = "marker", .dup = SET(0));
}

#define EACH_BREAK                                                                         \
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1", "3.1.1:UALL-PAYLOAD-INTACT", \
		"5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:UALL-PAYLOAD-INTACT" },       \
	.level = MUST, .versions = BOTH

CASE(qos1_sent_again_after_each_break,
	.title = "A QoS 1 message is sent again after a second and a third break, too", EACH_BREAK)
{
	check_each_break(t, 1);
}

CASE(qos2_sent_again_after_each_break,
	.title = "A QoS 2 message, then its PUBREL, is sent again after each of several breaks",
	EACH_BREAK)
{
	check_each_break(t, 2);
}

/*   subscriber                target
 *   SUBSCRIBE            -->
 *                        <--  PUBLISH q1 id N retain
 *   FIN, CONNECT         -->
 *                        <--  PUBLISH q1 id N dup retain
 */
CASE(retained_sent_again,
	.title = "A retained message that a new subscription brought, sent again after a break, "
		 "still has RETAIN 1",
	.refs = { "3.1.1:MQTT-3.3.1-8", "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1",
		"5.0:U50-RETAIN-FLAG", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1" },
	.level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_RETAIN);
	require_qos(t, 1);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "re/t", .payload = "kept", .qos = 1);
	struct peer *sub = subscriber_of(t, 1);
	struct packet first = expect(sub, PUBLISH);
	require(t, first.retain, "the message has not come with RETAIN 1");
	drop(sub);
	sub = come_back(t);
	struct packet again = expect(sub, PUBLISH);
	check_resent(t, again, first);
	judging(t, "3.1.1:MQTT-3.3.1-8");
	judging(t, "5.0:U50-RETAIN-FLAG");
	check_eq(t, again.retain, 1);
}

CHAPTER(redelivery, "Messages under way when a connection breaks", &case_qos1_sent_again,
	&case_qos2_sent_again, &case_pubrel_sent_again, &case_qos1_order_kept,
	&case_qos2_order_kept, &case_qos1_break_in_delivery, &case_qos2_break_in_delivery,
	&case_take_over_loses_no_message, &case_qos2_sent_again_when_expired,
	&case_pubrel_sent_again_when_expired, &case_unsubscribe_under_way,
	&case_unsubscribe_and_send_again, &case_qos2_received_once,
	&case_qos2_released_after_return, &case_qos2_forgotten_with_session,
	&case_qos1_sent_again_after_each_break, &case_qos2_sent_again_after_each_break,
	&case_retained_sent_again);
