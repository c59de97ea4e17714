/* UTF-8 Encoded Strings, 1.5.3 (3.1.1) and 1.5.4 (5.0), in every packet of a server that holds one: those
 * that are ill-formed, and those that look odd and are not.
 *
 * 3.1.1 makes the client close the connection; 5.0 calls the packet malformed, and the client should
 * close. [MQTT-1.5.3-1, 4.13.1]
 */
#include "cases/common/strings.h"
#include "harness/client_case.h"

/* ---- topics -------------------------------------------------------------------------------- */

#define TOPIC_NAME(s)   "30 r s\"" s "\" p{} b\"x\""
#define TOPIC_NAME_1(s) "32 r s\"" s "\" m1 p{} b\"x\""

#define TOPIC_REFS                                                                      \
	.refs = { "3.1.1:MQTT-1.5.3-1", "5.0:U50-ERR-CLIENT", "5.0:U50-UTF8-MALFORMED", \
		"5.0:MQTT-1.5.4-1" },                                                   \
	.codes = { 0x81, 0x90 }
#define TOPIC_NUL_REFS                                                                  \
	.refs = { "3.1.1:MQTT-1.5.3-2", "5.0:U50-ERR-CLIENT", "5.0:U50-UTF8-MALFORMED", \
		"5.0:MQTT-4.7.3-2" },                                                   \
	.codes = { 0x81, 0x90 }

static const struct vector client_ill_formed_topic[] = {
	ILL_FORMED("qos_0", TOPIC_NAME, TOPIC_REFS),
	NUL("qos_0", TOPIC_NAME, TOPIC_NUL_REFS),
	ILL_FORMED("qos_1", TOPIC_NAME_1, TOPIC_REFS),
	NUL("qos_1", TOPIC_NAME_1, TOPIC_NUL_REFS),
};

CLIENT_CASE(client_ill_formed_topic,
	.title = "A PUBLISH with an ill-formed topic ends the connection",
	.refs = { "3.1.1:MQTT-1.5.3-1", "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = BOTH,
	.unaided = true, ROWS(client_ill_formed_topic))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

/* ---- properties of 5.0 --------------------------------------------------------------------- */

#define STRING_REFS(ref) \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-UTF8-MALFORMED", ref }, .codes = { 0x81 }
#define PAIR_REFS                                                                             \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-STRINGPAIR-MALFORMED", "5.0:MQTT-1.5.7-1" }, \
	.codes = { 0x81 }

#define SHORT(name, packet, ...) \
	ILL_FORMED_SHORT(name, packet, __VA_ARGS__), NUL(name, packet, __VA_ARGS__)
#define STRING(name, packet, ref) SHORT(name, packet, STRING_REFS(ref))
#define NAME(name, packet)        SHORT(name, packet, PAIR_REFS)

#define CONNACK_12(s)     "20 r 00 00 p{12 s\"" s "\"}"
#define CONNACK_15(s)     "20 r 00 00 p{15 s\"" s "\"}"
#define CONNACK_1A(s)     "20 r 00 00 p{1A s\"" s "\"}"
#define CONNACK_1C(s)     "20 r 00 00 p{1C s\"" s "\"}"
#define CONNACK_1F(s)     "20 r 00 00 p{1F s\"" s "\"}"
#define CONNACK_NAME(s)   "20 r 00 00 p{26 s\"" s "\" s\"v\"}"
#define CONNACK_VALUE(s)  "20 r 00 00 p{26 s\"n\" s\"" s "\"}"
#define PUBLISH_03(s)     "30 r s\"a\" p{03 s\"" s "\"} b\"x\""
#define PUBLISH_08(s)     "30 r s\"a\" p{08 s\"" s "\"} b\"x\""
#define PUBLISH_NAME(s)   "30 r s\"a\" p{26 s\"" s "\" s\"v\"} b\"x\""
#define PUBLISH_VALUE(s)  "30 r s\"a\" p{26 s\"n\" s\"" s "\"} b\"x\""
#define PUBACK_1F(s)      "40 r m1 00 p{1F s\"" s "\"}"
#define PUBACK_VALUE(s)   "40 r m1 00 p{26 s\"n\" s\"" s "\"}"
#define PUBREC_1F(s)      "50 r m1 00 p{1F s\"" s "\"}"
#define PUBREC_NAME(s)    "50 r m1 00 p{26 s\"" s "\" s\"v\"}"
#define PUBREL_1F(s)      "62 r m1 00 p{1F s\"" s "\"}"
#define PUBREL_VALUE(s)   "62 r m1 00 p{26 s\"n\" s\"" s "\"}"
#define PUBCOMP_1F(s)     "70 r m1 00 p{1F s\"" s "\"}"
#define PUBCOMP_NAME(s)   "70 r m1 00 p{26 s\"" s "\" s\"v\"}"
#define SUBACK_1F(s)      "90 r m1 p{1F s\"" s "\"} 00"
#define SUBACK_NAME(s)    "90 r m1 p{26 s\"" s "\" s\"v\"} 00"
#define SUBACK_VALUE(s)   "90 r m1 p{26 s\"n\" s\"" s "\"} 00"
#define UNSUBACK_1F(s)    "B0 r m1 p{1F s\"" s "\"} 00"
#define UNSUBACK_VALUE(s) "B0 r m1 p{26 s\"n\" s\"" s "\"} 00"
#define AUTH_1F(s)        "F0 r 18 p{15 s\"mqttspec\" 1F s\"" s "\"}"
#define AUTH_VALUE(s)     "F0 r 18 p{15 s\"mqttspec\" 26 s\"n\" s\"" s "\"}"

static const struct vector client_ill_formed_property[] = {
	STRING("connack_assigned_client_id", CONNACK_12, "5.0:MQTT-1.5.4-1"),
	STRING("connack_authentication_method", CONNACK_15, "5.0:MQTT-1.5.4-1"),
	STRING("connack_response_information", CONNACK_1A, "5.0:MQTT-1.5.4-1"),
	STRING("connack_server_reference", CONNACK_1C, "5.0:MQTT-1.5.4-1"),
	STRING("connack_reason_string", CONNACK_1F, "5.0:MQTT-1.5.4-1"),
	NAME("connack_user_property_name", CONNACK_NAME),
	NAME("connack_user_property_value", CONNACK_VALUE),
	STRING("publish_content_type", PUBLISH_03, "5.0:MQTT-3.3.2-19"),
	STRING("publish_response_topic", PUBLISH_08, "5.0:MQTT-3.3.2-13"),
	NAME("publish_user_property_name", PUBLISH_NAME),
	NAME("publish_user_property_value", PUBLISH_VALUE),
	STRING("puback_reason_string", PUBACK_1F, "5.0:MQTT-1.5.4-1"),
	NAME("puback_user_property_value", PUBACK_VALUE),
	STRING("pubrec_reason_string", PUBREC_1F, "5.0:MQTT-1.5.4-1"),
	NAME("pubrec_user_property_name", PUBREC_NAME),
	STRING("pubrel_reason_string", PUBREL_1F, "5.0:MQTT-1.5.4-1"),
	NAME("pubrel_user_property_value", PUBREL_VALUE),
	STRING("pubcomp_reason_string", PUBCOMP_1F, "5.0:MQTT-1.5.4-1"),
	NAME("pubcomp_user_property_name", PUBCOMP_NAME),
	STRING("suback_reason_string", SUBACK_1F, "5.0:MQTT-1.5.4-1"),
	NAME("suback_user_property_name", SUBACK_NAME),
	NAME("suback_user_property_value", SUBACK_VALUE),
	STRING("unsuback_reason_string", UNSUBACK_1F, "5.0:MQTT-1.5.4-1"),
	NAME("unsuback_user_property_value", UNSUBACK_VALUE),
};

CLIENT_CASE(client_ill_formed_property,
	.title = "A packet with an ill-formed string in a property ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, .unaided = true,
	ROWS(client_ill_formed_property))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

static const struct vector client_ill_formed_auth[] = {
	STRING("reason_string", AUTH_1F, "5.0:MQTT-1.5.4-1"),
	NAME("user_property_value", AUTH_VALUE),
};

CLIENT_CASE(client_ill_formed_auth,
	.title = "An AUTH with an ill-formed string in a property ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50,
	ROWS(client_ill_formed_auth))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server, .quiet = true);
}

/* ---- what is well-formed ------------------------------------------------------------------- */

#define BORDER_TOPIC(s) "utf8/" s,
static const char *const border_topics[] = { BORDER_CHARACTERS(BORDER_TOPIC) };

enum { BORDERS = sizeof(border_topics) / sizeof(*border_topics) };

CLIENT_CASE(client_receives_border_characters,
	.title = "Topics with well-formed characters of every length are accepted and told as they "
		 "are",
	.refs = { AS_ASKED, "3.1.1:MQTT-1.5.3-1", "5.0:MQTT-1.5.4-1" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "utf8/+", .qos = 1);
	for (size_t i = 0; i < BORDERS; i++) {
		unsigned id = next_id(server);
		send_publish(server, .topic = border_topics[i], .payload = "x", .qos = 1, .id = id);
		expect_ack(server, PUBACK, id);
		expect_told(t, .topic = border_topics[i], .payload = "x");
	}
}

CLIENT_CASE(client_publishes_border_characters,
	.title = "Topics with well-formed characters of every length are sent as they are",
	.refs = { AS_ASKED, "3.1.1:MQTT-1.5.3-1", "5.0:MQTT-1.5.4-1" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *server = admit(t);
	for (size_t i = 0; i < BORDERS; i++) {
		do_publish(t, .topic = border_topics[i], .payload = "x");
		expect_message(server, .topic = border_topics[i], .payload = "x");
	}
	fence(server);
}

/* The mark is there, or what was sent without it came of it, or something else. */
static void check_mark(
	struct test *t, struct bytes told, const char *with_mark, const char *without)
{
	if (bytes_equal(told, bytes_of(without))) {
		judging(t, "3.1.1:MQTT-1.5.3-3");
		judging(t, "5.0:MQTT-1.5.4-3");
	} else {
		judging_as_asked(t);
	}
	check_words(t, "text", told, with_mark);
}

/*   server                        client                    user
 *   PUBLISH "<FEFF>bom/t"    -->
 *   PUBLISH "bom/<FEFF>t"    -->
 *                                               -->  the same topics, U+FEFF and all
 */
CLIENT_CASE(client_keeps_byte_order_mark,
	.title = "U+FEFF in a topic is a character like others and is not stripped",
	.refs = { "3.1.1:MQTT-1.5.3-3", "5.0:MQTT-1.5.4-3", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	static const char *const topics[] = { "\xEF\xBB\xBF"
					      "bom/t",
		"bom/\xEF\xBB\xBFt" };
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "#", .qos = 1);
	for (size_t i = 0; i < 2; i++) {
		unsigned id = next_id(server);
		send_publish(server, .topic = topics[i], .payload = "x", .qos = 1, .id = id);
		expect_ack(server, PUBACK, id);
		struct told told = expect_told(t, .payload = "x");
		check_mark(t, told.topic, topics[i], "bom/t");
	}
}

/* The text of a property that the client told; none if it did not. */
static struct bytes told_text(const struct told *told, uint32_t id)
{
	const struct property *p = properties_find(&told->properties, id);

	return p ? p->value : (struct bytes){ 0 };
}

CLIENT_CASE(client_keeps_byte_order_mark_in_properties,
	.title = "U+FEFF stays in the strings of properties",
	.refs = { "5.0:MQTT-1.5.4-3", "5.0:UALL-AS-ASKED" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "bom/t", .qos = 1);
	unsigned id = next_id(server);
	send_publish(server, .topic = "bom/t", .payload = "x", .qos = 1, .id = id,
		.props = PROPS(P_CONTENT_TYPE("\xEF\xBB\xBFtype"),
			P_RESPONSE_TOPIC("\xEF\xBB\xBF"
					 "answers")));
	expect_ack(server, PUBACK, id);
	struct told told = expect_told(t, .topic = "bom/t");
	require(t, told_text(&told, 0x03).len && told_text(&told, 0x08).len,
		"the client does not tell Content Type and Response Topic");
	check_mark(t, told_text(&told, 0x03), "\xEF\xBB\xBFtype", "type");
	check_mark(t, told_text(&told, 0x08),
		"\xEF\xBB\xBF"
		"answers",
		"answers");
}

static const struct vector client_discouraged_characters[] = { DISCOURAGED_CHARACTERS(
	TOPIC_NAME_1) };

CLIENT_CASE(client_discouraged_characters,
	.title = "A topic with a control or non-character is taken or ends the connection",
	.refs = { "3.1.1:U311-UTF8-CTRL", "5.0:U50-UTF8-CTRL" }, .level = MAY, .versions = BOTH,
	.unaided = true, ROWS(client_discouraged_characters))
{
	struct peer *server = play_row(t);
	expect_one_of(server,
		OUTCOMES({ PUBACK, .verdict = VERDICT_INFO, .says = "the character is accepted" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "the character is refused" }));
}

CHAPTER(client_strings, "UTF-8 strings that a client receives", &case_client_ill_formed_topic,
	&case_client_ill_formed_property, &case_client_ill_formed_auth,
	&case_client_receives_border_characters, &case_client_publishes_border_characters,
	&case_client_keeps_byte_order_mark, &case_client_keeps_byte_order_mark_in_properties,
	&case_client_discouraged_characters);
