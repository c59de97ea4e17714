/* Delivery at QoS 1, at least once, 4.3.2. */
#include "harness/case.h"

/* ---- the target as receiver ---------------------------------------------------------------- */

CASE(qos1_acknowledged, .title = "A QoS 1 PUBLISH is answered by PUBACK with its Packet Identifier",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-2.3.1-6",
		"5.0:MQTT-4.3.2-4", "5.0:MQTT-3.3.4-1", "5.0:MQTT-2.2.1-5" },
	.level = MUST, .versions = BOTH)
{
	static const unsigned ids[] = { 1, 65535, 0x1234, 0x00FF, 0xFF00, 2 };
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "q1/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		send_publish(pub, .topic = "q1/t", .payload = "once", .qos = 1, .id = ids[i]);
		expect_ack(pub, PUBACK, ids[i]);
		expect_message(sub, .payload = "once", .qos = SET(1), .dup = SET(0));
	}
	expect_no(pub, PUBACK);
}

/*   publisher                 target                  subscriber
 *   PUBLISH q1 id 7      -->
 *                        <--  PUBACK 7
 *                                          -->  PUBLISH "first"
 *   PUBLISH q1 id 7 dup  -->
 *                        <--  PUBACK 7
 *                                          -->  PUBLISH "second"
 */
CASE(qos1_identifier_reused,
	.title = "After its PUBACK an identifier stands for a new message, whatever DUP says",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:U311-PKTID-REUSE", "5.0:MQTT-4.3.2-5",
		"5.0:U50-PKTID-REUSE" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "q1/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	send_publish(pub, .topic = "q1/t", .payload = "first", .qos = 1, .id = 7);
	expect_ack(pub, PUBACK, 7);
	expect_message(sub, .payload = "first");
	misbehave(pub); /* a first transmission with DUP 1 */
	send_publish(pub, .topic = "q1/t", .payload = "second", .qos = 1, .id = 7, .dup = true);
	expect_ack(pub, PUBACK, 7);
	expect_message(sub, .payload = "second", .dup = SET(0));
	send_publish(pub, .topic = "q1/t", .payload = "second", .qos = 1, .id = 7, .dup = true);
	expect_ack(pub, PUBACK, 7);
	expect_message(sub, .payload = "second", .dup = SET(0));
	send_publish(pub, .topic = "q1/t", .payload = "third", .qos = 1, .id = 7);
	expect_ack(pub, PUBACK, 7);
	expect_message(sub, .payload = "third");
}

/* Identifiers come in no order, and every PUBLISH is sent before any PUBACK is read. */
CASE(qos1_several_under_way, .title = "Several QoS 1 messages under way are each acknowledged",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:U311-PKTID-REUSE", "5.0:MQTT-4.3.2-4",
		"5.0:U50-INFLIGHT-MANY" },
	.level = MUST, .versions = BOTH)
{
	static const unsigned ids[] = { 900, 3, 65535, 1, 40000 };
	static const char *const payloads[] = { "a", "b", "c", "d", "e" };
	require(t, offers(t)->receive_maximum >= 5, "Receive Maximum below 5");
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "q1/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < 5; i++)
		send_publish(pub, .topic = "q1/t", .payload = payloads[i], .qos = 1, .id = ids[i]);
	for (size_t i = 0; i < 5; i++)
		expect_ack(pub, PUBACK, ids[i]);
	for (size_t i = 0; i < 5; i++)
		expect_message(sub, .payload = payloads[i]);
}

/* Sent for the first time here, so DUP 1 is a lie; but that is none of the subscriber's business. */
CASE(dup_not_passed_on, .title = "DUP is not handed on from the publisher to the subscriber",
	.refs = { "3.1.1:MQTT-3.3.1-3", "5.0:MQTT-3.3.1-3" }, .level = MUST, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "q1/t", .qos = highest);
	struct peer *pub = join(t, "publisher");
	misbehave(pub); /* a first transmission with DUP 1 */

	for (unsigned qos = 1; qos <= highest; qos++) {
		publish(pub, .topic = "q1/t", .payload = "again", .qos = qos, .dup = true);
		expect_message(sub, .payload = "again", .qos = SET(qos), .dup = SET(0));
	}
}

/* ---- the target as sender ------------------------------------------------------------------ */

static const char *const letters[] = { "a", "b", "c", "d", "e" };

/* Five messages that the subscriber does not acknowledge. A target may keep only one in flight, so
 * those that have come by the time both connections are quiet are looked at.
 */
CASE(identifiers_under_way_differ,
	.title = "Messages under way to a subscriber have different Packet Identifiers",
	.refs = { "3.1.1:MQTT-2.3.1-4", "3.1.1:MQTT-4.3.2-1", "5.0:MQTT-2.2.1-4",
		"5.0:MQTT-4.3.2-1", "5.0:MQTT-4.3.3-1" },
	.level = MUST, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	uint16_t ids[5];
	size_t count = 0;
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "q1/t", .qos = highest);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < 5; i++)
		publish(pub, .topic = "q1/t", .payload = letters[i], .qos = i % 2 ? 1 : highest);
	fence(sub);
	do {
		struct packet message = expect(sub, PUBLISH);
		for (size_t i = 0; i < count; i++)
			check_in(t, message, ids[i] != message.id,
				"an identifier that is not in use");
		ids[count++] = message.id;
	} while (count < 5 && has_packet(sub, PUBLISH));
}

/*   client                    target
 *                        <--  PUBLISH q1 id N
 *   SUBSCRIBE id N       -->
 *                        <--  SUBACK N, granted
 *   UNSUBSCRIBE id N     -->
 *                        <--  UNSUBACK N
 *   PUBLISH q1 id N      -->
 *                        <--  PUBACK N
 *   PUBLISH q2 id N      -->
 *                        <--  PUBREC N
 *   PUBACK N             -->            for the target's PUBLISH
 *   PUBREL N             -->
 *                        <--  PUBCOMP N
 */
CASE(identifiers_of_both_directions,
	.title = "One identifier may be in use in both directions at the same time",
	.refs = { "3.1.1:U311-PKTID-SPACES", "5.0:U50-PKTID-SET" }, .level = STATED,
	.versions = BOTH)
{
	bool qos2 = offers(t)->maximum_qos == 2;
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "q1/in", .qos = 1);
	struct peer *other = join(t, "other");
	subscribe(other, .filter = "q1/out", .qos = 1);
	publish(other, .topic = "q1/in", .payload = "to the client", .qos = 1);

	struct packet incoming = expect(client, PUBLISH);
	send_subscribe(client, .filter = "q1/more", .qos = 1, .id = incoming.id);
	struct packet suback = expect_ack(client, SUBACK, incoming.id);
	check_in(t, suback, !any_refused(&suback),
		"the subscription is granted: its identifier is in use only in the other "
		"direction");
	send_unsubscribe(client, .filter = "q1/more", .id = incoming.id);
	struct packet unsuback = expect_ack(client, UNSUBACK, incoming.id);
	check_in(t, unsuback, !any_refused(&unsuback), "the subscription is given up");
	send_publish(client, .topic = "q1/out", .payload = "one", .qos = 1, .id = incoming.id);
	expect_ack(client, PUBACK, incoming.id);
	expect_message(other, .payload = "one");
	if (qos2) {
		send_publish(
			client, .topic = "q1/out", .payload = "two", .qos = 2, .id = incoming.id);
		expect_ack(client, PUBREC, incoming.id);
	}
	send_ack(client, PUBACK, incoming.id);
	if (qos2) {
		send_ack(client, PUBREL, incoming.id);
		expect_ack(client, PUBCOMP, incoming.id);
		expect_message(other, .payload = "two");
	}
	publish(other, .topic = "q1/in", .payload = "marker", .qos = 1);
	expect_message(client, .payload = "marker");
}

/*   subscriber                target
 *                        <--  PUBLISH q1 "a"
 *   PUBACK 0x80          -->
 *   FIN, CONNECT         -->
 *                        <--  PUBLISH "marker", and no "a" before it
 */
CASE(qos1_settled_by_error,
	.title = "A PUBACK with the code of an error settles the message, which is not sent again",
	.refs = { "5.0:MQTT-4.4.0-2", "5.0:U50-ERR-ACKS" }, .level = MUST, .versions = V50)
{
	static const uint8_t codes[] = { 0x80, 0x83, 0x87, 0x97, 0x99 };
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "q1/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < sizeof(codes); i++) {
		publish(pub, .topic = "q1/t", .payload = letters[i], .qos = 1);
		struct packet message = expect(sub, PUBLISH);
		check_text(t, message.payload, letters[i]);
		send_ack(sub, PUBACK, message.id, .code = SET(codes[i]));
	}
	fence(sub); /* the connection stays up */
	leave(sub); /* so that the target has dealt with what came before */

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	publish(pub, .topic = "q1/t", .payload = "marker", .qos = 1);
	expect_message(back, .payload = "marker", .dup = SET(0));
}

/* The short form, with a code, with an empty Property Length, with properties. */
CASE(qos1_forms_of_puback, .title = "A client's PUBACK counts in each of its forms",
	.refs = { "5.0:U50-ACK-SHORT", "5.0:MQTT-4.3.2-3" }, .level = STATED, .versions = V50)
{
	static const struct properties none = { .present = true };
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "q1/t", .qos = 1);
	struct peer *pub = join(t, "publisher");
	struct packet messages[4];

	for (size_t i = 0; i < 4; i++) {
		publish(pub, .topic = "q1/t", .payload = letters[i], .qos = 1);
		messages[i] = expect(sub, PUBLISH);
		check_text(t, messages[i].payload, letters[i]);
		switch (i) {
		case 0: send_ack(sub, PUBACK, messages[i].id); break;
		case 1: send_ack(sub, PUBACK, messages[i].id, .code = SET(0)); break;
		case 2:
			send_ack(sub, PUBACK, messages[i].id, .code = SET(0), .props = &none);
			break;
		default:
			send_ack(sub, PUBACK, messages[i].id, .code = SET(0),
				.props = PROPS(P_REASON_STRING("thanks"), P_USER("a", "b")));
		}
	}
	leave(sub); /* so that the target has dealt with what came before */

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	publish(pub, .topic = "q1/t", .payload = "marker", .qos = 1);
	expect_message(back, .payload = "marker", .dup = SET(0));
}

/*   subscriber                target
 *                        <--  PUBLISH q1         (no PUBACK)
 *   second subscriber
 *                        <--  PUBLISH q2         (no PUBREC)
 *   third subscriber
 *                        <--  PUBLISH q2
 *   PUBREC               -->
 *                        <--  PUBREL             (no PUBCOMP)
 *        10 s                                    nothing is sent again
 */
CASE(no_retransmission_in_connection, .title = "Nothing is sent again while the connection lasts",
	.refs = { "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = V50, .budget_ms = 10000)
{
	unsigned highest = offers(t)->maximum_qos;
	struct peer *first = join(t, "first");
	struct peer *second = join(t, "second");
	struct peer *third = join(t, "third");
	subscribe(first, .filter = "q1/t", .qos = 1);
	subscribe(second, .filter = "q1/t", .qos = highest);
	subscribe(third, .filter = "q1/t", .qos = highest);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "q1/t", .payload = "once", .qos = highest);
	expect(first, PUBLISH);
	expect(second, PUBLISH);
	struct packet message = expect(third, PUBLISH);
	if (message.qos == 2) {
		send_ack(third, PUBREC, message.id);
		expect_ack(third, PUBREL, message.id);
	}

	let_pass(t, 10000);
	expect_no(first, PUBLISH);
	expect_no(second, PUBLISH);
	expect_no(third, PUBLISH);
	expect_no(third, PUBREL);
}

CHAPTER(qos1, "Delivery at QoS 1", &case_qos1_acknowledged, &case_qos1_identifier_reused,
	&case_qos1_several_under_way, &case_dup_not_passed_on, &case_identifiers_under_way_differ,
	&case_identifiers_of_both_directions, &case_qos1_settled_by_error,
	&case_qos1_forms_of_puback, &case_no_retransmission_in_connection);
