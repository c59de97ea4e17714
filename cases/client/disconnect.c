/* DISCONNECT, 3.14: the client's own, which is the last that it says, and that of a server of 5.0. */
#include "harness/client_case.h"

#define CODE(n) (&(const unsigned){ n })

static unsigned code_of_row(const struct test *t)
{
	return *(const unsigned *)row(t)->extra;
}

/* ---- the client leaves --------------------------------------------------------------------- */

/* Closing without a word is allowed. */
static struct packet expect_goodbye(struct peer *server)
{
	return expect_one_of(server,
		OUTCOMES({ .type = DISCONNECT },
			{ .type = CLOSED,
				.verdict = VERDICT_NONSTRICT,
				.says = "the client leaves without DISCONNECT" }));
}

CLIENT_CASE(disconnect_is_last,
	.title = "A client that leaves sends DISCONNECT, closes, and says nothing more",
	.refs = { "3.1.1:MQTT-3.14.4-1", "3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-2",
		"5.0:MQTT-3.14.4-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	do_disconnect(t);
	expect_goodbye(server);
	expect_closed(server);
}

/*   client                    server
 *   DISCONNECT           -->
 *                        <--  PUBLISH at QoS 1, PUBLISH at QoS 2
 *   close, no PUBACK, no PUBREC
 */
CLIENT_CASE(disconnect_then_messages,
	.title = "What comes after its own DISCONNECT is not answered by a client",
	.refs = { "3.1.1:MQTT-3.14.4-2", "3.1.1:MQTT-3.14.4-1", "5.0:MQTT-3.14.4-1",
		"5.0:MQTT-3.14.4-2" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "a/#", .qos = 2);
	do_disconnect(t);
	struct packet bye = expect_goodbye(server);
	if (bye.type == CLOSED)
		return;
	send_publish(server, .topic = "a/t", .payload = "late", .qos = 1, .id = 1);
	send_publish(server, .topic = "a/t", .payload = "later", .qos = 2, .id = 2);
	expect_closed(server);
	check(t, !has_packet(server, PUBACK) && !has_packet(server, PUBREC),
		"no answer after DISCONNECT", "%s came",
		has_packet(server, PUBACK) ? "PUBACK" : "PUBREC");
}

/* Commands in the same breath come before it or not at all. */
CLIENT_CASE(disconnect_then_commands, .title = "Nothing is sent after DISCONNECT",
	.refs = { "3.1.1:MQTT-3.14.4-2", "3.1.1:MQTT-3.14.4-1", "5.0:MQTT-3.14.4-1",
		"5.0:MQTT-3.14.4-2" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	do_publish(t, .topic = "a", .payload = "before");
	do_disconnect(t);
	do_publish(t, .topic = "a", .payload = "behind");
	do_publish(t, .topic = "a", .payload = "behind", .qos = 1);
	do_subscribe(t, .filter = "a/b");
	synced(t);
	expect_goodbye(server);
	expect_closed(server);
}

/* Some wait for the acknowledgement first. */
CLIENT_CASE(disconnect_with_publish_under_way,
	.title = "A client leaves also while a message of it is under way",
	.refs = { "3.1.1:MQTT-3.14.4-1", "3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-2",
		"5.0:MQTT-3.14.4-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	do_publish(t, .topic = "a", .payload = "under way", .qos = 1);
	struct packet m = need(server, PUBLISH);
	do_disconnect(t);
	synced(t);
	if (!has_packet(server, DISCONNECT) && is_open(server))
		send_ack(server, PUBACK, m.id);
	expect_goodbye(server);
	expect_closed(server);
}

/* Without CONNACK there is nothing to leave, so a client may say no. */
CLIENT_CASE(disconnect_before_connack_is_last,
	.title = "A client that sends DISCONNECT before CONNACK closes all the same",
	.refs = { "3.1.1:MQTT-3.14.4-1", "3.1.1:MQTT-3.14.4-2", "3.1.1:MQTT-4.3.2-2",
		"5.0:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-1", "5.0:MQTT-4.3.2-4" },
	.level = MUST, .versions = BOTH)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	do_disconnect(t);
	synced(t);
	send_connack(server);
	send_publish(server, .topic = "a", .payload = "still here?", .qos = 1, .id = 1);
	judging(t, "3.1.1:MQTT-4.3.2-2"); /* one that has not left has to answer */
	judging(t, "5.0:MQTT-4.3.2-4");
	struct packet next = expect_one_of(
		server, OUTCOMES({ .type = PUBACK }, { .type = DISCONNECT }, { .type = CLOSED }));
	judging(t, "3.1.1:MQTT-3.14.4-1");
	judging(t, "5.0:MQTT-3.14.4-2");
	if (next.type == DISCONNECT)
		expect_closed(server);
	else
		observe(t, "no DISCONNECT by a client that has no CONNACK yet");
}

CLIENT_CASE(disconnect_and_come_back,
	.title = "A client that has left connects again on a new connection",
	.refs = { "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1" }, .level = MUST, .versions = BOTH)
{
	for (unsigned i = 0; i < 5; i++) {
		struct peer *server = admit(t);
		fence(server);
		client_leaves(server);
	}
}

/* The second and the third time as the first. */
CLIENT_CASE(disconnect_is_last_each_time,
	.title = "On each connection DISCONNECT is the last that a client says, and it closes",
	.refs = { "3.1.1:MQTT-3.14.4-1", "3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-2",
		"5.0:MQTT-3.14.4-1" },
	.level = MUST, .versions = BOTH)
{
	for (unsigned i = 0; i < 3; i++) {
		struct peer *server = admit(t);
		unsigned command = do_disconnect(t);
		expect_goodbye(server);
		expect_closed(server);
		drop(server);
		expect_answer(t, command);
	}
}

/* With a Will, to close without a word would have it published. */
CLIENT_CASE(disconnect_takes_the_will_back,
	.title = "A client with a Will that is told to leave sends DISCONNECT",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t, .will = { .topic = "w/t", .payload = "gone", .qos = 1 });
	fence(server);
	do_disconnect(t);
	judging_as_asked(t);
	struct packet bye = expect(server, DISCONNECT);
	check_eq(t, bye.code, 0);
}

static const struct vector client_codes[] = {
	{ "normal", .extra = CODE(0x00) },
	{ "with_will", .extra = CODE(0x04) },
	{ "unspecified", .extra = CODE(0x80) },
	{ "malformed_packet", .extra = CODE(0x81) },
	{ "protocol_error", .extra = CODE(0x82) },
	{ "implementation_specific", .extra = CODE(0x83) },
	{ "topic_name_invalid", .extra = CODE(0x90) },
	{ "receive_maximum_exceeded", .extra = CODE(0x93) },
	{ "topic_alias_invalid", .extra = CODE(0x94) },
	{ "packet_too_large", .extra = CODE(0x95) },
	{ "message_rate_too_high", .extra = CODE(0x96) },
	{ "quota_exceeded", .extra = CODE(0x97) },
	{ "administrative_action", .extra = CODE(0x98) },
	{ "payload_format_invalid", .extra = CODE(0x99) },
};

CLIENT_CASE(disconnect_code_as_asked,
	.title = "DISCONNECT has the Reason Code that the client was given for it",
	.refs = { "5.0:UALL-AS-ASKED", "5.0:MQTT-3.14.2-1", "5.0:MQTT-3.14.4-2" }, .level = MUST,
	.versions = V50, ROWS(client_codes))
{
	unsigned code = code_of_row(t);
	struct peer *server = admit(t);
	judging(t, "5.0:UALL-AS-ASKED");
	do_disconnect(t, .code = SET(code));
	struct packet bye = expect(server, DISCONNECT);
	check_eq(t, bye.code, code);
	judging(t, "5.0:MQTT-3.14.4-2");
	expect_closed(server);
}

CLIENT_CASE(disconnect_properties_as_asked,
	.title = "DISCONNECT has the properties that the client was given for it",
	.refs = { "5.0:UALL-AS-ASKED", "5.0:MQTT-3.14.4-2" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t, .kept = true);
	do_disconnect(t, .code = SET(0x00), .props = PROPS(P_SESSION_EXPIRY(20)));
	struct packet bye = expect(server, DISCONNECT);
	const struct property *expiry = properties_find(&bye.properties, 0x11);
	check_in(t, bye, expiry, "Session Expiry Interval is in DISCONNECT");
	check_value(t, &bye.properties, 0x11, 20);
	judging(t, "5.0:MQTT-3.14.4-2");
	expect_closed(server);
}

CLIENT_CASE(disconnect_explained,
	.title = "DISCONNECT has the Reason String and User Properties that it was given",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	judging(t, "5.0:UALL-AS-ASKED");
	do_disconnect(t, .code = SET(0x04),
		.props = PROPS(P_REASON_STRING("so long"), P_USER("b", "2"), P_USER("a", "1")));
	struct packet bye = expect(server, DISCONNECT);
	check_eq(t, bye.code, 0x04);
	const struct property *reason = properties_find(&bye.properties, 0x1F);
	const struct property *user = properties_find(&bye.properties, 0x26);
	check_in(t, bye, reason && user, "Reason String and User Properties are in DISCONNECT");
	check_words(t, "Reason String", reason->value, "so long");
	check_properties(t, &bye.properties, 0x26, 2);
	check_words(t, "the name of the User Property", user->name, "b");
	check_words(t, "the value of the User Property", user->value, "2");
}

/* Saying no, or leaving it out, is right. */
CLIENT_CASE(disconnect_raises_no_expiry,
	.title = "A Session Expiry Interval of 0 is not raised by DISCONNECT",
	.refs = { "5.0:U50-DISC-EXPIRY-RAISE" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	do_disconnect(t, .props = PROPS(P_SESSION_EXPIRY(60)));
	synced(t);
	if (told_waiting(t, TOLD_ERROR))
		return;
	expect_goodbye(server); /* which the monitor judges */
}

/* The same with a limit of the server, which all packets keep to. */
CLIENT_CASE(disconnect_within_maximum_packet_size,
	.title = "An explanation that makes DISCONNECT too large for the server is left out",
	.refs = { "5.0:MQTT-3.14.2-3", "5.0:MQTT-3.14.2-4", "5.0:MQTT-3.2.2-15" }, .level = MUST,
	.versions = V50)
{
	struct peer *server = admit(t, .connack = PROPS(P_MAXIMUM_PACKET_SIZE(40)));
	fence(server);
	do_disconnect(t, .code = SET(0x04),
		.props = PROPS(P_REASON_STRING("a sentence of more than forty characters, "
					       "which does not fit"),
			P_USER("and", "a property that would not fit after it either")));
	synced(t);
	if (told_waiting(t, TOLD_ERROR))
		return;
	struct packet bye = expect_goodbye(server);
	check(t, bye.type == CLOSED || bye.remaining_length + 2 <= 40,
		"DISCONNECT within the Maximum Packet Size of 40", "DISCONNECT of %u bytes",
		bye.remaining_length + 2);
}

/* ---- the server leaves --------------------------------------------------------------------- */

static const struct vector server_disconnects[] = {
	{ "short", .template = "E0 r", .extra = CODE(0x00) },
	{ "normal", .template = "E0 r 00", .extra = CODE(0x00) },
	{ "normal_with_properties", .template = "E0 r 00 p{}", .extra = CODE(0x00) },
	{ "unspecified", .template = "E0 r 80", .extra = CODE(0x80) },
	{ "malformed_packet", .template = "E0 r 81", .extra = CODE(0x81) },
	{ "protocol_error", .template = "E0 r 82", .extra = CODE(0x82) },
	{ "implementation_specific", .template = "E0 r 83 p{}", .extra = CODE(0x83) },
	{ "not_authorized", .template = "E0 r 87 p{}", .extra = CODE(0x87) },
	{ "busy", .template = "E0 r 89 p{}", .extra = CODE(0x89) },
	{ "shutting_down", .template = "E0 r 8B p{}", .extra = CODE(0x8B) },
	{ "keep_alive_timeout", .template = "E0 r 8D p{}", .extra = CODE(0x8D) },
	{ "session_taken_over", .template = "E0 r 8E p{}", .extra = CODE(0x8E) },
	{ "topic_filter_invalid", .template = "E0 r 8F p{}", .extra = CODE(0x8F) },
	{ "topic_name_invalid", .template = "E0 r 90 p{}", .extra = CODE(0x90) },
	{ "receive_maximum_exceeded", .template = "E0 r 93 p{}", .extra = CODE(0x93) },
	{ "topic_alias_invalid", .template = "E0 r 94 p{}", .extra = CODE(0x94) },
	{ "packet_too_large", .template = "E0 r 95 p{}", .extra = CODE(0x95) },
	{ "message_rate_too_high", .template = "E0 r 96 p{}", .extra = CODE(0x96) },
	{ "quota_exceeded", .template = "E0 r 97 p{}", .extra = CODE(0x97) },
	{ "administrative_action", .template = "E0 r 98 p{}", .extra = CODE(0x98) },
	{ "payload_format_invalid", .template = "E0 r 99 p{}", .extra = CODE(0x99) },
	{ "retain_not_supported", .template = "E0 r 9A p{}", .extra = CODE(0x9A) },
	{ "qos_not_supported", .template = "E0 r 9B p{}", .extra = CODE(0x9B) },
	{ "use_another_server", .template = "E0 r 9C p{1C s\"localhost:1\"}", .extra = CODE(0x9C) },
	{ "server_moved", .template = "E0 r 9D p{1C s\"localhost:1 localhost:2\"}",
		.extra = CODE(0x9D) },
	{ "shared_not_supported", .template = "E0 r 9E p{}", .extra = CODE(0x9E) },
	{ "connection_rate", .template = "E0 r 9F p{}", .extra = CODE(0x9F) },
	{ "maximum_connect_time", .template = "E0 r A0 p{}", .extra = CODE(0xA0) },
	{ "subscription_ids_not_supported", .template = "E0 r A1 p{}", .extra = CODE(0xA1) },
	{ "wildcards_not_supported", .template = "E0 r A2 p{}", .extra = CODE(0xA2) },
	{ "with_explanation",
		.template = "E0 r 98 p{1F s\"closed for today\" 26 s\"a\" s\"1\" 26 s\"a\" s\"1\"}",
		.extra = CODE(0x98) },
};

/* The server has to close as well; 3.14.4 asks the receiver not to wait for that. */
CLIENT_CASE(server_disconnect_ends_connection,
	.title = "A client closes the connection on DISCONNECT of the server",
	.refs = { "5.0:U50-DISC-CLOSE", "5.0:MQTT-4.13.2-1", "5.0:U50-DISC-SHORT" },
	.level = SHOULD, .versions = V50, .unaided = true, ROWS(server_disconnects))
{
	struct peer *server = admit(t);
	send_row(server);
	expect_violation_closed(server, .quiet = true);
}

/* The server closes after it, as it has to. */
CLIENT_CASE(server_disconnect_told,
	.title = "The user is told that the connection ended, and with what Reason Code",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50, ROWS(server_disconnects))
{
	struct peer *server = admit(t);
	send_row(server);
	drop(server);
	struct told end = expect_event(t, TOLD_DISCONNECTED);
	if (end.code.set)
		check_eq(t, end.code.value, code_of_row(t));
	else
		observe(t, "the Reason Code of DISCONNECT is not told");
}

/* A DISCONNECT, whatever else is wrong with it. */
static const struct vector foreign_codes[] = {
	{ "with_will", .template = "E0 r 04 p{}" },
	{ "code_01", .template = "E0 r 01 p{}" },
	{ "code_84", .template = "E0 r 84 p{}" },
	{ "code_91", .template = "E0 r 91 p{}" },
	{ "code_ff", .template = "E0 r FF p{}" },
};

CLIENT_CASE(server_disconnect_with_foreign_code,
	.title = "A DISCONNECT with a code that no server may send ends the connection too",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.14.2-1", "5.0:U50-DISC-CLOSE" },
	.level = SHOULD, .versions = V50, .unaided = true, ROWS(foreign_codes))
{
	struct peer *server = admit(t);
	send_row(server);
	expect_violation_closed(server, .codes = { 0x82, 0x81 }, .quiet = true);
}

CLIENT_CASE(server_disconnect_in_311,
	.title = "A DISCONNECT of the server, which 3.1.1 does not know, ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:U311-PKT-TYPE" }, .level = MUST, .versions = V311,
	.unaided = true)
{
	struct peer *server = admit(t);
	send_template(server, "E0 r");
	expect_violation_closed(server);
}

/* With the last bytes of the connection. */
CLIENT_CASE(message_before_server_disconnect,
	.title = "A message right before DISCONNECT and the close still reaches the user",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = SHOULD, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "a/#", .qos = 0);
	send_publish(server, .topic = "a/t", .payload = "last words");
	send_disconnect(server, .code = SET(0x8B));
	drop(server);
	expect_told(t, .topic = "a/t", .payload = "last words");
	expect_event(t, TOLD_DISCONNECTED);
}

CLIENT_CASE(server_disconnect_and_come_back,
	.title = "A client that the server sent away can connect again",
	.refs = { "5.0:U50-DISC-CLOSE", "5.0:MQTT-3.1.0-1" }, .level = SHOULD, .versions = V50)
{
	struct peer *server = admit(t);
	send_disconnect(server, .code = SET(0x8B));
	drop(server);
	expect_event(t, TOLD_DISCONNECTED);
	server = admit(t);
	fence(server);
}

CHAPTER(client_disconnect, "DISCONNECT of and to clients", &case_disconnect_is_last,
	&case_disconnect_is_last_each_time, &case_disconnect_takes_the_will_back,
	&case_disconnect_then_messages, &case_disconnect_then_commands,
	&case_disconnect_with_publish_under_way, &case_disconnect_before_connack_is_last,
	&case_disconnect_and_come_back, &case_disconnect_code_as_asked,
	&case_disconnect_properties_as_asked, &case_disconnect_explained,
	&case_disconnect_raises_no_expiry, &case_disconnect_within_maximum_packet_size,
	&case_server_disconnect_ends_connection, &case_server_disconnect_told,
	&case_server_disconnect_with_foreign_code, &case_server_disconnect_in_311,
	&case_message_before_server_disconnect, &case_server_disconnect_and_come_back);
