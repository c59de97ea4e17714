/* Properties of 5.0, 2.2.2: their lengths and ids, in which packets they may stand, and how often.
 * Values that one section forbids are judged in the chapter of that section.
 */
#include "cases/common/properties.h"
#include "harness/case.h"

/* A packet of each type with these properties, and nothing else wrong with it. */
#define TOPIC_A           "t\"a\""
#define IN_CONNECT(p)     "10 r s\"MQTT\" 05 02 n0 p{" p "} c"
#define IN_WILL(p)        "10 r s\"MQTT\" 05 06 n0 p{} c p{" p "} t\"w\" s\"bye\""
#define IN_SUBSCRIBE(p)   "82 r m1 p{" p "} t\"a\" 00"
#define IN_UNSUBSCRIBE(p) "A2 r m1 p{" p "} t\"a\""

/* ---- lengths and ids ----------------------------------------------------------------------- */

#define LENGTH_REFS  .refs = { "5.0:U50-PROP-LENGTH", "5.0:MQTT-4.13.1-1" }, .codes = { 0x81 }
#define MISSING_REFS LENGTH_REFS
#define FIVE_REFS    .refs = { "5.0:U50-VBI-MAX", "5.0:MQTT-4.13.1-1" }, .codes = { 0x81 }
#define UNKNOWN_REFS \
	.refs = { "5.0:U50-PROP-WRONG-PACKET", "5.0:MQTT-4.13.1-1" }, .codes = { 0x81, 0x82 }

static const struct vector bad_properties[] = {
	BAD_PROPERTIES_OF_PUBLISH,
	BAD_PROPERTIES_OF_ACKS,
	{ "subscribe_without_length", "82 r m1", LENGTH_REFS },
	{ "subscribe_length_beyond_end", "82 r m1 p100{} t\"a\" 00", LENGTH_REFS },
	{ "subscribe_length_in_five_bytes", "82 r m1 8080808001 t\"a\" 00", FIVE_REFS },
	{ "subscribe_identifier_in_five_bytes", IN_SUBSCRIBE("0B 8080808001"), FIVE_REFS },
	{ "subscribe_cut_in_pair", "82 r m1 p-1{26 s\"n\" s\"v\"} t\"a\" 00", LENGTH_REFS },
	{ "subscribe_unknown_0", IN_SUBSCRIBE("00 00"), UNKNOWN_REFS },
	{ "subscribe_unknown_127", IN_SUBSCRIBE("7F 00"), UNKNOWN_REFS },
	{ "unsubscribe_without_length", "A2 r m1", LENGTH_REFS },
	{ "unsubscribe_length_beyond_end", "A2 r m1 p100{} t\"a\"", LENGTH_REFS },
	{ "unsubscribe_unknown_127", IN_UNSUBSCRIBE("7F 00"), UNKNOWN_REFS },
};

CASE(bad_properties, .title = "A packet whose properties cannot be told apart ends the connection",
	.refs = { "5.0:MQTT-4.13.1-1" }, .level = STATED, .versions = V50, ROWS(bad_properties))
{
	witness(t);
	struct peer *watcher = watch_row(t, "a");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "a");
}

/* A server has to check what section 3.1 says about the properties of CONNECT. [MQTT-3.1.4-1] */
#define IN_CONNECT_REFS(ref, ...) .refs = { "5.0:MQTT-3.1.4-1", ref }, .codes = { __VA_ARGS__ }
#define CONNECT_LENGTH            IN_CONNECT_REFS("5.0:U50-PROP-LENGTH", 0x81)
#define CONNECT_FIVE              IN_CONNECT_REFS("5.0:U50-VBI-MAX", 0x81)
#define CONNECT_UNKNOWN           IN_CONNECT_REFS("5.0:U50-PROP-WRONG-PACKET", 0x81, 0x82)

static const struct vector bad_properties_in_connect[] = {
	{ "length_beyond_end", "10 r s\"MQTT\" 05 02 n0 p100{} c", CONNECT_LENGTH },
	{ "length_in_five_bytes", "10 r s\"MQTT\" 05 02 n0 8080808001 c", CONNECT_FIVE },
	{ "cut_in_value", "10 r s\"MQTT\" 05 02 n0 p-1{11 w60} c", CONNECT_LENGTH },
	{ "cut_in_pair", "10 r s\"MQTT\" 05 02 n0 p-1{26 s\"n\" s\"v\"} c", CONNECT_LENGTH },
	{ "string_beyond_length", IN_CONNECT("26 s\"n\" n100 b\"v\""), CONNECT_LENGTH },
	{ "unknown_0", IN_CONNECT("00 00"), CONNECT_UNKNOWN },
	{ "unknown_4", IN_CONNECT("04 00"), CONNECT_UNKNOWN },
	{ "unknown_127", IN_CONNECT("7F 00"), CONNECT_UNKNOWN },
	{ "unknown_128", IN_CONNECT("v128 00"), CONNECT_UNKNOWN },
	{ "will_without_length", "10 r s\"MQTT\" 05 06 n0 p{} c", CONNECT_LENGTH },
	{ "will_length_beyond_end", "10 r s\"MQTT\" 05 06 n0 p{} c p100{} t\"w\" s\"bye\"",
		CONNECT_LENGTH },
	{ "will_cut_in_value", "10 r s\"MQTT\" 05 06 n0 p{} c p-1{18 w0} t\"w\" s\"bye\"",
		CONNECT_LENGTH },
	{ "will_unknown_127", IN_WILL("7F 00"), CONNECT_UNKNOWN },
};

CASE(bad_properties_in_connect,
	.title = "A CONNECT whose properties cannot be told apart is not accepted",
	.refs = { "5.0:MQTT-3.1.4-1" }, .level = MUST, .versions = V50,
	ROWS(bad_properties_in_connect))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* Senders must not do it [MQTT-1.5.5-1]. A server that takes it for an error closes, another one answers. */
CASE(long_property_length,
	.title = "A Property Length in more bytes than needed is served or ends the connection",
	.refs = { "5.0:MQTT-4.13.1-1", "5.0:U50-PROP-LENGTH" }, .level = MUST, .versions = V50)
{
	witness(t);
	struct peer *client = join(t, "client");
	send_template(client, "82 r m1 808000 t\"a\" 00");
	expect_one_of(client,
		OUTCOMES({ SUBACK, .verdict = VERDICT_INFO, .says = "the long form is accepted" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "the long form is refused" }));
}

/* ---- properties of other packets ----------------------------------------------------------- */

#define CONNECT_ROW(name, p)     { "connect_" name, IN_CONNECT(p), CONNECT_UNKNOWN },
#define WILL_ROW(name, p)        { "will_" name, IN_WILL(p), CONNECT_UNKNOWN },
#define SUBSCRIBE_ROW(name, p)   { "subscribe_" name, IN_SUBSCRIBE(p), UNKNOWN_REFS },
#define UNSUBSCRIBE_ROW(name, p) { "unsubscribe_" name, IN_UNSUBSCRIBE(p), UNKNOWN_REFS },

/* clang-format off */
static const struct vector foreign_properties[] = {
	FOREIGN_PROPERTIES

	OF_CONNACK(SUBSCRIBE_ROW)
	OF_BOTH_CONNECTS(SUBSCRIBE_ROW)
	OF_CONNECT(SUBSCRIBE_ROW)
	OF_MESSAGES(SUBSCRIBE_ROW)
	OF_WILL(SUBSCRIBE_ROW)
	OF_PUBLISH(SUBSCRIBE_ROW)
	OF_ACKS(SUBSCRIBE_ROW)

	OF_CONNACK(UNSUBSCRIBE_ROW)
	OF_BOTH_CONNECTS(UNSUBSCRIBE_ROW)
	OF_CONNECT(UNSUBSCRIBE_ROW)
	OF_MESSAGES(UNSUBSCRIBE_ROW)
	OF_WILL(UNSUBSCRIBE_ROW)
	OF_PUBLISH(UNSUBSCRIBE_ROW)
	OF_SUBSCRIBE(UNSUBSCRIBE_ROW)
	OF_ACKS(UNSUBSCRIBE_ROW)
};

static const struct vector foreign_properties_in_connect[] = {
	OF_CONNACK(CONNECT_ROW)
	OF_MESSAGES(CONNECT_ROW)
	OF_WILL(CONNECT_ROW)
	OF_PUBLISH(CONNECT_ROW)
	OF_SUBSCRIBE(CONNECT_ROW)
	OF_ACKS(CONNECT_ROW)

	OF_CONNACK(WILL_ROW)
	OF_BOTH_CONNECTS(WILL_ROW)
	OF_CONNECT(WILL_ROW)
	OF_PUBLISH(WILL_ROW)
	OF_SUBSCRIBE(WILL_ROW)
	OF_ACKS(WILL_ROW)
};
/* clang-format on */

CASE(foreign_properties,
	.title = "A packet with a property that belongs to another ends the connection",
	.refs = { "5.0:U50-PROP-WRONG-PACKET", "5.0:MQTT-4.13.1-1" }, .level = STATED,
	.versions = V50, ROWS(foreign_properties))
{
	witness(t);
	struct peer *watcher = watch_row(t, "a");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "a");
}

CASE(foreign_properties_in_connect,
	.title = "A CONNECT with a property that belongs to another packet is not accepted",
	.refs = { "5.0:MQTT-3.1.4-1", "5.0:U50-PROP-WRONG-PACKET" }, .level = MUST, .versions = V50,
	ROWS(foreign_properties_in_connect))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* ---- properties twice ---------------------------------------------------------------------- */

#define ONCE(ref) .refs = { "5.0:U50-PROP-ONCE", ref }, .codes = { 0x82, 0x81 }

static const struct vector repeated_properties[] = {
	REPEATED_PROPERTIES,
	{ "subscribe_subscription_id", IN_SUBSCRIBE("0B v1 0B v1"), ONCE("5.0:U50-SUBID-ZERO") },
	{ "subscribe_subscription_ids", IN_SUBSCRIBE("0B v1 26 s\"n\" s\"v\" 0B v2"),
		ONCE("5.0:U50-SUBID-ZERO") },
};

CASE(repeated_properties, .title = "A packet with a property twice ends the connection",
	.refs = { "5.0:U50-PROP-ONCE", "5.0:MQTT-4.13.1-1" }, .level = STATED, .versions = V50,
	ROWS(repeated_properties))
{
	witness(t);
	struct peer *watcher = watch_row(t, "a");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "a");
}

#define CONNECT_ONCE(ref) \
	.refs = { "5.0:MQTT-3.1.4-1", "5.0:U50-PROP-ONCE", ref }, .codes = { 0x82, 0x81 }

static const struct vector repeated_properties_in_connect[] = {
	{ "session_expiry", IN_CONNECT("11 w0 11 w0"),
		CONNECT_ONCE("5.0:U50-SESSION-EXPIRY-ONCE") },
	{ "session_expiry_apart", IN_CONNECT("11 w0 21 n5 11 w0"),
		CONNECT_ONCE("5.0:U50-SESSION-EXPIRY-ONCE") },
	{ "receive_maximum", IN_CONNECT("21 n5 21 n6"), CONNECT_ONCE("5.0:U50-RECVMAX-ZERO") },
	{ "maximum_packet_size", IN_CONNECT("27 w100000 27 w100000"),
		CONNECT_ONCE("5.0:U50-MAXPKT-ZERO") },
	{ "topic_alias_maximum", IN_CONNECT("22 n0 22 n0"),
		CONNECT_ONCE("5.0:U50-ALIASMAX-DEFAULT") },
	{ "request_response_information", IN_CONNECT("19 00 19 00"),
		CONNECT_ONCE("5.0:U50-REQRESP-RANGE") },
	{ "request_problem_information", IN_CONNECT("17 01 17 01"),
		CONNECT_ONCE("5.0:U50-REQPROB-RANGE") },
	{ "authentication_method", IN_CONNECT("15 s\"a\" 15 s\"a\""),
		.refs = { "5.0:MQTT-3.1.4-1", "5.0:U50-PROP-ONCE", "5.0:U50-AUTHMETHOD-ONCE" },
		.codes = { 0x82, 0x81, 0x8C } },
	{ "authentication_data", IN_CONNECT("15 s\"a\" 16 s\"a\" 16 s\"a\""),
		.refs = { "5.0:MQTT-3.1.4-1", "5.0:U50-PROP-ONCE", "5.0:U50-AUTHDATA-ALONE" },
		.codes = { 0x82, 0x81, 0x8C } },
	{ "will_delay", IN_WILL("18 w0 18 w0"), CONNECT_ONCE("5.0:U50-WILLDELAY-DEFAULT") },
	{ "will_payload_format", IN_WILL("01 00 01 00"), CONNECT_ONCE("5.0:U50-WILL-PFI") },
	{ "will_message_expiry", IN_WILL("02 w60 02 w60"), CONNECT_ONCE("5.0:U50-WILL-EXPIRY") },
	{ "will_content_type", IN_WILL("03 s\"a\" 03 s\"a\""),
		CONNECT_ONCE("5.0:U50-WILL-PROPS-FORWARD") },
	{ "will_response_topic", IN_WILL("08 s\"a\" 08 s\"a\""),
		CONNECT_ONCE("5.0:U50-WILL-PROPS-FORWARD") },
	{ "will_correlation_data", IN_WILL("09 s\"a\" 09 s\"a\""),
		CONNECT_ONCE("5.0:U50-WILL-PROPS-FORWARD") },
};

CASE(repeated_properties_in_connect, .title = "A CONNECT with a property twice is not accepted",
	.refs = { "5.0:MQTT-3.1.4-1", "5.0:U50-PROP-ONCE" }, .level = MUST, .versions = V50,
	ROWS(repeated_properties_in_connect))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

static const struct vector doubtful_properties[] = {
	DOUBTFUL_PROPERTIES,
};

CASE(doubtful_properties,
	.title = "A PUBLISH with a property that makes no sense had better end the connection",
	.refs = { "5.0:U50-PROP-ONCE", "5.0:MQTT-4.13.1-1" }, .level = SHOULD, .versions = V50,
	ROWS(doubtful_properties))
{
	witness(t);
	struct peer *watcher = watch_row(t, "a");
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "a");
}

/* ---- what must be accepted ----------------------------------------------------------------- */

CASE(publish_property_order, .title = "The order of properties in PUBLISH means nothing",
	.refs = { "5.0:U50-PROP-ORDER" }, .level = STATED, .versions = V50)
{
	static const struct property all[] = { P_PAYLOAD_FORMAT(1), P_MESSAGE_EXPIRY(600),
		P_CONTENT_TYPE("text/plain"), P_RESPONSE_TOPIC("answers"),
		P_CORRELATION_DATA("data"), P_USER("name", "value") };
	enum { ALL = sizeof(all) / sizeof(*all) };
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "order/t");
	struct peer *pub = join(t, "publisher");

	for (unsigned rotation = 0; rotation < ALL; rotation++) {
		struct property rotated[ALL];
		for (unsigned i = 0; i < ALL; i++)
			rotated[i] = all[(i + rotation) % ALL];
		struct properties props = { .list = rotated, .count = ALL, .present = true };
		send_publish(pub, .topic = "order/t", .payload = "text", .props = &props);
		struct packet message = expect_message(sub, .payload = "text");
		check_forwarded(t, message, &props);
	}
}

CASE(subscribe_property_order, .title = "The order of properties in SUBSCRIBE means nothing",
	.refs = { "5.0:U50-PROP-ORDER" }, .level = STATED, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "no Subscription Identifiers");
	struct peer *client = join(t, "client");
	send_subscribe(client, .filter = "order/1", .id = 1,
		.props = PROPS(P_SUBSCRIPTION_ID(7), P_USER("n", "v"), P_USER("n", "v")));
	expect_ack(client, SUBACK, 1);
	send_subscribe(client, .filter = "order/2", .id = 2,
		.props = PROPS(P_USER("n", "v"), P_SUBSCRIPTION_ID(8), P_USER("n", "v")));
	expect_ack(client, SUBACK, 2);
	for (unsigned i = 1; i <= 2; i++) {
		publish(client, .topic = i == 1 ? "order/1" : "order/2", .payload = "x");
		struct packet message = expect_message(client, .payload = "x");
		const struct property *id = properties_find(&message.properties, 0x0B);
		check_in(t, message, id != NULL, "the message has its Subscription Identifier");
		check_value(t, &message.properties, 0x0B, 6 + i);
	}
}

/*   client                    target
 *   CONNECT, SUBSCRIBE, PUBLISH, PUBACK, UNSUBSCRIBE, DISCONNECT, each with the same User Property
 *   several times: all are answered, or end as they should
 */
CASE(user_property_everywhere,
	.title = "User Properties may stand in every packet, the same one several times",
	.refs = { "5.0:U50-PROP-ONCE" }, .level = STATED, .versions = V50)
{
	const struct properties *props = PROPS(
		P_USER("name", "1"), P_USER("name", "1"), P_USER("", ""), P_USER("name", "2"));
	struct peer *client = dial(t, "client");
	send_connect(client, .props = props,
		.will = { .topic = "user/w", .payload = "bye", .props = props });
	expect_accepted(client);
	send_subscribe(client, .filter = "user/t", .qos = 2, .id = 1, .props = props);
	expect_ack(client, SUBACK, 1);

	send_publish(client, .topic = "user/t", .payload = "1", .qos = 1, .id = 2, .props = props);
	expect_ack(client, PUBACK, 2);
	struct packet message = expect(client, PUBLISH);
	check_forwarded(t, message, props);
	send_ack(client, PUBACK, message.id, .props = props);

	send_publish(client, .topic = "user/t", .payload = "2", .qos = 2, .id = 3, .props = props);
	expect_ack(client, PUBREC, 3);
	send_ack(client, PUBREL, 3, .props = props);
	expect_ack(client, PUBCOMP, 3);
	message = expect(client, PUBLISH);
	send_ack(client, PUBREC, message.id, .props = props);
	expect_ack(client, PUBREL, message.id);
	send_ack(client, PUBCOMP, message.id, .props = props);

	send_unsubscribe(client, .filter = "user/t", .id = 4, .props = props);
	expect_ack(client, UNSUBACK, 4);
	fence(client);
	send_disconnect(client, .props = props);
	expect_closed(client);
	check_absent(client, DISCONNECT, "no DISCONNECT in reply");
}

CHAPTER(properties, "Properties in packets", &case_bad_properties, &case_bad_properties_in_connect,
	&case_long_property_length, &case_foreign_properties, &case_foreign_properties_in_connect,
	&case_repeated_properties, &case_repeated_properties_in_connect, &case_doubtful_properties,
	&case_publish_property_order, &case_subscribe_property_order,
	&case_user_property_everywhere);
