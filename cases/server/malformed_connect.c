/* CONNECT packets that break the format of section 3.1. No server may accept one; 3.1.1 wants the
 * close without a CONNACK, 5.0 allows one. [MQTT-3.1.4-1] In 5.0 this is the statement that binds
 * the server; those on single fields bind the client, and come after it.
 */
#include "harness/case.h"

/* CONNECT up to the Connect Flags, which come next. */
#define HEAD "10 r s\"MQTT\" l "

#define FORMAT_REFS .refs = { "3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1" }, .codes = { 0x81 }
#define FLAGS_REFS                                                                \
	.refs = { "3.1.1:MQTT-2.2.2-2", "3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1", \
		"5.0:U50-FLAGS-MALFORMED" },                                      \
	.codes = { 0x81 }
#define RESERVED_REFS                                                                     \
	.refs = { "3.1.1:MQTT-3.1.2-3", "5.0:MQTT-3.1.2-3", "5.0:U50-CONNECT-RESERVED" }, \
	.codes = { 0x81 }
#define WILL_QOS_REFS                                                               \
	.refs = { "3.1.1:MQTT-3.1.2-13", "3.1.1:MQTT-3.1.2-11", "5.0:MQTT-3.1.4-1", \
		"5.0:MQTT-3.1.2-11" },                                              \
	.codes = { 0x81, 0x82 }
#define WILL_RETAIN_REFS                                                            \
	.refs = { "3.1.1:MQTT-3.1.2-15", "3.1.1:MQTT-3.1.2-11", "5.0:MQTT-3.1.4-1", \
		"5.0:MQTT-3.1.2-13" },                                              \
	.codes = { 0x81, 0x82 }
#define WILL_QOS_3_REFS                                                           \
	.refs = { "3.1.1:MQTT-3.1.2-14", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.2-12", \
		"5.0:U50-WILL-QOS3" },                                            \
	.codes = { 0x81 }
#define WILL_FIELD_REFS \
	.refs = { "3.1.1:MQTT-3.1.2-9", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.2-9" }, .codes = { 0x81 }
#define USER_NAME_REFS                                                              \
	.refs = { "3.1.1:MQTT-3.1.2-19", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.2-17" }, \
	.codes = { 0x81 }
#define PASSWORD_REFS                                                               \
	.refs = { "3.1.1:MQTT-3.1.2-21", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.2-19" }, \
	.codes = { 0x81 }
#define CLIENT_ID_REFS                                                            \
	.refs = { "3.1.1:MQTT-3.1.3-3", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.3-3" }, \
	.codes = { 0x81, 0x85 }

static const struct vector malformed_connect[] = {
	/* the flags of byte 1 */
	{ "header_flags_1", "11 r s\"MQTT\" l 02 n0 p{} c", FLAGS_REFS },
	{ "header_flags_2", "12 r s\"MQTT\" l 02 n0 p{} c", FLAGS_REFS },
	{ "header_flags_8", "18 r s\"MQTT\" l 02 n0 p{} c", FLAGS_REFS },

	/* Connect Flags that exclude each other */
	{ "reserved_flag", HEAD "03 n0 p{} c", RESERVED_REFS },
	{ "reserved_flag_with_all_others",
		HEAD "F7 n0 p{} c p{} t\"w\" s\"bye\" s\"user\" s\"password\"", RESERVED_REFS },
	{ "will_qos_1_without_will", HEAD "0A n0 p{} c", WILL_QOS_REFS },
	{ "will_qos_2_without_will", HEAD "12 n0 p{} c", WILL_QOS_REFS },
	{ "will_qos_3_without_will", HEAD "1A n0 p{} c", WILL_QOS_REFS },
	{ "will_retain_without_will", HEAD "22 n0 p{} c", WILL_RETAIN_REFS },
	{ "will_qos_3", HEAD "1E n0 p{} c p{} t\"w\" s\"bye\"", WILL_QOS_3_REFS },
	{ "password_without_user_name", HEAD "42 n0 c s\"password\"", .versions = V311,
		.refs = { "3.1.1:MQTT-3.1.2-22" } },

	/* fields that a flag announces and that are not there */
	{ "no_payload", HEAD "02 n0 p{}", CLIENT_ID_REFS },
	{ "client_id_half_a_length", HEAD "02 n0 p{} 00", CLIENT_ID_REFS },
	{ "client_id_beyond_end", HEAD "02 n0 p{} n100 b\"abc\"", CLIENT_ID_REFS },
	{ "will_missing", HEAD "06 n0 p{} c", WILL_FIELD_REFS },
	{ "will_topic_missing", HEAD "06 n0 p{} c p{}", WILL_FIELD_REFS },
	{ "will_topic_beyond_end", HEAD "06 n0 p{} c p{} n100 b\"abc\"", WILL_FIELD_REFS },
	{ "will_payload_missing", HEAD "06 n0 p{} c p{} t\"w\"", WILL_FIELD_REFS },
	{ "will_payload_beyond_end", HEAD "06 n0 p{} c p{} t\"w\" n100 b\"abc\"", WILL_FIELD_REFS },
	{ "user_name_missing", HEAD "82 n0 p{} c", USER_NAME_REFS },
	{ "user_name_half_a_length", HEAD "82 n0 p{} c 00", USER_NAME_REFS },
	{ "user_name_beyond_end", HEAD "82 n0 p{} c n100 b\"abc\"", USER_NAME_REFS },
	{ "user_name_missing_behind_will", HEAD "86 n0 p{} c p{} t\"w\" s\"bye\"", USER_NAME_REFS },
	{ "password_missing", HEAD "C2 n0 p{} c s\"user\"", PASSWORD_REFS },
	{ "password_half_a_length", HEAD "C2 n0 p{} c s\"user\" 00", PASSWORD_REFS },
	{ "password_beyond_end", HEAD "C2 n0 p{} c s\"user\" n100 b\"abc\"", PASSWORD_REFS },
	{ "password_missing_without_user_name", HEAD "42 n0 p{} c", .versions = V50,
		PASSWORD_REFS },

	/* fields that no flag announces, and other bytes at the end */
	{ "user_name_without_flag", HEAD "02 n0 p{} c s\"user\"",
		.refs = { "3.1.1:MQTT-3.1.2-18", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.2-16" },
		.codes = { 0x81 } },
	{ "password_without_flag", HEAD "82 n0 p{} c s\"user\" s\"password\"",
		.refs = { "3.1.1:MQTT-3.1.2-20", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.2-18" },
		.codes = { 0x81 } },
	{ "will_without_flag", HEAD "02 n0 p{} c p{} t\"w\" s\"bye\"",
		.refs = { "3.1.1:MQTT-3.1.2-11", "5.0:MQTT-3.1.4-1" }, .codes = { 0x81 } },
	{ "stray_byte", HEAD "02 n0 p{} c 00", FORMAT_REFS },
	{ "stray_bytes_behind_password", HEAD "C2 n0 p{} c s\"user\" s\"password\" 00*100",
		FORMAT_REFS },

	/* a variable header that ends too early */
	{ "empty", "10 00", FORMAT_REFS },
	{ "protocol_name_half_a_length", "10 r 00", FORMAT_REFS },
	{ "protocol_name_beyond_end", "10 r n4 b\"MQT\"", FORMAT_REFS },
	{ "without_level", "10 r s\"MQTT\"", FORMAT_REFS },
	{ "without_flags", "10 r s\"MQTT\" l", FORMAT_REFS },
	{ "without_keep_alive", HEAD "02", FORMAT_REFS },
	{ "half_a_keep_alive", HEAD "02 00", FORMAT_REFS },
	{ "without_properties", HEAD "02 n0", .versions = V50, FORMAT_REFS },
};

CASE(malformed_connect, .title = "A malformed CONNECT is not accepted",
	.refs = { "3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1" }, .level = MUST, .versions = BOTH,
	ROWS(malformed_connect))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* ---- protocols that are not spoken here ---------------------------------------------------- */

#define NAMED(name) "10 r s\"" name "\" l 02 n0 p{} c"

static const struct vector foreign_protocol[] = {
	{ "empty", NAMED(""), .codes = { 0x84 } },
	{ "shorter", NAMED("MQT"), .codes = { 0x84 } },
	{ "longer", NAMED("MQTTX"), .codes = { 0x84 } },
	{ "lower_case", NAMED("mqtt"), .codes = { 0x84 } },
	{ "one_letter_lower_case", NAMED("MQTt"), .codes = { 0x84 } },
	{ "other_letters", NAMED("XXXX"), .codes = { 0x84 } },
	{ "with_nul", NAMED("MQTT\\x00"), .codes = { 0x84 } },
	{ "of_3_1", NAMED("MQIsdp"), .codes = { 0x84 }, .extra = "MQTT 3.1" },
};

#define REFUSED_AS_FOREIGN                                                    \
	{ CLOSED, .verdict = VERDICT_PASS }, { CONNACK, .code = SET(0x84) },  \
		{ CONNACK, .code = SET(0x01) },                               \
		{ CONNACK, SET(0x80), VERDICT_NONSTRICT, "fitting is 0x84" }, \
		{ CONNACK, SET(0x81), VERDICT_NONSTRICT, "fitting is 0x84" }, \
	{                                                                     \
		CONNACK, SET(0x82), VERDICT_NONSTRICT, "fitting is 0x84"      \
	}

/* A server may hold the CONNECT for one of another protocol, and refuse it in the words of any. By the
 * name of MQTT 3.1 it may also go on with that version, whatever the level. Only the properties of 5.0
 * would tell the two apart here.
 */
CASE(foreign_protocol, .title = "A CONNECT with another protocol name is not served as MQTT",
	.refs = { "3.1.1:MQTT-3.1.2-1", "5.0:MQTT-3.1.4-1", "5.0:MQTT-3.1.2-1" }, .level = MUST,
	.versions = BOTH, ROWS(foreign_protocol))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	send_pingreq(client);
	struct packet answer = row(t)->extra
		? expect_one_of(client,
			  OUTCOMES(REFUSED_AS_FOREIGN,
				  { CONNACK, SET(0), VERDICT_NONSTRICT,
					  "it is served as MQTT 3.1, though the level is not 3" }))
		: expect_one_of(client, OUTCOMES(REFUSED_AS_FOREIGN));
	if (answer.type == CLOSED || answer.code)
		expect_closed(client);
	else
		check_in(t, answer, answer.remaining_length == 2, "a CONNACK of MQTT 3.1");
}

#define LEVEL(byte) "10 r s\"MQTT\" " byte " 02 n0 p{} c"

/* Not 3, which some serve, and nothing above 0x7F, where bridges mark themselves. */
static const struct vector unsupported_level[] = {
	{ "level_0", LEVEL("00"), .codes = { 0x84 } },
	{ "level_1", LEVEL("01"), .codes = { 0x84 } },
	{ "level_2", LEVEL("02"), .codes = { 0x84 } },
	{ "level_6", LEVEL("06"), .codes = { 0x84 } },
	{ "level_9", LEVEL("09"), .codes = { 0x84 } },
	{ "level_127", LEVEL("7F"), .codes = { 0x84 } },
};

/* 3.1.1 wants CONNACK 1. But a server that also speaks 5.0 may answer as 5.0 says: with a CONNACK of that
 * version, or by the close alone.
 */
static struct packet expect_level_refused(struct test *t, struct peer *client)
{
	const char *served = "the level is served as one that the target knows";

	if (is_v5(t))
		return expect_one_of(client,
			OUTCOMES({ CLOSED, .verdict = VERDICT_PASS },
				{ CONNACK, .code = SET(0x84) }, { CONNACK, .code = SET(0x01) },
				{ CONNACK, SET(0), VERDICT_NONSTRICT, served },
				{ CONNACK, .verdict = VERDICT_NONSTRICT,
					.says = "fitting is 0x84" }));
	return expect_one_of(client,
		OUTCOMES({ CONNACK, .code = SET(0x01) },
			{ CONNACK, SET(0), VERDICT_NONSTRICT, served },
			{ CLOSED, .verdict = VERDICT_NONSTRICT,
				.says = "3.1.1 wants CONNACK 1 before the close" }));
}

CASE(unsupported_level, .title = "A CONNECT of an unknown protocol level is refused",
	.refs = { "3.1.1:MQTT-3.1.2-2", "3.1.1:MQTT-3.2.2-5", "5.0:MQTT-3.1.2-2",
		"5.0:MQTT-3.2.2-7" },
	.level = MUST, .versions = BOTH, ROWS(unsupported_level))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	if (!is_v5(t) && offers(t)->refuses_50) {
		expect_refused(client, .return_code = 0x01);
		return;
	}
	struct packet answer = expect_level_refused(t, client);
	if (answer.type == CLOSED || answer.code)
		expect_closed(client);
}

CHAPTER(malformed_connect, "CONNECT packets that no server may accept", &case_malformed_connect,
	&case_foreign_protocol, &case_unsupported_level);
