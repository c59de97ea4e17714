/* 3.1.1 and 5.0 on one server: a message, a Will and a session go from clients of the one to clients of the other. Whoever
 * is judged speaks the version of the run, and each standard says of its own packets what they owe.
 */
#include "harness/case.h"

static const char *const topics_of_qos[] = { "v/0", "v/1", "v/2" };

static struct peer *join_other(struct test *t, const char *name)
{
	return join(t, name, .other_version = true);
}

/*   publisher, 5.0            target                  subscriber, 3.1.1
 *   PUBLISH q0, q1, q2   -->
 *                                          -->  PUBLISH q0, q1, q2
 */
CASE(between_versions_live,
	.title = "A message reaches subscribers of the other version at each QoS, byte for byte",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:UALL-DELIVER-MATCH", "3.1.1:UALL-PAYLOAD-INTACT",
		"3.1.1:MQTT-3.8.4-6", "3.1.1:UALL-QOS2-EXACTLY-ONCE", "5.0:MQTT-4.5.0-1",
		"5.0:UALL-DELIVER-MATCH", "5.0:UALL-PAYLOAD-INTACT", "5.0:MQTT-3.8.4-8",
		"5.0:UALL-QOS2-EXACTLY-ONCE" },
	.level = MUST, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	struct peer *pub = join_other(t, "publisher");
	struct peer *plain = join(t, "plain");
	struct peer *wild = join(t, "wild");
	for (unsigned qos = 0; qos <= highest; qos++)
		subscribe(plain, .filter = topics_of_qos[qos], .qos = highest);
	subscribe(wild, .filter = "v/#", .qos = highest);

	for (unsigned round = 0; round < 2; round++)
		for (unsigned qos = 0; qos <= highest; qos++) {
			const struct bytes payload = BYTES("\x00\x01 from the other version \xFF");
			publish(pub, .topic = topics_of_qos[qos], .bytes = payload, .qos = qos);
			expect_message(plain, .topic = topics_of_qos[qos], .bytes = payload,
				.qos = SET(qos), .retain = SET(0), .dup = SET(0));
			expect_message(wild, .topic = topics_of_qos[qos], .bytes = payload,
				.qos = SET(qos), .retain = SET(0), .dup = SET(0));
		}
}

/* 3.1.1 knows no properties: none of their bytes may be taken for the payload, and none appear from nowhere. */
CASE(between_versions_properties,
	.title = "Properties stay behind on the way to 3.1.1, and none come with what 3.1.1 sent",
	.refs = { "3.1.1:UALL-PAYLOAD-INTACT", "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-3.3.2-17",
		"5.0:MQTT-4.5.0-1" },
	.level = STATED, .versions = BOTH)
{
	const struct properties *props = PROPS(P_PAYLOAD_FORMAT(1), P_CONTENT_TYPE("text"),
		P_RESPONSE_TOPIC("v/answer"), P_CORRELATION_DATA("17"), P_USER("a", "b"),
		P_USER("a", "c"), P_MESSAGE_EXPIRY(600));
	struct peer *pub = join_other(t, "publisher");
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "v/#", .qos = 1);

	for (unsigned i = 0; i < 2; i++) {
		publish(pub, .topic = "v/t", .payload = "with", .qos = i, .props = props);
		struct packet m = expect_message(sub, .topic = "v/t", .payload = "with");
		if (is_v5(t))
			check_forwarded(t, m, NULL);
		publish(pub, .topic = "v/t", .payload = "without", .qos = i);
		expect_message(sub, .topic = "v/t", .payload = "without");
	}
}

CASE(between_versions_subscription_ids,
	.title = "What a client of 3.1.1 publishes has the Subscription Identifier of who gets it",
	.refs = { "5.0:MQTT-3.3.4-3", "5.0:MQTT-4.5.0-1" }, .level = MUST, .versions = V50)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	struct peer *pub = join_other(t, "publisher");
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "v/+", .qos = 1, .props = PROPS(P_SUBSCRIPTION_ID(268435455)));

	for (unsigned qos = 0; qos < 2; qos++) {
		publish(pub, .topic = "v/t", .payload = "m", .qos = qos);
		struct packet m = expect_message(sub, .topic = "v/t", .payload = "m");
		check_properties(t, &m.properties, 0x0B, 1);
		check_value(t, &m.properties, 0x0B, 268435455);
	}
}

CASE(between_versions_retained,
	.title = "What a client of the other version retains is sent to new subscribers, with "
		 "RETAIN 1",
	.refs = { "3.1.1:MQTT-3.3.1-6", "3.1.1:MQTT-3.3.1-8", "3.1.1:UALL-PAYLOAD-INTACT",
		"5.0:MQTT-3.3.1-9", "5.0:U50-RETAIN-FLAG", "5.0:UALL-PAYLOAD-INTACT" },
	.level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join_other(t, "publisher");
	publish_retained(pub, .topic = "v/kept", .payload = "kept", .qos = 1,
		.props = PROPS(P_CONTENT_TYPE("text"), P_USER("a", "b")));

	static const char *const filters[] = { "v/kept", "v/#" };
	for (size_t i = 0; i < 2; i++) {
		struct peer *late = join(t, "late");
		subscribe(late, .filter = filters[i], .qos = 1);
		expect_message(late, .topic = "v/kept", .payload = "kept", .qos = SET(1),
			.retain = SET(1), .dup = SET(0));
		leave(late);
	}
}

CASE(between_versions_retain_flag,
	.title = "A live message from the other version comes with RETAIN 0",
	.refs = { "3.1.1:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-12" }, .level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join_other(t, "publisher");
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "v/+", .qos = 1);

	publish(pub, .topic = "v/t", .payload = "first", .qos = 1);
	expect_message(sub, .payload = "first", .retain = SET(0));
	for (unsigned qos = 0; qos < 2; qos++) {
		publish(pub, .topic = "v/t", .payload = qos ? "kept 1" : "kept 0", .qos = qos,
			.retain = true);
		expect_message(sub, .payload = qos ? "kept 1" : "kept 0", .retain = SET(0));
	}
}

CASE(between_versions_queued,
	.title = "What a client of the other version sends waits for an absent subscriber",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.5.0-1", "3.1.1:UALL-PAYLOAD-INTACT",
		"5.0:MQTT-4.5.0-1", "5.0:U50-STATE-CONTENT", "5.0:UALL-PAYLOAD-INTACT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join_other(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true);
	subscribe(sub, .filter = "v/t", .qos = 1);
	leave(sub);
	publish(pub, .topic = "v/t", .payload = "one", .qos = 1,
		.props = PROPS(P_CONTENT_TYPE("text"), P_USER("a", "b")));
	publish(pub, .topic = "v/t", .payload = "two", .qos = 1);

	struct peer *back = join(t, "subscriber", .kept = true, .resumed = true);
	expect_message(back, .payload = "one", .qos = SET(1), .dup = SET(0));
	expect_message(back, .payload = "two", .qos = SET(1), .dup = SET(0));
}

CASE(between_versions_will, .title = "The Will of a client of the other version is published",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-3.1.2-8",
		"5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *plain = join(t, "plain");
	struct peer *wild = join(t, "wild");
	subscribe(plain, .filter = "v/will", .qos = 1);
	subscribe(wild, .filter = "v/#", .qos = 1);

	for (unsigned qos = 0; qos < 2; qos++) {
		struct peer *dying = join(t, "dying", .other_version = true,
			.will = { .topic = "v/will",
				.payload = qos ? "second" : "first",
				.qos = qos });
		drop(dying);
		expect_message(plain, .payload = qos ? "second" : "first", .qos = SET(qos),
			.retain = SET(0));
		expect_message(wild, .payload = qos ? "second" : "first", .qos = SET(qos),
			.retain = SET(0));
	}
}

/* A ClientId is one client, whatever it speaks. */
CASE(take_over_by_other_version,
	.title = "A CONNECT of the other version with the same ClientId cuts the older client off",
	.refs = { "3.1.1:MQTT-3.1.4-2", "5.0:MQTT-3.1.4-3" }, .level = MUST, .versions = BOTH)
{
	struct peer *old = join(t, "same");
	struct peer *other = join_other(t, "same");
	expect_closed(old);
	fence(other);
}

/* Whether a session goes over into the other version is left to the server, which says so by Session Present. If it
 * does, it goes over whole.
 */
CASE(session_in_other_version,
	.title =
		"A session that is resumed in the other version is there as a whole, or begun anew",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-3.1.2-5",
		"5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *control = join(t, "control");
	subscribe(control, .filter = "v/t", .qos = 1);
	struct peer *before = join(t, "subscriber", .kept = true, .other_version = true);
	subscribe(before, .filter = "v/t", .qos = 1);
	leave(before);
	publish(pub, .topic = "v/t", .payload = "away", .qos = 1);
	expect_message(control, .payload = "away");

	struct peer *back = join(t, "subscriber", .kept = true);
	if (!(connack(back).ack_flags & 1)) {
		observe(t, "sessions are not resumed in the other version");
		return;
	}
	expect_message(back, .topic = "v/t", .payload = "away", .qos = SET(1), .dup = SET(0));
	publish(pub, .topic = "v/t", .payload = "live", .qos = 1);
	expect_message(back, .topic = "v/t", .payload = "live", .qos = SET(1), .dup = SET(0));
}

CASE(between_versions_shared, .title = "A share gets what clients of 3.1.1 publish",
	.refs = { "5.0:U50-SHARE-ONE", "5.0:MQTT-4.5.0-1", "5.0:MQTT-4.8.2-3" }, .level = STATED,
	.versions = V50)
{
	require_offer(t, OFFER_SHARED);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *pub = join_other(t, "publisher");
	struct peer *member = join(t, "member");
	subscribe(member, .filter = "$share/g/v/#", .qos = highest);

	for (unsigned qos = 0; qos <= highest; qos++) {
		publish(pub, .topic = topics_of_qos[qos], .payload = "m", .qos = qos);
		expect_message(
			member, .topic = topics_of_qos[qos], .payload = "m", .qos = SET(qos));
	}
}

CHAPTER(versions, "3.1.1 and 5.0 together", &case_between_versions_live,
	&case_between_versions_properties, &case_between_versions_subscription_ids,
	&case_between_versions_retained, &case_between_versions_retain_flag,
	&case_between_versions_queued, &case_between_versions_will,
	&case_take_over_by_other_version, &case_session_in_other_version,
	&case_between_versions_shared);
