/* Limits of 5.0: what CONNACK says that the server takes binds the client, and what the client's own
 * CONNECT says binds the server. The fence after CONNACK shows that the client has read it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cases/common/quotas.h"
#include "harness/client_case.h"

enum { PATIENCE_MS = 3000, NUMBER_MAX = 16, TIGHT = 100 };

/* A client that knows what CONNACK says. */
static struct peer *admit_with(struct test *t, const struct properties *connack)
{
	struct peer *server = admit(t, .connack = connack);

	fence(server);
	return server;
}

/* The client was told to do what CONNACK forbids; it may refuse, do less, or end the connection.
 * What comes of it comes before the marker.
 */
static bool marker_comes(struct test *t, struct peer *server)
{
	synced(t);
	do_publish(t, .topic = "marker", .payload = "m");
	if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
		observe(t,
			is_open(server) ? "the client publishes nothing more after it"
					: "the client ends the connection over it");
		return false;
	}
	return true;
}

static bool is_marker(const struct packet *m)
{
	return bytes_equal(m->topic, BYTES("marker"));
}

/* ---- Receive Maximum of the server ----------------------------------------------------------- */

static void publish_numbers(struct test *t, unsigned qos, unsigned count)
{
	char number[NUMBER_MAX];

	for (unsigned i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		do_publish(t, .topic = "l/t", .payload = number, .qos = qos);
	}
	synced(t);
}

static const struct vector client_keeps_receive_maximum[] = { QUOTAS };

/*   client                    server (Receive Maximum 2)
 *   PUBLISH 0, PUBLISH 1 -->
 *                        <--  PUBLISH, the fence
 *   PUBACK               -->            and no PUBLISH before it
 *                        <--  PUBACK 0
 *   PUBLISH 2            -->            and so on
 *
 * A client without a queue says no to what is too much; then nothing more comes.
 */
CLIENT_CASE(client_keeps_receive_maximum,
	.title = "No more than the server's Receive Maximum of messages are under way, and each "
		 "one that ends frees a place",
	.refs = { "5.0:MQTT-3.3.4-7", "5.0:MQTT-4.9.0-1", "5.0:MQTT-4.9.0-2",
		"5.0:U50-QUOTA-INCREMENT" },
	.level = MUST, .versions = V50, ROWS(client_keeps_receive_maximum))
{
	const struct quota *q = row(t)->extra;
	unsigned total = q->maximum + 3;
	struct peer *server = admit_with(t, PROPS(P_RECEIVE_MAXIMUM(q->maximum)));

	publish_numbers(t, q->qos, total);
	for (unsigned i = 0; i < total; i++) {
		if (i && isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
			observe(t, "%u of %u messages are sent, the others never", i, total);
			return;
		}
		struct packet m = need(server, PUBLISH);
		fence(server);
		check(t, packets_waiting(server, PUBLISH) + 1 <= q->maximum,
			"no more than Receive Maximum messages are under way", "%zu are",
			packets_waiting(server, PUBLISH) + 1);
		if (q->qos == 2) {
			send_ack(server, PUBREC, m.id);
			expect_ack(server, PUBREL, m.id);
			fence(server);
			check(t, packets_waiting(server, PUBLISH) + 1 <= q->maximum,
				"PUBREC alone frees no place", "%zu are",
				packets_waiting(server, PUBLISH) + 1);
			send_ack(server, PUBCOMP, m.id);
		} else {
			send_ack(server, PUBACK, m.id);
		}
	}
	expect_no(server, PUBLISH);
}

CLIENT_CASE(quota_freed_by_pubrec_error,
	.title = "A PUBREC with the code of an error frees a place for the next message",
	.refs = { "5.0:U50-QUOTA-INCREMENT" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_RECEIVE_MAXIMUM(1)));

	for (unsigned i = 0; i < 3; i++) {
		do_publish(t, .topic = "l/t", .payload = "x", .qos = 2);
		struct packet m = i ? expect(server, PUBLISH) : need(server, PUBLISH);
		send_ack(server, PUBREC, m.id, .code = SET(0x97));
		fence(server);
	}
}

/* What a client makes of an acknowledgement for nothing is its own affair; only the quota counts. */
CLIENT_CASE(quota_not_raised,
	.title = "Acknowledgements for nothing do not raise the quota above Receive Maximum",
	.refs = { "5.0:U50-QUOTA-INCREMENT", "5.0:MQTT-3.3.4-7" }, .level = STATED, .versions = V50)
{
	static const enum packet_type acks[] = { PUBACK, PUBCOMP };
	struct peer *server = admit_with(t, PROPS(P_RECEIVE_MAXIMUM(1)));

	misbehave(server);
	for (unsigned i = 0; i < 4; i++) {
		send_ack(server, acks[i / 2], 50001 + i);
		send_publish(server, .topic = "l/probe", .payload = "x", .qos = 1, .id = 1001);
		if (expect_one_of(server,
			    OUTCOMES({ .type = PUBACK },
				    { .type = CLOSED,
					    .verdict = VERDICT_INFO,
					    .says = "an acknowledgement for nothing ends "
						    "the "
						    "connection" }))
				.type == CLOSED)
			return;
	}
	publish_numbers(t, 1, 3);
	struct packet m = need(server, PUBLISH);
	expect_no(server, PUBLISH);
	send_ack(server, PUBACK, m.id);
}

/* What is sent again shows that CONNACK has been read, and counts like anything else. */
CLIENT_CASE(quota_of_each_connection,
	.title = "The quota begins afresh with each connection, with the Receive Maximum "
		 "of its "
		 "CONNACK",
	.refs = { "5.0:MQTT-3.3.4-7", "5.0:U50-QUOTA-RESET", "5.0:MQTT-4.4.0-1" }, .level = MUST,
	.versions = V50)
{
	enum { FIRST = 5, SECOND = 2 };
	struct peer *server = admit(t, .kept = true, .connack = PROPS(P_RECEIVE_MAXIMUM(FIRST)));
	publish_numbers(t, 1, FIRST);
	size_t sent = 0;
	for (; sent < FIRST && !isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS)); sent++)
		expect(server, PUBLISH);
	require(t, sent > SECOND, "the client has few messages under way at a time");
	client_loses(server);

	server = admit(
		t, .kept = true, .resumed = true, .connack = PROPS(P_RECEIVE_MAXIMUM(SECOND)));
	for (size_t i = 0; i < sent; i++) {
		fence(server);
		judging(t, "5.0:MQTT-3.3.4-7");
		check(t, packets_waiting(server, PUBLISH) <= SECOND,
			"no more than the new Receive Maximum of messages are under way", "%zu are",
			packets_waiting(server, PUBLISH));
		judging(t, i ? "5.0:U50-QUOTA-RESET" : "5.0:MQTT-4.4.0-1");
		struct packet m = expect(server, PUBLISH);
		send_ack(server, PUBACK, m.id);
	}
}

CLIENT_CASE(qos0_needs_no_quota, .title = "QoS 0 messages go out while the quota is used up",
	.refs = { "5.0:U50-RECVMAX-DEFAULT", "5.0:UALL-AS-ASKED" }, .level = STATED,
	.versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_RECEIVE_MAXIMUM(1)));

	do_publish(t, .topic = "l/held", .payload = "held", .qos = 1);
	struct packet held = need(server, PUBLISH);
	do_publish(t, .topic = "l/free", .payload = "free", .qos = 0);
	bool at_once = !isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS));
	if (told_waiting(t, TOLD_ERROR)) { /* it says no, which is its right */
		observe(t, "QoS 0 messages are refused while the quota is used up");
		return;
	}
	check(t, at_once || is_open(server),
		"the message, at once or when there is room for another",
		"the end of the connection");
	send_ack(server, PUBACK, held.id);
	expect_publish(server, .topic = "l/free");
	if (!at_once)
		observe(t, "QoS 0 messages wait as well while the quota is used up");
}

CLIENT_CASE(other_packets_need_no_quota,
	.title = "With the quota used up all other packets go out as ever",
	.refs = { "5.0:MQTT-3.3.4-8", "5.0:MQTT-4.9.0-3", "5.0:UALL-AS-ASKED" }, .level = MUST,
	.versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_RECEIVE_MAXIMUM(1)));

	publish_numbers(t, 2, 1);
	struct packet m = need(server, PUBLISH);
	judging(t, "5.0:MQTT-3.3.4-8");
	send_publish(server, .topic = "l/in", .payload = "x", .qos = 1, .id = 1001);
	expect_ack(server, PUBACK, 1001);
	send_publish(server, .topic = "l/in", .payload = "x", .qos = 2, .id = 1002);
	expect_ack(server, PUBREC, 1002);
	send_ack(server, PUBREL, 1002);
	expect_ack(server, PUBCOMP, 1002);

	unsigned command = do_subscribe(t, .filter = "l/in", .qos = 1);
	struct packet s = expect(server, SUBSCRIBE);
	send_suback(server, .id = s.id, .codes = CODES(1));
	expect_acknowledged(t, command);
	command = do_unsubscribe(t, .filter = "l/in");
	s = expect(server, UNSUBSCRIBE);
	send_unsuback(server, .id = s.id, .codes = CODES(0));
	expect_acknowledged(t, command);

	send_ack(server, PUBREC, m.id);
	expect_ack(server, PUBREL, m.id);
	send_ack(server, PUBCOMP, m.id);
}

/* ---- Maximum Packet Size of the server ------------------------------------------------------- */

static const char *long_filter(struct test *t, size_t len)
{
	struct bytes b = filler(t, len + 1);
	char *text = (char *)b.data;

	memset(text, 'a', len);
	text[len] = 0;
	return text;
}

/* The command asked for more than fits; a part of it would be another message. */
static void expect_none_above(struct test *t, struct peer *server)
{
	if (!marker_comes(t, server))
		return;
	struct packet m = expect(server, PUBLISH);
	check(t, m.raw.len <= TIGHT, "no packet above Maximum Packet Size", "%s of %zu bytes",
		spec_packet_name(m.type), m.raw.len);
	judging(t, "5.0:UALL-AS-ASKED");
	check_in(t, m, is_marker(&m), "the message of the command or none");
}

/* "m" at QoS 1: two bytes of fixed header, three of topic, two of identifier, one of properties. */
enum { AROUND_PAYLOAD = 8 };

CLIENT_CASE(client_keeps_packet_size,
	.title = "A PUBLISH of just the server's Maximum Packet Size goes out, one byte "
		 "more does "
		 "not",
	.refs = { "5.0:MQTT-3.2.2-15", "5.0:UALL-AS-ASKED" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));

	do_publish(t, .topic = "m", .bytes = filler(t, TIGHT - AROUND_PAYLOAD), .qos = 1);
	if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
		observe(t, "a PUBLISH of just Maximum Packet Size is not sent");
	} else {
		struct packet m = expect(server, PUBLISH);
		check(t, m.raw.len <= TIGHT, "no packet above Maximum Packet Size",
			"%s of %zu bytes", spec_packet_name(m.type), m.raw.len);
		send_ack(server, PUBACK, m.id);
	}
	if (!is_open(server))
		return;
	do_publish(t, .topic = "m", .bytes = filler(t, TIGHT - AROUND_PAYLOAD + 1), .qos = 1);
	expect_none_above(t, server);
}

CLIENT_CASE(publish_far_too_large,
	.title = "A message of a hundred times the Maximum Packet Size is not sent, at any "
		 "QoS",
	.refs = { "5.0:MQTT-3.2.2-15", "5.0:UALL-AS-ASKED" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));

	for (unsigned qos = 0; qos <= 2; qos++)
		do_publish(t, .topic = "l/t", .bytes = filler(t, 100 * TIGHT), .qos = qos);
	expect_none_above(t, server);
}

CLIENT_CASE(packet_size_of_each_connection,
	.title = "A client keeps to the Maximum Packet Size of its second CONNACK",
	.refs = { "5.0:MQTT-3.2.2-15", "5.0:UALL-AS-ASKED" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit_with(t, NULL);
	client_leaves(server);

	server = admit_with(t, PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));
	do_publish(t, .topic = "l/t", .bytes = filler(t, 2 * TIGHT), .qos = 1);
	expect_none_above(t, server);
	if (!is_open(server))
		return;
	client_leaves(server);

	server = admit_with(t, NULL);
	do_publish(t, .topic = "l/t", .bytes = filler(t, 2 * TIGHT));
	synced(t);
	if (told_waiting(t, TOLD_ERROR)) { /* it says no, which is its right */
		observe(t, "the Maximum Packet Size of an earlier CONNACK is still kept");
		return;
	}
	expect_publish(server, .topic = "l/t", .bytes = filler(t, 2 * TIGHT));
}

CLIENT_CASE(subscribe_too_large,
	.title = "A SUBSCRIBE or UNSUBSCRIBE above the server's Maximum Packet Size is not "
		 "sent",
	.refs = { "5.0:MQTT-3.2.2-15" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));

	do_subscribe(t, .filter = long_filter(t, 2 * TIGHT), .qos = 1);
	do_unsubscribe(t, .filter = long_filter(t, 2 * TIGHT));
	if (!marker_comes(t, server))
		return;
	expect(server, PUBLISH);
	check_absent(server, SUBSCRIBE, "no packet above Maximum Packet Size");
	check_absent(server, UNSUBSCRIBE, "no packet above Maximum Packet Size");
}

/* The client may leave the Reason String out, or close without a DISCONNECT. */
CLIENT_CASE(disconnect_too_large,
	.title = "A Reason String that makes DISCONNECT too large for the server is not "
		 "sent",
	.refs = { "5.0:MQTT-3.14.2-3", "5.0:MQTT-3.2.2-15" }, .level = MUST, .versions = V50)
{
	static const char text[] = "a reason so long that it takes more bytes than the "
				   "server has room for in a "
				   "single packet, which is one hundred bytes in all";
	struct peer *server = admit_with(t, PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));

	do_disconnect(t,
		.props = PROPS({ .id = 0x1F,
			.type = PROPERTY_STRING,
			.value = { (const uint8_t *)text, sizeof(text) - 1 } }));
	wait_packet_ms(server, DISCONNECT, PATIENCE_MS);
	if (!has_packet(server, DISCONNECT)) {
		observe(t, "no DISCONNECT is sent");
		return;
	}
	struct packet d = expect(server, DISCONNECT);
	check(t, d.raw.len <= TIGHT, "no packet above Maximum Packet Size", "%s of %zu bytes",
		spec_packet_name(d.type), d.raw.len);
}

/*   client                    server (Maximum Packet Size 10)
 *   CONNECT              -->
 *                        <--  CONNACK, PUBLISH q1, PUBLISH q2, PUBREL
 *   PUBACK, PUBREC, PUBCOMP -->         within it, from the first one on
 *            and so on the next connection, whose limit is another
 */
CLIENT_CASE(acknowledgements_keep_packet_size,
	.title = "Acknowledgements keep to the Maximum Packet Size of each CONNACK, from the first "
		 "on",
	.refs = { "5.0:MQTT-3.2.2-15", "5.0:MQTT-3.3.4-1" }, .level = MUST, .versions = V50)
{
	static const unsigned sizes[] = { 10, 50, 10 };

	for (unsigned i = 0; i < 3; i++) {
		struct peer *server = admit(t, .kept = true, .resumed = i > 0,
			.connack = PROPS(P_MAXIMUM_PACKET_SIZE(sizes[i])));
		judging(t, "5.0:MQTT-3.3.4-1");
		send_publish(server, .topic = "l/in", .payload = "x", .qos = 1, .id = 1001);
		expect_ack(server, PUBACK, 1001); /* whose size the monitor judges */
		send_publish(server, .topic = "l/in", .payload = "x", .qos = 2, .id = 1002);
		expect_ack(server, PUBREC, 1002);
		send_ack(server, PUBREL, 1002);
		expect_ack(server, PUBCOMP, 1002);
		do_publish(t, .topic = "l", .payload = "", .qos = 2);
		if (!isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
			struct packet m = expect(server, PUBLISH);
			send_ack(server, PUBREC, m.id);
			expect_ack(server, PUBREL, m.id);
			send_ack(server, PUBCOMP, m.id);
		}
		client_loses(server);
	}
}

/* ---- Maximum QoS, Retain Available ----------------------------------------------------------- */

struct excess {
	unsigned maximum, asked;
};

#define EXCESS(name, maximum, asked)                  \
	{                                             \
		name, .extra = &(const struct excess) \
		{                                     \
			maximum, asked                \
		}                                     \
	}

static const struct vector client_keeps_maximum_qos[] = {
	EXCESS("0_asked_1", 0, 1),
	EXCESS("0_asked_2", 0, 2),
	EXCESS("1_asked_2", 1, 2),
};

CLIENT_CASE(client_keeps_maximum_qos,
	.title = "Nothing is published above the server's Maximum QoS",
	.refs = { "5.0:MQTT-3.2.2-11" }, .level = MUST, .versions = V50,
	ROWS(client_keeps_maximum_qos))
{
	const struct excess *e = row(t)->extra;
	struct peer *server = admit_with(t, PROPS(P_MAXIMUM_QOS(e->maximum)));

	do_publish(t, .topic = "l/t", .payload = "x", .qos = e->asked);
	if (!marker_comes(t, server))
		return;
	struct packet m = expect(server, PUBLISH);
	check_in(t, m, m.qos <= e->maximum, "a QoS within Maximum QoS");
	if (!is_marker(&m))
		observe(t, "the message is published at QoS %u instead", m.qos);
}

CLIENT_CASE(maximum_qos_used, .title = "A message at the server's Maximum QoS goes out",
	.refs = { "5.0:UALL-AS-ASKED", "5.0:MQTT-3.2.2-11" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_MAXIMUM_QOS(1)));

	judging(t, "5.0:UALL-AS-ASKED");
	unsigned command = do_publish(t, .topic = "l/t", .payload = "x", .qos = 1);
	struct packet m = expect_publish(server, .topic = "l/t", .payload = "x", .qos = SET(1));
	send_ack(server, PUBACK, m.id);
	expect_acknowledged(t, command);
}

CLIENT_CASE(client_keeps_retain_available,
	.title = "Nothing is published with RETAIN 1 when the server does not retain",
	.refs = { "5.0:MQTT-3.2.2-14" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_RETAIN_AVAILABLE(0)));

	do_publish(t, .topic = "l/t", .payload = "x", .qos = 0, .retain = true);
	if (!marker_comes(t, server))
		return;
	struct packet m = expect(server, PUBLISH);
	check_eq(t, m.retain, 0);
	if (!is_marker(&m))
		observe(t, "the message is published with RETAIN 0 instead");
}

/* ---- Topic Alias Maximum of the server ------------------------------------------------------- */

struct alias {
	int maximum; /* -1: CONNACK has none */
	unsigned alias;
};

#define ALIAS(name, most, asked, ...)                                         \
	{                                                                     \
		name, .refs = { __VA_ARGS__ }, .extra = &(const struct alias) \
		{                                                             \
			most, asked                                           \
		}                                                             \
	}

static const struct vector client_keeps_alias_maximum[] = {
	ALIAS("absent", -1, 1, "5.0:MQTT-3.2.2-18"),
	ALIAS("0", 0, 1, "5.0:MQTT-3.2.2-18"),
	ALIAS("1", 1, 2, "5.0:MQTT-3.2.2-17", "5.0:MQTT-3.3.2-9"),
	ALIAS("10", 10, 11, "5.0:MQTT-3.2.2-17", "5.0:MQTT-3.3.2-9"),
	ALIAS("10_highest", 10, 65535, "5.0:MQTT-3.2.2-17", "5.0:MQTT-3.3.2-9"),
};

static struct peer *admit_aliases(struct test *t, int maximum)
{
	return admit_with(t, maximum < 0 ? NULL : PROPS(P_TOPIC_ALIAS_MAXIMUM((unsigned)maximum)));
}

CLIENT_CASE(client_keeps_alias_maximum,
	.title = "No Topic Alias above the server's maximum is sent",
	.refs = { "5.0:MQTT-3.2.2-17", "5.0:MQTT-3.2.2-18" }, .level = MUST, .versions = V50,
	ROWS(client_keeps_alias_maximum))
{
	const struct alias *a = row(t)->extra;
	struct peer *server = admit_aliases(t, a->maximum);

	do_publish(t, .topic = "l/t", .payload = "x", .qos = 1,
		.props = PROPS(P_TOPIC_ALIAS(a->alias)));
	if (!marker_comes(t, server))
		return;
	struct packet m = expect(server, PUBLISH);
	const struct property *p = properties_find(&m.properties, 0x23);
	check_in(t, m, !p || (int)p->number <= a->maximum, "no Topic Alias above the maximum");
	if (!is_marker(&m))
		observe(t, "the message is published without the alias");
}

CLIENT_CASE(alias_0_not_sent, .title = "Topic Alias 0 is never sent",
	.refs = { "5.0:MQTT-3.3.2-8" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit_with(t, PROPS(P_TOPIC_ALIAS_MAXIMUM(10)));

	do_publish(t, .topic = "l/t", .payload = "x", .qos = 1, .props = PROPS(P_TOPIC_ALIAS(0)));
	if (!marker_comes(t, server))
		return;
	struct packet m = expect(server, PUBLISH);
	const struct property *p = properties_find(&m.properties, 0x23);
	check_in(t, m, !p || p->number, "no Topic Alias 0");
}

/* A client may manage aliases of its own accord, or leave it to its user, or not know of them. */
CLIENT_CASE(alias_within_maximum,
	.title = "A Topic Alias within the server's maximum stands for its topic",
	.refs = { "5.0:MQTT-3.3.2-9", "5.0:U50-ALIAS-UNKNOWN", "5.0:UALL-AS-ASKED" }, .level = MUST,
	.versions = V50)
{
	static const char *const topics[] = { "l/a", "l/a", "l/b", "l/b", "l/a" };
	struct bytes mapped = { 0 };
	struct peer *server = admit_with(t, PROPS(P_TOPIC_ALIAS_MAXIMUM(1)));

	for (unsigned i = 0; i < 5; i++) {
		do_publish(t, .topic = topics[i], .payload = "x", .qos = 1,
			.props = PROPS(P_TOPIC_ALIAS(1)));
		struct packet m = expect(server, PUBLISH);
		if (m.topic.len)
			mapped = m.topic;
		judging(t, "5.0:UALL-AS-ASKED");
		check_words(t, "Topic Name", m.topic.len ? m.topic : mapped, topics[i]);
		send_ack(server, PUBACK, m.id);
	}
}

/* The mapping ended with the connection, and so did the right to use any alias. */
CLIENT_CASE(alias_not_kept_for_resent,
	.title = "What is sent again on the next connection has its topic, and no alias "
		 "that the "
		 "new CONNACK does not allow",
	.refs = { "5.0:MQTT-3.2.2-18", "5.0:U50-TOPIC-EMPTY", "5.0:MQTT-3.3.2-7",
		"5.0:MQTT-4.4.0-1" },
	.level = MUST, .versions = V50)
{
	struct peer *server = admit(t, .kept = true, .connack = PROPS(P_TOPIC_ALIAS_MAXIMUM(10)));
	fence(server);
	do_publish(t, .topic = "l/t", .payload = "1", .qos = 1, .props = PROPS(P_TOPIC_ALIAS(1)));
	struct packet first = need(server, PUBLISH);
	require(t, properties_find(&first.properties, 0x23), "the client sends no Topic Alias");
	client_loses(server);

	server = admit(t, .kept = true, .resumed = true);
	struct packet again = expect(server, PUBLISH);
	check_in(t, again, !properties_find(&again.properties, 0x23), "no Topic Alias");
	judging(t, "5.0:U50-TOPIC-EMPTY");
	check_text(t, again.topic, "l/t");
	send_ack(server, PUBACK, again.id);
}

CLIENT_CASE(alias_not_kept, .title = "On a new connection a Topic Alias is mapped again",
	.refs = { "5.0:U50-ALIAS-UNKNOWN", "5.0:MQTT-3.3.2-7" }, .level = MUST, .versions = V50)
{
	for (unsigned i = 0; i < 2; i++) {
		struct peer *server = admit(
			t, .kept = true, .resumed = i, .connack = PROPS(P_TOPIC_ALIAS_MAXIMUM(10)));
		fence(server);
		for (unsigned k = 0; k < 2; k++) {
			do_publish(t, .topic = "l/t", .payload = "x", .qos = 1,
				.props = PROPS(P_TOPIC_ALIAS(1)));
			struct packet m = need(server, PUBLISH);
			if (!k)
				check_text(t, m.topic, "l/t");
			send_ack(server, PUBACK, m.id);
		}
		fence(server);
		client_loses(server);
	}
}

/* ---- the client's own limits ----------------------------------------------------------------- */

/* A connection whose CONNECT has the property, with this value or a lower one. */
static struct peer *open_with(struct test *t, const struct properties *props)
{
	struct peer *server = admit(t, .props = props);
	struct packet connect = greeting_of(server);
	const struct property *p = properties_find(&connect.properties, props->list->id);

	require(t, p && p->number == props->list->number, "the client does not announce the limit");
	return server;
}

CLIENT_CASE(own_receive_maximum_used,
	.title = "As many messages as the client's Receive Maximum may be under way",
	.refs = { "5.0:MQTT-3.3.4-1", "5.0:U50-RECVMAX-DEFAULT" }, .level = MUST, .versions = V50)
{
	struct peer *server = open_with(t, PROPS(P_RECEIVE_MAXIMUM(3)));

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned id = 1001; id <= 1003; id++)
			send_publish(server, .topic = "l/in", .payload = "x", .qos = 2, .id = id);
		for (unsigned id = 1001; id <= 1003; id++)
			expect_ack(server, PUBREC, id);
		send_publish(server, .topic = "l/in", .payload = "x", .qos = 0);
		for (unsigned id = 1001; id <= 1003; id++) {
			send_ack(server, PUBREL, id);
			expect_ack(server, PUBCOMP, id);
		}
	}
	fence(server);
}

CLIENT_CASE(own_receive_maximum_exceeded,
	.title = "One message more than the client's Receive Maximum is an error",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-RECVMAX-EXCEEDED" }, .level = MUST,
	.versions = V50)
{
	struct peer *server = open_with(t, PROPS(P_RECEIVE_MAXIMUM(2)));

	for (unsigned id = 1001; id <= 1002; id++) {
		send_publish(server, .topic = "l/in", .payload = "x", .qos = 2, .id = id);
		expect_ack(server, PUBREC, id);
	}
	misbehave(server);
	send_publish(server, .topic = "l/in", .payload = "x", .qos = 2, .id = 1003);
	expect_violation_closed(server, .codes = { 0x93 });
}

CLIENT_CASE(own_packet_size_used,
	.title = "A packet of just the client's Maximum Packet Size is taken",
	.refs = { "5.0:MQTT-3.3.4-1", "5.0:U50-MAXPKT-DEFAULT" }, .level = MUST, .versions = V50)
{
	struct peer *server = open_with(t, PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));

	send_publish(server, .topic = "m", .bytes = filler(t, TIGHT - AROUND_PAYLOAD), .qos = 1,
		.id = 1001);
	expect_ack(server, PUBACK, 1001);
}

CLIENT_CASE(own_packet_size_exceeded,
	.title = "A packet of one byte more than the client's Maximum Packet Size is an "
		 "error",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-MAXPKT-EXCEEDED" }, .level = MUST, .versions = V50)
{
	struct peer *server = open_with(t, PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));

	misbehave(server);
	send_publish(server, .topic = "m", .bytes = filler(t, TIGHT - AROUND_PAYLOAD + 1), .qos = 1,
		.id = 1001);
	expect_violation_closed(server, .codes = { 0x95 });
}

CHAPTER(client_limits, "Limits of the server and of the client", &case_client_keeps_receive_maximum,
	&case_quota_freed_by_pubrec_error, &case_quota_not_raised, &case_quota_of_each_connection,
	&case_qos0_needs_no_quota, &case_other_packets_need_no_quota,
	&case_client_keeps_packet_size, &case_publish_far_too_large,
	&case_packet_size_of_each_connection, &case_subscribe_too_large, &case_disconnect_too_large,
	&case_acknowledgements_keep_packet_size, &case_client_keeps_maximum_qos,
	&case_maximum_qos_used, &case_client_keeps_retain_available,
	&case_client_keeps_alias_maximum, &case_alias_0_not_sent, &case_alias_within_maximum,
	&case_alias_not_kept_for_resent, &case_alias_not_kept, &case_own_receive_maximum_used,
	&case_own_receive_maximum_exceeded, &case_own_packet_size_used,
	&case_own_packet_size_exceeded);
