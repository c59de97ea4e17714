/* Packets that no server may send: wrong types, flags, lengths and fields of 3.1.1 and 5.0. What properties
 * can be wrong in is in properties.c, ill-formed strings are in strings.c.
 *
 * In 3.1.1 each makes the client close the connection [MQTT-4.8.0-1]; in 5.0 the client should.
 */
#include "cases/common/packets.h"
#include "harness/client_case.h"

#define TOPIC_A "s\"a\""

/* ---- the flags of byte 1 ------------------------------------------------------------------- */

#define QOS_3_REFS                                                                \
	.refs = { "3.1.1:MQTT-3.3.1-4", "5.0:U50-ERR-CLIENT", "5.0:U50-QOS-BITS", \
		"5.0:MQTT-3.3.1-4" },                                             \
	.codes = { 0x81 }
#define PUBREL_FLAGS_REFS .codes = { 0x81 }
#define AUTH_FLAG_REFS    .refs = { "5.0:MQTT-3.15.1-1" }, .versions = V50, .codes = { 0x81 }

static const struct vector client_bad_flags[] = {
	{ "connack_1", "21 r 0000 p{}", .codes = { 0x81 } },
	{ "connack_2", "22 r 0000 p{}", .codes = { 0x81 } },
	{ "connack_8", "28 r 0000 p{}", .codes = { 0x81 } },
	BAD_FLAGS_OF_MESSAGES,
	{ "suback_1", "91 r m1 p{} 00", .codes = { 0x81 } },
	{ "suback_2", "92 r m1 p{} 00", .codes = { 0x81 } },
	{ "unsuback_1_3_1_1", "B1 r m1", .versions = V311 },
	{ "unsuback_2_3_1_1", "B2 r m1", .versions = V311 },
	{ "unsuback_1_5_0", "B1 r m1 p{} 00", .versions = V50, .codes = { 0x81 } },
	{ "unsuback_2_5_0", "B2 r m1 p{} 00", .versions = V50, .codes = { 0x81 } },
	{ "pingresp_1", "D1 r", .codes = { 0x81 } },
	{ "pingresp_2", "D2 r", .codes = { 0x81 } },
	{ "pingresp_8", "D8 r", .codes = { 0x81 } },
};

CLIENT_CASE(client_bad_flags,
	.title = "A packet with other flags than those of its type ends the connection",
	.refs = { "3.1.1:MQTT-2.2.2-2", "5.0:U50-ERR-CLIENT", "5.0:U50-FLAGS-MALFORMED" },
	.level = MUST, .versions = BOTH, .unaided = true, ROWS(client_bad_flags))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

static const struct vector client_bad_auth_flags[] = {
	{ "auth_1", "F1 r 18 p{15 s\"mqttspec\"}", AUTH_FLAG_REFS },
	{ "auth_2", "F2 r 18 p{15 s\"mqttspec\"}", AUTH_FLAG_REFS },
};

CLIENT_CASE(client_bad_auth_flags, .title = "An AUTH with flags ends the connection",
	.refs = { "5.0:MQTT-3.15.1-1" }, .level = MUST, .versions = V50,
	ROWS(client_bad_auth_flags))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server, .quiet = true);
}

/* Senders must not do it; nothing says what receivers do with it. */
CLIENT_CASE(client_dup_at_qos_0,
	.title = "A QoS 0 PUBLISH with DUP 1 is taken or ends the connection",
	.refs = { "3.1.1:MQTT-3.3.1-2", "5.0:MQTT-3.3.1-2" }, .level = MAY, .versions = BOTH,
	.unaided = true)
{
	struct peer *server = admit(t);
	misbehave(server);
	send_publish(server, .topic = "dup", .payload = "x", .dup = true);
	send_publish(server, .topic = "dup", .payload = "y", .qos = 1, .id = next_id(server));
	expect_one_of(server,
		OUTCOMES({ PUBACK, .verdict = VERDICT_INFO, .says = "DUP 1 is accepted" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "DUP 1 is refused" }));
}

/* ---- types --------------------------------------------------------------------------------- */

static const struct vector client_foreign_types[] = {
	{ "type_0", "00 00", .codes = { 0x81, 0x82 } },
	{ "type_0_with_flags", "0F 00", .codes = { 0x81, 0x82 } },
	{ "type_0_with_body", "00 r m1 00", .codes = { 0x81, 0x82 } },
	{ "type_15", "F0 00", .versions = V311 },
	{ "type_15_with_body", "F0 r 18 00", .versions = V311 },
	{ "connect", "10 r s\"MQTT\" l 02 n0 p{} c", .codes = { 0x82, 0x81 } },
	{ "subscribe", "82 r m1 p{} s\"a\" 00", .codes = { 0x82, 0x81 } },
	{ "unsubscribe", "A2 r m1 p{} s\"a\"", .codes = { 0x82, 0x81 } },
	{ "pingreq", "C0 00", .codes = { 0x82, 0x81 } },
	{ "disconnect", "E0 00", .versions = V311 },
};

CLIENT_CASE(client_foreign_types, .title = "A packet that no server may send ends the connection",
	.refs = { "3.1.1:U311-PKT-TYPE", "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT",
		"5.0:U50-PKT-TYPE" },
	.level = MUST, .versions = BOTH, .unaided = true, ROWS(client_foreign_types))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

/* ---- lengths ------------------------------------------------------------------------------- */

#define FIVE_BYTES                                                                 \
	.refs = { "3.1.1:U311-REMLEN", "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT", \
		"5.0:U50-VBI-MAX" },                                               \
	.codes = { 0x81 }
#define ACK_LENGTH .refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:U311-ACK-LEN" }, .versions = V311
#define PING_LENGTH                                                                  \
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:U311-PING-LEN", "5.0:U50-ERR-CLIENT", \
		"5.0:U50-PING-LEN" },                                                \
	.codes = { 0x81 }

static const struct vector client_bad_remaining_length[] = {
	/* more than four bytes */
	{ "five_bytes_least", "30 FFFFFFFF01", FIVE_BYTES },
	{ "five_bytes_most", "30 FFFFFFFF7F", FIVE_BYTES },
	{ "five_bytes_of_zero", "D0 8080808000", FIVE_BYTES },
	{ "five_bytes_all_continued", "90 FFFFFFFFFF", FIVE_BYTES },
	{ "connack_in_five_bytes", "20 8280808000 0000", FIVE_BYTES },

	/* too short for the fields */
	{ "connack_empty", "20 00", .codes = { 0x81 } },
	{ "connack_half", "20 01 00", .codes = { 0x81 } },
	SHORT_MESSAGES,
	{ "suback_empty", "90 00", .codes = { 0x81 } },
	{ "suback_half_an_id", "90 01 00", .codes = { 0x81 } },
	{ "unsuback_empty", "B0 00", .codes = { 0x81 } },
	{ "unsuback_half_an_id", "B0 01 00", .codes = { 0x81 } },

	/* bytes after the last field */
	{ "connack_longer_3_1_1", "20 r 0000 00",
		.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:U311-CONNACK-LEN" }, .versions = V311 },
	{ "connack_longer_5_0", "20 r 0000 p{} 00", .versions = V50, .codes = { 0x81 } },
	LONG_ACKS,
	{ "unsuback_3", "B0 r m1 00", ACK_LENGTH },
	ACKS_BEHIND_PROPERTIES,
	{ "pingresp_1", "D0 r 00", PING_LENGTH },
	{ "pingresp_2", "D0 r D000", PING_LENGTH },
	{ "pingresp_200", "D0 r 00*200", PING_LENGTH },
};

CLIENT_CASE(client_bad_remaining_length,
	.title = "A Remaining Length that does not fit its packet ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = BOTH,
	.unaided = true, ROWS(client_bad_remaining_length))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

static const struct vector client_long_remaining_length[] = {
	{ "two_bytes_3_1_1", "32 8700 s\"a\" m1 b\"xx\"", .versions = V311 },
	{ "three_bytes_3_1_1", "32 878000 s\"a\" m1 b\"xx\"", .versions = V311 },
	{ "four_bytes_3_1_1", "32 87808000 s\"a\" m1 b\"xx\"", .versions = V311 },
	{ "two_bytes_5_0", "32 8700 s\"a\" m1 p{} b\"x\"", .versions = V50 },
	{ "three_bytes_5_0", "32 878000 s\"a\" m1 p{} b\"x\"", .versions = V50 },
	{ "four_bytes_5_0", "32 87808000 s\"a\" m1 p{} b\"x\"", .versions = V50 },
};

/* Senders of 5.0 must not do it; nothing says what receivers do with it. [MQTT-1.5.5-1] */
CLIENT_CASE(client_long_remaining_length,
	.title = "A Remaining Length in more bytes than needed is taken or ends the connection",
	.refs = { "3.1.1:U311-REMLEN", "5.0:U50-VBI-MAX" }, .level = MAY, .versions = BOTH,
	.unaided = true, ROWS(client_long_remaining_length))
{
	struct peer *server = play_row(t);
	expect_one_of(server,
		OUTCOMES({ PUBACK, .verdict = VERDICT_INFO, .says = "the long form is accepted" },
			{ CLOSED, .verdict = VERDICT_INFO, .says = "the long form is refused" }));
}

/* ---- fields -------------------------------------------------------------------------------- */

#define ID_0_REFS                                                                   \
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-2.3.1-1", "5.0:U50-ERR-CLIENT", \
		"5.0:MQTT-2.2.1-4" },                                               \
	.codes = { 0x82, 0x81 }
#define EMPTY_TOPIC_REFS                                                            \
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-4.7.3-1", "5.0:U50-ERR-CLIENT", \
		"5.0:U50-TOPIC-EMPTY" },                                            \
	.codes = { 0x82, 0x81, 0x90 }
#define WILDCARD_REFS                                                               \
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-3.3.2-2", "5.0:U50-ERR-CLIENT", \
		"5.0:MQTT-3.3.2-2" },                                               \
	.codes = { 0x81, 0x82, 0x90 }
#define CONNACK_FLAGS_REFS \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.2.2-1" }, .codes = { 0x81, 0x82 }

static const struct vector client_bad_fields[] = {
	{ "connack_flag_1", "20 r 0200 p{}", CONNACK_FLAGS_REFS, .versions = V50 },
	{ "connack_flag_7", "20 r 8000 p{}", CONNACK_FLAGS_REFS, .versions = V50 },
	{ "identifier_0_at_qos_1", "32 r s\"a\" m0 p{} b\"x\"", ID_0_REFS },
	{ "identifier_0_at_qos_2", "34 r s\"a\" m0 p{} b\"x\"", ID_0_REFS },
	{ "topic_empty", "30 r s\"\" p{} b\"x\"", EMPTY_TOPIC_REFS },
	{ "topic_empty_at_qos_1", "32 r s\"\" m1 p{} b\"x\"", EMPTY_TOPIC_REFS },
	{ "topic_hash", "30 r s\"#\" p{} b\"x\"", WILDCARD_REFS },
	{ "topic_ends_in_hash", "30 r s\"a/#\" p{} b\"x\"", WILDCARD_REFS },
	{ "topic_plus", "30 r s\"+\" p{} b\"x\"", WILDCARD_REFS },
	{ "topic_with_plus", "30 r s\"a/+/b\" p{} b\"x\"", WILDCARD_REFS },
	{ "topic_with_plus_in_level", "30 r s\"a+b\" p{} b\"x\"", WILDCARD_REFS },
	{ "topic_with_plus_at_qos_1", "32 r s\"a/+\" m1 p{} b\"x\"", WILDCARD_REFS },
};

CLIENT_CASE(client_bad_fields,
	.title = "A packet with a field that may not have its value ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = BOTH,
	.unaided = true, ROWS(client_bad_fields))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

/* ---- Reason Codes of 5.0 ------------------------------------------------------------------- */

#define CODE_REFS(ref) .refs = { "5.0:U50-ERR-CLIENT", ref }, .codes = { 0x82, 0x81 }

/* Codes that no packet has, and codes that belong to other packets. */
static const struct vector client_unknown_codes[] = {
	{ "connack_1", "20 r 00 01 p{}", CODE_REFS("5.0:MQTT-3.2.2-8") },
	{ "connack_7f", "20 r 00 7F p{}", CODE_REFS("5.0:MQTT-3.2.2-8") },
	{ "puback_1", "40 r m1 01", CODE_REFS("5.0:MQTT-3.4.2-1") },
	{ "puback_7f", "40 r m1 7F", CODE_REFS("5.0:MQTT-3.4.2-1") },
	{ "puback_92", "40 r m1 92", CODE_REFS("5.0:MQTT-3.4.2-1") },
	{ "puback_ff", "40 r m1 FF p{}", CODE_REFS("5.0:MQTT-3.4.2-1") },
	{ "pubrec_1", "50 r m1 01", CODE_REFS("5.0:MQTT-3.5.2-1") },
	{ "pubrec_7f", "50 r m1 7F", CODE_REFS("5.0:MQTT-3.5.2-1") },
	{ "pubrec_92", "50 r m1 92", CODE_REFS("5.0:MQTT-3.5.2-1") },
	{ "pubrec_ff", "50 r m1 FF p{}", CODE_REFS("5.0:MQTT-3.5.2-1") },
	{ "pubrel_10", "62 r m1 10", CODE_REFS("5.0:MQTT-3.6.2-1") },
	{ "pubrel_7f", "62 r m1 7F", CODE_REFS("5.0:MQTT-3.6.2-1") },
	{ "pubrel_80", "62 r m1 80", CODE_REFS("5.0:MQTT-3.6.2-1") },
	{ "pubcomp_10", "70 r m1 10", CODE_REFS("5.0:MQTT-3.7.2-1") },
	{ "pubcomp_7f", "70 r m1 7F", CODE_REFS("5.0:MQTT-3.7.2-1") },
	{ "pubcomp_80", "70 r m1 80", CODE_REFS("5.0:MQTT-3.7.2-1") },
};

CLIENT_CASE(client_unknown_codes,
	.title = "A Reason Code that its packet may not have ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, .unaided = true,
	ROWS(client_unknown_codes))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server);
}

/* ---- DISCONNECT of 5.0 ----------------------------------------------------------------------- */

#define DISCONNECT_REFS(ref) .refs = { "5.0:U50-ERR-CLIENT", ref }, .codes = { 0x81, 0x82 }
#define DISCONNECT_FLAGS     .refs = { "5.0:MQTT-3.14.1-1" }, .codes = { 0x81, 0x82 }

static const struct vector client_bad_disconnect[] = {
	{ "flags_1", "E1 r", DISCONNECT_FLAGS },
	{ "flags_2", "E2 r 00 p{}", DISCONNECT_FLAGS },
	{ "code_of_clients", "E0 r 04", DISCONNECT_REFS("5.0:MQTT-3.14.2-1") },
	{ "code_1", "E0 r 01", DISCONNECT_REFS("5.0:MQTT-3.14.2-1") },
	{ "code_7f", "E0 r 7F p{}", DISCONNECT_REFS("5.0:MQTT-3.14.2-1") },
	{ "code_ff", "E0 r FF p{}", DISCONNECT_REFS("5.0:MQTT-3.14.2-1") },
	{ "length_beyond_end", "E0 r 00 p100{}", DISCONNECT_REFS("5.0:U50-PROP-LENGTH") },
	{ "behind_properties", "E0 r 00 p{} 00", DISCONNECT_REFS("5.0:U50-PROP-LENGTH") },
	{ "unknown_property", "E0 r 00 p{7F 00}", DISCONNECT_REFS("5.0:U50-PROP-WRONG-PACKET") },
	{ "maximum_qos", "E0 r 00 p{24 01}", DISCONNECT_REFS("5.0:U50-PROP-WRONG-PACKET") },
	{ "session_expiry", "E0 r 00 p{11 w10}", DISCONNECT_REFS("5.0:MQTT-3.14.2-2") },
	{ "reason_string_twice", "E0 r 00 p{1F s\"why\" 1F s\"why\"}",
		DISCONNECT_REFS("5.0:U50-REASONSTRING-ONCE") },
	{ "reason_string_ill_formed", "E0 r 00 p{1F s\"a\\xED\\xA0\\x80z\"}",
		DISCONNECT_REFS("5.0:U50-UTF8-MALFORMED") },
	{ "user_property_ill_formed", "E0 r 00 p{26 s\"n\" s\"a\\xC0\\xAFz\"}",
		DISCONNECT_REFS("5.0:U50-STRINGPAIR-MALFORMED") },
};

/* A good DISCONNECT ends the connection as well, so a client need not say what it thought of it. */
CLIENT_CASE(client_bad_disconnect, .title = "A malformed DISCONNECT ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, .unaided = true,
	ROWS(client_bad_disconnect))
{
	struct peer *server = play_row(t);
	expect_violation_closed(server, .quiet = true);
}

CHAPTER(client_malformed, "Malformed packets from a server", &case_client_bad_flags,
	&case_client_bad_auth_flags, &case_client_dup_at_qos_0, &case_client_foreign_types,
	&case_client_bad_remaining_length, &case_client_long_remaining_length,
	&case_client_bad_fields, &case_client_unknown_codes, &case_client_bad_disconnect);
