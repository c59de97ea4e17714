/* UTF-8 Encoded Strings, 1.5.3 (3.1.1) and 1.5.4 (5.0), in every field that holds one; and the
 * binary fields, which are nobody's business.
 */
#include <stdio.h>
#include <string.h>

#include "cases/common/strings.h"
#include "harness/case.h"

/* ---- CONNECT ------------------------------------------------------------------------------- */

#define CLIENT_ID(s)  "10 r s\"MQTT\" l 02 n0 p{} t\"" s "\"" /* begins as no other's does */
#define WILL_TOPIC(s) "10 r s\"MQTT\" l 06 n0 p{} c p{} t\"" s "\" s\"bye\""
#define USER_NAME(s)  "10 r s\"MQTT\" l 82 n0 p{} c s\"" s "\""

#define CLIENT_ID_REFS                                                            \
	.refs = { "3.1.1:MQTT-1.5.3-1", "3.1.1:MQTT-3.1.3-4", "5.0:MQTT-3.1.4-1", \
		"5.0:MQTT-1.5.4-1", "5.0:MQTT-3.1.3-4" },                         \
	.codes = { 0x81, 0x85 }, .extra = "\x02"
#define WILL_TOPIC_REFS                                                            \
	.refs = { "3.1.1:MQTT-1.5.3-1", "3.1.1:MQTT-3.1.3-10", "5.0:MQTT-3.1.4-1", \
		"5.0:MQTT-1.5.4-1", "5.0:MQTT-3.1.3-11" },                         \
	.codes = { 0x81, 0x90 }
#define USER_NAME_REFS                                                             \
	.refs = { "3.1.1:MQTT-1.5.3-1", "3.1.1:MQTT-3.1.3-11", "5.0:MQTT-3.1.4-1", \
		"5.0:MQTT-1.5.4-1", "5.0:MQTT-3.1.3-12" },                         \
	.codes = { 0x81, 0x86 }, .extra = "\x04"
#define NUL_REFS                                                                  \
	.refs = { "3.1.1:MQTT-1.5.3-2", "3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1", \
		"5.0:MQTT-1.5.4-2", "5.0:U50-UTF8-MALFORMED" }

static const struct vector ill_formed_in_connect[] = {
	ILL_FORMED("client_id", CLIENT_ID, CLIENT_ID_REFS),
	NUL("client_id", CLIENT_ID, NUL_REFS, .codes = { 0x81, 0x85 }, .extra = "\x02"),
	ILL_FORMED("will_topic", WILL_TOPIC, WILL_TOPIC_REFS),
	NUL("will_topic", WILL_TOPIC, NUL_REFS, .codes = { 0x81, 0x90 }),
	ILL_FORMED("user_name", USER_NAME, USER_NAME_REFS),
	NUL("user_name", USER_NAME, NUL_REFS, .codes = { 0x81, 0x86 }, .extra = "\x04"),
};

/* 3.1.1 wants no CONNACK [MQTT-3.1.4-1], but has return codes that fit two of the fields: 2 for the
 * ClientId and 4 for the user name.
 */
static void expect_no_connection(struct test *t, struct peer *client)
{
	const uint8_t *code = row(t)->extra;

	if (is_v5(t) || !code) {
		expect_violation_closed(client);
		return;
	}
	expect_one_of(client,
		OUTCOMES({ CLOSED, .verdict = VERDICT_PASS },
			{ CONNACK, .code = SET(*code), .verdict = VERDICT_NONSTRICT,
				.says = "a malformed CONNECT is to be met with the close alone" }));
	expect_closed(client);
}

CASE(ill_formed_in_connect, .title = "A CONNECT with an ill-formed string is not accepted",
	.refs = { "3.1.1:MQTT-1.5.3-1", "5.0:MQTT-3.1.4-1" }, .level = MUST, .versions = BOTH,
	ROWS(ill_formed_in_connect))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_no_connection(t, client);
}

/* ---- after CONNECT ------------------------------------------------------------------------- */

#define TOPIC_NAME(s)   "30 r t\"" s "\" p{} b\"x\""
#define TOPIC_NAME_1(s) "32 r t\"" s "\" m1 p{} b\"x\""
#define FILTER(s)       "82 r m1 p{} t\"" s "\" 00"
#define FILTER_2(s)     "82 r m1 p{} t\"fine\" 00 t\"" s "\" 00"
#define UNFILTER(s)     "A2 r m1 p{} t\"" s "\""
#define UNFILTER_2(s)   "A2 r m1 p{} t\"fine\" t\"" s "\""

#define TOPIC_REFS                                                                \
	.refs = { "3.1.1:MQTT-1.5.3-1", "3.1.1:MQTT-3.3.2-1", "5.0:MQTT-1.5.4-1", \
		"5.0:MQTT-3.3.2-1" },                                             \
	.codes = { 0x81, 0x90 }
#define FILTER_REFS                                                               \
	.refs = { "3.1.1:MQTT-1.5.3-1", "3.1.1:MQTT-3.8.3-1", "5.0:MQTT-1.5.4-1", \
		"5.0:MQTT-3.8.3-1" },                                             \
	.codes = { 0x81, 0x8F }
#define UNFILTER_REFS                                                              \
	.refs = { "3.1.1:MQTT-1.5.3-1", "3.1.1:MQTT-3.10.3-1", "5.0:MQTT-1.5.4-1", \
		"5.0:MQTT-3.10.3-1" },                                             \
	.codes = { 0x81, 0x8F }
#define TOPIC_NUL_REFS                                                            \
	.refs = { "3.1.1:MQTT-1.5.3-2", "3.1.1:MQTT-4.7.3-2", "5.0:MQTT-1.5.4-2", \
		"5.0:MQTT-4.7.3-2" }

static const struct vector ill_formed_topic[] = {
	ILL_FORMED("topic", TOPIC_NAME, TOPIC_REFS),
	NUL("topic", TOPIC_NAME, TOPIC_NUL_REFS, .codes = { 0x81, 0x90 }),
	NUL("topic_at_qos_1", TOPIC_NAME_1, TOPIC_NUL_REFS, .codes = { 0x81, 0x90 }),
	ILL_FORMED("filter", FILTER, FILTER_REFS),
	NUL("filter", FILTER, TOPIC_NUL_REFS, .codes = { 0x81, 0x8F }),
	NUL("second_filter", FILTER_2, TOPIC_NUL_REFS, .codes = { 0x81, 0x8F }),
	ILL_FORMED("unsubscribed_filter", UNFILTER, UNFILTER_REFS),
	NUL("unsubscribed_filter", UNFILTER, TOPIC_NUL_REFS, .codes = { 0x81, 0x8F }),
	NUL("second_unsubscribed_filter", UNFILTER_2, TOPIC_NUL_REFS, .codes = { 0x81, 0x8F }),
};

CASE(ill_formed_topic, .title = "A packet with an ill-formed topic or filter ends the connection",
	.refs = { "3.1.1:MQTT-1.5.3-1", "5.0:MQTT-1.5.4-1" }, .level = MUST, .versions = BOTH,
	ROWS(ill_formed_topic))
{
	witness(t);
	struct peer *watcher = watch_row(t, "#");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "marker");
}

/* ---- properties of 5.0 --------------------------------------------------------------------- */

#define STRING(name, packet, ref)                                                               \
	ILL_FORMED_SHORT(name, packet, .refs = { "5.0:MQTT-1.5.4-1", ref }, .codes = { 0x81 }), \
		NUL(name, packet, .refs = { "5.0:MQTT-1.5.4-2", ref }, .codes = { 0x81 })
#define PAIR_REFS          .refs = { "5.0:MQTT-1.5.7-1", "5.0:U50-STRINGPAIR-MALFORMED" }, .codes = { 0x81 }
#define PAIR(name, packet) ILL_FORMED_SHORT(name, packet, PAIR_REFS), NUL(name, packet, PAIR_REFS)

#define PUBLISH_03(s)           "30 r t\"a\" p{03 s\"" s "\"} b\"x\""
#define PUBLISH_08(s)           "30 r t\"a\" p{08 s\"" s "\"} b\"x\""
#define PUBLISH_26_NAME(s)      "30 r t\"a\" p{26 s\"" s "\" s\"v\"} b\"x\""
#define PUBLISH_26_VALUE(s)     "30 r t\"a\" p{26 s\"n\" s\"" s "\"} b\"x\""
#define SUBSCRIBE_26_NAME(s)    "82 r m1 p{26 s\"" s "\" s\"v\"} t\"a\" 00"
#define SUBSCRIBE_26_VALUE(s)   "82 r m1 p{26 s\"n\" s\"" s "\"} t\"a\" 00"
#define UNSUBSCRIBE_26_NAME(s)  "A2 r m1 p{26 s\"" s "\" s\"v\"} t\"a\""
#define UNSUBSCRIBE_26_VALUE(s) "A2 r m1 p{26 s\"n\" s\"" s "\"} t\"a\""
#define PUBACK_1F(s)            "40 r m1 00 p{1F s\"" s "\"}"
#define PUBACK_26(s)            "40 r m1 00 p{26 s\"n\" s\"" s "\"}"
#define PUBREC_1F(s)            "50 r m1 00 p{1F s\"" s "\"}"
#define PUBREL_1F(s)            "62 r m1 00 p{1F s\"" s "\"}"
#define PUBREL_26(s)            "62 r m1 00 p{26 s\"" s "\" s\"v\"}"
#define PUBCOMP_1F(s)           "70 r m1 00 p{1F s\"" s "\"}"

static const struct vector ill_formed_property[] = {
	STRING("publish_content_type", PUBLISH_03, "5.0:MQTT-3.3.2-19"),
	STRING("publish_response_topic", PUBLISH_08, "5.0:MQTT-3.3.2-13"),
	PAIR("publish_user_property_name", PUBLISH_26_NAME),
	PAIR("publish_user_property_value", PUBLISH_26_VALUE),
	PAIR("subscribe_user_property_name", SUBSCRIBE_26_NAME),
	PAIR("subscribe_user_property_value", SUBSCRIBE_26_VALUE),
	PAIR("unsubscribe_user_property_name", UNSUBSCRIBE_26_NAME),
	PAIR("unsubscribe_user_property_value", UNSUBSCRIBE_26_VALUE),
	STRING("puback_reason_string", PUBACK_1F, "5.0:U50-UTF8-MALFORMED"),
	PAIR("puback_user_property_value", PUBACK_26),
	STRING("pubrec_reason_string", PUBREC_1F, "5.0:U50-UTF8-MALFORMED"),
	STRING("pubrel_reason_string", PUBREL_1F, "5.0:U50-UTF8-MALFORMED"),
	PAIR("pubrel_user_property_name", PUBREL_26),
	STRING("pubcomp_reason_string", PUBCOMP_1F, "5.0:U50-UTF8-MALFORMED"),
};

CASE(ill_formed_property,
	.title = "A packet with an ill-formed string in a property ends the connection",
	.refs = { "5.0:MQTT-1.5.4-1" }, .level = MUST, .versions = V50, ROWS(ill_formed_property))
{
	witness(t);
	struct peer *watcher = watch_row(t, "a");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "a");
}

#define CONNECT_26_NAME(s)  "10 r s\"MQTT\" 05 02 n0 p{26 s\"" s "\" s\"v\"} c"
#define CONNECT_26_VALUE(s) "10 r s\"MQTT\" 05 02 n0 p{26 s\"n\" s\"" s "\"} c"
#define WILL_03(s)          "10 r s\"MQTT\" 05 06 n0 p{} c p{03 s\"" s "\"} t\"w\" s\"bye\""
#define WILL_08(s)          "10 r s\"MQTT\" 05 06 n0 p{} c p{08 s\"" s "\"} t\"w\" s\"bye\""
#define WILL_26_NAME(s)     "10 r s\"MQTT\" 05 06 n0 p{} c p{26 s\"" s "\" s\"v\"} t\"w\" s\"bye\""
#define WILL_26_VALUE(s)    "10 r s\"MQTT\" 05 06 n0 p{} c p{26 s\"n\" s\"" s "\"} t\"w\" s\"bye\""

#define CONNECT_ROWS(name, packet, ill_formed, nul)                                           \
	ILL_FORMED_SHORT(                                                                     \
		name, packet, .refs = { "5.0:MQTT-3.1.4-1", ill_formed }, .codes = { 0x81 }), \
		NUL(name, packet, .refs = { "5.0:MQTT-3.1.4-1", nul }, .codes = { 0x81 })
#define CONNECT_STRING(name, packet) \
	CONNECT_ROWS(name, packet, "5.0:MQTT-1.5.4-1", "5.0:MQTT-1.5.4-2")
#define CONNECT_PAIR(name, packet) \
	CONNECT_ROWS(name, packet, "5.0:MQTT-1.5.7-1", "5.0:MQTT-1.5.7-1")

static const struct vector ill_formed_property_in_connect[] = {
	CONNECT_PAIR("user_property_name", CONNECT_26_NAME),
	CONNECT_PAIR("user_property_value", CONNECT_26_VALUE),
	CONNECT_STRING("will_content_type", WILL_03),
	CONNECT_STRING("will_response_topic", WILL_08),
	CONNECT_PAIR("will_user_property_name", WILL_26_NAME),
	CONNECT_PAIR("will_user_property_value", WILL_26_VALUE),
};

CASE(ill_formed_property_in_connect,
	.title = "A CONNECT with an ill-formed string in a property is not accepted",
	.refs = { "5.0:MQTT-3.1.4-1", "5.0:MQTT-1.5.4-1" }, .level = MUST, .versions = V50,
	ROWS(ill_formed_property_in_connect))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* ---- what is well-formed ------------------------------------------------------------------- */

#define BORDER(s) s,

CASE(border_characters,
	.title = "Well-formed characters of every length may stand in topics and filters",
	.refs = { "3.1.1:MQTT-1.5.3-1", "5.0:MQTT-1.5.4-1" }, .level = MUST, .versions = BOTH)
{
	static const char *const characters[] = { BORDER_CHARACTERS(BORDER) };
	struct peer *client = join(t, "client");
	for (size_t i = 0; i < sizeof(characters) / sizeof(*characters); i++) {
		char topic[32];
		snprintf(topic, sizeof(topic), "utf8/%s/t", characters[i]);
		send_subscribe(client, .filter = topic, .id = 1 + (unsigned)i);
		expect_ack(client, SUBACK, 1 + (unsigned)i);
		send_publish(client, .topic = topic, .payload = "x");
		expect_message(client, .topic = topic, .payload = "x");
	}
}

/* U+FEFF inside, and in front of the case run's prefix, where a byte order mark would stand:
 *
 *   publisher                              target        subscriber to "bom/t"
 *   PUBLISH "bom/<FEFF>t"             -->
 *   PUBLISH "<FEFF>bom/t"             -->
 *   PUBLISH "bom/t"                   -->
 *                                                   -->  the last one, and no other before it
 */
CASE(byte_order_mark_kept, .title = "U+FEFF is a character like others and is not stripped",
	.refs = { "3.1.1:MQTT-1.5.3-3", "5.0:MQTT-1.5.4-3" }, .level = MUST, .versions = BOTH)
{
	struct peer *with = join(t, "with");
	subscribe(with, .filter = "bom/\xEF\xBB\xBFt");
	struct peer *without = join(t, "without");
	subscribe(without, .filter = "bom/t");

	char front[128];
	snprintf(front, sizeof(front), "\xEF\xBB\xBF%s", prefixed(t, "bom/t"));
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "bom/\xEF\xBB\xBFt", .payload = "inside", .qos = 1);
	publish(pub, .topic = front, .raw = true, .payload = "in front", .qos = 1);
	publish(pub, .topic = "bom/t", .payload = "none", .qos = 1);

	expect_message(with, .topic = "bom/\xEF\xBB\xBFt", .payload = "inside");
	expect_message(without, .topic = "bom/t", .payload = "none");
}

CASE(byte_order_mark_kept_in_properties, .title = "U+FEFF stays in the strings of properties",
	.refs = { "5.0:MQTT-1.5.4-3", "5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-20" }, .level = MUST,
	.versions = V50)
{
	const struct properties *props = PROPS(P_CONTENT_TYPE("\xEF\xBB\xBFtype"),
		P_USER("\xEF\xBB\xBFname", "\xEF\xBB\xBFvalue"),
		P_USER("name", "value\xEF\xBB\xBF"));
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "bom/t");
	struct peer *pub = join(t, "publisher");
	send_publish(pub, .topic = "bom/t", .payload = "x", .props = props);
	struct packet message = expect_message(sub, .payload = "x");
	check_forwarded(t, message, props);
}

static const struct vector discouraged_characters[] = { DISCOURAGED_CHARACTERS(TOPIC_NAME_1) };

CASE(discouraged_characters,
	.title = "A topic with a control or non-character is served or ends the connection",
	.refs = { "3.1.1:U311-UTF8-CTRL", "5.0:U50-UTF8-CTRL" }, .level = MAY, .versions = BOTH,
	ROWS(discouraged_characters))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_one_of(client,
		OUTCOMES(
			{ PUBACK, .verdict = VERDICT_INFO, .says = "the character gets an answer" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "the character is refused" }));
}

/* ---- binary data --------------------------------------------------------------------------- */

#define NO_UTF_8 "\x00\xFF\xED\xA0\x80\xC0\xAF"

CASE(binary_payload, .title = "A payload of any bytes is delivered as it is",
	.refs = { "3.1.1:MQTT-2.3.1-5", "5.0:MQTT-2.2.1-2" }, .level = MUST, .versions = BOTH)
{
	uint8_t all[256];
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "binary/t");
	struct peer *pub = join(t, "publisher");
	send_publish(pub, .topic = "binary/t", .bytes = { all, sizeof(all) });
	expect_message(sub, .bytes = { all, sizeof(all) });
	send_publish(pub, .topic = "binary/t", .bytes = BYTES(NO_UTF_8));
	expect_message(sub, .bytes = BYTES(NO_UTF_8));
}

CASE(binary_will_payload, .title = "A Will payload of any bytes is published as it is",
	.refs = { "3.1.1:U311-WILLMSG-LEN", "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8" },
	.level = STATED, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "binary/w");
	struct peer *client =
		join(t, "client", .will = { .topic = "binary/w", .bytes = BYTES(NO_UTF_8) });
	abort_connection(client);
	expect_message(sub, .topic = "binary/w", .bytes = BYTES(NO_UTF_8));
}

CASE(binary_correlation_data, .title = "Correlation Data of any bytes is forwarded as it is",
	.refs = { "5.0:MQTT-3.3.2-16" }, .level = MUST, .versions = V50)
{
	const struct properties *props = PROPS(P_CORRELATION_DATA(NO_UTF_8));
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "binary/t");
	struct peer *pub = join(t, "publisher");
	send_publish(pub, .topic = "binary/t", .payload = "x", .props = props);
	struct packet message = expect_message(sub, .payload = "x");
	check_forwarded(t, message, props);
}

/*   client                    target
 *   CONNECT "secret"     -->
 *                        <--  CONNACK 0: it takes any password
 *   CONNECT 00 FF ED ... -->
 *                        <--  CONNACK 0
 */
CASE(binary_password, .title = "A password is binary data and may hold any bytes",
	.refs = { "3.1.1:U311-PASSWORD", "5.0:MQTT-3.1.2-19" }, .level = STATED, .versions = BOTH)
{
	struct peer *plain = dial(t, "plain");
	send_connect(plain, .user_name = "user", .password = "secret");
	expect_one_of(plain,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .verdict = VERDICT_INAPPLICABLE,
				.says = "wants credentials of its own" },
			{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
				.says = "wants credentials of its own" }));
	drop(plain);

	struct peer *client = dial(t, "client");
	send_template(client,
		"10 r s\"MQTT\" l C2 n0 p{} c s\"user\" s\"\\x00\\xFF\\xED\\xA0\\x80\\xC0\\xAF\"");
	expect_accepted(client);
	fence(client);
}

CHAPTER(strings, "UTF-8 strings and binary data", &case_ill_formed_in_connect,
	&case_ill_formed_topic, &case_ill_formed_property, &case_ill_formed_property_in_connect,
	&case_border_characters, &case_byte_order_mark_kept,
	&case_byte_order_mark_kept_in_properties, &case_discouraged_characters,
	&case_binary_payload, &case_binary_will_payload, &case_binary_correlation_data,
	&case_binary_password);
