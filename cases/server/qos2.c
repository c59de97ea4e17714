/* Delivery at QoS 2, exactly once, 4.3.3. */
#include "harness/case.h"

static struct peer *subscriber_of(struct test *t, unsigned qos)
{
	require_qos(t, 2);
	struct peer *sub = join(t, "subscriber");

	subscribe(sub, .filter = "q2/t", .qos = qos);
	return sub;
}

/* ---- the target as receiver ---------------------------------------------------------------- */

CASE(qos2_acknowledged,
	.title = "A QoS 2 PUBLISH is answered by PUBREC, PUBREL by PUBCOMP, with the same "
		 "identifier",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-2.3.1-6",
		"5.0:MQTT-4.3.3-8", "5.0:MQTT-4.3.3-11", "5.0:MQTT-3.3.4-1", "5.0:MQTT-2.2.1-5" },
	.level = MUST, .versions = BOTH)
{
	static const unsigned ids[] = { 1, 65535, 0x1234, 0x00FF, 0xFF00, 2 };
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		send_publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = ids[i]);
		expect_ack(pub, PUBREC, ids[i]);
		send_ack(pub, PUBREL, ids[i]);
		struct packet pubcomp = expect_ack(pub, PUBCOMP, ids[i]);
		check_eq(t, pubcomp.code, 0);
		expect_message(sub, .payload = "once");
	}
	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2);
	expect_message(sub, .payload = "marker");
}

/* By [MQTT-4.4.0-1] of 5.0 it is the client here that must not repeat while its connection lasts:
 * there the target may end it instead of answering.
 */
static struct packet expect_pubrec_again(struct test *t, struct peer *pub, unsigned id)
{
	if (!is_v5(t))
		return expect_ack(pub, PUBREC, id);
	struct packet answer = expect_one_of(pub,
		OUTCOMES({ .type = PUBREC },
			{ CLOSED, .verdict = VERDICT_INFO,
				.says = "the repetition ends the connection" }));
	if (answer.type == PUBREC)
		check_eq(t, answer.id, id);
	return answer;
}

/* "once", and then what was published after it. */
static void expect_once(struct test *t, struct peer *sub)
{
	expect_message(sub, .payload = "once", .dup = SET(0));
	struct packet next = expect_message(sub);
	check(t, !bytes_equal(next.payload, BYTES("once")), "the message is delivered once",
		"it came once more");
	check_text(t, next.payload, "marker");
}

/* False if the target has ended the connection. */
static bool repeat_and_finish(struct test *t, struct peer *pub, unsigned times)
{
	send_publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = 7);
	expect_ack(pub, PUBREC, 7);
	for (unsigned i = 0; i < times; i++) {
		send_publish(
			pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = 7, .dup = true);
		if (expect_pubrec_again(t, pub, 7).type == CLOSED)
			return false;
	}
	send_ack(pub, PUBREL, 7);
	expect_ack(pub, PUBCOMP, 7);
	return true;
}

/*   publisher                 target                  subscriber
 *   PUBLISH q2 id 7      -->
 *                        <--  PUBREC 7
 *   PUBLISH q2 id 7 dup  -->
 *                        <--  PUBREC 7
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 *                                          -->  PUBLISH "once", once
 */
CASE(qos2_duplicate_publish,
	.title = "A repeated QoS 2 PUBLISH is acknowledged again and delivered once",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-10" }, .level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");
	misbehave(pub); /* 5.0 allows no repetition on the same connection */

	if (!repeat_and_finish(t, pub, 1))
		return;
	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2, .id = 8);
	expect_once(t, sub);
}

/* 5.0 forbids the client to do so while the connection lasts. */
CASE(qos2_many_duplicates,
	.title =
		"A QoS 2 PUBLISH repeated three times is acknowledged each time and delivered once",
	.refs = { "3.1.1:MQTT-4.3.3-2" }, .level = MUST, .versions = V311)
{
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");

	repeat_and_finish(t, pub, 3);
	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2, .id = 8);
	expect_once(t, sub);
}

/* The identifier counts, not the flag. In 5.0 the PUBREC may say that it is in use. */
CASE(qos2_duplicate_without_dup,
	.title = "A QoS 2 PUBLISH repeated with DUP 0 is acknowledged and delivered once, too",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-10", "5.0:U50-PKTID-INUSE" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");
	misbehave(pub);

	send_publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = 7);
	expect_ack(pub, PUBREC, 7);
	send_publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = 7);
	struct packet again = expect_pubrec_again(t, pub, 7);
	if (again.type == CLOSED)
		return;
	if (again.code == 0x91)
		observe(t, "PUBREC 0x91, the identifier is in use");
	send_ack(pub, PUBREL, 7);
	expect_ack(pub, PUBCOMP, 7);

	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2, .id = 8);
	expect_once(t, sub);
}

CASE(qos2_empty_payload, .title = "A QoS 2 PUBLISH without a payload has the whole handshake, too",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-8" }, .level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");

	send_publish(pub, .topic = "q2/t", .qos = 2, .id = 7);
	expect_ack(pub, PUBREC, 7);
	send_ack(pub, PUBREL, 7);
	expect_ack(pub, PUBCOMP, 7);
	expect_message(sub, .topic = "q2/t", .payload = "");
}

CASE(qos2_identifier_reused, .title = "After its PUBCOMP an identifier stands for a new message",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:U311-PKTID-REUSE", "5.0:MQTT-4.3.3-12",
		"5.0:U50-PKTID-REUSE" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");

	publish(pub, .topic = "q2/t", .payload = "first", .qos = 2, .id = 7);
	publish(pub, .topic = "q2/t", .payload = "first", .qos = 2, .id = 7);
	misbehave(pub); /* a first transmission with DUP 1 */
	publish(pub, .topic = "q2/t", .payload = "second", .qos = 2, .id = 7, .dup = true);
	expect_message(sub, .payload = "first");
	expect_message(sub, .payload = "first");
	expect_message(sub, .payload = "second");
	publish(pub, .topic = "q2/t", .payload = "third", .qos = 1, .id = 7);
	expect_message(sub, .payload = "third");
}

/*   publisher                 target                  subscriber
 *   PUBLISH 900, 3, 65535 -->
 *                        <--  PUBREC 900, 3, 65535
 *   PUBREL 900, 3, 65535 -->
 *                        <--  PUBCOMP 900, 3, 65535
 *                                          -->  PUBLISH "a", "b", "c"
 */
CASE(qos2_several_under_way,
	.title = "Several QoS 2 messages under way are each brought to their end",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-4.6.0-6", "5.0:MQTT-4.3.3-8",
		"5.0:MQTT-4.3.3-11", "5.0:MQTT-4.6.0-5" },
	.level = MUST, .versions = BOTH)
{
	static const unsigned ids[] = { 900, 3, 65535 };
	static const char *const payloads[] = { "a", "b", "c" };
	require(t, offers(t)->receive_maximum >= 3, "Receive Maximum below 3");
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < 3; i++)
		send_publish(pub, .topic = "q2/t", .payload = payloads[i], .qos = 2, .id = ids[i]);
	for (size_t i = 0; i < 3; i++)
		expect_ack(pub, PUBREC, ids[i]);
	for (size_t i = 0; i < 3; i++)
		send_ack(pub, PUBREL, ids[i]);
	for (size_t i = 0; i < 3; i++)
		expect_ack(pub, PUBCOMP, ids[i]);
	for (size_t i = 0; i < 3; i++)
		expect_message(sub, .payload = payloads[i], .qos = SET(2));
	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2);
	expect_message(sub, .payload = "marker");
}

/*   publisher                 target
 *   PUBREL 7             -->            never used
 *                        <--  PUBCOMP 7 (5.0: 0x92)
 *   PUBLISH q2 id 8 ...
 *                        <--  PUBCOMP 8
 *   PUBREL 8             -->            once more
 *                        <--  PUBCOMP 8 (5.0: 0x92)
 */
CASE(qos2_unknown_pubrel, .title = "A PUBREL with an unknown identifier is answered by PUBCOMP",
	.refs = { "3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-11", "5.0:U50-PKTID-UNKNOWN",
		"5.0:MQTT-3.7.2-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");

	misbehave(pub);
	send_ack(pub, PUBREL, 7);
	struct packet unknown = expect_ack(pub, PUBCOMP, 7);
	publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = 8);
	send_ack(pub, PUBREL, 8);
	struct packet repeated = expect_ack(pub, PUBCOMP, 8);
	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2, .id = 9);
	expect_message(sub, .payload = "once");
	expect_message(sub, .payload = "marker");

	judging(t, "5.0:U50-PKTID-UNKNOWN");
	if (is_v5(t) && (unknown.code != 0x92 || repeated.code != 0x92))
		nonstrict(t, "PUBCOMP 0x%02X and 0x%02X, fitting is 0x92", unknown.code,
			repeated.code);
}

CASE(qos2_forms_of_pubrel, .title = "A PUBREL counts in each of its forms",
	.refs = { "5.0:U50-ACK-SHORT", "5.0:MQTT-4.3.3-11" }, .level = STATED, .versions = V50)
{
	static const struct properties none = { .present = true };
	struct peer *sub = subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");

	for (unsigned id = 1; id <= 4; id++) {
		send_publish(pub, .topic = "q2/t", .payload = "once", .qos = 2, .id = id);
		expect_ack(pub, PUBREC, id);
		switch (id) {
		case 1: send_ack(pub, PUBREL, id); break;
		case 2: send_ack(pub, PUBREL, id, .code = SET(0)); break;
		case 3: send_ack(pub, PUBREL, id, .code = SET(0), .props = &none); break;
		default:
			send_ack(pub, PUBREL, id, .code = SET(0),
				.props = PROPS(P_REASON_STRING("go"), P_USER("a", "b")));
		}
		expect_ack(pub, PUBCOMP, id);
		expect_message(sub, .payload = "once");
	}
}

/*   publisher                 target
 *   PUBLISH q2 id 7, expiry 1 s -->
 *                        <--  PUBREC 7
 *        2.5 s
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 */
CASE(qos2_goes_on_when_expired,
	.title = "The QoS 2 handshake goes on when the message has expired meanwhile",
	.refs = { "5.0:MQTT-4.3.3-13" }, .level = MUST, .versions = V50, .budget_ms = 2500)
{
	subscriber_of(t, 0);
	struct peer *pub = join(t, "publisher");

	send_publish(pub, .topic = "q2/t", .payload = "short-lived", .qos = 2, .id = 7,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	expect_ack(pub, PUBREC, 7);
	let_pass(t, 2500);
	send_ack(pub, PUBREL, 7);
	struct packet pubcomp = expect_ack(pub, PUBCOMP, 7);
	check_eq(t, pubcomp.code, 0);
}

/* ---- the target as sender ------------------------------------------------------------------ */

/*   publisher                 target                  subscriber
 *   PUBLISH q2 dup       -->
 *                                          -->  PUBLISH q2 dup 0 id N
 *                                          <--  PUBREC N
 *                                          -->  PUBREL N
 *                                          <--  PUBCOMP N
 */
CASE(qos2_to_subscriber, .title = "A QoS 2 message goes to its subscriber with the whole handshake",
	.refs = { "3.1.1:MQTT-4.3.3-1", "3.1.1:MQTT-3.8.4-6", "5.0:MQTT-4.3.3-2",
		"5.0:MQTT-4.3.3-4", "5.0:MQTT-3.8.4-8" },
	.level = MUST, .versions = BOTH)
{
	static const char *const payloads[] = { "first", "second", "third" };
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");

	for (unsigned i = 0; i < 3; i++) {
		publish(pub, .topic = "q2/t", .payload = payloads[i], .qos = 2);
		struct packet message = expect(sub, PUBLISH);
		check_text(t, message.payload, payloads[i]); /* and none before it comes again */
		check_eq(t, message.qos, 2);
		check_eq(t, message.dup, 0);
		expect_no(sub, PUBREL); /* none before the PUBREC */
		send_ack(sub, PUBREC, message.id);
		struct packet pubrel = expect_ack(sub, PUBREL, message.id);
		check_eq(t, pubrel.code, 0);
		send_ack(sub, PUBCOMP, message.id);
	}
}

/* A target may keep only one in flight: then the second message waits for the PUBCOMP. */
CASE(qos2_identifier_held,
	.title = "An identifier is not used for another message before its PUBCOMP",
	.refs = { "3.1.1:MQTT-2.3.1-4", "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-2.2.1-4",
		"5.0:MQTT-4.3.3-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");

	publish(pub, .topic = "q2/t", .payload = "first", .qos = 2);
	struct packet first = expect(sub, PUBLISH);
	send_ack(sub, PUBREC, first.id);
	expect_ack(sub, PUBREL, first.id);

	publish(pub, .topic = "q2/t", .payload = "second", .qos = 2);
	publish(pub, .topic = "q2/t", .payload = "third", .qos = 1);
	fence(sub);
	while (has_packet(sub, PUBLISH)) {
		struct packet next = expect(sub, PUBLISH);
		check_in(t, next, next.id != first.id, "an identifier that is not in use");
	}
	send_ack(sub, PUBCOMP, first.id);
}

/* PUBREL for the first is not to wait for the PUBREC of the second. */
CASE(qos2_pubrels_in_order, .title = "PUBREL packets go out in the order of the PUBREC packets",
	.refs = { "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.3.3-1" }, .level = MUST, .versions = V311)
{
	struct peer *sub = subscriber_of(t, 2);
	struct peer *pub = join(t, "publisher");
	struct packet messages[3];
	size_t count = 0;

	for (size_t i = 0; i < 3; i++)
		publish(pub, .topic = "q2/t", .payload = "x", .qos = 2);
	fence(sub);
	do
		messages[count++] = expect(sub, PUBLISH);
	while (count < 3 && has_packet(sub, PUBLISH));
	require(t, count > 1, "the target sends one QoS 2 message at a time");

	for (size_t i = 0; i < count; i++)
		send_ack(sub, PUBREC, messages[i].id);
	for (size_t i = 0; i < count; i++) {
		struct packet pubrel = expect(sub, PUBREL);
		check_in(t, pubrel, pubrel.id == messages[i].id,
			"the PUBREL for the earliest PUBREC that had none");
	}
	for (size_t i = 0; i < count; i++)
		send_ack(sub, PUBCOMP, messages[i].id);
}

/*   subscriber                target
 *                        <--  PUBLISH q2 "refused"
 *   PUBREC 0x80          -->            no PUBREL
 *   FIN, CONNECT         -->
 *                        <--  PUBLISH "marker", and nothing before it
 */
CASE(qos2_settled_by_error,
	.title = "A PUBREC with the code of an error settles the message: no PUBREL, nothing sent "
		 "again",
	.refs = { "5.0:MQTT-4.4.0-2", "5.0:MQTT-4.3.3-4", "5.0:U50-ERR-ACKS" }, .level = MUST,
	.versions = V50)
{
	static const uint8_t codes[] = { 0x80, 0x83, 0x87, 0x97, 0x99 };
	require_qos(t, 2);
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "q2/t", .qos = 2);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < sizeof(codes); i++) {
		publish(pub, .topic = "q2/t", .payload = "refused", .qos = 2);
		struct packet message = expect(sub, PUBLISH);
		send_ack(sub, PUBREC, message.id, .code = SET(codes[i]));
		judging(t, "5.0:MQTT-4.3.3-4");
		expect_no(sub, PUBREL);
		judging(t, "5.0:U50-ERR-ACKS");
	}
	judging(t, "5.0:MQTT-4.4.0-2");
	leave(sub);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2);
	expect_message(back, .payload = "marker", .dup = SET(0));
	expect_no(back, PUBREL);
}

/* The short form, with a code, with an empty Property Length, with properties. */
CASE(qos2_forms_of_pubrec, .title = "A client's PUBREC and PUBCOMP count in each of their forms",
	.refs = { "5.0:MQTT-4.3.3-4", "5.0:U50-ACK-SHORT" }, .level = MUST, .versions = V50)
{
	static const struct properties none = { .present = true };
	const struct properties *props = PROPS(P_REASON_STRING("thanks"), P_USER("a", "b"));
	require_qos(t, 2);
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "q2/t", .qos = 2);
	struct peer *pub = join(t, "publisher");

	for (unsigned i = 0; i < 4; i++) {
		publish(pub, .topic = "q2/t", .payload = "once", .qos = 2);
		struct packet m = expect(sub, PUBLISH);
		if (i == 0)
			send_ack(sub, PUBREC, m.id);
		else
			send_ack(sub, PUBREC, m.id, .code = SET(0),
				.props = i == 1  ? NULL
					: i == 2 ? &none
						 : props);
		expect_ack(sub, PUBREL, m.id);
		if (i == 0)
			send_ack(sub, PUBCOMP, m.id);
		else
			send_ack(sub, PUBCOMP, m.id, .code = SET(0),
				.props = i == 1  ? NULL
					: i == 2 ? &none
						 : props);
	}
	leave(sub); /* so that the target has dealt with what came before */

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	publish(pub, .topic = "q2/t", .payload = "marker", .qos = 2);
	expect_message(back, .payload = "marker", .dup = SET(0));
	expect_no(back, PUBREL);
}

/* What the PUBREC of a message that never was deserves, the standard tells by its codes alone. */
CASE(qos2_unknown_pubrec, .title = "A PUBREC with an unknown identifier is answered by PUBREL 0x92",
	.refs = { "5.0:U50-PKTID-UNKNOWN", "5.0:MQTT-3.6.2-1" }, .level = SHOULD, .versions = V50)
{
	witness(t);
	struct peer *sub = subscriber_of(t, 2);

	misbehave(sub);
	send_ack(sub, PUBREC, 77);
	send_pingreq(sub);
	expect_one_of(sub,
		OUTCOMES({ .type = PUBREL, .code = SET(0x92) },
			{ .type = PUBREL,
				.verdict = VERDICT_NONSTRICT,
				.says = "0x92 is the code that fits" },
			{ .type = PINGRESP,
				.verdict = VERDICT_NONSTRICT,
				.says = "the PUBREC is passed over" },
			{ .type = CLOSED,
				.verdict = VERDICT_NONSTRICT,
				.says = "the connection ends, for what may be an old "
					"identifier" }));
}

CHAPTER(qos2, "Delivery at QoS 2", &case_qos2_acknowledged, &case_qos2_duplicate_publish,
	&case_qos2_many_duplicates, &case_qos2_duplicate_without_dup, &case_qos2_empty_payload,
	&case_qos2_identifier_reused, &case_qos2_several_under_way, &case_qos2_unknown_pubrel,
	&case_qos2_forms_of_pubrel, &case_qos2_goes_on_when_expired, &case_qos2_to_subscriber,
	&case_qos2_identifier_held, &case_qos2_pubrels_in_order, &case_qos2_settled_by_error,
	&case_qos2_forms_of_pubrec, &case_qos2_unknown_pubrec);
