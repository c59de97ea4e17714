/* What a client does with messages that come in: what it tells its user, what it acknowledges, Topic
 * Aliases of the server (5.0), and packets that are wrong.
 */
#include <string.h>

#include "harness/client_case.h"

/* Sends a message, and waits until the client has brought its handshake to the end. */
static void deliver(struct peer *server, struct publish m)
{
	send_publish(server, .topic = m.topic, .payload = m.payload, .bytes = m.bytes, .qos = m.qos,
		.id = m.id, .retain = m.retain, .props = m.props);
	if (m.qos == 1) {
		expect_ack(server, PUBACK, m.id);
	} else if (m.qos == 2) {
		expect_ack(server, PUBREC, m.id);
		send_ack(server, PUBREL, m.id);
		expect_ack(server, PUBCOMP, m.id);
	}
}

#define DELIVER(server, ...) deliver(server, (struct publish){ __VA_ARGS__ })

/* ---- passed on to the user ------------------------------------------------------------------- */

#define RECEIVED                                                                    \
	AS_ASKED, "3.1.1:MQTT-3.3.4-1", "3.1.1:MQTT-4.3.2-2", "3.1.1:MQTT-4.3.3-2", \
		"5.0:MQTT-3.3.4-1", "5.0:MQTT-4.3.2-4", "5.0:MQTT-4.3.3-8"

CLIENT_CASE(message_told, .title = "A message is passed on with its topic, payload and QoS",
	.refs = { RECEIVED }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 2);

	for (unsigned qos = 0; qos <= 2; qos++) {
		DELIVER(server, .topic = "r/a", .payload = "payload", .qos = qos,
			.id = qos ? 1000 + qos : 0);
		expect_told(t, .topic = "r/a", .payload = "payload", .qos = SET(qos));
	}
	expect_no(server, PUBACK);
}

CLIENT_CASE(retain_told, .title = "The user is told whether a message was retained",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 1);

	for (unsigned i = 0; i < 4; i++) {
		DELIVER(server, .topic = "r/a", .payload = "x", .qos = i / 2, .retain = i % 2,
			.id = i / 2 ? 1000 + i : 0);
		expect_told(t, .payload = "x", .retain = SET(i % 2));
	}
}

CLIENT_CASE(empty_payload_told, .title = "An empty message is passed on like any other",
	.refs = { "3.1.1:U311-EMPTY-PAYLOAD", RECEIVED }, .level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 2);

	for (unsigned qos = 0; qos <= 2; qos++) {
		DELIVER(server, .topic = "r/a", .payload = "", .qos = qos,
			.id = qos ? 1000 + qos : 0);
		expect_told(t, .topic = "r/a", .payload = "");
	}
}

CLIENT_CASE(binary_payload_told, .title = "A payload of any bytes is passed on unchanged",
	.refs = { RECEIVED }, .level = MUST, .versions = BOTH)
{
	static uint8_t all[256];
	struct bytes payload = { all, sizeof(all) };
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 2);

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(255 - i);
	for (unsigned qos = 0; qos <= 2; qos++) {
		DELIVER(server, .topic = "r/a", .bytes = payload, .qos = qos,
			.id = qos ? 1000 + qos : 0);
		expect_told(t, .topic = "r/a", .bytes = payload);
	}
}

CLIENT_CASE(payload_of_any_length_told,
	.title = "Payloads of many lengths, up to a megabyte, are passed on whole",
	.refs = { RECEIVED }, .level = MUST, .versions = BOTH)
{
	static const size_t lengths[] = { 1, 115, 120, 127, 128, 16370, 16384, 1 << 20 };
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 1);

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct bytes payload = filler(t, lengths[i]);
		DELIVER(server, .topic = "r/a", .bytes = payload, .qos = 1, .id = 1001 + i);
		expect_told(t, .topic = "r/a", .bytes = payload);
	}
}

/* Copies of "last" that wait to be expected; the fence may be told as well, whose topic is another. */
static unsigned told_copies(struct test *t)
{
	unsigned copies = 0;

	while (told_waiting(t, TOLD_MESSAGE))
		copies += bytes_equal(expect_event(t, TOLD_MESSAGE).payload, BYTES("last"));
	return copies;
}

struct name {
	const char *topic;
};

#define NAME(id, text)                            \
	{                                         \
		id, .extra = &(const struct name) \
		{                                 \
			text                      \
		}                                 \
	}

static const struct vector topic_told[] = {
	NAME("slash_first", "/r/a"),
	NAME("slash_last", "r/a/"),
	NAME("slash_alone", "/"),
	NAME("empty_levels", "r//a"),
	NAME("blanks", " r/a b/ "),
	NAME("letters_of_many", "r/\xC3\xA4\xE6\xB8\xA9\xF0\x9F\x8C\xA1"),
	NAME("quotes", "r/\"a\\b\""),
	NAME("capitals", "R/Capital Letters"),
};

CLIENT_CASE(topic_told, .title = "A Topic Name is passed on unchanged", .refs = { AS_ASKED },
	.level = STATED, .versions = BOTH, ROWS(topic_told))
{
	const struct name *n = row(t)->extra;
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "#", .qos = 1);

	DELIVER(server, .topic = n->topic, .payload = "x", .qos = 1, .id = 1001);
	expect_told(t, .topic = n->topic, .payload = "x");
}

CLIENT_CASE(long_topic_told, .title = "A Topic Name of 300 or 65535 bytes is passed on whole",
	.refs = { AS_ASKED, "3.1.1:MQTT-3.3.4-1", "5.0:MQTT-3.3.4-1" }, .level = MUST,
	.versions = BOTH)
{
	static const unsigned lengths[] = { 300, 65535 };
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "#", .qos = 1);

	for (unsigned i = 0; i < 2; i++) {
		char *topic = (char *)filler(t, lengths[i] + 1).data;
		memset(topic, 't', lengths[i]);
		topic[lengths[i]] = 0;
		DELIVER(server, .topic = topic, .payload = "x", .qos = 1, .id = 1001 + i);
		expect_told(t, .topic = topic, .payload = "x");
	}
}

/* The last message of all: nothing comes after it that would show a copy. */
CLIENT_CASE(last_message_told_once, .title = "The last message is told once, at any QoS",
	.refs = { "3.1.1:UALL-QOS0-AT-MOST-ONCE", "3.1.1:UALL-QOS2-EXACTLY-ONCE",
		"3.1.1:UALL-AS-ASKED", "5.0:UALL-QOS0-AT-MOST-ONCE", "5.0:UALL-QOS2-EXACTLY-ONCE",
		"5.0:UALL-AS-ASKED" },
	.level = STATED, .versions = BOTH)
{
	static const char *const rules[][2] = {
		{ "3.1.1:UALL-QOS0-AT-MOST-ONCE", "5.0:UALL-QOS0-AT-MOST-ONCE" },
		{ "3.1.1:UALL-AS-ASKED", "5.0:UALL-AS-ASKED" },
		{ "3.1.1:UALL-QOS2-EXACTLY-ONCE", "5.0:UALL-QOS2-EXACTLY-ONCE" },
	};
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 2);

	for (unsigned qos = 0; qos <= 2; qos++) {
		DELIVER(server, .topic = "r/last", .payload = "last", .qos = qos,
			.id = qos ? 1000 + qos : 0);
		fence(server);
		expect_told(t, .topic = "r/last", .payload = "last");
		synced(t);
		judging(t, rules[qos][is_v5(t)]);
		check_number(t, "further copies that the user is told", told_copies(t), 0);
	}
}

/* ---- not asked for --------------------------------------------------------------------------- */

/* A server may deliver what the client has not subscribed to, or no longer. */
CLIENT_CASE(unsolicited_message_acknowledged,
	.title = "A message that matches no subscription is acknowledged as its QoS demands",
	.refs = { "3.1.1:MQTT-4.5.0-2", "3.1.1:U311-UNSOLICITED", "5.0:MQTT-4.5.0-2" },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);

	DELIVER(server, .topic = "r/unasked", .payload = "x", .qos = 1, .id = 1001);
	DELIVER(server, .topic = "r/unasked", .payload = "x", .qos = 2, .id = 1002);
	client_subscribes(server, .filter = "r/asked", .qos = 2);
	misbehave(server); /* 4.5 of 3.1.1 has servers that subscribe their clients themselves */
	DELIVER(server, .topic = "r/unasked", .payload = "x", .qos = 1, .id = 1003);
	DELIVER(server, .topic = "r/unasked", .payload = "x", .qos = 2, .id = 1004);
	client_unsubscribes(server, .filter = "r/asked");
	DELIVER(server, .topic = "r/asked", .payload = "x", .qos = 2, .id = 1005);
}

CLIENT_CASE(message_above_granted_qos,
	.title = "A message with a higher QoS than was granted is acknowledged as its QoS demands",
	.refs = { "3.1.1:MQTT-4.5.0-2", "3.1.1:MQTT-3.3.4-1", "5.0:MQTT-4.5.0-2",
		"5.0:MQTT-3.3.4-1" },
	.level = MUST, .versions = BOTH, .unaided = true)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/a", .qos = 0);

	misbehave(server);
	DELIVER(server, .topic = "r/a", .payload = "x", .qos = 1, .id = 1001);
	DELIVER(server, .topic = "r/a", .payload = "x", .qos = 2, .id = 1002);
	fence(server);
}

/*   client                    server
 *   SUBSCRIBE            -->
 *                        <--  PUBLISH q1
 *   PUBACK               -->
 *                        <--  SUBACK
 */
CLIENT_CASE(message_before_suback, .title = "A message may come before the SUBACK",
	.refs = { "3.1.1:MQTT-4.5.0-2", "3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.5.0-2",
		"5.0:MQTT-4.3.2-4", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	struct peer *server = admit(t);
	unsigned command = do_subscribe(t, .filter = "r/a", .qos = 1);
	struct packet s = need(server, SUBSCRIBE);

	DELIVER(server, .topic = "r/a", .payload = "early", .qos = 1, .id = 1001);
	send_suback(server, .id = s.id, .codes = CODES(1));
	fence(server);
	expect_acknowledged(t, command);
	expect_told(t, .topic = "r/a", .payload = "early");
}

/* As many as the client's Receive Maximum allows, and a hundred at the most. */
CLIENT_CASE(many_messages_at_once, .title = "Many messages in one go are all passed on",
	.refs = { "3.1.1:MQTT-4.3.2-2", "3.1.1:MQTT-4.6.0-2", "5.0:MQTT-4.3.2-4",
		"5.0:MQTT-4.6.0-2", AS_ASKED },
	.level = MUST, .versions = BOTH)
{
	unsigned messages = 100;
	struct peer *server = admit(t);
	struct packet connect = greeting_of(server);
	const struct property *p = properties_find(&connect.properties, 0x21);
	if (p && p->number < messages)
		messages = p->number;
	client_subscribes(server, .filter = "r/a", .qos = 1);

	for (unsigned i = 0; i < messages; i++)
		send_publish(
			server, .topic = "r/a", .bytes = filler(t, i), .qos = 1, .id = 1001 + i);
	for (unsigned i = 0; i < messages; i++) {
		struct packet puback = expect(server, PUBACK);
		check_eq(t, puback.id, 1001 + i);
	}
	for (unsigned i = 0; i < messages; i++)
		expect_told(t, .topic = "r/a", .bytes = filler(t, i));
}

/* ---- properties ------------------------------------------------------------------------------ */

static bool tells(struct test *t, const struct told *told, unsigned id, const char *name)
{
	if (properties_find(&told->properties, id))
		return true;
	observe(t, "the user is not told of %s", name);
	return false;
}

static struct bytes text_of(const struct told *told, unsigned id)
{
	return properties_find(&told->properties, id)->value;
}

static unsigned number_of(const struct told *told, unsigned id)
{
	return properties_find(&told->properties, id)->number;
}

/* The n-th, from 0, of this name: a client may keep them by their names. */
static struct bytes value_of(const struct told *told, const char *name, unsigned n)
{
	for (size_t i = 0; i < told->properties.count; i++) {
		const struct property *p = &told->properties.list[i];
		if (p->id == 0x26 && bytes_equal(p->name, bytes_of(name)) && !n--)
			return p->value;
	}
	return BYTES("none");
}

CLIENT_CASE(properties_told, .title = "The properties of a message are passed on as they came",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 1);

	DELIVER(server, .topic = "r/a", .payload = "x", .qos = 1, .id = 1001,
		.props = PROPS(P_PAYLOAD_FORMAT(1), P_MESSAGE_EXPIRY(3600),
			P_CONTENT_TYPE("text/plain; \xC3\xA9"), P_RESPONSE_TOPIC("r/answer"),
			P_CORRELATION_DATA("\x00\xFF\x80 data"), P_USER("b", "1"), P_USER("a", "2"),
			P_USER("b", "3")));
	struct told told = expect_told(t, .topic = "r/a", .payload = "x");
	if (tells(t, &told, 0x01, "Payload Format Indicator"))
		check_value(t, &told.properties, 0x01, 1);
	if (tells(t, &told, 0x02, "Message Expiry Interval"))
		check_value(t, &told.properties, 0x02, 3600);
	if (tells(t, &told, 0x03, "Content Type"))
		check_words(t, "Content Type", text_of(&told, 0x03), "text/plain; \xC3\xA9");
	if (tells(t, &told, 0x08, "Response Topic"))
		check_words(t, "Response Topic", text_of(&told, 0x08), "r/answer");
	if (tells(t, &told, 0x09, "Correlation Data"))
		check(t, bytes_equal(text_of(&told, 0x09), BYTES("\x00\xFF\x80 data")),
			"the Correlation Data byte for byte", "%zu bytes are told, and others",
			text_of(&told, 0x09).len);
	if (tells(t, &told, 0x26, "User Properties")) {
		check_properties(t, &told.properties, 0x26, 3);
		check_words(t, "the first value of \"b\"", value_of(&told, "b", 0), "1");
		check_words(t, "the value of \"a\"", value_of(&told, "a", 0), "2");
		check_words(t, "the second value of \"b\"", value_of(&told, "b", 1), "3");
	}
}

CLIENT_CASE(properties_told_of_each_message,
	.title = "The properties of one message are not told of the next",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/#", .qos = 1);

	DELIVER(server, .topic = "r/a", .payload = "with", .qos = 1, .id = 1001,
		.props =
			PROPS(P_CONTENT_TYPE("t"), P_RESPONSE_TOPIC("r/answer"), P_USER("a", "b")));
	expect_told(t, .payload = "with");
	DELIVER(server, .topic = "r/a", .payload = "without", .qos = 1, .id = 1001);
	struct told told = expect_told(t, .payload = "without");
	check_properties(t, &told.properties, 0x03, 0);
	check_properties(t, &told.properties, 0x08, 0);
	check_properties(t, &told.properties, 0x26, 0);
}

/* One copy with both identifiers, then two copies with one each: a server may do either. */
static void deliver_to_both(struct peer *server)
{
	client_subscribes(server, .filter = "r/+", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(1)));
	client_subscribes(
		server, .filter = "r/#", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(268435455)));
	DELIVER(server, .topic = "r/a", .payload = "both", .qos = 1, .id = 1001,
		.props = PROPS(P_SUBSCRIPTION_ID(1), P_SUBSCRIPTION_ID(268435455)));
	DELIVER(server, .topic = "r/a", .payload = "copy", .qos = 1, .id = 1002,
		.props = PROPS(P_SUBSCRIPTION_ID(1)));
	DELIVER(server, .topic = "r/a", .payload = "copy", .qos = 1, .id = 1003,
		.props = PROPS(P_SUBSCRIPTION_ID(268435455)));
}

CLIENT_CASE(several_subscription_ids,
	.title = "A message with two Subscription Identifiers is passed on, and so is each copy "
		 "with one",
	.refs = { "5.0:MQTT-4.3.2-4", "5.0:MQTT-3.3.4-1", "5.0:UALL-AS-ASKED" }, .level = MUST,
	.versions = V50)
{
	struct peer *server = admit(t);

	deliver_to_both(server);
	expect_told(t, .topic = "r/a", .payload = "both");
	expect_told(t, .topic = "r/a", .payload = "copy");
	expect_told(t, .topic = "r/a", .payload = "copy");
}

CLIENT_CASE(subscription_ids_told, .title = "Subscription Identifiers are passed on",
	.refs = { "5.0:UALL-AS-ASKED" }, .level = STATED, .versions = V50)
{
	unsigned copies[2] = { 0 };
	struct peer *server = admit(t);

	deliver_to_both(server);
	struct told told = expect_told(t, .payload = "both");
	if (tells(t, &told, 0x0B, "Subscription Identifiers"))
		check_properties(t, &told.properties, 0x0B, 2);
	for (size_t i = 0; i < 2; i++) {
		told = expect_told(t, .payload = "copy");
		if (!properties_find(&told.properties, 0x0B))
			return;
		copies[number_of(&told, 0x0B) != 1] = number_of(&told, 0x0B);
	}
	check(t, copies[0] == 1 && copies[1] == 268435455, "each copy with its identifier",
		"the identifiers %u and %u are told", copies[0], copies[1]);
}

/* ---- Topic Aliases of the server ------------------------------------------------------------- */

/* A connection whose CONNECT has said that the client takes this many aliases. */
static struct peer *open_for_aliases(struct test *t, unsigned maximum, bool kept, bool resumed)
{
	struct peer *server = admit(t, .kept = kept, .resumed = resumed,
		.props = PROPS(P_TOPIC_ALIAS_MAXIMUM(maximum)));
	struct packet connect = greeting_of(server);
	const struct property *p = properties_find(&connect.properties, 0x22);

	require(t, p && p->number == maximum, "the client does not announce Topic Alias Maximum");
	return server;
}

/* A client that passes on the alias instead of the topic leaves the rest to its user. */
static void check_topic(struct test *t, const struct told *told, const char *topic)
{
	judging(t, "5.0:MQTT-3.3.2-10");
	if (told->topic.len || !properties_find(&told->properties, 0x23))
		check_text(t, told->topic, topic);
	else
		nonstrict(t, "the user is told of a Topic Alias, not of the topic");
}

CLIENT_CASE(server_alias_used,
	.title = "A Topic Alias of the server stands for its topic, and may get another one",
	.refs = { "5.0:MQTT-3.3.2-10", "5.0:U50-ALIAS-SET" }, .level = MUST, .versions = V50)
{
	struct peer *server = open_for_aliases(t, 5, false, false);
	client_subscribes(server, .filter = "r/#", .qos = 1);

	static const struct {
		const char *topic;
		unsigned alias;
		const char *means;
	} steps[] = {
		{ "r/a", 1, "r/a" },
		{ "", 1, "r/a" },
		{ "r/b", 5, "r/b" },
		{ "", 5, "r/b" },
		{ "", 1, "r/a" },
		{ "r/c", 1, "r/c" },
		{ "", 1, "r/c" },
		{ "", 5, "r/b" },
		{ "r/a", 1, "r/a" },
		{ "", 1, "r/a" },
	};
	for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		DELIVER(server, .topic = steps[i].topic, .payload = "x", .qos = i % 2,
			.id = i % 2 ? 1001 + i : 0, .props = PROPS(P_TOPIC_ALIAS(steps[i].alias)));
		struct told told = expect_told(t, .payload = "x");
		check_topic(t, &told, steps[i].means);
	}
}

CLIENT_CASE(server_alias_at_qos2, .title = "A Topic Alias counts for QoS 2 messages, too",
	.refs = { "5.0:MQTT-3.3.2-10", "5.0:U50-ALIAS-SET" }, .level = MUST, .versions = V50)
{
	struct peer *server = open_for_aliases(t, 2, false, false);
	client_subscribes(server, .filter = "r/#", .qos = 2);

	DELIVER(server, .topic = "r/a", .payload = "1", .qos = 2, .id = 1001,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	expect_told(t, .topic = "r/a", .payload = "1");
	send_publish(server, .topic = "", .payload = "2", .qos = 2, .id = 1002,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	expect_ack(server, PUBREC, 1002);
	/* From here on the alias stands for another topic; the message before has its own. */
	DELIVER(server, .topic = "r/b", .payload = "3", .qos = 0, .props = PROPS(P_TOPIC_ALIAS(1)));
	send_ack(server, PUBREL, 1002);
	expect_ack(server, PUBCOMP, 1002);
	for (unsigned i = 0; i < 2; i++) {
		struct told told = expect_told(t, .qos = { 0 });
		bool second = bytes_equal(told.payload, BYTES("2"));
		check_topic(t, &told, second ? "r/a" : "r/b");
	}
}

/* The error is one thing; to take the old topic would be another, and worse. */
CLIENT_CASE(server_alias_of_old_connection, .title = "A Topic Alias ends with its connection",
	.refs = { "5.0:MQTT-3.3.2-7", "5.0:U50-ALIAS-UNKNOWN", "5.0:U50-ERR-CLIENT" },
	.level = MUST, .versions = V50)
{
	struct peer *server = open_for_aliases(t, 2, true, false);
	client_subscribes(server, .filter = "r/#", .qos = 1);
	DELIVER(server, .topic = "r/a", .payload = "x", .qos = 1, .id = 1001,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	expect_told(t, .topic = "r/a", .payload = "x");
	client_loses(server);

	server = open_for_aliases(t, 2, true, true);
	misbehave(server);
	send_publish(server, .topic = "", .payload = "astray", .qos = 0,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	judging(t, "5.0:U50-ERR-CLIENT");
	expect_violation_closed(server, .codes = { 0x82, 0x94 });
	judging(t, "5.0:MQTT-3.3.2-7");
	synced(t);
	if (!told_waiting(t, TOLD_MESSAGE))
		return;
	struct told told = expect_told(t, .payload = "astray");
	check(t, !bytes_equal(told.topic, BYTES("r/a")), "the old topic is forgotten",
		"the message is told with it");
}

struct alias {
	unsigned maximum; /* of the client; 0: it announces none */
	unsigned alias;
	const char *topic;
};

#define ALIAS(name, fits, ...)                                                \
	{                                                                     \
		name, .codes = { fits, 0x82 }, .extra = &(const struct alias) \
		{                                                             \
			__VA_ARGS__                                           \
		}                                                             \
	}

static const struct vector server_alias_wrong[] = {
	ALIAS("zero", 0x94, 2, 0, "r/a"),
	ALIAS("zero_no_topic", 0x94, 2, 0, ""),
	ALIAS("above_maximum", 0x94, 2, 3, "r/a"),
	ALIAS("highest", 0x94, 2, 65535, "r/a"),
	ALIAS("none_announced", 0x94, 0, 1, "r/a"),
	ALIAS("unknown", 0x94, 2, 1, ""),
};

CLIENT_CASE(server_alias_wrong,
	.title = "A Topic Alias that is 0, above the client's maximum or unknown is an error",
	.refs = { "5.0:U50-ERR-CLIENT", "5.0:U50-ALIAS-INVALID", "5.0:U50-ALIAS-UNKNOWN" },
	.level = MUST, .versions = V50, ROWS(server_alias_wrong))
{
	const struct alias *a = row(t)->extra;
	struct peer *server = a->maximum ? open_for_aliases(t, a->maximum, false, false) : admit(t);

	misbehave(server);
	send_publish(server, .topic = a->topic, .payload = "x", .qos = 1, .id = 1001,
		.props = PROPS(P_TOPIC_ALIAS(a->alias)));
	expect_violation_closed(server);
}

/* ---- packets that are wrong ------------------------------------------------------------------ */

#define VIOLATION "3.1.1:MQTT-4.8.0-1", "5.0:U50-ERR-CLIENT"

static const struct vector publish_wrong[] = {
	{ "qos_3", "36 r s\"r/a\" n1001 p{} b\"x\"",
		.refs = { "3.1.1:MQTT-3.3.1-4", "5.0:U50-ERR-CLIENT", "5.0:U50-QOS-BITS" },
		.codes = { 0x81 } },
	{ "id_0_q1", "32 r s\"r/a\" n0 p{} b\"x\"", .refs = { VIOLATION },
		.codes = { 0x82, 0x81 } },
	{ "id_0_q2", "34 r s\"r/a\" n0 p{} b\"x\"", .refs = { VIOLATION },
		.codes = { 0x82, 0x81 } },
	{ "topic_hash", "32 r s\"r/#\" n1001 p{} b\"x\"", .refs = { VIOLATION },
		.codes = { 0x81, 0x82, 0x90 } },
	{ "topic_plus", "32 r s\"r/+\" n1001 p{} b\"x\"", .refs = { VIOLATION },
		.codes = { 0x81, 0x82, 0x90 } },
	{ "topic_empty", "32 r s\"\" n1001 p{} b\"x\"",
		.refs = { VIOLATION, "5.0:U50-TOPIC-EMPTY" }, .codes = { 0x82, 0x81 } },
	{ "topic_empty_q0", "30 r s\"\" p{} b\"x\"", .refs = { VIOLATION, "5.0:U50-TOPIC-EMPTY" },
		.codes = { 0x82, 0x81 } },
	{ "topic_cut", "30 r n20 b\"r/a\"", .refs = { VIOLATION }, .codes = { 0x81 } },
	{ "id_missing", "32 r s\"r/a\"", .refs = { VIOLATION }, .codes = { 0x81 } },
};

/* 5.0 leaves it to a client how closely it looks, but not to act upon such a packet. */
static void check_no_qos_3(struct test *t)
{
	synced(t);
	while (told_waiting(t, TOLD_MESSAGE)) {
		struct told told = expect_told(t, .qos = { 0 });
		if (told.qos > 2) {
			judging(t, "3.1.1:MQTT-3.3.1-4");
			judging(t, "5.0:U50-QOS-BITS");
			fail(t, "no message of a QoS above 2",
				"the user is told a message of QoS %u", told.qos);
		}
	}
}

CLIENT_CASE(publish_wrong, .title = "A PUBLISH that is wrong in one place ends the connection",
	.refs = { VIOLATION }, .level = MUST, .versions = BOTH, ROWS(publish_wrong))
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/a", .qos = 2);

	send_together(server); /* a client that reads past the end of a packet finds more */
	send_row(server);
	expect_violation_closed(server);
	check_no_qos_3(t);
}

CLIENT_CASE(qos0_with_dup_received,
	.title = "A QoS 0 message with DUP 1 is passed on, or ends the connection",
	.refs = { "3.1.1:MQTT-3.3.1-2", "5.0:MQTT-3.3.1-2" }, .level = MAY, .versions = BOTH)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/a", .qos = 1);

	misbehave(server);
	send_publish(server, .topic = "r/a", .payload = "x", .qos = 0, .dup = true);
	send_publish(server, .topic = "r/a", .payload = "next", .qos = 1, .id = 1001);
	expect_one_of(server,
		OUTCOMES({ .type = PUBACK,
				 .verdict = VERDICT_INFO,
				 .says = "DUP 1 at QoS 0 is put up with" },
			{ .type = CLOSED,
				.verdict = VERDICT_INFO,
				.says = "DUP 1 at QoS 0 ends the connection" }));
}

/* Whether a client looks at the payload is its own affair. */
CLIENT_CASE(payload_not_as_indicated,
	.title = "A payload that is no UTF-8, though it is said to be, is taken or refused with "
		 "0x99",
	.refs = { "5.0:U50-PFI-UTF8" }, .level = STATED, .versions = V50)
{
	struct peer *server = admit(t);
	client_subscribes(server, .filter = "r/a", .qos = 1);

	send_publish(server, .topic = "r/a", .bytes = BYTES("\xC0\xAF\xFF"), .qos = 1, .id = 1001,
		.props = PROPS(P_PAYLOAD_FORMAT(1)));
	expect_one_of(server,
		OUTCOMES({ .type = PUBACK,
				 .code = SET(0),
				 .verdict = VERDICT_INFO,
				 .says = "the payload is not checked" },
			{ .type = PUBACK,
				.code = SET(0x99),
				.verdict = VERDICT_INFO,
				.says = "the payload is checked" },
			{ .type = CLOSED,
				.verdict = VERDICT_INFO,
				.says = "the payload is checked" }));
}

CHAPTER(client_receiving, "What a client does with messages", &case_message_told, &case_retain_told,
	&case_empty_payload_told, &case_binary_payload_told, &case_payload_of_any_length_told,
	&case_topic_told, &case_long_topic_told, &case_last_message_told_once,
	&case_unsolicited_message_acknowledged, &case_message_above_granted_qos,
	&case_message_before_suback, &case_many_messages_at_once, &case_properties_told,
	&case_properties_told_of_each_message, &case_several_subscription_ids,
	&case_subscription_ids_told, &case_server_alias_used, &case_server_alias_at_qos2,
	&case_server_alias_of_old_connection, &case_server_alias_wrong, &case_publish_wrong,
	&case_qos0_with_dup_received, &case_payload_not_as_indicated);
