/* Properties of 5.0 that belong to a message: they reach every subscriber as they were published,
 * 3.3.2.3, whichever way the message takes. And those that a server adds of its own: Reason Strings
 * and User Properties within what the client has allowed.
 */
#include "harness/case.h"

#define ALL_BYTES                                                          \
	"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F" \
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F" \
	"\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2A\x2B\x2C\x2D\x2E\x2F" \
	"\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x3A\x3B\x3C\x3D\x3E\x3F" \
	"\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4A\x4B\x4C\x4D\x4E\x4F" \
	"\x50\x51\x52\x53\x54\x55\x56\x57\x58\x59\x5A\x5B\x5C\x5D\x5E\x5F" \
	"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6A\x6B\x6C\x6D\x6E\x6F" \
	"\x70\x71\x72\x73\x74\x75\x76\x77\x78\x79\x7A\x7B\x7C\x7D\x7E\x7F" \
	"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8A\x8B\x8C\x8D\x8E\x8F" \
	"\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9A\x9B\x9C\x9D\x9E\x9F" \
	"\xA0\xA1\xA2\xA3\xA4\xA5\xA6\xA7\xA8\xA9\xAA\xAB\xAC\xAD\xAE\xAF" \
	"\xB0\xB1\xB2\xB3\xB4\xB5\xB6\xB7\xB8\xB9\xBA\xBB\xBC\xBD\xBE\xBF" \
	"\xC0\xC1\xC2\xC3\xC4\xC5\xC6\xC7\xC8\xC9\xCA\xCB\xCC\xCD\xCE\xCF" \
	"\xD0\xD1\xD2\xD3\xD4\xD5\xD6\xD7\xD8\xD9\xDA\xDB\xDC\xDD\xDE\xDF" \
	"\xE0\xE1\xE2\xE3\xE4\xE5\xE6\xE7\xE8\xE9\xEA\xEB\xEC\xED\xEE\xEF" \
	"\xF0\xF1\xF2\xF3\xF4\xF5\xF6\xF7\xF8\xF9\xFA\xFB\xFC\xFD\xFE\xFF"

/* As in harness/case.h, for constants. */
#define TEXT(text)                                              \
	{                                                       \
		(const uint8_t *)("" text), sizeof("" text) - 1 \
	}
#define BYTE(i, n)                                              \
	{                                                       \
		.id = (i), .type = PROPERTY_BYTE, .number = (n) \
	}
#define STRING(i, s)                                                 \
	{                                                            \
		.id = (i), .type = PROPERTY_STRING, .value = TEXT(s) \
	}
#define BINARY(i, s)                                                 \
	{                                                            \
		.id = (i), .type = PROPERTY_BINARY, .value = TEXT(s) \
	}
#define USER(n, v)                                                                          \
	{                                                                                   \
		.id = 0x26, .type = PROPERTY_STRING_PAIR, .name = TEXT(n), .value = TEXT(v) \
	}

enum { PAYLOAD_FORMAT = 0x01, CONTENT_TYPE = 0x03, RESPONSE_TOPIC = 0x08, CORRELATION_DATA = 0x09 };

static const struct property payload_format_0[] = { BYTE(PAYLOAD_FORMAT, 0) };
static const struct property payload_format_1[] = { BYTE(PAYLOAD_FORMAT, 1) };
static const struct property content_type[] = { STRING(CONTENT_TYPE, "text/plain; \xC3\xA9") };
static const struct property content_type_empty[] = { STRING(CONTENT_TYPE, "") };
static const struct property response_topic[] = { STRING(
	RESPONSE_TOPIC, "answer/to me/\xE6\xB0\xB4") };
static const struct property correlation_text[] = { BINARY(CORRELATION_DATA, "17") };
static const struct property correlation_all_bytes[] = { BINARY(CORRELATION_DATA, ALL_BYTES) };
static const struct property correlation_empty[] = { BINARY(CORRELATION_DATA, "") };
static const struct property user_one[] = { USER("name", "value") };
static const struct property user_order[] = { USER("b", "1"), USER("a", "2"), USER("b", "3"),
	USER("c", "4"), USER("a", "2"), USER("B", "5"), USER("b", "1") };
static const struct property user_empty[] = { USER("", "x"), USER("x", ""), USER("", "") };
static const struct property user_non_ascii[] = { USER("\xC3\xA9", "e\xCC\x81"),
	USER("\xEF\xBB\xBF"
	     "bom",
		"\xEF\xBB\xBF"),
	USER("\xF0\x9F\x92\xA7", " spaces ") };
static const struct property everything[] = { USER("first", "1"), BYTE(PAYLOAD_FORMAT, 1),
	BINARY(CORRELATION_DATA, "\x00\xFF"), USER("second", "2"), STRING(CONTENT_TYPE, "a/b"),
	STRING(RESPONSE_TOPIC, "r"), USER("third", "3") };

/* A row with the list of this name. */
#define ROW(list, ...)                                                                    \
	{                                                                                 \
		.id = #list, .refs = { __VA_ARGS__ }, .extra = &(const struct properties) \
		{                                                                         \
			list, sizeof(list) / sizeof(*(list)), true                        \
		}                                                                         \
	}

static const struct vector message_properties[] = {
	ROW(payload_format_0, "5.0:MQTT-3.3.2-4"),
	ROW(payload_format_1, "5.0:MQTT-3.3.2-4"),
	ROW(content_type, "5.0:MQTT-3.3.2-20"),
	ROW(content_type_empty, "5.0:MQTT-3.3.2-20"),
	ROW(response_topic, "5.0:MQTT-3.3.2-15"),
	ROW(correlation_text, "5.0:MQTT-3.3.2-16"),
	ROW(correlation_all_bytes, "5.0:MQTT-3.3.2-16"),
	ROW(correlation_empty, "5.0:MQTT-3.3.2-16"),
	ROW(user_one, "5.0:MQTT-3.3.2-17"),
	ROW(user_order, "5.0:MQTT-3.3.2-18", "5.0:MQTT-3.3.2-17"),
	ROW(user_empty, "5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-18"),
	ROW(user_non_ascii, "5.0:MQTT-3.3.2-17", "5.0:MQTT-1.5.4-3"),
	ROW(everything, "5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-4", "5.0:MQTT-3.3.2-20",
		"5.0:MQTT-3.3.2-16"),
};

#define FORWARDED \
	.refs = { "5.0:MQTT-3.3.2-17" }, .level = MUST, .versions = V50, ROWS(message_properties)

static const struct properties *props_of_row(const struct test *t)
{
	return row(t)->extra;
}

/* The message with the row's properties, and one without any that follows it. */
static void publish_both(struct peer *pub, const struct properties *props, unsigned qos)
{
	publish(pub, .topic = "f/t", .payload = "with", .qos = qos, .props = props);
	publish(pub, .topic = "f/t", .payload = "without", .qos = qos);
}

static void expect_both(struct test *t, struct peer *sub, const struct properties *props)
{
	struct packet m = expect_message(sub, .payload = "with");
	check_forwarded(t, m, props);
	m = expect_message(sub, .payload = "without");
	check_forwarded(t, m, NULL);
}

CASE(forwarded_live, .title = "The properties of a message reach its subscribers unchanged",
	FORWARDED)
{
	struct peer *subs[2] = { join(t, "first"), join(t, "second") };
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 2; i++)
		subscribe(subs[i], .filter = "f/+", .qos = 2);
	for (unsigned qos = 0; qos <= 2; qos++) {
		publish_both(pub, props_of_row(t), qos);
		for (size_t i = 0; i < 2; i++)
			expect_both(t, subs[i], props_of_row(t));
	}
}

CASE(forwarded_by_share, .title = "The properties of a message go through a share unchanged",
	FORWARDED)
{
	require_offer(t, OFFER_SHARED);
	struct peer *member = join(t, "member");
	struct peer *pub = join(t, "publisher");
	subscribe(member, .filter = "$share/g/f/+", .qos = 2);
	for (unsigned qos = 0; qos <= 2; qos++) { /* one at a time: a share has no order */
		publish(pub, .topic = "f/t", .payload = "with", .qos = qos,
			.props = props_of_row(t));
		struct packet m = expect_message(member, .payload = "with");
		check_forwarded(t, m, props_of_row(t));
		publish(pub, .topic = "f/t", .payload = "without", .qos = qos);
		m = expect_message(member, .payload = "without");
		check_forwarded(t, m, NULL);
	}
}

CASE(forwarded_queued, .title = "The properties of a queued message reach its subscriber unchanged",
	FORWARDED)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(sub, .filter = "f/t", .qos = 1);
	leave(sub);
	publish_both(pub, props_of_row(t), 1);
	sub = join(t, "subscriber", .kept = true, .resumed = true);
	expect_both(t, sub, props_of_row(t));
}

CASE(forwarded_again, .title = "A message sent again on a new connection has its properties still",
	FORWARDED)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(sub, .filter = "f/t", .qos = 1);
	publish_both(pub, props_of_row(t), 1);
	expect(sub, PUBLISH); /* the second may wait until the first has been acknowledged */
	drop(sub);
	sub = join(t, "subscriber", .kept = true, .resumed = true);
	expect_both(t, sub, props_of_row(t));
}

CASE(forwarded_retained,
	.title = "The properties of a retained message reach new subscribers unchanged", FORWARDED)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	publish_retained(
		pub, .topic = "f/t", .payload = "kept", .qos = 1, .props = props_of_row(t));
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "f/t", .qos = 1);
	struct packet m = expect_message(sub, .payload = "kept");
	check_forwarded(t, m, props_of_row(t));

	publish_retained(pub, .topic = "f/t", .payload = "replaced", .qos = 1);
	struct peer *later = join(t, "later");
	subscribe(later, .filter = "f/t", .qos = 1);
	m = expect_message(later, .payload = "replaced");
	check_forwarded(t, m, NULL);
}

static const struct vector bad_response_topic[] = {
	{ "plus", "30 r t\"a\" p{08 s\"a/+\"} b\"x\"", .codes = { 0x82, 0x81, 0x90 } },
	{ "hash", "30 r t\"a\" p{08 s\"#\"} b\"x\"", .codes = { 0x82, 0x81, 0x90 } },
};

/* What a server does about it is left open, and leaving it unchecked is no breach of its own. */
CASE(bad_response_topic, .title = "A PUBLISH whose Response Topic has a wildcard is refused",
	.refs = { "5.0:MQTT-3.3.2-14" }, .level = MUST, .versions = V50, ROWS(bad_response_topic))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	send_pingreq(client);
	expect_one_of(client,
		OUTCOMES({ .type = CLOSED },
			{ .type = PINGRESP,
				.verdict = VERDICT_NONSTRICT,
				.says = "the Response Topic is not checked" }));
}

/* ---- what the server adds of its own -------------------------------------------------------- */

static void check_no_problem_information(struct test *t, struct packet p)
{
	check_properties(t, &p.properties, 0x1F, 0);
	check_properties(t, &p.properties, 0x26, 0);
}

/* Requests that fail, or nearly: each is answered with a code that a server may wish to explain. */
CASE(no_problem_information,
	.title = "With Request Problem Information 0 no acknowledgement explains itself",
	.refs = { "5.0:MQTT-3.1.2-29" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client", .props = PROPS(P_REQUEST_PROBLEM_INFO(0)));

	send_unsubscribe(client, .filter = "f/none", .id = 1);
	check_no_problem_information(t, expect_ack(client, UNSUBACK, 1));
	send_publish(client, .topic = "f/nobody", .payload = "m", .qos = 1, .id = 2);
	check_no_problem_information(t, expect_ack(client, PUBACK, 2));
	send_publish(client, .topic = "f/nobody", .payload = "m", .qos = 2, .id = 3);
	check_no_problem_information(t, expect_ack(client, PUBREC, 3));
	send_ack(client, PUBREL, 3);
	check_no_problem_information(t, expect_ack(client, PUBCOMP, 3));
	misbehave(client);
	send_subscribe(client, .filter = "f/#/wrong", .id = 4);
	struct packet suback =
		expect_one_of(client, OUTCOMES({ .type = SUBACK }, { .type = CLOSED }));
	if (suback.type == SUBACK)
		check_no_problem_information(t, suback);
}

CASE(problem_information_and_messages,
	.title = "Request Problem Information 0 does not touch the User Properties of messages",
	.refs = { "5.0:MQTT-3.3.2-17" }, .level = MUST, .versions = V50)
{
	const struct properties *props =
		PROPS(P_USER("b", "1"), P_USER("a", "2"), P_USER("b", "3"));
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_REQUEST_PROBLEM_INFO(0)));
	subscribe(sub, .filter = "f/t", .qos = 1);
	publish(join(t, "publisher"), .topic = "f/t", .payload = "m", .qos = 1, .props = props);
	struct packet m = expect_message(sub, .payload = "m");
	check_forwarded(t, m, props);
}

enum { TIGHT = 48 };

static void check_size(struct test *t, struct packet p)
{
	check(t, p.raw.len <= TIGHT, "no packet is larger than the client's Maximum Packet Size",
		"%s of %zu bytes", spec_packet_name(p.type), p.raw.len);
}

/* Each answer must fit, so a Reason String or User Property that makes it too long stays out. */
CASE(explanations_within_packet_size,
	.title = "Acknowledgements stay within a tight Maximum Packet Size",
	.refs = { "5.0:MQTT-3.1.2-24", "5.0:MQTT-3.2.2-19", "5.0:MQTT-3.2.2-20", "5.0:MQTT-3.9.2-1",
		"5.0:MQTT-3.9.2-2", "5.0:MQTT-3.11.2-1", "5.0:MQTT-3.11.2-2", "5.0:MQTT-3.4.2-2",
		"5.0:MQTT-3.4.2-3", "5.0:MQTT-3.5.2-2", "5.0:MQTT-3.5.2-3" },
	.level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client", .props = PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));

	check_size(t, connack(client));
	send_unsubscribe(client, .filter = "f/none", .id = 1);
	check_size(t, expect_ack(client, UNSUBACK, 1));
	send_publish(client, .topic = "f/nobody", .payload = "m", .qos = 1, .id = 2);
	check_size(t, expect_ack(client, PUBACK, 2));
	send_publish(client, .topic = "f/nobody", .payload = "m", .qos = 2, .id = 3);
	check_size(t, expect_ack(client, PUBREC, 3));
	send_ack(client, PUBREL, 3);
	check_size(t, expect_ack(client, PUBCOMP, 3));
	misbehave(client);
	send_subscribe(client, .filter = "f/#/wrong", .id = 4);
	struct packet suback =
		expect_one_of(client, OUTCOMES({ .type = SUBACK }, { .type = CLOSED }));
	if (suback.type == SUBACK)
		check_size(t, suback);
}

CASE(disconnect_within_packet_size,
	.title = "The DISCONNECT that names an error stays within a tight Maximum Packet Size",
	.refs = { "5.0:MQTT-3.14.2-3", "5.0:MQTT-3.14.2-4" }, .level = MUST, .versions = V50)
{
	witness(t);
	struct peer *client = join(t, "client", .props = PROPS(P_MAXIMUM_PACKET_SIZE(TIGHT)));
	misbehave(client);
	send_publish(client, .topic = "f/t", .payload = "m", .props = PROPS(P_TOPIC_ALIAS(0)));
	send_pingreq(client);
	expect_one_of(client,
		OUTCOMES({ .type = CLOSED },
			{ .type = PINGRESP,
				.verdict = VERDICT_INAPPLICABLE,
				.says = "the target takes Topic Alias 0, so it has no error to "
					"name" }));
	if (has_packet(client, DISCONNECT))
		check_size(t, expect(client, DISCONNECT));
}

CHAPTER(forwarding, "Forwarded properties, and those of the server", &case_forwarded_live,
	&case_forwarded_by_share, &case_forwarded_queued, &case_forwarded_again,
	&case_forwarded_retained, &case_bad_response_topic, &case_no_problem_information,
	&case_problem_information_and_messages, &case_explanations_within_packet_size,
	&case_disconnect_within_packet_size);
