/* Properties of 5.0, 2.2.2, in the packets of a server: their lengths and ids, in which packets they may
 * stand and how often, and what values they may have. All of these errors are ones for which the client
 * should close. [4.13.1]
 */
#include "cases/common/properties.h"
#include "harness/client_case.h"

/* A packet of each type with these properties, and nothing else wrong with it. */
#define TOPIC_A        "s\"a\""
#define IN_CONNACK(p)  "20 r 00 00 p{" p "}"
#define IN_SUBACK(p)   "90 r m1 p{" p "} 00"
#define IN_UNSUBACK(p) "B0 r m1 p{" p "} 00"
#define IN_AUTH(p)     "F0 r 18 p{15 s\"mqttspec\" " p "}"

/* ---- lengths and ids ----------------------------------------------------------------------- */

#define LENGTH_REFS .refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-PROP-LENGTH" }, .codes = { 0x81 }
#define MISSING_REFS                                                                 \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-PROP-LENGTH", "5.0:MQTT-2.2.2-1" }, \
	.codes = { 0x81 }
#define FIVE_REFS .refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-VBI-MAX" }, .codes = { 0x81 }
#define UNKNOWN_REFS \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-PROP-WRONG-PACKET" }, .codes = { 0x81, 0x82 }

static const struct vector client_bad_properties[] = {
	{ "connack_without_length", "20 r 00 00", MISSING_REFS },
	{ "connack_length_beyond_end", "20 r 00 00 p100{}", LENGTH_REFS },
	{ "connack_length_in_five_bytes", "20 r 00 00 8080808001", FIVE_REFS },
	{ "connack_cut_in_value", "20 r 00 00 p-1{27 w100000}", LENGTH_REFS },
	{ "connack_cut_in_pair", "20 r 00 00 p-1{26 s\"n\" s\"v\"}", LENGTH_REFS },
	{ "connack_string_beyond_length", IN_CONNACK("1F n100 b\"abc\""), LENGTH_REFS },
	{ "connack_unknown_0", IN_CONNACK("00 00"), UNKNOWN_REFS },
	{ "connack_unknown_4", IN_CONNACK("04 00"), UNKNOWN_REFS },
	{ "connack_unknown_127", IN_CONNACK("7F 00"), UNKNOWN_REFS },
	{ "connack_unknown_128", IN_CONNACK("v128 00"), UNKNOWN_REFS },
	BAD_PROPERTIES_OF_PUBLISH,
	{ "publish_identifier_in_five_bytes", IN_PUBLISH("0B 8080808001"), FIVE_REFS },
	BAD_PROPERTIES_OF_ACKS,
	{ "suback_without_length", "90 r m1", MISSING_REFS },
	{ "suback_length_beyond_end", "90 r m1 p100{} 00", LENGTH_REFS },
	{ "suback_length_in_five_bytes", "90 r m1 8080808001 00", FIVE_REFS },
	{ "suback_cut_in_string", "90 r m1 p-1{1F s\"abc\"} 00", LENGTH_REFS },
	{ "suback_unknown_127", IN_SUBACK("7F 00"), UNKNOWN_REFS },
	{ "unsuback_without_length", "B0 r m1", MISSING_REFS },
	{ "unsuback_length_beyond_end", "B0 r m1 p100{} 00", LENGTH_REFS },
	{ "unsuback_cut_in_string", "B0 r m1 p-1{1F s\"abc\"} 00", LENGTH_REFS },
	{ "unsuback_unknown_127", IN_UNSUBACK("7F 00"), UNKNOWN_REFS },
};

CLIENT_CASE(client_bad_properties,
	.title = "A packet whose properties cannot be told apart ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, .unaided = true,
	ROWS(client_bad_properties))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

/* Senders must not do it; nothing says what receivers do with it. [MQTT-1.5.5-1] */
CLIENT_CASE(client_long_property_length,
	.title = "A Property Length in more bytes than needed is taken or ends the connection",
	.refs = { "5.0:U50-PROP-LENGTH" }, .level = MAY, .versions = V50, .unaided = true)
{
	struct peer *server = admit(t);
	send_template(server, "32 r s\"a\" m1 808000 b\"x\"");
	expect_one_of(server,
		OUTCOMES({ PUBACK, .verdict = VERDICT_INFO, .says = "the long form is accepted" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "the long form is refused" }));
}

/* ---- properties of other packets ----------------------------------------------------------- */

#define CONNACK_ROW(name, p)  { "connack_" name, IN_CONNACK(p), UNKNOWN_REFS },
#define SUBACK_ROW(name, p)   { "suback_" name, IN_SUBACK(p), UNKNOWN_REFS },
#define UNSUBACK_ROW(name, p) { "unsuback_" name, IN_UNSUBACK(p), UNKNOWN_REFS },
#define AUTH_ROW(name, p)     { name, IN_AUTH(p), UNKNOWN_REFS },

/* clang-format off */
static const struct vector client_foreign_properties[] = {
	OF_CONNECT(CONNACK_ROW)
	OF_MESSAGES(CONNACK_ROW)
	OF_WILL(CONNACK_ROW)
	OF_PUBLISH(CONNACK_ROW)
	OF_SUBSCRIBE(CONNACK_ROW)
	FOREIGN_PROPERTIES
	FOREIGN_TO_ACKS(SUBACK_ROW)
	FOREIGN_TO_ACKS(UNSUBACK_ROW)
};

static const struct vector client_foreign_properties_in_auth[] = {
	OF_CONNACK(AUTH_ROW)
	OF_CONNECT(AUTH_ROW)
	OF_MESSAGES(AUTH_ROW)
	OF_WILL(AUTH_ROW)
	OF_PUBLISH(AUTH_ROW)
	OF_SUBSCRIBE(AUTH_ROW)
};
/* clang-format on */

CLIENT_CASE(client_foreign_properties,
	.title = "A packet with a property that belongs to another ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, .unaided = true,
	ROWS(client_foreign_properties))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

CLIENT_CASE(client_foreign_properties_in_auth,
	.title = "An AUTH with a property that belongs to another packet ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50,
	ROWS(client_foreign_properties_in_auth))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server, .quiet = true);
}

/* ---- properties twice ---------------------------------------------------------------------- */

#define ONCE(ref) \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-PROP-ONCE", ref }, .codes = { 0x82, 0x81 }

static const struct vector client_repeated_properties[] = {
	{ "connack_session_expiry", IN_CONNACK(TWICE("11 w10")),
		ONCE("5.0:U50-SESSION-EXPIRY-ONCE") },
	{ "connack_session_expiry_apart", IN_CONNACK("11 w10 21 n5 11 w10"),
		ONCE("5.0:U50-SESSION-EXPIRY-ONCE") },
	{ "connack_assigned_client_id", IN_CONNACK(TWICE("12 s\"id\"")),
		ONCE("5.0:U50-ASSIGNEDID-ONCE") },
	{ "connack_server_keep_alive", IN_CONNACK(TWICE("13 n60")), ONCE("5.0:U50-SERVERKA-ONCE") },
	{ "connack_response_information", IN_CONNACK(TWICE("1A s\"info\"")),
		ONCE("5.0:U50-RESPINFO") },
	{ "connack_server_reference", IN_CONNACK(TWICE("1C s\"other\"")),
		ONCE("5.0:U50-SERVERREF") },
	{ "connack_reason_string", IN_CONNACK(TWICE("1F s\"why\"")),
		ONCE("5.0:U50-REASONSTRING-ONCE") },
	{ "connack_receive_maximum", IN_CONNACK(TWICE("21 n10")), ONCE("5.0:U50-RECVMAX-ZERO") },
	{ "connack_receive_maximum_differs", IN_CONNACK("21 n10 21 n11"),
		ONCE("5.0:U50-RECVMAX-ZERO") },
	{ "connack_topic_alias_maximum", IN_CONNACK(TWICE("22 n10")),
		ONCE("5.0:U50-ALIASMAX-DEFAULT") },
	{ "connack_maximum_qos", IN_CONNACK(TWICE("24 01")), ONCE("5.0:U50-MAXQOS-RANGE") },
	{ "connack_retain_available", IN_CONNACK(TWICE("25 01")),
		ONCE("5.0:U50-RETAINAVAIL-RANGE") },
	{ "connack_maximum_packet_size", IN_CONNACK(TWICE("27 w100000")),
		ONCE("5.0:U50-MAXPKT-ZERO") },
	{ "connack_wildcards_available", IN_CONNACK(TWICE("28 01")),
		ONCE("5.0:U50-WILDCARDAVAIL") },
	{ "connack_subscription_ids_available", IN_CONNACK(TWICE("29 01")),
		ONCE("5.0:U50-SUBIDAVAIL") },
	{ "connack_shared_available", IN_CONNACK(TWICE("2A 01")), ONCE("5.0:U50-SHAREDAVAIL") },
	REPEATED_PROPERTIES,
	{ "suback_reason_string", IN_SUBACK(TWICE("1F s\"why\"")),
		ONCE("5.0:U50-REASONSTRING-ONCE") },
	{ "unsuback_reason_string", IN_UNSUBACK(TWICE("1F s\"why\"")),
		ONCE("5.0:U50-REASONSTRING-ONCE") },
};

CLIENT_CASE(client_repeated_properties,
	.title = "A packet with a property twice ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, .unaided = true,
	ROWS(client_repeated_properties))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

#define AUTH_REFS .refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-AUTH-METHOD" }, .codes = { 0x82, 0x81 }

static const struct vector client_bad_properties_in_auth[] = {
	{ "length_beyond_end", "F0 r 18 p100{15 s\"mqttspec\"}", LENGTH_REFS },
	{ "cut_in_string", "F0 r 18 p-1{15 s\"mqttspec\"}", LENGTH_REFS },
	{ "unknown_127", IN_AUTH("7F 00"), UNKNOWN_REFS },
	{ "method_twice", IN_AUTH("15 s\"mqttspec\""), AUTH_REFS },
	{ "data_twice", IN_AUTH(TWICE("16 s\"d\"")), AUTH_REFS },
	{ "reason_string_twice", IN_AUTH(TWICE("1F s\"why\"")), ONCE("5.0:U50-REASONSTRING-ONCE") },
	{ "no_method", "F0 r 18 p{}", AUTH_REFS },
};

CLIENT_CASE(client_bad_properties_in_auth,
	.title = "An AUTH whose properties are malformed ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50,
	ROWS(client_bad_properties_in_auth))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server, .quiet = true);
}

/* ---- values -------------------------------------------------------------------------------- */

#define VALUE(ref) .refs = { "5.0:U50-ERR-CLIENT", ref }, .codes = { 0x82, 0x81 }
#define ALIAS(ref) .refs = { "5.0:U50-ERR-CLIENT", ref }, .codes = { 0x94, 0x82, 0x81 }

static const struct vector client_bad_values[] = {
	{ "connack_receive_maximum_0", IN_CONNACK("21 n0"), VALUE("5.0:U50-RECVMAX-ZERO") },
	{ "connack_maximum_packet_size_0", IN_CONNACK("27 w0"), VALUE("5.0:U50-MAXPKT-ZERO") },
	{ "connack_maximum_qos_2", IN_CONNACK("24 02"), VALUE("5.0:U50-MAXQOS-RANGE") },
	{ "connack_maximum_qos_255", IN_CONNACK("24 FF"), VALUE("5.0:U50-MAXQOS-RANGE") },
	{ "connack_retain_available_2", IN_CONNACK("25 02"), VALUE("5.0:U50-RETAINAVAIL-RANGE") },
	{ "connack_wildcards_available_2", IN_CONNACK("28 02"), VALUE("5.0:U50-WILDCARDAVAIL") },
	{ "connack_subscription_ids_available_2", IN_CONNACK("29 02"),
		VALUE("5.0:U50-SUBIDAVAIL") },
	{ "connack_shared_available_2", IN_CONNACK("2A 02"), VALUE("5.0:U50-SHAREDAVAIL") },
	{ "publish_topic_alias_0", IN_PUBLISH("23 n0"), ALIAS("5.0:U50-ALIAS-INVALID") },
	{ "publish_topic_alias_unknown", "30 r s\"\" p{23 n1} b\"x\"",
		ALIAS("5.0:U50-ALIAS-UNKNOWN") },
	{ "publish_subscription_id_0", IN_PUBLISH("0B v0"), VALUE("5.0:U50-SUBID-ZERO") },
};

CLIENT_CASE(client_bad_values,
	.title = "A property with a value that it may not have ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, .unaided = true,
	ROWS(client_bad_values))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

/* The text does not say that these are errors, or what follows. */
static const struct vector client_doubtful_properties[] = {
	DOUBTFUL_PROPERTIES,
	{ "publish_response_topic_with_wildcard", IN_PUBLISH("08 s\"a/#\""), .versions = V50 },
	{ "connack_assigned_client_id_unasked", IN_CONNACK("12 s\"id\""), .versions = V50 },
	{ "connack_response_information_unasked", IN_CONNACK("1A s\"info\""), .versions = V50 },
	{ "connack_server_reference_with_success", IN_CONNACK("1C s\"other\""), .versions = V50 },
};

/* A PUBLISH after it all, unless the packet has cost the connection already. */
CLIENT_CASE(client_doubtful_properties,
	.title = "A property that makes no sense is taken or ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MAY, .versions = V50, .unaided = true,
	ROWS(client_doubtful_properties))
{
	struct peer *server = play_row(t);
	send_publish(server, .topic = "behind", .payload = "x", .qos = 1, .id = next_id(server));
	expect_one_of(server,
		OUTCOMES({ PUBACK, .verdict = VERDICT_INFO, .says = "it is taken" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "it is refused" }));
}

/* ---- what must be accepted ----------------------------------------------------------------- */

static struct peer *greet(struct test *t)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	return server;
}

#define LEGAL(name, p, ref)                          \
	{                                            \
		name, IN_CONNACK(p), .refs = { ref } \
	}

static const struct vector client_good_connack[] = {
	LEGAL("no_property", "", "5.0:MQTT-2.2.2-1"),
	LEGAL("session_expiry_0", "11 w0", "5.0:U50-SESSION-EXPIRY-DEFAULT"),
	LEGAL("session_expiry_never", "11 w4294967295", "5.0:U50-SESSION-EXPIRY-DEFAULT"),
	LEGAL("server_keep_alive_65535", "13 n65535", "5.0:U50-SERVERKA-ONCE"),
	LEGAL("receive_maximum_1", "21 n1", "5.0:U50-RECVMAX-ZERO"),
	LEGAL("receive_maximum_65535", "21 n65535", "5.0:U50-RECVMAX-ZERO"),
	LEGAL("topic_alias_maximum_0", "22 n0", "5.0:U50-ALIASMAX-DEFAULT"),
	LEGAL("topic_alias_maximum_65535", "22 n65535", "5.0:U50-ALIASMAX-DEFAULT"),
	LEGAL("maximum_qos_0", "24 00", "5.0:U50-MAXQOS-RANGE"),
	LEGAL("maximum_qos_1", "24 01", "5.0:U50-MAXQOS-RANGE"),
	LEGAL("retain_available_0", "25 00", "5.0:U50-RETAINAVAIL-RANGE"),
	LEGAL("retain_available_1", "25 01", "5.0:U50-RETAINAVAIL-RANGE"),
	LEGAL("maximum_packet_size_64", "27 w64", "5.0:U50-MAXPKT-ZERO"),
	LEGAL("maximum_packet_size_of_the_format", "27 w268435460", "5.0:U50-MAXPKT-ZERO"),
	LEGAL("maximum_packet_size_4294967295", "27 w4294967295", "5.0:U50-MAXPKT-ZERO"),
	LEGAL("nothing_available", "28 00 29 00 2A 00", "5.0:U50-WILDCARDAVAIL"),
	LEGAL("all_available", "28 01 29 01 2A 01", "5.0:U50-WILDCARDAVAIL"),
	LEGAL("empty_strings", "1F s\"\" 26 s\"\" s\"\"", "5.0:U50-PROP-ONCE"),
	LEGAL("user_properties", "26 s\"n\" s\"v\" 26 s\"n\" s\"v\" 26 s\"m\" s\"\"",
		"5.0:U50-PROP-ONCE"),
	LEGAL("long_string", "26 s\"n\" n2000 b\"v\"*2000", "5.0:U50-PROP-ONCE"),
	LEGAL("rising_order",
		"11 w60 13 n60 1F s\"why\" 21 n10 22 n10 26 s\"n\" s\"v\" 27 w100000 28 01",
		"5.0:U50-PROP-ORDER"),
	LEGAL("falling_order",
		"28 01 27 w100000 26 s\"n\" s\"v\" 22 n10 21 n10 1F s\"why\" 13 n60 11 w60",
		"5.0:U50-PROP-ORDER"),
};

CLIENT_CASE(client_good_connack,
	.title = "CONNACK may have any of its properties, in any order, with any legal value",
	.refs = { "5.0:U50-PROP-ORDER", "5.0:U50-PROP-ONCE" }, .level = STATED, .versions = V50,
	ROWS(client_good_connack))
{
	struct peer *server = greet(t);
	send_row(server);
	fence(server);
}

/*   server: the same User Property several times in CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP,
 *   SUBACK, UNSUBACK: the client goes on with each exchange
 */
CLIENT_CASE(client_user_properties_everywhere,
	.title =
		"User Properties may stand in every packet of a server, the same one several times",
	.refs = { "5.0:U50-PROP-ONCE", "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	const struct properties *props = PROPS(
		P_USER("name", "1"), P_USER("name", "1"), P_USER("", ""), P_USER("name", "2"));
	unsigned connect = do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	send_connack(server, .props = props);
	fence(server);
	expect_connected(t, connect);

	unsigned command = do_subscribe(t, .filter = "user/t", .qos = 2);
	struct packet request = need(server, SUBSCRIBE);
	send_suback(server, .id = request.id, .codes = CODES(2), .props = props);
	fence(server);
	expect_acknowledged(t, command);

	command = do_publish(t, .topic = "user/t", .payload = "1", .qos = 1);
	request = need(server, PUBLISH);
	send_ack(server, PUBACK, request.id, .props = props);
	fence(server);
	expect_acknowledged(t, command);

	command = do_publish(t, .topic = "user/t", .payload = "2", .qos = 2);
	request = need(server, PUBLISH);
	send_ack(server, PUBREC, request.id, .props = props);
	expect_ack(server, PUBREL, request.id);
	send_ack(server, PUBCOMP, request.id, .props = props);
	fence(server);
	expect_acknowledged(t, command);

	unsigned id = next_id(server);
	send_publish(server, .topic = "user/t", .payload = "3", .qos = 2, .id = id, .props = props);
	expect_ack(server, PUBREC, id);
	send_ack(server, PUBREL, id, .props = props);
	expect_ack(server, PUBCOMP, id);

	command = do_unsubscribe(t, .filter = "user/t");
	request = need(server, UNSUBSCRIBE);
	send_unsuback(server, .id = request.id, .codes = CODES(0), .props = props);
	fence(server);
	expect_acknowledged(t, command);
}

CHAPTER(client_properties, "Properties that a client receives", &case_client_bad_properties,
	&case_client_long_property_length, &case_client_foreign_properties,
	&case_client_foreign_properties_in_auth, &case_client_repeated_properties,
	&case_client_bad_properties_in_auth, &case_client_bad_values,
	&case_client_doubtful_properties, &case_client_good_connack,
	&case_client_user_properties_everywhere);
