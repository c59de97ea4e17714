/* Session Expiry Interval: how long a session outlives its connection, 3.1.2.11.2 of 5.0. */
#include "harness/case.h"

/* A connection that begins anew, with a session of `expiry_s` seconds. */
static struct peer *begin(struct test *t, const char *name, unsigned expiry_s)
{
	struct peer *client = join(t, name, .expiry = SET(expiry_s));
	const struct packet welcome = connack(client);

	require(t, !properties_find(&welcome.properties, 0x11),
		"the target sets a Session Expiry Interval of its own");
	return client;
}

/* Comes back with Clean Start 0, and whether the session was there. */
static struct peer *come_back(struct test *t, const char *name, bool present)
{
	struct peer *client = join(t, name, .kept = true);

	check(t, (connack(client).ack_flags & 1) == present,
		present ? "Session Present 1: the session is kept"
			: "Session Present 0: the session has ended",
		"Session Present %d", !present);
	return client;
}

/* Nothing of the old session's subscription to "se/t" is left:
 *
 *   back                      target                  publisher, control
 *   SUBSCRIBE "se/other" -->
 *                                          <--  PUBLISH "se/t"
 *                                          -->  PUBLISH "se/t" for the control
 *                                          <--  PUBLISH "se/other"
 *                        <--  PUBLISH "se/other", first
 */
static void expect_unsubscribed(struct peer *back, struct peer *pub, struct peer *control)
{
	subscribe(back, .filter = "se/other", .qos = 1);
	publish(pub, .topic = "se/t", .payload = "x", .qos = 1);
	expect_message(control, .payload = "x");
	publish(pub, .topic = "se/other", .payload = "marker", .qos = 1);
	expect_message(back, .topic = "se/other", .payload = "marker");
}

static struct peer *join_control(struct test *t)
{
	struct peer *control = join(t, "control");

	subscribe(control, .filter = "se/t", .qos = 1);
	return control;
}

/* ---- the clock ----------------------------------------------------------------------------- */

enum { LAST_MS = 8000 /* more, after which a session that is over has to be gone */ };

/* Comes back to a session that is over. The standard does not say how soon the target has to forget
 * it: what is there after twice the interval and two seconds more is late, what never goes is
 * wrong. The session of `last` is as old as the other. NULL: late.
 */
static struct peer *expect_expired(struct test *t, const char *name, const char *last)
{
	struct peer *back = join(t, name, .kept = true);

	if (!(connack(back).ack_flags & 1))
		return back;
	let_pass(t, LAST_MS);
	come_back(t, last, false);
	nonstrict(t, "the session outlives its Session Expiry Interval for a while");
	return NULL;
}

static const char *const phases[] = { "phase 0", "phase 1", "phase 2" };

/*   client                    target
 *   CONNECT, expiry 1 s  -->
 *   DISCONNECT, or FIN   -->
 *        4 s
 *   CONNECT, Clean Start 0 -->
 *                        <--  CONNACK, no session
 *
 * At three phases of a clock that ticks in seconds.
 */
CASE(session_expires, .title = "A session is gone when its Session Expiry Interval is over",
	.refs = { "5.0:MQTT-4.1.0-2", "5.0:U50-STATE-LIFE" }, .level = MUST, .versions = V50,
	.budget_ms = 5000)
{
	struct peer *pub = join(t, "publisher");
	struct peer *control = join_control(t);

	for (size_t i = 0; i < 3; i++) {
		struct peer *client = begin(t, phases[i], 1);
		subscribe(client, .filter = "se/t", .qos = 1);
		if (i == 1)
			drop(client);
		else
			leave(client);
		let_pass(t, 330);
	}
	leave(begin(t, "last", 1));
	let_pass(t, 4000);
	for (size_t i = 0; i < 3; i++) {
		struct peer *back = expect_expired(t, phases[i], "last");
		if (!back)
			return;
		expect_unsubscribed(back, pub, control);
	}
}

/* 2 s, and a return after 1.5 s: three times over, so that the interval begins afresh each time. */
CASE(session_not_before_expiry,
	.title = "A session is kept for all of its Session Expiry Interval, which each close "
		 "begins anew",
	.refs = { "5.0:MQTT-3.1.2-23", "5.0:MQTT-3.2.2-3", "5.0:U50-STATE-LIFE" }, .level = MUST,
	.versions = V50, .budget_ms = 5000)
{
	struct peer *pub = join(t, "publisher");
	struct peer *client = begin(t, "client", 2);
	subscribe(client, .filter = "se/t", .qos = 1);

	for (unsigned i = 0; i < 3; i++) {
		int64_t left_us = now_us(t);
		if (i == 1)
			drop(client);
		else
			leave(client);
		publish(pub, .topic = "se/t", .payload = "meanwhile", .qos = 1);
		/* Perhaps for the close; and the way back takes time, too. */
		int64_t spent_ms = (now_us(t) - left_us) / 1000 + 2 * distance_ms(t);
		let_pass(t, spent_ms < 1500 ? 1500 - (unsigned)spent_ms : 0);
		client = join(t, "client", .kept = true, .expiry = SET(2));
		only_until(t, left_us, 2000);
		check(t, connack(client).ack_flags & 1, "Session Present 1 after 1.5 s of 2 s",
			"Session Present 0");
		only_until(t, 0, 0);
		expect_message(client, .payload = "meanwhile");
	}
}

/* Read as a signed number, or added to the time of day in 32 bits, the last two are in the past. */
CASE(session_expiry_large, .title = "Large Session Expiry Intervals keep the session, too",
	.refs = { "5.0:U50-SESSION-EXPIRY-DEFAULT", "5.0:MQTT-3.1.2-23" }, .level = MUST,
	.versions = V50, .budget_ms = 1500)
{
	static const char *const names[] = { "large 0", "large 1", "large 2", "large 3" };
	static const uint32_t intervals[] = { 65536, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF };

	for (size_t i = 0; i < 4; i++)
		leave(begin(t, names[i], intervals[i]));
	let_pass(t, 1500);
	for (size_t i = 0; i < 4; i++)
		come_back(t, names[i], true);
}

/* The value of CONNACK counts instead of the client's. */
CASE(session_expiry_of_target,
	.title = "A Session Expiry Interval in CONNACK is the one that the server keeps to",
	.refs = { "5.0:U50-SESSION-EXPIRY-CONNACK", "5.0:MQTT-3.1.2-23" }, .level = STATED,
	.versions = V50, .budget_ms = 5000)
{
	struct peer *client = join(t, "client", .expiry = SET(0xFFFFFFFF));
	const struct packet welcome = connack(client);
	const struct property *own = properties_find(&welcome.properties, 0x11);
	require(t, own, "the target keeps sessions as long as the client asks");

	observe(t, "for 0xFFFFFFFF the target says %u s", own->number);
	leave(client);
	if (own->number >= 4) {
		let_pass(t, 500);
		come_back(t, "client", true);
		return;
	}
	leave(join(t, "last", .expiry = SET(0xFFFFFFFF)));
	let_pass(t, (2 * own->number + 2) * 1000);
	expect_expired(t, "client", "last");
}

/* ---- other values on the way --------------------------------------------------------------- */

CASE(next_connect_sets_expiry,
	.title = "The Session Expiry Interval of the last CONNECT is the one that counts",
	.refs = { "5.0:U50-STATE-LIFE", "5.0:U50-SESSION-EXPIRY-DEFAULT" }, .level = STATED,
	.versions = V50)
{
	static const char *const names[] = { "client", "last" };

	for (size_t i = 0; i < 2; i++) {
		leave(begin(t, names[i], 300));
		struct peer *now_brief = join(t, names[i], .kept = true, .expiry = SET(0));
		check_eq(t, connack(now_brief).ack_flags & 1, 1);
		leave(now_brief);
	}
	expect_expired(t, "client", "last");
}

/*   client                    target
 *   CONNECT, expiry 300 s -->
 *   DISCONNECT, expiry 0 -->
 *   CONNECT, Clean Start 0 -->
 *                        <--  CONNACK, no session
 */
CASE(disconnect_ends_session,
	.title = "A DISCONNECT with Session Expiry Interval 0 ends the session",
	.refs = { "5.0:U50-DISC-EXPIRY", "5.0:MQTT-4.1.0-2" }, .level = STATED, .versions = V50)
{
	struct peer *pub = join(t, "publisher");
	struct peer *control = join_control(t);
	static const char *const names[] = { "client", "last" };

	for (size_t i = 0; i < 2; i++) {
		struct peer *client = begin(t, names[i], 300);
		subscribe(client, .filter = "se/t", .qos = 1);
		leave(client, .code = SET(0), .props = PROPS(P_SESSION_EXPIRY(0)));
	}
	struct peer *back = expect_expired(t, "client", "last");
	if (back)
		expect_unsubscribed(back, pub, control);
}

CASE(disconnect_shortens_session,
	.title =
		"A DISCONNECT with a shorter Session Expiry Interval makes the session end earlier",
	.refs = { "5.0:U50-DISC-EXPIRY", "5.0:MQTT-4.1.0-2" }, .level = STATED, .versions = V50,
	.budget_ms = 4000)
{
	leave(begin(t, "client", 300), .code = SET(0), .props = PROPS(P_SESSION_EXPIRY(1)));
	leave(begin(t, "last", 300), .code = SET(0), .props = PROPS(P_SESSION_EXPIRY(1)));
	let_pass(t, 4000);
	expect_expired(t, "client", "last");
}

/* Once after a DISCONNECT that says nothing of it. */
CASE(disconnect_lengthens_session,
	.title = "A DISCONNECT with a longer Session Expiry Interval makes the session last",
	.refs = { "5.0:U50-DISC-EXPIRY", "5.0:MQTT-3.1.2-23" }, .level = STATED, .versions = V50,
	.budget_ms = 4000)
{
	leave(begin(t, "longer", 1), .code = SET(0), .props = PROPS(P_SESSION_EXPIRY(300)));
	leave(begin(t, "as before", 300), .code = SET(0));
	leave(begin(t, "gone", 1), .code = SET(0));
	leave(begin(t, "last", 1), .code = SET(0));
	let_pass(t, 4000);
	come_back(t, "longer", true);
	come_back(t, "as before", true);
	expect_expired(t, "gone", "last");
}

CHAPTER(session_expiry, "Session Expiry Interval", &case_session_expires,
	&case_session_not_before_expiry, &case_session_expiry_large, &case_session_expiry_of_target,
	&case_next_connect_sets_expiry, &case_disconnect_ends_session,
	&case_disconnect_shortens_session, &case_disconnect_lengthens_session);
