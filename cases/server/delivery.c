/* Delivery of messages at any QoS: to whom, at which QoS, in which order, byte for byte, 3.3 and 4.3
 * to 4.6. What is special to QoS 1 and 2 has chapters of its own.
 */
#include <math.h>

#include "harness/case.h"

static const char *const topics_of_qos[] = { "d/0", "d/1", "d/2" };

/* ---- QoS 0 --------------------------------------------------------------------------------- */

CASE(qos0_not_acknowledged, .title = "A PUBLISH of QoS 0 is delivered and not acknowledged",
	.refs = { "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-2.3.1-5", "3.1.1:MQTT-4.3.1-1",
		"5.0:MQTT-3.3.4-1", "5.0:MQTT-2.2.1-2", "5.0:MQTT-4.3.1-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	send_publish(pub, .topic = "d/t", .payload = "no identifier");
	expect_message(sub, .topic = "d/t", .payload = "no identifier", .qos = SET(0),
		.retain = SET(0), .dup = SET(0));
	expect_no(pub, PUBACK);
	check_absent(pub, PUBREC, "no PUBREC either");
}

/* The standard forbids it to the client, and leaves to the server what to do about it. What is published after
 * it, on the same topic, tells that it was dropped.
 */
CASE(qos0_with_dup,
	.title = "A QoS 0 PUBLISH with DUP 1 is refused, dropped, or delivered with DUP 0",
	.refs = { "3.1.1:MQTT-3.3.1-2", "3.1.1:MQTT-3.3.1-3", "5.0:MQTT-3.3.1-2",
		"5.0:MQTT-3.3.1-3" },
	.level = MUST, .versions = BOTH)
{
	witness(t);
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	misbehave(pub);
	send_publish(pub, .topic = "d/t", .payload = "dup", .dup = true);
	send_pingreq(pub);
	struct packet answer =
		expect_one_of(pub, OUTCOMES({ .type = PINGRESP }, { .type = CLOSED }));
	if (answer.type == CLOSED)
		return;
	publish(pub, .topic = "d/t", .payload = "next");
	struct packet m = expect_message(sub, .qos = SET(0), .dup = SET(0));
	bool dropped = bytes_equal(m.payload, BYTES("next"));
	if (!dropped)
		check_text(t, m.payload, "dup");
	observe(t, dropped ? "dropped" : "accepted");
}

/* ---- which QoS ----------------------------------------------------------------------------- */

/* Nine ways to publish and to be granted; the lower one counts. */
CASE(lower_qos_counts,
	.title = "A message is delivered at the lower of its QoS and the one granted",
	.refs = { "3.1.1:MQTT-3.8.4-6", "5.0:MQTT-3.8.4-8" }, .level = MUST, .versions = BOTH)
{
	static const char *const names[] = { "grant 0", "grant 1", "grant 2" };
	unsigned highest = offers(t)->maximum_qos;
	struct peer *subs[3];
	for (unsigned grant = 0; grant <= highest; grant++) {
		subs[grant] = join(t, names[grant]);
		subscribe(subs[grant], .filter = "d/#", .qos = grant);
	}
	struct peer *pub = join(t, "publisher");

	for (unsigned qos = 0; qos <= highest; qos++) {
		publish(pub, .topic = topics_of_qos[qos], .payload = "x", .qos = qos);
		for (unsigned grant = 0; grant <= highest; grant++)
			expect_message(subs[grant], .topic = topics_of_qos[qos],
				.qos = SET(qos < grant ? qos : grant), .dup = SET(0));
	}
}

/* ---- to whom ------------------------------------------------------------------------------- */

CASE(many_subscribers, .title = "A message reaches each of fifty subscribers once",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:UALL-DELIVER-MATCH", "5.0:MQTT-4.5.0-1",
		"5.0:UALL-DELIVER-MATCH" },
	.level = MUST, .versions = BOTH)
{
	enum { SUBSCRIBERS = 50 };
	struct peer *subs[SUBSCRIBERS];
	char name[] = "subscriber 00";
	unsigned highest = offers(t)->maximum_qos;
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		name[11] = (char)('0' + i / 10);
		name[12] = (char)('0' + i % 10);
		subs[i] = join(t, name);
		subscribe(subs[i], .filter = i % 2 ? "d/t" : "d/+",
			.qos = (unsigned)i % (highest + 1));
	}
	struct peer *pub = join(t, "publisher");

	publish(pub, .topic = "d/t", .payload = "one for all", .qos = highest);
	publish(pub, .topic = "d/t", .payload = "the next", .qos = highest);
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		expect_message(subs[i], .topic = "d/t", .payload = "one for all");
		expect_message(subs[i], .topic = "d/t", .payload = "the next");
	}
}

CASE(publisher_gets_its_own_messages,
	.title = "A client gets its own messages if it subscribes to them",
	.refs = { "3.1.1:UALL-DELIVER-MATCH", "3.1.1:MQTT-4.5.0-1", "5.0:UALL-DELIVER-MATCH",
		"5.0:MQTT-4.5.0-1" },
	.level = STATED, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "d/#", .qos = highest);

	for (unsigned qos = 0; qos <= highest; qos++) {
		publish(client, .topic = topics_of_qos[qos], .payload = "mine", .qos = qos);
		expect_message(
			client, .topic = topics_of_qos[qos], .payload = "mine", .qos = SET(qos));
	}
}

CASE(nobody_subscribed, .title = "A message that nobody wants is acknowledged like any other",
	.refs = { "3.1.1:MQTT-3.3.4-1", "5.0:MQTT-3.3.4-1", "5.0:U50-NOMATCH-CODE",
		"5.0:MQTT-3.4.2-1", "5.0:MQTT-3.5.2-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");

	send_publish(pub, .topic = "d/nobody", .payload = "x", .qos = 1, .id = 5);
	struct packet puback = expect_ack(pub, PUBACK, 5);
	judging(t, "5.0:U50-NOMATCH-CODE");
	check_in(t, puback, puback.code == 0 || puback.code == 0x10,
		"PUBACK with code 0x00 or 0x10");
	if (offers(t)->maximum_qos < 2)
		return;
	send_publish(pub, .topic = "d/nobody", .payload = "x", .qos = 2, .id = 6);
	judging(t, "3.1.1:MQTT-3.3.4-1");
	judging(t, "5.0:MQTT-3.3.4-1");
	struct packet pubrec = expect_ack(pub, PUBREC, 6);
	judging(t, "5.0:U50-NOMATCH-CODE");
	check_in(t, pubrec, pubrec.code == 0 || pubrec.code == 0x10,
		"PUBREC with code 0x00 or 0x10");
	send_ack(pub, PUBREL, 6);
	struct packet pubcomp = expect_ack(pub, PUBCOMP, 6);
	check_eq(t, pubcomp.code, 0);
}

/* ---- byte for byte ------------------------------------------------------------------------- */

CASE(empty_payload_delivered, .title = "A message without payload is delivered like any other",
	.refs = { "3.1.1:U311-EMPTY-PAYLOAD", "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-4.5.0-1" },
	.level = STATED, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/#", .qos = highest);
	struct peer *pub = join(t, "publisher");

	for (unsigned qos = 0; qos <= highest; qos++) {
		publish(pub, .topic = topics_of_qos[qos], .payload = "", .qos = qos);
		expect_message(sub, .topic = topics_of_qos[qos], .payload = "", .qos = SET(qos));
	}
}

/* Payloads that look like the fields around them: an identifier, a Property Length, a header. */
CASE(binary_payload_delivered, .title = "A payload is delivered byte for byte at each QoS",
	.refs = { "3.1.1:MQTT-2.3.1-5", "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-2.2.1-2",
		"5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = BOTH)
{
	uint8_t all[512];
	const struct bytes payloads[] = {
		{ all, sizeof(all) }, BYTES("\x00"), BYTES("\x00\x01\x02"),
		BYTES("\x30\x05\x00\x01x\x00y"), BYTES("\xED\xA0\x80\xFF\xFE"), /* no UTF-8 */
	};
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(i < 256 ? i : 255 - i);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/#", .qos = highest);
	struct peer *pub = join(t, "publisher");

	for (unsigned qos = 0; qos <= highest; qos++) {
		for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
			publish(pub, .topic = topics_of_qos[qos], .bytes = payloads[i], .qos = qos);
			expect_message(sub, .topic = topics_of_qos[qos], .bytes = payloads[i]);
		}
	}
}

/* ---- order --------------------------------------------------------------------------------- */

enum { ORDERED = 300, BURST = 10 };

static const char *numbered(char text[static 8], unsigned n)
{
	text[0] = (char)('0' + n / 100);
	text[1] = (char)('0' + n / 10 % 10);
	text[2] = (char)('0' + n % 10);
	text[3] = '\0';
	return text;
}

/* As many as may be under way at once. */
static unsigned burst_of(struct test *t)
{
	return offers(t)->receive_maximum < BURST ? offers(t)->receive_maximum : BURST;
}

/* Bursts of numbered messages, identifiers in descending order; the last burst may be shorter. */
static void send_burst(struct peer *pub, unsigned qos, unsigned first, unsigned count)
{
	char text[8];

	for (unsigned i = 0; i < count; i++)
		send_publish(pub, .topic = "d/ordered", .payload = numbered(text, first + i),
			.qos = qos, .id = qos ? 1000 - first - i : 0);
}

static void settle_burst(struct peer *pub, unsigned qos, unsigned first, unsigned count)
{
	for (unsigned i = 0; qos && i < count; i++)
		expect_ack(pub, qos == 1 ? PUBACK : PUBREC, 1000 - first - i);
	if (qos < 2)
		return;
	for (unsigned i = 0; i < count; i++)
		send_ack(pub, PUBREL, 1000 - first - i);
	for (unsigned i = 0; i < count; i++)
		expect_ack(pub, PUBCOMP, 1000 - first - i);
}

/* QoS 1 and 2: nothing is lost either. */
static void check_order(struct test *t, unsigned qos)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/ordered", .qos = qos);
	struct peer *pub = join(t, "publisher");
	unsigned burst = burst_of(t);
	char text[8];

	for (unsigned first = 0; first < ORDERED; first += burst) {
		unsigned count = ORDERED - first < burst ? ORDERED - first : burst;
		send_burst(pub, qos, first, count);
		settle_burst(pub, qos, first, count);
		for (unsigned i = 0; i < count; i++)
			expect_message(sub, .payload = numbered(text, first + i), .qos = SET(qos));
	}
}

/* Messages of QoS 0 may be lost, the last of the burst, too: so "end" is sent until something comes. */
static void provoke(struct peer *sub, struct peer *pub)
{
	enum { TRIES = 5, WAIT_MS = 1000 };

	for (unsigned i = 0; i < TRIES && isnan(wait_packet_ms(sub, PUBLISH, WAIT_MS)); i++)
		publish(pub, .topic = "d/ordered", .payload = "end");
}

CASE(order_at_qos_0,
	.title = "Messages of QoS 0 on one topic arrive in the order of their publication",
	.refs = { "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.6.0-5", "5.0:MQTT-4.6.0-5",
		"5.0:MQTT-4.6.0-6" },
	.level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/ordered", .qos = 1);
	struct peer *pub = join(t, "publisher");
	unsigned next = 0;

	send_burst(pub, 0, 0, ORDERED);
	while (next < ORDERED) {
		provoke(sub, pub);
		struct packet message = expect_message(sub, .topic = "d/ordered");
		if (bytes_equal(message.payload, BYTES("end"))) {
			observe(t, "messages of QoS 0 were lost from number %u on", next);
			break;
		}
		char text[8];
		unsigned lost = 0;
		while (next < ORDERED &&
			!bytes_equal(message.payload, bytes_of(numbered(text, next)))) {
			next++;
			lost++;
		}
		check_in(t, message, next < ORDERED,
			"the messages in the order of their publication");
		if (lost)
			observe(t, "%u messages of QoS 0 were lost before number %u", lost, next);
		next++;
	}
}

CASE(order_at_qos_1,
	.title = "Messages of QoS 1 on one topic arrive in the order of their publication",
	.refs = { "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.6.0-5", "5.0:MQTT-4.6.0-5",
		"5.0:MQTT-4.6.0-6", "5.0:U50-INFLIGHT-MANY" },
	.level = MUST, .versions = BOTH)
{
	check_order(t, 1);
}

CASE(order_at_qos_2,
	.title = "Messages of QoS 2 on one topic arrive in the order of their publication",
	.refs = { "3.1.1:MQTT-4.6.0-6", "3.1.1:MQTT-4.6.0-5", "5.0:MQTT-4.6.0-5",
		"5.0:MQTT-4.6.0-6" },
	.level = MUST, .versions = BOTH)
{
	require_qos(t, 2);
	check_order(t, 2);
}

/* None is acknowledged before all are published, so the target has to queue what is too much to be
 * in flight.
 */
CASE(order_behind_slow_subscriber,
	.title = "Messages that pile up for a slow subscriber arrive in order",
	.refs = { "3.1.1:MQTT-4.6.0-6", "5.0:MQTT-4.6.0-5" }, .level = MUST, .versions = BOTH)
{
	enum { PILE = 60 };
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/ordered", .qos = 1);
	struct peer *pub = join(t, "publisher");
	char text[8];

	for (unsigned i = 0; i < PILE; i++)
		publish(pub, .topic = "d/ordered", .payload = numbered(text, i), .qos = 1);
	for (unsigned i = 0; i < PILE; i++)
		expect_message(sub, .payload = numbered(text, i), .qos = SET(1), .dup = SET(0));
}

/* ---- what is no message -------------------------------------------------------------------- */

static const struct vector identifier_0[] = {
	{ .id = "qos_1", .template = "32 r t\"d/t\" n0 p{} b\"x\"", .codes = { 0x82, 0x81 } },
	{ .id = "qos_2", .template = "34 r t\"d/t\" n0 p{} b\"x\"", .codes = { 0x82, 0x81 } },
};

CASE(publish_identifier_0, .title = "A PUBLISH with Packet Identifier 0 ends the connection",
	.refs = { "3.1.1:MQTT-2.3.1-1", "5.0:MQTT-2.2.1-3" }, .level = MUST, .versions = BOTH,
	ROWS(identifier_0))
{
	witness(t);
	struct peer *sub = watch_row(t, "d/t");
	struct peer *client = join(t, "client");

	send_row(client);
	expect_violation_closed(client, .codes = { 0x82, 0x81 });
	expect_no_harm(sub, client, .topic = "d/t");
}

/* ---- one by one, and large ------------------------------------------------------------------ */

/* No two are under way at a time, so that there is no reason to lose one, even at QoS 0. */
CASE(messages_one_by_one,
	.title = "Of many messages that come one by one each is delivered once, at each QoS",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:UALL-QOS0-AT-MOST-ONCE", "3.1.1:MQTT-4.3.2-1",
		"3.1.1:UALL-QOS2-EXACTLY-ONCE", "3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.5.0-1",
		"5.0:UALL-QOS0-AT-MOST-ONCE", "5.0:MQTT-4.3.2-3", "5.0:UALL-QOS2-EXACTLY-ONCE",
		"5.0:MQTT-4.3.2-4" },
	.level = MUST, .versions = BOTH)
{
	enum { MESSAGES = 25 };
	unsigned highest = offers(t)->maximum_qos;
	struct peer *plain = join(t, "plain");
	struct peer *wild = join(t, "wild");
	subscribe(plain, .filter = "d/one", .qos = highest);
	subscribe(wild, .filter = "d/+", .qos = highest);
	struct peer *pub = join(t, "publisher");
	char text[8];

	for (unsigned qos = 0; qos <= highest; qos++)
		for (unsigned i = 0; i < MESSAGES; i++) {
			const char *payload = numbered(text, qos * MESSAGES + i);
			if (qos == 1) {
				send_publish(pub, .topic = "d/one", .payload = payload, .qos = 1,
					.id = 100 + i);
				expect_ack(pub, PUBACK, 100 + i);
			} else {
				publish(pub, .topic = "d/one", .payload = payload, .qos = qos);
			}
			expect_message(plain, .payload = payload, .qos = SET(qos), .dup = SET(0));
			expect_message(wild, .payload = payload, .qos = SET(qos), .dup = SET(0));
		}
}

/* A payload of so many bytes, each of which depends on its place. */
static struct bytes payload_of(struct test *t, size_t len)
{
	static uint8_t pattern[100000];

	for (size_t i = 0; i < len; i++)
		pattern[i] = (uint8_t)(i * 7 + i / 251);
	require(t, offers(t)->maximum_packet_size > len + 200, "a lower Maximum Packet Size");
	return (struct bytes){ pattern, len };
}

/* At QoS 1, which says whether the target takes it: only servers of 5.0 can announce a limit of their own, others have
 * some, of 8 KiB say.
 */
static void expect_taken(struct test *t, struct peer *pub, struct bytes payload)
{
	bool free_to_refuse = !is_v5(t) && payload.len > 4096;

	send_publish(pub, .topic = "d/size", .bytes = payload, .qos = 1, .id = 1);
	expect_one_of(pub,
		OUTCOMES({ PUBACK, .code = SET(0) },
			{ PUBACK, .code = SET(0x97), .verdict = VERDICT_INAPPLICABLE,
				.says = "the target has no room for the message" },
			{ CLOSED, .verdict = free_to_refuse ? VERDICT_INAPPLICABLE : VERDICT_FAIL,
				.says = "packets of this size are refused" }));
}

/* A target that takes packets of this size has to deliver them. */
static void check_size(struct test *t, size_t len)
{
	require_qos(t, 1);
	unsigned highest = offers(t)->maximum_qos;
	struct bytes payload = payload_of(t, len);
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "d/size", .qos = highest);
	struct peer *pub = join(t, "publisher");

	expect_taken(t, pub, payload);
	expect_message(sub, .topic = "d/size", .bytes = payload, .qos = SET(1));
	for (unsigned qos = 0; qos <= highest; qos += 2) {
		publish(pub, .topic = "d/size", .bytes = payload, .qos = qos);
		expect_message(sub, .topic = "d/size", .bytes = payload, .qos = SET(qos));
	}
}

#define SIZES                                                                                   \
	.refs = { "3.1.1:UALL-PAYLOAD-INTACT", "3.1.1:MQTT-4.5.0-1", "5.0:UALL-PAYLOAD-INTACT", \
		"5.0:MQTT-4.5.0-1" },                                                           \
	.level = STATED, .versions = BOTH

CASE(payload_of_some_kilobytes, .title = "A payload of 1,100 bytes, or of 4,000, arrives whole",
	SIZES)
{
	check_size(t, 1100);
	check_size(t, 4000);
}

/* Beyond what two bytes can count. */
CASE(payload_of_70_kilobytes, .title = "A payload of 70,000 bytes arrives whole at each QoS", SIZES)
{
	check_size(t, 70000);
}

CHAPTER(delivery, "Delivery of messages", &case_qos0_not_acknowledged, &case_qos0_with_dup,
	&case_lower_qos_counts, &case_many_subscribers, &case_publisher_gets_its_own_messages,
	&case_nobody_subscribed, &case_empty_payload_delivered, &case_binary_payload_delivered,
	&case_order_at_qos_0, &case_order_at_qos_1, &case_order_at_qos_2,
	&case_order_behind_slow_subscriber, &case_publish_identifier_0, &case_messages_one_by_one,
	&case_payload_of_some_kilobytes, &case_payload_of_70_kilobytes);
