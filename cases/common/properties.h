/* Properties of 5.0 as rows of tables, for the packets that both sides send: PUBLISH, PUBACK, PUBREC, PUBREL and
 * PUBCOMP. Whoever includes this defines TOPIC_A, a topic as its templates spell it, and what the rows cite:
 * LENGTH_REFS, MISSING_REFS, FIVE_REFS, UNKNOWN_REFS and ONCE(statement).
 */
#ifndef CASES_COMMON_PROPERTIES_H
#define CASES_COMMON_PROPERTIES_H

/* A packet with these properties, and nothing else wrong with it. */
#define IN_PUBLISH(p) "30 r " TOPIC_A " p{" p "} b\"x\""
#define IN_PUBACK(p)  "40 r m1 00 p{" p "}"
#define IN_PUBREC(p)  "50 r m1 00 p{" p "}"
#define IN_PUBREL(p)  "62 r m1 00 p{" p "}"
#define IN_PUBCOMP(p) "70 r m1 00 p{" p "}"

/* clang-format off */

/* ---- lengths and ids ------------------------------------------------------------------------- */

#define BAD_PROPERTIES_OF_PUBLISH \
	{ "publish_without_length", "30 r " TOPIC_A, MISSING_REFS }, \
	{ "publish_length_beyond_end", "30 r " TOPIC_A " p100{} b\"x\"", LENGTH_REFS }, \
	{ "publish_length_in_five_bytes", "30 r " TOPIC_A " 8080808001 b\"x\"", FIVE_REFS }, \
	{ "publish_cut_in_value", "30 r " TOPIC_A " p-1{02 w60} b\"x\"", LENGTH_REFS }, \
	{ "publish_cut_in_string", "30 r " TOPIC_A " p-1{03 s\"abc\"} b\"x\"", LENGTH_REFS }, \
	{ "publish_cut_in_pair", "30 r " TOPIC_A " p-3{26 s\"n\" s\"v\"} b\"x\"", LENGTH_REFS }, \
	{ "publish_cut_behind_id", "30 r " TOPIC_A " p1{01 01} b\"x\"", LENGTH_REFS }, \
	{ "publish_string_beyond_length", "30 r " TOPIC_A " p{03 n100 b\"abc\"} b\"x\"", \
		LENGTH_REFS }, \
	{ "publish_unknown_0", IN_PUBLISH("00 00"), UNKNOWN_REFS }, \
	{ "publish_unknown_4", IN_PUBLISH("04 00"), UNKNOWN_REFS }, \
	{ "publish_unknown_127", IN_PUBLISH("7F 00"), UNKNOWN_REFS }, \
	{ "publish_unknown_128", IN_PUBLISH("v128 00"), UNKNOWN_REFS }, \
	{ "publish_unknown_behind_known", IN_PUBLISH("01 00 7F 00"), UNKNOWN_REFS }

#define BAD_PROPERTIES_OF_ACK(name, first) \
	{ name "_length_beyond_end", first " r m1 00 p100{}", LENGTH_REFS }, \
	{ name "_cut_in_pair", first " r m1 00 p-1{26 s\"n\" s\"v\"}", LENGTH_REFS }, \
	{ name "_unknown_127", first " r m1 00 p{7F 00}", UNKNOWN_REFS }

#define BAD_PROPERTIES_OF_ACKS \
	BAD_PROPERTIES_OF_ACK("puback", "40"), BAD_PROPERTIES_OF_ACK("pubrec", "50"), \
		BAD_PROPERTIES_OF_ACK("pubrel", "62"), BAD_PROPERTIES_OF_ACK("pubcomp", "70")

/* ---- properties of other packets ------------------------------------------------------------- */

/* X(id, template item) for the properties of ... */
#define OF_CONNACK(X) \
	X("assigned_client_id", "12 s\"id\"") \
	X("server_keep_alive", "13 n10") \
	X("response_information", "1A s\"info\"") \
	X("server_reference", "1C s\"other\"") \
	X("maximum_qos", "24 01") \
	X("retain_available", "25 01") \
	X("wildcards_available", "28 01") \
	X("subscription_ids_available", "29 01") \
	X("shared_available", "2A 01")
#define OF_BOTH_CONNECTS(X) \
	X("session_expiry", "11 w10") \
	X("authentication_method", "15 s\"m\"") \
	X("authentication_data", "16 s\"d\"") \
	X("receive_maximum", "21 n10") \
	X("topic_alias_maximum", "22 n10") \
	X("maximum_packet_size", "27 w100000")
#define OF_CONNECT(X) \
	X("request_problem_information", "17 01") \
	X("request_response_information", "19 00")
#define OF_MESSAGES(X) \
	X("payload_format", "01 00") \
	X("message_expiry", "02 w10") \
	X("content_type", "03 s\"text\"") \
	X("response_topic", "08 s\"answers\"") \
	X("correlation_data", "09 s\"data\"")
#define OF_WILL(X)      X("will_delay", "18 w0")
#define OF_PUBLISH(X)   X("topic_alias", "23 n1")
#define OF_SUBSCRIBE(X) X("subscription_id", "0B v1") /* and of a server's PUBLISH */
#define OF_ACKS(X)      X("reason_string", "1F s\"why\"")

#define PUBLISH_ROW(name, p) { "publish_" name, IN_PUBLISH(p), UNKNOWN_REFS },
#define PUBACK_ROW(name, p)  { "puback_" name, IN_PUBACK(p), UNKNOWN_REFS },
#define PUBREC_ROW(name, p)  { "pubrec_" name, IN_PUBREC(p), UNKNOWN_REFS },
#define PUBREL_ROW(name, p)  { "pubrel_" name, IN_PUBREL(p), UNKNOWN_REFS },
#define PUBCOMP_ROW(name, p) { "pubcomp_" name, IN_PUBCOMP(p), UNKNOWN_REFS },

/* No acknowledgement has any of these. */
#define FOREIGN_TO_ACKS(X) \
	OF_CONNACK(X) \
	OF_BOTH_CONNECTS(X) \
	OF_CONNECT(X) \
	OF_MESSAGES(X) \
	OF_WILL(X) \
	OF_PUBLISH(X) \
	OF_SUBSCRIBE(X)

#define FOREIGN_PROPERTIES \
	OF_CONNACK(PUBLISH_ROW) \
	OF_BOTH_CONNECTS(PUBLISH_ROW) \
	OF_CONNECT(PUBLISH_ROW) \
	OF_WILL(PUBLISH_ROW) \
	OF_ACKS(PUBLISH_ROW) \
	FOREIGN_TO_ACKS(PUBACK_ROW) \
	FOREIGN_TO_ACKS(PUBREC_ROW) \
	FOREIGN_TO_ACKS(PUBREL_ROW) \
	FOREIGN_TO_ACKS(PUBCOMP_ROW)

/* ---- properties twice, and others that make no sense ------------------------------------------- */

#define TWICE(p) p " " p

#define REPEATED_PROPERTIES \
	{ "publish_content_type", IN_PUBLISH(TWICE("03 s\"a\"")), \
		ONCE("5.0:U50-RESPTOPIC-ONCE") }, \
	{ "publish_response_topic", IN_PUBLISH(TWICE("08 s\"a\"")), \
		ONCE("5.0:U50-RESPTOPIC-ONCE") }, \
	{ "publish_correlation_data", IN_PUBLISH("09 s\"a\" 09 s\"b\""), \
		ONCE("5.0:U50-RESPTOPIC-ONCE") }, \
	{ "publish_topic_alias", IN_PUBLISH(TWICE("23 n1")), ONCE("5.0:U50-ALIAS-ONCE") }, \
	{ "puback_reason_string", IN_PUBACK(TWICE("1F s\"why\"")), \
		ONCE("5.0:U50-REASONSTRING-ONCE") }, \
	{ "pubrec_reason_string", IN_PUBREC(TWICE("1F s\"why\"")), \
		ONCE("5.0:U50-REASONSTRING-ONCE") }, \
	{ "pubrel_reason_string", IN_PUBREL(TWICE("1F s\"why\"")), \
		ONCE("5.0:U50-REASONSTRING-ONCE") }, \
	{ "pubcomp_reason_string", IN_PUBCOMP(TWICE("1F s\"why\"")), \
		ONCE("5.0:U50-REASONSTRING-ONCE") }

/* Sections 3.3.2.3.2 and 3.3.2.3.3 do not say that these are errors, or what follows. */
#define DOUBTFUL_PROPERTIES \
	{ "publish_payload_format_twice", IN_PUBLISH(TWICE("01 00")), \
		.versions = V50, .codes = { 0x82, 0x81 } }, \
	{ "publish_message_expiry_twice", IN_PUBLISH(TWICE("02 w60")), \
		.versions = V50, .codes = { 0x82, 0x81 } }, \
	{ "publish_payload_format_2", IN_PUBLISH("01 02"), \
		.versions = V50, .codes = { 0x82, 0x81, 0x99 } }

/* clang-format on */

#endif
