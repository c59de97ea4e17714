/* The contract of agents: lines that are no commands, and commands that cannot be carried out. */
#include <string.h>

#include "cases/common/agents.h"

/* ---- lines ---------------------------------------------------------------------------------- */

#define CONNECT_WITH(fields)                                                                     \
	"{\"do\":\"connect\",\"id\":900,\"host\":\"127.0.0.1\",\"client_id\":\"a\",\"version\":" \
	"\"5.0\",\"clean_start\":true," fields "}"
#define PUBLISH_WITH(fields) \
	"{\"do\":\"publish\",\"id\":900,\"topic\":\"a\",\"payload\":\"x\"," fields "}"

static const struct vector nonsense[] = {
	{ "empty", NULL, .extra = "" },
	{ "no_json", NULL, .extra = "connect, please" },
	{ "half_an_object", NULL, .extra = "{\"do\":\"sync\",\"id\":900" },
	{ "no_utf8", NULL, .extra = "{\"do\":\"sync\",\"\xFF\":1}" },
	{ "list", NULL, .extra = "[]" },
	{ "number", NULL, .extra = "42" },
	{ "null", NULL, .extra = "null" },
	{ "no_do", NULL, .extra = "{\"id\":900}" },
	{ "no_id", NULL, .extra = "{\"do\":\"sync\"}" },
	{ "id_as_text", NULL, .extra = "{\"do\":\"sync\",\"id\":\"nine hundred\"}" },
	{ "do_is_a_number", NULL, .extra = "{\"do\":5,\"id\":900}" },
	{ "publish_without_topic", NULL,
		.extra = "{\"do\":\"publish\",\"id\":900,\"payload\":\"\",\"qos\":0,\"retain\":"
			 "false}" },
	{ "publish_without_payload", NULL,
		.extra = "{\"do\":\"publish\",\"id\":900,\"topic\":\"a\",\"qos\":0,\"retain\":"
			 "false}" },
	{ "publish_without_qos", NULL, .extra = PUBLISH_WITH("\"retain\":false") },
	{ "publish_qos_as_text", NULL, .extra = PUBLISH_WITH("\"qos\":\"1\",\"retain\":false") },
	{ "publish_retain_as_number", NULL, .extra = PUBLISH_WITH("\"qos\":0,\"retain\":1") },
	{ "publish_odd_hex", NULL,
		.extra = "{\"do\":\"publish\",\"id\":900,\"topic\":\"a\",\"payload_hex\":\"abc\","
			 "\"qos\":0,\"retain\":false}" },
	{ "publish_no_hex", NULL,
		.extra = "{\"do\":\"publish\",\"id\":900,\"topic\":\"a\",\"payload_hex\":\"xy\","
			 "\"qos\":0,\"retain\":false}" },
	{ "subscribe_without_filters", NULL, .extra = "{\"do\":\"subscribe\",\"id\":900}" },
	{ "subscribe_filters_as_text", NULL,
		.extra = "{\"do\":\"subscribe\",\"id\":900,\"filters\":\"a\"}" },
	{ "subscribe_filter_without_qos", NULL,
		.extra = "{\"do\":\"subscribe\",\"id\":900,\"filters\":[{\"filter\":\"a\"}]}" },
	{ "connect_without_port", NULL, .extra = CONNECT_WITH("\"keep_alive\":0") },
	{ "connect_without_keep_alive", NULL, .extra = CONNECT_WITH("\"port\":1") },
	{ "connect_will_as_text", NULL,
		.extra = CONNECT_WITH("\"port\":1,\"keep_alive\":60,\"will\":\"gone\"") },
};

/* With a connection, where it could do harm; a connect has none yet. */
AGENT_CASE(agent_bears_nonsense,
	.title = "A line that is no command is answered by an error, and the agent goes on",
	.versions = V50, ROWS(nonsense))
{
	const char *line = row(t)->extra;
	struct peer *server = strstr(line, "\"connect\"") ? NULL : admit(t, .client_id = "a");

	tell_agent(t, line);
	struct told told = strstr(line, "900,") || strstr(line, "900}")
		? expect_answer(t, 900)
		: expect_event(t, TOLD_ERROR);
	check_eq(t, told.kind, TOLD_ERROR);
	tell_agent(t, "{\"do\":\"sync\",\"id\":901}");
	expect_kind(t, 901, TOLD_SYNCED);
	if (!server)
		server = admit(t, .client_id = "a");
	fence(server);
	check_absent(server, PUBLISH, "no PUBLISH that was half understood");
	check_absent(server, SUBSCRIBE, "no SUBSCRIBE that was half understood");
}

static const struct vector bad_properties[] = {
	{ "list", NULL, .extra = PUBLISH_WITH("\"qos\":0,\"retain\":false,\"properties\":[1]") },
	{ "number_as_text", NULL,
		.extra = PUBLISH_WITH("\"qos\":0,\"retain\":false,\"properties\":"
				      "{\"message_expiry_interval\":\"60\"}") },
	{ "pair_of_one", NULL,
		.extra = PUBLISH_WITH("\"qos\":0,\"retain\":false,\"properties\":"
				      "{\"user_property\":[[\"a\"]]}") },
	{ "text_as_number", NULL,
		.extra = PUBLISH_WITH("\"qos\":0,\"retain\":false,\"properties\":"
				      "{\"content_type\":5}") },
	{ "no_hex", NULL,
		.extra = PUBLISH_WITH("\"qos\":0,\"retain\":false,\"properties\":"
				      "{\"correlation_data\":\"xyz\"}") },
};

/* Once it is known that the version has any. */
AGENT_CASE(agent_bears_bad_properties,
	.title = "A property of the wrong type is answered by an error, and nothing is sent",
	.versions = V50, ROWS(bad_properties))
{
	struct peer *server = admit(t);

	tell_agent(t, row(t)->extra);
	expect_kind(t, 900, TOLD_ERROR);
	synced(t);
	fence(server);
	check_absent(server, PUBLISH, "no PUBLISH: its properties are wrong");
}

/* ---- what nobody knows ------------------------------------------------------------------------ */

AGENT_CASE(agent_knows_its_limits,
	.title = "A command of a later contract is answered by unsupported, and the agent goes on",
	.versions = V50)
{
	tell_agent(t, "{\"do\":\"levitate\",\"id\":900}");
	expect_kind(t, 900, TOLD_UNSUPPORTED);
	tell_agent(t, "{\"do\":\"sync\",\"id\":901}");
	expect_kind(t, 901, TOLD_SYNCED);
}

AGENT_CASE(agent_passes_over_unknown_fields,
	.title = "A command with a field of a later contract is carried out", .versions = BOTH)
{
	struct peer *server = admit(t);

	tell_agent(t,
		"{\"do\":\"publish\",\"id\":900,\"topic\":\"a\",\"payload\":\"x\",\"qos\":1,"
		"\"retain\":false,\"a_field_of_tomorrow\":{\"qos\":2}}");
	struct packet m = expect_publish(server, .topic = "a", .payload = "x");
	check_eq(t, m.qos, 1);
	send_ack(server, PUBACK, m.id);
	expect_kind(t, 900, TOLD_ACKNOWLEDGED);
	tell_agent(t,
		"{\"do\":\"subscribe\",\"id\":901,\"filters\":[{\"filter\":\"a\",\"qos\":1,"
		"\"a_field_of_tomorrow\":7}]}");
	struct packet subscribe = expect(server, SUBSCRIBE);
	send_suback(server, .id = subscribe.id, .codes = CODES(1));
	expect_kind(t, 901, TOLD_ACKNOWLEDGED);
}

#define UNKNOWN "\"properties\":{\"a_property_of_tomorrow\":1}"

static const struct vector unknown[] = {
	{ "publish", NULL, .extra = PUBLISH_WITH("\"qos\":0,\"retain\":false," UNKNOWN) },
	{ "subscribe", NULL,
		.extra = "{\"do\":\"subscribe\",\"id\":900,\"filters\":[{\"filter\":\"a\",\"qos\":"
			 "0}]," UNKNOWN "}" },
	{ "unsubscribe", NULL,
		.extra = "{\"do\":\"unsubscribe\",\"id\":900,\"filters\":[\"a\"]," UNKNOWN "}" },
	{ "disconnect", NULL, .extra = "{\"do\":\"disconnect\",\"id\":900," UNKNOWN "}" },
};

AGENT_CASE(agent_refuses_unknown_properties,
	.title = "A command with a property that nobody knows is unsupported, and nothing is sent",
	.versions = V50, ROWS(unknown))
{
	struct peer *server = admit(t);

	tell_agent(t, row(t)->extra);
	expect_kind(t, 900, TOLD_UNSUPPORTED);
	synced(t);
	fence(server);
	check_absent(server, PUBLISH, "no PUBLISH: it is unsupported");
	check_absent(server, SUBSCRIBE, "no SUBSCRIBE: it is unsupported");
	check_absent(server, UNSUBSCRIBE, "no UNSUBSCRIBE: it is unsupported");
}

/* Nobody listens there: an error would say that the client has tried. */
static const struct vector no_connect[] = {
	{ "property", NULL, .extra = CONNECT_WITH("\"port\":1,\"keep_alive\":60," UNKNOWN) },
	{ "will_property", NULL,
		.extra = CONNECT_WITH("\"port\":1,\"keep_alive\":60,\"will\":{\"topic\":\"w\","
				      "\"payload\":\"\",\"qos\":0,\"retain\":false," UNKNOWN "}") },
	{ "transport", NULL,
		.extra = CONNECT_WITH("\"port\":1,\"keep_alive\":60,\"transport\":\"pigeon\"") },
};

AGENT_CASE(agent_refuses_what_it_cannot_connect_with,
	.title = "A connect with a property or a transport that nobody knows is unsupported",
	.versions = V50, ROWS(no_connect))
{
	tell_agent(t, row(t)->extra);
	expect_kind(t, 900, TOLD_UNSUPPORTED);
	admit(t, .client_id = "a");
}

/* ---- at the wrong time ----------------------------------------------------------------------- */

AGENT_CASE(agent_refuses_a_second_connection,
	.title = "A connect while there is a connection is an error, and the connection stays",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_connect(t);

	expect_kind(t, command, TOLD_ERROR);
	fence(server);
	client_publishes(server, .topic = "a", .payload = "still here", .qos = 1);
}

AGENT_CASE(agent_refuses_to_disconnect_twice,
	.title = "A disconnect without a connection is an error, before the first and after it",
	.versions = BOTH)
{
	tell_agent(t, "{\"do\":\"disconnect\",\"id\":900}");
	expect_kind(t, 900, TOLD_ERROR);
	struct peer *server = admit(t);
	client_leaves(server);
	tell_agent(t, "{\"do\":\"disconnect\",\"id\":901}");
	expect_kind(t, 901, TOLD_ERROR);
	admit(t);
}

#define OFFLINE(id, qos)                                                                     \
	"{\"do\":\"publish\",\"id\":" #id ",\"topic\":\"a\",\"payload\":\"x\",\"qos\":" #qos \
	",\"retain\":false}"

/* What becomes of them is the client's own affair. */
AGENT_CASE(agent_bears_commands_without_a_connection,
	.title = "Commands without a connection leave the agent ready for the next connect",
	.versions = BOTH)
{
	tell_agent(t, OFFLINE(900, 0));
	tell_agent(t, OFFLINE(901, 1));
	tell_agent(
		t, "{\"do\":\"subscribe\",\"id\":902,\"filters\":[{\"filter\":\"a\",\"qos\":0}]}");
	synced(t);
	struct peer *server = admit(t, .kept = true);
	client_loses(server);
	tell_agent(t, OFFLINE(903, 0));
	tell_agent(t, OFFLINE(904, 1));
	tell_agent(t, "{\"do\":\"unsubscribe\",\"id\":905,\"filters\":[\"a\"]}");
	synced(t);
	server = admit(t, .kept = true, .resumed = true);
	fence(server);
}

CHAPTER(agent_nonsense, "The contract of agents: what cannot be done", &case_agent_bears_nonsense,
	&case_agent_bears_bad_properties, &case_agent_knows_its_limits,
	&case_agent_passes_over_unknown_fields, &case_agent_refuses_unknown_properties,
	&case_agent_refuses_what_it_cannot_connect_with, &case_agent_refuses_a_second_connection,
	&case_agent_refuses_to_disconnect_twice, &case_agent_bears_commands_without_a_connection);
