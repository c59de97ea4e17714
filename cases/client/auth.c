/* Enhanced authentication of 5.0, 4.12, with a client that can do it; the last part is for all. */
#include "harness/client_case.h"

enum { METHOD = 0x15, DATA = 0x16 };

#define NAME       "mqttspec-method"
#define FIRST_DATA "\x00\x01 first"

/* A client that cannot says so, connected or not. */
static void require_authenticate(struct test *t)
{
	do_authenticate(t, .code = SET(0x18), .props = PROPS(P_AUTH_METHOD(NAME)));
	synced(t);
}

/* A CONNECT that names the method, read and not yet answered. */
static struct peer *begin(struct test *t, unsigned *command)
{
	*command = do_connect(t, .props = PROPS(P_AUTH_METHOD(NAME), P_AUTH_DATA(FIRST_DATA)));
	struct peer *server = accept_client(t);

	need(server, CONNECT);
	return server;
}

static void expect_value(
	struct test *t, const struct properties *p, unsigned id, struct bytes wanted)
{
	const struct property *found = properties_find(p, id);

	check(t, found, "the property is there", "it is missing");
	check(t, bytes_equal(found->value, wanted), "the property has its value",
		"it has %zu bytes, and others", found->value.len);
}

/* The method is ruled by this statement, the data are the user's own. */
static void expect_auth(
	struct test *t, const struct packet *auth, const char *statement, struct bytes data)
{
	judging(t, statement);
	expect_value(t, &auth->properties, METHOD, BYTES(NAME));
	judging(t, "5.0:UALL-AS-ASKED");
	expect_value(t, &auth->properties, DATA, data);
}

/* The client is challenged and answers, in AUTH with this code. */
static void challenge(struct test *t, struct peer *server)
{
	send_auth(server, .code = SET(0x18),
		.props = PROPS(P_AUTH_METHOD(NAME), P_AUTH_DATA("challenge\x00")));
	struct told asked;
	do /* that an authentication succeeded may be told in the same way */
		asked = expect_event(t, TOLD_CHALLENGE);
	while (asked.code.set && asked.code.value == 0x00);
	const struct property *data = properties_find(&asked.properties, DATA);
	judging(t, "5.0:UALL-AS-ASKED");
	if (data)
		check(t, bytes_equal(data->value, BYTES("challenge\x00")),
			"the data as the server sent it", "the user is told %zu bytes, and others",
			data->value.len);
	do_authenticate(t, .code = SET(0x18),
		.props = PROPS(P_AUTH_METHOD(NAME), P_AUTH_DATA("\xFF\x00 answer")));
	struct packet answer = expect(server, AUTH);
	judging(t, "5.0:MQTT-4.12.0-3");
	check_eq(t, answer.code, 0x18);
	expect_auth(t, &answer, "5.0:MQTT-4.12.0-5", BYTES("\xFF\x00 answer"));
}

/* ---- the first authentication -------------------------------------------------------------- */

CLIENT_CASE(auth_method_as_asked, .title = "CONNECT has the Authentication Method and its data",
	.refs = { "5.0:UALL-AS-ASKED", "5.0:U50-AUTH-CLIENTFIRST" }, .level = STATED,
	.versions = V50)
{
	do_connect(t, .props = PROPS(P_AUTH_METHOD(NAME), P_AUTH_DATA(FIRST_DATA)));
	struct peer *server = accept_client(t);
	struct packet hello = expect(server, CONNECT);
	expect_value(t, &hello.properties, METHOD, BYTES(NAME));
	expect_value(t, &hello.properties, DATA, BYTES(FIRST_DATA));
	check_properties(t, &hello.properties, METHOD, 1);
	check_properties(t, &hello.properties, DATA, 1);
}

CLIENT_CASE(auth_in_connect_alone,
	.title = "A server may be content with the data in CONNECT and accept at once",
	.refs = { "5.0:U50-AUTH-CLIENTFIRST", "5.0:UALL-AS-ASKED" }, .level = STATED,
	.versions = V50)
{
	unsigned command;
	struct peer *server = begin(t, &command);
	send_connack(server, .props = PROPS(P_AUTH_METHOD(NAME), P_AUTH_DATA("welcome")));
	fence(server);
	expect_connected(t, command);
}

/*   client                    server
 *   CONNECT, method      -->
 *                        <--  AUTH 0x18
 *   AUTH 0x18            -->
 *                        <--  CONNACK, method
 */
CLIENT_CASE(auth_exchange, .title = "A client answers challenges until CONNACK",
	.refs = { "5.0:MQTT-4.12.0-3", "5.0:MQTT-4.12.0-5", "5.0:UALL-AS-ASKED" }, .level = MUST,
	.versions = V50)
{
	require_authenticate(t);
	unsigned command;
	struct peer *server = begin(t, &command);
	for (unsigned i = 0; i < 3; i++)
		challenge(t, server);
	send_connack(server, .props = PROPS(P_AUTH_METHOD(NAME)));
	fence(server);
	expect_connected(t, command);
}

CLIENT_CASE(auth_refused, .title = "A CONNACK that refuses ends the authentication",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	require_authenticate(t);
	unsigned command;
	struct peer *server = begin(t, &command);
	challenge(t, server);
	judging(t, "5.0:UALL-AS-ASKED");
	send_connack(server, .code = 0x87);
	drop(server);
	check(t, expect_answer(t, command).kind != TOLD_CONNECTED,
		"the user is not told that it is connected", "it is told `connected`");
}

/*   client                    server
 *   CONNECT, method      -->
 *   publish! subscribe!            nothing of it yet
 *                        <--  CONNACK
 *   PUBLISH, SUBSCRIBE   -->       now, or never
 */
CLIENT_CASE(auth_before_anything_else,
	.title = "During the authentication a client sends nothing but AUTH or DISCONNECT",
	.refs = { "5.0:MQTT-3.1.2-30" }, .level = MUST, .versions = V50)
{
	unsigned command;
	struct peer *server = begin(t, &command);
	do_publish(t, .topic = "a/t", .payload = "early", .qos = 1);
	do_subscribe(t, .filter = "a/#");
	synced(t);
	send_connack(server, .props = PROPS(P_AUTH_METHOD(NAME)));
	fence(server); /* the monitor knows what came before CONNACK */
}

CLIENT_CASE(auth_once, .title = "The method of one connection is not sent with the next",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	unsigned command;
	struct peer *server = begin(t, &command);
	send_connack(server, .props = PROPS(P_AUTH_METHOD(NAME)));
	expect_connected(t, command);
	client_leaves(server);
	do_connect(t);
	server = accept_client(t);
	struct packet hello = need(server, CONNECT);
	check_properties(t, &hello.properties, METHOD, 0);
	check_properties(t, &hello.properties, DATA, 0);
}

/* ---- once more on the same connection ------------------------------------------------------ */

static struct peer *authenticated(struct test *t)
{
	unsigned command;
	struct peer *server = begin(t, &command);

	send_connack(server, .props = PROPS(P_AUTH_METHOD(NAME)));
	expect_connected(t, command);
	return server;
}

static void authenticate_again(struct test *t, struct peer *server)
{
	do_authenticate(t, .code = SET(0x19),
		.props = PROPS(P_AUTH_METHOD(NAME), P_AUTH_DATA("once more")));
	struct packet again = expect(server, AUTH);
	judging(t, "5.0:MQTT-4.12.1-1");
	check_eq(t, again.code, 0x19);
	expect_auth(t, &again, "5.0:MQTT-4.12.1-1", BYTES("once more"));
}

/*   client                    server
 *   AUTH 0x19            -->
 *                        <--  AUTH 0x18
 *   AUTH 0x18            -->
 *                        <--  AUTH 0x00
 */
CLIENT_CASE(reauthentication, .title = "A client authenticates again with the same method",
	.refs = { "5.0:MQTT-4.12.1-1", "5.0:MQTT-4.12.0-3", "5.0:MQTT-4.12.0-5",
		"5.0:U50-REAUTH-REPLY", "5.0:UALL-AS-ASKED" },
	.level = MUST, .versions = V50)
{
	struct peer *server = authenticated(t);
	for (unsigned i = 0; i < 2; i++) {
		authenticate_again(t, server);
		challenge(t, server);
		send_auth(server, .code = SET(0x00), .props = PROPS(P_AUTH_METHOD(NAME)));
		judging(t, "5.0:U50-REAUTH-REPLY");
		fence(server);
	}
}

/* A short form that stands in 3.15.2.1, and contradicts what is said of the method. */
CLIENT_CASE(reauthentication_ended_in_short,
	.title = "An AUTH without anything in it, which means success, is put up with",
	.refs = { "5.0:U50-AUTH-SHORT" }, .level = MAY, .versions = V50)
{
	struct peer *server = authenticated(t);
	authenticate_again(t, server);
	send_template(server, "F0 r");
	judging(t, "5.0:U50-AUTH-SHORT");
	fence(server);
}

CLIENT_CASE(reauthentication_amid_traffic,
	.title = "Messages go on both ways while a client authenticates again",
	.refs = { "5.0:U50-REAUTH-REPLY", "5.0:MQTT-4.5.0-2" }, .level = STATED, .versions = V50)
{
	struct peer *server = authenticated(t);
	authenticate_again(t, server);
	judging(t, "5.0:U50-REAUTH-REPLY");
	fence(server);
	do_publish(t, .topic = "a/t", .payload = "meanwhile", .qos = 1);
	struct packet m = need(server, PUBLISH);
	send_ack(server, PUBACK, m.id);
	send_auth(server, .code = SET(0x00), .props = PROPS(P_AUTH_METHOD(NAME)));
	fence(server);
}

/* The server says so in DISCONNECT. */
CLIENT_CASE(reauthentication_fails,
	.title = "A client whose authentication fails closes the connection",
	.refs = { "5.0:U50-DISC-CLOSE", "5.0:MQTT-4.12.1-2" }, .level = SHOULD, .versions = V50)
{
	struct peer *server = authenticated(t);
	authenticate_again(t, server);
	judging(t, "5.0:U50-DISC-CLOSE");
	send_disconnect(server, .code = SET(0x87));
	expect_closed(server);
}

/* ---- what a server must not do ------------------------------------------------------------- */

#define NOT_THIS                                                                      \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:MQTT-4.12.0-5", "5.0:U50-AUTH-METHOD" }, \
	.codes = { 0x82, 0x8C, 0x81 }
#define BAD_AUTH .refs = { "5.0:U50-ERR-CLIENT", "5.0:MQTT-3.15.2-1" }, .codes = { 0x82, 0x81 }

static const struct vector bad_auths[] = {
	{ "other_method", "F0 r 18 p{15 s\"other\" 16 s\"x\"}", NOT_THIS },
	{ "method_in_capitals", "F0 r 18 p{15 s\"MQTTSPEC-METHOD\" 16 s\"x\"}", NOT_THIS },
	{ "no_method", "F0 r 18 p{16 s\"x\"}", NOT_THIS },
	{ "method_twice", "F0 r 18 p{15 s\"mqttspec-method\" 15 s\"mqttspec-method\"}",
		.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-AUTHMETHOD-ONCE" },
		.codes = { 0x82, 0x81 } },
	{ "data_twice", "F0 r 18 p{15 s\"mqttspec-method\" 16 s\"x\" 16 s\"x\"}",
		.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-AUTH-METHOD" }, .codes = { 0x82, 0x81 } },
	{ "code_of_clients", "F0 r 19 p{15 s\"mqttspec-method\"}", BAD_AUTH },
	{ "code_01", "F0 r 01 p{15 s\"mqttspec-method\"}", BAD_AUTH },
	{ "code_87", "F0 r 87 p{15 s\"mqttspec-method\"}", BAD_AUTH },
	{ "flags_1", "F1 r 18 p{15 s\"mqttspec-method\"}",
		.refs = { "5.0:MQTT-3.15.1-1", "5.0:U50-FLAGS-MALFORMED" }, .codes = { 0x81 } },
};

CLIENT_CASE(bad_auth, .title = "An AUTH that breaks the rules ends the authentication",
	.refs = { "5.0:U50-ERR-CLIENT" }, .level = MUST, .versions = V50, ROWS(bad_auths))
{
	unsigned command;
	struct peer *server = begin(t, &command);
	send_row(server);
	send_connack(server, .props = PROPS(P_AUTH_METHOD(NAME)));
	expect_violation_closed(server, .quiet = true);
}

static const struct vector bad_successes[] = {
	{ "no_method", "20 r 00 00 p{}", NOT_THIS },
	{ "other_method", "20 r 00 00 p{15 s\"other\"}", NOT_THIS },
	{ "method_twice", "20 r 00 00 p{15 s\"mqttspec-method\" 15 s\"mqttspec-method\"}",
		.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-AUTHMETHOD-ONCE" },
		.codes = { 0x82, 0x81 } },
};

/* A server that knows nothing about methods, and yet goes on, has not shown who it is. */
CLIENT_CASE(auth_method_of_connack,
	.title = "A CONNACK without the method of CONNECT does not end an authentication well",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:MQTT-4.12.0-5" }, .level = MUST, .versions = V50,
	ROWS(bad_successes))
{
	unsigned command;
	struct peer *server = begin(t, &command);
	send_row(server);
	expect_violation_closed(server, .quiet = true);
}

/* ---- clients without a method -------------------------------------------------------------- */

#define UNASKED                                                                           \
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-AUTH-UNEXPECTED", "5.0:MQTT-4.12.0-6" }, \
	.codes = { 0x82 }

static const struct vector unasked_auths[] = {
	{ "continue", "F0 r 18 p{15 s\"x\" 16 s\"y\"}", UNASKED },
	{ "success", "F0 r 00 p{15 s\"x\"}", UNASKED },
	{ "again", "F0 r 19 p{15 s\"x\"}", UNASKED },
	{ "no_method", "F0 r 18 p{}", UNASKED },
	{ "short", "F0 r", UNASKED },
	{ "flags_1", "F1 r 18 p{15 s\"x\"}",
		.refs = { "5.0:MQTT-3.15.1-1", "5.0:U50-FLAGS-MALFORMED" }, .codes = { 0x81 } },
};

CLIENT_CASE(auth_of_server_unasked,
	.title = "AUTH to a client that named no Authentication Method ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-AUTH-UNEXPECTED" }, .level = MUST, .versions = V50,
	.unaided = true, ROWS(unasked_auths))
{
	struct peer *server = admit(t);
	send_row(server);
	expect_violation_closed(server, .quiet = true);
}

CLIENT_CASE(auth_of_server_before_connack,
	.title = "AUTH before CONNACK to a client without a method ends the connection",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-AUTH-UNEXPECTED" }, .level = MUST, .versions = V50,
	.unaided = true, ROWS(unasked_auths))
{
	do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	send_row(server);
	send_connack(server);
	expect_violation_closed(server, .quiet = true);
}

CLIENT_CASE(auth_type_in_311,
	.title = "A packet of type 15, which 3.1.1 does not know, ends the connection",
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:U311-PKT-TYPE" }, .level = MUST, .versions = V311,
	.unaided = true)
{
	struct peer *server = admit(t);
	send_template(server, "F0 r");
	expect_violation_closed(server);
}

CLIENT_CASE(auth_of_client_unasked,
	.title = "A client that named no Authentication Method sends no AUTH",
	.refs = { "5.0:MQTT-4.12.0-7" }, .level = MUST, .versions = V50)
{
	struct peer *server = admit(t);
	do_authenticate(
		t, .code = SET(0x19), .props = PROPS(P_AUTH_METHOD(NAME), P_AUTH_DATA("x")));
	synced(t);
	expect_no(server, AUTH);
}

CLIENT_CASE(auth_of_client_with_other_method,
	.title = "A client authenticates again with no other method than that of CONNECT",
	.refs = { "5.0:MQTT-4.12.1-1", "5.0:MQTT-4.12.0-5" }, .level = MUST, .versions = V50)
{
	struct peer *server = authenticated(t);
	do_authenticate(
		t, .code = SET(0x19), .props = PROPS(P_AUTH_METHOD("other"), P_AUTH_DATA("x")));
	synced(t);
	fence(server);
	while (has_packet(server, AUTH)) {
		struct packet again = expect(server, AUTH);
		expect_value(t, &again.properties, METHOD, BYTES(NAME));
	}
}

CHAPTER(client_auth, "Enhanced authentication of clients", &case_auth_method_as_asked,
	&case_auth_in_connect_alone, &case_auth_exchange, &case_auth_refused,
	&case_auth_before_anything_else, &case_auth_once, &case_reauthentication,
	&case_reauthentication_ended_in_short, &case_reauthentication_amid_traffic,
	&case_reauthentication_fails, &case_bad_auth, &case_auth_method_of_connack,
	&case_auth_of_server_unasked, &case_auth_of_server_before_connack, &case_auth_type_in_311,
	&case_auth_of_client_unasked, &case_auth_of_client_with_other_method);
