/* What the properties of a 5.0 CONNECT may say, 3.1.2.11 and 3.1.3.2, and which values are errors. */
#include "harness/case.h"

#define WITH(properties) "10 r s\"MQTT\" 05 02 n0 p{" properties "} c"

/* Sentences of section 3.1, against which a server has to check a CONNECT. [MQTT-3.1.4-1] */
static const struct vector bad_connect_values[] = {
	{ "receive_maximum_0", WITH("21 n0"), { "5.0:MQTT-3.1.4-1", "5.0:U50-RECVMAX-ZERO" },
		.codes = { 0x82, 0x81 } },
	{ "maximum_packet_size_0", WITH("27 w0"), { "5.0:MQTT-3.1.4-1", "5.0:U50-MAXPKT-ZERO" },
		.codes = { 0x82, 0x81 } },
	{ "request_response_information_2", WITH("19 02"),
		{ "5.0:MQTT-3.1.4-1", "5.0:U50-REQRESP-RANGE" }, .codes = { 0x82, 0x81 } },
	{ "request_response_information_255", WITH("19 FF"),
		{ "5.0:MQTT-3.1.4-1", "5.0:U50-REQRESP-RANGE" }, .codes = { 0x82, 0x81 } },
	{ "request_problem_information_2", WITH("17 02"),
		{ "5.0:MQTT-3.1.4-1", "5.0:U50-REQPROB-RANGE" }, .codes = { 0x82, 0x81 } },
	{ "request_problem_information_255", WITH("17 FF"),
		{ "5.0:MQTT-3.1.4-1", "5.0:U50-REQPROB-RANGE" }, .codes = { 0x82, 0x81 } },
	{ "authentication_data_alone", WITH("16 s\"data\""),
		{ "5.0:MQTT-3.1.4-1", "5.0:U50-AUTHDATA-ALONE" }, .codes = { 0x82, 0x81 } },
	{ "empty_authentication_data_alone", WITH("16 s\"\""),
		{ "5.0:MQTT-3.1.4-1", "5.0:U50-AUTHDATA-ALONE" }, .codes = { 0x82, 0x81 } },
};

CASE(bad_connect_values, .title = "A CONNECT with a forbidden value in a property is not accepted",
	.refs = { "5.0:MQTT-3.1.4-1" }, .level = MUST, .versions = V50, ROWS(bad_connect_values))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

static const struct vector unknown_authentication_method[] = {
	{ "method_alone", WITH("15 s\"mqttspec/none\""), .codes = { 0x8C, 0x87 } },
	{ "method_and_data", WITH("15 s\"mqttspec/none\" 16 s\"\\x00\\xFF\""),
		.codes = { 0x8C, 0x87 } },
	{ "data_before_method", WITH("16 s\"data\" 15 s\"mqttspec/none\""),
		.codes = { 0x8C, 0x87 } },
	{ "empty_method", WITH("15 s\"\""), .codes = { 0x8C, 0x87, 0x82, 0x81 } },
};

/* Let in, with the method in CONNACK, it is one that the target knows by its own word. */
CASE(unknown_authentication_method,
	.title = "A CONNECT with an Authentication Method that nobody knows is refused",
	.refs = { "5.0:MQTT-4.12.0-1", "5.0:MQTT-3.1.4-2" }, .level = MUST, .versions = V50,
	ROWS(unknown_authentication_method))
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_refused(client, .by_choice = true);
}

/* ---- what must be accepted ----------------------------------------------------------------- */

static const struct vector good_connect_values[] = {
	{ "no_properties", WITH(""), .codes = { 0 } },
	{ "session_expiry_0", WITH("11 w0"), .codes = { 0 } },
	{ "session_expiry_short", WITH("11 w1"), .codes = { 0 } },
	{ "receive_maximum_1", WITH("21 n1"), .codes = { 0 } },
	{ "receive_maximum_65535", WITH("21 n65535"), .codes = { 0 } },
	{ "maximum_packet_size_largest", WITH("27 w4294967295"), .codes = { 0 } },
	{ "maximum_packet_size_256", WITH("27 w256"), .codes = { 0 } },
	{ "topic_alias_maximum_0", WITH("22 n0"), .codes = { 0 } },
	{ "topic_alias_maximum_65535", WITH("22 n65535"), .codes = { 0 } },
	{ "request_response_information_0", WITH("19 00"), .codes = { 0 } },
	{ "request_response_information_1", WITH("19 01"), .codes = { 0 } },
	{ "request_problem_information_0", WITH("17 00"), .codes = { 0 } },
	{ "request_problem_information_1", WITH("17 01"), .codes = { 0 } },
	{ "user_property", WITH("26 s\"name\" s\"value\""), .codes = { 0 } },
	{ "user_property_empty", WITH("26 s\"\" s\"\""), .codes = { 0 } },
};

CASE(good_connect_values, .title = "A CONNECT with an allowed value in a property is accepted",
	.refs = { "5.0:MQTT-3.1.4-5" }, .level = MUST, .versions = V50, ROWS(good_connect_values))
{
	struct peer *client = dial(t, "client");
	send_row(client);
	expect_accepted(client);
	fence(client);
}

/* How much a server listens to before it knows with whom it speaks is its own affair. */
CASE(connect_with_many_user_properties,
	.title = "A CONNECT with 200 User Properties is accepted, or refused in an orderly way",
	.refs = { "5.0:MQTT-3.1.4-5", "5.0:MQTT-3.2.2-7" }, .level = MUST, .versions = V50)
{
	witness(t);
	struct peer *client = dial(t, "client");
	send_template(client, WITH("2600016E000176*200"));
	struct packet answer =
		expect_one_of(client, OUTCOMES({ .type = CONNACK }, { .type = CLOSED }));
	if (answer.type == CONNACK && !answer.code)
		return;
	observe(t, "200 User Properties are refused");
	judging(t, "5.0:MQTT-3.2.2-7");
	expect_closed(client);
}

CASE(connect_property_order, .title = "The order of properties in CONNECT means nothing",
	.refs = { "5.0:U50-PROP-ORDER" }, .level = STATED, .versions = V50)
{
	static const struct property all[] = { P_SESSION_EXPIRY(0), P_RECEIVE_MAXIMUM(100),
		P_MAXIMUM_PACKET_SIZE(100000), P_TOPIC_ALIAS_MAXIMUM(5), P_REQUEST_RESPONSE_INFO(0),
		P_REQUEST_PROBLEM_INFO(1), P_USER("name", "value") };
	enum { ALL = sizeof(all) / sizeof(*all) };

	for (unsigned rotation = 0; rotation < ALL; rotation++) {
		struct property rotated[ALL];
		for (unsigned i = 0; i < ALL; i++)
			rotated[i] = all[(i + rotation) % ALL];
		struct properties props = { .list = rotated, .count = ALL, .present = true };
		struct peer *client = dial(t, "client");
		send_connect(client, .props = &props);
		expect_accepted(client);
		fence(client);
	}
}

/* ---- what CONNACK and others may say in return --------------------------------------------- */

CASE(response_information_not_requested,
	.title = "CONNACK has no Response Information that was not requested",
	.refs = { "5.0:MQTT-3.1.2-28" }, .level = MUST, .versions = V50)
{
	struct peer *silent = dial(t, "silent");
	send_connect(silent, .keep_alive = 0);
	struct packet answer = expect_accepted(silent);
	check_in(t, answer, !properties_find(&answer.properties, 0x1A), "no Response Information");

	struct peer *denying = dial(t, "denying");
	send_connect(denying, .props = PROPS(P_REQUEST_RESPONSE_INFO(0)));
	answer = expect_accepted(denying);
	check_in(t, answer, !properties_find(&answer.properties, 0x1A), "no Response Information");
}

static void check_terse(struct test *t, struct packet answer)
{
	check_in(t, answer, !properties_find(&answer.properties, 0x1F), "no Reason String");
	check_in(t, answer, !properties_find(&answer.properties, 0x26), "no User Property");
}

/* Answers that would give reason to explain themselves. */
CASE(problem_information_not_requested,
	.title = "With Request Problem Information 0, acknowledgements explain nothing",
	.refs = { "5.0:MQTT-3.1.2-29" }, .level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client", .props = PROPS(P_REQUEST_PROBLEM_INFO(0)));

	send_publish(client, .topic = "terse/nobody", .payload = "x", .qos = 1, .id = 1);
	check_terse(t, expect_ack(client, PUBACK, 1));
	send_publish(client, .topic = "terse/nobody", .payload = "x", .qos = 2, .id = 2);
	check_terse(t, expect_ack(client, PUBREC, 2));
	send_ack(client, PUBREL, 2);
	check_terse(t, expect_ack(client, PUBCOMP, 2));
	send_unsubscribe(client, .filter = "terse/never", .id = 3);
	check_terse(t, expect_ack(client, UNSUBACK, 3));
	send_subscribe(client, .filter = "terse/#", .id = 4);
	check_terse(t, expect_ack(client, SUBACK, 4));
}

/* ---- a Will with properties ---------------------------------------------------------------- */

CASE(connect_with_will_properties, .title = "The properties of a Will are published with it",
	.refs = { "5.0:U50-WILL-PROPS-FORWARD", "5.0:MQTT-3.1.3-10" }, .level = STATED,
	.versions = V50)
{
	const struct properties *given = PROPS(P_WILL_DELAY(0), P_PAYLOAD_FORMAT(1),
		P_CONTENT_TYPE("text/plain"), P_USER("b", "1"), P_RESPONSE_TOPIC("answers"),
		P_USER("a", "2"), P_CORRELATION_DATA("\x00\xFF"), P_USER("b", "3"));
	const struct properties *published =
		PROPS(P_PAYLOAD_FORMAT(1), P_CONTENT_TYPE("text/plain"),
			P_RESPONSE_TOPIC("answers"), P_CORRELATION_DATA("\x00\xFF"),
			P_USER("b", "1"), P_USER("a", "2"), P_USER("b", "3"));
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "props/w");
	struct peer *client = dial(t, "client");
	send_connect(client, .will = { .topic = "props/w", .payload = "text", .props = given });
	expect_accepted(client);
	abort_connection(client);
	struct packet will = expect_message(watcher, .topic = "props/w", .payload = "text");
	check_forwarded(t, will, published);
}

CHAPTER(connect_properties, "Properties of CONNECT", &case_bad_connect_values,
	&case_unknown_authentication_method, &case_good_connect_values,
	&case_connect_with_many_user_properties, &case_connect_property_order,
	&case_response_information_not_requested, &case_problem_information_not_requested,
	&case_connect_with_will_properties);
