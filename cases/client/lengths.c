/* Where a Control Packet ends: the Remaining Length at the borders of its encoding, and packets that come in
 * pieces or many at once.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/client_case.h"

/* A message whose packet has exactly this Remaining Length. */
static void carry(struct test *t, struct peer *server, uint32_t length)
{
	const uint32_t head = 2 + 6 + 2 + is_v5(t);
	unsigned id = next_id(server);

	send_publish(
		server, .topic = "size/t", .bytes = filler(t, length - head), .qos = 1, .id = id);
	/* Only clients of 5.0 can announce a limit of their own. */
	bool free_to_refuse = !is_v5(t) && length > 100000;
	expect_one_of(server,
		OUTCOMES({ PUBACK, .code = SET(0) },
			{ CLOSED, .verdict = free_to_refuse ? VERDICT_INAPPLICABLE : VERDICT_FAIL,
				.says = "packets of this size are refused" }));
}

/* Accepts the client, which must be ready for packets of this Remaining Length. */
static struct peer *admit_for(struct test *t, uint32_t length)
{
	struct peer *server = admit(t);
	struct packet connect = greeting_of(server);
	const struct property *limit = properties_find(&connect.properties, 0x27);

	require(t, !limit || limit->number >= length + 5, "a lower Maximum Packet Size");
	return server;
}

CLIENT_CASE(client_length_of_two_bytes,
	.title = "PUBLISH packets with Remaining Length 127 and 128 are acknowledged",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH,
	.unaided = true)
{
	struct peer *server = admit_for(t, 128);
	carry(t, server, 127);
	carry(t, server, 128);
	fence(server);
}

CLIENT_CASE(client_length_of_three_bytes,
	.title = "PUBLISH packets with Remaining Length 16383 and 16384 are acknowledged",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX", "5.0:U50-MAXPKT-DEFAULT" },
	.level = STATED, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit_for(t, 16384);
	carry(t, server, 16383);
	carry(t, server, 16384);
	fence(server);
}

CLIENT_CASE(client_length_of_four_bytes,
	.title = "PUBLISH packets with Remaining Length 2097151 and 2097152 are acknowledged",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX", "5.0:U50-MAXPKT-DEFAULT" },
	.level = STATED, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit_for(t, 2097152);
	carry(t, server, 2097151);
	carry(t, server, 2097152);
	fence(server);
}

/* ---- packets in pieces --------------------------------------------------------------------- */

enum { SMALL_MAX = 80, APART_MS = 2 };

/* A QoS 1 PUBLISH on "piece/t" as bytes; returns how many. */
static size_t small_publish(
	struct test *t, uint8_t packet[SMALL_MAX], unsigned id, const char *payload)
{
	int len = snprintf(
		(char *)packet, SMALL_MAX, "2r0%cpiece/tid%s%s", 7, is_v5(t) ? "0" : "", payload);

	packet[1] = (uint8_t)(len - 2);
	packet[2] = 0;
	packet[11] = (uint8_t)(id >> 8);
	packet[12] = (uint8_t)id;
	if (is_v5(t))
		packet[13] = 0; /* Property Length */
	return (size_t)len;
}

/* Nothing is due; two writes that follow each other at once would arrive as one. */
static void send_apart(struct peer *server, const uint8_t *bytes, size_t len)
{
	send_bytes(server, ((struct bytes){ bytes, len }));
	wait_packet_ms(server, PINGREQ, APART_MS);
}

/*   server                        client
 *   first n bytes            -->
 *   the rest                 -->
 *                            <--  PUBACK, for every n
 */
CLIENT_CASE(client_packet_in_two_pieces,
	.title = "A packet in two pieces is acknowledged once it is whole, wherever it was cut",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH,
	.unaided = true)
{
	struct peer *server = admit(t);
	uint8_t packet[SMALL_MAX];
	size_t len = small_publish(t, packet, 700, "whole");
	for (size_t n = 1; n < len; n++) {
		send_apart(server, packet, n);
		send_bytes(server, ((struct bytes){ packet + n, len - n }));
		expect_ack(server, PUBACK, 700);
	}
}

CLIENT_CASE(client_packet_byte_by_byte, .title = "A packet that comes byte by byte is acknowledged",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH,
	.unaided = true)
{
	struct peer *server = admit(t);
	uint8_t packet[SMALL_MAX];
	size_t len = small_publish(t, packet, 700, "whole");
	for (size_t i = 0; i < len; i++)
		send_apart(server, packet + i, 1);
	expect_ack(server, PUBACK, 700);
}

/* No more messages than the client may be sent at once. */
static unsigned most_under_way(struct peer *server, unsigned wanted)
{
	struct packet connect = greeting_of(server);
	const struct property *p = properties_find(&connect.properties, 0x21);

	return p && p->number < wanted ? p->number : wanted;
}

CLIENT_CASE(client_packets_in_one_piece,
	.title = "Many packets that come at once are all acknowledged, in their order",
	.refs = { "3.1.1:MQTT-4.6.0-2", "3.1.1:U311-REMLEN", "5.0:MQTT-4.6.0-2",
		"5.0:U50-VBI-MAX" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	enum { PACKETS = 200 };
	struct peer *server = admit(t);
	unsigned count = most_under_way(server, PACKETS);

	uint8_t stream[PACKETS * SMALL_MAX];
	char payload[32];
	size_t len = 0;
	for (unsigned i = 0; i < count; i++) {
		snprintf(payload, sizeof(payload), "number %u", i);
		len += small_publish(t, stream + len, 700 + i, payload);
	}
	send_bytes(server, ((struct bytes){ stream, len }));
	for (unsigned i = 0; i < count; i++)
		check_eq(t, expect(server, PUBACK).id, 700 + i);
	fence(server);
}

CHAPTER(client_lengths, "Remaining Length, and packets in pieces, at a client",
	&case_client_length_of_two_bytes, &case_client_length_of_three_bytes,
	&case_client_length_of_four_bytes, &case_client_packet_in_two_pieces,
	&case_client_packet_byte_by_byte, &case_client_packets_in_one_piece);
