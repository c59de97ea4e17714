/* The contract of agents, docs/AGENT.md: what a program must do with the commands that it reads, so that
 * a client can be judged through it. The peers play a server without a fault.
 */
#include <string.h>

#include "harness/client_case.h"

static void expect_kind(struct test *t, unsigned command, enum told_kind kind)
{
	check_eq(t, expect_answer(t, command).kind, kind);
}

/* ---- the form ------------------------------------------------------------------------------ */

AGENT_CASE(agent_says_hello, .title = "The first line of the agent is a hello of this contract",
	.versions = BOTH)
{
	do_connect(t);
	expect_event(t, TOLD_HELLO);
}

AGENT_CASE(agent_answers_sync,
	.title = "A sync is answered once the commands before it are with the client",
	.versions = BOTH)
{
	tell_agent(t, "{\"do\":\"sync\",\"id\":900}");
	expect_kind(t, 900, TOLD_SYNCED);
	tell_agent(t, "{\"do\":\"sync\",\"id\":901,\"a_field_of_tomorrow\":[1]}");
	expect_kind(t, 901, TOLD_SYNCED);
}

AGENT_CASE(agent_ends_with_its_input,
	.title = "At the end of its input the agent ends with status 0, connected or not",
	.versions = BOTH)
{
	admit(t);
	expect_agent_ends(t);
}

static const struct vector nonsense[] = {
	{ "empty", NULL, .extra = "" },
	{ "no_json", NULL, .extra = "connect, please" },
	{ "half_an_object", NULL, .extra = "{\"do\":\"sync\",\"id\":900" },
	{ "list", NULL, .extra = "[]" },
	{ "number", NULL, .extra = "42" },
	{ "null", NULL, .extra = "null" },
	{ "no_do", NULL, .extra = "{\"id\":900}" },
	{ "do_is_a_number", NULL, .extra = "{\"do\":5,\"id\":900}" },
	{ "publish_without_topic", NULL,
		.extra = "{\"do\":\"publish\",\"id\":900,\"payload\":\"\",\"qos\":0,\"retain\":"
			 "false}" },
	{ "publish_qos_as_text", NULL,
		.extra = "{\"do\":\"publish\",\"id\":900,\"topic\":\"a\",\"payload\":\"\",\"qos\":"
			 "\"1\","
			 "\"retain\":false}" },
	{ "publish_odd_hex", NULL,
		.extra = "{\"do\":\"publish\",\"id\":900,\"topic\":\"a\",\"payload_hex\":\"abc\","
			 "\"qos\":0,\"retain\":false}" },
	{ "subscribe_without_filters", NULL, .extra = "{\"do\":\"subscribe\",\"id\":900}" },
	{ "subscribe_filters_as_text", NULL,
		.extra = "{\"do\":\"subscribe\",\"id\":900,\"filters\":\"a\"}" },
	{ "connect_without_port", NULL,
		.extra =
			"{\"do\":\"connect\",\"id\":900,\"host\":\"127.0.0.1\",\"version\":\"5.0\","
			"\"client_id\":\"a\",\"clean_start\":true,\"keep_alive\":0}" },
};

AGENT_CASE(agent_bears_nonsense,
	.title = "A line that is no command is answered by an error, and the agent goes on",
	.versions = V50, ROWS(nonsense))
{
	const char *line = row(t)->extra;

	tell_agent(t, line);
	struct told told = strstr(line, "900,") || strstr(line, "900}")
		? expect_answer(t, 900)
		: expect_event(t, TOLD_ERROR);
	check_eq(t, told.kind, TOLD_ERROR);
	tell_agent(t, "{\"do\":\"sync\",\"id\":901}");
	expect_kind(t, 901, TOLD_SYNCED);
	admit(t);
}

AGENT_CASE(agent_knows_its_limits,
	.title = "A command of a later contract is answered by unsupported, and the agent goes on",
	.versions = V50)
{
	tell_agent(t, "{\"do\":\"levitate\",\"id\":900}");
	expect_kind(t, 900, TOLD_UNSUPPORTED);
	tell_agent(t, "{\"do\":\"sync\",\"id\":901}");
	expect_kind(t, 901, TOLD_SYNCED);
}

/* ---- connections --------------------------------------------------------------------------- */

AGENT_CASE(agent_connects,
	.title = "The client connects as it is told, and tells of the acceptance", .versions = BOTH)
{
	unsigned command = do_connect(t, .client_id = "agent1", .keep_alive = 30,
		.user_name = "user", .password = "secret",
		.will = { .topic = "gone", .payload = "will", .qos = 1, .retain = true });
	struct peer *server = accept_client(t);
	struct packet connect = expect(server, CONNECT);

	check_text(t, connect.client_id, "agent1");
	check_eq(t, connect.keep_alive, 30);
	check_eq(t, connect.connect_flags, 0xEE);
	check_text(t, connect.user_name, "user");
	check_text(t, connect.password, "secret");
	check_text(t, connect.will_topic, "gone");
	check_text(t, connect.will_payload, "will");
	send_connack(server);
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_CONNECTED);
	check_eq(t, told.session_present, false);
}

AGENT_CASE(agent_tells_a_refusal,
	.title = "A CONNACK that refuses is told as refused, with its code", .versions = BOTH)
{
	unsigned command = do_connect(t);
	struct peer *server = accept_client(t);

	expect(server, CONNECT);
	send_connack(server, .code = is_v5(t) ? 0x87 : 5);
	drop(server);
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_REFUSED);
	check_eq(t, told.code.value, is_v5(t) ? 0x87 : 5);
}

AGENT_CASE(agent_tells_that_nobody_is_there,
	.title = "A connect to a port where nobody listens is answered by an error",
	.versions = BOTH)
{
	tell_agent(t,
		is_v5(t) ? "{\"do\":\"connect\",\"id\":900,\"host\":\"127.0.0.1\",\"port\":1,"
			   "\"version\":\"5.0\",\"client_id\":\"a\",\"clean_start\":true,"
			   "\"keep_alive\":0}"
			 : "{\"do\":\"connect\",\"id\":900,\"host\":\"127.0.0.1\",\"port\":1,"
			   "\"version\":\"3.1.1\",\"client_id\":\"a\",\"clean_start\":true,"
			   "\"keep_alive\":0}");
	expect_kind(t, 900, TOLD_ERROR);
}

AGENT_CASE(agent_tells_of_the_end,
	.title = "A connection that ends is told, also to the commands that wait, and once",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "a");

	expect(server, SUBSCRIBE);
	drop(server);
	expect_kind(t, command, TOLD_ERROR);
	expect_event(t, TOLD_DISCONNECTED);
	synced(t);
	check_eq(t, told_waiting(t, TOLD_DISCONNECTED), 0);
}

AGENT_CASE(agent_connects_again,
	.title = "A second connect makes a new connection with the same client", .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);

	drop(server);
	expect_event(t, TOLD_DISCONNECTED);
	server = admit(t, .kept = true, .resumed = true);
	fence(server);
}

AGENT_CASE(agent_disconnects,
	.title = "The client sends DISCONNECT, closes, and the agent tells so", .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_disconnect(t);

	expect(server, DISCONNECT);
	expect_closed(server);
	expect_kind(t, command, TOLD_DISCONNECTED);
}

/* ---- requests and messages ----------------------------------------------------------------- */

AGENT_CASE(agent_subscribes,
	.title = "All filters go out in one SUBSCRIBE, and its codes are told in order",
	.versions = BOTH)
{
	const struct subscribe more[] = { { .filter = "b/#", .qos = 2 }, { 0 } };
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "a/+", .qos = 1, .more = more);
	struct packet subscribe = expect(server, SUBSCRIBE);

	check_eq(t, subscribe.filter_count, 2);
	check_text(t, subscribe.filters[0].text, "a/+");
	check_text(t, subscribe.filters[1].text, "b/#");
	send_suback(server, .id = subscribe.id, .codes = CODES(1, 0));
	struct told told = expect_answer(t, command);
	check_eq(t, told.kind, TOLD_ACKNOWLEDGED);
	check_eq(t, told.codes.len, 2);
	check_eq(t, told.codes.data[0], 1);
	check_eq(t, told.codes.data[1], 0);
}

AGENT_CASE(
	agent_unsubscribes, .title = "UNSUBSCRIBE goes out, and UNSUBACK is told", .versions = BOTH)
{
	struct peer *server = admit(t);

	client_subscribes(server, .filter = "a");
	unsigned command = do_unsubscribe(t, .filter = "a");
	struct packet unsubscribe = expect(server, UNSUBSCRIBE);
	check_text(t, unsubscribe.filters[0].text, "a");
	send_unsuback(server, .id = unsubscribe.id, .codes = CODES(0));
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

AGENT_CASE(agent_publishes,
	.title = "Messages of all three QoS go out, and the end of each handshake is told",
	.versions = BOTH)
{
	struct peer *server = admit(t);

	for (unsigned qos = 0; qos <= 2; qos++) {
		struct packet m =
			client_publishes(server, .topic = "a/b", .payload = "text", .qos = qos);
		check_eq(t, m.qos, qos);
		check_text(t, m.topic, "a/b");
		check_text(t, m.payload, "text");
	}
	struct packet m =
		client_publishes(server, .topic = "a/b", .bytes = BYTES("\x00\xFF\x80"), .qos = 1);
	check(t, bytes_equal(m.payload, BYTES("\x00\xFF\x80")), "the payload in payload_hex",
		"PUBLISH with %zu bytes, and others", m.payload.len);
	m = client_publishes(server, .topic = "a/b", .bytes = filler(t, 1000000), .qos = 1);
	check(t, bytes_equal(m.payload, filler(t, 1000000)), "the payload of a million bytes",
		"PUBLISH with %zu bytes, and others", m.payload.len);
}

AGENT_CASE(agent_does_one_thing_while_another_waits,
	.title = "A command is carried out while the one before it waits for its answer",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned first = do_publish(t, .topic = "a", .payload = "first", .qos = 1);
	struct packet m = expect(server, PUBLISH);

	client_publishes(server, .topic = "a", .payload = "second", .qos = 1);
	client_subscribes(server, .filter = "b");
	send_ack(server, PUBACK, m.id);
	expect_kind(t, first, TOLD_ACKNOWLEDGED);
}

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
}

/* ---- properties ---------------------------------------------------------------------------- */

AGENT_CASE(agent_sets_properties,
	.title = "Properties of commands go out as they stand, or the agent says unsupported",
	.versions = V50)
{
	struct peer *server = admit(t, .props = PROPS(P_RECEIVE_MAXIMUM(7), P_USER("a", "b")));
	struct packet m = client_publishes(server, .topic = "a", .payload = "x", .qos = 1,
		.props = PROPS(P_CONTENT_TYPE("text/plain"), P_CORRELATION_DATA("\x01\xFF"),
			P_MESSAGE_EXPIRY(60), P_USER("one", "1"), P_USER("two", "2")));
	const struct property *type = properties_find(&m.properties, 0x03);
	const struct property *data = properties_find(&m.properties, 0x09);
	const struct property *expiry = properties_find(&m.properties, 0x02);

	check_in(t, m, type && bytes_equal(type->value, BYTES("text/plain")), "the Content Type");
	check_in(t, m, data && bytes_equal(data->value, BYTES("\x01\xFF")), "the Correlation Data");
	check_in(t, m, expiry && expiry->number == 60, "the Message Expiry Interval");
	check_properties(t, &m.properties, 0x26, 2);
}

AGENT_CASE(agent_tells_properties,
	.title = "Properties of messages are told, User Properties in their order", .versions = V50)
{
	struct peer *server = admit(t);

	client_subscribes(server, .filter = "a");
	send_publish(server, .topic = "a", .payload = "x",
		.props = PROPS(P_PAYLOAD_FORMAT(1), P_CONTENT_TYPE("text/plain"),
			P_CORRELATION_DATA("\x01\xFF"), P_USER("one", "1"), P_USER("two", "2")));
	struct told told = expect_told(t, .topic = "a", .payload = "x");
	const struct property *type = properties_find(&told.properties, 0x03);
	const struct property *data = properties_find(&told.properties, 0x09);
	const struct property *user = properties_find(&told.properties, 0x26);

	check(t, type && bytes_equal(type->value, BYTES("text/plain")), "the Content Type",
		"the user is told something else, or nothing");
	check(t, data && bytes_equal(data->value, BYTES("\x01\xFF")), "the Correlation Data",
		"the user is told something else, or nothing");
	check(t, user && bytes_equal(user->name, BYTES("one")), "the first User Property",
		"the user is told something else, or nothing");
	check_properties(t, &told.properties, 0x26, 2);
}

CHAPTER(agent, "The contract of agents", &case_agent_says_hello, &case_agent_answers_sync,
	&case_agent_ends_with_its_input, &case_agent_bears_nonsense, &case_agent_knows_its_limits,
	&case_agent_connects, &case_agent_tells_a_refusal, &case_agent_tells_that_nobody_is_there,
	&case_agent_tells_of_the_end, &case_agent_connects_again, &case_agent_disconnects,
	&case_agent_subscribes, &case_agent_unsubscribes, &case_agent_publishes,
	&case_agent_does_one_thing_while_another_waits, &case_agent_passes_messages_on,
	&case_agent_sets_properties, &case_agent_tells_properties);
