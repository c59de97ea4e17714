/* Topic Aliases of 5.0, 3.3.2.3.4: those of the client, and those of the server. */
#include <stdio.h>
#include <string.h>

#include "harness/case.h"

enum { TOPIC_ALIAS = 0x23, TEXT_MAX = 32 };

static void require_alias(struct test *t)
{
	require(t, offers(t)->topic_alias_maximum > 0, "the target takes no Topic Alias");
}

/* ---- aliases of the client ------------------------------------------------------------------ */

/*   client                             target            watcher
 *   PUBLISH "a/x" alias n         -->            -->  "a/x"
 *   PUBLISH ""    alias n         -->            -->  "a/x"
 *   PUBLISH "a/y" alias n         -->            -->  "a/y"
 *   PUBLISH ""    alias n         -->            -->  "a/y"
 */
CASE(alias_set_and_changed, .title = "A Topic Alias is set, used, set anew and used again",
	.refs = { "5.0:U50-ALIAS-SET", "5.0:MQTT-3.3.2-12" }, .level = STATED, .versions = V50)
{
	static const char *const topics[] = { "a/x", "", "a/y", "", "a/x", "" };
	static const char *const means[] = { "a/x", "a/x", "a/y", "a/y", "a/x", "a/x" };
	static const char *const payloads[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9", "10",
		"11", "12" };
	require_alias(t);
	const unsigned aliases[] = { 1, offers(t)->topic_alias_maximum };
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "a/+", .qos = 2);
	struct peer *client = join(t, "client");

	for (size_t n = 0; n < 2; n++)
		for (unsigned i = 0; i < 6; i++) {
			const char *payload = payloads[n * 6 + i];
			publish(client, .topic = topics[i], .payload = payload, .qos = i % 3,
				.props = PROPS(P_TOPIC_ALIAS(aliases[n])));
			struct packet m = expect_message(watcher, .payload = payload);
			check_text(t, m.topic, means[i]);
		}
}

CASE(alias_all_at_once, .title = "All Topic Aliases up to the server's maximum can be in use",
	.refs = { "5.0:MQTT-3.3.2-12" }, .level = MUST, .versions = V50)
{
	require_alias(t);
	unsigned count = offers(t)->topic_alias_maximum;
	char topic[TEXT_MAX];
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "a/+");
	struct peer *client = join(t, "client");

	if (count > 100)
		count = 100;
	for (unsigned i = 1; i <= count; i++) {
		snprintf(topic, sizeof(topic), "a/%u", i);
		send_publish(
			client, .topic = topic, .payload = "set", .props = PROPS(P_TOPIC_ALIAS(i)));
		fence(client);
		expect_message(watcher, .topic = topic);
	}
	for (unsigned i = count; i >= 1; i--) {
		snprintf(topic, sizeof(topic), "a/%u", i);
		send_publish(
			client, .topic = "", .payload = "used", .props = PROPS(P_TOPIC_ALIAS(i)));
		fence(client);
		expect_message(watcher, .topic = topic, .payload = "used");
	}
}

CASE(alias_for_retained,
	.title = "A message published under a Topic Alias is retained for its topic",
	.refs = { "5.0:U50-ALIAS-SET", "5.0:MQTT-3.3.1-5" }, .level = STATED, .versions = V50)
{
	require_alias(t);
	require_offer(t, OFFER_RETAIN);
	struct peer *client = join(t, "client");
	struct peer *live = join(t, "live");
	subscribe(live, .filter = "a/x", .qos = 1);
	publish(client, .topic = "a/x", .payload = "set", .qos = 1,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	expect_message(live, .topic = "a/x", .payload = "set");
	publish(client, .topic = "", .payload = "kept", .qos = 1, .retain = true,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	expect_message(live, .topic = "a/x", .payload = "kept");
	retained_settled(t, .topic = "a/x", .payload = "kept");
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "a/#", .qos = 1);
	expect_message(sub, .topic = "a/x", .payload = "kept", .retain = SET(1));
	publish(client, .topic = "a/x", .bytes = { 0 }, .qos = 1, .retain = true);
}

/* Of a row that breaks the target's limit as well, and may. */
static const bool above_maximum = true;

static const struct vector bad_alias[] = {
	{ "zero_with_topic", "30 r t\"a\" p{23 n0} b\"x\"",
		.refs = { "5.0:U50-ALIAS-INVALID", "5.0:MQTT-3.3.2-8" },
		.codes = { 0x94, 0x82, 0x81 } },
	{ "zero_without_topic", "30 r s\"\" p{23 n0} b\"x\"",
		.refs = { "5.0:U50-ALIAS-INVALID", "5.0:MQTT-3.3.2-8" },
		.codes = { 0x94, 0x82, 0x81 } },
	{ "above_any_maximum", "30 r s\"\" p{23 n65535} b\"x\"",
		.refs = { "5.0:U50-ALIAS-UNKNOWN" }, .codes = { 0x82, 0x94, 0x81 },
		.extra = &above_maximum },
	{ "unknown_q0", "30 r s\"\" p{23 n1} b\"x\"", .refs = { "5.0:U50-ALIAS-UNKNOWN" },
		.codes = { 0x82, 0x94 } },
	{ "unknown_q1", "32 r s\"\" m1 p{23 n1} b\"x\"", .refs = { "5.0:U50-ALIAS-UNKNOWN" },
		.codes = { 0x82, 0x94 } },
	{ "unknown_q2", "34 r s\"\" m1 p{23 n1} b\"x\"", .refs = { "5.0:U50-ALIAS-UNKNOWN" },
		.codes = { 0x82, 0x94 } },
};

CASE(bad_alias, .title = "Topic Alias 0, and one without a topic, end the connection",
	.refs = { "5.0:U50-ALIAS-INVALID" }, .level = STATED, .versions = V50, ROWS(bad_alias))
{
	witness(t);
	struct peer *watcher = watch_row(t, "a");
	if (watcher && offers(t)->wildcards && !strstr(row(t)->template, "t\""))
		subscribe(watcher, .filter = "+", .raw = true); /* an empty topic has no prefix */
	struct peer *client = join(t, "client");
	if (row(t)->extra)
		misbehave(client);
	send_row(client);
	expect_violation_closed(client);
	expect_no_harm(watcher, client, .topic = "a");
}

CASE(alias_above_maximum, .title = "A Topic Alias above the server's maximum ends the connection",
	.refs = { "5.0:U50-ALIAS-INVALID", "5.0:MQTT-3.3.2-9", "5.0:MQTT-3.2.2-17" },
	.level = STATED, .versions = V50)
{
	require(t, offers(t)->topic_alias_maximum < 65535,
		"every Topic Alias is within the maximum");
	witness(t);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "a/x");
	struct peer *client = join(t, "client");
	misbehave(client);
	send_publish(client, .topic = "a/x", .payload = "m",
		.props = PROPS(P_TOPIC_ALIAS(offers(t)->topic_alias_maximum + 1u)));
	expect_violation_closed(client, .codes = { 0x94 });
	expect_no_harm(watcher, client, .topic = "a/x");
}

CASE(alias_gone_on_next_connection,
	.title = "Topic Alias mappings end with the connection, even if the session goes on",
	.refs = { "5.0:MQTT-3.3.2-7", "5.0:U50-ALIAS-UNKNOWN" }, .level = MUST, .versions = V50)
{
	require_alias(t);
	witness(t);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "a/x", .qos = 1);
	struct peer *client = join(t, "client", .kept = true, .clean = true);
	publish(client, .topic = "a/x", .payload = "set", .qos = 1,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	expect_message(watcher, .payload = "set");
	leave(client);

	client = join(t, "client", .kept = true, .resumed = true);
	misbehave(client);
	send_publish(client, .topic = "", .payload = "old alias", .props = PROPS(P_TOPIC_ALIAS(1)));
	judging(t, "5.0:U50-ALIAS-UNKNOWN");
	expect_violation_closed(client, .codes = { 0x82, 0x94 });
	judging(t, "5.0:MQTT-3.3.2-7");
	size_t handed_on = expect_no_harm(watcher, client, .topic = "a/x");
	check_number(t, "messages that were handed on", handed_on, 0);
}

CASE(alias_of_another_client,
	.title = "One client's Topic Alias means nothing on another's connection",
	.refs = { "5.0:U50-ALIAS-UNKNOWN", "5.0:MQTT-3.3.2-7" }, .level = STATED, .versions = V50)
{
	require_alias(t);
	witness(t);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "a/x", .qos = 1);
	struct peer *owner = join(t, "owner");
	publish(owner, .topic = "a/x", .payload = "set", .qos = 1,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	expect_message(watcher, .payload = "set");
	struct peer *other = join(t, "other");
	misbehave(other);
	send_publish(other, .topic = "", .payload = "borrowed", .props = PROPS(P_TOPIC_ALIAS(1)));
	judging(t, "5.0:U50-ALIAS-UNKNOWN");
	expect_violation_closed(other, .codes = { 0x82, 0x94 });
	judging(t, "5.0:MQTT-3.3.2-7");
	size_t handed_on = expect_no_harm(watcher, other, .topic = "a/x");
	check_number(t, "messages that were handed on", handed_on, 0);
}

/* ---- aliases of the server ------------------------------------------------------------------ */

enum { ALIASES_MAX = 8, TOPICS = 12 };

/* The topic that a message means, by the mappings made on its connection so far. */
static struct bytes resolved(struct test *t, struct bytes mapped[ALIASES_MAX + 1], unsigned maximum,
	const struct packet *m)
{
	const struct property *alias = properties_find(&m->properties, TOPIC_ALIAS);

	if (!alias)
		return m->topic;
	check_in(t, *m, alias->number >= 1 && alias->number <= maximum,
		"a Topic Alias lies between 1 and the client's maximum");
	if (m->topic.len)
		mapped[alias->number] = m->topic;
	return mapped[alias->number];
}

/* `limit` is the statement that keeps the aliases within the maximum. */
static void receive_many_topics(struct test *t, unsigned maximum, const char *limit)
{
	struct bytes mapped[ALIASES_MAX + 1] = { 0 };
	char topic[TEXT_MAX], number[TEXT_MAX];
	struct peer *sub = join(t, "subscriber", .props = PROPS(P_TOPIC_ALIAS_MAXIMUM(maximum)));
	subscribe(sub, .filter = "a/+", .qos = 1);
	struct peer *pub = join(t, "publisher");

	for (unsigned i = 0; i < 3 * TOPICS; i++) {
		snprintf(topic, sizeof(topic), "a/%u", i / 2 % TOPICS);
		snprintf(number, sizeof(number), "%u", i);
		publish(pub, .topic = topic, .payload = number, .qos = i % 2);
		judging(t, limit);
		struct packet m = expect_message(sub, .payload = number);
		struct bytes meant = resolved(t, mapped, maximum, &m);
		judging(t,
			properties_find(&m.properties, TOPIC_ALIAS) ? "5.0:U50-ALIAS-SET"
								    : "5.0:MQTT-3.3.2-3");
		check_words(t, "Topic Name", meant, topic);
	}
}

struct limit {
	unsigned maximum;
};

static const struct vector client_alias_maximum[] = {
	{ "0", .refs = { "5.0:MQTT-3.1.2-27", "5.0:U50-ALIASMAX-DEFAULT", "5.0:MQTT-3.3.2-3" },
		.extra = &(const struct limit){ 0 } },
	{ "1",
		.refs = { "5.0:MQTT-3.3.2-11", "5.0:MQTT-3.1.2-26", "5.0:U50-ALIAS-SET",
			"5.0:MQTT-3.3.2-3", "5.0:MQTT-4.5.0-1" },
		.extra = &(const struct limit){ 1 } },
	{ "8",
		.refs = { "5.0:MQTT-3.3.2-11", "5.0:MQTT-3.1.2-26", "5.0:U50-ALIAS-SET",
			"5.0:MQTT-3.3.2-3", "5.0:MQTT-4.5.0-1" },
		.extra = &(const struct limit){ ALIASES_MAX } },
};

CASE(client_alias_maximum,
	.title = "The server's Topic Aliases stay within the client's maximum and mean the right "
		 "topic",
	.refs = { "5.0:MQTT-3.3.2-11", "5.0:MQTT-3.1.2-26", "5.0:U50-ALIAS-SET", "5.0:MQTT-3.3.2-3",
		"5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = V50, ROWS(client_alias_maximum))
{
	receive_many_topics(t, ((const struct limit *)row(t)->extra)->maximum, row(t)->refs[0]);
}

CASE(alias_not_forwarded,
	.title = "A publisher's Topic Alias does not reach a subscriber that takes none",
	.refs = { "5.0:MQTT-3.1.2-27", "5.0:U50-ALIAS-INDEPENDENT" }, .level = MUST,
	.versions = V50)
{
	require_alias(t);
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "a/x", .qos = 1);
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 3; i++) {
		publish(pub, .topic = i ? "" : "a/x", .payload = "m", .qos = 1,
			.props = PROPS(P_TOPIC_ALIAS(1)));
		struct packet m = expect_message(sub, .topic = "a/x");
		check_properties(t, &m.properties, TOPIC_ALIAS, 0);
	}
}

/*   client                        target            other
 *   PUBLISH "a/x" alias 1    -->             -->  "a/x"
 *                                            <--  PUBLISH "b/y", twice
 *                            <--  "b/y", perhaps with alias 1
 *   PUBLISH "" alias 1       -->             -->  "a/x"
 */
CASE(alias_independent, .title = "The mappings of client and server are independent of each other",
	.refs = { "5.0:U50-ALIAS-INDEPENDENT" }, .level = STATED, .versions = V50)
{
	require_alias(t);
	struct bytes mapped[ALIASES_MAX + 1] = { 0 };
	struct peer *client = join(t, "client", .props = PROPS(P_TOPIC_ALIAS_MAXIMUM(1)));
	struct peer *other = join(t, "other");
	subscribe(client, .filter = "b/+");
	subscribe(other, .filter = "a/+");

	publish(client, .topic = "a/x", .payload = "set", .props = PROPS(P_TOPIC_ALIAS(1)));
	expect_message(other, .topic = "a/x");
	for (size_t i = 0; i < 2; i++) {
		publish(other, .topic = "b/y", .payload = "m");
		struct packet m = expect_message(client);
		check_words(t, "Topic Name", resolved(t, mapped, 1, &m), "b/y");
	}
	publish(client, .topic = "", .payload = "used", .props = PROPS(P_TOPIC_ALIAS(1)));
	expect_message(other, .topic = "a/x", .payload = "used");
}

/*   client                        target            watcher
 *   PUBLISH "a/x" alias 1, then
 *   alias 1 alone, again and again,
 *   DISCONNECT, in one write -->           -->  all of them
 */
CASE(alias_before_disconnect,
	.title = "Messages by their alias that come together with a DISCONNECT are all delivered",
	.refs = { "5.0:MQTT-4.5.0-1", "5.0:U50-ALIAS-SET" }, .level = MUST, .versions = V50)
{
	enum { MESSAGES = 12 };
	char text[TEXT_MAX];
	require_alias(t);
	require(t, offers(t)->receive_maximum >= MESSAGES, "a lower Receive Maximum");
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "a/+", .qos = 1);
	struct peer *client = join(t, "client");

	send_together(client);
	for (unsigned i = 0; i < MESSAGES; i++) {
		snprintf(text, sizeof(text), "message %u", i);
		send_publish(client, .topic = i ? "" : "a/x", .payload = text, .qos = 1,
			.id = 1 + i, .props = PROPS(P_TOPIC_ALIAS(1)));
	}
	send_disconnect(client);
	for (unsigned i = 0; i < MESSAGES; i++) {
		snprintf(text, sizeof(text), "message %u", i);
		expect_message(watcher, .topic = "a/x", .payload = text);
	}
}

CHAPTER(topic_alias, "Topic Aliases", &case_alias_set_and_changed, &case_alias_all_at_once,
	&case_alias_for_retained, &case_bad_alias, &case_alias_above_maximum,
	&case_alias_gone_on_next_connection, &case_alias_of_another_client,
	&case_client_alias_maximum, &case_alias_not_forwarded, &case_alias_independent,
	&case_alias_before_disconnect);
