/* The contract of agents: requests as the client sends them, and what its user is told. */
#include <string.h>

#include "cases/common/agents.h"

/* ---- subscriptions ---------------------------------------------------------------------------- */

AGENT_CASE(agent_subscribes,
	.title = "All filters go out in one SUBSCRIBE, and its codes are told in order",
	.versions = BOTH)
{
	const struct subscribe more[] = { { .filter = "b/#", .qos = 1 },
		{ .filter = "\xC3\xA9", .qos = 1 }, { 0 } };
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "a/+", .qos = 1, .more = more);
	struct packet subscribe = expect(server, SUBSCRIBE);

	check_eq(t, subscribe.filter_count, 3);
	check_text(t, subscribe.filters[0].text, "a/+");
	check_text(t, subscribe.filters[1].text, "b/#");
	check_text(t, subscribe.filters[2].text, "\xC3\xA9");
	send_suback(server, .id = subscribe.id, .codes = CODES(1, 0, 0x80));
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	check_eq(t, told.codes.len, 3);
	check_eq(t, told.codes.data[0], 1);
	check_eq(t, told.codes.data[1], 0);
	check_eq(t, told.codes.data[2], 0x80);
}

AGENT_CASE(agent_subscribes_to_each,
	.title = "Each filter of a SUBSCRIBE has the QoS that was asked for it", .versions = BOTH)
{
	const struct subscribe more[] = { { .filter = "b/#", .qos = 2 }, { .filter = "c" }, { 0 } };
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "a/+", .qos = 1, .more = more);
	struct packet subscribe = expect(server, SUBSCRIBE);

	check_eq(t, subscribe.filter_count, 3);
	check_eq(t, subscribe.filters[0].options, 1);
	check_eq(t, subscribe.filters[1].options, 2);
	check_eq(t, subscribe.filters[2].options, 0);
	send_suback(server, .id = subscribe.id, .codes = CODES(1, 2, 0));
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

#define ASKED(...) (&(const struct subscribe){ .filter = "a", __VA_ARGS__ })

static const struct vector options[] = {
	{ "qos_0", .versions = BOTH, .extra = ASKED(.qos = 0) },
	{ "qos_1", .versions = BOTH, .extra = ASKED(.qos = 1) },
	{ "qos_2", .versions = BOTH, .extra = ASKED(.qos = 2) },
	{ "no_local", .extra = ASKED(.no_local = true) },
	{ "retain_as_published", .extra = ASKED(.retain_as_published = true) },
	{ "retain_handling_1", .extra = ASKED(.qos = 1, .retain_handling = 1) },
	{ "retain_handling_2", .extra = ASKED(.qos = 1, .retain_handling = 2) },
};

AGENT_CASE(agent_subscribes_as_told,
	.title = "A filter goes out with the options that were asked for, and no others",
	.versions = V50, ROWS(options))
{
	const struct subscribe *s = row(t)->extra;
	unsigned wanted =
		s->qos | s->no_local << 2 | s->retain_as_published << 3 | s->retain_handling << 4;
	struct peer *server = admit(t);
	unsigned command = do_subscribe_at(AT("do_subscribe(t)"), t, *s);
	struct packet subscribe = expect(server, SUBSCRIBE);

	check_eq(t, subscribe.filters[0].options, wanted);
	send_suback(server, .id = subscribe.id, .codes = CODES(0));
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

AGENT_CASE(agent_unsubscribes,
	.title = "All filters go out in one UNSUBSCRIBE, and UNSUBACK is told", .versions = BOTH)
{
	const struct subscribe more[] = { { .filter = "b/#" }, { 0 } };
	struct peer *server = admit(t);

	client_subscribes(server, .filter = "a");
	unsigned command = do_unsubscribe(t, .filter = "a", .more = more);
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	check_eq(t, unsubscribe.filter_count, 2);
	check_text(t, unsubscribe.filters[0].text, "a");
	check_text(t, unsubscribe.filters[1].text, "b/#");
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0, 0x11));
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	if (!is_v5(t) || !told.codes.data)
		return;
	check_eq(t, told.codes.len, 2);
	check_eq(t, told.codes.data[0], 0);
	check_eq(t, told.codes.data[1], 0x11);
}

/* ---- messages that go out ---------------------------------------------------------------------- */

#define SENT(...) (&(const struct publish){ __VA_ARGS__ })

static const struct vector sent[] = {
	{ "qos_0", .extra = SENT(.topic = "a/b", .payload = "text") },
	{ "qos_1", .extra = SENT(.topic = "a/b", .payload = "text", .qos = 1) },
	{ "qos_2", .extra = SENT(.topic = "a/b", .payload = "text", .qos = 2) },
	{ "retained", .extra = SENT(.topic = "a/b", .payload = "text", .qos = 1, .retain = true) },
	{ "empty", .extra = SENT(.topic = "a/b", .payload = "", .qos = 1, .retain = true) },
	{ "letters",
		.extra = SENT(.topic = "gr\xC3\xBC\xC3\x9F/\xE6\x9D\xB1",
			.payload = "\xE2\x82\xAC \xF0\x9F\x90\x9F", .qos = 1) },
	{ "quotes", .extra = SENT(.topic = "a\"b\\", .payload = "\"\\\t\r\n/", .qos = 1) },
	{ "hex",
		.extra = SENT(.topic = "a/b", .bytes = { (const uint8_t *)"\x00\xFF\x80\n", 4 },
			.qos = 1) },
};

AGENT_CASE(agent_publishes,
	.title = "Messages go out as they were given, and the end of each exchange is told",
	.versions = BOTH, ROWS(sent))
{
	const struct publish *wanted = row(t)->extra;
	struct peer *server = admit(t);
	struct packet m = client_publishes_at(AT("client_publishes(server)"), server, *wanted);

	check_eq(t, m.qos, wanted->qos);
	check_eq(t, m.retain, wanted->retain);
	check_text(t, m.topic, wanted->topic);
	check_in(t, m,
		bytes_equal(m.payload, wanted->payload ? bytes_of(wanted->payload) : wanted->bytes),
		"the payload as it was given");
}

enum { LONG = 1000000 };

AGENT_CASE(agent_takes_long_lines, .title = "A message of a million bytes goes out, and comes in",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	struct packet m =
		client_publishes(server, .topic = "a/b", .bytes = filler(t, LONG), .qos = 1);

	check(t, bytes_equal(m.payload, filler(t, LONG)), "the payload of a million bytes",
		"PUBLISH with %zu bytes, and others", m.payload.len);
	client_subscribes(server, .filter = "a/#", .qos = 1);
	send_publish(server, .topic = "a/b", .bytes = filler(t, LONG), .qos = 1, .id = 7);
	expect_ack(server, PUBACK, 7);
	struct told told = expect_event(t, TOLD_MESSAGE);
	check(t, bytes_equal(told.payload, filler(t, LONG)), "the payload of a million bytes",
		"the user is told %zu bytes, and others", told.payload.len);
}

/* Where the client does not tell its user what the server said, the agent cannot either. */
static void expect_refused_code(struct test *t, unsigned command, unsigned code)
{
	struct told told = expect_answer(t, command);

	if (told.kind == TOLD_ACKNOWLEDGED && !told.code.set) {
		nonstrict(t,
			"acknowledged without a code: only for a client that does not report "
			"what the server said");
		return;
	}
	check_eq(t, told.kind, TOLD_REFUSED);
	check_eq(t, told.code.value, code);
}

AGENT_CASE(agent_tells_a_refused_message,
	.title = "A PUBACK with an error is told as refused, with its code", .versions = V50)
{
	struct peer *server = admit(t);
	unsigned command = do_publish(t, .topic = "a", .payload = "x", .qos = 1);
	struct packet m = expect(server, PUBLISH);

	send_ack(server, PUBACK, m.id, .code = SET(0x87));
	expect_refused_code(t, command, 0x87);
}

AGENT_CASE(agent_tells_a_message_refused_at_once,
	.title = "A PUBREC with an error is told as refused, with its code", .versions = V50)
{
	struct peer *server = admit(t);
	unsigned command = do_publish(t, .topic = "a", .payload = "x", .qos = 2);
	struct packet m = expect(server, PUBLISH);

	send_ack(server, PUBREC, m.id, .code = SET(0x97));
	require(t, lives_on(server), "the client closes after a PUBREC that refuses");
	require(t, !has_packet(server, PUBREL), "the client goes on after a PUBREC that refuses");
	expect_refused_code(t, command, 0x97);
}

AGENT_CASE(agent_tells_the_code,
	.title = "The code of an acknowledgement that is no error is told as it came",
	.versions = V50)
{
	struct peer *server = admit(t);
	unsigned command = do_publish(t, .topic = "a", .payload = "x", .qos = 1);
	struct packet m = expect(server, PUBLISH);

	send_ack(server, PUBACK, m.id, .code = SET(0x10));
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	if (told.code.set)
		check_eq(t, told.code.value, 0x10);
	else
		nonstrict(t,
			"acknowledged has no code: to be left out only if the client does not "
			"report it");
}

/* ---- messages that come in --------------------------------------------------------------------- */

AGENT_CASE(agent_passes_messages_on,
	.title = "Messages are told with topic, payload, QoS and RETAIN", .versions = BOTH)
{
	struct peer *server = admit(t);

	client_subscribes(server, .filter = "a/#", .qos = 2);
	send_publish(server, .topic = "a/b", .payload = "text");
	expect_told(t, .topic = "a/b", .payload = "text", .qos = SET(0), .retain = SET(0));
	send_publish(server, .topic = "a/c", .bytes = BYTES("\x00\xFF\x80"), .qos = 1, .id = 7,
		.retain = true);
	expect_ack(server, PUBACK, 7);
	expect_told(
		t, .topic = "a/c", .bytes = BYTES("\x00\xFF\x80"), .qos = SET(1), .retain = SET(1));
	send_publish(server, .topic = "a/d", .qos = 2, .id = 8);
	expect_ack(server, PUBREC, 8);
	send_ack(server, PUBREL, 8);
	expect_ack(server, PUBCOMP, 8);
	expect_told(t, .topic = "a/d", .payload = "", .qos = SET(2));
	send_publish(server, .topic = "a/\xE6\x9D\xB1", .payload = "\"\\\t\xE2\x82\xAC", .qos = 1,
		.id = 9);
	expect_ack(server, PUBACK, 9);
	expect_told(t, .topic = "a/\xE6\x9D\xB1", .payload = "\"\\\t\xE2\x82\xAC");
}

AGENT_CASE(agent_passes_each_message_on,
	.title = "Each message is told, once and in the order in which they came", .versions = BOTH)
{
	static const char *const payloads[] = { "1", "2", "2", "3", "4", "5" };
	enum { MESSAGES = sizeof(payloads) / sizeof(*payloads) };
	struct peer *server = admit(t);

	client_subscribes(server, .filter = "a", .qos = 1);
	for (unsigned i = 0; i < MESSAGES; i++) {
		send_publish(server, .topic = "a", .payload = payloads[i], .qos = 1, .id = 11 + i);
		expect_ack(server, PUBACK, 11 + i);
	}
	for (unsigned i = 0; i < MESSAGES; i++)
		check_text(t, expect_event(t, TOLD_MESSAGE).payload, payloads[i]);
	synced(t);
	check_number(t, "messages told twice", told_waiting(t, TOLD_MESSAGE), 0);
}

/* ---- properties that go out --------------------------------------------------------------------- */

struct carried {
	enum packet_type in;
	const struct properties *props;
};

#define CARRIED(type, list) (&(const struct carried){ type, &(list) })

LIST(in_publish_payload_format, P_PAYLOAD_FORMAT(1));
LIST(in_publish_message_expiry, P_MESSAGE_EXPIRY(70000));
LIST(in_publish_content_type, P_CONTENT_TYPE("text/\xC3\xA9"));
LIST(in_publish_response_topic, P_RESPONSE_TOPIC("back/to"));
LIST(in_publish_correlation_data, P_CORRELATION_DATA("\x01\xFF\x00\x0A"));
LIST(in_publish_user_property, P_USER("name", "value"));
LIST(in_publish_user_properties, P_USER("one", "1"), P_USER("two", "2"), P_USER("one", "3"),
	P_USER("one", "1"));
LIST(in_publish_all, P_PAYLOAD_FORMAT(1), P_MESSAGE_EXPIRY(60), P_CONTENT_TYPE("text/plain"),
	P_CORRELATION_DATA("\x01\xFF"), P_USER("one", "1"), P_USER("two", "2"));
LIST(in_subscribe_identifier, P_SUBSCRIPTION_ID(300));
LIST(in_subscribe_user_properties, P_USER("one", "1"), P_USER("two", "2"));
LIST(in_unsubscribe_user_properties, P_USER("one", "1"), P_USER("two", "2"));
LIST(in_disconnect_reason_string, P_REASON_STRING("enough"));
LIST(in_disconnect_user_properties, P_USER("one", "1"), P_USER("two", "2"));

static const struct vector carried[] = {
	{ "publish_payload_format", .extra = CARRIED(PUBLISH, in_publish_payload_format) },
	{ "publish_message_expiry", .extra = CARRIED(PUBLISH, in_publish_message_expiry) },
	{ "publish_content_type", .extra = CARRIED(PUBLISH, in_publish_content_type) },
	{ "publish_response_topic", .extra = CARRIED(PUBLISH, in_publish_response_topic) },
	{ "publish_correlation_data", .extra = CARRIED(PUBLISH, in_publish_correlation_data) },
	{ "publish_user_property", .extra = CARRIED(PUBLISH, in_publish_user_property) },
	{ "publish_user_properties", .extra = CARRIED(PUBLISH, in_publish_user_properties) },
	{ "publish_all", .extra = CARRIED(PUBLISH, in_publish_all) },
	{ "subscribe_identifier", .extra = CARRIED(SUBSCRIBE, in_subscribe_identifier) },
	{ "subscribe_user_properties", .extra = CARRIED(SUBSCRIBE, in_subscribe_user_properties) },
	{ "unsubscribe_user_properties",
		.extra = CARRIED(UNSUBSCRIBE, in_unsubscribe_user_properties) },
	{ "disconnect_reason_string", .extra = CARRIED(DISCONNECT, in_disconnect_reason_string) },
	{ "disconnect_user_properties",
		.extra = CARRIED(DISCONNECT, in_disconnect_user_properties) },
};

AGENT_CASE(agent_sets_properties,
	.title = "Properties of commands go out as they stand, or the agent says unsupported",
	.versions = V50, ROWS(carried))
{
	const struct carried *c = row(t)->extra;
	struct peer *server = admit(t);

	if (c->in == PUBLISH)
		do_publish(t, .topic = "a", .payload = "x", .qos = 1, .props = c->props);
	else if (c->in == SUBSCRIBE)
		do_subscribe(t, .filter = "a", .qos = 1, .props = c->props);
	else if (c->in == UNSUBSCRIBE)
		do_unsubscribe(t, .filter = "a", .props = c->props);
	else
		do_disconnect(t, .props = c->props);
	struct packet packet = expect(server, c->in);
	check_carries(t, spec_packet_name(c->in), &packet.properties, c->props);
}

AGENT_CASE(agent_disconnects_as_told,
	.title = "DISCONNECT has the code and the expiry interval of the command", .versions = V50)
{
	const struct properties *props = PROPS(P_SESSION_EXPIRY(5));
	struct peer *server = admit(t, .kept = true);
	unsigned command = do_disconnect(t, .code = SET(0x04), .props = props);
	struct packet disconnect = expect(server, DISCONNECT);

	check_eq(t, disconnect.code, 0x04);
	check_carries(t, "DISCONNECT", &disconnect.properties, props);
	expect_closed(server);
	drop(server);
	expect_kind(t, command, TOLD_DISCONNECTED);
}

/* ---- properties that come in ---------------------------------------------------------------------- */

AGENT_CASE(agent_tells_properties,
	.title = "Properties of messages are told, User Properties in their order", .versions = V50)
{
	const struct properties *props = PROPS(P_PAYLOAD_FORMAT(1), P_CONTENT_TYPE("text/plain"),
		P_CORRELATION_DATA("\x01\xFF"), P_USER("one", "1"), P_USER("two", "2"));
	struct peer *server = admit(t);

	client_subscribes(server, .filter = "a");
	send_publish(server, .topic = "a", .payload = "x", .props = props);
	struct told told = expect_told(t, .topic = "a", .payload = "x");
	check_carries(t, "message", &told.properties, props);
}

LIST(told_expiry_and_response, P_MESSAGE_EXPIRY(70000), P_RESPONSE_TOPIC("back/\xC3\xA9"));
LIST(told_one_identifier, P_SUBSCRIPTION_ID(300));
LIST(told_two_identifiers, P_SUBSCRIPTION_ID(300), P_SUBSCRIPTION_ID(7));
LIST(told_user_properties, P_USER("one", "1"), P_USER("two", "2"), P_USER("one", "3"),
	P_USER("", ""));

static const struct vector messages[] = {
	{ "expiry_and_response", .extra = &told_expiry_and_response },
	{ "one_identifier", .extra = &told_one_identifier },
	{ "two_identifiers", .extra = &told_two_identifiers },
	{ "user_properties", .extra = &told_user_properties },
};

AGENT_CASE(agent_tells_each_property,
	.title = "A property of a message is told as it came, or left out", .versions = V50,
	ROWS(messages))
{
	const struct properties *props = row(t)->extra;
	struct peer *server = admit(t);

	client_subscribes(server, .filter = "a", .props = PROPS(P_SUBSCRIPTION_ID(300)));
	client_subscribes(server, .filter = "#", .props = PROPS(P_SUBSCRIPTION_ID(7)));
	send_publish(server, .topic = "a", .payload = "x", .props = props);
	require(t, lives_on(server), "the client takes no such message");
	struct told told = expect_told(t, .topic = "a", .payload = "x");
	check_tells(t, "message", &told.properties, props);
}

AGENT_CASE(agent_tells_properties_of_connack,
	.title = "Properties of CONNACK are told as they came, or left out", .versions = V50)
{
	const struct properties *props = PROPS(P_RECEIVE_MAXIMUM(7), P_MAXIMUM_QOS(1),
		P_RETAIN_AVAILABLE(0), P_MAXIMUM_PACKET_SIZE(70000), P_TOPIC_ALIAS_MAXIMUM(9),
		P_REASON_STRING("welcome"), P_SERVER_KEEP_ALIVE(600), P_USER("one", "1"),
		P_USER("two", "2"));
	unsigned command = do_connect(t, .keep_alive = 60);
	struct peer *server = accept_client(t);

	expect(server, CONNECT);
	send_connack(server, .props = props);
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_CONNECTED);
	check_tells(t, "connected", &told.properties, props);
}

AGENT_CASE(agent_tells_properties_of_acknowledgements,
	.title = "Properties of acknowledgements are told as they came, or left out",
	.versions = V50)
{
	const struct properties *props = PROPS(P_REASON_STRING("because"), P_USER("one", "1"));
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "a", .qos = 1);
	struct packet packet = expect(server, SUBSCRIBE);
	struct told told;

	send_suback(server, .id = packet.id, .codes = CODES(1), .props = props);
	told = expect_answer(t, command);
	check_tells(t, "acknowledged", &told.properties, props);
	command = do_publish(t, .topic = "a", .payload = "x", .qos = 1);
	packet = expect(server, PUBLISH);
	send_ack(server, PUBACK, packet.id, .code = SET(0x10), .props = props);
	told = expect_answer(t, command);
	check_tells(t, "acknowledged", &told.properties, props);
}

/* ---- authentication ------------------------------------------------------------------------------- */

#define METHOD  P_AUTH_METHOD("mqttspec-method")
#define DATA(s) P_AUTH_DATA(s)

/* A client without any says so. */
static void require_authenticate(struct test *t)
{
	do_authenticate(t, .props = PROPS(METHOD));
	synced(t);
}

AGENT_CASE(agent_authenticates,
	.title = "A challenge is told, and answered by the AUTH of the command", .versions = V50)
{
	require_authenticate(t);
	unsigned connecting = do_connect(t, .props = PROPS(METHOD, DATA("first")));
	struct peer *server = accept_client(t);
	expect(server, CONNECT);
	send_auth(server, .code = SET(0x18), .props = PROPS(METHOD, DATA("\xFF\x00?")));
	struct told asked = expect_event(t, TOLD_CHALLENGE);
	check(t, !asked.code.set || asked.code.value == 0x18, "`challenge` with code 24",
		"it has code %u", asked.code.value);
	check_carries(t, "challenge", &asked.properties, PROPS(DATA("\xFF\x00?")));
	unsigned command = do_authenticate(t, .props = PROPS(METHOD, DATA("\x00!")));
	struct packet auth = expect(server, AUTH);
	check_eq(t, auth.code, 0x18);
	check_carries(t, "AUTH", &auth.properties, PROPS(DATA("\x00!")));
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
	expect_unanswered(t, connecting, "CONNACK");
	send_connack(server, .props = PROPS(METHOD));
	expect_kind(t, connecting, TOLD_CONNECTED);
	command = do_authenticate(t, .code = SET(0x19), .props = PROPS(METHOD));
	auth = expect(server, AUTH);
	check_eq(t, auth.code, 0x19);
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

CHAPTER(agent_exchanges, "The contract of agents: requests and messages", &case_agent_subscribes,
	&case_agent_subscribes_to_each, &case_agent_subscribes_as_told, &case_agent_unsubscribes,
	&case_agent_publishes, &case_agent_takes_long_lines, &case_agent_tells_a_refused_message,
	&case_agent_tells_a_message_refused_at_once, &case_agent_tells_the_code,
	&case_agent_passes_messages_on, &case_agent_passes_each_message_on,
	&case_agent_sets_properties, &case_agent_disconnects_as_told, &case_agent_tells_properties,
	&case_agent_tells_each_property, &case_agent_tells_properties_of_connack,
	&case_agent_tells_properties_of_acknowledgements, &case_agent_authenticates);
