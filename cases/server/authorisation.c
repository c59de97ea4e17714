/* What a user may do, 3.3.5, 3.9.3 and 5.4.2: what becomes of a message that its publisher has no right to, of a
 * subscription without the right, and of messages that somebody may not get. Users and rights are those of the
 * target's file.
 *
 * The standard leaves it to the server how it says no. 3.1.1 has no word for it but in CONNACK and SUBACK, so a
 * message is acknowledged as any other, or the connection closed [MQTT-3.3.5-2]; 5.0 has codes. What counts in both
 * is that nothing comes of it.
 */
#include <stdio.h>
#include <string.h>

#include "harness/case.h"

enum { TOPIC_SIZE = 300, SECRET_ID = 7 };

static void on_trial(struct test *t)
{
	judging(t, "3.1.1:UALL-RIGHTS");
	judging(t, "5.0:UALL-RIGHTS");
}

/* ---- publishing ---------------------------------------------------------------------------- */

struct manner {
	unsigned qos;
	bool retain, deeper, of_server;
};

#define MANNER(...)                     \
	.extra = &(const struct manner) \
	{                               \
		__VA_ARGS__             \
	}

/* What a server says to a message that it does not take. 5.0 gives the publisher an answer: a success tells it that
 * publication goes on, which it does not.
 */
#define REFUSALS(type)                                                                           \
	OUTCOMES({ type, .code = SET(0x87) }, { type, .code = SET(0x80) },                       \
		{ type, .code = SET(0x83) }, { type, .code = SET(0x90) },                        \
		{ type, .verdict = VERDICT_NONSTRICT,                                            \
			.says = "the message is not passed on, and its publisher is not told" }, \
		{ .type = CLOSED })

static struct packet expect_no_thanks(struct peer *client, enum packet_type type)
{
	struct test *t = test_of(client);

	judging(t, "3.1.1:MQTT-3.3.5-2");
	if (!is_v5(t))
		return expect_one_of(client, OUTCOMES({ .type = type }, { .type = CLOSED }));
	judging(t, type == PUBREC ? "5.0:U50-QOS2-CHECKS" : "5.0:UALL-RIGHTS");
	if (type == PINGRESP)
		return expect_one_of(client, OUTCOMES({ .type = PINGRESP }, { .type = CLOSED }));
	return expect_one_of(client, REFUSALS(type));
}

/* The whole handshake of a message that is not to be taken; returns its answer, or the close. */
static struct packet publish_in_vain(struct peer *client, struct publish m)
{
	static const enum packet_type answers[] = { PINGRESP, PUBACK, PUBREC };

	m.id = m.qos ? SECRET_ID : 0;
	send_publish(client, .topic = m.topic, .payload = m.payload, .qos = m.qos, .id = m.id,
		.retain = m.retain, .props = m.props);
	if (!m.qos)
		send_pingreq(client);
	struct packet answer = expect_no_thanks(client, answers[m.qos]);
	if (answer.type == PUBREC && answer.code < 0x80) {
		send_ack(client, PUBREL, SECRET_ID);
		expect_one_of(client, OUTCOMES({ .type = PUBCOMP }, { .type = CLOSED }));
	}
	return answer;
}

/* The client, or one that takes its place if the target has closed its connection. */
static struct peer *still_there(struct peer *client, const struct user *user)
{
	if (is_open(client))
		return client;
	return join(test_of(client), "next", .as = user);
}

static const struct vector publish_without_right[] = {
	{ "qos0", MANNER(.qos = 0) },
	{ "qos1", MANNER(.qos = 1) },
	{ "qos2", MANNER(.qos = 2) },
	{ "below", MANNER(.qos = 1, .deeper = true) },
	{ "retained_qos0", MANNER(.qos = 0, .retain = true) },
	{ "retained_qos1", MANNER(.qos = 1, .retain = true) },
	{ "retained_qos2", MANNER(.qos = 2, .retain = true) },
	{ "to_server_topic", MANNER(.qos = 1, .of_server = true) },
};

/*   limited                   target                  watcher
 *   PUBLISH, no right    -->
 *                        <--  a refusal, a success or the close
 *   PUBLISH "marker"     -->
 *                                          -->  PUBLISH "marker", and nothing before it
 */
CASE(publish_without_right,
	.title = "A message that its publisher may not publish is not passed on",
	.refs = { "3.1.1:MQTT-3.3.5-2", "3.1.1:UALL-RIGHTS", "5.0:UALL-RIGHTS",
		"5.0:U50-QOS2-CHECKS" },
	.level = MUST, .versions = BOTH, .of_users = true, ROWS(publish_without_right))
{
	const struct manner *how = row(t)->extra;
	const struct bounds b = bounded_user(t, TO_PUBLISH, how->of_server);
	char topic[TOPIC_SIZE];
	snprintf(topic, sizeof(topic), "%s%s", b.may_not, how->deeper ? "/below/it" : "");
	if (how->qos)
		require_qos(t, how->qos);
	if (how->retain)
		require_offer(t, OFFER_RETAIN);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = topic, .qos = how->of_server ? 0 : how->qos);
	subscribe(watcher, .filter = b.may, .qos = how->qos);
	struct peer *limited = join(t, "limited", .as = b.user);
	publish_in_vain(limited,
		(struct publish){ .topic = topic,
			.payload = "without-the-right",
			.qos = how->qos,
			.retain = how->retain });

	on_trial(t);
	judging(t, "3.1.1:MQTT-3.3.5-2");
	limited = still_there(limited, b.user);
	publish(limited, .topic = b.may, .payload = "marker", .qos = how->qos);
	expect_message(watcher, .payload = "marker");
	if (how->retain)
		expect_none_retained(join(t, "publisher"), topic);
}

CASE(clear_without_right,
	.title = "A retained message stays when somebody without the right publishes an empty one",
	.refs = { "3.1.1:UALL-RIGHTS", "3.1.1:MQTT-3.3.5-2", "5.0:UALL-RIGHTS" }, .level = STATED,
	.versions = BOTH, .of_users = true)
{
	const struct bounds b = bounded_user(t, TO_PUBLISH, false);
	require_offer(t, OFFER_RETAIN);
	struct peer *owner = join(t, "owner"), *watcher = join(t, "watcher");
	publish_retained(owner, .topic = b.may_not, .payload = "kept", .qos = 1);
	subscribe(watcher, .filter = b.may, .qos = 1);
	struct peer *limited = join(t, "limited", .as = b.user);
	publish_in_vain(limited,
		(struct publish){ .topic = b.may_not, .payload = "", .qos = 1, .retain = true });

	on_trial(t);
	limited = still_there(limited, b.user);
	publish(limited, .topic = b.may, .payload = "marker", .qos = 1);
	expect_message(watcher, .payload = "marker");
	check(t, retained_settled(t, .topic = b.may_not, .payload = "kept"),
		"the message that was kept for the topic", "a new subscriber does not get it");
}

/* A Topic Alias stands for its topic and gives no right to it.
 *
 *   limited                   target
 *   PUBLISH may, alias 1 -->
 *   PUBLISH may not,
 *           alias 1      -->
 *                        <--  a refusal, a success or the close
 *   PUBLISH alias 1      -->  nobody knows which of the two it stands for by now
 */
CASE(alias_without_right,
	.title = "A Topic Alias does not lead to a topic that its publisher may not publish to",
	.refs = { "5.0:UALL-RIGHTS" }, .level = STATED, .versions = V50, .of_users = true)
{
	const struct bounds b = bounded_user(t, TO_PUBLISH, false);
	require(t, offers(t)->topic_alias_maximum, "no Topic Aliases");
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = b.may_not, .qos = 1);
	struct peer *limited = join(t, "limited", .as = b.user);
	publish(limited, .topic = b.may, .payload = "with the right", .qos = 1,
		.props = PROPS(P_TOPIC_ALIAS(1)));
	publish_in_vain(limited,
		(struct publish){ .topic = b.may_not,
			.payload = "without-the-right",
			.qos = 1,
			.props = PROPS(P_TOPIC_ALIAS(1)) });
	if (is_open(limited)) {
		send_publish(limited, .topic = "", .raw = true, .payload = "by-alias", .qos = 1,
			.id = SECRET_ID + 1, .props = PROPS(P_TOPIC_ALIAS(1)));
		expect_one_of(limited, OUTCOMES({ .type = PUBACK }, { .type = CLOSED }));
	}

	on_trial(t);
	publish(join(t, "publisher"), .topic = b.may_not, .payload = "marker", .qos = 1);
	struct packet m = expect(watcher, PUBLISH);
	check_in(t, m, bytes_equal(m.payload, bytes_of("marker")),
		"no message of the user who may not publish there");
}

/* ---- QoS 2, when it is refused ------------------------------------------------------------- */

/* Ends the run as `inapplicable` where the target accepts the message and drops it, or closes. */
static void need_refusal(struct peer *limited, const struct bounds *b, unsigned id)
{
	struct test *t = test_of(limited);

	send_publish(
		limited, .topic = b->may_not, .payload = "without-the-right", .qos = 2, .id = id);
	struct packet pubrec =
		expect_one_of(limited, OUTCOMES({ .type = PUBREC }, { .type = CLOSED }));
	require(t, pubrec.type == PUBREC && pubrec.code >= 0x80,
		"the target does not refuse a QoS 2 message by its PUBREC");
}

/*   limited                   target
 *   PUBLISH q2 7         -->
 *                        <--  PUBREC 7, 0x87        which ends the exchange
 *   PUBLISH q2 7         -->                        a new message
 *                        <--  PUBREC 7
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 */
CASE(refusing_pubrec_frees_identifier,
	.title =
		"After a PUBREC with the code of an error its identifier is free for a new message",
	.refs = { "5.0:MQTT-4.3.3-9" }, .level = MUST, .versions = V50, .of_users = true)
{
	const struct bounds b = bounded_user(t, TO_PUBLISH, false);
	static const char *const payloads[] = { "first", "second", "third" };
	require_qos(t, 2);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = b.may, .qos = 2);
	struct peer *limited = join(t, "limited", .as = b.user);

	for (unsigned i = 0; i < 3; i++) {
		need_refusal(limited, &b, SECRET_ID);
		judging(t, "5.0:MQTT-4.3.3-9");
		send_publish(
			limited, .topic = b.may, .payload = payloads[i], .qos = 2, .id = SECRET_ID);
		struct packet pubrec = expect_ack(limited, PUBREC, SECRET_ID);
		check_in(t, pubrec, pubrec.code < 0x80,
			"success, since the message is a new one that the user may publish");
		send_ack(limited, PUBREL, SECRET_ID);
		expect_ack(limited, PUBCOMP, SECRET_ID);
		expect_message(watcher, .payload = payloads[i]);
	}
}

/* The same on the next connection of the session. */
CASE(refusing_pubrec_is_not_kept,
	.title = "A message that PUBREC has refused is not remembered by the session either",
	.refs = { "5.0:MQTT-4.3.3-9" }, .level = MUST, .versions = V50, .of_users = true)
{
	const struct bounds b = bounded_user(t, TO_PUBLISH, false);
	require_qos(t, 2);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = b.may, .qos = 2);
	struct peer *limited = join(t, "limited", .as = b.user, .kept = true, .clean = true);
	need_refusal(limited, &b, SECRET_ID);
	leave(limited);

	limited = join(t, "limited", .as = b.user, .kept = true, .resumed = true);
	send_publish(limited, .topic = b.may, .payload = "new", .qos = 2, .id = SECRET_ID);
	struct packet pubrec = expect_ack(limited, PUBREC, SECRET_ID);
	check_in(t, pubrec, pubrec.code < 0x80,
		"success, since the message is a new one that the user may publish");
	send_ack(limited, PUBREL, SECRET_ID);
	expect_ack(limited, PUBCOMP, SECRET_ID);
	expect_message(watcher, .payload = "new");
}

/* ---- the Will ------------------------------------------------------------------------------ */

static const struct vector will_without_right[] = {
	{ "qos0", MANNER(.qos = 0) },
	{ "qos1", MANNER(.qos = 1) },
	{ "qos2", MANNER(.qos = 2) },
	{ "retained", MANNER(.qos = 1, .retain = true) },
};

/* A CONNECT with such a Will may be refused as well.
 *
 *   limited                   target                  watcher
 *   CONNECT, Will        -->
 *                        <--  CONNACK
 *   RST                  -->
 *   CONNECT, Will on a topic that the user may publish to, RST
 *                                          -->  that Will, and nothing before it
 */
CASE(will_without_right,
	.title = "A Will on a topic that its client may not publish to is not sent",
	.refs = { "3.1.1:UALL-RIGHTS", "5.0:UALL-RIGHTS", "5.0:U50-WILL-TOPIC-REFUSED" },
	.level = STATED, .versions = BOTH, .of_users = true, ROWS(will_without_right))
{
	static const char no[] = "refused by the close alone, without a CONNACK that says why";
	const struct manner *how = row(t)->extra;
	const struct bounds b = bounded_user(t, TO_PUBLISH, false);
	if (how->qos)
		require_qos(t, how->qos);
	if (how->retain)
		require_offer(t, OFFER_RETAIN);
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = b.may_not, .qos = how->qos);
	subscribe(watcher, .filter = b.may, .qos = how->qos);
	struct peer *limited = dial(t, "limited");
	send_connect(limited, .as = b.user,
		.will = { .topic = b.may_not,
			.payload = "without-the-right",
			.qos = how->qos,
			.retain = how->retain });
	struct packet greeting = expect_one_of(limited,
		OUTCOMES({ .type = CONNACK },
			{ CLOSED, .verdict = is_v5(t) ? VERDICT_PASS : VERDICT_NONSTRICT,
				.says = no }));
	if (greeting.type == CONNACK && greeting.code)
		expect_closed(limited);
	else if (greeting.type == CONNACK)
		abort_connection(limited);

	on_trial(t);
	limited = join(t, "next", .as = b.user,
		.will = { .topic = b.may, .payload = "marker", .qos = how->qos });
	abort_connection(limited);
	expect_message(watcher, .payload = "marker");
	if (how->retain)
		expect_none_retained(join(t, "publisher"), b.may_not);
}

/* ---- subscribing --------------------------------------------------------------------------- */

struct place_of {
	const char *before, *after; /* the filter: around the topic without the right */
	const char *below;          /* the topic of the message: below that one */
};

#define ASKED(...)                        \
	.extra = &(const struct place_of) \
	{                                 \
		__VA_ARGS__               \
	}

static const struct vector subscribe_without_right[] = {
	{ "topic", ASKED("", "", "") },
	{ "below", ASKED("", "/below/it", "/below/it") },
	{ "hash", ASKED("", "/#", "/x") },
	{ "plus", ASKED("", "/+", "/x") },
	{ "shared", ASKED("$share/rights/", "", ""), .versions = V50 },
};

/* As a last resort the target grants the subscription and delivers nothing. */
#define NO_GRANT                                                               \
	OUTCOMES({ SUBACK, .code = SET(0x80) }, { SUBACK, .code = SET(0x87) }, \
		{ SUBACK, .code = SET(0x83) }, { SUBACK, .code = SET(0x8F) },  \
		{ SUBACK, .code = SET(0x9E) },                                 \
		{ SUBACK, .verdict = VERDICT_NONSTRICT,                        \
			.says = "granted, although nothing will come of it" }, \
		{ CLOSED, .verdict = VERDICT_NONSTRICT,                        \
			.says = "closed, where a SUBACK can refuse a single filter" })

/*   limited                   target                  control
 *   SUBSCRIBE may        -->
 *   SUBSCRIBE may not    -->
 *                        <--  SUBACK 0x80 or above
 *                                          -->  PUBLISH "secret"
 *                        <--  PUBLISH "marker" on the topic that it may subscribe to
 */
CASE(subscribe_without_right,
	.title = "A subscription that its client may not make is refused, and brings nothing",
	.refs = { "3.1.1:UALL-RIGHTS", "3.1.1:MQTT-3.8.4-1", "5.0:UALL-RIGHTS",
		"5.0:MQTT-3.8.4-1" },
	.level = STATED, .versions = BOTH, .of_users = true, ROWS(subscribe_without_right))
{
	const struct bounds b = bounded_user(t, TO_SUBSCRIBE, false);
	char filter[TOPIC_SIZE], topic[TOPIC_SIZE];
	const struct place_of *asked = row(t)->extra;
	if (*asked->before)
		require_offer(t, OFFER_SHARED);
	if (strpbrk(asked->after, "#+"))
		require_offer(t, OFFER_WILDCARDS);
	snprintf(filter, sizeof(filter), "%s%s%s", asked->before, b.may_not, asked->after);
	snprintf(topic, sizeof(topic), "%s%s", b.may_not, asked->below);
	struct peer *control = join(t, "control"), *pub = join(t, "publisher");
	subscribe(control, .filter = topic, .qos = 1);
	struct peer *limited = join(t, "limited", .as = b.user);
	subscribe(limited, .filter = b.may, .qos = 1);

	send_subscribe(limited, .filter = filter, .qos = 1, .id = next_id(limited));
	expect_one_of(limited, NO_GRANT);
	on_trial(t);
	publish(pub, .topic = topic, .payload = "secret", .qos = 1);
	expect_message(control, .payload = "secret");
	if (!is_open(limited))
		return;
	publish(pub, .topic = b.may, .payload = "marker", .qos = 1);
	expect_message(limited, .payload = "marker");
}

CASE(subscribe_with_and_without_right,
	.title = "Of several filters in a SUBSCRIBE, those that its client has a right to are "
		 "granted",
	.refs = { "3.1.1:MQTT-3.8.4-5", "3.1.1:UALL-RIGHTS", "5.0:MQTT-3.8.4-6",
		"5.0:UALL-RIGHTS" },
	.level = MUST, .versions = BOTH, .of_users = true)
{
	const struct bounds b = bounded_user(t, TO_SUBSCRIBE, false);
	struct peer *control = join(t, "control"), *pub = join(t, "publisher");
	subscribe(control, .filter = b.may_not, .qos = 1);
	struct peer *limited = join(t, "limited", .as = b.user);
	unsigned id = next_id(limited);
	send_subscribe(limited, .filter = b.may_not, .id = id,
		.more = (const struct subscribe[]){ { .filter = b.may }, { 0 } });
	struct packet suback =
		expect_one_of(limited, OUTCOMES({ .type = SUBACK }, { .type = CLOSED }));
	require(t, suback.type == SUBACK, "the target closes upon such a SUBSCRIBE");
	check_number(t, "Packet Identifier", suback.id, id);
	check_number(t, "codes in SUBACK", suback.codes.len, 2);
	check_in(t, suback, suback.codes.data[1] < 0x80,
		"the second filter granted, which the user may subscribe to");
	if (suback.codes.data[0] < 0x80)
		nonstrict(t, "the first filter is granted, although nothing will come of it");

	on_trial(t);
	publish(pub, .topic = b.may_not, .payload = "secret", .qos = 1);
	expect_message(control, .payload = "secret");
	publish(pub, .topic = b.may, .payload = "marker", .qos = 1);
	expect_message(limited, .payload = "marker");
}

/* ---- receiving ----------------------------------------------------------------------------- */

/* Whatever the target thinks of it. */
static void ask_for(struct peer *limited, const char *filter, unsigned qos)
{
	send_subscribe(limited, .filter = filter, .qos = qos, .id = next_id(limited));
	expect_one_of(limited, OUTCOMES({ .type = SUBACK }, { .type = CLOSED }));
	require(test_of(limited), is_open(limited), "the target closes upon such a SUBSCRIBE");
}

struct way {
	const char *filter; /* NULL: the topic itself */
	unsigned qos;
};

#define WAY(f, q)                    \
	.extra = &(const struct way) \
	{                            \
		f, q                 \
	}

static const struct vector receive_without_right[] = {
	{ "qos0", WAY(NULL, 0) },
	{ "qos1", WAY(NULL, 1) },
	{ "qos2", WAY(NULL, 2) },
	{ "hash", WAY("#", 1) },
	{ "plus", WAY("+", 1) },
};

/* The wildcards leave it to the target to tell, at each message, what the client may get. */
CASE(receive_without_right,
	.title = "A subscriber gets no message that it may not get, whatever filter matches it",
	.refs = { "3.1.1:UALL-RIGHTS", "5.0:UALL-RIGHTS" }, .level = STATED, .versions = BOTH,
	.of_users = true, ROWS(receive_without_right))
{
	const struct way *way = row(t)->extra;
	const struct bounds b = bounded_user(t, TO_RECEIVE, false);
	if (way->qos)
		require_qos(t, way->qos);
	if (way->filter) {
		require_offer(t, OFFER_WILDCARDS);
		require(t, *way->filter != '+' || !strchr(b.may_not, '/'),
			"the topic of `no_receive` has more than one level");
	}
	struct peer *control = join(t, "control"), *pub = join(t, "publisher");
	subscribe(control, .filter = b.may_not, .qos = way->qos);
	struct peer *limited = join(t, "limited", .as = b.user);
	subscribe(limited, .filter = b.may, .qos = way->qos);
	ask_for(limited, way->filter ? way->filter : b.may_not, way->qos);

	publish(pub, .topic = b.may_not, .payload = "secret", .qos = way->qos);
	expect_message(control, .payload = "secret");
	publish(pub, .topic = b.may, .payload = "marker", .qos = way->qos);
	expect_message(limited, .payload = "marker");
}

/* Takes a message; whether it is the marker. */
static bool take_one(struct peer *limited)
{
	struct test *t = test_of(limited);
	struct packet m = expect(limited, PUBLISH);

	if (m.qos)
		send_ack(limited, PUBACK, m.id);
	check_in(t, m, !bytes_equal(m.payload, bytes_of("secret")),
		"no message that the user may not get");
	return bytes_equal(m.payload, bytes_of("marker"));
}

/* Both filters match what is kept. The store takes its own way, so what comes after the marker counts, too. */
CASE(retained_without_right,
	.title = "A new subscriber gets no retained message that it may not get",
	.refs = { "3.1.1:UALL-RIGHTS", "5.0:UALL-RIGHTS" }, .level = STATED, .versions = BOTH,
	.of_users = true)
{
	const struct bounds b = bounded_user(t, TO_RECEIVE, false);
	require_offer(t, OFFER_RETAIN);
	require_offer(t, OFFER_WILDCARDS);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = b.may_not, .payload = "secret", .qos = 1);
	publish_retained(pub, .topic = b.may, .payload = "for all", .qos = 1);
	struct peer *limited = join(t, "limited", .as = b.user);
	ask_for(limited, b.may_not, 1);
	ask_for(limited, "#", 1);

	on_trial(t);
	publish(pub, .topic = b.may, .payload = "marker", .qos = 1);
	while (!take_one(limited))
		;
	fence(limited);
	while (has_packet(limited, PUBLISH))
		take_one(limited);
}

CASE(queued_without_right,
	.title = "A client that was away gets none of the messages that it may not get",
	.refs = { "3.1.1:UALL-RIGHTS", "5.0:UALL-RIGHTS" }, .level = STATED, .versions = BOTH,
	.of_users = true)
{
	const struct bounds b = bounded_user(t, TO_RECEIVE, false);
	struct peer *control = join(t, "control"), *pub = join(t, "publisher");
	subscribe(control, .filter = b.may_not, .qos = 1);
	struct peer *limited = join(t, "limited", .as = b.user, .kept = true, .clean = true);
	subscribe(limited, .filter = b.may, .qos = 1);
	ask_for(limited, b.may_not, 1);
	leave(limited);

	publish(pub, .topic = b.may_not, .payload = "secret", .qos = 1);
	expect_message(control, .payload = "secret");
	publish(pub, .topic = b.may, .payload = "marker", .qos = 1);
	limited = join(t, "limited", .as = b.user, .kept = true, .resumed = true);
	expect_message(limited, .payload = "marker");
}

/* What the target itself publishes there is what others get. */
CASE(server_topic_without_right,
	.title = "A client gets nothing from the server's own topics that it may not get",
	.refs = { "3.1.1:UALL-RIGHTS", "5.0:UALL-RIGHTS" }, .level = STATED, .versions = BOTH,
	.of_users = true)
{
	const struct bounds b = bounded_user(t, TO_RECEIVE, true);
	struct peer *control = join(t, "control"), *limited = join(t, "limited", .as = b.user);
	ask_for(control, b.may_not, 0);
	require(t, wait_packet_ms(control, PUBLISH, 2000) > 0,
		"the target has nothing to say on the $ topic of `no_receive`");
	subscribe(limited, .filter = b.may);
	ask_for(limited, b.may_not, 0);

	on_trial(t);
	publish(join(t, "publisher"), .topic = b.may, .payload = "marker");
	struct packet m = expect(limited, PUBLISH);
	check_in(t, m, bytes_equal(m.payload, bytes_of("marker")),
		"no message from a topic that the user may not get");
}

CHAPTER(authorisation, "Authorisation", &case_publish_without_right, &case_clear_without_right,
	&case_alias_without_right, &case_refusing_pubrec_frees_identifier,
	&case_refusing_pubrec_is_not_kept, &case_will_without_right, &case_subscribe_without_right,
	&case_subscribe_with_and_without_right, &case_receive_without_right,
	&case_retained_without_right, &case_queued_without_right, &case_server_topic_without_right);
