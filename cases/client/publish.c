/* What a client makes of the command to publish: the form of its PUBLISH packets, and their Packet
 * Identifiers, 3.3 and 2.2.1 (3.1.1: 2.3.1).
 */
#include <math.h>
#include <string.h>

#include "cases/common/handshake.h"
#include "harness/client_case.h"

enum { PATIENCE_MS = 3000 };

/* ---- as it was told ------------------------------------------------------------------------- */

struct form {
	unsigned qos;
	bool retain;
};

#define FORM(name, qos_, retain_, ...)                                                 \
	{                                                                              \
		name, .refs = { AS_ASKED, __VA_ARGS__ }, .extra = &(const struct form) \
		{                                                                      \
			.qos = qos_, .retain = retain_                                 \
		}                                                                      \
	}

#define AT_QOS_0 "3.1.1:MQTT-3.3.1-2", "5.0:MQTT-3.3.1-2"
#define AT_QOS_1 "3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.3.2-2"
#define AT_QOS_2 "3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.3.3-2"

static const struct vector published_as_told[] = {
	FORM("q0", 0, false, AT_QOS_0),
	FORM("q0_retain", 0, true, AT_QOS_0),
	FORM("q1", 1, false, AT_QOS_1),
	FORM("q1_retain", 1, true, AT_QOS_1),
	FORM("q2", 2, false, AT_QOS_2),
	FORM("q2_retain", 2, true, AT_QOS_2),
};

/* At QoS 1 and 2 the identifier is the monitor's business. */
CLIENT_CASE(published_as_told,
	.title = "A message goes out with the topic, payload, QoS and RETAIN of the command, and "
		 "DUP 0",
	.refs = { AS_ASKED, AT_QOS_1, AT_QOS_2 }, .level = MUST, .versions = BOTH,
	ROWS(published_as_told))
{
	const struct form *f = row(t)->extra;
	struct peer *server = admit(t);

	unsigned command = do_publish(
		t, .topic = "p/topic", .payload = "payload", .qos = f->qos, .retain = f->retain);
	struct packet m = expect_publish(server, .topic = "p/topic", .payload = "payload",
		.qos = SET(f->qos), .retain = SET(f->retain), .dup = SET(0));
	settle(server, &m);
	expect_no(server, PUBLISH);
	expect_acknowledged(t, command);
}

CLIENT_CASE(published_one_after_the_other,
	.title = "Messages on one topic go out in the order of the commands, each of them once",
	.refs = { AS_ASKED }, .level = SHOULD, .versions = BOTH)
{
	static const char *const payloads[] = { "a", "b", "c", "d", "e" };
	struct peer *server = admit(t);

	for (size_t i = 0; i < 5; i++)
		do_publish(t, .topic = "p/order", .payload = payloads[i], .qos = 1);
	judging_as_asked(t);
	for (size_t i = 0; i < 5; i++) {
		struct packet m = expect_publish(server, .payload = payloads[i]);
		settle(server, &m);
	}
	synced(t);
	expect_no(server, PUBLISH);
}

CLIENT_CASE(retain_of_each_message, .title = "RETAIN of each message is as its command has it",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	static const bool retain[] = { true, false, true, true, false };
	struct peer *server = admit(t);

	for (size_t i = 0; i < sizeof(retain); i++) {
		do_publish(t, .topic = "p/r", .payload = "x", .qos = 1, .retain = retain[i]);
		struct packet m = expect_publish(server, .payload = "x", .retain = SET(retain[i]));
		settle(server, &m);
	}
}

/* ---- payloads -------------------------------------------------------------------------------- */

static void publish_bytes(struct test *t, struct peer *server, struct bytes payload, unsigned qos)
{
	do_publish(t, .topic = "p/bytes", .bytes = payload, .qos = qos);
	struct packet m = expect_publish(server, .topic = "p/bytes", .bytes = payload);
	settle(server, &m);
}

CLIENT_CASE(binary_payload_published, .title = "A payload of any bytes goes out unchanged",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	static uint8_t all[256];
	struct peer *server = admit(t);

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(255 - i);
	for (unsigned qos = 0; qos <= 2; qos++)
		publish_bytes(t, server, (struct bytes){ all, sizeof(all) }, qos);
}

CLIENT_CASE(empty_payload_published, .title = "A message may be empty",
	.refs = { AS_ASKED, "3.1.1:U311-EMPTY-PAYLOAD" }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t);

	for (unsigned qos = 0; qos <= 2; qos++) {
		do_publish(t, .topic = "p/empty", .payload = "", .qos = qos, .retain = qos == 1);
		struct packet m = expect_publish(server, .topic = "p/empty", .payload = "");
		settle(server, &m);
	}
}

/* Around each length where Remaining Length takes one byte more, and a megabyte. */
CLIENT_CASE(payload_of_any_length_published,
	.title = "Payloads of many lengths, up to a megabyte, go out whole",
	.refs = { AS_ASKED, "5.0:MQTT-1.5.5-1" }, .level = MUST, .versions = BOTH)
{
	static const size_t lengths[] = { 1, 110, 118, 127, 128, 16370, 16383, 16384, 1 << 20 };
	struct peer *server = admit(t);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		publish_bytes(t, server, filler(t, lengths[i]), 1);
}

/* ---- topics ---------------------------------------------------------------------------------- */

struct name {
	const char *topic;
};

#define NAME(id, text)                            \
	{                                         \
		id, .extra = &(const struct name) \
		{                                 \
			text                      \
		}                                 \
	}

static const struct vector topic_published[] = {
	NAME("slash_first", "/p/a"),
	NAME("slash_last", "p/a/"),
	NAME("slash_alone", "/"),
	NAME("empty_levels", "p//a"),
	NAME("blanks", " p/a b/ "),
	NAME("letters_of_many", "p/\xC3\xA4\xE6\xB8\xA9\xF0\x9F\x8C\xA1"),
	NAME("byte_order_mark", "\xEF\xBB\xBFp/a"),
	NAME("dollar", "$p/a"),
	NAME("capitals", "P/Capital Letters"),
	NAME("quotes", "p/\"a\\b\""),
};

CLIENT_CASE(topic_published, .title = "Any legal Topic Name goes out unchanged",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.3.2-1", "5.0:MQTT-3.3.2-1" }, .level = MUST,
	.versions = BOTH, ROWS(topic_published))
{
	const struct name *n = row(t)->extra;
	struct peer *server = admit(t);

	do_publish(t, .topic = n->topic, .payload = "x", .qos = 1);
	if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
		nonstrict(t, "the client does not publish to this topic");
		return;
	}
	struct packet m = expect_publish(server, .topic = n->topic, .payload = "x");
	settle(server, &m);
}

static const char *long_topic(struct test *t, size_t len)
{
	struct bytes b = filler(t, len + 1);
	char *text = (char *)b.data;

	memset(text, 'a', len);
	text[len] = 0;
	return text;
}

/* The client has been told to do what it must not do: it refuses, or does something else, or even
 * ends the connection. What it sends before the marker was against the rules.
 */
static void expect_marker_alone(struct test *t, struct peer *server)
{
	synced(t);
	do_publish(t, .topic = "marker", .payload = "m");
	if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
		observe(t,
			is_open(server) ? "the client publishes nothing more after it"
					: "the client ends the connection over it");
		return;
	}
	struct packet m = expect(server, PUBLISH); /* which the monitor judges */
	judging_as_asked(t);
	check_text(t, m.topic, "marker");
}

/* 65535 bytes are the most that a string can have; more cannot be said, and half a topic would be
 * another topic.
 */
CLIENT_CASE(longest_topic_published,
	.title = "A topic of 65535 bytes goes out whole, a longer one not at all",
	.refs = { "3.1.1:MQTT-4.7.3-3", "5.0:MQTT-4.7.3-3", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	const char *topic = long_topic(t, 65535);
	struct peer *server = admit(t);

	do_publish(t, .topic = topic, .payload = "x");
	if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
		observe(t, "the client does not publish to a topic of 65535 bytes");
	} else {
		expect_publish(server, .topic = topic);
	}
	if (!is_open(server))
		return;
	do_publish(t, .topic = long_topic(t, 65536), .payload = "x");
	expect_marker_alone(t, server);
}

static const struct vector wildcard_not_published[] = {
	NAME("hash", "#"),
	NAME("hash_last", "p/#"),
	NAME("plus", "+"),
	NAME("plus_between", "p/+/a"),
	NAME("plus_in_level", "p/a+b"),
	NAME("hash_in_level", "p#/a"),
};

CLIENT_CASE(wildcard_not_published, .title = "A topic with a wildcard is not published to",
	.refs = { "3.1.1:MQTT-3.3.2-2", "3.1.1:MQTT-4.7.1-1", "5.0:MQTT-3.3.2-2",
		"5.0:MQTT-4.7.0-1", AS_ASKED },
	.level = MUST, .versions = BOTH, ROWS(wildcard_not_published))
{
	const struct name *n = row(t)->extra;
	struct peer *server = admit(t);

	do_publish(t, .topic = n->topic, .payload = "x", .qos = 1);
	expect_marker_alone(t, server);
}

CLIENT_CASE(empty_topic_not_published, .title = "An empty topic is not published to",
	.refs = { "3.1.1:MQTT-4.7.3-1", "5.0:MQTT-4.7.3-1", "5.0:U50-TOPIC-EMPTY", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);

	do_publish(t, .topic = "", .payload = "x", .qos = 1);
	expect_marker_alone(t, server);
}

/* ---- properties ------------------------------------------------------------------------------ */

/* As in harness/case.h, for constants. */
#define TEXT(text)                                              \
	{                                                       \
		(const uint8_t *)("" text), sizeof("" text) - 1 \
	}
#define VALUE(i, t, text)                                   \
	{                                                   \
		.id = (i), .type = (t), .value = TEXT(text) \
	}
#define USER(n, v)                                                                          \
	{                                                                                   \
		.id = 0x26, .type = PROPERTY_STRING_PAIR, .name = TEXT(n), .value = TEXT(v) \
	}

enum { PAYLOAD_FORMAT = 0x01, EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC = 0x08, CORRELATION_DATA };

static const struct property payload_format[] = { P_NUMBER(PAYLOAD_FORMAT, PROPERTY_BYTE, 1) };
static const struct property message_expiry[] = { P_NUMBER(EXPIRY, PROPERTY_FOUR_BYTES, 3600) };
static const struct property message_expiry_longest[] = { P_NUMBER(
	EXPIRY, PROPERTY_FOUR_BYTES, 0xFFFFFFFF) };
static const struct property content_type[] = { VALUE(
	CONTENT_TYPE, PROPERTY_STRING, "text/plain; \xC3\xA9") };
static const struct property response_topic[] = { VALUE(
	RESPONSE_TOPIC, PROPERTY_STRING, "answer/to me") };
static const struct property correlation_data[] = { VALUE(
	CORRELATION_DATA, PROPERTY_BINARY, "\x00\xFF\x80 data") };
static const struct property user_one[] = { USER("name", "value") };
static const struct property user_order[] = { USER("b", "1"), USER("a", "2"), USER("b", "3"),
	USER("a", "2") };
static const struct property everything[] = { P_NUMBER(PAYLOAD_FORMAT, PROPERTY_BYTE, 1),
	P_NUMBER(EXPIRY, PROPERTY_FOUR_BYTES, 60), VALUE(CONTENT_TYPE, PROPERTY_STRING, "t"),
	VALUE(RESPONSE_TOPIC, PROPERTY_STRING, "p/answer"),
	VALUE(CORRELATION_DATA, PROPERTY_BINARY, "c"), USER("a", "b") };

/* A row with the list of this name. */
#define PROPERTIES(list)                                           \
	{                                                          \
		.id = #list, .extra = &(const struct properties)   \
		{                                                  \
			list, sizeof(list) / sizeof(*(list)), true \
		}                                                  \
	}

static const struct vector property_published[] = {
	PROPERTIES(payload_format),
	PROPERTIES(message_expiry),
	PROPERTIES(message_expiry_longest),
	PROPERTIES(content_type),
	PROPERTIES(response_topic),
	PROPERTIES(correlation_data),
	PROPERTIES(user_one),
	PROPERTIES(user_order),
	PROPERTIES(everything),
};

/* A client that has no way to send a property says so; one that accepts it sends it. */
CLIENT_CASE(property_published, .title = "The properties of a message are those of the command",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50, ROWS(property_published))
{
	const struct properties *props = row(t)->extra;
	const struct property *expiry = properties_find(props, EXPIRY);
	struct peer *server = admit(t);

	do_publish(t, .topic = "p/props", .payload = "text", .qos = 1, .props = props);
	struct packet m = expect(server, PUBLISH);
	settle(server, &m);
	check_forwarded(t, m, props);
	const struct property *sent = properties_find(&m.properties, EXPIRY);
	check_in(t, m, !sent == !expiry,
		expiry ? "a Message Expiry Interval" : "no Message Expiry Interval");
	if (sent)
		check_in(t, m, sent->number <= expiry->number && expiry->number - sent->number < 2,
			"the Message Expiry Interval of the command");
}

CLIENT_CASE(properties_of_each_message,
	.title = "The properties of one message do not leak into the next",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	struct packet m = client_publishes(server, .topic = "p/props", .payload = "text", .qos = 1,
		.props = PROPS(P_CONTENT_TYPE("t"), P_USER("a", "b"), P_MESSAGE_EXPIRY(60)));

	do_publish(t, .topic = "p/props", .payload = "text", .qos = 1);
	m = expect(server, PUBLISH);
	settle(server, &m);
	check_eq(t, m.properties.count, 0);
}

/* A client that says no sends nothing. */
CLIENT_CASE(response_topic_wildcard_not_sent,
	.title = "A Response Topic with a wildcard is not sent", .refs = { "5.0:MQTT-3.3.2-14" },
	.level = MUST, .versions = V50)
{
	struct peer *server = admit(t);

	do_publish(t, .topic = "p/props", .payload = "text", .qos = 1,
		.props = PROPS(P_RESPONSE_TOPIC("p/answer/+")));
	synced(t);
	do_publish(t, .topic = "marker", .payload = "m");
	if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
		observe(t, "the client publishes nothing more after it");
		return;
	}
	expect(server, PUBLISH); /* which the monitor judges */
}

/* ---- Packet Identifiers ---------------------------------------------------------------------- */

/* A client may keep few messages in flight: those that have come are looked at. */
CLIENT_CASE(identifiers_in_flight_are_unique,
	.title = "What is under way at the same time has different Packet Identifiers, none of "
		 "them 0",
	.refs = { "3.1.1:MQTT-2.3.1-2", "3.1.1:MQTT-2.3.1-1", "5.0:MQTT-2.2.1-3",
		"5.0:U50-PKTID-SET" },
	.level = MUST, .versions = BOTH)
{
	enum { MESSAGES = 8, ALL = MESSAGES + 2 };
	struct packet held[ALL];
	size_t count = 0;
	struct peer *server = admit(t);

	for (unsigned i = 0; i < MESSAGES; i++)
		do_publish(t, .topic = "p/id", .payload = "x", .qos = 1 + i % 2);
	do_subscribe(t, .filter = "p/subscribed", .qos = 1);
	do_unsubscribe(t, .filter = "p/never");
	while (count < MESSAGES && !isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS)))
		held[count++] = expect(server, PUBLISH);
	if (!isnan(wait_packet_ms(server, SUBSCRIBE, PATIENCE_MS)))
		held[count++] = expect(server, SUBSCRIBE);
	if (!isnan(wait_packet_ms(server, UNSUBSCRIBE, PATIENCE_MS)))
		held[count++] = expect(server, UNSUBSCRIBE);
	require(t, count > 1, "the client has one packet under way at a time");
	for (size_t i = 0; i < count; i++) {
		check_in(t, held[i], held[i].id, "a Packet Identifier other than 0");
		for (size_t k = 0; k < i; k++)
			check_in(t, held[i], held[i].id != held[k].id,
				"an identifier that is not in use");
	}
}

/* One message waits for its PUBACK all the time, while others come and go. */
CLIENT_CASE(identifier_held_while_others_pass,
	.title = "An identifier in use stays out of the way of a hundred others",
	.refs = { "3.1.1:MQTT-2.3.1-2", "3.1.1:MQTT-2.3.1-1", "3.1.1:U311-PKTID-REUSE",
		"5.0:MQTT-2.2.1-3", "5.0:U50-PKTID-REUSE" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);

	unsigned held = do_publish(t, .topic = "p/held", .payload = "held", .qos = 1);
	struct packet first = need(server, PUBLISH);
	for (unsigned i = 0; i < 100; i++) {
		unsigned command =
			do_publish(t, .topic = "p/passing", .payload = "x", .qos = 1 + i % 2);
		if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
			require(t, i, "the client has one message under way at a time");
			observe(t, "the client stops publishing after %u messages", i);
			return;
		}
		struct packet m = expect(server, PUBLISH);
		check_in(t, m, m.id && m.id != first.id, "an identifier that is not in use");
		settle(server, &m);
		if (expect_acknowledged(t, command).kind == TOLD_NOTHING)
			return;
	}
	send_ack(server, PUBACK, first.id);
	expect_acknowledged(t, held);
}

/*   client                    server
 *   PUBLISH q2 id N      -->
 *                        <--  PUBREC N
 *   PUBREL N             -->
 *   PUBLISH q1, SUBSCRIBE -->           neither of them with N
 *                        <--  PUBCOMP N
 */
CLIENT_CASE(identifier_held_until_pubcomp,
	.title = "Between PUBREC and PUBCOMP the identifier of a message is in use",
	.refs = { "3.1.1:MQTT-2.3.1-2", "5.0:MQTT-2.2.1-3" }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned held = do_publish(t, .topic = "p/held", .payload = "held", .qos = 2);
	struct packet first = need(server, PUBLISH);
	send_ack(server, PUBREC, first.id);
	expect_ack(server, PUBREL, first.id);
	for (unsigned qos = 1; qos <= 2; qos++) {
		do_publish(t, .topic = "p/passing", .payload = "x", .qos = qos);
		if (isnan(wait_packet_ms(server, PUBLISH, PATIENCE_MS))) {
			observe(t, "the client has one message under way at a time");
			return;
		}
		struct packet m = expect(server, PUBLISH);
		check_in(t, m, m.id != first.id, "an identifier that is not in use");
		settle(server, &m);
	}
	do_subscribe(t, .filter = "p/passing", .qos = 1);
	if (!isnan(wait_packet_ms(server, SUBSCRIBE, PATIENCE_MS))) {
		struct packet m = expect(server, SUBSCRIBE);
		check_in(t, m, m.id != first.id, "an identifier that is not in use");
		send_grants(server, &m);
	}
	send_ack(server, PUBCOMP, first.id);
	expect_acknowledged(t, held);
}

/*   client                    server
 *   PUBLISH q1 id N      -->
 *                        <--  PUBLISH q2 id N
 *   PUBREC N             -->            for the server's
 *                        <--  PUBACK N  for the client's
 *                        <--  PUBREL N
 *   PUBCOMP N            -->
 */
CLIENT_CASE(identifiers_of_server_and_client,
	.title = "One identifier may be in use in both directions at the same time",
	.refs = { "3.1.1:U311-PKTID-SPACES", "5.0:U50-PKTID-SET", AS_ASKED }, .level = STATED,
	.versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "p/in", .qos = 2);

	unsigned command = do_publish(t, .topic = "p/out", .payload = "out", .qos = 1);
	struct packet m = need(server, PUBLISH);
	send_publish(server, .topic = "p/in", .payload = "in", .qos = 2, .id = m.id);
	expect_ack(server, PUBREC, m.id);
	send_ack(server, PUBACK, m.id);
	expect_acknowledged(t, command);
	send_ack(server, PUBREL, m.id);
	expect_ack(server, PUBCOMP, m.id);
	expect_told(t, .topic = "p/in", .payload = "in");

	command = do_publish(t, .topic = "p/out", .payload = "out", .qos = 2);
	m = need(server, PUBLISH);
	send_publish(server, .topic = "p/in", .payload = "again", .qos = 1, .id = m.id);
	expect_ack(server, PUBACK, m.id);
	settle(server, &m);
	expect_acknowledged(t, command);
	expect_told(t, .topic = "p/in", .payload = "again");
}

CHAPTER(client_publish, "What a client publishes", &case_published_as_told,
	&case_published_one_after_the_other, &case_retain_of_each_message,
	&case_binary_payload_published, &case_empty_payload_published,
	&case_payload_of_any_length_published, &case_topic_published, &case_longest_topic_published,
	&case_wildcard_not_published, &case_empty_topic_not_published, &case_property_published,
	&case_properties_of_each_message, &case_identifiers_in_flight_are_unique,
	&case_identifier_held_while_others_pass, &case_identifier_held_until_pubcomp,
	&case_identifiers_of_server_and_client, &case_response_topic_wildcard_not_sent);
