/* The contract of agents: connections, one at a time, each made as it was told. */
#include <string.h>

#include "cases/common/agents.h"

/* ---- as it was told -------------------------------------------------------------------------- */

#define SETTINGS(...) (&(const struct connect){ __VA_ARGS__ })

LIST(with_receive_maximum, P_RECEIVE_MAXIMUM(7));
LIST(with_maximum_packet_size, P_MAXIMUM_PACKET_SIZE(70000));
LIST(with_topic_alias_maximum, P_TOPIC_ALIAS_MAXIMUM(9));
LIST(with_request_information, P_REQUEST_RESPONSE_INFO(1), P_REQUEST_PROBLEM_INFO(0));
LIST(with_user_properties, P_USER("one", "1"), P_USER("two", "2"));
LIST(with_will_delay, P_WILL_DELAY(5), P_MESSAGE_EXPIRY(60));
LIST(with_will_content, P_PAYLOAD_FORMAT(1), P_CONTENT_TYPE("text/plain"), P_RESPONSE_TOPIC("back"),
	P_CORRELATION_DATA("\x01\xFF"), P_USER("w", "x"));

static const struct vector settings[] = {
	{ "plain", .extra = SETTINGS(.keep_alive = 30) },
	{ "keep_alive", .extra = SETTINGS(.keep_alive = 770) },
	{ "no_keep_alive", .extra = SETTINGS(.keep_alive = 0) },
	{ "user_name", .extra = SETTINGS(.keep_alive = 30, .user_name = "M\xC3\xA4rta") },
	{ "login", .extra = SETTINGS(.keep_alive = 30, .user_name = "user", .password = "secret") },
	{ "kept", .extra = SETTINGS(.keep_alive = 30, .kept = true) },
	{ "will",
		.extra = SETTINGS(.keep_alive = 30,
			.will = { .topic = "gone/\xC3\xA9", .payload = "will", .qos = 1 }) },
	{ "will_retained",
		.extra = SETTINGS(.keep_alive = 30,
			.will = { .topic = "gone", .payload = "", .qos = 2, .retain = true }) },
	{ "will_in_hex",
		.extra = SETTINGS(.keep_alive = 30,
			.will = { .topic = "gone",
				.bytes = { (const uint8_t *)"\x00\xFF\x80", 3 } }) },
	{ "session_expiry", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30, .expiry = SET(77)) },
	{ "receive_maximum", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30, .props = &with_receive_maximum) },
	{ "maximum_packet_size", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30, .props = &with_maximum_packet_size) },
	{ "topic_alias_maximum", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30, .props = &with_topic_alias_maximum) },
	{ "request_information", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30, .props = &with_request_information) },
	{ "user_properties", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30, .props = &with_user_properties) },
	{ "will_delay", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30,
			.will = { .topic = "gone",
				.payload = "will",
				.props = &with_will_delay }) },
	{ "will_content", .versions = V50,
		.extra = SETTINGS(.keep_alive = 30,
			.will = { .topic = "gone",
				.payload = "will",
				.props = &with_will_content }) },
};

static void check_will(struct test *t, struct packet connect, const struct will *will)
{
	unsigned qos = (connect.connect_flags & CONNECT_WILL_QOS) >> 3;
	bool retain = connect.connect_flags & CONNECT_WILL_RETAIN;

	check_number(t, "Wills", !!(connect.connect_flags & CONNECT_WILL), will->topic != NULL);
	if (!will->topic)
		return;
	check_text(t, connect.will_topic, will->topic);
	check_number(t, "Will QoS", qos, will->qos);
	check_number(t, "Will Retain", retain, will->retain);
	check_in(t, connect,
		bytes_equal(connect.will_payload,
			will->payload ? bytes_of(will->payload) : will->bytes),
		"the payload of the Will");
	if (is_v5(t) && will->props)
		check_carries(t, "the Will", &connect.will_properties, will->props);
}

static void check_login(struct test *t, struct packet connect, const struct connect *c)
{
	check_number(t, "user names", !!(connect.connect_flags & CONNECT_USER_NAME),
		c->user_name != NULL);
	check_number(
		t, "passwords", !!(connect.connect_flags & CONNECT_PASSWORD), c->password != NULL);
	if (c->user_name)
		check_text(t, connect.user_name, c->user_name);
	if (c->password)
		check_text(t, connect.password, c->password);
}

/* Nothing but what it was told with this command. */
static void check_connect(struct test *t, struct packet connect, const struct connect *c)
{
	unsigned keep_alive = c->keep_alive ? c->keep_alive : offers(t)->keep_alive;

	check_eq(t, connect.keep_alive, keep_alive);
	check_eq(t, connect.connect_flags & CONNECT_CLEAN, c->kept ? 0 : CONNECT_CLEAN);
	check_login(t, connect, c);
	check_will(t, connect, &c->will);
	if (!is_v5(t))
		return;
	if (c->props)
		check_carries(t, "CONNECT", &connect.properties, c->props);
	else
		check_properties(t, &connect.properties, 0x26, 0);
	if (c->expiry.set)
		check_value(t, &connect.properties, 0x11, c->expiry.value);
	else if (!c->kept && properties_find(&connect.properties, 0x11))
		check_value(t, &connect.properties, 0x11, 0);
}

AGENT_CASE(agent_connects_as_told,
	.title = "The client connects with the settings of the command, and no others",
	.versions = BOTH, ROWS(settings))
{
	const struct connect *c = row(t)->extra;
	unsigned command = do_connect_at(AT("do_connect(t)"), t, *c);
	struct peer *server = accept_client(t);
	struct packet connect = expect(server, CONNECT);

	check_connect(t, connect, c);
	send_connack(server);
	expect_kind(t, command, TOLD_CONNECTED);
}

/* Nothing of the first one is left. */
AGENT_CASE(agent_connects_anew_as_told,
	.title = "A second connect has settings of its own, and none of the first",
	.versions = BOTH, ROWS(settings))
{
	const struct connect *c = row(t)->extra;
	struct peer *server = admit(t, .keep_alive = 60, .user_name = "first", .password = "first",
		.will = { .topic = "first", .payload = "first", .qos = 1, .retain = true },
		.props = PROPS(P_USER("first", "first")));

	client_leaves(server);
	unsigned command = do_connect_at(AT("do_connect(t)"), t, *c);
	server = accept_client(t);
	check_connect(t, expect(server, CONNECT), c);
	send_connack(server);
	expect_kind(t, command, TOLD_CONNECTED);
}

/* ---- what it says that it can ----------------------------------------------------------------- */

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
	check_number(t, "Session Present", told.session_present.value, 0);
}

/* A whole conversation, and a second connection of the same kind. */
AGENT_CASE(agent_does_what_its_hello_says,
	.title = "What hello names, versions and transports, the agent can use", .versions = BOTH,
	.each_transport = true)
{
	must_support(t, "a connection by a version and over a transport that hello names");
	struct peer *server = admit(t, .keep_alive = 60);
	client_subscribes(server, .filter = "a", .qos = 1);
	client_publishes(server, .topic = "a", .payload = "x", .qos = 1);
	send_publish(server, .topic = "a", .payload = "y", .qos = 1, .id = 7);
	expect_ack(server, PUBACK, 7);
	expect_told(t, .topic = "a", .payload = "y");
	synced(t);
	client_loses(server);
	server = admit(t, .keep_alive = 60);
	fence(server);
	unsigned command = do_disconnect(t);
	expect(server, DISCONNECT);
	drop(server); /* whether the client closes, and waits for the server to, is its own affair */
	expect_kind(t, command, TOLD_DISCONNECTED);
}

AGENT_CASE(agent_asks_for_the_path,
	.title = "Over WebSocket the client asks for the path of the command", .versions = BOTH,
	.over = OVER_WEBSOCKET, .each_transport = true)
{
	do_connect(t, .keep_alive = 60);
	struct upgrade_asked u = await_upgrade(t);
	check(t, !strcmp(u.request.target, "/mqtt"), "GET /mqtt", "GET %s", u.request.target);
	answer_upgrade(&u);
	expect(u.peer, CONNECT);
}

static const struct vector untrusted[] = {
	{ .id = "foreign", .extra = &(const enum pki_pair){ PKI_SERVER_FOREIGN } },
	{ .id = "elsewhere", .extra = &(const enum pki_pair){ PKI_SERVER_ELSEWHERE } },
};

AGENT_CASE(agent_leaves_the_certificate_checked,
	.title = "No CONNECT goes to a server that the CA of the command does not vouch for",
	.versions = BOTH, .over = OVER_TLS, .each_transport = true, ROWS(untrusted))
{
	show_certificate(t, *(const enum pki_pair *)row(t)->extra);
	unsigned command = do_connect(t, .keep_alive = 60);
	struct handshake h = await_handshake(t);
	check(t, !h.peer || !sends_connect(h.peer, command), "no CONNECT",
		"CONNECT to a server that it cannot trust");
	if (h.peer)
		drop(h.peer);
	expect_kind(t, command, TOLD_ERROR);
}

AGENT_CASE(agent_looks_for_the_server_name,
	.title = "The name that is looked for in the certificate is that of the command",
	.versions = BOTH, .over = OVER_TLS, .each_transport = true)
{
	show_certificate(t, PKI_SERVER_ELSEWHERE);
	unsigned command = do_connect(t, .keep_alive = 60, .server_name = "elsewhere.test");
	struct handshake h = await_handshake(t);
	check(t, h.peer && sends_connect(h.peer, command), "CONNECT to elsewhere.test", "none: %s",
		h.fault ? h.fault : "the client does not go on");
}

AGENT_CASE(agent_shows_its_certificate,
	.title = "The certificate of the command is shown to a server that asks for one",
	.versions = BOTH, .over = OVER_TLS, .each_transport = true)
{
	want_certificate(t);
	unsigned command = do_connect(t, .keep_alive = 60, .shows_certificate = true);
	struct handshake h = await_handshake(t);
	check(t, h.peer && sends_connect(h.peer, command), "a certificate, and CONNECT",
		"neither: %s", h.fault ? h.fault : "the client does not go on");
	check(t, tls_of(h.peer)->has_certificate, "a certificate", "none");
}

/* ---- what becomes of it ----------------------------------------------------------------------- */

AGENT_CASE(agent_tells_a_refusal,
	.title = "A CONNACK that refuses is told as refused, with its code", .versions = BOTH)
{
	static const struct {
		unsigned in_311, in_50;
	} codes[] = { { 5, 0x87 }, { 4, 0x86 }, { 3, 0x88 } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		unsigned code = is_v5(t) ? codes[i].in_50 : codes[i].in_311;
		unsigned command = do_connect(t);
		struct peer *server = accept_client(t);
		expect(server, CONNECT);
		send_connack(server, .code = code);
		drop(server);
		struct told told = expect_answer(t, command);
		check_eq(t, told.kind, TOLD_REFUSED);
		check_eq(t, told.code.value, code);
		synced(t);
	}
}

#define NOBODY(version)                                                                           \
	"{\"do\":\"connect\",\"id\":900,\"host\":\"127.0.0.1\",\"port\":1,\"version\":\"" version \
	"\",\"client_id\":\"a\",\"clean_start\":true,\"keep_alive\":0}"

AGENT_CASE(agent_tells_that_nobody_is_there,
	.title = "A connect to a port where nobody listens is answered by an error",
	.versions = BOTH)
{
	tell_agent(t, is_v5(t) ? NOBODY("5.0") : NOBODY("3.1.1"));
	expect_kind(t, 900, TOLD_ERROR);
}

AGENT_CASE(agent_tells_that_connack_did_not_come,
	.title = "A connect whose connection ends before CONNACK is answered by an error",
	.versions = BOTH)
{
	unsigned command = do_connect(t);
	struct peer *server = accept_client(t);

	expect(server, CONNECT);
	drop(server);
	expect_kind(t, command, TOLD_ERROR);
}

AGENT_CASE(agent_tells_the_session,
	.title = "Whether the server had a session is told as CONNACK says it", .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);

	for (unsigned i = 0; i < 2; i++) {
		client_loses(server);
		unsigned command = do_connect(t, .kept = true);
		server = accept_client(t);
		expect(server, CONNECT);
		send_connack(server, .present = !i);
		struct told told = expect_answer(t, command);
		check_eq(t, told.kind, TOLD_CONNECTED);
		if (!told.session_present.set) {
			nonstrict(t,
				"connected has no session_present: to be left out only if the "
				"client does not report it");
			return;
		}
		check_number(t, "Session Present", told.session_present.value, !i);
	}
}

AGENT_CASE(agent_tells_of_the_end,
	.title = "A connection that ends is told to the commands that wait, then once more",
	.versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned first = do_subscribe(t, .filter = "a");
	unsigned second = do_unsubscribe(t, .filter = "b");

	expect(server, SUBSCRIBE);
	expect(server, UNSUBSCRIBE);
	drop(server);
	struct told one = expect_answer(t, first), other = expect_answer(t, second);
	struct told end = expect_event(t, TOLD_DISCONNECTED);
	check_eq(t, one.kind, TOLD_ERROR);
	check_eq(t, other.kind, TOLD_ERROR);
	check(t, one.place < end.place && other.place < end.place,
		"an `error` for each command that waits, and then `disconnected`",
		"`disconnected` before an `error`");
	synced(t);
	check_eq(t, told_waiting(t, TOLD_DISCONNECTED), 0);
}

AGENT_CASE(agent_tells_a_disconnect,
	.title = "The end that a DISCONNECT of the server makes is told, with its code",
	.versions = V50)
{
	struct peer *server = admit(t);

	send_disconnect(server, .code = SET(0x8B), .props = PROPS(P_REASON_STRING("later")));
	drop(server);
	struct told told = expect_event(t, TOLD_DISCONNECTED);
	if (told.code.set)
		check_eq(t, told.code.value, 0x8B);
	else
		nonstrict(t,
			"disconnected has no code: to be left out only if the client does not "
			"report it");
	check_tells(t, "disconnected", &told.properties, PROPS(P_REASON_STRING("later")));
}

AGENT_CASE(agent_disconnects,
	.title = "The client sends DISCONNECT, closes, and the agent tells so", .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_disconnect(t);

	struct packet disconnect = expect(server, DISCONNECT);
	check_eq(t, disconnect.code, 0);
	expect_closed(server);
	drop(server);
	expect_kind(t, command, TOLD_DISCONNECTED);
	synced(t);
	check_eq(t, told_waiting(t, TOLD_DISCONNECTED), 0);
}

/* ---- one client ------------------------------------------------------------------------------- */

AGENT_CASE(agent_connects_again,
	.title = "A second connect makes a new connection with the same client", .versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);

	drop(server);
	expect_event(t, TOLD_DISCONNECTED);
	server = admit(t, .kept = true, .resumed = true);
	fence(server);
}

/*   client                    server
 *   PUBLISH q1 id N      -->
 *             the connection breaks, the session goes on
 *   PUBLISH q1 id N dup  -->          unless the user was told that it is lost
 *                        <--  PUBACK N
 */
AGENT_CASE(agent_goes_on_with_its_session,
	.title = "A message under way is told as lost, or sent again and answered then",
	.versions = BOTH)
{
	struct peer *server = admit(t, .kept = true);
	unsigned command = do_publish(t, .topic = "a", .payload = "x", .qos = 1);

	expect(server, PUBLISH);
	client_loses(server);
	synced(t);
	bool lost = has_answer(t, command);
	server = admit(t, .kept = true, .resumed = true);
	if (lost) {
		expect_kind(t, command, TOLD_ERROR);
		return;
	}
	struct packet again = expect_publish(server, .payload = "x");
	send_ack(server, PUBACK, again.id);
	expect_kind(t, command, TOLD_ACKNOWLEDGED);
}

enum { RECONNECT_MS = 2000 /* libraries that connect again wait a second, or less */ };

/* Nothing but time shows that nobody comes. */
AGENT_CASE(agent_never_reconnects,
	.title = "After a break the client connects when it is told to, and not before",
	.versions = BOTH)
{
	struct peer *server = admit(t, .keep_alive = 60);

	client_loses(server);
	let_pass(t, RECONNECT_MS);
	do_connect(t, .keep_alive = 77);
	server = accept_client(t);
	struct packet connect = expect(server, CONNECT);
	check(t, connect.keep_alive == 77, "the CONNECT of the second command",
		"one with the Keep Alive of the first: the client has connected by itself");
	send_connack(server);
	fence(server);
}

CHAPTER(agent_connections, "The contract of agents: connections", &case_agent_connects,
	&case_agent_connects_as_told, &case_agent_connects_anew_as_told,
	&case_agent_does_what_its_hello_says, &case_agent_asks_for_the_path,
	&case_agent_leaves_the_certificate_checked, &case_agent_looks_for_the_server_name,
	&case_agent_shows_its_certificate, &case_agent_tells_a_refusal,
	&case_agent_tells_that_nobody_is_there, &case_agent_tells_that_connack_did_not_come,
	&case_agent_tells_the_session, &case_agent_tells_of_the_end, &case_agent_tells_a_disconnect,
	&case_agent_disconnects, &case_agent_connects_again, &case_agent_goes_on_with_its_session,
	&case_agent_never_reconnects);
