/* Retained messages in 5.0: their properties, and the options of a subscription that concern them,
 * 3.3.1.3 and 3.8.3.1.
 */
#include "harness/case.h"

static struct peer *publisher_of(struct test *t, const char *topic)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");

	publish_retained(pub, .topic = topic, .payload = "kept", .qos = 1);
	return pub;
}

/* The next message of the topic is one published now, so none was sent before. */
static void expect_nothing_sent(struct peer *pub, struct peer *sub, const char *topic)
{
	publish(pub, .topic = topic, .payload = "marker", .qos = 1);
	expect_message(sub, .topic = topic, .payload = "marker", .retain = SET(0));
	expect_no(sub, PUBLISH); /* nothing orders the two for certain */
}

/* ---- properties ---------------------------------------------------------------------------- */

CASE(retained_properties, .title = "A retained message keeps its properties",
	.refs = { "5.0:MQTT-3.3.1-5", "5.0:MQTT-3.3.2-4", "5.0:MQTT-3.3.2-15", "5.0:MQTT-3.3.2-16",
		"5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-18", "5.0:MQTT-3.3.2-20",
		"5.0:U50-EXPIRY-ABSENT" },
	.level = MUST, .versions = V50)
{
	const struct properties *props = PROPS(P_PAYLOAD_FORMAT(1), P_CONTENT_TYPE("text/plain"),
		P_RESPONSE_TOPIC("r/answers"), P_CORRELATION_DATA("\x00\x01\xFE\xFF"),
		P_USER("b", "1"), P_USER("a", "2"), P_USER("b", "1"), P_USER("", ""),
		P_USER("a", "\xC3\xA4"));
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "r/t", .payload = "kept", .qos = 1, .props = props);

	struct peer *late = join(t, "late");
	subscribe(late, .filter = "r/t", .qos = 1);
	struct packet kept = expect_message(late, .payload = "kept", .retain = SET(1));
	check_forwarded(t, kept, props);
	judging(t, "5.0:U50-EXPIRY-ABSENT");
	check_in(t, kept, !properties_find(&kept.properties, 0x02),
		"no Message Expiry Interval, as published");
}

/* The properties go with their message: those of the first one do not leak into the second. */
CASE(retained_properties_replaced,
	.title = "A retained message takes the properties of the one before with it when it "
		 "replaces it",
	.refs = { "5.0:MQTT-3.3.1-5", "5.0:U50-EXPIRY-ABSENT" }, .level = MUST, .versions = V50)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "r/t", .payload = "old", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(600), P_CONTENT_TYPE("old"), P_USER("a", "old")));
	publish_retained(pub, .topic = "r/t", .payload = "new", .qos = 1);

	struct peer *late = join(t, "late");
	subscribe(late, .filter = "r/t", .qos = 1);
	struct packet kept = expect_message(late, .payload = "new", .retain = SET(1));
	check_forwarded(t, kept, NULL);
	check_in(t, kept, !properties_find(&kept.properties, 0x02),
		"no Message Expiry Interval, as published");
}

/* ---- Retain Handling ----------------------------------------------------------------------- */

/*   client                    target
 *   SUBSCRIBE RH 1       -->
 *                        <--  PUBLISH retain 1
 *   SUBSCRIBE RH 1       -->            nothing: the subscription exists
 *   UNSUBSCRIBE          -->
 *   SUBSCRIBE RH 1       -->
 *                        <--  PUBLISH retain 1
 */
CASE(retain_handling_1,
	.title = "With Retain Handling 1 only a new subscription brings retained messages",
	.refs = { "5.0:MQTT-3.3.1-10" }, .level = MUST, .versions = V50)
{
	struct peer *pub = publisher_of(t, "r/t");
	struct peer *sub = join(t, "subscriber");

	subscribe(sub, .filter = "r/t", .qos = 1, .retain_handling = 1);
	expect_message(sub, .payload = "kept", .retain = SET(1));
	subscribe(sub, .filter = "r/t", .qos = 1, .retain_handling = 1);
	expect_nothing_sent(pub, sub, "r/t");
	subscribe(sub, .filter = "r/t", .qos = 0, .retain_handling = 1); /* the same filter still */
	expect_nothing_sent(pub, sub, "r/t");
	unsubscribe(sub, .filter = "r/t");
	subscribe(sub, .filter = "r/t", .qos = 1, .retain_handling = 1);
	expect_message(sub, .payload = "kept", .retain = SET(1));
}

CASE(retain_handling_1_in_session,
	.title = "With Retain Handling 1 a subscription of the resumed session counts as existing",
	.refs = { "5.0:MQTT-3.3.1-10" }, .level = MUST, .versions = V50)
{
	struct peer *pub = publisher_of(t, "r/t");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "r/t", .qos = 1, .retain_handling = 1);
	expect_message(sub, .payload = "kept", .retain = SET(1));
	leave(sub);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	subscribe(back, .filter = "r/t", .qos = 1, .retain_handling = 1);
	expect_nothing_sent(pub, back, "r/t");
	leave(back);

	struct peer *fresh = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(fresh, .filter = "r/t", .qos = 1, .retain_handling = 1);
	expect_message(fresh, .payload = "kept", .retain = SET(1));
}

CASE(retain_handling_2, .title = "With Retain Handling 2 a SUBSCRIBE brings no retained messages",
	.refs = { "5.0:MQTT-3.3.1-11" }, .level = MUST, .versions = V50)
{
	struct peer *pub = publisher_of(t, "r/t");
	struct peer *sub = join(t, "subscriber");

	subscribe(sub, .filter = "r/t", .qos = 1, .retain_handling = 2);
	expect_nothing_sent(pub, sub, "r/t");
	subscribe(sub, .filter = "r/t", .qos = 1, .retain_handling = 2);
	expect_nothing_sent(pub, sub, "r/t");

	publish_retained(pub, .topic = "r/t", .payload = "live", .qos = 1);
	expect_message(sub, .payload = "live", .retain = SET(0));
	subscribe(sub, .filter = "r/t", .qos = 1, .retain_handling = 0);
	expect_message(sub, .payload = "live", .retain = SET(1));
}

CASE(retain_handling_of_each_filter,
	.title = "Each filter of a SUBSCRIBE has its own Retain Handling",
	.refs = { "5.0:MQTT-3.3.1-11", "5.0:MQTT-3.3.1-10", "5.0:MQTT-3.3.1-9",
		"5.0:MQTT-3.8.4-5" },
	.level = MUST, .versions = V50)
{
	struct peer *pub = publisher_of(t, "r/a");
	publish_retained(pub, .topic = "r/b", .payload = "kept", .qos = 1);
	publish_retained(pub, .topic = "r/c", .payload = "kept", .qos = 1);
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "r/b", .qos = 1, .retain_handling = 2);
	expect_nothing_sent(pub, sub, "r/b");

	subscribe(sub, .filter = "r/c", .qos = 1, .retain_handling = 2,
		.more = (const struct subscribe[]){
			{ .filter = "r/b", .qos = 1, .retain_handling = 1 },
			{ .filter = "r/a", .qos = 1, .retain_handling = 0 }, { .filter = NULL } });
	expect_message(sub, .topic = "r/a", .payload = "kept", .retain = SET(1));
	expect_nothing_sent(pub, sub, "r/b");
	expect_nothing_sent(pub, sub, "r/c");
}

/* ---- Retain As Published ------------------------------------------------------------------- */

CASE(retain_as_published,
	.title = "With Retain As Published 1 messages keep the RETAIN of their publisher",
	.refs = { "5.0:MQTT-3.3.1-13", "5.0:MQTT-3.3.1-12", "5.0:MQTT-3.3.1-6" }, .level = MUST,
	.versions = V50)
{
	static const char *const payloads[] = { "kept", "", "kept again" };
	require_offer(t, OFFER_RETAIN);
	struct peer *as_published = join(t, "as published");
	struct peer *plain = join(t, "plain");
	subscribe(as_published, .filter = "r/t", .qos = 1, .retain_as_published = true);
	subscribe(plain, .filter = "r/t", .qos = 1);
	struct peer *pub = join(t, "publisher");

	for (size_t i = 0; i < 3; i++) {
		publish(pub, .topic = "r/t", .payload = payloads[i], .qos = 1, .retain = true);
		judging(t, "5.0:MQTT-3.3.1-13");
		expect_message(as_published, .payload = payloads[i], .retain = SET(1));
		judging(t, "5.0:MQTT-3.3.1-12");
		expect_message(plain, .payload = payloads[i], .retain = SET(0));
		publish(pub, .topic = "r/t", .payload = "live", .qos = 1);
		judging(t, "5.0:MQTT-3.3.1-13");
		expect_message(as_published, .payload = "live", .retain = SET(0));
		judging(t, "5.0:MQTT-3.3.1-12");
		expect_message(plain, .payload = "live", .retain = SET(0));
	}
}

CASE(retained_flag_and_retain_as_published,
	.title = "A retained message that a SUBSCRIBE brings has RETAIN 1 whatever Retain As "
		 "Published says",
	.refs = { "5.0:U50-RETAIN-FLAG" }, .level = STATED, .versions = V50)
{
	publisher_of(t, "r/t");
	struct peer *sub = join(t, "subscriber");

	subscribe(sub, .filter = "r/t", .qos = 1, .retain_as_published = false);
	expect_message(sub, .payload = "kept", .retain = SET(1));
	subscribe(sub, .filter = "r/t", .qos = 1, .retain_as_published = true);
	expect_message(sub, .payload = "kept", .retain = SET(1));
}

/* Each combination of the two ways and of Retain As Published. */
CASE(retain_as_published_by_wildcard,
	.title = "Retain As Published holds for filters with wildcards, at each QoS",
	.refs = { "5.0:MQTT-3.3.1-13", "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = V50)
{
	require_offer(t, OFFER_RETAIN);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *as_published = join(t, "as published");
	struct peer *cleared = join(t, "cleared");
	subscribe(as_published, .filter = "r/+", .qos = highest, .retain_as_published = true);
	subscribe(cleared, .filter = "r/#", .qos = highest);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "r/t", .payload = "first", .qos = 1);
	expect_message(as_published, .payload = "first");
	expect_message(cleared, .payload = "first");

	for (unsigned qos = 0; qos <= highest; qos++)
		for (unsigned retain = 0; retain < 2; retain++) {
			const char *payload = retain ? "kept" : "plain";
			publish(pub, .topic = "r/t", .payload = payload, .qos = qos,
				.retain = retain);
			judging(t, "5.0:MQTT-3.3.1-13");
			expect_message(as_published, .payload = payload, .qos = SET(qos),
				.retain = SET(retain));
			judging(t, "5.0:MQTT-3.3.1-12");
			expect_message(
				cleared, .payload = payload, .qos = SET(qos), .retain = SET(0));
		}
}

CHAPTER(retain_options, "Retained messages in 5.0", &case_retained_properties,
	&case_retained_properties_replaced, &case_retain_handling_1,
	&case_retain_handling_1_in_session, &case_retain_handling_2,
	&case_retain_handling_of_each_filter, &case_retain_as_published,
	&case_retained_flag_and_retain_as_published, &case_retain_as_published_by_wildcard);
