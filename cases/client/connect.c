/* CONNECT, 3.1: what the client was told to connect with is what it sends. That the flags, the order
 * and the form of the packet are legal is the monitor's business.
 */
#include <string.h>

#include "harness/client_case.h"

enum { MESSAGE_EXPIRY = 0x02, WILL_DELAY = 0x18 };

/* The next CONNECT, which is accepted. */
static struct packet connect_of(struct test *t)
{
	struct peer *server = accept_client(t);
	struct packet hello = expect(server, CONNECT);

	send_connack(server);
	return hello;
}

/* ---- the packet itself --------------------------------------------------------------------- */

CLIENT_CASE(connect_comes_first, .title = "The first packet on a connection is CONNECT",
	.refs = { "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1", "5.0:MQTT-3.1.2-1", AS_ASKED },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	expect(server, CONNECT); /* whose protocol name and level are looked at as it comes */
	send_connack(server);
	fence(server);
}

/* A second CONNECT on this connection is what must not come; whether the client says no, or makes a
 * new connection, is its own business.
 */
CLIENT_CASE(connect_once, .title = "A client that is connected sends no second CONNECT",
	.refs = { "3.1.1:MQTT-3.1.0-2", "5.0:MQTT-3.1.0-2" }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	do_connect(t);
	synced(t);
	send_publish(server, .topic = "other/t", .payload = "answered?", .qos = 1, .id = 1);
	expect_one_of(
		server, OUTCOMES({ .type = PUBACK }, { .type = DISCONNECT }, { .type = CLOSED }));
	check_absent(server, CONNECT, "no second CONNECT on the connection");
}

/*   client                    server
 *   CONNECT              -->
 *   PUBLISH (perhaps)    -->
 *                        <--  CONNACK
 *   PUBLISH (perhaps)    -->
 */
CLIENT_CASE(connect_then_commands_at_once,
	.title = "Commands that do not wait for CONNACK are carried out once, after CONNECT",
	.refs = { "3.1.1:MQTT-3.1.0-1", "3.1.1:U311-PIPELINE", "5.0:MQTT-4.4.0-1",
		"5.0:MQTT-3.1.0-1", "5.0:U50-PIPELINE", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	do_connect(t);
	struct peer *server = accept_client(t);
	need(server, CONNECT);
	do_publish(t, .topic = "a", .payload = "early", .qos = 1);
	synced(t);
	send_connack(server);
	fence(server);
	if (!has_packet(server, PUBLISH)) {
		observe(t, "what is published before CONNACK is not sent");
		return;
	}
	struct packet early = expect_publish(server, .payload = "early");
	send_ack(server, PUBACK, early.id);
	judging(t, "3.1.1:U311-PIPELINE");
	judging(t, "5.0:MQTT-4.4.0-1");
	if (is_v5(t))
		expect_no(server, PUBLISH);
	else /* may repeat it */
		fence(server);
}

/* ---- session and ClientId ------------------------------------------------------------------ */

CLIENT_CASE(connect_clean_as_asked, .title = "A client that wants a new session says so in CONNECT",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	do_connect(t);
	struct packet hello = connect_of(t);
	check_eq(t, hello.connect_flags & CONNECT_CLEAN, CONNECT_CLEAN);
}

CLIENT_CASE(connect_kept_as_asked,
	.title = "A client that wants to keep its session says so in CONNECT", .refs = { AS_ASKED },
	.level = STATED, .versions = BOTH)
{
	do_connect(t, .kept = true);
	struct packet hello = connect_of(t);
	check_eq(t, hello.connect_flags & CONNECT_CLEAN, 0);
	if (is_v5(t)) {
		const struct property *expiry = properties_find(&hello.properties, 0x11);
		check_in(t, hello, expiry, "Session Expiry Interval is in CONNECT");
		check_value(t, &hello.properties, 0x11, 300);
	}
}

static const struct vector client_ids[] = {
	{ "letter", NULL, .extra = "c" },
	{ "letters_and_digits", NULL, .extra = "abcXYZ0123456789defGHIj" },
	{ "punctuation", NULL, .extra = "client/1 #+$ 'x' \"y\" \\z" },
	{ "other_letters", NULL, .extra = "gr\xC3\xBC\xC3\x9F-\xE6\x9D\xB1\xE4\xBA\xAC" },
	{ "beyond_the_plane", NULL, .extra = "id-\xF0\x9F\x90\x9F" },
	{ "long", NULL,
		.extra = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
};

CLIENT_CASE(connect_client_id_as_asked, .title = "The ClientId is sent as it was given",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.1.3-4", "5.0:MQTT-3.1.3-4" }, .level = MUST,
	.versions = BOTH, ROWS(client_ids))
{
	do_connect(t, .client_id = row(t)->extra);
	struct packet hello = connect_of(t);
	check_text(t, hello.client_id, row(t)->extra);
}

/* Some clients make one up instead, which nothing forbids. */
CLIENT_CASE(connect_client_id_empty, .title = "An empty ClientId goes together with a new session",
	.refs = { "3.1.1:MQTT-3.1.3-7", "5.0:MQTT-3.1.3-3" }, .level = MUST, .versions = BOTH)
{
	do_connect(t, .client_id = "");
	struct packet hello = connect_of(t); /* which the monitor judges */
	if (hello.client_id.len)
		observe(t, "a ClientId was made up for an empty one");
}

/* Refusing is as good as asking for a new session, or making up a ClientId. */
CLIENT_CASE(connect_client_id_empty_and_kept,
	.title = "No CONNECT asks to keep the session of an empty ClientId",
	.refs = { "3.1.1:MQTT-3.1.3-7" }, .level = MUST, .versions = V311)
{
	do_connect(t, .client_id = "", .kept = true);
	synced(t);
	if (told_waiting(t, TOLD_ERROR))
		return;
	connect_of(t); /* which the monitor judges */
}

/* ---- Keep Alive ---------------------------------------------------------------------------- */

static const struct vector keep_alives[] = {
	{ "0", NULL, .extra = &(const unsigned){ 0 } },
	{ "5", NULL, .extra = &(const unsigned){ 5 } },
	{ "60", NULL, .extra = &(const unsigned){ 60 } },
	{ "256", NULL, .extra = &(const unsigned){ 256 } },
	{ "65535", NULL, .extra = &(const unsigned){ 65535 } },
};

/* A client may have limits of its own, and says in CONNECT what it keeps to. */
CLIENT_CASE(connect_keep_alive_as_asked, .title = "The Keep Alive is sent as it was given",
	.refs = { AS_ASKED }, .level = SHOULD, .versions = BOTH, ROWS(keep_alives))
{
	const unsigned *seconds = row(t)->extra;
	require(t, *seconds || !offers(t)->keep_alive,
		"the client cannot switch its Keep Alive off; it is told 60 s instead");
	do_connect(t, .keep_alive = *seconds);
	struct packet hello = connect_of(t);
	check_eq(t, hello.keep_alive, *seconds);
}

/* ---- user name and password ---------------------------------------------------------------- */

CLIENT_CASE(connect_without_credentials,
	.title = "Without user name and password CONNECT announces neither",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.1.2-18", "3.1.1:MQTT-3.1.2-20", "5.0:MQTT-3.1.2-16",
		"5.0:MQTT-3.1.2-18" },
	.level = MUST, .versions = BOTH)
{
	do_connect(t);
	struct packet hello = connect_of(t);
	judging_as_asked(t); /* the monitor judges that flags and fields belong together */
	check_eq(t, hello.connect_flags & CONNECT_USER_NAME, 0);
	check_eq(t, hello.connect_flags & CONNECT_PASSWORD, 0);
}

CLIENT_CASE(connect_user_name_alone, .title = "A user name is sent as given, without a password",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.1.2-19", "3.1.1:MQTT-3.1.2-20", "5.0:MQTT-3.1.2-17",
		"5.0:MQTT-3.1.2-18", "5.0:MQTT-3.1.3-12" },
	.level = MUST, .versions = BOTH)
{
	do_connect(t, .user_name = "M\xC3\xA4rta");
	struct packet hello = connect_of(t);
	judging_as_asked(t);
	check_eq(t, hello.connect_flags & CONNECT_USER_NAME, CONNECT_USER_NAME);
	check_text(t, hello.user_name, "M\xC3\xA4rta");
	check_eq(t, hello.connect_flags & CONNECT_PASSWORD, 0);
}

CLIENT_CASE(connect_credentials_as_asked, .title = "User name and password are sent as given",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.1.2-19", "3.1.1:MQTT-3.1.2-21", "5.0:MQTT-3.1.2-17",
		"5.0:MQTT-3.1.2-19", "5.0:MQTT-3.1.3-12" },
	.level = MUST, .versions = BOTH)
{
	do_connect(t, .user_name = "user", .password = "pass word \xE2\x82\xAC");
	struct packet hello = connect_of(t);
	judging_as_asked(t);
	check_eq(t, hello.connect_flags & CONNECT_USER_NAME, CONNECT_USER_NAME);
	check_text(t, hello.user_name, "user");
	check_eq(t, hello.connect_flags & CONNECT_PASSWORD, CONNECT_PASSWORD);
	check_text(t, hello.password, "pass word \xE2\x82\xAC");
}

/* 5.0 allows what 3.1.1 does not: there the client says no, or leaves the password out. */
CLIENT_CASE(connect_password_alone, .title = "A password without a user name is sent in 5.0 alone",
	.refs = { "3.1.1:MQTT-3.1.2-22", "5.0:UALL-AS-ASKED", "5.0:MQTT-3.1.2-19" }, .level = MUST,
	.versions = BOTH)
{
	do_connect(t, .password = "secret");
	synced(t);
	if (told_waiting(t, TOLD_ERROR)) {
		if (is_v5(t))
			observe(t, "the client takes no password without a user name");
		return;
	}
	struct packet hello = connect_of(t);
	bool password = hello.connect_flags & CONNECT_PASSWORD;
	bool user_name = hello.connect_flags & CONNECT_USER_NAME;
	if (is_v5(t)) {
		check_in(t, hello, password, "the password is in CONNECT");
		check_text(t, hello.password, "secret");
	} else {
		check_in(t, hello, user_name || !password, "no password without a user name");
	}
}

/* ---- the Will ------------------------------------------------------------------------------ */

static void check_will(struct test *t, struct packet hello, const struct will *will)
{
	unsigned qos = (hello.connect_flags & CONNECT_WILL_QOS) >> 3;
	bool retain = hello.connect_flags & CONNECT_WILL_RETAIN;

	check_eq(t, hello.connect_flags & CONNECT_WILL, CONNECT_WILL);
	check_text(t, hello.will_topic, will->topic);
	check_number(t, "Will QoS", qos, will->qos);
	check_number(t, "Will Retain", retain, will->retain);
	if (will->payload)
		check_text(t, hello.will_payload, will->payload);
	else
		check_in(t, hello, bytes_equal(hello.will_payload, will->bytes),
			"the payload as given");
}

#define WILL(name, ...) (&(const struct will){ .topic = (name), __VA_ARGS__ })

#define TEXT_100                                                                                   \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567" \
	"89abcdefghij"
#define TEXT_300 TEXT_100 TEXT_100 TEXT_100

static const struct vector wills[] = {
	{ "qos_0", NULL, .extra = WILL("w/t", .payload = "gone", .qos = 0) },
	{ "qos_1", NULL, .extra = WILL("w/t", .payload = "gone", .qos = 1) },
	{ "qos_2", NULL, .extra = WILL("w/t", .payload = "gone", .qos = 2) },
	{ "qos_0_retained", NULL,
		.extra = WILL("w/t", .payload = "gone", .qos = 0, .retain = true) },
	{ "qos_1_retained", NULL,
		.extra = WILL("w/t", .payload = "gone", .qos = 1, .retain = true) },
	{ "qos_2_retained", NULL,
		.extra = WILL("w/t", .payload = "gone", .qos = 2, .retain = true) },
	{ "no_payload", NULL, .extra = WILL("w/t", .payload = "") },
	{ "binary_payload", NULL,
		.extra = WILL("w/t", .bytes = { (const uint8_t *)"\x00\xFF\xC0\x00\n", 5 }) },
	{ "long_payload", NULL, .extra = WILL("w/t", .payload = TEXT_300) },
	{ "other_letters", NULL,
		.extra = WILL("w/\xC3\xA9/ \xF0\x9F\x90\x9F", .payload = "\xE2\x82\xAC") },
};

CLIENT_CASE(connect_will_as_asked, .title = "The Will is sent as it was given",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.1.2-9", "5.0:MQTT-3.1.2-9" }, .level = MUST,
	.versions = BOTH, ROWS(wills))
{
	const struct will *will = row(t)->extra;
	do_connect(t, .will = *will);
	judging_as_asked(t);
	check_will(t, connect_of(t), will);
}

CLIENT_CASE(connect_without_will, .title = "Without a Will CONNECT announces none",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.1.2-11", "3.1.1:MQTT-3.1.2-13", "3.1.1:MQTT-3.1.2-15",
		"5.0:MQTT-3.1.2-11", "5.0:MQTT-3.1.2-13" },
	.level = MUST, .versions = BOTH)
{
	do_connect(t);
	struct packet hello = connect_of(t);
	judging_as_asked(t);
	check_eq(t, hello.connect_flags & (CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN),
		0);
}

CLIENT_CASE(connect_will_once, .title = "The Will of one connection is not sent for the next",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	struct peer *server =
		admit(t, .will = { .topic = "w/t", .payload = "gone", .qos = 1, .retain = true });
	client_leaves(server);
	do_connect(t);
	struct packet hello = connect_of(t);
	check_eq(t, hello.connect_flags & (CONNECT_WILL | CONNECT_WILL_QOS | CONNECT_WILL_RETAIN),
		0);
}

/* A client that says no sends nothing. */
CLIENT_CASE(connect_will_topic_wildcard, .title = "No CONNECT has a Will Topic with wildcards",
	.refs = { "3.1.1:MQTT-4.7.1-1", "5.0:MQTT-4.7.0-1" }, .level = MUST, .versions = BOTH)
{
	do_connect(t, .will = { .topic = "w/+/t", .payload = "gone" });
	synced(t);
	if (told_waiting(t, TOLD_ERROR))
		return;
	connect_of(t); /* which the monitor judges */
}

/* Puts on trial what it means that a field is not as given: it stands in the place of another, or has been
 * changed.
 */
static void judge_field(struct test *t, struct bytes field, const char *given)
{
	static const char *const all[] = { "theclient", "will/topic", "will payload", "the user",
		"the password" };
	bool displaced = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		displaced |= bytes_equal(field, bytes_of(all[i])) && strcmp(all[i], given);
	if (!displaced) {
		judging_as_asked(t);
		return;
	}
	judging(t, "3.1.1:MQTT-3.1.3-1");
	judging(t, "5.0:MQTT-3.1.3-1");
}

/* Every part of the payload at once, each unlike the others. */
CLIENT_CASE(connect_everything_in_order,
	.title = "ClientId, Will, user name and password come in their order",
	.refs = { "3.1.1:MQTT-3.1.3-1", "5.0:MQTT-3.1.3-1", AS_ASKED }, .level = MUST,
	.versions = BOTH)
{
	const struct will *will =
		WILL("will/topic", .payload = "will payload", .qos = 2, .retain = true);
	do_connect(t, .client_id = "theclient", .kept = true, .keep_alive = 600,
		.user_name = "the user", .password = "the password", .will = *will);
	struct packet hello = connect_of(t);
	judge_field(t, hello.client_id, "theclient");
	check_text(t, hello.client_id, "theclient");
	judge_field(t, hello.will_topic, will->topic);
	check_text(t, hello.will_topic, will->topic);
	judge_field(t, hello.will_payload, will->payload);
	check_text(t, hello.will_payload, will->payload);
	judge_field(t, hello.user_name, "the user");
	check_text(t, hello.user_name, "the user");
	judge_field(t, hello.password, "the password");
	check_text(t, hello.password, "the password");
	judging_as_asked(t);
	check_will(t, hello, will);
	check_eq(t, hello.connect_flags & CONNECT_CLEAN, 0);
}

/* ---- properties ---------------------------------------------------------------------------- */

static bool same_value(const struct property *a, const struct property *b)
{
	return a->number == b->number && bytes_equal(a->value, b->value) &&
		bytes_equal(a->name, b->name);
}

#define ONE(...) (&(const struct property)__VA_ARGS__)

static const struct vector connect_numbers[] = {
	{ "session_expiry_1", .extra = ONE(P_SESSION_EXPIRY(1)) },
	{ "session_expiry_65536", .extra = ONE(P_SESSION_EXPIRY(65536)) },
	{ "session_never_expires", .extra = ONE(P_SESSION_EXPIRY(0xFFFFFFFF)) },
	{ "receive_maximum", .extra = ONE(P_RECEIVE_MAXIMUM(7)) },
	{ "maximum_packet_size", .extra = ONE(P_MAXIMUM_PACKET_SIZE(70000)) },
	{ "topic_alias_maximum", .extra = ONE(P_TOPIC_ALIAS_MAXIMUM(9)) },
	{ "request_response_information", .extra = ONE(P_REQUEST_RESPONSE_INFO(1)) },
	{ "request_problem_information", .extra = ONE(P_REQUEST_PROBLEM_INFO(0)) },
};

CLIENT_CASE(connect_property_as_asked, .title = "A property of CONNECT is sent as it was given",
	.refs = { "5.0:UALL-AS-ASKED", "5.0:U50-PROP-ONCE" }, .level = STATED, .versions = V50,
	ROWS(connect_numbers))
{
	const struct property *asked = row(t)->extra;
	do_connect(t, .props = &(const struct properties){ asked, 1, true });
	struct packet hello = connect_of(t);
	const struct property *sent = properties_find(&hello.properties, asked->id);
	check_in(t, hello, sent, "the property is in CONNECT");
	check_value(t, &hello.properties, asked->id, asked->number);
}

/* In their order, and twice the same. */
static void check_user_properties(
	struct test *t, const struct properties *sent, const struct properties *asked)
{
	size_t at = 0;

	for (size_t i = 0; i < asked->count; i++) {
		while (at < sent->count && sent->list[at].id != asked->list[i].id)
			at++;
		check(t, at < sent->count, "as many User Properties as were given", "there are %zu",
			properties_count(sent, 0x26));
		check(t, same_value(&sent->list[at], &asked->list[i]),
			"the User Properties as given, in their order", "number %zu is another",
			i + 1);
		at++;
	}
}

#define PAIRS                                                                            \
	PROPS(P_USER("b", "2"), P_USER("a", "1"), P_USER("b", "2"), P_USER("", "empty"), \
		P_USER("\xC3\xA9", "\xE2\x82\xAC"))

CLIENT_CASE(connect_user_properties_as_asked,
	.title = "User Properties of CONNECT are sent as given, in their order",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	const struct properties *pairs = PAIRS;
	do_connect(t, .props = pairs);
	struct packet hello = connect_of(t);
	check_user_properties(t, &hello.properties, pairs);
}

CLIENT_CASE(connect_properties_together, .title = "Several properties of CONNECT come each once",
	.refs = { "5.0:UALL-AS-ASKED", "5.0:U50-PROP-ONCE" }, .level = STATED, .versions = V50)
{
	const struct properties *asked = PROPS(P_SESSION_EXPIRY(90), P_RECEIVE_MAXIMUM(20),
		P_MAXIMUM_PACKET_SIZE(200000), P_TOPIC_ALIAS_MAXIMUM(3), P_REQUEST_RESPONSE_INFO(1),
		P_REQUEST_PROBLEM_INFO(0));
	do_connect(t, .props = asked);
	struct packet hello = connect_of(t);
	for (size_t i = 0; i < asked->count; i++) {
		const struct property *sent = properties_find(&hello.properties, asked->list[i].id);
		check_in(t, hello, sent, "each property is in CONNECT");
		check_value(t, &hello.properties, asked->list[i].id, asked->list[i].number);
	}
}

CLIENT_CASE(connect_will_properties_as_asked,
	.title = "The properties of the Will are sent as given", .refs = { "5.0:UALL-AS-ASKED" },
	.level = STATED, .versions = V50)
{
	const struct properties *asked = PROPS(P_WILL_DELAY(30), P_PAYLOAD_FORMAT(1),
		P_MESSAGE_EXPIRY(600), P_CONTENT_TYPE("text/plain"), P_RESPONSE_TOPIC("w/r"),
		P_CORRELATION_DATA("\x00\x01\xFE"), P_USER("z", "1"), P_USER("a", "2"),
		P_USER("z", "3"));
	do_connect(t, .will = { .topic = "w/t", .payload = "gone", .qos = 1, .props = asked });
	struct packet hello = connect_of(t);
	for (size_t i = 0; i < asked->count && asked->list[i].type != PROPERTY_STRING_PAIR; i++) {
		const struct property *sent =
			properties_find(&hello.will_properties, asked->list[i].id);
		check(t, sent, "each property is among those of the Will", "%s is missing",
			spec_property(asked->list[i].id)->name);
		check(t, same_value(sent, &asked->list[i]), "each property as it was given",
			"%s has another value", spec_property(asked->list[i].id)->name);
	}
	check_user_properties(t, &hello.will_properties,
		PROPS(P_USER("z", "1"), P_USER("a", "2"), P_USER("z", "3")));
}

/* What stands in one CONNECT says nothing about the next. */
CLIENT_CASE(connect_properties_once,
	.title = "The properties of one CONNECT are not sent with the next",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t,
		.will = { .topic = "w/t",
			.payload = "gone",
			.props = PROPS(P_WILL_DELAY(30), P_MESSAGE_EXPIRY(600)) });
	client_leaves(server);
	do_connect(t, .will = { .topic = "w/t", .payload = "gone" });
	struct packet hello = connect_of(t);
	const struct property *delay = properties_find(&hello.will_properties, WILL_DELAY);
	check(t, !delay || delay->number == 0, "no Will Delay Interval of the Will before",
		"Will Delay Interval %u", delay->number);
	check(t, !properties_find(&hello.will_properties, MESSAGE_EXPIRY),
		"no Message Expiry Interval of the Will before", "it is there");
}

CHAPTER(client_connect, "CONNECT of clients", &case_connect_comes_first, &case_connect_once,
	&case_connect_then_commands_at_once, &case_connect_clean_as_asked,
	&case_connect_kept_as_asked, &case_connect_client_id_as_asked,
	&case_connect_client_id_empty, &case_connect_client_id_empty_and_kept,
	&case_connect_keep_alive_as_asked, &case_connect_without_credentials,
	&case_connect_user_name_alone, &case_connect_credentials_as_asked,
	&case_connect_password_alone, &case_connect_will_as_asked, &case_connect_without_will,
	&case_connect_will_once, &case_connect_will_topic_wildcard,
	&case_connect_everything_in_order, &case_connect_property_as_asked,
	&case_connect_user_properties_as_asked, &case_connect_properties_together,
	&case_connect_will_properties_as_asked, &case_connect_properties_once);
