/* Two connections with one ClientId, 3.1.4: the second takes over. */
#include <math.h>

#include "harness/case.h"

enum { ANSWER_MS = 5000 };

/*   first                     target                    second
 *                                          <--  CONNECT, the same ClientId
 *                                          -->  CONNACK
 *                        <--  DISCONNECT 0x8E (5.0)
 *                        <--  close
 */
CASE(take_over, .title = "A CONNECT with the ClientId of a connected client cuts that one off",
	.refs = { "3.1.1:MQTT-3.1.4-2", "5.0:MQTT-3.1.4-3" }, .level = MUST, .versions = BOTH)
{
	witness(t);
	struct peer *first = join(t, "client");
	struct peer *second = dial(t, "client");
	send_connect(second, .keep_alive = 0);
	expect_accepted(second);
	expect_closed(first);
	fence(second);
	if (!is_v5(t))
		return;
	if (!has_packet(first, DISCONNECT)) {
		nonstrict(t, "the old connection closed without a DISCONNECT 0x8E");
		return;
	}
	uint8_t code = expect(first, DISCONNECT).code;
	if (code != 0x8E)
		nonstrict(t, "DISCONNECT says 0x%02X, fitting is 0x8E", code);
}

CASE(take_over_kept_session,
	.title = "The session goes over with its subscriptions, and messages reach the new client",
	.refs = { "3.1.1:MQTT-3.1.4-2", "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-3.2.2-2",
		"5.0:MQTT-3.1.4-3", "5.0:MQTT-3.1.2-5", "5.0:MQTT-3.2.2-3" },
	.level = MUST, .versions = BOTH)
{
	struct peer *first = join(t, "client", .kept = true);
	subscribe(first, .filter = "over/t", .qos = 1);
	struct peer *second = dial(t, "client");
	send_connect(second, .kept = true);
	struct packet answer = expect_accepted(second);
	judging(t, "3.1.1:MQTT-3.1.4-2");
	judging(t, "5.0:MQTT-3.1.4-3");
	expect_closed(first);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "over/t", .payload = "for the second", .qos = 1);
	judging(t, "3.1.1:MQTT-3.1.2-4");
	judging(t, "5.0:MQTT-3.1.2-5");
	expect_message(second, .payload = "for the second");
	judging(t, "3.1.1:MQTT-3.2.2-2");
	judging(t, "5.0:MQTT-3.2.2-3");
	check_eq(t, answer.ack_flags & 1, 1);
}

CASE(take_over_clean_session,
	.title = "A take-over with a clean CONNECT begins without the old subscriptions",
	.refs = { "3.1.1:MQTT-3.1.4-3", "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.4-4",
		"5.0:MQTT-3.1.2-4" },
	.level = MUST, .versions = BOTH)
{
	struct peer *first = join(t, "client", .kept = true);
	subscribe(first, .filter = "over/#", .qos = 1);
	struct peer *second = dial(t, "client");
	send_connect(second, .keep_alive = 0);
	check_eq(t, expect_accepted(second).ack_flags & 1, 0);

	struct peer *control = join(t, "control");
	subscribe(control, .filter = "over/t", .qos = 1);
	subscribe(second, .filter = "marker/t", .qos = 1);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "over/t", .payload = "of the old subscription", .qos = 1);
	expect_message(control, .payload = "of the old subscription");
	publish(pub, .topic = "marker/t", .payload = "marker", .qos = 1);
	expect_message(second, .topic = "marker/t", .payload = "marker");
}

CASE(take_over_chain, .title = "Of many connections with one ClientId only the last one lives",
	.refs = { "3.1.1:MQTT-3.1.4-2", "3.1.1:UALL-ONE-SESSION-PER-ID", "5.0:MQTT-3.1.4-3",
		"5.0:UALL-ONE-SESSION-PER-ID" },
	.level = MUST, .versions = BOTH)
{
	enum { CLIENTS = 12 };
	struct peer *clients[CLIENTS];
	witness(t);
	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i] = join(t, "client");
	for (unsigned i = 0; i < CLIENTS - 1; i++)
		expect_closed(clients[i]);
	fence(clients[CLIENTS - 1]);
}

/* ---- the Will of the old connection -------------------------------------------------------- */

/* The next Will is that of a client whose connection breaks now: none was published before it. */
static void expect_no_earlier_will(struct test *t, struct peer *watcher)
{
	struct peer *control = join(
		t, "control", .will = { .topic = "over/w", .payload = "the control's", .qos = 1 });

	drop(control);
	expect_message(watcher, .topic = "over/w", .payload = "the control's");
}

/* In 5.0 a Will is also dropped when its client is back before the Will Delay Interval is over, and
 * an interval of 0 is open to both readings.
 */
static void expect_old_will(struct test *t, struct peer *watcher)
{
	if (is_v5(t) && isnan(wait_packet_ms(watcher, PUBLISH, ANSWER_MS)))
		nonstrict(t, "the Will of the old connection does not come");
	else
		expect_message(watcher, .topic = "over/w", .payload = "first");
}

CASE(take_over_will,
	.title = "A take-over publishes the Will of the old connection, not of the new one",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.4-2", "5.0:U50-CLEAN-START-WILL",
		"5.0:MQTT-3.1.2-8" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "over/w", .qos = 1);
	struct peer *first =
		join(t, "client", .will = { .topic = "over/w", .payload = "first", .qos = 1 });
	struct peer *second = dial(t, "client");
	send_connect(second, .will = { .topic = "over/w", .payload = "second", .qos = 1 });
	expect_accepted(second);
	expect_closed(first);
	expect_old_will(t, watcher);

	publish(second, .topic = "over/w", .payload = "marker", .qos = 1);
	expect_message(watcher, .topic = "over/w", .payload = "marker");
	leave(second);
	expect_no_earlier_will(t, watcher);
}

CASE(take_over_will_of_kept_session,
	.title = "A take-over of a kept session publishes a Will without delay",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:U50-CLEAN-START-WILL", "5.0:MQTT-3.1.2-8" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "over/w", .qos = 1);
	join(t, "client", .kept = true,
		.will = { .topic = "over/w", .payload = "first", .qos = 1 });
	join(t, "client", .kept = true);
	expect_old_will(t, watcher);
}

/* With a Will Delay Interval the new connection comes in time:
 *
 *   first                     target                    second, watcher
 *   CONNECT, delay 60    -->
 *                                          <--  CONNECT, Clean Start 0
 *                        <--  close
 *                        another client's Will
 *                                          -->  PUBLISH of that Will, and none before it
 */
CASE(take_over_will_with_delay,
	.title = "A take-over that continues the session suppresses a Will with a delay",
	.refs = { "5.0:MQTT-3.1.3-9", "5.0:U50-CLEAN-START-WILL" }, .level = MUST, .versions = V50)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "over/w", .qos = 1);
	struct peer *first = join(t, "client", .kept = true,
		.will = { .topic = "over/w",
			.payload = "first",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(60)) });
	join(t, "client", .kept = true, .resumed = true);
	expect_closed(first);
	expect_no_earlier_will(t, watcher);
}

CASE(take_over_ends_session,
	.title = "A take-over with Clean Start 1 ends the session, and its Will is not delayed",
	.refs = { "5.0:U50-CLEAN-START-WILL", "5.0:U50-WILLDELAY-FIRST" }, .level = SHOULD,
	.versions = V50)
{
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "over/w", .qos = 1);
	join(t, "client", .kept = true,
		.will = { .topic = "over/w",
			.payload = "first",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(60)) });
	join(t, "client", .kept = true, .clean = true);
	expect_old_will(t, watcher);
}

CHAPTER(take_over, "Connections that take over a ClientId", &case_take_over,
	&case_take_over_kept_session, &case_take_over_clean_session, &case_take_over_chain,
	&case_take_over_will, &case_take_over_will_of_kept_session, &case_take_over_will_with_delay,
	&case_take_over_ends_session);
