/* A client's part in the delivery at QoS 1, 4.3.2, as sender and as receiver, over the loss of a
 * connection, too (4.4).
 */
#include <math.h>

#include "harness/client_case.h"

enum { PATIENCE_MS = 3000, KEEP_ALIVE = 5 /* seconds, which any client takes */ };

/* ---- the client as sender -------------------------------------------------------------------- */

CLIENT_CASE(qos1_published, .title = "A QoS 1 message goes out once, with an identifier and DUP 0",
	.refs = { "3.1.1:MQTT-4.3.2-1", "3.1.1:MQTT-2.3.1-1", "5.0:MQTT-4.3.2-2",
		"5.0:MQTT-2.2.1-3" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit(t);

	do_publish(t, .topic = "q1/out", .payload = "once", .qos = 1);
	struct packet m = expect(server, PUBLISH);
	require(t, m.qos == 1, "the client publishes at another QoS");
	check_eq(t, m.dup, 0);
	check_in(t, m, m.id, "a Packet Identifier other than 0");
	expect_no(server, PUBLISH);
	send_ack(server, PUBACK, m.id);
}

CLIENT_CASE(qos1_done_with_puback, .title = "A QoS 1 message is done with its PUBACK, not before",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t);

	unsigned command = do_publish(t, .topic = "q1/out", .payload = "once", .qos = 1);
	struct packet m = need(server, PUBLISH);
	fence(server);
	synced(t);
	check_eq(t, told_waiting(t, TOLD_ACKNOWLEDGED), 0);
	send_ack(server, PUBACK, m.id);
	expect_no(server, PUBLISH);
	expect_acknowledged(t, command);
}

/* PUBACKs in reverse order: each ends its own message. A client may keep only one in flight. */
CLIENT_CASE(qos1_pubacks_in_any_order,
	.title = "Each PUBACK ends the message of its identifier, in whatever order they come",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	unsigned commands[3];
	struct packet messages[3];
	struct peer *server = admit(t);

	for (size_t i = 0; i < 3; i++)
		commands[i] = do_publish(t, .topic = "q1/out", .payload = "x", .qos = 1);
	require(t, take_messages(server, messages, 3) == 3,
		"the client has fewer than three messages under way at a time");
	for (size_t i = 3; i-- > 0;) {
		send_ack(server, PUBACK, messages[i].id);
		if (expect_acknowledged(t, commands[i]).kind == TOLD_NOTHING)
			return;
		synced(t);
		check_eq(t, told_waiting(t, TOLD_ACKNOWLEDGED), 0);
	}
}

/* 3.1.1 allows to send it again; a fresh identifier or DUP 0 would make it another message. */
CLIENT_CASE(qos1_not_resent_unasked,
	.title = "A QoS 1 message without PUBACK is not sent again while the connection lasts",
	.refs = { "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = V50, .budget_ms = 5000)
{
	struct peer *server = admit_pinging(t, KEEP_ALIVE);

	unsigned command = do_publish(t, .topic = "q1/out", .payload = "once", .qos = 1);
	struct packet m = need(server, PUBLISH);
	keep_alive_passes(server);
	expect_no(server, PUBLISH);
	send_ack(server, PUBACK, m.id);
	expect_acknowledged(t, command);
}

/*   client                    server
 *   CONNECT              -->
 *                        <--  CONNACK
 *   PUBLISH q1 id N      -->
 *            the connection breaks
 *   CONNECT              -->
 *                        <--  CONNACK, Session Present 1
 *   PUBLISH q1 id N dup  -->
 *                        <--  PUBACK N
 */
CLIENT_CASE(qos1_resent_in_resumed_session,
	.title = "A QoS 1 message whose PUBACK was lost is sent again when the session goes on",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1", "3.1.1:MQTT-2.3.1-3",
		"3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:MQTT-4.3.2-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	unsigned command =
		do_publish(t, .topic = "q1/out", .payload = "twice", .qos = 1, .retain = true);
	struct packet first = need(server, PUBLISH);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	struct packet again = expect(server, PUBLISH);
	check_eq(t, again.id, first.id);
	check_eq(t, again.qos, 1);
	check_text(t, again.topic, "q1/out");
	check_text(t, again.payload, "twice");
	check_eq(t, again.retain, first.retain);
	judging(t, "3.1.1:MQTT-3.3.1-1");
	judging(t, "5.0:MQTT-3.3.1-1");
	check_eq(t, again.dup, 1);
	judging(t, "3.1.1:MQTT-4.3.2-1");
	judging(t, "5.0:MQTT-4.3.2-3");
	send_ack(server, PUBACK, again.id);
	expect_no(server, PUBLISH);
	expect_done(t, command);
}

/* A second break before the PUBACK, and a third: as long as it takes. */
CLIENT_CASE(qos1_resent_until_acknowledged,
	.title = "A QoS 1 message is sent again on each connection of the session until its PUBACK",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.4.0-1",
		"5.0:MQTT-4.3.2-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "q1/out", .payload = "often", .qos = 1);
	struct packet first = need(server, PUBLISH);

	for (unsigned i = 0; i < 3; i++) {
		client_loses(server);
		server = admit(t, .kept = true, .resumed = true);
		struct packet again = expect(server, PUBLISH);
		check_eq(t, again.id, first.id);
		check_text(t, again.payload, "often");
	}
	send_ack(server, PUBACK, first.id);
	fence(server);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	synced(t);
	expect_no(server, PUBLISH);
}

/*   client                    server
 *   PUBLISH a, b, c      -->
 *                        <--  PUBACK b
 *            the connection breaks, the session goes on
 *   PUBLISH a, c         -->            in this order
 */
CLIENT_CASE(qos1_resent_in_order,
	.title = "What is sent again keeps its order, and what was acknowledged stays away",
	.refs = { "3.1.1:MQTT-4.6.0-1", "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.6.0-1",
		"5.0:MQTT-4.4.0-1" },
	.level = MUST, .versions = BOTH)
{
	static const char *const payloads[] = { "a", "b", "c" };
	unsigned commands[3];
	struct packet sent[3];
	struct peer *server = admit(t, .kept = true);

	for (size_t i = 0; i < 3; i++)
		commands[i] = do_publish(t, .topic = "q1/out", .payload = payloads[i], .qos = 1);
	require(t, take_messages(server, sent, 3) == 3,
		"the client has fewer than three messages under way at a time");
	send_ack(server, PUBACK, sent[1].id);
	fence(server);
	expect_answer(t, commands[1]);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	struct packet first = expect_publish(server, .payload = "a");
	struct packet second = expect_publish(server, .payload = "c");
	check_eq(t, first.id, sent[0].id);
	check_eq(t, second.id, sent[2].id);
	send_ack(server, PUBACK, first.id);
	send_ack(server, PUBACK, second.id);
	synced(t);
	expect_no(server, PUBLISH);
}

/* Message Expiry is for what a server keeps; what a client has sent waits for its PUBACK. */
CLIENT_CASE(qos1_resent_when_expired,
	.title = "A QoS 1 message without PUBACK is sent again though it would have expired",
	.refs = { "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = V50, .budget_ms = 2500)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "q1/out", .payload = "short-lived", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	struct packet first = need(server, PUBLISH);
	client_loses(server);
	let_pass(t, 2500);

	server = admit(t, .kept = true, .resumed = true);
	struct packet again = expect(server, PUBLISH);
	check_eq(t, again.id, first.id);
	send_ack(server, PUBACK, again.id);
}

/* A new message must not take the identifier of one that waits to be sent again. */
CLIENT_CASE(qos1_new_message_behind_resent,
	.title = "Behind a message sent again a new one has an identifier of its own and DUP 0",
	.refs = { "3.1.1:MQTT-4.3.2-1", "3.1.1:MQTT-2.3.1-2", "5.0:MQTT-4.3.2-2",
		"5.0:MQTT-2.2.1-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "q1/out", .payload = "old", .qos = 1);
	need(server, PUBLISH);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	require(t, !isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS)), "nothing is sent again");
	struct packet old = expect(server, PUBLISH);
	unsigned command = do_publish(t, .topic = "q1/out", .payload = "new", .qos = 1);
	struct packet new = expect_publish(server, .payload = "new");
	check_eq(t, new.dup, 0);
	judging(t, "3.1.1:MQTT-2.3.1-2");
	judging(t, "5.0:MQTT-2.2.1-3");
	check_in(t, new, new.id != old.id, "an identifier that is not in use");
	send_ack(server, PUBACK, new.id);
	expect_done(t, command);
	send_ack(server, PUBACK, old.id);
}

/* The user may have it published again, as a new message: DUP 0. */
CLIENT_CASE(qos1_not_resent_in_new_session,
	.title = "In a new session nothing is sent again from the one before",
	.refs = { "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4", "5.0:MQTT-4.4.0-1" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t);
	do_publish(t, .topic = "q1/out", .payload = "lost", .qos = 1);
	need(server, PUBLISH);
	client_loses(server);

	server = admit(t);
	synced(t);
	fence(server);
	if (!has_packet(server, PUBLISH))
		return;
	struct packet m = expect(server, PUBLISH);
	check_in(t, m, !m.dup, "no message of the old session is sent again, with DUP");
	observe(t, "the message is published again as a new one");
}

/* ---- the client as receiver ------------------------------------------------------------------ */

/* A connection on which the client takes this many messages at a time. */
static struct peer *admit_for(struct test *t, unsigned messages)
{
	struct peer *server = admit(t);
	struct packet connect = greeting_of(server);
	const struct property *p = properties_find(&connect.properties, 0x21);

	require(t, !p || p->number >= messages, "the client's Receive Maximum is lower");
	return server;
}

CLIENT_CASE(qos1_received, .title = "A QoS 1 message is answered by PUBACK with its identifier",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-2.3.1-6",
		"5.0:MQTT-4.3.2-4", "5.0:MQTT-3.3.4-1", "5.0:MQTT-2.2.1-5" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	static const unsigned ids[] = { 1001, 65535, 0x1234, 0x01FF, 0xFF00, 0x0100 };
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q1/in", .qos = 1);

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		send_publish(server, .topic = "q1/in", .payload = "once", .qos = 1, .id = ids[i]);
		struct packet puback = expect_ack(server, PUBACK, ids[i]);
		check_eq(t, puback.code, 0);
	}
	expect_no(server, PUBACK);
}

CLIENT_CASE(qos1_told_once_each, .title = "Each QoS 1 message is passed on, once and in order",
	.refs = { "3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.3.2-4", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	static const char *const payloads[] = { "a", "b", "a", "c", "marker" };
	struct peer *server = admit_for(t, 5);
	client_subscribes(server, .filter = "q1/in", .qos = 1);

	for (unsigned i = 0; i < 5; i++)
		send_publish(
			server, .topic = "q1/in", .payload = payloads[i], .qos = 1, .id = 1001 + i);
	for (unsigned i = 0; i < 5; i++)
		expect_ack(server, PUBACK, 1001 + i);
	for (unsigned i = 0; i < 5; i++)
		expect_told(t, .topic = "q1/in", .payload = payloads[i]);
	expect_no(server, PUBACK);
}

CLIENT_CASE(pubacks_in_order_of_arrival,
	.title = "PUBACK packets go out in the order in which the messages came in",
	.refs = { "3.1.1:MQTT-4.6.0-2", "5.0:MQTT-4.6.0-2" }, .level = MUST, .versions = BOTH,
	.unaided = true)
{
	static const unsigned ids[] = { 3009, 1003, 65535, 1001, 40000, 1002, 30000, 2999, 1004,
		3001 };
	struct peer *server = admit_for(t, 10);
	client_subscribes(server, .filter = "q1/in", .qos = 1);

	for (size_t i = 0; i < 10; i++)
		send_publish(server, .topic = "q1/in", .payload = "x", .qos = 1, .id = ids[i]);
	for (size_t i = 0; i < 10; i++) {
		struct packet puback = expect(server, PUBACK);
		check_eq(t, puback.id, ids[i]);
	}
}

/*   server                    client
 *   PUBLISH q1 id 1007        -->
 *                             <--  PUBACK 1007
 *   PUBLISH q1 id 1007 dup    -->       a new message, whatever DUP says
 *                             <--  PUBACK 1007
 */
CLIENT_CASE(qos1_same_identifier_is_new,
	.title = "After its PUBACK an identifier stands for a new message, with DUP 1, too",
	.refs = { "3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.3.2-5", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	static const char *const payloads[] = { "first", "second", "second", "third" };
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q1/in", .qos = 1);

	misbehave(server); /* a server sets DUP only where it sends again */
	for (unsigned i = 0; i < 4; i++) {
		send_publish(server, .topic = "q1/in", .payload = payloads[i], .qos = 1, .id = 1007,
			.dup = i % 3);
		expect_ack(server, PUBACK, 1007);
		expect_told(t, .topic = "q1/in", .payload = payloads[i]);
	}
}

/* DUP says that the server may have sent it before, not that the client has seen it. */
CLIENT_CASE(qos1_dup_does_not_vanish,
	.title = "A QoS 1 message that comes with DUP 1 is passed on and acknowledged",
	.refs = { "3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.3.2-4", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "q1/in", .qos = 1);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	send_publish(
		server, .topic = "q1/in", .payload = "late", .qos = 1, .id = 1007, .dup = true);
	expect_ack(server, PUBACK, 1007);
	expect_told(t, .topic = "q1/in", .payload = "late");
}

/* The PUBACK got lost, so to speak: the client cannot know that it is the same message. */
CLIENT_CASE(qos1_resent_by_server,
	.title = "A QoS 1 message that comes again on the next connection is acknowledged again",
	.refs = { "3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.3.2-5", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "q1/in", .qos = 1);
	send_publish(server, .topic = "q1/in", .payload = "twice", .qos = 1, .id = 1007);
	expect_ack(server, PUBACK, 1007);
	expect_told(t, .payload = "twice");
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	send_publish(
		server, .topic = "q1/in", .payload = "twice", .qos = 1, .id = 1007, .dup = true);
	expect_ack(server, PUBACK, 1007);
	expect_told(t, .payload = "twice");
}

CHAPTER(client_qos1, "A client's part at QoS 1", &case_qos1_published, &case_qos1_done_with_puback,
	&case_qos1_pubacks_in_any_order, &case_qos1_not_resent_unasked,
	&case_qos1_resent_in_resumed_session, &case_qos1_resent_until_acknowledged,
	&case_qos1_resent_in_order, &case_qos1_resent_when_expired,
	&case_qos1_new_message_behind_resent, &case_qos1_not_resent_in_new_session,
	&case_qos1_received, &case_qos1_told_once_each, &case_pubacks_in_order_of_arrival,
	&case_qos1_same_identifier_is_new, &case_qos1_dup_does_not_vanish,
	&case_qos1_resent_by_server);
