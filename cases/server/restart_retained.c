/* Restarts: retained messages and Wills. restart.c says what such a case rests upon.
 *
 * Retained messages are no part of a session. 3.1.1 says in 4.1 that they should be kept until a client
 * deletes them: one that a stop has cost is `nonstrict` there. 5.0 has the message stored [MQTT-3.3.1-5] and knows
 * only two ends of it, the next one and its expiry. QoS 0 is left to the server in both.
 *
 * A stop closes connections without a DISCONNECT of the client, so their Wills are due; they may be published
 * before the server ends, or after it has started again (3.1.2.5).
 */
#include <math.h>

#include "cases/common/restarts.h"

/* ---- retained messages --------------------------------------------------------------------- */

/* Whether this is kept; if nothing is, that is what 3.1.1 only advises against. */
static bool is_kept(struct test *t, const char *topic, const char *payload)
{
	if (retained_settled(t, .topic = topic, .payload = payload))
		return true;
	if (is_v5(t))
		return false;
	struct peer *late = join(t, "late");
	subscribe(late, .filter = topic, .qos = 1);
	publish(late, .topic = topic, .payload = "marker", .qos = 1);
	struct packet m = expect(late, PUBLISH);
	check_in(t, m, bytes_equal(m.payload, BYTES("marker")),
		"the latest retained message, or none, but no older one");
	judging(t, "3.1.1:U311-RETAIN-KEEP");
	nonstrict(t, "a retained message did not outlive an orderly stop");
	return false;
}

/* A new subscriber gets this message, once, and then what is published. */
static struct packet expect_kept(
	struct test *t, const char *topic, const char *payload, unsigned qos)
{
	struct peer *late = join(t, "late");

	subscribe(late, .filter = topic, .qos = 2);
	struct packet m = expect_message(late, .topic = topic, .payload = payload, .qos = SET(qos),
		.retain = SET(1), .dup = SET(0));
	publish(late, .topic = topic, .payload = "marker", .qos = 2);
	expect_message(late, .topic = topic, .payload = "marker", .retain = SET(0));
	leave(late);
	return m;
}

CASE(restart_keeps_retained, .title = "Retained messages of QoS 1 and 2 outlive an orderly stop",
	.refs = { "3.1.1:MQTT-3.3.1-5", "3.1.1:MQTT-3.3.1-6", "3.1.1:U311-RETAIN-KEEP",
		"5.0:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-9" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	require_qos(t, 2);
	struct peer *pub = join(t, "publisher");
	publish_retained(pub, .topic = "rs/1", .payload = "one", .qos = 1);
	publish_retained(pub, .topic = "rs/2", .payload = "two", .qos = 2);
	leave_all(t);
	restart(t);
	if (!is_kept(t, "rs/1", "one") && !is_v5(t))
		return;
	expect_kept(t, "rs/1", "one", 1);
	expect_kept(t, "rs/2", "two", 2);
}

CASE(restart_keeps_retained_qos0,
	.title = "What becomes of a retained message of QoS 0 in an orderly stop",
	.refs = { "3.1.1:MQTT-3.3.1-7", "5.0:U50-RETAIN-QOS0" }, .level = MAY, .versions = BOTH,
	.restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	publish_retained(join(t, "publisher"), .topic = "rs/0", .payload = "zero", .qos = 0);
	leave_all(t);
	restart(t);
	if (!retained_settled(t, .topic = "rs/0", .payload = "zero"))
		observe(t, "a retained message of QoS 0 does not outlive an orderly stop");
}

CASE(restart_keeps_retained_whole,
	.title = "The payload and the properties of a retained message outlive an orderly stop",
	.refs = { "5.0:MQTT-3.3.1-5", "5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-18", "5.0:MQTT-3.3.2-4",
		"5.0:MQTT-3.3.2-15", "5.0:MQTT-3.3.2-16", "5.0:MQTT-3.3.2-20" },
	.level = MUST, .versions = V50, .restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	const struct properties *props = PROPS(P_PAYLOAD_FORMAT(1), P_CONTENT_TYPE("text/x"),
		P_RESPONSE_TOPIC("rs/back"), P_CORRELATION_DATA("\x01\xFF\x7F"), P_USER("b", "1"),
		P_USER("a", "2"), P_USER("b", "3"), P_USER("", ""));
	publish_retained(
		join(t, "publisher"), .topic = "rs/t", .payload = "kept", .qos = 1, .props = props);
	leave_all(t);
	restart(t);
	struct packet m = expect_kept(t, "rs/t", "kept", 1);
	check_forwarded(t, m, props);
}

/* The stop in between makes sure that the old one has been stored. */
CASE(restart_retained_replaced,
	.title = "Of a retained message that was replaced the new one is there after an orderly "
		 "stop",
	.refs = { "3.1.1:MQTT-3.3.1-6", "3.1.1:MQTT-3.3.1-5", "3.1.1:U311-RETAIN-KEEP",
		"5.0:MQTT-3.3.1-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	publish_retained(join(t, "first"), .topic = "rs/t", .payload = "old", .qos = 1);
	leave_all(t);
	restart(t);
	publish_retained(join(t, "second"), .topic = "rs/t", .payload = "new", .qos = 1);
	leave_all(t);
	restart(t);
	if (is_kept(t, "rs/t", "new")) {
		expect_kept(t, "rs/t", "new", 1);
		return;
	}
	if (!is_v5(t))
		return;
	struct peer *late = join(t, "late");
	subscribe(late, .filter = "rs/t", .qos = 1);
	publish(late, .topic = "rs/t", .payload = "marker", .qos = 1);
	struct packet m = expect(late, PUBLISH);
	check_in(t, m, bytes_equal(m.payload, BYTES("new")), "the latest retained message");
}

/* The new message may go; the old one has to. */
CASE(restart_retained_replaced_by_qos0,
	.title = "A retained message that one of QoS 0 has replaced does not come back",
	.refs = { "3.1.1:MQTT-3.3.1-7", "5.0:MQTT-3.3.1-5" }, .level = MUST, .versions = BOTH,
	.restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	publish_retained(join(t, "first"), .topic = "rs/t", .payload = "old", .qos = 1);
	leave_all(t);
	restart(t);
	publish_retained(join(t, "second"), .topic = "rs/t", .payload = "new", .qos = 0);
	leave_all(t);
	restart(t);

	struct peer *late = join(t, "late");
	subscribe(late, .filter = "rs/t", .qos = 1);
	publish(late, .topic = "rs/t", .payload = "marker", .qos = 1);
	struct packet m = expect_message(late, .topic = "rs/t");
	check_in(t, m, !bytes_equal(m.payload, BYTES("old")),
		"the retained message that was replaced is gone");
}

CASE(restart_retained_cleared, .title = "A retained message that was deleted does not come back",
	.refs = { "3.1.1:MQTT-3.3.1-10", "3.1.1:MQTT-3.3.1-11", "5.0:MQTT-3.3.1-6",
		"5.0:MQTT-3.3.1-7" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	publish_retained(join(t, "first"), .topic = "rs/t", .payload = "old", .qos = 1);
	leave_all(t);
	restart(t);
	struct peer *second = join(t, "second");
	publish(second, .topic = "rs/t", .payload = "", .qos = 1, .retain = true);
	expect_none_retained(second, "rs/t");
	leave_all(t);
	restart(t);
	expect_none_retained(join(t, "third"), "rs/t");
}

enum { LONG_S = 60, WAIT_MS = 3000, MESSAGE_EXPIRY = 0x02 };

CASE(restart_retained_expiry,
	.title = "A retained message is sent with what is left of its interval after an orderly "
		 "stop, "
		 "and one that has expired not at all",
	.refs = { "5.0:U50-MESSAGE-EXPIRY-RETAINED", "5.0:MQTT-3.3.2-6", "5.0:MQTT-3.3.2-5",
		"5.0:MQTT-3.3.1-5" },
	.level = MUST, .versions = V50, .restarts = true, .budget_ms = WAIT_MS)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *pub = join(t, "publisher");
	int64_t since_us = now_us(t);
	publish(pub, .topic = "rs/gone", .payload = "old", .qos = 1, .retain = true,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	publish(pub, .topic = "rs/t", .payload = "kept", .qos = 1, .retain = true,
		.props = PROPS(P_MESSAGE_EXPIRY(LONG_S)));
	let_pass(t, WAIT_MS);
	restart(t);

	struct packet m = expect_kept(t, "rs/t", "kept", 1);
	const struct property *p = properties_find(&m.properties, MESSAGE_EXPIRY);
	uint32_t spent_s = (uint32_t)((now_us(t) - since_us) / 1000000) + 2;
	judging(t, "5.0:MQTT-3.3.2-6");
	check_in(t, m, p, "a Message Expiry Interval");
	check_in(t, m, p->number <= LONG_S - WAIT_MS / 1000 + 1,
		"a Message Expiry Interval that is less by the time that the message was kept");
	check_in(t, m, p->number + spent_s >= LONG_S,
		"a Message Expiry Interval that is less by no more than that time");
	judging(t, "5.0:MQTT-3.3.2-5");
	expect_none_retained(join(t, "late"), "rs/gone");
}

/* ---- Wills --------------------------------------------------------------------------------- */

static struct peer *begin_watcher(struct test *t)
{
	return begin_kept(t, "watcher", "rs/will", 1);
}

/* Before the stop or after the start. */
CASE(restart_publishes_will,
	.title = "The Will of a connection that the server's stop has ended is published, if need "
		 "be "
		 "after the restart",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:U311-WILL-PROMPT", "3.1.1:MQTT-3.1.2-4",
		"5.0:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES", "5.0:U50-WILL-PROMPT",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	leave(begin_watcher(t));
	join(t, "client", .kept = true,
		.will = { .topic = "rs/will", .payload = "the Will", .qos = 1 });
	restart(t);
	struct peer *watcher = come_back(t, "watcher");
	expect_message(watcher, .topic = "rs/will", .payload = "the Will", .qos = SET(1));
}

CASE(restart_drops_no_longer_wanted_will,
	.title = "The Will of a client that had taken its leave is not published by a restart",
	.refs = { "3.1.1:MQTT-3.1.2-10", "5.0:MQTT-3.1.2-10" }, .level = MUST, .versions = BOTH,
	.restarts = true)
{
	leave(begin_watcher(t));
	join(t, "client", .kept = true,
		.will = { .topic = "rs/will", .payload = "the Will", .qos = 1 });
	leave_all(t);
	restart(t);

	struct peer *watcher = come_back(t, "watcher");
	drop(join(t, "control",
		.will = { .topic = "rs/will", .payload = "the control's", .qos = 1 }));
	expect_message(watcher, .topic = "rs/will", .payload = "the control's");
}

enum { LONG_DELAY_S = 120, DELAY_S = 2, WILL_MS = 2 * DELAY_S * 1000 + 2000 };

/*   client                    target                  watcher
 *   CONNECT, Will with delay 120 s -->
 *   FIN                  -->
 *                             stops, starts
 *   CONNECT, not clean   -->
 *                                          -->  nothing
 */
CASE(restart_keeps_will_delay,
	.title = "A delayed Will is not published by a restart, and not at all if its client comes "
		 "back",
	.refs = { "5.0:MQTT-3.1.3-9", "5.0:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-5" }, .level = MUST,
	.versions = V50, .restarts = true, .budget_ms = 1)
{
	leave(begin_watcher(t));
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "rs/will",
			.payload = "too early",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(LONG_DELAY_S)) });
	const struct packet welcome = connack(client);
	require(t, !properties_find(&welcome.properties, 0x11),
		"the target sets a Session Expiry Interval of its own");
	subscribe(client, .filter = "rs/own", .qos = 1);
	int64_t since_us = now_us(t);
	drop(client);
	leave_all(t);
	restart(t);

	come_back(t, "client");
	struct peer *watcher = come_back(t, "watcher");
	only_until(t, since_us, LONG_DELAY_S * 1000);
	drop(join(t, "control",
		.will = { .topic = "rs/will", .payload = "the control's", .qos = 1 }));
	expect_message(watcher, .topic = "rs/will", .payload = "the control's");
}

/* The time in which the server does not run may count or not. */
CASE(restart_delayed_will_comes,
	.title = "A Will whose delay ends after an orderly stop is published then",
	.refs = { "5.0:MQTT-3.1.2-8", "5.0:U50-WILL-PROMPT", "5.0:MQTT-3.1.2-5" }, .level = MUST,
	.versions = V50, .restarts = true, .budget_ms = WILL_MS)
{
	leave(begin_watcher(t));
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "rs/will",
			.payload = "the Will",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(DELAY_S)) });
	const struct packet welcome = connack(client);
	require(t, !properties_find(&welcome.properties, 0x11),
		"the target sets a Session Expiry Interval of its own");
	drop(client);
	leave_all(t);
	restart(t);

	struct peer *watcher = come_back(t, "watcher");
	wait_packet_ms(watcher, PUBLISH, WILL_MS);
	expect_message(watcher, .topic = "rs/will", .payload = "the Will");
}

CHAPTER(restart_retained, "Restarts: retained messages and Wills", &case_restart_keeps_retained,
	&case_restart_keeps_retained_qos0, &case_restart_keeps_retained_whole,
	&case_restart_retained_replaced, &case_restart_retained_replaced_by_qos0,
	&case_restart_retained_cleared, &case_restart_retained_expiry, &case_restart_publishes_will,
	&case_restart_drops_no_longer_wanted_will, &case_restart_keeps_will_delay,
	&case_restart_delayed_will_comes);
