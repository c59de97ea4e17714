/* Subscription Identifiers of 5.0, 3.8.2.1.2: which are refused, and which come with a message. */
#include "harness/case.h"

static bool is_payload(const struct packet *m, const char *text)
{
	return bytes_equal(m->payload, bytes_of(text));
}

static const struct vector bad_subscription_id[] = {
	{ "zero", "82 r m1 p{0B v0} t\"a\" 00", .codes = { 0x82, 0x81 } },
	{ "twice", "82 r m1 p{0B v1 0B v2} t\"a\" 00", .codes = { 0x82, 0x81 } },
};

CASE(bad_subscription_id,
	.title = "A SUBSCRIBE with Subscription Identifier 0, or with two, ends the connection",
	.refs = { "5.0:U50-SUBID-ZERO" }, .level = STATED, .versions = V50,
	ROWS(bad_subscription_id))
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
	if (!is_open(client) || !has_packet(client, SUBACK))
		return;
	struct packet suback = expect(client, SUBACK);
	if (any_refused(&suback))
		return;
	expect_no_harm(client, client, .topic = "a"); /* the identifier is not handed out */
}

CASE(subscription_id_from_publisher,
	.title = "A Subscription Identifier in a client's PUBLISH is refused, and never handed on",
	.refs = { "5.0:MQTT-3.3.4-6" }, .level = MUST, .versions = V50)
{
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "s/t");
	witness(t);
	struct peer *client = join(t, "client");
	misbehave(client);
	send_publish(
		client, .topic = "s/t", .payload = "forged", .props = PROPS(P_SUBSCRIPTION_ID(5)));
	send_pingreq(client);
	struct packet answer = expect_one_of(client,
		OUTCOMES({ PINGRESP, .verdict = VERDICT_NONSTRICT,
				 .says = "the identifier is ignored, and the connection goes on" },
			{ .type = CLOSED }));

	struct peer *pub = is_open(client) ? client : join(t, "publisher");
	publish(pub, .topic = "s/t", .payload = "marker");
	struct packet m = expect(sub, PUBLISH);
	if (is_payload(&m, "forged")) {
		check_properties(t, &m.properties, 0x0B, 0);
		if (answer.type == CLOSED)
			nonstrict(t, "the message of the refused PUBLISH was handed on");
	}
}

enum { SUBSCRIPTION_ID = 0x0B };

#define check_only_id(t, m, id)                                           \
	do {                                                              \
		check_properties(t, &(m).properties, SUBSCRIPTION_ID, 1); \
		check_value(t, &(m).properties, SUBSCRIPTION_ID, id);     \
	} while (0)
#define check_no_id(t, m) check_properties(t, &(m).properties, SUBSCRIPTION_ID, 0)

CASE(subscription_id_returned,
	.title =
		"A message carries the Subscription Identifier of the subscription that it matches",
	.refs = { "5.0:MQTT-3.3.4-3", "5.0:MQTT-3.3.4-4" }, .level = MUST, .versions = V50)
{
	static const uint32_t ids[] = { 1, 127, 128, 16384, 2097152, 268435455 };
	static const char *const filters[] = { "s/1", "s/2", "s/3", "s/4", "s/5", "s/6" };
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < 6; i++) {
		subscribe(sub, .filter = filters[i], .qos = 1,
			.props = PROPS(P_SUBSCRIPTION_ID(ids[i])));
		publish(pub, .topic = filters[i], .payload = "m", .qos = 1);
		struct packet m = expect_message(sub, .topic = filters[i]);
		check_only_id(t, m, ids[i]);
	}
	subscribe(sub, .filter = "s/none", .qos = 1);
	publish(pub, .topic = "s/none", .payload = "m", .qos = 1);
	struct packet m = expect_message(sub, .topic = "s/none");
	check_no_id(t, m);
}

CASE(subscription_id_of_several_filters,
	.title = "All filters of a SUBSCRIBE share its Subscription Identifier",
	.refs = { "5.0:MQTT-3.3.4-3" }, .level = MUST, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	subscribe(sub, .filter = "s/a", .props = PROPS(P_SUBSCRIPTION_ID(33)),
		.more = (const struct subscribe[]){
			{ .filter = "s/b" }, { .filter = "x/+" }, { 0 } });
	static const char *const topics[] = { "s/a", "s/b", "x/c" };
	for (size_t i = 0; i < 3; i++) {
		publish(pub, .topic = topics[i], .payload = "m");
		struct packet m = expect_message(sub, .topic = topics[i]);
		check_only_id(t, m, 33);
	}
}

CASE(subscription_id_with_retained,
	.title = "A retained message carries the Subscription Identifier of the new subscription",
	.refs = { "5.0:MQTT-3.3.4-3" }, .level = MUST, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "s/t", .payload = "kept", .qos = 1);

	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "s/+", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(21)));
	struct packet m = expect_message(sub, .payload = "kept");
	check_only_id(t, m, 21);
	subscribe(sub, .filter = "s/+", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(22)));
	m = expect_message(sub, .payload = "kept");
	check_only_id(t, m, 22);
}

CASE(subscription_id_replaced,
	.title = "Subscribing again with another Subscription Identifier, or none, replaces it",
	.refs = { "5.0:U50-SUBID-LIFE", "5.0:MQTT-3.8.4-3" }, .level = STATED, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	subscribe(sub, .filter = "s/t", .props = PROPS(P_SUBSCRIPTION_ID(7)));
	subscribe(sub, .filter = "s/t", .props = PROPS(P_SUBSCRIPTION_ID(9)));
	publish(pub, .topic = "s/t", .payload = "another");
	struct packet m = expect_message(sub, .payload = "another");
	check_only_id(t, m, 9);
	subscribe(sub, .filter = "s/t");
	publish(pub, .topic = "s/t", .payload = "none");
	m = expect_message(sub, .payload = "none");
	check_no_id(t, m);
}

CASE(subscription_id_gone_by_unsubscribe,
	.title = "UNSUBSCRIBE takes the Subscription Identifier away with its subscription",
	.refs = { "5.0:U50-SUBID-LIFE" }, .level = STATED, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	subscribe(sub, .filter = "s/t", .props = PROPS(P_SUBSCRIPTION_ID(7)));
	unsubscribe(sub, .filter = "s/t");
	subscribe(sub, .filter = "s/t");
	publish(pub, .topic = "s/t", .payload = "m");
	struct packet m = expect_message(sub, .payload = "m");
	check_no_id(t, m);
}

CASE(subscription_id_survives_resumption,
	.title = "Subscription Identifiers live on in a resumed session, for queued messages too",
	.refs = { "5.0:U50-SUBID-LIFE", "5.0:MQTT-3.3.4-3" }, .level = STATED, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "s/t", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(70)));
	leave(sub);
	publish(pub, .topic = "s/t", .payload = "queued", .qos = 1);

	sub = join(t, "subscriber", .kept = true, .resumed = true);
	struct packet m = expect_message(sub, .payload = "queued");
	check_only_id(t, m, 70);
	publish(pub, .topic = "s/t", .payload = "live", .qos = 1);
	m = expect_message(sub, .payload = "live");
	check_only_id(t, m, 70);
}

/* The identifiers, 1 and 2, that two overlapping subscriptions have; 0: none. */
static const uint32_t different[] = { 1, 2 };
static const uint32_t equal[] = { 1, 1 };
static const uint32_t only_first[] = { 1, 0 };

static const struct vector overlapping_ids[] = {
	{ "different", .extra = different },
	{ "equal", .extra = equal },
	{ "only_first", .extra = only_first },
};

static void subscribe_with_id(struct peer *p, const char *filter, uint32_t id)
{
	if (id)
		subscribe(p, .filter = filter, .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(id)));
	else
		subscribe(p, .filter = filter, .qos = 1);
}

/*   subscriber                target                    publisher
 *                                                <--  PUBLISH "once", "marker"
 *                        -->  PUBLISH "once"          with the identifiers 1 and 2,
 *                        -->  PUBLISH "once"          or with one each
 *                        -->  PUBLISH "marker"
 *                                                <--  PUBLISH "end"
 *                        -->  PUBLISH "end"           so no further copy of those is to come
 *
 * Takes the identifiers of one message off `left`: of all subscriptions, or of one. The other form of the
 * answer shows in further copies, in any order; one without identifier may be left out, if a copy stands for
 * all. True when none is left.
 */
static bool take_copy(struct test *t, const struct packet *m, unsigned left[3])
{
	size_t count = properties_count(&m->properties, SUBSCRIPTION_ID);
	bool whole = count == left[1] + left[2];

	check_in(t, *m, whole || count <= 1,
		"a copy carries the identifiers of all matches, or of one");
	if (!count) {
		check_in(
			t, *m, left[0] > 0, "each copy carries the identifier of its subscription");
		left[0]--;
	}
	for (size_t i = 0; i < m->properties.count; i++) {
		const struct property *p = &m->properties.list[i];
		if (p->id != SUBSCRIPTION_ID)
			continue;
		check_in(t, *m, p->number <= 2 && left[p->number] > 0,
			"an identifier comes as often as there are matching subscriptions with it");
		left[p->number]--;
	}
	return !left[1] && !left[2];
}

static void check_none_left(struct test *t, const unsigned left[3], const char *expected)
{
	check(t, !left[1] && !left[2], expected, "identifier %d is missing", left[1] ? 1 : 2);
}

CASE(overlapping_ids,
	.title = "Overlapping subscriptions: one copy with all identifiers, or one copy each",
	.refs = { "5.0:MQTT-3.3.4-4", "5.0:MQTT-3.3.4-5", "5.0:MQTT-3.3.4-3" }, .level = MUST,
	.versions = V50, ROWS(overlapping_ids))
{
	const uint32_t *ids = row(t)->extra;
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *sub = join(t, "subscriber");
	subscribe_with_id(sub, "o/#", ids[0]);
	subscribe_with_id(sub, "o/t", ids[1]);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "o/t", .payload = "once", .qos = 1);
	publish(pub, .topic = "o/t", .payload = "marker", .qos = 1);

	unsigned once[3] = { 0 }, marker[3] = { 0 };
	for (size_t i = 0; i < 2; i++) {
		once[ids[i]]++;
		marker[ids[i]]++;
	}
	unsigned copies[2] = { 0 };
	bool done = false;
	while (!done) {
		struct packet m = expect_message(sub, .topic = "o/t");
		if (is_payload(&m, "end"))
			break;
		bool first = is_payload(&m, "once");
		judging(t, copies[first]++ ? "5.0:MQTT-3.3.4-5" : "5.0:MQTT-3.3.4-4");
		done = take_copy(t, &m, first ? once : marker) && !first;
		if (!done && !first && copies[0] == 1)
			publish(pub, .topic = "o/t", .payload = "end", .qos = 1);
	}
	judging(t, "5.0:MQTT-3.3.4-3");
	check_none_left(t, once, "all identifiers of the first message came");
	check_none_left(t, marker, "all identifiers of the second message came");
}

/* Identifiers of every length, at every QoS, and once more after a break. */
CASE(subscription_id_of_each_size,
	.title = "Subscription Identifiers up to 268,435,455 come with messages of each QoS",
	.refs = { "5.0:MQTT-3.3.4-3" }, .level = MUST, .versions = V50)
{
	static const uint32_t ids[] = { 1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455 };
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	unsigned highest = offers(t)->maximum_qos;
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		unsigned qos = (unsigned)i % (highest + 1);
		subscribe(sub, .filter = "o/+", .qos = highest,
			.props = PROPS(P_SUBSCRIPTION_ID(ids[i])));
		publish(pub, .topic = "o/t", .payload = "m", .qos = qos);
		struct packet m = expect_message(sub, .topic = "o/t");
		check_properties(t, &m.properties, 0x0B, 1);
		check_value(t, &m.properties, 0x0B, ids[i]);
	}
}

CASE(subscription_id_sent_again,
	.title = "A message that is sent again has its Subscription Identifier still",
	.refs = { "5.0:MQTT-3.3.4-3" }, .level = MUST, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *sub = join(t, "subscriber", .kept = true);
	struct peer *pub = join(t, "publisher");
	subscribe_with_id(sub, "o/t", 77);
	publish(pub, .topic = "o/t", .payload = "again", .qos = 1);
	struct packet m = expect(sub, PUBLISH);
	for (unsigned i = 0; i < 2; i++) {
		drop(sub);
		sub = join(t, "subscriber", .kept = true, .resumed = true);
		m = expect(sub, PUBLISH);
		check_properties(t, &m.properties, 0x0B, 1);
		check_value(t, &m.properties, 0x0B, 77);
	}
	send_ack(sub, PUBACK, m.id);
}

CHAPTER(subscription_id, "Subscription Identifiers", &case_bad_subscription_id,
	&case_subscription_id_from_publisher, &case_subscription_id_returned,
	&case_subscription_id_of_several_filters, &case_subscription_id_with_retained,
	&case_subscription_id_replaced, &case_subscription_id_gone_by_unsubscribe,
	&case_subscription_id_survives_resumption, &case_overlapping_ids,
	&case_subscription_id_of_each_size, &case_subscription_id_sent_again);
