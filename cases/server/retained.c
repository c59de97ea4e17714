/* Retained messages: what is kept for a topic, and who gets it, 3.3.1.3. */
#include "harness/case.h"

static void need_retained(struct test *t)
{
	require_offer(t, OFFER_RETAIN);
}

/* A new subscriber gets this message, once, and then what is published. */
static void expect_kept(struct test *t, const char *topic, const char *payload)
{
	struct peer *late = join(t, "late");

	subscribe(late, .filter = topic, .qos = 1);
	expect_message(late, .topic = topic, .payload = payload, .retain = SET(1), .dup = SET(0));
	publish(late, .topic = topic, .payload = "marker", .qos = 1);
	expect_message(late, .topic = topic, .payload = "marker", .retain = SET(0));
	leave(late);
}

/* The retained messages of these topics, whose payload is their topic: in any order, each once. */
static void expect_all_kept(
	struct test *t, struct peer *peer, const char *const *topics, size_t count)
{
	bool seen[8] = { false };

	for (size_t i = 0; i < count; i++) {
		struct packet message = expect_message(peer, .retain = SET(1));
		size_t n = 0;
		while (n < count && (seen[n] || !bytes_equal(message.topic, bytes_of(topics[n]))))
			n++;
		check_in(t, message, n < count && bytes_equal(message.payload, message.topic),
			"the retained message of each topic that matches, once");
		seen[n] = true;
	}
}

/* ---- keeping and replacing ----------------------------------------------------------------- */

/*   publisher                 target                  late
 *   PUBLISH retain 1     -->
 *                        <--  PUBACK
 *                                          <--  SUBSCRIBE
 *                                          -->  PUBLISH retain 1
 */
CASE(retained_for_late_subscriber,
	.title = "A message published with RETAIN 1 is kept and sent, with RETAIN 1, to who "
		 "subscribes later",
	.refs = { "3.1.1:MQTT-3.3.1-5", "3.1.1:MQTT-3.3.1-6", "3.1.1:MQTT-3.3.1-8",
		"5.0:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-9", "5.0:U50-RETAIN-FLAG",
		"5.0:U50-RETAIN-AS-NEW" },
	.level = MUST, .versions = BOTH)
{
	need_retained(t);
	struct peer *pub = join(t, "publisher");

	publish_retained(pub, .topic = "r/t", .payload = "kept", .qos = 1);
	expect_kept(t, "r/t", "kept");
	expect_kept(t, "r/t", "kept"); /* sending it does not use it up */
}

CASE(retained_replaced, .title = "The latest retained message of a topic is the only one",
	.refs = { "3.1.1:MQTT-3.3.1-6", "3.1.1:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-5" }, .level = MUST,
	.versions = BOTH)
{
	need_retained(t);
	struct peer *first = join(t, "first");
	struct peer *second = join(t, "second");

	publish(first, .topic = "r/t", .payload = "one", .qos = 1, .retain = true);
	publish_retained(first, .topic = "r/t", .payload = "two", .qos = 1);
	publish_retained(second, .topic = "r/t", .payload = "three", .qos = 1);
	expect_kept(t, "r/t", "three");
}

/* The new message may be dropped at any time, and should not be; the old one has to go. */
CASE(retained_qos0_replaces, .title = "A retained message of QoS 0 replaces one of QoS 1",
	.refs = { "3.1.1:MQTT-3.3.1-7", "5.0:MQTT-3.3.1-5", "5.0:U50-RETAIN-QOS0" }, .level = MUST,
	.versions = BOTH)
{
	need_retained(t);
	struct peer *pub = join(t, "publisher");

	struct peer *live = join(t, "live");
	subscribe(live, .filter = "r/t", .qos = 1);
	publish_retained(pub, .topic = "r/t", .payload = "old", .qos = 1);
	expect_message(live, .payload = "old");
	publish(pub, .topic = "r/t", .payload = "new", .retain = true);
	expect_message(live, .payload = "new");
	if (!retained_settled(t, .topic = "r/t", .payload = "new")) {
		expect_none_retained(pub, "r/t");
		nonstrict(t, "the target did not keep a retained message of QoS 0");
		return;
	}
	struct peer *late = join(t, "late");
	subscribe(late, .filter = "r/t", .qos = 1);
	expect_message(late, .payload = "new", .qos = SET(0), .retain = SET(1));
	publish(pub, .topic = "r/t", .payload = "marker", .qos = 1);
	expect_message(late, .payload = "marker", .retain = SET(0));
}

CASE(retained_for_each_topic, .title = "Each topic has a retained message of its own",
	.refs = { "3.1.1:MQTT-3.3.1-5", "3.1.1:MQTT-3.3.1-10", "5.0:MQTT-3.3.1-5",
		"5.0:MQTT-3.3.1-6" },
	.level = MUST, .versions = BOTH)
{
	need_retained(t);
	struct peer *pub = join(t, "publisher");

	publish_retained(pub, .topic = "r/a", .payload = "a", .qos = 1);
	publish_retained(pub, .topic = "r/b", .payload = "b", .qos = 1);
	publish_retained(pub, .topic = "r/b/", .payload = "b and a level", .qos = 1);
	publish(pub, .topic = "r/b", .payload = "", .qos = 1, .retain = true);
	expect_kept(t, "r/a", "a");
	expect_none_retained(pub, "r/b");
	expect_kept(t, "r/b/", "b and a level");
}

CASE(retained_survives_its_publisher,
	.title = "A retained message stays when the session of its publisher ends",
	.refs = { "3.1.1:MQTT-3.1.2-7", "5.0:U50-STATE-CONTENT", "5.0:MQTT-3.3.1-5" },
	.level = MUST, .versions = BOTH)
{
	need_retained(t);
	struct peer *polite = join(t, "polite");
	publish_retained(polite, .topic = "r/a", .payload = "a", .qos = 1);
	leave(polite);

	struct peer *rude = join(t, "rude");
	publish_retained(rude, .topic = "r/b", .payload = "b", .qos = 1);
	drop(rude);

	struct peer *kept = join(t, "kept", .kept = true);
	publish_retained(kept, .topic = "r/c", .payload = "c", .qos = 1);
	leave(kept);
	join(t, "kept"); /* ends the session */

	expect_kept(t, "r/a", "a");
	expect_kept(t, "r/b", "b");
	expect_kept(t, "r/c", "c");
}

/*   publisher                 target                  live            late
 *   PUBLISH "kept" r1    -->
 *   PUBLISH "" r1        -->               -->  PUBLISH "", retain 0
 *                                                              <--  SUBSCRIBE
 *                                                                   nothing
 * Once for each QoS that the deleting message may have.
 */
CASE(retained_deleted,
	.title = "A retained message without payload is passed on, and deletes what was kept",
	.refs = { "3.1.1:MQTT-3.3.1-10", "3.1.1:MQTT-3.3.1-11", "5.0:MQTT-3.3.1-6",
		"5.0:MQTT-3.3.1-7" },
	.level = MUST, .versions = BOTH)
{
	static const char *const payloads[] = { "first", "second", "third" };
	need_retained(t);
	struct peer *live = join(t, "live");
	struct peer *pub = join(t, "publisher");

	for (unsigned qos = 0; qos <= offers(t)->maximum_qos; qos++) {
		publish_retained(pub, .topic = "r/t", .payload = payloads[qos], .qos = 1);
		subscribe(live, .filter = "r/t", .qos = 1);
		expect_message(live, .payload = payloads[qos], .retain = SET(1));
		publish(pub, .topic = "r/t", .payload = "", .qos = qos, .retain = true);
		expect_message(live, .topic = "r/t", .payload = "", .retain = SET(0));
		unsubscribe(live, .filter = "r/t");
		expect_none_retained(pub, "r/t");
	}
}

CASE(empty_retained_never_kept,
	.title = "A retained message without payload is not kept on a topic that has none",
	.refs = { "3.1.1:MQTT-3.3.1-11", "5.0:MQTT-3.3.1-7" }, .level = MUST, .versions = BOTH)
{
	need_retained(t);
	struct peer *pub = join(t, "publisher");

	publish(pub, .topic = "r/t", .payload = "", .qos = 1, .retain = true);
	publish_retained(pub, .topic = "r/next", .payload = "kept", .qos = 1);
	expect_none_retained(pub, "r/t");
}

/* A retained message after it has reached the store, so it would be there, too. */
CASE(plain_message_not_kept, .title = "A message published with RETAIN 0 is not kept",
	.refs = { "3.1.1:MQTT-3.3.1-12", "5.0:MQTT-3.3.1-8" }, .level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");

	publish(pub, .topic = "r/t", .payload = "plain", .qos = 1);
	if (offers(t)->retain)
		publish_retained(pub, .topic = "r/next", .payload = "kept", .qos = 1);
	expect_none_retained(pub, "r/t");
}

CASE(plain_message_leaves_retained,
	.title = "A message published with RETAIN 0 neither replaces nor deletes a retained one",
	.refs = { "3.1.1:MQTT-3.3.1-12", "5.0:MQTT-3.3.1-8" }, .level = MUST, .versions = BOTH)
{
	need_retained(t);
	struct peer *pub = join(t, "publisher");

	publish_retained(pub, .topic = "r/t", .payload = "kept", .qos = 1);
	publish(pub, .topic = "r/t", .payload = "plain", .qos = 1);
	publish_retained(pub, .topic = "r/next", .payload = "first", .qos = 1);
	expect_kept(t, "r/t", "kept");
	publish(pub, .topic = "r/t", .payload = "", .qos = 1);
	publish_retained(pub, .topic = "r/next", .payload = "second", .qos = 1);
	expect_kept(t, "r/t", "kept");
}

CASE(retained_large, .title = "A retained message of 100,000 bytes is kept byte for byte",
	.refs = { "3.1.1:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-5" }, .level = MUST, .versions = BOTH)
{
	need_retained(t);
	require(t, offers(t)->maximum_packet_size > 101000, "no packets of that size");
	struct bytes payload = filler(t, 100000);
	struct peer *pub = join(t, "publisher");

	publish_retained(pub, .topic = "r/t", .bytes = payload, .qos = 1);
	struct peer *late = join(t, "late");
	subscribe(late, .filter = "r/t", .qos = 1);
	expect_message(late, .topic = "r/t", .bytes = payload, .retain = SET(1));
}

/* ---- sending ------------------------------------------------------------------------------- */

/* Its flag tells a message that was kept from one that is new. A subscription that has what was kept before has
 * been looked up, so nothing that it gets then is out of the store.
 */
CASE(retain_flag_of_live_messages,
	.title = "A subscription that existed gets a message published with RETAIN 1 with RETAIN 0",
	.refs = { "3.1.1:MQTT-3.3.1-9", "3.1.1:MQTT-3.3.1-6", "5.0:MQTT-3.3.1-12",
		"5.0:MQTT-3.3.1-9" },
	.level = MUST, .versions = BOTH)
{
	need_retained(t);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "r/t", .payload = "older", .qos = 1);
	struct peer *live = join(t, "live");
	subscribe(live, .filter = "r/t", .qos = highest);
	if (retained_settled(t, .topic = "r/t", .payload = "older"))
		expect_message(live, .payload = "older", .retain = SET(1));

	for (unsigned qos = 0; qos <= highest; qos++) {
		publish(pub, .topic = "r/t", .payload = "kept", .qos = qos, .retain = true);
		expect_message(live, .payload = "kept", .qos = SET(qos), .retain = SET(0));
	}
}

CASE(retained_qos,
	.title = "A retained message is sent at the lower of its QoS and the one granted",
	.refs = { "3.1.1:MQTT-3.3.1-5", "3.1.1:MQTT-3.8.4-6", "5.0:MQTT-3.3.1-5",
		"5.0:MQTT-3.8.4-8" },
	.level = MUST, .versions = BOTH)
{
	static const char *const payloads[] = { "at 1", "at 2" };
	need_retained(t);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *pub = join(t, "publisher");

	for (unsigned qos = 1; qos <= highest; qos++) {
		publish_retained(pub, .topic = "r/t", .payload = payloads[qos - 1], .qos = qos);
		for (unsigned grant = 0; grant <= highest; grant++) {
			struct peer *late = join(t, "late");
			subscribe(late, .filter = "r/t", .qos = grant);
			expect_message(late, .payload = payloads[qos - 1], .retain = SET(1),
				.qos = SET(qos < grant ? qos : grant));
			leave(late);
		}
	}
}

static const char *const tree[] = { "r", "r/a", "r/a/b", "r/b", "x/a" };

static struct peer *plant_tree(struct test *t)
{
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < sizeof(tree) / sizeof(*tree); i++)
		publish_retained(pub, .topic = tree[i], .payload = tree[i], .qos = 1);
	return pub;
}

CASE(retained_for_wildcards,
	.title = "A filter with wildcards brings the retained message of every topic that matches",
	.refs = { "3.1.1:MQTT-3.3.1-6", "3.1.1:UALL-HASH-PARENT", "5.0:MQTT-3.3.1-9",
		"5.0:U50-RETAIN-AS-NEW", "5.0:UALL-HASH-PARENT" },
	.level = MUST, .versions = BOTH)
{
	static const struct {
		const char *filter;
		const char *topics[5];
		size_t count;
	} samples[] = {
		{ "r/+", { "r/a", "r/b" }, 2 },
		{ "r/#", { "r", "r/a", "r/a/b", "r/b" }, 4 },
		{ "+/a", { "r/a", "x/a" }, 2 },
		{ "+/a/#", { "r/a", "r/a/b", "x/a" }, 3 },
	};
	need_retained(t);
	require_offer(t, OFFER_WILDCARDS);
	struct peer *pub = plant_tree(t);

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct peer *late = join(t, "late");
		subscribe(late, .filter = samples[i].filter, .qos = 1);
		expect_all_kept(t, late, samples[i].topics, samples[i].count);
		publish(pub, .topic = "r/a", .payload = "marker", .qos = 1);
		expect_message(late, .topic = "r/a", .payload = "marker", .retain = SET(0));
		leave(late);
	}
}

CASE(retained_for_several_filters,
	.title = "Each filter of a SUBSCRIBE brings its retained messages",
	.refs = { "3.1.1:MQTT-3.3.1-6", "3.1.1:MQTT-3.8.4-4", "5.0:MQTT-3.3.1-9",
		"5.0:MQTT-3.8.4-5" },
	.level = MUST, .versions = BOTH)
{
	static const char *const wanted[] = { "r/a", "r/b", "x/a" };
	need_retained(t);
	plant_tree(t);
	struct peer *late = join(t, "late");

	subscribe(late, .filter = "r/a", .qos = 1,
		.more = (const struct subscribe[]){ { .filter = "none", .qos = 1 },
			{ .filter = "x/a", .qos = 1 }, { .filter = "r/b", .qos = 1 },
			{ .filter = NULL } });
	expect_all_kept(t, late, wanted, 3);
	publish(late, .topic = "none", .payload = "marker", .qos = 1);
	expect_message(late, .topic = "none", .payload = "marker");
}

/*   client                    target
 *   SUBSCRIBE "r/t" q1   -->
 *                        <--  PUBLISH retain 1 q1
 *   SUBSCRIBE "r/t" q0   -->
 *                        <--  PUBLISH retain 1 q0
 */
CASE(retained_on_resubscribe,
	.title = "Subscribing again with the same filter brings the retained message again",
	.refs = { "3.1.1:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-4", "5.0:MQTT-3.3.1-9" }, .level = MUST,
	.versions = BOTH)
{
	need_retained(t);
	struct peer *client = join(t, "client");
	publish_retained(client, .topic = "r/t", .payload = "kept", .qos = 1);

	subscribe(client, .filter = "r/t", .qos = 1);
	expect_message(client, .payload = "kept", .qos = SET(1), .retain = SET(1));
	subscribe(client, .filter = "r/t", .qos = 0);
	expect_message(client, .payload = "kept", .qos = SET(0), .retain = SET(1));
	publish(client, .topic = "r/t", .payload = "marker", .qos = 1);
	expect_message(client, .payload = "marker", .qos = SET(0), .retain = SET(0));
}

/* "r/+" is another subscription than "r/t", though it matches the same. */
CASE(retained_for_each_filter,
	.title = "A further filter that matches brings the retained message again",
	.refs = { "3.1.1:U311-SUB-NEW", "3.1.1:MQTT-3.3.1-6", "5.0:U50-RETAIN-AS-NEW",
		"5.0:MQTT-3.3.1-9" },
	.level = MUST, .versions = BOTH)
{
	need_retained(t);
	require_offer(t, OFFER_WILDCARDS);
	struct peer *client = join(t, "client");
	publish_retained(client, .topic = "r/t", .payload = "kept", .qos = 1);

	subscribe(client, .filter = "r/t", .qos = 1);
	expect_message(client, .payload = "kept", .retain = SET(1));
	subscribe(client, .filter = "r/+", .qos = 1);
	expect_message(client, .payload = "kept", .retain = SET(1));
	unsubscribe(client, .filter = "r/t");
	subscribe(client, .filter = "r/t", .qos = 1);
	expect_message(client, .payload = "kept", .retain = SET(1));
}

/* Takes what comes for a filter that begins with a wildcard, up to the case's own message. */
static void expect_no_dollar_before(struct test *t, struct peer *all, const char *payload)
{
	struct packet message;

	do {
		message = expect(all, PUBLISH);
		check_in(t, message, !message.topic.len || message.topic.data[0] != '$',
			"no topic that begins with $");
	} while (!bytes_equal(message.topic, BYTES("r/t")) ||
		!bytes_equal(message.payload, bytes_of(payload)));
}

CASE(retained_dollar_topics,
	.title = "A filter that begins with a wildcard brings no retained message of a $ topic",
	.refs = { "3.1.1:MQTT-4.7.2-1", "5.0:MQTT-4.7.2-1" }, .level = MUST, .versions = BOTH)
{
	static const char *const filters[] = { "#", "+/#", "+/+/+" };
	need_retained(t);
	require_offer(t, OFFER_WILDCARDS);
	struct peer *spelt = join(t, "spelt");
	send_subscribe(spelt, .filter = "$SYS/#", .id = 1);
	struct packet suback = expect_ack(spelt, SUBACK, 1);
	if (suback.codes.len && suback.codes.data[0] < 0x80)
		wait_packet_ms(spelt, PUBLISH, 300);
	require(t, has_packet(spelt, PUBLISH), "no retained messages on $SYS topics");

	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "r/t", .payload = "kept", .qos = 1);
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		struct peer *all = join(t, "all");
		subscribe(all, .filter = filters[i], .raw = true);
		expect_no_dollar_before(t, all, "kept");
		publish(pub, .topic = "r/t", .payload = "marker");
		expect_no_dollar_before(t, all, "marker");
		leave(all);
	}
}

/*   publisher              target                subscriber
 *   PUBLISH "r/t" retained -->
 *                                        <--  SUBSCRIBE "/#"
 *                                        <--  SUBSCRIBE "r/last"
 *                                        -->  what is retained for "r/last" alone
 */
CASE(retained_behind_slash,
	.title = "A filter that begins with a slash brings nothing of topics that do not",
	.refs = { "3.1.1:MQTT-3.3.2-3", "5.0:MQTT-3.3.2-3" }, .level = MUST, .versions = BOTH)
{
	need_retained(t);
	require_offer(t, OFFER_WILDCARDS);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "r/t", .payload = "kept", .qos = 1);
	publish_retained(pub, .topic = "r/last", .payload = "kept", .qos = 1);
	struct peer *late = join(t, "late");
	subscribe(late, .filter = "/#", .raw = true);
	subscribe(late, .filter = "r/last", .qos = 1);
	expect_message(late, .topic = "r/last", .payload = "kept");
}

/* ---- wildcards, at each QoS ----------------------------------------------------------------- */

static const char *const kept_at[] = { "r/kept/1", "r/kept/2" };

/* A message of QoS 0 need not be kept, so it is only looked at while it is live. */
CASE(retained_flag_by_wildcard,
	.title = "A filter with a wildcard gets live messages with RETAIN 0, what is kept with 1",
	.refs = { "3.1.1:MQTT-3.3.1-9", "3.1.1:MQTT-3.3.1-8", "3.1.1:MQTT-3.3.1-6",
		"5.0:MQTT-3.3.1-12", "5.0:U50-RETAIN-FLAG", "5.0:MQTT-3.3.1-9" },
	.level = MUST, .versions = BOTH)
{
	need_retained(t);
	require_qos(t, 1);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *pub = join(t, "publisher");
	struct peer *wild = join(t, "wild");
	subscribe(wild, .filter = "r/#", .qos = highest);
	publish(pub, .topic = "r/first", .payload = "first", .qos = 1);
	expect_message(wild, .topic = "r/first");

	judging(t, "3.1.1:MQTT-3.3.1-9");
	judging(t, "5.0:MQTT-3.3.1-12");
	publish(pub, .topic = "r/live", .payload = "live", .retain = true);
	expect_message(wild, .topic = "r/live", .retain = SET(0), .qos = SET(0));
	for (unsigned qos = 1; qos <= highest; qos++) {
		const char *topic = kept_at[qos - 1];
		publish_retained(pub, .topic = topic, .payload = topic, .qos = qos);
		expect_message(wild, .topic = topic, .retain = SET(0), .qos = SET(qos));
	}
	judging(t, "3.1.1:MQTT-3.3.1-6");
	judging(t, "5.0:MQTT-3.3.1-9");
	struct peer *late = join(t, "late");
	subscribe(late, .filter = "r/kept/+", .qos = highest);
	expect_all_kept(t, late, kept_at, highest);
}

CASE(retained_at_qos_0,
	.title = "A retained message is sent to a subscription at QoS 0 once, with RETAIN 1",
	.refs = { "3.1.1:MQTT-3.3.1-6", "3.1.1:UALL-QOS0-AT-MOST-ONCE", "5.0:MQTT-3.3.1-9",
		"5.0:UALL-QOS0-AT-MOST-ONCE" },
	.level = MUST, .versions = BOTH)
{
	static const char deep[] = "r/a/b/c/d/e/f/g/h/i/j/k/l";
	need_retained(t);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = deep, .payload = "deep", .qos = 1);
	publish_retained(pub, .topic = "r/t", .payload = "kept", .qos = 1);
	publish_retained(pub, .topic = "r/t", .payload = "replaced", .qos = 1);

	struct peer *late = join(t, "late");
	subscribe(late, .filter = "r/t", .qos = 0);
	expect_message(late, .payload = "replaced", .qos = SET(0), .retain = SET(1));
	publish(pub, .topic = "r/t", .payload = "live", .qos = 1);
	expect_message(late, .payload = "live", .retain = SET(0));
	struct peer *last = join(t, "last");
	subscribe(last, .filter = deep, .qos = 1);
	expect_message(last, .topic = deep, .payload = "deep", .retain = SET(1));
	if (!offers(t)->wildcards)
		return;
	struct peer *wild = join(t, "wild");
	subscribe(wild, .filter = "r/a/#", .qos = 0);
	expect_message(wild, .topic = deep, .payload = "deep", .qos = SET(0), .retain = SET(1));
}

CHAPTER(retained, "Retained messages", &case_retained_for_late_subscriber, &case_retained_replaced,
	&case_retained_qos0_replaces, &case_retained_for_each_topic,
	&case_retained_survives_its_publisher, &case_retained_deleted,
	&case_empty_retained_never_kept, &case_plain_message_not_kept,
	&case_plain_message_leaves_retained, &case_retained_large,
	&case_retain_flag_of_live_messages, &case_retained_qos, &case_retained_for_wildcards,
	&case_retained_for_several_filters, &case_retained_on_resubscribe,
	&case_retained_for_each_filter, &case_retained_dollar_topics, &case_retained_behind_slash,
	&case_retained_flag_by_wildcard, &case_retained_at_qos_0);
