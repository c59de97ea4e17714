/* Where a Control Packet ends: the Remaining Length, 2.2.3 (3.1.1) and 2.1.4 (5.0), and packets that
 * do not come in one piece.
 */
#include <stdio.h>
#include <string.h>

#include "cases/common/packets.h"
#include "harness/case.h"

#define TOPIC_A "t\"a\""

/* ---- lengths that cannot be ---------------------------------------------------------------- */

#define FIVE_BYTES                                                          \
	{                                                                   \
		"3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX", "5.0:MQTT-4.13.1-1" \
	}

static const struct vector bad_remaining_length[] = {
	/* more than four bytes */
	{ "five_bytes_least", "30 FFFFFFFF01", FIVE_BYTES, .codes = { 0x81 } },
	{ "five_bytes_most", "30 FFFFFFFF7F", FIVE_BYTES, .codes = { 0x81 } },
	{ "five_bytes_of_zero", "C0 8080808000", FIVE_BYTES, .codes = { 0x81 } },
	{ "five_bytes_all_continued", "82 FFFFFFFFFF", FIVE_BYTES, .codes = { 0x81 } },

	/* too short for the variable header, or for what it announces */
	SHORT_MESSAGES,
	{ "subscribe_empty", "82 00", .codes = { 0x81 } },
	{ "subscribe_half_an_id", "82 01 00", .codes = { 0x81 } },
	{ "subscribe_half_a_filter_length", "82 r m1 p{} 00", .codes = { 0x81 } },
	{ "subscribe_filter_beyond_end", "82 r m1 p{} n100 b\"abc\" 00", .codes = { 0x81 } },
	{ "subscribe_without_options", "82 r m1 p{} t\"a\"", .codes = { 0x81 } },
	{ "subscribe_second_without_options", "82 r m1 p{} t\"a\" 00 t\"b\"", .codes = { 0x81 } },
	{ "subscribe_cut_by_one", "82 r-1 m1 p{} t\"a\" 00", .codes = { 0x81 } },
	{ "unsubscribe_empty", "A2 00", .codes = { 0x81 } },
	{ "unsubscribe_half_an_id", "A2 01 00", .codes = { 0x81 } },
	{ "unsubscribe_half_a_filter_length", "A2 r m1 p{} 00", .codes = { 0x81 } },
	{ "unsubscribe_filter_beyond_end", "A2 r m1 p{} n100 b\"abc\"", .codes = { 0x81 } },

	/* bytes after the last field */
	{ "subscribe_stray_byte", "82 r m1 p{} t\"a\" 00 00", .codes = { 0x81 } },
	{ "unsubscribe_stray_byte", "A2 r m1 p{} t\"a\" 00", .codes = { 0x81 } },
	ACKS_BEHIND_PROPERTIES,
};

CASE(bad_remaining_length,
	.title = "A Remaining Length that does not fit its packet ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1" }, .level = MUST, .versions = BOTH,
	ROWS(bad_remaining_length))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

static const struct vector long_remaining_length[] = {
	{ "zero_in_two_bytes", "C0 8000", .codes = { 0x81 } },
	{ "zero_in_three_bytes", "C0 808000", .codes = { 0x81 } },
	{ "zero_in_four_bytes", "C0 80808000", .codes = { 0x81 } },
};

/* Nothing forbids it in 3.1.1, where it is a PINGREQ like any other. Senders of 5.0 must not do it [MQTT-1.5.5-1]; a
 * server that takes it for an error closes, another one answers.
 */
CASE(long_remaining_length,
	.title = "A Remaining Length in more bytes than needed is served or ends the connection",
	.refs = { "3.1.1:MQTT-3.12.4-1", "3.1.1:U311-REMLEN", "5.0:MQTT-4.13.1-1",
		"5.0:U50-VBI-MAX" },
	.level = MUST, .versions = BOTH, ROWS(long_remaining_length))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_one_of(client,
		OUTCOMES({ PINGRESP, .verdict = VERDICT_INFO, .says = "the long form is accepted" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "the long form is refused" }));
}

/* ---- lengths at the borders of their encoding ---------------------------------------------- */

/* Publishes messages whose packets have exactly these Remaining Lengths, and wants them back whole. */
static void carry(struct test *t, const uint32_t lengths[2])
{
	const size_t head = 2 + strlen(prefixed(t, "size/t")) + 2 + is_v5(t);
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	require(t, offers(t)->maximum_packet_size > lengths[1] + 5, "a lower Maximum Packet Size");
	subscribe(sub, .filter = "size/t", .qos = 1);
	for (unsigned i = 0; i < 2; i++) {
		struct bytes payload = filler(t, lengths[i] - head);
		bool is_large = lengths[i] > 4096;

		send_publish(pub, .topic = "size/t", .bytes = payload, .qos = 1, .id = 1 + i);
		if (is_large)
			judging(t, "5.0:U50-MAXPKT-DEFAULT"); /* it has announced no limit */
		if (is_large && !is_v5(t)) /* it cannot announce one, and has some, of 8 KiB say */
			expect_one_of(pub,
				OUTCOMES({ PUBACK, .code = SET(0) },
					{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
						.says = "packets of this size are refused" }));
		else
			expect_one_of(pub, OUTCOMES({ PUBACK, .code = SET(0) }));
		judging(t, "5.0:U50-VBI-MAX");
		expect_message(sub, .topic = "size/t", .bytes = payload);
	}
}

CASE(remaining_length_of_two_bytes,
	.title = "PUBLISH packets with Remaining Length 127 and 128 are delivered whole",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH)
{
	carry(t, (const uint32_t[]){ 127, 128 });
}

CASE(remaining_length_of_three_bytes,
	.title = "PUBLISH packets with Remaining Length 16383 and 16384 are delivered whole",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX", "5.0:U50-MAXPKT-DEFAULT" },
	.level = STATED, .versions = BOTH)
{
	carry(t, (const uint32_t[]){ 16383, 16384 });
}

CASE(remaining_length_of_four_bytes,
	.title = "PUBLISH packets with Remaining Length 2097151 and 2097152 are delivered whole",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX", "5.0:U50-MAXPKT-DEFAULT" },
	.level = STATED, .versions = BOTH)
{
	carry(t, (const uint32_t[]){ 2097151, 2097152 });
}

/* ---- packets in pieces --------------------------------------------------------------------- */

enum { SMALL_MAX = 129 /* its Remaining Length is one byte */ };

/* A QoS 1 PUBLISH on "piece/t" as bytes, since QoS 0 may be lost; returns how many. */
static size_t small_publish(
	struct test *t, uint8_t packet[SMALL_MAX], unsigned id, const char *payload)
{
	const char *topic = prefixed(t, "piece/t");

	int len = snprintf((char *)packet, SMALL_MAX, "2r0%c%sid%s%s", (int)strlen(topic), topic,
		is_v5(t) ? "0" : "", payload);
	uint8_t *rest = packet + 4 + strlen(topic);
	packet[1] = (uint8_t)(len - 2);
	packet[2] = 0;
	rest[0] = (uint8_t)(id >> 8);
	rest[1] = (uint8_t)id;
	if (is_v5(t))
		rest[2] = 0; /* Property Length */
	return (size_t)len;
}

/*   publisher                 target           bystander, subscriber
 *   first n bytes        -->
 *                                          <->  PINGREQ, PINGRESP
 *   the rest             -->
 *                                          -->  PUBLISH "whole", for every n
 */
CASE(packet_in_two_pieces,
	.title = "A packet in two pieces is handled once it is whole, wherever it was cut",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "piece/t", .qos = 1);
	struct peer *bystander = join(t, "bystander");
	struct peer *pub = join(t, "publisher");

	uint8_t packet[SMALL_MAX];
	size_t len = small_publish(t, packet, 7, "whole");
	for (size_t n = 1; n < len; n++) {
		send_bytes(pub, ((struct bytes){ packet, n }));
		fence(bystander);
		send_bytes(pub, ((struct bytes){ packet + n, len - n }));
		expect_ack(pub, PUBACK, 7);
		expect_message(sub, .topic = "piece/t", .payload = "whole");
	}
}

/* As many messages as may be in flight to the target at once, and wait for a subscriber. */
static unsigned stream_length(struct test *t, unsigned wanted)
{
	const struct capabilities *c = offers(t);
	unsigned most = c->receive_maximum < c->queue ? c->receive_maximum : c->queue;

	return wanted < most ? wanted : most;
}

/* The messages "number 0" and so on, with the identifiers 1 and so on; returns how many bytes. */
static size_t make_stream(struct test *t, uint8_t *stream, unsigned count)
{
	char payload[32];
	size_t len = 0;

	for (unsigned i = 0; i < count; i++) {
		snprintf(payload, sizeof(payload), "number %u", i);
		len += small_publish(t, stream + len, i + 1, payload);
	}
	return len;
}

static void expect_stream(struct peer *pub, struct peer *sub, unsigned count)
{
	char payload[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(payload, sizeof(payload), "number %u", i);
		expect_ack(pub, PUBACK, i + 1);
		expect_message(sub, .payload = payload);
	}
}

/* Which of the messages this is, by its payload; `count`: none of them. */
static unsigned number_in_stream(const struct packet *message, unsigned count)
{
	char payload[32];
	unsigned i = 0;

	for (; i < count; i++) {
		snprintf(payload, sizeof(payload), "number %u", i);
		if (bytes_equal(message->payload, bytes_of(payload)))
			break;
	}
	return i;
}

/* The same in whatever order they come: what is sent in pieces is not known as published, so that a message
 * out of turn would be taken for one whose payload was changed.
 */
static void expect_whole_stream(struct test *t, struct peer *pub, struct peer *sub, unsigned count)
{
	uint64_t missing = (UINT64_C(1) << count) - 1;

	/* In turns: a server may hold PUBACK back until its own window is free. */
	for (unsigned i = 0; i < count || missing; i++) {
		if (i < count)
			expect_ack(pub, PUBACK, i + 1);
		if (!missing)
			continue;
		struct packet m = expect_message(sub, .topic = "piece/t");
		unsigned number = number_in_stream(&m, count);
		if (number == count)
			fail(t, "a payload that was published", "another one");
		missing &= ~(UINT64_C(1) << number);
	}
}

CASE(stream_in_random_pieces, .title = "Packets are found in the stream, however it is cut",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH)
{
	enum { PACKETS = 50 };
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "piece/t", .qos = 1);
	struct peer *bystander = join(t, "bystander");
	struct peer *pub = join(t, "publisher");

	uint8_t stream[PACKETS * SMALL_MAX];
	unsigned count = stream_length(t, PACKETS);
	size_t len = make_stream(t, stream, count);
	for (size_t from = 0, n; from < len; from += n) {
		n = 1 + random_below(t, 60);
		n = n < len - from ? n : len - from;
		send_bytes(pub, ((struct bytes){ stream + from, n }));
		fence(bystander);
	}
	expect_whole_stream(t, pub, sub, count);
}

CASE(packets_in_one_piece,
	.title = "Many packets that come at once are all handled, in their order",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH)
{
	enum { PACKETS = 200 };
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "piece/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	uint8_t stream[PACKETS * SMALL_MAX];
	unsigned count = stream_length(t, PACKETS);
	size_t len = make_stream(t, stream, count);
	send_bytes(pub, ((struct bytes){ stream, len }));
	fence(pub);
	expect_stream(pub, sub, count);
}

/*   publisher                 target                  subscriber
 *   PUBLISH, half of it  -->
 *   connection closed
 *                                          -->  Will of the publisher, and nothing before it
 */
CASE(unfinished_packet_is_dropped,
	.title = "A packet that its connection does not finish has no effect",
	.refs = { "3.1.1:U311-REMLEN", "3.1.1:MQTT-3.1.2-8", "5.0:U50-VBI-MAX",
		"5.0:U50-WILL-CAUSES" },
	.level = STATED, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "piece/t");
	struct peer *pub =
		join(t, "publisher", .will = { .topic = "piece/t", .payload = "cut off" });
	struct peer *bystander = join(t, "bystander");

	send_template(pub, "30 r+5 t\"piece/t\" p{} b\"half \"");
	fence(bystander);
	drop(pub);
	expect_message(sub, .payload = "cut off");

	publish(bystander, .topic = "piece/t", .payload = "marker");
	expect_message(sub, .payload = "marker");
}

/* Servers may refuse it or wait for the rest, but not suffer from it. */
CASE(giant_packets_announced,
	.title = "Clients that announce 256 MiB and send little of it disturb nobody",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = STATED, .versions = BOTH)
{
	witness(t);
	struct peer *bystander = join(t, "bystander");
	for (unsigned i = 0; i < 8; i++) {
		struct peer *client = join(t, "client");
		send_template(client, "30 r268435455 t\"piece/t\" p{} b\"little\"");
		fence(bystander);
		abort_connection(client);
	}
	fence(bystander);
}

CHAPTER(remaining_length, "Remaining Length, and packets in pieces", &case_bad_remaining_length,
	&case_long_remaining_length, &case_remaining_length_of_two_bytes,
	&case_remaining_length_of_three_bytes, &case_remaining_length_of_four_bytes,
	&case_packet_in_two_pieces, &case_stream_in_random_pieces, &case_packets_in_one_piece,
	&case_unfinished_packet_is_dropped, &case_giant_packets_announced);
