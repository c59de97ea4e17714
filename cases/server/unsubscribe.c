/* UNSUBSCRIBE and UNSUBACK, 3.10 and 3.11. */
#include "harness/case.h"

enum { NO_SUBSCRIPTION_EXISTED = 0x11 };

/* The code for a filter that deletes nothing: another one misleads the client, and no more. */
static void check_none_existed(struct test *t, struct packet unsuback, size_t at)
{
	judging(t, "5.0:U50-UNSUB-NONE");
	if (unsuback.codes.data[at] != NO_SUBSCRIPTION_EXISTED)
		nonstrict(t,
			"UNSUBACK says 0x%02X for a filter without a subscription, fitting is 0x11",
			unsuback.codes.data[at]);
}

CASE(unsuback_identifiers,
	.title =
		"Every UNSUBSCRIBE gets an UNSUBACK with its Packet Identifier, even if it deletes "
		"nothing",
	.refs = { "3.1.1:MQTT-3.10.4-4", "3.1.1:MQTT-3.10.4-5", "3.1.1:MQTT-2.3.1-7",
		"5.0:MQTT-3.10.4-4", "5.0:MQTT-3.10.4-5", "5.0:MQTT-2.2.1-6" },
	.level = MUST, .versions = BOTH)
{
	static const unsigned ids[] = { 1, 0x1234, 65535 };
	static const char *const filters[] = { "u/1", "u/+", "u/#" };
	struct peer *client = join(t, "client");

	for (size_t i = 0; i < 3; i++)
		send_unsubscribe(client, .filter = filters[i], .id = ids[i]);
	for (size_t i = 0; i < 3; i++)
		expect_ack(client, UNSUBACK, ids[i]);
	expect_no(client, UNSUBACK);
}

CASE(unsuback_codes_in_order,
	.title = "UNSUBACK has one code for each filter, in their order: 0x00 deleted, 0x11 none",
	.refs = { "5.0:MQTT-3.11.3-1", "5.0:MQTT-3.11.3-2", "5.0:U50-UNSUB-NONE" }, .level = MUST,
	.versions = V50)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "u/a",
		.more = (const struct subscribe[]){ { .filter = "u/+" }, { 0 } });

	send_unsubscribe(client, .filter = "u/a", .id = 4,
		.more = (const struct subscribe[]){
			{ .filter = "u/none" }, { .filter = "u/+" }, { .filter = "u/#" }, { 0 } });
	struct packet unsuback = expect_ack(client, UNSUBACK, 4);
	judging(t, "5.0:MQTT-3.11.3-2");
	check_eq(t, unsuback.codes.len, 4);
	judging(t, "5.0:MQTT-3.11.3-1");
	check_eq(t, unsuback.codes.data[0], 0x00);
	check_eq(t, unsuback.codes.data[2], 0x00);
	check_none_existed(t, unsuback, 1);
	check_none_existed(t, unsuback, 3);
	send_unsubscribe(client, .filter = "u/a", .id = 5);
	unsuback = expect_ack(client, UNSUBACK, 5);
	judging(t, "5.0:MQTT-3.11.3-2");
	check_eq(t, unsuback.codes.len, 1);
	check_none_existed(t, unsuback, 0);
}

static const struct vector bad_unsubscribe[] = {
	{ "no_filter", "A2 r m1 p{}",
		.refs = { "3.1.1:MQTT-3.10.3-2", "5.0:MQTT-3.10.3-2", "5.0:U50-SUB-EMPTY" },
		.codes = { 0x82, 0x81 } },
	{ "identifier_0", "A2 r m0 p{} t\"a\"",
		.refs = { "3.1.1:MQTT-2.3.1-1", "5.0:MQTT-2.2.1-3" },
		.title = "An UNSUBSCRIBE with Packet Identifier 0 ends the connection",
		.codes = { 0x82, 0x81 } },
};

CASE(bad_unsubscribe, .title = "An UNSUBSCRIBE without filters ends the connection",
	.refs = { "3.1.1:MQTT-3.10.3-2", "5.0:MQTT-3.10.3-2" }, .level = MUST, .versions = BOTH,
	ROWS(bad_unsubscribe))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client);
}

/* ---- which subscriptions go ----------------------------------------------------------------- */

CASE(unsubscribe_exact_filter_only,
	.title = "UNSUBSCRIBE deletes only the subscription with the very same filter",
	.refs = { "3.1.1:MQTT-3.10.4-1", "5.0:MQTT-3.10.4-1", "5.0:U50-UNSUB-NONE" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "u/a/b", .qos = 1);
	subscribe(sub, .filter = "w/#", .qos = 1);

	static const char *const others[] = { "u/a/+", "u/#", "+/a/b", "U/a/b", "u/a/b/", "u/a",
		"w/x", "w/+", "w" };
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		send_unsubscribe(sub, .filter = others[i], .id = 10 + (unsigned)i);
		struct packet unsuback = expect_ack(sub, UNSUBACK, 10 + (unsigned)i);
		if (is_v5(t) && unsuback.codes.len)
			check_none_existed(t, unsuback, 0);
		judging(t, "5.0:MQTT-3.10.4-1");
	}
	publish(pub, .topic = "u/a/b", .payload = "still", .qos = 1);
	expect_message(sub, .topic = "u/a/b", .payload = "still");
	publish(pub, .topic = "w/x", .payload = "still", .qos = 1);
	expect_message(sub, .topic = "w/x", .payload = "still");
}

/* Proves that the subscriber gets nothing of what the publisher sends on `topic`, which the control does get,
 * since it gets what the publisher sends on `other` afterwards.
 *
 *   subscriber            target            publisher, control
 *                                      <--  PUBLISH topic "gone"
 *                                      -->  "gone" for the control
 *                                      <--  PUBLISH other "marker"
 *                    <--  "marker", first
 */
struct route {
	struct peer *pub, *sub, *control;
	const char *other;
	unsigned qos;
};

static void expect_gone(const struct route *r, const char *topic)
{
	publish(r->pub, .topic = topic, .payload = "gone", .qos = r->qos);
	expect_message(r->control, .topic = topic, .payload = "gone");
	publish(r->pub, .topic = r->other, .payload = "marker", .qos = r->qos);
	expect_message(r->sub, .topic = r->other, .payload = "marker");
}

CASE(unsubscribe_stops_messages, .title = "After UNSUBACK no new message comes for the filter",
	.refs = { "3.1.1:MQTT-3.10.4-2", "5.0:MQTT-3.10.4-2" }, .level = MUST, .versions = BOTH)
{
	static const char *const topics[] = { "u0/t", "u1/t", "u2/t" };
	static const char *const filters[] = { "u0/+", "u1/+", "u2/+" };
	static const char *const others[] = { "other/0", "other/1", "other/2" };
	struct route r = { .sub = join(t, "subscriber"),
		.control = join(t, "control"),
		.pub = join(t, "publisher") };

	for (unsigned qos = 0; qos <= 2; qos++) {
		r.qos = qos;
		r.other = others[qos];
		subscribe(r.sub, .filter = r.other, .qos = qos);
		subscribe(r.control, .filter = topics[qos], .qos = qos);
		subscribe(r.sub, .filter = filters[qos], .qos = qos);
		publish(r.pub, .topic = topics[qos], .payload = "before", .qos = qos);
		expect_message(r.sub, .payload = "before");
		expect_message(r.control, .payload = "before");
		send_unsubscribe(r.sub, .filter = filters[qos], .id = 90 + qos);
		expect_ack(r.sub, UNSUBACK, 90 + qos);
		expect_gone(&r, topics[qos]);
	}
}

CASE(unsubscribe_stops_queueing, .title = "Nothing is queued for a session after its UNSUBSCRIBE",
	.refs = { "3.1.1:MQTT-3.10.4-2", "5.0:MQTT-3.10.4-2" }, .level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *control = join(t, "control");
	subscribe(control, .filter = "u/t", .qos = 1);
	struct peer *sub = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(sub, .filter = "other/t", .qos = 1);
	subscribe(sub, .filter = "u/t", .qos = 1);
	unsubscribe(sub, .filter = "u/t");
	leave(sub);
	publish(pub, .topic = "u/t", .payload = "gone", .qos = 1);
	expect_message(control, .payload = "gone");
	publish(pub, .topic = "other/t", .payload = "marker", .qos = 1);

	sub = join(t, "subscriber", .kept = true, .resumed = true);
	expect_message(sub, .topic = "other/t", .payload = "marker");
}

CASE(unsubscribe_several_filters,
	.title = "An UNSUBSCRIBE of several filters deletes each, with one UNSUBACK",
	.refs = { "3.1.1:MQTT-3.10.4-6", "5.0:MQTT-3.10.4-6" }, .level = MUST, .versions = BOTH)
{
	static const char *const topics[] = { "u/a", "u/b", "v/c" };
	struct peer *sub = join(t, "subscriber");
	struct peer *control = join(t, "control");
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "u/a", .qos = 1,
		.more = (const struct subscribe[]){ { .filter = "u/b", .qos = 1 },
			{ .filter = "v/#", .qos = 1 }, { .filter = "other/t", .qos = 1 }, { 0 } });
	subscribe(control, .filter = "u/a", .qos = 1,
		.more = (const struct subscribe[]){
			{ .filter = "u/b", .qos = 1 }, { .filter = "v/#", .qos = 1 }, { 0 } });

	send_unsubscribe(sub, .filter = "u/a", .id = 40,
		.more = (const struct subscribe[]){
			{ .filter = "u/b" }, { .filter = "v/#" }, { 0 } });
	expect_ack(sub, UNSUBACK, 40);
	expect_no(sub, UNSUBACK);
	for (size_t i = 0; i < 3; i++)
		expect_gone(&(const struct route){ pub, sub, control, "other/t", 1 }, topics[i]);
}

CASE(unsubscribe_one_of_two,
	.title = "When one of two overlapping subscriptions goes, the other still delivers",
	.refs = { "3.1.1:MQTT-3.10.4-1", "5.0:MQTT-3.10.4-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *sub = join(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	subscribe(sub, .filter = "u/+", .qos = 2);
	subscribe(sub, .filter = "u/t", .qos = 1);

	unsubscribe(sub, .filter = "u/+");
	publish(pub, .topic = "u/t", .payload = "once", .qos = 2);
	publish(pub, .topic = "u/t", .payload = "marker", .qos = 2);
	expect_message(sub, .payload = "once", .qos = SET(1));
	expect_message(sub, .payload = "marker", .qos = SET(1));
}

/* ---- deliveries under way ------------------------------------------------------------------- */

/*   subscriber            target
 *                    <--  PUBLISH q1
 *   UNSUBSCRIBE      -->
 *                    <--  UNSUBACK
 *   (breaks off, resumes)
 *                    <--  PUBLISH q1 dup
 */
CASE(unsubscribe_amid_qos1,
	.title = "A QoS 1 message sent before UNSUBSCRIBE is sent again on resumption",
	.refs = { "3.1.1:MQTT-3.10.4-3", "5.0:MQTT-3.10.4-3" }, .level = MUST, .versions = BOTH)
{
	struct peer *pub = join(t, "publisher");
	struct peer *sub = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(sub, .filter = "u/t", .qos = 1);
	publish(pub, .topic = "u/t", .payload = "under way", .qos = 1);
	expect(sub, PUBLISH);
	unsubscribe(sub, .filter = "u/t");
	drop(sub);

	sub = join(t, "subscriber", .kept = true, .resumed = true);
	expect_message(sub, .payload = "under way", .dup = SET(true));
}

CHAPTER(unsubscribe, "UNSUBSCRIBE and UNSUBACK", &case_unsuback_identifiers,
	&case_unsuback_codes_in_order, &case_bad_unsubscribe, &case_unsubscribe_exact_filter_only,
	&case_unsubscribe_stops_messages, &case_unsubscribe_stops_queueing,
	&case_unsubscribe_several_filters, &case_unsubscribe_one_of_two,
	&case_unsubscribe_amid_qos1);
