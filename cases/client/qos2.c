/* A client's part in the delivery at QoS 2, 4.3.3, as sender and as receiver, over the loss of a
 * connection, too (4.4).
 */
#include <math.h>

#include "harness/client_case.h"

enum { PATIENCE_MS = 3000, KEEP_ALIVE = 5 /* seconds, which any client takes */ };

/* ---- the client as sender -------------------------------------------------------------------- */

/*   client                    server
 *   PUBLISH q2 id N      -->
 *                        <--  PUBREC N
 *   PUBREL N             -->
 *                        <--  PUBCOMP N
 */
CLIENT_CASE(qos2_published, .title = "A QoS 2 message goes out with the whole handshake",
	.refs = { "3.1.1:MQTT-4.3.3-1", "3.1.1:MQTT-2.3.1-1", "3.1.1:MQTT-2.3.1-6",
		"5.0:MQTT-4.3.3-4", "5.0:MQTT-4.3.3-2", "5.0:MQTT-2.2.1-5" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit(t);

	do_publish(t, .topic = "q2/out", .payload = "once", .qos = 2);
	struct packet m = expect(server, PUBLISH);
	require(t, m.qos == 2, "the client publishes at another QoS");
	check_eq(t, m.dup, 0);
	check_in(t, m, m.id, "a Packet Identifier other than 0");
	expect_no(server, PUBREL); /* none before the PUBREC */
	send_ack(server, PUBREC, m.id);
	struct packet pubrel = expect_ack(server, PUBREL, m.id);
	check_eq(t, pubrel.code, 0);
	expect_no(server, PUBLISH);
	send_ack(server, PUBCOMP, m.id);
}

/* With PUBREC the message is the server's, so a client that tells its user then is early, not wrong. */
CLIENT_CASE(qos2_done_with_pubcomp, .title = "A QoS 2 message is done with its PUBCOMP, not before",
	.refs = { "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.3.3-4", "5.0:MQTT-4.3.3-5", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);

	unsigned command = do_publish(t, .topic = "q2/out", .payload = "once", .qos = 2);
	struct packet m = need(server, PUBLISH);
	fence(server);
	synced(t);
	judging_as_asked(t);
	check_eq(t, told_waiting(t, TOLD_ACKNOWLEDGED), 0);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.3.3-4");
	send_ack(server, PUBREC, m.id);
	expect_ack(server, PUBREL, m.id);
	fence(server);
	synced(t);
	if (told_waiting(t, TOLD_ACKNOWLEDGED))
		nonstrict(t, "the client tells the end of the handshake before PUBCOMP");
	send_ack(server, PUBCOMP, m.id);
	expect_no(server, PUBREL);
	expect_acknowledged(t, command);
}

CLIENT_CASE(qos2_not_resent_unasked,
	.title = "Neither PUBLISH nor PUBREL is sent again while the connection lasts",
	.refs = { "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = V50, .budget_ms = 10000)
{
	struct peer *server = admit_pinging(t, KEEP_ALIVE);

	unsigned command = do_publish(t, .topic = "q2/out", .payload = "once", .qos = 2);
	struct packet m = need(server, PUBLISH);
	keep_alive_passes(server);
	expect_no(server, PUBLISH);
	send_ack(server, PUBREC, m.id);
	expect_ack(server, PUBREL, m.id);
	keep_alive_passes(server);
	expect_no(server, PUBREL);
	send_ack(server, PUBCOMP, m.id);
	expect_acknowledged(t, command);
}

CLIENT_CASE(qos2_pubrec_lost,
	.title = "A QoS 2 message whose PUBREC was lost is sent again when the session goes on",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1", "3.1.1:MQTT-2.3.1-3",
		"3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:MQTT-4.3.3-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	unsigned command = do_publish(t, .topic = "q2/out", .payload = "again", .qos = 2);
	struct packet first = need(server, PUBLISH);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	struct packet again = expect(server, PUBLISH);
	check_eq(t, again.id, first.id);
	check_eq(t, again.qos, 2);
	check_text(t, again.topic, "q2/out");
	check_text(t, again.payload, "again");
	judging(t, "3.1.1:MQTT-3.3.1-1");
	judging(t, "5.0:MQTT-3.3.1-1");
	check_eq(t, again.dup, 1);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.3.3-3");
	send_ack(server, PUBREC, again.id);
	expect_ack(server, PUBREL, again.id);
	send_ack(server, PUBCOMP, again.id);
	expect_done(t, command);
}

/*   client                    server
 *   PUBLISH q2 id N      -->
 *                        <--  PUBREC N
 *   PUBREL N             -->
 *            the connection breaks, the session goes on
 *   PUBREL N             -->            and no PUBLISH
 *                        <--  PUBCOMP N
 */
CLIENT_CASE(qos2_pubcomp_lost,
	.title = "When the PUBCOMP was lost, PUBREL is sent again and PUBLISH is not",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.4.0-1",
		"5.0:MQTT-4.3.3-5", "5.0:MQTT-4.3.3-6" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	unsigned command = do_publish(t, .topic = "q2/out", .payload = "once", .qos = 2);
	struct packet m = need(server, PUBLISH);
	send_ack(server, PUBREC, m.id);
	expect_ack(server, PUBREL, m.id);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	struct packet pubrel = expect_ack(server, PUBREL, m.id);
	check_eq(t, pubrel.code, 0);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.3.3-6");
	expect_no(server, PUBLISH);
	judging(t, "5.0:MQTT-4.3.3-5");
	send_ack(server, PUBCOMP, m.id);
	if (!told_waiting(t, TOLD_ACKNOWLEDGED))
		expect_done(t, command);
}

/* The server has lost nothing: it may ask for the rest of the handshake of its own accord. */
CLIENT_CASE(qos2_pubrec_on_next_connection,
	.title = "A PUBREC for the PUBLISH sent again is answered by PUBREL and PUBLISH stays away",
	.refs = { "3.1.1:MQTT-4.3.3-1", "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.3.3-4",
		"5.0:MQTT-4.3.3-6", "5.0:MQTT-4.4.0-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "q2/out", .payload = "again", .qos = 2);
	need(server, PUBLISH);
	client_loses(server);
	server = admit(t, .kept = true, .resumed = true);
	require(t, !isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS)), "nothing is sent again");
	struct packet m = expect(server, PUBLISH);
	send_ack(server, PUBREC, m.id);
	expect_ack(server, PUBREL, m.id);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	expect_ack(server, PUBREL, m.id);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.3.3-6");
	expect_no(server, PUBLISH);
	send_ack(server, PUBCOMP, m.id);
}

/*   client                    server
 *   PUBLISH a, b, c      -->
 *                        <--  PUBREC b
 *   PUBREL b             -->
 *            the connection breaks, the session goes on
 *   PUBLISH a, c         -->            in this order
 *   PUBREL b             -->
 */
CLIENT_CASE(qos2_each_where_it_stood,
	.title = "When the session goes on, each message is taken up where its handshake stood",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.3-1", "3.1.1:MQTT-4.6.0-1",
		"5.0:MQTT-4.4.0-1", "5.0:MQTT-4.3.3-6", "5.0:MQTT-4.6.0-1" },
	.level = MUST, .versions = BOTH)
{
	static const char *const payloads[] = { "a", "b", "c" };
	struct packet sent[3];
	struct peer *server = admit(t, .kept = true);

	for (size_t i = 0; i < 3; i++)
		do_publish(t, .topic = "q2/out", .payload = payloads[i], .qos = 2);
	require(t, take_messages(server, sent, 3) == 3,
		"the client has fewer than three messages under way at a time");
	send_ack(server, PUBREC, sent[1].id);
	expect_ack(server, PUBREL, sent[1].id);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	struct packet first = expect_publish(server, .payload = "a");
	struct packet second = expect_publish(server, .payload = "c");
	check_eq(t, first.id, sent[0].id);
	check_eq(t, second.id, sent[2].id);
	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	expect_ack(server, PUBREL, sent[1].id);
	judging(t, "3.1.1:MQTT-4.3.3-1");
	judging(t, "5.0:MQTT-4.3.3-6");
	send_ack(server, PUBCOMP, sent[1].id);
	for (size_t i = 0; i < 3; i += 2) {
		send_ack(server, PUBREC, sent[i].id);
		expect_ack(server, PUBREL, sent[i].id);
		send_ack(server, PUBCOMP, sent[i].id);
	}
	expect_no(server, PUBLISH);
}

/* The second PUBREC is none of this server's business: a client may answer it or pass it over. */
CLIENT_CASE(qos2_pubrec_twice,
	.title = "After a second PUBREC the message is not sent again, and the handshake ends",
	.refs = { "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.3.3-6", "5.0:MQTT-4.3.3-4" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t);

	unsigned command = do_publish(t, .topic = "q2/out", .payload = "once", .qos = 2);
	struct packet m = need(server, PUBLISH);
	send_ack(server, PUBREC, m.id);
	expect_ack(server, PUBREL, m.id);
	misbehave(server);
	send_ack(server, PUBREC, m.id);
	send_publish(server, .topic = "q2/marker", .payload = "x", .qos = 1, .id = 1001);
	struct packet next = expect_one_of(server,
		OUTCOMES({ .type = PUBACK },
			{ .type = CLOSED,
				.verdict = VERDICT_INFO,
				.says = "a second PUBREC ends the connection" }));
	if (next.type == CLOSED)
		return;
	if (has_packet(server, PUBREL))
		expect_ack(server, PUBREL, m.id);
	expect_no(server, PUBLISH);
	send_ack(server, PUBCOMP, m.id);
	expect_acknowledged(t, command);
}

/* 0x10, No matching subscribers, is no error. */
CLIENT_CASE(qos2_pubrec_no_subscribers,
	.title = "A PUBREC that says that nobody has subscribed is answered by PUBREL",
	.refs = { "5.0:MQTT-4.3.3-4" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit(t);

	unsigned command = do_publish(t, .topic = "q2/out", .payload = "once", .qos = 2);
	struct packet m = need(server, PUBLISH);
	send_ack(server, PUBREC, m.id, .code = SET(0x10));
	struct packet pubrel = expect_ack(server, PUBREL, m.id);
	check_eq(t, pubrel.code, 0);
	send_ack(server, PUBCOMP, m.id);
	expect_answer(t, command);
}

/*   client                    server
 *   PUBLISH q2 id N      -->
 *                        <--  PUBREC N 0x97
 *            no PUBREL; the connection breaks, the session goes on
 *            nothing
 */
CLIENT_CASE(qos2_refused_by_pubrec,
	.title = "A PUBREC with the code of an error ends the message: no PUBREL, nothing sent "
		 "again",
	.refs = { "5.0:MQTT-4.4.0-2", "5.0:MQTT-4.3.3-4", "5.0:U50-ERR-ACKS" }, .level = MUST,
	.versions = V50)
{
	struct peer *server = admit(t, .kept = true);

	do_publish(t, .topic = "q2/out", .payload = "unwanted", .qos = 2);
	struct packet m = need(server, PUBLISH);
	send_ack(server, PUBREC, m.id, .code = SET(0x97));
	prefer_no(server, PUBREL, "PUBREL follows a PUBREC that has ended the message");
	expect_no(server, PUBLISH);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	synced(t);
	expect_no(server, PUBLISH);
	prefer_no(server, PUBREL, "PUBREL follows a PUBREC that has ended the message");
}

/* PUBRECs in an order other than the messages'. A client may keep only one in flight. */
CLIENT_CASE(pubrels_in_order_of_pubrecs,
	.title = "PUBREL packets go out in the order in which the PUBREC packets came in",
	.refs = { "3.1.1:MQTT-4.6.0-4", "5.0:MQTT-4.6.0-4" }, .level = MUST, .versions = BOTH)
{
	static const size_t order[] = { 2, 0, 4, 1, 3 };
	struct packet sent[5];
	struct peer *server = admit(t);

	for (size_t i = 0; i < 5; i++)
		do_publish(t, .topic = "q2/out", .payload = "x", .qos = 2);
	require(t, take_messages(server, sent, 5) == 5,
		"the client has fewer than five messages under way at a time");
	for (size_t i = 0; i < 5; i++)
		send_ack(server, PUBREC, sent[order[i]].id);
	for (size_t i = 0; i < 5; i++) {
		struct packet pubrel = expect(server, PUBREL);
		check_eq(t, pubrel.id, sent[order[i]].id);
		send_ack(server, PUBCOMP, pubrel.id);
	}
	expect_no(server, PUBREL);
}

/* A message that has been sent is sent again though it would have expired. */
CLIENT_CASE(qos2_resent_when_expired,
	.title = "A QoS 2 message that has been sent does not expire before its handshake ends",
	.refs = { "5.0:MQTT-4.3.3-7", "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = V50,
	.budget_ms = 2500)
{
	struct peer *server = admit(t, .kept = true);
	do_publish(t, .topic = "q2/out", .payload = "short-lived", .qos = 2,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	struct packet first = need(server, PUBLISH);
	client_loses(server);
	let_pass(t, 2500);

	server = admit(t, .kept = true, .resumed = true);
	struct packet again = expect(server, PUBLISH);
	check_eq(t, again.id, first.id);
	send_ack(server, PUBREC, again.id);
	expect_ack(server, PUBREL, again.id);
	send_ack(server, PUBCOMP, again.id);
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

/* A QoS 2 message that the client has taken, up to the PUBREC. */
static void hand_over(struct peer *server, const char *payload, unsigned id)
{
	send_publish(server, .topic = "q2/in", .payload = payload, .qos = 2, .id = id);
	expect_ack(server, PUBREC, id);
}

static void release(struct peer *server, unsigned id)
{
	send_ack(server, PUBREL, id);
	expect_ack(server, PUBCOMP, id);
}

/* A message after all others on the topic, which the client passes on last. */
static void deliver_marker(struct test *t, struct peer *server)
{
	hand_over(server, "marker", 2001);
	release(server, 2001);
	expect_told(t, .payload = "marker");
}

CLIENT_CASE(qos2_received,
	.title = "A QoS 2 message is answered by PUBREC, its PUBREL by PUBCOMP, with its "
		 "identifier",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-2.3.1-6",
		"5.0:MQTT-4.3.3-8", "5.0:MQTT-4.3.3-11", "5.0:MQTT-3.3.4-1", "5.0:MQTT-2.2.1-5" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	static const unsigned ids[] = { 1001, 65535, 0x1234, 0x01FF, 0xFF00, 0x0100 };
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		send_publish(server, .topic = "q2/in", .payload = "once", .qos = 2, .id = ids[i]);
		struct packet pubrec = expect_ack(server, PUBREC, ids[i]);
		check_eq(t, pubrec.code, 0);
		send_ack(server, PUBREL, ids[i]);
		struct packet pubcomp = expect_ack(server, PUBCOMP, ids[i]);
		check_eq(t, pubcomp.code, 0);
	}
	expect_no(server, PUBREC);
}

CLIENT_CASE(qos2_told_once, .title = "A QoS 2 message is passed on once, with the whole handshake",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-8", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);

	hand_over(server, "once", 1007);
	release(server, 1007);
	expect_told(t, .topic = "q2/in", .payload = "once");
	deliver_marker(t, server);
}

/*   server                    client
 *   PUBLISH q2 id 1007   -->
 *                        <--  PUBREC 1007
 *   PUBLISH q2 id 1007 dup -->
 *                        <--  PUBREC 1007
 *   PUBREL 1007          -->
 *                        <--  PUBCOMP 1007
 *
 * 5.0 forbids the server to do so while the connection lasts.
 */
CLIENT_CASE(qos2_repeated_by_server,
	.title = "A QoS 2 message that comes again before PUBREL is acknowledged again and passed "
		 "on once",
	.refs = { "3.1.1:MQTT-4.3.3-2" }, .level = MUST, .versions = V311)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);

	hand_over(server, "once", 1007);
	for (unsigned i = 0; i < 2; i++) {
		send_publish(server, .topic = "q2/in", .payload = "once", .qos = 2, .id = 1007,
			.dup = true);
		expect_ack(server, PUBREC, 1007);
	}
	release(server, 1007);
	expect_told(t, .payload = "once");
	deliver_marker(t, server); /* a second copy would come first */
}

/* The PUBREC has not reached the server, so to speak. */
CLIENT_CASE(qos2_resent_by_server,
	.title = "A QoS 2 message that comes again on the next connection is passed on once",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.3.3-10",
		"5.0:MQTT-3.1.2-23", "5.0:U50-PKTID-INUSE" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "q2/in", .qos = 2);
	hand_over(server, "once", 1007);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	send_publish(
		server, .topic = "q2/in", .payload = "once", .qos = 2, .id = 1007, .dup = true);
	if (expect_ack(server, PUBREC, 1007).code == 0x91) {
		judging(t, "5.0:U50-PKTID-INUSE");
		nonstrict(t,
			"0x91 gives up a message that has to be sent again (MQTT-4.4.0-1), as "
			"if another one had its identifier");
		return;
	}
	release(server, 1007);
	expect_told(t, .payload = "once");
	deliver_marker(t, server);
}

CLIENT_CASE(qos2_pubrel_on_next_connection,
	.title = "A PUBREL that comes on the next connection ends the handshake",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.3.3-11",
		"5.0:MQTT-3.1.2-23" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "q2/in", .qos = 2);
	hand_over(server, "once", 1007);
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	send_ack(server, PUBREL, 1007);
	struct packet pubcomp = expect_ack(server, PUBCOMP, 1007);
	expect_told(t, .payload = "once");
	deliver_marker(t, server);
	judging(t, "5.0:MQTT-3.1.2-23");
	check_eq(t, pubcomp.code, 0);
}

/* The PUBCOMP has not reached the server, so to speak. */
CLIENT_CASE(qos2_pubrel_resent,
	.title = "A PUBREL that comes again on the next connection is answered again",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-11" }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	client_subscribes(server, .filter = "q2/in", .qos = 2);
	hand_over(server, "once", 1007);
	release(server, 1007);
	expect_told(t, .payload = "once");
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	release(server, 1007);
	deliver_marker(t, server);
}

CLIENT_CASE(qos2_same_identifier_is_new,
	.title = "After its PUBCOMP an identifier stands for a new message",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:U311-PKTID-REUSE", "5.0:MQTT-4.3.3-12" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);

	for (unsigned i = 0; i < 3; i++) {
		hand_over(server, "same", 1007);
		release(server, 1007);
		expect_told(t, .payload = "same");
	}
	send_publish(server, .topic = "q2/in", .payload = "other", .qos = 1, .id = 1007);
	expect_ack(server, PUBACK, 1007);
	expect_told(t, .payload = "other");
}

/* What the session before knew of the identifier ended with it. */
CLIENT_CASE(qos2_identifier_in_new_session,
	.title = "In a new session an identifier stands for a new message",
	.refs = { "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4" }, .level = MUST, .versions = BOTH)
{
	bool passed_on = false, marked = false;
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);
	hand_over(server, "left over", 1007);
	client_loses(server);

	server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);
	hand_over(server, "new", 1007);
	release(server, 1007);
	hand_over(server, "marker", 1008);
	release(server, 1008);
	while (!marked) { /* the old one may have been passed on when it came */
		struct told told = expect_told(t, .topic = "q2/in");
		passed_on |= bytes_equal(told.payload, BYTES("new"));
		marked = bytes_equal(told.payload, BYTES("marker"));
	}
	check(t, passed_on, "the message of the new session is passed on",
		"the message after it is told alone");
}

CLIENT_CASE(qos2_pubrel_unknown,
	.title = "A PUBREL with an identifier that is not under way is answered by PUBCOMP",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-11", "5.0:U50-PKTID-UNKNOWN" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);

	misbehave(server);
	send_ack(server, PUBREL, 1007);
	struct packet pubcomp = expect_ack(server, PUBCOMP, 1007);
	deliver_marker(t, server);
	judging(t, "5.0:U50-PKTID-UNKNOWN");
	if (is_v5(t) && pubcomp.code != 0x92)
		nonstrict(t, "PUBCOMP 0x%02X, fitting is 0x92", pubcomp.code);
}

CLIENT_CASE(qos2_interleaved,
	.title = "Several QoS 2 messages under way are each brought to their end",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-8", "5.0:MQTT-4.3.3-11" }, .level = MUST,
	.versions = BOTH)
{
	static const unsigned ids[] = { 1900, 1003, 65535 }, order[] = { 1, 2, 0 };
	struct peer *server = admit_for(t, 4);
	client_subscribes(server, .filter = "q2/#", .qos = 2);

	for (size_t i = 0; i < 3; i++)
		send_publish(server, .topic = "q2/in", .payload = "two", .qos = 2, .id = ids[i]);
	send_publish(server, .topic = "q2/other", .payload = "one", .qos = 1, .id = 1004);
	for (size_t i = 0; i < 3; i++)
		expect_ack(server, PUBREC, ids[i]);
	expect_ack(server, PUBACK, 1004);
	for (size_t i = 0; i < 3; i++)
		release(server, ids[order[i]]);
	unsigned ones = 0;
	for (unsigned i = 0; i < 4; i++)
		ones += bytes_equal(expect_told(t, .qos = { 0 }).payload, BYTES("one"));
	check_number(t, "messages told", ones, 1);
	deliver_marker(t, server);
}

CLIENT_CASE(pubrecs_in_order_of_arrival,
	.title = "PUBREC packets go out in the order in which the messages came in",
	.refs = { "3.1.1:MQTT-4.6.0-3", "5.0:MQTT-4.6.0-3" }, .level = MUST, .versions = BOTH,
	.unaided = true)
{
	static const unsigned ids[] = { 3009, 1003, 65535, 1001, 40000, 1002, 30000, 2999 };
	struct peer *server = admit_for(t, 8);
	client_subscribes(server, .filter = "q2/in", .qos = 2);

	for (size_t i = 0; i < 8; i++)
		send_publish(server, .topic = "q2/in", .payload = "x", .qos = 2, .id = ids[i]);
	for (size_t i = 0; i < 8; i++) {
		struct packet pubrec = expect(server, PUBREC);
		check_eq(t, pubrec.id, ids[i]);
	}
	for (size_t i = 0; i < 8; i++)
		release(server, ids[7 - i]);
}

/*   server                    client
 *   PUBLISH q2, expiry 1 s -->
 *                        <--  PUBREC
 *        2.5 s
 *   PUBREL               -->
 *                        <--  PUBCOMP 0x00
 */
CLIENT_CASE(qos2_ends_though_expired,
	.title = "The QoS 2 handshake goes on when the message has expired meanwhile",
	.refs = { "5.0:MQTT-4.3.3-13" }, .level = MUST, .versions = V50, .budget_ms = 2500)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "q2/in", .qos = 2);

	send_publish(server, .topic = "q2/in", .payload = "short-lived", .qos = 2, .id = 1007,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	expect_ack(server, PUBREC, 1007);
	let_pass(t, 2500);
	send_ack(server, PUBREL, 1007);
	struct packet pubcomp = expect_ack(server, PUBCOMP, 1007);
	check_eq(t, pubcomp.code, 0);
}

CHAPTER(client_qos2, "A client's part at QoS 2", &case_qos2_published, &case_qos2_done_with_pubcomp,
	&case_qos2_not_resent_unasked, &case_qos2_pubrec_lost, &case_qos2_pubcomp_lost,
	&case_qos2_pubrec_on_next_connection, &case_qos2_each_where_it_stood,
	&case_qos2_pubrec_twice, &case_qos2_pubrec_no_subscribers, &case_qos2_refused_by_pubrec,
	&case_pubrels_in_order_of_pubrecs, &case_qos2_resent_when_expired, &case_qos2_received,
	&case_qos2_told_once, &case_qos2_repeated_by_server, &case_qos2_resent_by_server,
	&case_qos2_pubrel_on_next_connection, &case_qos2_pubrel_resent,
	&case_qos2_same_identifier_is_new, &case_qos2_identifier_in_new_session,
	&case_qos2_pubrel_unknown, &case_qos2_interleaved, &case_pubrecs_in_order_of_arrival,
	&case_qos2_ends_though_expired);
