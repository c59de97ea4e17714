/* CONNACK, 3.2: what a client makes of the server's answer, legal or not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/client_case.h"

#define CODE(n) (&(const unsigned){ n })

enum {
	CONNACK_MS = 4000, /* that a client waits for it at least */
	RECEIVE_MAXIMUM = 0x21,
	MAXIMUM_PACKET_SIZE = 0x27,
	ASSIGNED_CLIENT_ID = 0x12,
	SERVER_REFERENCE = 0x1C,
};

/* A connection whose CONNECT was read and not yet answered. */
static struct peer *waiting(struct test *t)
{
	struct peer *server = accept_client(t);

	need(server, CONNECT);
	return server;
}

/* Whether the client has left it to the server to name it: then CONNACK has to. [MQTT-3.2.2-16] */
static bool is_unnamed(struct test *t, const struct packet *connect)
{
	return is_v5(t) && !connect->client_id.len;
}

/* ---- accepted ------------------------------------------------------------------------------ */

CLIENT_CASE(connack_accepts, .title = "CONNACK with code 0 makes the connection usable",
	.refs = { "3.1.1:U311-CONNACK-CODES", "5.0:U50-REASON-RANGE" }, .level = STATED,
	.versions = BOTH, .unaided = true)
{
	do_connect(t);
	struct peer *server = waiting(t);
	send_connack(server);
	fence(server);
}

CLIENT_CASE(connack_accepts_told, .title = "The user is told that CONNECT was accepted",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	unsigned command = do_connect(t);
	struct peer *server = waiting(t);
	send_connack(server);
	fence(server);
	struct told answer = expect_connected(t, command);
	check(t, !answer.session_present.value, "no session is told to be present",
		"Session Present 1 is told");
}

/* The stream is cut anywhere, and one read may bring several packets. */
CLIENT_CASE(connack_and_message_at_once,
	.title = "A message right after CONNACK, in the same bytes, is received",
	.refs = { "3.1.1:MQTT-4.5.0-2", "3.1.1:MQTT-7.1.2-1", "5.0:MQTT-4.5.0-2",
		"5.0:MQTT-4.2-1" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	struct packet hello = need(server, CONNECT);
	if (is_unnamed(t, &hello))
		send_bytes(server,
			BYTES("\x20\x09\x00\x00\x06\x12\x00\x03you\x32\x07\x00\x01"
			      "a\x00\x07\x00x"));
	else if (is_v5(t))
		send_bytes(server,
			BYTES("\x20\x03\x00\x00\x00\x32\x07\x00\x01"
			      "a\x00\x07\x00x"));
	else
		send_bytes(server,
			BYTES("\x20\x02\x00\x00\x32\x06\x00\x01"
			      "a\x00\x07x"));
	expect_ack(server, PUBACK, 7);
}

static void check_told_number(
	struct test *t, const struct told *answer, unsigned id, uint32_t number)
{
	judging(t, "5.0:UALL-AS-ASKED");
	if (properties_find(&answer->properties, id))
		check_value(t, &answer->properties, id, number);
}

/* Two orders of the same. */
static const struct vector full_connacks[] = {
	{ "by_number",
		.template = "20 r 00 00 p{11 w100 13 n60 1F s\"as you like\" 21 n9 22 n5 24 01 25 "
			    "00 26 "
			    "s\"b\" s\"2\" 26 s\"a\" s\"1\" 26 s\"b\" s\"2\" 27 w50000 28 00 29 00 "
			    "2A 00}" },
	{ "reversed",
		.template = "20 r 00 00 p{2A 00 29 00 28 00 27 w50000 26 s\"b\" s\"2\" 26 s\"a\" "
			    "s\"1\" 26 "
			    "s\"b\" s\"2\" 25 00 24 01 22 n5 21 n9 1F s\"as you like\" 13 n60 11 "
			    "w100}" },
};

CLIENT_CASE(connack_with_everything,
	.title = "A CONNACK with all its properties, in any order, is accepted",
	.refs = { "5.0:U50-PROP-ORDER", "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50,
	ROWS(full_connacks))
{
	unsigned command = do_connect(t, .kept = true);
	struct peer *server = waiting(t);
	send_row(server);
	fence(server);
	struct told answer = expect_connected(t, command);
	check_told_number(t, &answer, 0x11, 100);
	check_told_number(t, &answer, 0x13, 60);
	check_told_number(t, &answer, RECEIVE_MAXIMUM, 9);
	check_told_number(t, &answer, 0x22, 5);
	check_told_number(t, &answer, 0x24, 1);
	check_told_number(t, &answer, 0x25, 0);
	check_told_number(t, &answer, 0x27, 50000);
	check_told_number(t, &answer, 0x28, 0);
}

/* The longest that fit into a packet of moderate size. */
static const struct vector odd_connacks[] = {
	{ "empty_reason_string", .template = "20 r 00 00 p{1F s\"\"}" },
	{ "empty_user_property", .template = "20 r 00 00 p{26 s\"\" s\"\"}" },
	{ "long_reason_string", .template = "20 r 00 00 p{1F FFFF 61*65535}" },
	{ "many_user_properties", .template = "20 r 00 00 p{26000161000162*1000}" },
	{ "byte_order_mark", "20 r 00 00 p{1F s\"\\xEF\\xBB\\xBFx\"}",
		.refs = { "5.0:MQTT-1.5.4-3" } },
	{ "largest_values",
		.template = "20 r 00 00 p{11 w4294967295 13 n65535 21 n65535 22 n65535}" },
	{ "largest_packet", .template = "20 r 00 00 p{27 w268435460}",
		.refs = { "5.0:U50-MAXPKT-ZERO" } },
	{ "any_packet", .template = "20 r 00 00 p{27 w4294967295}",
		.refs = { "5.0:U50-MAXPKT-ZERO" } },
	{ "smallest_values", .template = "20 r 00 00 p{11 w0 13 n0 21 n1 22 n0}" },
	{ "receive_maximum_1", .template = "20 r 00 00 p{21 n1}" },
	{ "everything_available", .template = "20 r 00 00 p{25 01 28 01 29 01 2A 01}" },
};

/* The row, and what a client without a ClientId has to be told in the same CONNACK. */
static void send_naming_row(struct peer *server, const char *template)
{
	char text[400];
	const char *properties = strstr(template, "p{") + 2;

	snprintf(text, sizeof(text), "%.*s12 s\"you\" %s", (int)(properties - template), template,
		properties);
	send_template(server, text);
}

CLIENT_CASE(connack_of_odd_size, .title = "A legal CONNACK is accepted whatever its properties say",
	.refs = { "5.0:U50-REASON-RANGE", "5.0:U50-PROP-LENGTH" }, .level = STATED, .versions = V50,
	.unaided = true, ROWS(odd_connacks))
{
	do_connect(t);
	struct peer *server = accept_client(t);
	struct packet hello = need(server, CONNECT);
	const struct property *most = properties_find(&hello.properties, MAXIMUM_PACKET_SIZE);
	require(t, !most || most->number > 70000, "a small Maximum Packet Size");
	only_until(
		t, now_us(t), CONNACK_MS); /* byte by byte it may take longer than a client waits */
	if (is_unnamed(t, &hello))
		send_naming_row(server, row(t)->template);
	else
		send_row(server);
	fence(server);
}

CLIENT_CASE(connack_assigned_client_id,
	.title = "A client without a ClientId takes the one that CONNACK assigns",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	unsigned command = do_connect(t, .client_id = "");
	struct peer *server = accept_client(t);
	struct packet hello = need(server, CONNECT);
	require(t, hello.client_id.len == 0, "it makes up a ClientId");
	send_connack(server, .props = PROPS(P_ASSIGNED_CLIENT_ID("assigned-4711")));
	fence(server);
	struct told answer = expect_connected(t, command);
	const struct property *told = properties_find(&answer.properties, ASSIGNED_CLIENT_ID);
	if (told)
		check_words(t, "Assigned Client Identifier", told->value, "assigned-4711");
	else
		observe(t, "the assigned ClientId is not told");
}

/* ---- refused ------------------------------------------------------------------------------- */

static const struct vector refusals[] = {
	{ "unacceptable_version", "20 02 00 01", .versions = V311, .extra = CODE(1) },
	{ "identifier_rejected", "20 02 00 02", .versions = V311, .extra = CODE(2) },
	{ "server_unavailable", "20 02 00 03", .versions = V311, .extra = CODE(3) },
	{ "bad_credentials", "20 02 00 04", .versions = V311, .extra = CODE(4) },
	{ "not_authorized_in_311", "20 02 00 05", .versions = V311, .extra = CODE(5) },
	{ "session_present_and_refused", "20 02 01 05", .versions = V311, .extra = CODE(5) },
	{ "unspecified", "20 r 00 80 p{}", .versions = V50, .extra = CODE(0x80) },
	{ "malformed_packet", "20 r 00 81 p{}", .versions = V50, .extra = CODE(0x81) },
	{ "protocol_error", "20 r 00 82 p{}", .versions = V50, .extra = CODE(0x82) },
	{ "implementation_specific", "20 r 00 83 p{}", .versions = V50, .extra = CODE(0x83) },
	{ "unsupported_version", "20 r 00 84 p{}", .versions = V50, .extra = CODE(0x84) },
	{ "client_id_not_valid", "20 r 00 85 p{}", .versions = V50, .extra = CODE(0x85) },
	{ "bad_user_name", "20 r 00 86 p{}", .versions = V50, .extra = CODE(0x86) },
	{ "not_authorized", "20 r 00 87 p{}", .versions = V50, .extra = CODE(0x87) },
	{ "unavailable", "20 r 00 88 p{}", .versions = V50, .extra = CODE(0x88) },
	{ "busy", "20 r 00 89 p{}", .versions = V50, .extra = CODE(0x89) },
	{ "banned", "20 r 00 8A p{}", .versions = V50, .extra = CODE(0x8A) },
	{ "bad_authentication_method", "20 r 00 8C p{}", .versions = V50, .extra = CODE(0x8C) },
	{ "topic_name_invalid", "20 r 00 90 p{}", .versions = V50, .extra = CODE(0x90) },
	{ "packet_too_large", "20 r 00 95 p{}", .versions = V50, .extra = CODE(0x95) },
	{ "quota_exceeded", "20 r 00 97 p{}", .versions = V50, .extra = CODE(0x97) },
	{ "payload_format_invalid", "20 r 00 99 p{}", .versions = V50, .extra = CODE(0x99) },
	{ "retain_not_supported", "20 r 00 9A p{}", .versions = V50, .extra = CODE(0x9A) },
	{ "qos_not_supported", "20 r 00 9B p{}", .versions = V50, .extra = CODE(0x9B) },
	{ "use_another_server", "20 r 00 9C p{1C s\"localhost:1\"}", .versions = V50,
		.extra = CODE(0x9C) },
	{ "server_moved", "20 r 00 9D p{1C s\"localhost:1 localhost:2\"}", .versions = V50,
		.extra = CODE(0x9D) },
	{ "server_moved_without_reference", "20 r 00 9D p{}", .versions = V50,
		.extra = CODE(0x9D) },
	{ "connection_rate", "20 r 00 9F p{}", .versions = V50, .extra = CODE(0x9F) },
	{ "with_explanation", "20 r 00 87 p{1F s\"go away\" 26 s\"a\" s\"1\" 26 s\"a\" s\"1\"}",
		.versions = V50, .extra = CODE(0x87) },
};

/* The server closes after such a CONNACK. */
CLIENT_CASE(refusal_told, .title = "A refused CONNECT is not taken for an accepted one",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH, ROWS(refusals))
{
	const unsigned *code = row(t)->extra;
	unsigned command = do_connect(t);
	struct peer *server = waiting(t);
	send_row(server);
	drop(server);
	struct told answer = expect_answer(t, command);
	check(t, answer.kind != TOLD_CONNECTED, "the user is not told that it is connected",
		"it is told `connected`");
	if (answer.kind == TOLD_NOTHING)
		return;
	if (answer.kind != TOLD_REFUSED || !answer.code.set)
		observe(t, "the code of the refusal is not told");
	else if (answer.code.value != *code)
		nonstrict(t, "the user is told 0x%02X for a refusal with 0x%02X", answer.code.value,
			*code);
}

/* A server that is slow to close, which it has to. No statement tells the client to be first. */
CLIENT_CASE(refusal_ends_connection, .title = "A client that was refused closes the connection",
	.refs = { "3.1.1:U311-CONNACK-CODES", "5.0:MQTT-4.13.2-1" }, .level = SHOULD,
	.versions = BOTH, .unaided = true, ROWS(refusals))
{
	do_connect(t);
	struct peer *server = waiting(t);
	send_row(server);
	expect_violation_closed(server, .quiet = true);
}

/* What a client tries again, it tries on a new connection. */
CLIENT_CASE(refusal_then_another_attempt,
	.title = "After a refusal a new connection can be made and used", .refs = { AS_ASKED },
	.level = STATED, .versions = BOTH)
{
	unsigned command = do_connect(t);
	struct peer *server = waiting(t);
	send_connack(server, .code = is_v5(t) ? 0x88 : 3);
	drop(server);
	expect_answer(t, command);
	unsigned again = do_connect(t);
	server = accept_client(t);
	expect(server, CONNECT);
	send_connack(server);
	fence(server);
	expect_connected(t, again);
}

static const struct vector reserved_refusals[] = {
	{ "code_6", "20 02 00 06", .versions = V311 },
	{ "code_127", "20 02 00 7F", .versions = V311 },
	{ "code_128", "20 02 00 80", .versions = V311 },
	{ "code_255", "20 02 00 FF", .versions = V311 },
	{ "code_8b", "20 r 00 8B p{}", .versions = V50 },
	{ "code_a2", "20 r 00 A2 p{}", .versions = V50 },
	{ "code_ff", "20 r 00 FF p{}", .versions = V50 },
};

CLIENT_CASE(unknown_refusal, .title = "A CONNACK with an unknown code of failure is no acceptance",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH, ROWS(reserved_refusals))
{
	unsigned command = do_connect(t);
	struct peer *server = waiting(t);
	send_row(server);
	drop(server);
	struct told answer = expect_answer(t, command);
	check(t, answer.kind != TOLD_CONNECTED, "the user is not told that it is connected",
		"it is told `connected`");
}

/* A Server Reference is advice. */
CLIENT_CASE(redirection_told, .title = "The Server Reference of a refusal is told",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	unsigned command = do_connect(t);
	struct peer *server = waiting(t);
	send_connack(server, .code = 0x9C, .props = PROPS(P_SERVER_REFERENCE("localhost:1")));
	drop(server);
	struct told answer = expect_answer(t, command);
	const struct property *told = properties_find(&answer.properties, SERVER_REFERENCE);
	if (told)
		check_words(t, "Server Reference", told->value, "localhost:1");
	else
		observe(t, "the Server Reference is not told");
}

/* ---- Session Present ----------------------------------------------------------------------- */

CLIENT_CASE(session_present_to_new_session,
	.title = "Session Present 1 for a CONNECT with Clean Start 1 ends the connection",
	.refs = { "5.0:MQTT-3.2.2-4" }, .level = MUST, .versions = V50, .unaided = true)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	struct packet hello = need(server, CONNECT);
	require(t, hello.connect_flags & CONNECT_CLEAN, "it does not ask for a new session");
	misbehave(server);
	send_connack(server, .present = true);
	expect_violation_closed(server, .codes = { 0x82 }, .quiet = true);
}

/* A client cannot tell a session without anything in it from none, if an earlier process of it may
 * have left one.
 */
CLIENT_CASE(session_present_to_fresh_client,
	.title = "Session Present 1 for a client that never connected before ends the connection",
	.refs = { "5.0:MQTT-3.2.2-4" }, .level = SHOULD, .versions = V50)
{
	do_connect(t, .kept = true);
	struct peer *server = waiting(t);
	send_connack(server, .present = true);
	expect_violation_closed(server, .codes = { 0x82 }, .quiet = true);
}

/* ---- what must not come -------------------------------------------------------------------- */

#define BEFORE_CONNACK                                                              \
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-3.2.0-1", "5.0:U50-ERR-CLIENT", \
		"5.0:MQTT-3.2.0-1" },                                               \
	.codes = { 0x82 }

static const struct vector early_packets[] = {
	{ "publish_qos_0", "30 r s\"a\" p{} b\"x\"", BEFORE_CONNACK },
	{ "publish_qos_1", "32 r s\"a\" m1 p{} b\"x\"", BEFORE_CONNACK },
	{ "publish_qos_2", "34 r s\"a\" m1 p{} b\"x\"", BEFORE_CONNACK },
	{ "puback", "40 r m1", BEFORE_CONNACK },
	{ "pubrec", "50 r m1", BEFORE_CONNACK },
	{ "pubrel", "62 r m1", BEFORE_CONNACK },
	{ "pubcomp", "70 r m1", BEFORE_CONNACK },
	{ "suback", "90 r m1 p{} 00", BEFORE_CONNACK },
	{ "unsuback_of_311", "B0 r m1", BEFORE_CONNACK, .versions = V311 },
	{ "unsuback", "B0 r m1 p{} 00", BEFORE_CONNACK, .versions = V50 },
	{ "pingresp", "D0 r", BEFORE_CONNACK },
};

CLIENT_CASE(packet_before_connack,
	.title = "A packet that the server sends before CONNACK ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:MQTT-3.2.0-1", "5.0:U50-ERR-CLIENT",
		"5.0:MQTT-3.2.0-1" },
	.level = MUST, .versions = BOTH, .unaided = true, ROWS(early_packets))
{
	do_connect(t);
	struct peer *server = waiting(t);
	send_row(server);
	send_connack(server);
	expect_violation_closed(server, .quiet = true);
}

/* The server must not, and says with it that it closes. */
CLIENT_CASE(disconnect_before_connack,
	.title = "A DISCONNECT in the place of CONNACK ends the connection",
	.refs = { "5.0:U50-DISC-CLOSE", "5.0:MQTT-3.14.0-1" }, .level = SHOULD, .versions = V50,
	.unaided = true)
{
	do_connect(t);
	struct peer *server = waiting(t);
	misbehave(server);
	send_disconnect(server, .code = SET(0x8B));
	send_connack(server);
	expect_violation_closed(server, .quiet = true);
}

static const struct vector second_connacks[] = {
	{ "the_same", .template = "20 r 00 00 p{}" },
	{ "session_present", .template = "20 r 01 00 p{}" },
	{ "refusal_in_311", "20 02 00 05", .versions = V311 },
	{ "refusal", "20 r 00 87 p{}", .versions = V50 },
	{ "other_values", "20 r 00 00 p{13 n30 21 n1}", .versions = V50 },
};

/* The standard forbids it to the server, and calls it an error in no other words. */
CLIENT_CASE(second_connack, .title = "A second CONNACK ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.2.0-2" }, .level = SHOULD,
	.versions = BOTH, .unaided = true, ROWS(second_connacks))
{
	do_connect(t);
	struct peer *server = waiting(t);
	send_connack(server);
	fence(server);
	send_row(server);
	expect_violation_closed(server, .quiet = true);
}

static const struct vector ack_flags[] = {
	{ "bit_1", .template = "20 r 02 00 p{}" },
	{ "bit_7", .template = "20 r 80 00 p{}" },
	{ "bits_1_to_7", .template = "20 r FE 00 p{}" },
};

/* Bits that may mean something one day: looking at them is good, and demanded of nobody. */
CLIENT_CASE(connack_reserved_flags,
	.title = "Reserved bits in the flags of CONNACK end the connection",
	.refs = { "3.1.1:U311-CONNACK-FLAGS", "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.2.2-1" },
	.level = SHOULD, .versions = BOTH, .unaided = true, ROWS(ack_flags))
{
	do_connect(t);
	struct peer *server = waiting(t);
	send_row(server);
	expect_violation_closed(server, .codes = { 0x81, 0x82 }, .quiet = true);
}

#define BAD_FORM                                                                          \
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:U311-CONNACK-LEN", "5.0:U50-ERR-CLIENT" }, \
	.codes = { 0x81 }
#define BAD_FLAGS                                                                          \
	.refs = { "3.1.1:MQTT-2.2.2-2", "5.0:U50-ERR-CLIENT", "5.0:U50-FLAGS-MALFORMED" }, \
	.codes = { 0x81 }
#define MALFORMED(statement) \
	.versions = V50, .refs = { "5.0:U50-ERR-CLIENT", statement }, .codes = { 0x81, 0x82 }
#define FOREIGN MALFORMED("5.0:U50-PROP-WRONG-PACKET")
#define TWICE(statement)                                                                   \
	.versions = V50, .refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-PROP-ONCE", statement }, \
	.codes = { 0x82, 0x81 }

static const struct vector malformed_connacks[] = {
	{ "length_0", "20 r", BAD_FORM },
	{ "length_1", "20 r 00", BAD_FORM },
	{ "length_3", "20 r 00 00 00", BAD_FORM, .versions = V311 },
	{ "much_longer", "20 r 00 00 b\"and more\"", BAD_FORM, .versions = V311 },
	{ "flags_1", "21 r 00 00 p{}", BAD_FLAGS },
	{ "flags_2", "22 r 00 00 p{}", BAD_FLAGS },
	{ "flags_8", "28 r 00 00 p{}", BAD_FLAGS },
	{ "flags_15", "2F r 00 00 p{}", BAD_FLAGS },
	{ "no_property_length", "20 r 00 00", MALFORMED("5.0:MQTT-2.2.2-1") },
	{ "bytes_behind_the_properties", "20 r 00 00 p{} 00", MALFORMED("5.0:U50-PROP-LENGTH") },
	{ "property_length_beyond_the_end", "20 r 00 00 p+1{13 n60}",
		MALFORMED("5.0:U50-PROP-LENGTH") },
	{ "property_length_cuts_a_property", "20 r 00 00 p-1{13 n60}",
		MALFORMED("5.0:U50-PROP-LENGTH") },
	{ "property_length_of_five_bytes", "20 r 00 00 80808080 00", MALFORMED("5.0:U50-VBI-MAX") },
	{ "property_cut_short", "20 r 00 00 p{13 00}", MALFORMED("5.0:U50-PROP-LENGTH") },
	{ "string_beyond_the_end", "20 r 00 00 p{1F 0005 b\"abc\"}",
		MALFORMED("5.0:U50-PROP-LENGTH") },
	{ "property_0", "20 r 00 00 p{00 00}", FOREIGN },
	{ "property_7f", "20 r 00 00 p{7F 00}", FOREIGN },
	{ "payload_format", "20 r 00 00 p{01 01}", FOREIGN },
	{ "content_type", "20 r 00 00 p{03 s\"x\"}", FOREIGN },
	{ "subscription_id", "20 r 00 00 p{0B 01}", FOREIGN },
	{ "request_problem_information", "20 r 00 00 p{17 01}", FOREIGN },
	{ "will_delay", "20 r 00 00 p{18 w1}", FOREIGN },
	{ "topic_alias", "20 r 00 00 p{23 n1}", FOREIGN },
	{ "session_expiry_twice", "20 r 00 00 p{11 w1 11 w1}",
		TWICE("5.0:U50-SESSION-EXPIRY-ONCE") },
	{ "assigned_client_id_twice", "20 r 00 00 p{12 s\"x\" 12 s\"x\"}",
		TWICE("5.0:U50-ASSIGNEDID-ONCE") },
	{ "server_keep_alive_twice", "20 r 00 00 p{13 n60 13 n60}",
		TWICE("5.0:U50-SERVERKA-ONCE") },
	{ "response_information_twice", "20 r 00 00 p{1A s\"x\" 1A s\"x\"}",
		TWICE("5.0:U50-RESPINFO") },
	{ "reason_string_twice", "20 r 00 00 p{1F s\"x\" 1F s\"x\"}",
		TWICE("5.0:U50-REASONSTRING-ONCE") },
	{ "receive_maximum_twice", "20 r 00 00 p{21 n9 21 n9}", TWICE("5.0:U50-RECVMAX-ZERO") },
	{ "topic_alias_maximum_twice", "20 r 00 00 p{22 n9 22 n9}",
		TWICE("5.0:U50-ALIASMAX-DEFAULT") },
	{ "maximum_qos_twice", "20 r 00 00 p{24 01 24 01}", TWICE("5.0:U50-MAXQOS-RANGE") },
	{ "retain_available_twice", "20 r 00 00 p{25 01 25 01}",
		TWICE("5.0:U50-RETAINAVAIL-RANGE") },
	{ "maximum_packet_size_twice", "20 r 00 00 p{27 w9999 27 w9999}",
		TWICE("5.0:U50-MAXPKT-ZERO") },
	{ "wildcards_available_twice", "20 r 00 00 p{28 01 28 01}",
		TWICE("5.0:U50-WILDCARDAVAIL") },
	{ "subscription_ids_available_twice", "20 r 00 00 p{29 01 29 01}",
		TWICE("5.0:U50-SUBIDAVAIL") },
	{ "shared_available_twice", "20 r 00 00 p{2A 01 2A 01}", TWICE("5.0:U50-SHAREDAVAIL") },
	{ "receive_maximum_0", "20 r 00 00 p{21 n0}", MALFORMED("5.0:U50-RECVMAX-ZERO") },
	{ "maximum_qos_2", "20 r 00 00 p{24 02}", MALFORMED("5.0:U50-MAXQOS-RANGE") },
	{ "retain_available_2", "20 r 00 00 p{25 02}", MALFORMED("5.0:U50-RETAINAVAIL-RANGE") },
	{ "maximum_packet_size_0", "20 r 00 00 p{27 w0}", MALFORMED("5.0:U50-MAXPKT-ZERO") },
	{ "wildcards_available_2", "20 r 00 00 p{28 02}", MALFORMED("5.0:U50-WILDCARDAVAIL") },
	{ "subscription_ids_available_2", "20 r 00 00 p{29 02}", MALFORMED("5.0:U50-SUBIDAVAIL") },
	{ "shared_available_2", "20 r 00 00 p{2A 02}", MALFORMED("5.0:U50-SHAREDAVAIL") },
	{ "reason_string_ill_formed", "20 r 00 00 p{1F s\"\\xC0\\xAF\"}",
		MALFORMED("5.0:U50-UTF8-MALFORMED") },
	{ "reason_string_with_surrogate", "20 r 00 00 p{1F s\"\\xED\\xA0\\x80\"}",
		MALFORMED("5.0:U50-UTF8-MALFORMED") },
	{ "reason_string_with_nul", "20 r 00 00 p{1F s\"a\\x00b\"}",
		MALFORMED("5.0:U50-UTF8-MALFORMED") },
	{ "user_property_ill_formed", "20 r 00 00 p{26 s\"a\" s\"\\xFF\"}",
		MALFORMED("5.0:U50-STRINGPAIR-MALFORMED") },
};

CLIENT_CASE(malformed_connack, .title = "A malformed CONNACK ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = BOTH,
	.unaided = true, ROWS(malformed_connacks))
{
	do_connect(t);
	struct peer *server = waiting(t);
	send_row(server);
	expect_violation_closed(server, .quiet = true);
}

/* ---- no CONNACK at all --------------------------------------------------------------------- */

/* How long is reasonable is up to the client. */
CLIENT_CASE(connack_never_comes, .title = "A client that gets no CONNACK gives up after a while",
	.refs = { "3.1.1:U311-CONNACK-WAIT", "5.0:U50-CONNACK-WAIT" }, .level = SHOULD,
	.versions = BOTH, .unaided = true, .budget_ms = 5000)
{
	do_connect(t);
	struct peer *server = waiting(t);
	hang(server);
	double ms = wait_closed_ms(server, 5000);
	if (isnan(ms))
		observe(t, "still waiting for CONNACK after 5 s");
	else
		observe(t, "given up after %.0f ms", ms);
}

CHAPTER(client_connack, "CONNACK as clients take it", &case_connack_accepts,
	&case_connack_accepts_told, &case_connack_and_message_at_once,
	&case_connack_with_everything, &case_connack_of_odd_size, &case_connack_assigned_client_id,
	&case_refusal_told, &case_refusal_ends_connection, &case_refusal_then_another_attempt,
	&case_unknown_refusal, &case_redirection_told, &case_session_present_to_new_session,
	&case_session_present_to_fresh_client, &case_packet_before_connack,
	&case_disconnect_before_connack, &case_second_connack, &case_connack_reserved_flags,
	&case_malformed_connack, &case_connack_never_comes);
