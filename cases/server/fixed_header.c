/* Byte 1 of a Control Packet, type and flags, and the packets whose length is fixed: 2.2 (3.1.1), 2.1
 * (5.0), and the short forms of 5.0.
 */
#include "cases/common/packets.h"
#include "harness/case.h"

#define TOPIC_A "t\"a\""

#define SUBSCRIBE_OF(first)   first " r m1 p{} t\"a\" 00"
#define UNSUBSCRIBE_OF(first) first " r m1 p{} t\"a\""

#define PUBREL_FLAGS_REFS                                                           \
	.refs = { "3.1.1:MQTT-3.6.1-1", "3.1.1:MQTT-2.2.2-2", "5.0:MQTT-3.6.1-1" }, \
	.codes = { 0x81 }
#define SUBSCRIBE_FLAGS                                                        \
	{                                                                      \
		"3.1.1:MQTT-3.8.1-1", "3.1.1:MQTT-2.2.2-2", "5.0:MQTT-3.8.1-1" \
	}
#define UNSUBSCRIBE_FLAGS                                                        \
	{                                                                        \
		"3.1.1:MQTT-3.10.1-1", "3.1.1:MQTT-2.2.2-2", "5.0:MQTT-3.10.1-1" \
	}
#define QOS_3_REFS                                                              \
	.refs = { "3.1.1:MQTT-3.3.1-4", "5.0:U50-QOS-BITS", "5.0:MQTT-3.3.1-4", \
		"5.0:MQTT-4.13.1-1" },                                          \
	.codes = { 0x81 }

static const struct vector bad_flags[] = {
	BAD_FLAGS_OF_MESSAGES,
	{ "subscribe_0", SUBSCRIBE_OF("80"), SUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "subscribe_1", SUBSCRIBE_OF("81"), SUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "subscribe_3", SUBSCRIBE_OF("83"), SUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "subscribe_6", SUBSCRIBE_OF("86"), SUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "subscribe_10", SUBSCRIBE_OF("8A"), SUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "unsubscribe_0", UNSUBSCRIBE_OF("A0"), UNSUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "unsubscribe_1", UNSUBSCRIBE_OF("A1"), UNSUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "unsubscribe_3", UNSUBSCRIBE_OF("A3"), UNSUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "unsubscribe_10", UNSUBSCRIBE_OF("AA"), UNSUBSCRIBE_FLAGS, .codes = { 0x81 } },
	{ "pingreq_1", "C1 r", .codes = { 0x81 } },
	{ "pingreq_2", "C2 r", .codes = { 0x81 } },
	{ "pingreq_8", "C8 r", .codes = { 0x81 } },
};

CASE(bad_flags, .title = "A packet with other flags than those of its type ends the connection",
	.refs = { "3.1.1:MQTT-2.2.2-2", "5.0:U50-FLAGS-MALFORMED", "5.0:MQTT-4.13.1-1" },
	.level = MUST, .versions = BOTH, ROWS(bad_flags))
{
	witness(t);
	struct peer *watcher = watch_row(t, "a");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "a");
}

/* Flags of its type, a Remaining Length in as few bytes as possible, a Property Length in 5.0. */
static void check_header(struct test *t, struct packet packet)
{
	const size_t length_bytes = packet.remaining_length < 128 ? 1 : 2;

	judging(t, "3.1.1:MQTT-2.2.2-1");
	judging(t, "5.0:MQTT-2.1.3-1");
	if (packet.type != PUBLISH)
		check_eq(t, packet.flags, packet.type == PUBREL ? 2 : 0);
	judging(t, "3.1.1:U311-REMLEN");
	judging(t, "5.0:MQTT-1.5.5-1");
	check_eq(t, packet.raw.len, 1 + length_bytes + packet.remaining_length);
	judging(t, "5.0:MQTT-2.2.2-1");
	bool is_ack = packet.type >= PUBACK && packet.type <= PUBCOMP;
	bool may_leave_out = packet.type == PINGRESP || (is_ack && packet.remaining_length < 4);
	check_in(t, packet, !is_v5(t) || packet.properties.present || may_leave_out,
		"the packet has a Property Length");
}

/* Makes the target send one packet of each type that it has:
 *
 *   client                    target
 *   CONNECT, SUBSCRIBE   -->
 *                        <--  CONNACK, SUBACK
 *   PUBLISH q1           -->
 *                        <--  PUBACK, PUBLISH q1
 *   PUBLISH q2, PUBREL   -->
 *                        <--  PUBREC, PUBCOMP, PUBLISH q2, PUBREL
 *   UNSUBSCRIBE, PINGREQ -->
 *                        <--  UNSUBACK, PINGRESP
 */
CASE(headers_of_the_server,
	.title = "The packets of the server have the flags of their types and the shortest lengths",
	.refs = { "3.1.1:MQTT-2.2.2-1", "3.1.1:U311-REMLEN", "5.0:MQTT-2.1.3-1", "5.0:MQTT-1.5.5-1",
		"5.0:MQTT-2.2.2-1" },
	.level = MUST, .versions = BOTH)
{
	struct bytes payload = filler(t, 200);
	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 60);
	check_header(t, expect_accepted(client));
	send_subscribe(client, .filter = "header/t", .qos = 2, .id = 1);
	check_header(t, expect_ack(client, SUBACK, 1));

	send_publish(client, .topic = "header/t", .bytes = payload, .qos = 1, .id = 2);
	check_header(t, expect_ack(client, PUBACK, 2));
	struct packet message = expect(client, PUBLISH);
	check_header(t, message);
	send_ack(client, PUBACK, message.id);

	send_publish(client, .topic = "header/t", .payload = "short", .qos = 2, .id = 3);
	check_header(t, expect_ack(client, PUBREC, 3));
	send_ack(client, PUBREL, 3);
	check_header(t, expect_ack(client, PUBCOMP, 3));
	message = expect(client, PUBLISH);
	check_header(t, message);
	send_ack(client, PUBREC, message.id);
	check_header(t, expect_ack(client, PUBREL, message.id));
	send_ack(client, PUBCOMP, message.id);

	send_unsubscribe(client, .filter = "header/t", .id = 4);
	check_header(t, expect_ack(client, UNSUBACK, 4));
	send_pingreq(client);
	check_header(t, expect(client, PINGRESP));
}

/* ---- types that no client may send --------------------------------------------------------- */

static const struct vector foreign_types[] = {
	{ "type_0_with_flags", "0F 00", .codes = { 0x81, 0x82 } },
	{ "type_15", "F0 00", .versions = V311, .codes = { 0 } },
	{ "type_15_with_id", "F0 r m1", .versions = V311, .codes = { 0 } },
	{ "connack", "20 r 0000 p{}", .codes = { 0x82, 0x81 } },
	{ "suback", "90 r m1 p{} 00", .codes = { 0x82, 0x81 } },
	{ "unsuback_3_1_1", "B0 r m1", .versions = V311, .codes = { 0 } },
	{ "unsuback_5_0", "B0 r m1 p{} 00", .versions = V50, .codes = { 0x82, 0x81 } },
	{ "pingresp", "D0 00", .codes = { 0x82, 0x81 } },
};

CASE(foreign_types, .title = "A packet that no client may send ends the connection",
	.refs = { "3.1.1:U311-PKT-TYPE", "3.1.1:MQTT-4.8.0-1", "5.0:U50-PKT-TYPE",
		"5.0:MQTT-4.13.1-1" },
	.level = STATED, .versions = BOTH, ROWS(foreign_types))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* Type 0 without flags, which must not be taken for no byte at all.
 *
 *   client                    target                  bystander
 *   00                   -->
 *                                          <->  PINGREQ, PINGRESP
 *   00                   -->
 *                                          <->  PINGREQ, PINGRESP
 *   PINGREQ              -->
 *                        <--  close
 */
CASE(type_0_in_pieces,
	.title = "A packet of type 0 ends the connection even if its bytes come one by one",
	.refs = { "3.1.1:U311-PKT-TYPE", "3.1.1:MQTT-4.8.0-1", "5.0:U50-PKT-TYPE",
		"5.0:MQTT-4.13.1-1" },
	.level = STATED, .versions = BOTH)
{
	struct peer *bystander = join(t, "bystander");
	struct peer *client = join(t, "client");
	send_template(client, "00");
	fence(bystander);
	send_template(client, "00");
	fence(bystander);
	expect_violation_closed(client, .codes = { 0x81, 0x82 });
}

#define AUTH_FLAGS                                       \
	{                                                \
		"5.0:MQTT-3.15.1-1", "5.0:MQTT-4.13.1-1" \
	}

static const struct vector unexpected_auth[] = {
	{ "continue", "F0 r 18 p{15 s\"mqttspec\"}", .codes = { 0x82 } },
	{ "continue_with_data", "F0 r 18 p{15 s\"mqttspec\" 16 s\"x\"}", .codes = { 0x82 } },
	{ "reauthenticate", "F0 r 19 p{15 s\"mqttspec\"}", .codes = { 0x82 } },
	{ "success", "F0 r 00 p{15 s\"mqttspec\"}", .codes = { 0x82 } },
	{ "short_form", "F0 00", .codes = { 0x82 } },
	{ "flags_1", "F1 r 18 p{15 s\"mqttspec\"}", AUTH_FLAGS, .codes = { 0x81, 0x82 } },
};

CASE(unexpected_auth,
	.title = "AUTH without an Authentication Method in CONNECT ends the connection",
	.refs = { "5.0:U50-AUTH-UNEXPECTED", "5.0:MQTT-4.12.0-7", "5.0:MQTT-4.13.1-1" },
	.level = STATED, .versions = V50, ROWS(unexpected_auth))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* ---- packets of a fixed length ------------------------------------------------------------- */

#define PING_LENGTH                                                              \
	{                                                                        \
		"3.1.1:U311-PING-LEN", "3.1.1:MQTT-4.8.0-1", "5.0:U50-PING-LEN", \
			"5.0:MQTT-4.13.1-1"                                      \
	}
#define ACK_LENGTH .refs = { "3.1.1:U311-ACK-LEN", "3.1.1:MQTT-4.8.0-1" }, .versions = V311

static const struct vector fixed_lengths[] = {
	{ "pingreq_1", "C0 r 00", PING_LENGTH, .codes = { 0x81 } },
	{ "pingreq_2", "C0 r C000", PING_LENGTH, .codes = { 0x81 } },
	{ "pingreq_200", "C0 r 00*200", PING_LENGTH, .codes = { 0x81 } },
	LONG_ACKS,
};

CASE(fixed_lengths, .title = "A packet of fixed length that is longer ends the connection",
	.refs = { "3.1.1:U311-ACK-LEN", "5.0:U50-PING-LEN" }, .level = STATED, .versions = BOTH,
	ROWS(fixed_lengths))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* ---- the forms of acknowledgements in 5.0 -------------------------------------------------- */

enum form { WITHOUT_CODE, WITHOUT_PROPERTIES, EMPTY_PROPERTIES, USER_PROPERTY, FORMS };

/* An acknowledgement with Remaining Length 2, 3, 4 or more, which all mean the same. */
static void answer(struct peer *peer, enum packet_type type, unsigned id, enum form form)
{
	struct packet packet = wire_packet(type);
	const struct properties *user = PROPS(P_USER("form", "long"));

	packet.id = (uint16_t)id;
	packet.has_code = form >= WITHOUT_PROPERTIES;
	packet.properties.present = form >= EMPTY_PROPERTIES;
	if (form == USER_PROPERTY)
		packet.properties = *user;
	send_packet(peer, packet);
}

/* With Receive Maximum 1 the next message comes only when the one before has been settled:
 *
 *   subscriber                target                  publisher
 *                                          <--  PUBLISH q1, as many as there are forms
 *                        <--  PUBLISH
 *   PUBACK, Length 2     -->
 *                        <--  PUBLISH
 *   PUBACK, Length 3     -->                    ...
 */
CASE(puback_forms, .title = "PUBACK with Remaining Length 2, 3, 4 and more settles a message",
	.refs = { "5.0:U50-ACK-SHORT", "5.0:MQTT-4.3.2-3" }, .level = STATED, .versions = V50)
{
	static const char *const payloads[FORMS] = { "2", "3", "4", "more" };
	struct peer *sub =
		join(t, "subscriber", .kept = true, .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	subscribe(sub, .filter = "form/t", .qos = 1);
	struct peer *pub = join(t, "publisher");
	for (enum form form = 0; form < FORMS; form++)
		publish(pub, .topic = "form/t", .payload = payloads[form], .qos = 1);

	for (enum form form = 0; form < FORMS; form++) {
		struct packet message = expect(sub, PUBLISH);
		check_text(t, message.payload, payloads[form]);
		answer(sub, PUBACK, message.id, form);
	}
	fence(sub);
	leave(sub);

	sub = join(t, "subscriber", .kept = true, .resumed = true);
	publish(pub, .topic = "form/t", .payload = "marker", .qos = 1);
	expect_message(sub, .payload = "marker"); /* what was not settled would come first */
}

CASE(pubrec_pubcomp_forms,
	.title = "PUBREC and PUBCOMP with Remaining Length 2, 3, 4 and more are understood",
	.refs = { "5.0:U50-ACK-SHORT", "5.0:MQTT-4.3.3-4", "5.0:MQTT-4.3.3-5" }, .level = STATED,
	.versions = V50)
{
	static const char *const payloads[FORMS] = { "2", "3", "4", "more" };
	struct peer *sub =
		join(t, "subscriber", .kept = true, .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	subscribe(sub, .filter = "form/t", .qos = 2);
	struct peer *pub = join(t, "publisher");
	for (enum form form = 0; form < FORMS; form++)
		publish(pub, .topic = "form/t", .payload = payloads[form], .qos = 2);

	for (enum form form = 0; form < FORMS; form++) {
		struct packet message = expect(sub, PUBLISH);
		check_text(t, message.payload, payloads[form]);
		answer(sub, PUBREC, message.id, form);
		expect_ack(sub, PUBREL, message.id);
		answer(sub, PUBCOMP, message.id, form);
	}
	fence(sub);
	leave(sub);

	sub = join(t, "subscriber", .kept = true, .resumed = true);
	publish(pub, .topic = "form/t", .payload = "marker", .qos = 2);
	expect_message(sub, .payload = "marker");
	check_absent(sub, PUBREL, "no PUBREL of a settled message");
}

CASE(pubrel_forms,
	.title = "PUBREL with Remaining Length 2, 3, 4 and more is answered with PUBCOMP",
	.refs = { "5.0:U50-ACK-SHORT", "5.0:MQTT-4.3.3-11" }, .level = STATED, .versions = V50)
{
	struct peer *pub = join(t, "publisher");
	for (enum form form = 0; form < FORMS; form++) {
		send_publish(pub, .topic = "form/t", .payload = "x", .qos = 2, .id = 7);
		expect_ack(pub, PUBREC, 7);
		answer(pub, PUBREL, 7, form);
		check_eq(t, expect_ack(pub, PUBCOMP, 7).code, 0);
	}
}

CHAPTER(fixed_header, "Types, flags and fixed lengths of Control Packets", &case_bad_flags,
	&case_headers_of_the_server, &case_foreign_types, &case_type_0_in_pieces,
	&case_unexpected_auth, &case_fixed_lengths, &case_puback_forms, &case_pubrec_pubcomp_forms,
	&case_pubrel_forms);
