/* Enhanced authentication of 5.0, 4.12, as far as it shows on a server that may know no method. */
#include "harness/case.h"

enum { AUTHENTICATION_METHOD = 0x15 };

#define UNKNOWN_METHOD "mqttspec-no-such-method"

/* A target that lets the method in says that it knows it, if CONNACK has it [MQTT-4.12.0-5]; that it
 * has, the monitor sees to.
 */
#define expect_method_refused(client, ...) \
	expect_refused(client, .by_choice = true, .codes = { __VA_ARGS__ })

CASE(auth_method_unknown, .title = "A CONNECT with an unknown Authentication Method is refused",
	.refs = { "5.0:MQTT-4.12.0-1" }, .level = MUST, .versions = V50)
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_connect(client, .props = PROPS(P_AUTH_METHOD(UNKNOWN_METHOD)));
	expect_method_refused(client, 0x8C, 0x87);
}

CASE(auth_method_unknown_with_data,
	.title = "A CONNECT with an unknown Authentication Method and its data is refused",
	.refs = { "5.0:MQTT-4.12.0-1" }, .level = MUST, .versions = V50)
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_connect(client, SOME_LOGIN(t),
		.props = PROPS(P_AUTH_METHOD(UNKNOWN_METHOD), P_AUTH_DATA("\x00\xFF")));
	expect_method_refused(client, 0x8C, 0x87);
}

CASE(auth_method_empty, .title = "A CONNECT with an empty Authentication Method is refused",
	.refs = { "5.0:MQTT-4.12.0-1" }, .level = MUST, .versions = V50)
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_connect(client, .props = PROPS(P_AUTH_METHOD("")));
	expect_method_refused(client, 0x8C, 0x87, 0x81, 0x82);
}

/* The refused CONNECT must not have touched the session that its ClientId has. */
CASE(auth_refusal_leaves_session,
	.title = "A CONNECT refused for its Authentication Method leaves the client's session as "
		 "it was",
	.refs = { "5.0:MQTT-4.12.0-1", "5.0:MQTT-3.2.2-6", "5.0:MQTT-3.1.2-23" }, .level = MUST,
	.versions = V50)
{
	struct peer *client = join(t, "client", .kept = true, .clean = true);
	subscribe(client, .filter = "a/t", .qos = 1);
	leave(client);
	struct peer *again = dial(t, "client");
	send_connect(
		again, .kept = true, .clean = true, .props = PROPS(P_AUTH_METHOD(UNKNOWN_METHOD)));
	expect_method_refused(again, 0x8C, 0x87);

	publish(join(t, "publisher"), .topic = "a/t", .payload = "queued", .qos = 1);
	client = join(t, "client", .kept = true, .resumed = true);
	expect_message(client, .payload = "queued");
}

#define NOT_ALLOWED \
	.refs = { "5.0:MQTT-4.12.0-7", "5.0:U50-AUTH-UNEXPECTED" }, .codes = { 0x82, 0x8C }

static const struct vector auth_unasked[] = {
	{ "continue", "F0 r 18 p{15 s\"x\"}", NOT_ALLOWED },
	{ "continue_with_data", "F0 r 18 p{15 s\"x\" 16 s\"data\"}", NOT_ALLOWED },
	{ "again", "F0 r 19 p{15 s\"x\"}", NOT_ALLOWED },
	{ "success", "F0 r 00 p{15 s\"x\"}", NOT_ALLOWED },
	{ "short", "F0 r", NOT_ALLOWED },
	{ "flags", "F1 r 18 p{15 s\"x\"}", .refs = { "5.0:MQTT-3.15.1-1" },
		.codes = { 0x81, 0x82 } },
};

CASE(auth_unasked,
	.title = "AUTH on a connection without Authentication Method ends the connection",
	.refs = { "5.0:MQTT-4.12.0-7", "5.0:U50-AUTH-UNEXPECTED" }, .level = MUST, .versions = V50,
	ROWS(auth_unasked))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

CASE(auth_first, .title = "A connection that begins with AUTH is closed",
	.refs = { "5.0:MQTT-3.1.0-1" }, .level = MUST, .versions = V50)
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_template(client, "F0 r 18 p{15 s\"x\"}");
	expect_violation_closed(client);
}

CASE(auth_not_sent_unasked,
	.title = "A client without Authentication Method gets neither AUTH nor a method in CONNACK",
	.refs = { "5.0:MQTT-4.12.0-6" }, .level = MUST, .versions = V50)
{
	struct peer *client = dial(t, "client");
	send_connect(client, SOME_LOGIN(t));
	struct packet greeting = expect_one_of(client,
		OUTCOMES({ CONNACK, .code = SET(0) },
			{ CONNACK, .verdict = VERDICT_INAPPLICABLE,
				.says = "the target refuses this user" },
			{ CLOSED, .verdict = VERDICT_INAPPLICABLE,
				.says = "the target refuses this user" }));
	check_properties(t, &greeting.properties, AUTHENTICATION_METHOD, 0);
	subscribe(client, .filter = "a/t", .qos = 2);
	publish(client, .topic = "a/t", .payload = "m", .qos = 2);
	expect_message(client, .payload = "m");
	expect_no(client, AUTH);
}

CHAPTER(auth, "Enhanced authentication", &case_auth_method_unknown,
	&case_auth_method_unknown_with_data, &case_auth_method_empty,
	&case_auth_refusal_leaves_session, &case_auth_unasked, &case_auth_first,
	&case_auth_not_sent_unasked);
