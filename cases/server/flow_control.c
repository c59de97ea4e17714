/* Flow control of 5.0: Receive Maximum (4.9) and Maximum Packet Size, in both directions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cases/common/quotas.h"
#include "harness/case.h"

enum { NUMBER_MAX = 16, PATIENCE_MS = 500 };

/* Acknowledges a message to the end of its handshake. */
static void settle(struct peer *p, const struct packet *m)
{
	if (m->qos == 1) {
		send_ack(p, PUBACK, m->id);
	} else if (m->qos == 2) {
		send_ack(p, PUBREC, m->id);
		expect_ack(p, PUBREL, m->id);
		send_ack(p, PUBCOMP, m->id);
	}
}

/* Publishes "0" and so on to "f/t". When it returns all have reached another subscriber, so what `sub` may get
 * of them has had its chance.
 */
static void publish_numbers(struct test *t, unsigned qos, unsigned count)
{
	struct peer *control = join(t, "control");
	struct peer *pub = join(t, "publisher");
	char number[NUMBER_MAX];

	subscribe(control, .filter = "f/t", .qos = qos);
	for (unsigned i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		publish(pub, .topic = "f/t", .payload = number, .qos = qos);
		expect_message(control, .payload = number);
	}
	leave(control);
}

/* ---- the client's Receive Maximum ----------------------------------------------------------- */

static const struct vector receive_maximum[] = { QUOTAS };

/*   subscriber (Receive Maximum 2)     target
 *                                 <--  PUBLISH 0, PUBLISH 1
 *   PINGREQ                       -->
 *                                 <--  PINGRESP, and no PUBLISH before it
 *   PUBACK 0                      -->
 *                                 <--  PUBLISH 2, and so on
 */
CASE(receive_maximum,
	.title = "No more than Receive Maximum messages are unsettled, and each one settled frees "
		 "a place",
	.refs = { "5.0:MQTT-3.3.4-9", "5.0:MQTT-4.9.0-1", "5.0:MQTT-4.9.0-2",
		"5.0:U50-QUOTA-INCREMENT" },
	.level = MUST, .versions = V50, ROWS(receive_maximum))
{
	const struct quota *q = row(t)->extra;
	unsigned total = q->maximum + 3;
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_RECEIVE_MAXIMUM(q->maximum)));
	subscribe(sub, .filter = "f/t", .qos = q->qos);
	publish_numbers(t, q->qos, total);

	for (unsigned i = 0; i < total; i++) {
		char number[NUMBER_MAX];
		snprintf(number, sizeof(number), "%u", i);
		struct packet m = expect(sub, PUBLISH);
		check_text(t, m.payload, number);
		fence(sub);
		check(t, packets_waiting(sub, PUBLISH) + 1 <= q->maximum,
			"no more than Receive Maximum messages are unsettled",
			"%zu messages are unsettled", packets_waiting(sub, PUBLISH) + 1);
		if (q->qos == 2) {
			send_ack(sub, PUBREC, m.id);
			expect_ack(sub, PUBREL, m.id);
			fence(sub);
			judging(t, "5.0:MQTT-3.3.4-9");
			check(t, packets_waiting(sub, PUBLISH) + 1 <= q->maximum,
				"PUBREC alone frees no place", "%zu messages are unsettled",
				packets_waiting(sub, PUBLISH) + 1);
			send_ack(sub, PUBCOMP, m.id);
		} else {
			send_ack(sub, PUBACK, m.id);
		}
	}
}

CASE(receive_maximum_freed_by_pubrec_error,
	.title = "A PUBREC of 0x80 or above settles a message and frees its place",
	.refs = { "5.0:U50-QUOTA-INCREMENT" }, .level = STATED, .versions = V50)
{
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	subscribe(sub, .filter = "f/t", .qos = 2);
	publish_numbers(t, 2, 3);
	for (unsigned i = 0; i < 2; i++) {
		struct packet m = expect(sub, PUBLISH);
		send_ack(sub, PUBREC, m.id, .code = SET(0x80));
	}
	expect_message(sub, .payload = "2");
}

/* What a server makes of an acknowledgement for nothing is its own affair; only the quota counts. */
CASE(receive_maximum_not_raised,
	.title = "Acknowledgements without need do not raise the quota above Receive Maximum",
	.refs = { "5.0:U50-QUOTA-INCREMENT", "5.0:MQTT-3.3.4-9" }, .level = STATED, .versions = V50)
{
	static const enum packet_type acks[] = { PUBCOMP, PUBACK };
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	subscribe(sub, .filter = "f/t", .qos = 2);

	misbehave(sub);
	for (unsigned i = 0; i < 4; i++) {
		send_ack(sub, acks[i / 2], 4711 + i);
		send_pingreq(sub);
		if (expect_one_of(sub,
			    OUTCOMES({ .type = PINGRESP },
				    { .type = CLOSED,
					    .verdict = VERDICT_INFO,
					    .says = "an acknowledgement for nothing ends the "
						    "connection" }))
				.type == CLOSED)
			return;
	}
	publish_numbers(t, 2, 3);
	struct packet m = expect(sub, PUBLISH);
	expect_no(sub, PUBLISH);
	settle(sub, &m);
	expect_message(sub, .payload = "1");
	expect_message(sub, .payload = "2");
}

/* Two connections of one session: what is resent counts against the second one's maximum. */
CASE(receive_maximum_of_each_connection,
	.title = "The quota begins afresh with each connection, with the Receive Maximum of its "
		 "CONNECT",
	.refs = { "5.0:U50-QUOTA-RESET", "5.0:MQTT-3.3.4-9" }, .level = STATED, .versions = V50)
{
	struct peer *sub = join(
		t, "subscriber", .kept = true, .clean = true, .props = PROPS(P_RECEIVE_MAXIMUM(5)));
	subscribe(sub, .filter = "f/t", .qos = 1);
	publish_numbers(t, 1, 7);
	expect(sub, PUBLISH);
	fence(sub);
	check(t, packets_waiting(sub, PUBLISH) + 1 <= 5, "no more than 5 messages are unsettled",
		"%zu messages are unsettled", packets_waiting(sub, PUBLISH) + 1);
	drop(sub);

	sub = join(t, "subscriber", .kept = true, .resumed = true,
		.props = PROPS(P_RECEIVE_MAXIMUM(2)));
	for (unsigned i = 0; i < 7; i++) {
		char number[NUMBER_MAX];
		snprintf(number, sizeof(number), "%u", i);
		struct packet m = expect(sub, PUBLISH);
		check_text(t, m.payload, number);
		fence(sub);
		check(t, packets_waiting(sub, PUBLISH) + 1 <= 2,
			"no more than the new Receive Maximum of messages are unsettled",
			"%zu messages are unsettled", packets_waiting(sub, PUBLISH) + 1);
		send_ack(sub, PUBACK, m.id);
	}
}

CASE(receive_maximum_and_qos0, .title = "QoS 0 messages need no quota",
	.refs = { "5.0:U50-RECVMAX-DEFAULT", "5.0:MQTT-4.9.0-2" }, .level = STATED, .versions = V50)
{
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "f/+", .qos = 1);
	publish(pub, .topic = "f/held", .payload = "held", .qos = 1);
	struct packet held = expect(sub, PUBLISH);
	publish(pub, .topic = "f/free", .payload = "free", .qos = 0);
	bool at_once = !isnan(wait_packet_ms(sub, PUBLISH, PATIENCE_MS));
	settle(sub, &held);
	expect_message(sub, .topic = "f/free", .payload = "free", .qos = SET(0));
	if (!at_once)
		observe(t, "QoS 0 messages wait as well while the quota is used up");
}

CASE(other_packets_without_quota,
	.title = "With the quota used up all other packets are still answered",
	.refs = { "5.0:MQTT-4.9.0-3", "5.0:MQTT-3.3.4-10" }, .level = MUST, .versions = V50)
{
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	subscribe(sub, .filter = "f/t", .qos = 1);
	publish_numbers(t, 1, 3);
	struct packet m = expect(sub, PUBLISH);

	fence(sub);
	send_subscribe(sub, .filter = "f/other", .id = 11);
	expect_ack(sub, SUBACK, 11);
	send_unsubscribe(sub, .filter = "f/other", .id = 12);
	expect_ack(sub, UNSUBACK, 12);
	send_publish(sub, .topic = "f/own", .payload = "q1", .qos = 1, .id = 13);
	expect_ack(sub, PUBACK, 13);
	send_publish(sub, .topic = "f/own", .payload = "q2", .qos = 2, .id = 14);
	expect_ack(sub, PUBREC, 14);
	send_ack(sub, PUBREL, 14);
	expect_ack(sub, PUBCOMP, 14);
	expect_no(sub, PUBLISH);
	settle(sub, &m);
	expect_message(sub, .payload = "1");
	expect_message(sub, .payload = "2");
}

/* ---- the server's Receive Maximum ----------------------------------------------------------- */

enum { SMALL_MAXIMUM = 500 };

/*   client                         target (Receive Maximum n)
 *   n QoS 2 PUBLISH, no PUBREL -->
 *                              <-- n PUBREC
 *   one more                   -->
 *                              <-- DISCONNECT 0x93, close
 */
CASE(server_receive_maximum,
	.title = "More than Receive Maximum unsettled QoS 2 messages end the client's connection",
	.refs = { "5.0:U50-RECVMAX-EXCEEDED", "5.0:MQTT-3.3.4-7" }, .level = STATED,
	.versions = V50)
{
	unsigned maximum = offers(t)->receive_maximum;
	require(t, maximum <= SMALL_MAXIMUM, "the target states no small Receive Maximum");
	require_qos(t, 2);
	witness(t);
	struct peer *client = join(t, "client");
	for (unsigned id = 1; id <= maximum; id++)
		send_publish(client, .topic = "f/t", .payload = "m", .qos = 2, .id = id);
	for (unsigned id = 1; id <= maximum; id++) {
		struct packet pubrec = expect_ack(client, PUBREC, id);
		require(t, pubrec.code < 0x80, "the target refuses the messages");
	}
	fence(client);
	misbehave(client);
	send_publish(client, .topic = "f/t", .payload = "one more", .qos = 2, .id = maximum + 1);
	if (!isnan(wait_packet_ms(client, PUBREC, PATIENCE_MS))) {
		struct packet pubrec = expect_ack(client, PUBREC, maximum + 1);
		if (pubrec.code < 0x80)
			nonstrict(t, "one message more than Receive Maximum is accepted");
		else
			nonstrict(t, "refused by PUBREC 0x%02X instead of DISCONNECT 0x93",
				pubrec.code);
		return;
	}
	expect_violation_closed(client, .codes = { 0x93 });
}

CASE(server_receive_maximum_usable,
	.title = "Receive Maximum QoS 2 messages at a time are taken, and their places used again",
	.refs = { "5.0:MQTT-4.9.0-3", "5.0:MQTT-3.3.4-1" }, .level = MUST, .versions = V50)
{
	unsigned maximum = offers(t)->receive_maximum;
	require_qos(t, 2);
	struct peer *client = join(t, "client");
	if (maximum > 50)
		maximum = 50;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned id = 1; id <= maximum; id++)
			send_publish(client, .topic = "f/t", .payload = "m", .qos = 2, .id = id);
		for (unsigned id = 1; id <= maximum; id++)
			expect_ack(client, PUBREC, id);
		for (unsigned id = 1; id <= maximum; id++) {
			send_ack(client, PUBREL, id);
			expect_ack(client, PUBCOMP, id);
		}
	}
}

/* ---- the client's Maximum Packet Size ------------------------------------------------------- */

enum {
	LIMIT = 200, /* with room for the longest topic that a host may want */
	ONE_BYTE_LENGTH = 127,
	TOPIC_LENGTH = 2,
	PACKET_ID = 2,
	PROPERTY_LENGTH = 1,
};

/* The payload that makes a PUBLISH on this topic `size` bytes long, if the target adds nothing of its own. */
static struct bytes payload_for(struct test *t, const char *topic, unsigned qos, size_t size)
{
	size_t fixed_header = size <= 2 + ONE_BYTE_LENGTH ? 2 : 3;
	size_t rest = fixed_header + TOPIC_LENGTH + strlen(prefixed(t, topic)) +
		(qos ? PACKET_ID : 0) + PROPERTY_LENGTH;

	return filler(t, size - rest);
}

struct excess {
	unsigned qos, bytes;
};

#define EXCESS(name, qos, bytes)                      \
	{                                             \
		name, .extra = &(const struct excess) \
		{                                     \
			qos, bytes                    \
		}                                     \
	}

static const struct vector maximum_packet_size[] = {
	EXCESS("by_1_q0", 0, 1),
	EXCESS("by_1_q1", 1, 1),
	EXCESS("by_1_q2", 2, 1),
	EXCESS("by_2_q1", 1, 2),
	EXCESS("by_1000_q0", 0, 1000),
	EXCESS("by_1000_q1", 1, 1000),
	EXCESS("by_1000_q2", 2, 1000),
};

/* How many bytes the target adds to a message on its way: by a Message Expiry Interval, say. */
static size_t bytes_added(struct test *t, struct peer *pub, struct peer *other, unsigned qos)
{
	publish(pub, .topic = "f/p", .bytes = payload_for(t, "f/p", qos, LIMIT / 2), .qos = qos);
	struct packet m = expect_message(other, .topic = "f/p");
	return m.raw.len - LIMIT / 2;
}

/*   publisher            target            subscriber (Maximum Packet Size 200), other
 *   PUBLISH, 200 bytes -->
 *   PUBLISH, 201 bytes -->
 *   PUBLISH, small     -->
 *                              -->  200 bytes, then the small one
 */
CASE(maximum_packet_size,
	.title = "A message of the client's Maximum Packet Size comes; a bigger one is dropped as "
		 "if "
		 "delivered",
	.refs = { "5.0:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-25" }, .level = MUST, .versions = V50,
	ROWS(maximum_packet_size))
{
	const struct excess *e = row(t)->extra;
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_MAXIMUM_PACKET_SIZE(LIMIT)));
	struct peer *other = join(t, "other");
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "f/t", .qos = e->qos);
	subscribe(other, .filter = "f/+", .qos = e->qos);

	size_t added = bytes_added(t, pub, other, e->qos);
	require(t, added < LIMIT / 2, "the target adds more to a message than fits");
	struct bytes fits = payload_for(t, "f/t", e->qos, LIMIT - added);
	struct bytes big = payload_for(t, "f/t", e->qos, LIMIT + e->bytes - added);
	publish(pub, .topic = "f/t", .bytes = fits, .qos = e->qos);
	struct packet m = expect_message(other, .bytes = fits);
	require(t, m.raw.len == LIMIT, "what the target adds to a message differs in size");
	publish(pub, .topic = "f/t", .bytes = big, .qos = e->qos);
	expect_message(other, .bytes = big);
	publish(pub, .topic = "f/t", .payload = "next", .qos = e->qos);
	expect_message(sub, .bytes = fits);
	expect_message(sub, .payload = "next");
}

CASE(maximum_packet_size_spares_quota,
	.title = "Messages dropped for their size use up no place of the Receive Maximum",
	.refs = { "5.0:MQTT-3.1.2-25" }, .level = MUST, .versions = V50)
{
	struct peer *sub = join(t, "subscriber",
		.props = PROPS(P_MAXIMUM_PACKET_SIZE(LIMIT), P_RECEIVE_MAXIMUM(1)));
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "f/t", .qos = 1);
	publish(pub, .topic = "f/t", .payload = "first", .qos = 1);
	for (size_t i = 0; i < 2; i++)
		publish(pub, .topic = "f/t", .bytes = payload_for(t, "f/t", 1, 2 * LIMIT),
			.qos = 1);
	publish(pub, .topic = "f/t", .payload = "next", .qos = 1);
	expect_message(sub, .payload = "first");
	expect_message(sub, .payload = "next");
}

CASE(maximum_packet_size_of_queued,
	.title = "Queued messages above the Maximum Packet Size of the next connection are dropped",
	.refs = { "5.0:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-25" }, .level = MUST, .versions = V50)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(sub, .filter = "f/t", .qos = 1);
	leave(sub);
	publish(pub, .topic = "f/t", .payload = "first", .qos = 1);
	publish(pub, .topic = "f/t", .bytes = payload_for(t, "f/t", 1, 2 * LIMIT), .qos = 1);
	publish(pub, .topic = "f/t", .payload = "last", .qos = 1);

	sub = join(t, "subscriber", .kept = true, .resumed = true,
		.props = PROPS(P_MAXIMUM_PACKET_SIZE(LIMIT)));
	expect_message(sub, .payload = "first");
	expect_message(sub, .payload = "last");
}

CASE(maximum_packet_size_of_retained,
	.title = "A retained message above the client's Maximum Packet Size is not sent to it",
	.refs = { "5.0:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-25" }, .level = MUST, .versions = V50)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	struct bytes big = payload_for(t, "f/t", 1, 2 * LIMIT);
	publish_retained(pub, .topic = "f/t", .bytes = big, .qos = 1);
	struct peer *control = join(t, "control");
	subscribe(control, .filter = "f/t", .qos = 1);
	expect_message(control, .bytes = big);

	struct peer *sub = join(t, "subscriber", .props = PROPS(P_MAXIMUM_PACKET_SIZE(LIMIT)));
	subscribe(sub, .filter = "f/t", .qos = 1);
	publish(pub, .topic = "f/t", .payload = "marker", .qos = 1);
	expect_message(sub, .payload = "marker");
}

CASE(maximum_packet_size_of_others,
	.title = "One client's Maximum Packet Size does not keep a message from others",
	.refs = { "5.0:MQTT-4.5.0-1", "5.0:MQTT-3.1.2-25" }, .level = MUST, .versions = V50)
{
	struct peer *small = join(t, "small", .props = PROPS(P_MAXIMUM_PACKET_SIZE(LIMIT)));
	struct peer *large = join(t, "large");
	struct peer *pub = join(t, "publisher");
	subscribe(small, .filter = "f/t", .qos = 1);
	subscribe(large, .filter = "f/t", .qos = 1);
	struct bytes big = payload_for(t, "f/t", 1, 2 * LIMIT);
	publish(pub, .topic = "f/t", .bytes = big, .qos = 1);
	publish(pub, .topic = "f/t", .payload = "marker", .qos = 1);
	expect_message(large, .bytes = big);
	expect_message(large, .payload = "marker");
	expect_message(small, .payload = "marker");
}

/* ---- the server's Maximum Packet Size ------------------------------------------------------- */

enum { SMALL_PACKET = 4 * 1024 * 1024 };

CASE(server_maximum_packet_size,
	.title = "A packet above the server's Maximum Packet Size ends the connection",
	.refs = { "5.0:U50-MAXPKT-EXCEEDED", "5.0:MQTT-3.2.2-15" }, .level = STATED,
	.versions = V50)
{
	require(t, offers(t)->maximum_packet_size <= SMALL_PACKET,
		"the target states no small Maximum Packet Size");
	witness(t);
	struct peer *client = join(t, "client");
	misbehave(client);
	send_publish(client, .topic = "f/t", .bytes = filler(t, offers(t)->maximum_packet_size));
	expect_violation_closed(client, .codes = { 0x95 });
}

CHAPTER(flow_control, "Receive Maximum and Maximum Packet Size", &case_receive_maximum,
	&case_receive_maximum_freed_by_pubrec_error, &case_receive_maximum_not_raised,
	&case_receive_maximum_of_each_connection, &case_receive_maximum_and_qos0,
	&case_other_packets_without_quota, &case_server_receive_maximum,
	&case_server_receive_maximum_usable, &case_maximum_packet_size,
	&case_maximum_packet_size_spares_quota, &case_maximum_packet_size_of_queued,
	&case_maximum_packet_size_of_retained, &case_maximum_packet_size_of_others,
	&case_server_maximum_packet_size);
