/* Will Delay Interval: when the Will of a connection comes that has ended, 3.1.3.2.2 of 5.0. */
#include <math.h>

#include "harness/case.h"

enum {
	PATIENCE_MS = 5000,
	NEVER_MS = 60000,
	TICK_MS = 2000, /* that a target may need to notice that an interval is over */
};

static struct peer *watch(struct test *t)
{
	struct peer *watcher = join(t, "watcher");

	subscribe(watcher, .filter = "will/#", .qos = 1);
	return watcher;
}

/* A target may keep sessions for another time than the client asks for. */
static void need_own_expiry(struct test *t, struct peer *client)
{
	const struct packet welcome = connack(client);

	require(t, !properties_find(&welcome.properties, 0x11),
		"the target sets a Session Expiry Interval of its own");
}

static double now_ms(const struct test *t)
{
	return (double)now_us(t) / 1000;
}

/* The Will, which is due `interval_ms` after `since_ms`: too early is wrong. How promptly it must follow the
 * standard does not say, but after twice the time and two seconds more it is odd.
 */
static struct packet expect_will(struct test *t, struct peer *watcher, const char *payload,
	double since_ms, unsigned interval_ms)
{
	double came_ms = wait_packet_ms(watcher, PUBLISH, PATIENCE_MS);
	struct packet will = expect_message(watcher, .payload = payload);
	double took_ms = (isnan(came_ms) ? now_ms(t) : came_ms) - since_ms;

	measure(t, "Will after the end", "ms", took_ms, interval_ms, NEVER_MS);
	if (took_ms > 2 * interval_ms + TICK_MS + distance_ms(t))
		nonstrict(t,
			"the Will comes %.1f s after the end of the connection; it was due "
			"after %.1f s",
			took_ms / 1000, interval_ms / 1000.0);
	return will;
}

/* The next Will is that of a client whose connection breaks now: none was published before it. */
static void expect_no_earlier_will(struct test *t, struct peer *watcher)
{
	struct peer *control = join(t, "control",
		.will = { .topic = "will/control", .payload = "the control's", .qos = 1 });

	drop(control);
	expect_message(watcher, .topic = "will/control", .payload = "the control's");
}

/*   client                    target                  watcher
 *   CONNECT, a Will with delay 2 s -->
 *   FIN                  -->
 *        2 s
 *                                          -->  PUBLISH, the Will
 *
 * Three times, at different phases of a clock that ticks in seconds.
 */
CASE(will_not_before_delay, .title = "A Will comes when its delay is over, and not before",
	.refs = { "5.0:MQTT-3.1.2-8", "5.0:U50-WILLDELAY-FIRST" }, .level = MUST, .versions = V50,
	.budget_ms = 10000)
{
	static const char *const topics[] = { "will/a", "will/b", "will/c" };
	static const char *const names[] = { "watcher a", "watcher b", "watcher c" };
	struct peer *watchers[3];
	double dropped_ms[3];

	for (size_t i = 0; i < 3; i++) {
		watchers[i] = join(t, names[i]);
		subscribe(watchers[i], .filter = topics[i], .qos = 1);
		struct peer *client = join(t, topics[i], .expiry = SET(300),
			.will = { .topic = topics[i],
				.payload = "late",
				.qos = 1,
				.props = PROPS(P_WILL_DELAY(2)) });
		need_own_expiry(t, client);
		dropped_ms[i] = now_ms(t);
		drop(client);
		let_pass(t, 330);
	}
	for (size_t i = 0; i < 3; i++) {
		struct packet will = expect_will(t, watchers[i], "late", dropped_ms[i], 2000);
		check_in(t, will, !properties_find(&will.properties, 0x18),
			"the Will Delay Interval is not sent along");
	}
}

CASE(will_delay_after_disconnect_with_will, .title = "The delay holds after a DISCONNECT 0x04, too",
	.refs = { "5.0:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES" }, .level = MUST, .versions = V50,
	.budget_ms = 10000)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client", .expiry = SET(300),
		.will = { .topic = "will/t",
			.payload = "late",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(1)) });
	need_own_expiry(t, client);

	double left_ms = now_ms(t);
	send_disconnect(client, .code = SET(0x04));
	expect_will(t, watcher, "late", left_ms, 1000);
}

/* Session Expiry Interval 1 s, Will Delay Interval 60 s. */
CASE(will_when_session_expires, .title = "The end of the session brings a delayed Will",
	.refs = { "5.0:U50-WILLDELAY-FIRST", "5.0:MQTT-3.1.2-8" }, .level = STATED, .versions = V50,
	.budget_ms = 10000)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client", .expiry = SET(1),
		.will = { .topic = "will/t",
			.payload = "session over",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(60)) });
	need_own_expiry(t, client);

	double dropped_ms = now_ms(t);
	drop(client);
	expect_will(t, watcher, "session over", dropped_ms, 1000);
}

/* Session Expiry Interval 0: the session ends with the connection, whatever the delay. */
CASE(will_when_session_ends_at_once,
	.title = "A session that ends with its connection does not wait for the Will's delay",
	.refs = { "5.0:U50-WILLDELAY-FIRST", "5.0:MQTT-3.1.2-8" }, .level = STATED, .versions = V50,
	.budget_ms = 10000)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client",
		.will = { .topic = "will/t",
			.payload = "session over",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(60)) });
	need_own_expiry(t, client);

	double dropped_ms = now_ms(t);
	drop(client);
	expect_will(t, watcher, "session over", dropped_ms, 0);
}

/*   client                    target                  watcher
 *   CONNECT, a Will with delay 60 s -->
 *   DISCONNECT 0x04, Session Expiry Interval 0 -->
 *                                          -->  PUBLISH, the Will
 */
CASE(will_when_disconnect_ends_session,
	.title = "A DISCONNECT that ends the session but keeps the Will brings it without delay",
	.refs = { "5.0:U50-WILLDELAY-FIRST", "5.0:U50-DISC-EXPIRY", "5.0:MQTT-3.1.2-8" },
	.level = STATED, .versions = V50, .budget_ms = 10000)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client", .expiry = SET(300),
		.will = { .topic = "will/t",
			.payload = "session over",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(60)) });
	need_own_expiry(t, client);

	double left_ms = now_ms(t);
	leave(client, .code = SET(0x04), .props = PROPS(P_SESSION_EXPIRY(0)));
	expect_will(t, watcher, "session over", left_ms, 0);
}

/*   client                    target                  watcher
 *   CONNECT, a Will with delay 1 s -->
 *   FIN                  -->
 *   CONNECT, Clean Start 0 -->
 *        2.5 s
 *                                          -->  PUBLISH of the control only
 */
CASE(no_will_after_return, .title = "A client that is back before the delay is over has no Will",
	.refs = { "5.0:MQTT-3.1.3-9", "5.0:MQTT-3.1.2-8" }, .level = MUST, .versions = V50,
	.budget_ms = 3500)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/t",
			.payload = "was away",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(1)) });

	int64_t dropped_us = now_us(t);
	drop(client);
	join(t, "client", .kept = true, .resumed = true);
	in_time(t, dropped_us, 1000); /* otherwise the Will may have come */
	let_pass(t, 3000);
	expect_no_earlier_will(t, watcher);
}

/* The connection that returned breaks, too: what counts is its own Will. */
CASE(will_of_return_replaces_delayed_one,
	.title = "A delayed Will gives way to the Will of the connection that came back",
	.refs = { "5.0:MQTT-3.1.3-9", "5.0:MQTT-3.1.2-7", "5.0:MQTT-3.1.2-8" }, .level = MUST,
	.versions = V50, .budget_ms = 3500)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/old",
			.payload = "old",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(1)) });

	int64_t dropped_us = now_us(t);
	drop(client);
	struct peer *back = join(t, "client", .kept = true, .resumed = true,
		.will = { .topic = "will/new", .payload = "new", .qos = 1 });
	in_time(t, dropped_us, 1000); /* otherwise the Will may have come */
	drop(back);
	expect_message(watcher, .topic = "will/new", .payload = "new");
	let_pass(t, 3000);
	expect_no_earlier_will(t, watcher);
}

CASE(no_delayed_will_after_disconnect,
	.title = "A normal DISCONNECT takes a Will with a delay away for good",
	.refs = { "5.0:MQTT-3.14.4-3", "5.0:MQTT-3.1.2-10" }, .level = MUST, .versions = V50,
	.budget_ms = 3500)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/t",
			.payload = "gone",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(1)) });

	leave(client);
	let_pass(t, 3000);
	expect_no_earlier_will(t, watcher);
}

/*   client                    target                  watcher
 *   CONNECT, a Will with delay 60 s -->
 *   FIN                  -->
 *   CONNECT, Clean Start 1 -->
 *                                          -->  PUBLISH, the Will
 *
 * 3.1.3.2.2 lets the end of the session bring the Will, and the comment of 3.1.4 says so of a Clean
 * Start. The exception in 3.1.2-8 speaks of any new connection for the ClientId: hence a
 * recommendation.
 */
CASE(will_on_clean_start, .title = "A Clean Start ends the session, and so brings its delayed Will",
	.refs = { "5.0:U50-CLEAN-START-WILL", "5.0:MQTT-3.1.2-8", "5.0:U50-WILLDELAY-FIRST" },
	.level = SHOULD, .versions = V50)
{
	struct peer *watcher = watch(t);
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/t",
			.payload = "session over",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(60)) });

	drop(client);
	join(t, "client", .kept = true, .clean = true);
	if (isnan(wait_packet_ms(watcher, PUBLISH, PATIENCE_MS)))
		nonstrict(t,
			"a Clean Start does not bring the delayed Will of the session that it "
			"ends");
	else
		expect_message(watcher, .topic = "will/t", .payload = "session over");
}

/*   client                    target                  watcher
 *   CONNECT, a Will with delay 1 s -->
 *   CONNECT, Clean Start 0 -->  (on another connection)
 *                        <--  the first one closed
 *        2.5 s
 *                                          -->  PUBLISH of the control only
 */
CASE(no_delayed_will_on_take_over,
	.title = "A take-over that goes on with the session suppresses a Will with a delay",
	.refs = { "5.0:MQTT-3.1.3-9", "5.0:U50-CLEAN-START-WILL" }, .level = MUST, .versions = V50,
	.budget_ms = 3500)
{
	struct peer *watcher = watch(t);
	struct peer *old = join(t, "client", .kept = true,
		.will = { .topic = "will/t",
			.payload = "taken over",
			.qos = 1,
			.props = PROPS(P_WILL_DELAY(1)) });

	join(t, "client", .kept = true, .resumed = true);
	expect_closed(old);
	let_pass(t, 3000);
	expect_no_earlier_will(t, watcher);
}

CHAPTER(will_delay, "Will Delay Interval", &case_will_not_before_delay,
	&case_will_delay_after_disconnect_with_will, &case_will_when_session_expires,
	&case_will_when_session_ends_at_once, &case_will_when_disconnect_ends_session,
	&case_no_will_after_return, &case_will_of_return_replaces_delayed_one,
	&case_no_delayed_will_after_disconnect, &case_will_on_clean_start,
	&case_no_delayed_will_on_take_over);
