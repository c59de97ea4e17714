/* What is left of sessions and subscriptions after the server itself has been stopped and started again.
 *
 *   clients                   target
 *   CONNECT, SUBSCRIBE   -->
 *                             stops, as its administrator asks, and starts again
 *   CONNECT, not clean   -->
 *                        <--  CONNACK, session present; and all of the session is there
 *
 * What the standard asks for. A session is stored for as long as it lasts [3.1.1: MQTT-3.1.2-4; 5.0: MQTT-3.1.2-23],
 * and nothing in it says that it lasts no longer than the server's process. But it leaves the means to
 * the implementer, and in comments allows that state is lost by failures, or by what an administrator
 * does (3.1.1: 4.1; 5.0: 4.1.1). So a broker that keeps everything in memory is accused of nothing: only a target
 * whose file offers [persistent] is judged here. That section is a promise: that this instance stores
 * what it has, and that this stop is no order to throw it away. What is lost all the same is lost without any of
 * the excuses; what comes back though it was deleted never had one.
 *
 * Kills are another matter: see restart_crash.c.
 */
#include "cases/common/restarts.h"

/* ---- subscriptions ------------------------------------------------------------------------- */

static const struct {
	const char *filter, *topic;
	unsigned qos;
} subscriptions[] = {
	{ "rs/0", "rs/0", 0 },
	{ "rs/1", "rs/1", 1 },
	{ "rs/2", "rs/2", 2 },
	{ "rs/plus/+/x", "rs/plus/a/x", 1 },
	{ "rs/hash/#", "rs/hash/a/b", 2 },
};
enum { SUBSCRIPTIONS = sizeof(subscriptions) / sizeof(*subscriptions) };

CASE(restart_keeps_subscriptions,
	.title = "The subscriptions of a kept session, and their QoS, outlive an orderly stop",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-4.1.0-1", "3.1.1:MQTT-3.2.2-2",
		"3.1.1:MQTT-3.8.4-6", "5.0:MQTT-3.1.2-5", "5.0:MQTT-3.1.2-23", "5.0:MQTT-3.2.2-3",
		"5.0:U50-STATE-CONTENT", "5.0:MQTT-3.8.4-8" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *sub = begin_kept(t, "subscriber", "rs/first", 2);
	for (size_t i = 0; i < SUBSCRIPTIONS; i++)
		subscribe(sub, .filter = subscriptions[i].filter, .qos = subscriptions[i].qos);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
		publish(pub, .topic = subscriptions[i].topic, .payload = "m", .qos = 2);
		expect_message(back, .topic = subscriptions[i].topic, .payload = "m",
			.qos = SET(subscriptions[i].qos), .dup = SET(0));
	}
}

/* What lasts is up to the Session Expiry Interval, and not to Clean Start, which only says what becomes of the
 * past.
 */
CASE(restart_keeps_session_begun_anew,
	.title = "A session that began with Clean Start 1, and is to be kept, outlives an orderly "
		 "stop",
	.refs = { "5.0:MQTT-3.1.2-23", "5.0:MQTT-3.1.2-5", "5.0:MQTT-3.2.2-3" }, .level = MUST,
	.versions = V50, .restarts = true)
{
	struct peer *sub = join(t, "subscriber", .kept = true, .clean = true);
	subscribe(sub, .filter = "rs/t", .qos = 1);
	leave_all(t);
	restart(t);
	struct peer *back = come_back(t, "subscriber");
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "m", .qos = 1);
	expect_message(back, .topic = "rs/t", .payload = "m", .qos = SET(1));
}

/* The stop ends the connection, instead of the client. */
CASE(restart_keeps_open_session,
	.title = "A session whose client is connected when the server stops goes on afterwards",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-4.1.0-2", "5.0:MQTT-3.1.2-5",
		"5.0:MQTT-4.1.0-1", "5.0:MQTT-3.1.2-23" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	begin_kept(t, "subscriber", "rs/t", 1);
	restart(t);
	struct peer *back = come_back(t, "subscriber");
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "m", .qos = 1);
	expect_message(back, .topic = "rs/t", .payload = "m", .qos = SET(1));
}

CASE(restart_twice, .title = "What outlives one orderly stop outlives the next one, too",
	.refs = { "3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-3.1.2-5",
		"5.0:MQTT-3.1.2-23", "5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	leave(begin_kept(t, "subscriber", "rs/t", 1));
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "first", .qos = 1);
	leave_all(t);
	restart(t);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "second", .qos = 1);
	leave_all(t);
	restart(t);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "third", .qos = 1);

	struct peer *back = come_back(t, "subscriber");
	bool seen[3] = { false };
	static const char *const payloads[] = { "first", "second", "third" };
	for (size_t i = 0; i < 3; i++) { /* of three publishers: in any order */
		struct packet m = expect_message(back, .topic = "rs/t");
		for (size_t n = 0; n < 3; n++)
			seen[n] |= bytes_equal(m.payload, bytes_of(payloads[n]));
	}
	check(t, seen[0] && seen[1] && seen[2], "the three messages, each once",
		"one of them came twice, another one did not come");
}

/*   subscriber                target                  control
 *   PUBLISH "rs/own"     -->
 *                                          -->  PUBLISH "rs/own"
 *   PUBLISH "rs/marker"  -->
 *                        <--  PUBLISH "rs/marker", and not "rs/own"
 */
CASE(restart_keeps_no_local, .title = "No Local outlives an orderly stop",
	.refs = { "5.0:MQTT-3.8.3-3", "5.0:U50-STATE-CONTENT", "5.0:MQTT-3.1.2-5" }, .level = MUST,
	.versions = V50, .restarts = true)
{
	struct peer *sub = begin_kept(t, "subscriber", "rs/marker", 1);
	subscribe(sub, .filter = "rs/own", .qos = 1, .no_local = true);
	leave_all(t);
	restart(t);

	struct peer *control = join(t, "control");
	subscribe(control, .filter = "rs/own", .qos = 1);
	struct peer *back = come_back(t, "subscriber");
	publish(back, .topic = "rs/own", .payload = "own", .qos = 1);
	expect_message(control, .payload = "own");
	publish(back, .topic = "rs/marker", .payload = "marker", .qos = 1);
	expect_message(back, .topic = "rs/marker", .payload = "marker");
	publish(control, .topic = "rs/own", .payload = "another's", .qos = 1);
	expect_message(back, .topic = "rs/own", .payload = "another's");
}

CASE(restart_keeps_retain_as_published, .title = "Retain As Published outlives an orderly stop",
	.refs = { "5.0:MQTT-3.3.1-13", "5.0:MQTT-3.3.1-12", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = V50, .restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *sub = begin_kept(t, "subscriber", "rs/without", 1);
	subscribe(sub, .filter = "rs/with", .qos = 1, .retain_as_published = true);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "rs/with", .payload = "m", .qos = 1, .retain = true);
	expect_message(back, .topic = "rs/with", .payload = "m", .retain = SET(1));
	publish(pub, .topic = "rs/without", .payload = "m", .qos = 1, .retain = true);
	expect_message(back, .topic = "rs/without", .payload = "m", .retain = SET(0));
}

enum { SUBSCRIPTION_ID = 0x0B };

CASE(restart_keeps_subscription_ids, .title = "Subscription Identifiers outlive an orderly stop",
	.refs = { "5.0:MQTT-3.3.4-3", "5.0:U50-STATE-CONTENT", "5.0:MQTT-3.1.2-5" }, .level = MUST,
	.versions = V50, .restarts = true)
{
	require(t, offers(t)->subscription_ids, "the target has no Subscription Identifiers");
	static const uint32_t ids[] = { 1, 268435455 };
	static const char *const filters[] = { "rs/a", "rs/b" };
	struct peer *sub = begin_kept(t, "subscriber", "rs/none", 1);
	for (size_t i = 0; i < 2; i++)
		subscribe(sub, .filter = filters[i], .qos = 1,
			.props = PROPS(P_SUBSCRIPTION_ID(ids[i])));
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 2; i++) {
		publish(pub, .topic = filters[i], .payload = "m", .qos = 1);
		struct packet m = expect_message(back, .topic = filters[i]);
		check_properties(t, &m.properties, SUBSCRIPTION_ID, 1);
		check_value(t, &m.properties, SUBSCRIPTION_ID, ids[i]);
	}
	publish(pub, .topic = "rs/none", .payload = "m", .qos = 1);
	struct packet m = expect_message(back, .topic = "rs/none");
	check_properties(t, &m.properties, SUBSCRIPTION_ID, 0);
}

/* With Retain Handling 1 only a new subscription brings what is retained, and this one is not new. */
CASE(restart_subscription_is_not_new,
	.title = "After an orderly stop a subscription of the session is no new one for Retain "
		 "Handling 1",
	.refs = { "5.0:MQTT-3.3.1-10", "5.0:U50-STATE-CONTENT", "5.0:MQTT-3.1.2-5" }, .level = MUST,
	.versions = V50, .restarts = true)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *sub = begin_kept(t, "subscriber", "rs/t", 1);
	publish_retained(join(t, "publisher"), .topic = "rs/t", .payload = "kept", .qos = 1);
	expect_message(sub, .payload = "kept");
	leave_all(t);
	restart(t);

	require(t, retained_settled(t, .topic = "rs/t", .payload = "kept"),
		"the retained message is gone, so there is nothing to see");
	struct peer *back = come_back(t, "subscriber");
	subscribe(back, .filter = "rs/t", .qos = 1, .retain_handling = 1);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "marker", .qos = 1);
	judging(t, "5.0:MQTT-3.3.1-10");
	struct packet m = expect(back, PUBLISH);
	check_in(t, m, bytes_equal(m.payload, BYTES("marker")),
		"what is published, and before it nothing that was retained");
}

CASE(restart_keeps_share,
	.title = "A session is a member of its share after an orderly stop, and gets each message "
		 "once",
	.refs = { "5.0:U50-STATE-CONTENT", "5.0:U50-SHARE-ONE", "5.0:MQTT-3.1.2-5",
		"5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = V50, .restarts = true)
{
	require(t, offers(t)->shared, "the target has no shared subscriptions");
	struct peer *sub = begin_kept(t, "member", "rs/marker", 1);
	subscribe(sub, .filter = "$share/group/rs/t", .qos = 1);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "member");
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "rs/t", .payload = "m", .qos = 1);
	expect_message(back, .topic = "rs/t", .payload = "m");
	publish(pub, .topic = "rs/marker", .payload = "marker", .qos = 1);
	expect_message(back, .topic = "rs/marker", .payload = "marker");
}

/* ---- what had been deleted ----------------------------------------------------------------- */

/* The session gets nothing of "rs/gone":
 *
 *   back                      target                  publisher, control
 *                                          <--  PUBLISH "rs/gone"
 *                                          -->  PUBLISH "rs/gone" for the control
 *                                          <--  PUBLISH "rs/marker"
 *                        <--  PUBLISH "rs/marker", first
 */
static void expect_gone(struct test *t, struct peer *back)
{
	struct peer *control = join(t, "control");
	struct peer *pub = join(t, "publisher");

	subscribe(control, .filter = "rs/gone", .qos = 1);
	publish(pub, .topic = "rs/gone", .payload = "new", .qos = 1);
	expect(control, PUBLISH);
	publish(pub, .topic = "rs/marker", .payload = "marker", .qos = 1);
	struct packet m =
		expect(back, PUBLISH); /* what was published before is older than a restart */
	check_text(t, m.payload, "marker");
}

CASE(restart_unsubscribed, .title = "A subscription that was given up does not come back",
	.refs = { "3.1.1:MQTT-3.10.4-2", "3.1.1:MQTT-3.10.4-1", "5.0:MQTT-3.10.4-2",
		"5.0:MQTT-3.10.4-1" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *sub = begin_kept(t, "subscriber", "rs/marker", 1);
	subscribe(sub, .filter = "rs/gone", .qos = 1);
	leave_all(t);
	restart(t); /* so that it has been stored */
	sub = come_back(t, "subscriber");
	unsubscribe(sub, .filter = "rs/gone");
	leave_all(t);
	restart(t);
	expect_gone(t, come_back(t, "subscriber"));
}

CASE(restart_resubscribed, .title = "Of a subscription that was replaced the new one comes back",
	.refs = { "3.1.1:MQTT-3.8.4-3", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-3.8.4-3",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *sub = begin_kept(t, "subscriber", "rs/t", 2);
	leave_all(t);
	restart(t);
	sub = come_back(t, "subscriber");
	subscribe(sub, .filter = "rs/t", .qos = 1);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "rs/t", .payload = "one", .qos = 2);
	expect_message(back, .payload = "one", .qos = SET(1));
	publish(pub, .topic = "rs/t", .payload = "two", .qos = 2);
	expect_message(back, .payload = "two", .qos = SET(1));
}

/*   client                    target
 *   CONNECT, kept; SUBSCRIBE "rs/gone" -->
 *                             stops, starts; a message is queued
 *   CONNECT, clean; DISCONNECT -->
 *                             stops, starts
 *   CONNECT, not clean   -->
 *                        <--  CONNACK; nothing of the session is there
 */
CASE(restart_after_clean_start,
	.title = "A session that a clean start has ended does not come back, nor do its messages",
	.refs = { "3.1.1:MQTT-3.1.2-6", "3.1.1:MQTT-3.2.2-3", "5.0:MQTT-3.1.2-4",
		"5.0:MQTT-3.2.2-3" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	begin_kept(t, "subscriber", "rs/gone", 1);
	leave_all(t);
	restart(t);
	publish(join(t, "publisher"), .topic = "rs/gone", .payload = "old", .qos = 1);
	join(t, "subscriber");
	leave_all(t);
	restart(t);

	struct peer *back = join(t, "subscriber", .kept = true);
	subscribe(back, .filter = "rs/marker", .qos = 1);
	expect_gone(t, back);
	judging(t, "3.1.1:MQTT-3.2.2-3");
	judging(t, "5.0:MQTT-3.2.2-3");
	check(t, !(connack(back).ack_flags & 1), "Session Present 0: the session had ended",
		"Session Present 1");
}

/* Each of them has been stored once before. In 5.0 what is kept of the last two is up to the DISCONNECT, and to
 * the CONNECT, that ended them.
 */
CASE(restart_ended_sessions, .title = "A session that was not to be kept is not there afterwards",
	.refs = { "3.1.1:MQTT-3.2.2-3", "3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.2.2-3",
		"5.0:MQTT-4.1.0-2", "5.0:U50-STATE-LIFE" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	static const char *const names[] = { "left", "open", "cut", "brief" };
	const size_t count = is_v5(t) ? 4 : 2;

	if (is_v5(t)) {
		leave(begin_kept(t, "cut", "rs/t", 1));
		leave(begin_kept(t, "brief", "rs/t", 1));
		restart(t);
		leave(come_back(t, "cut"), .code = SET(0), .props = PROPS(P_SESSION_EXPIRY(0)));
		leave(join(t, "brief", .kept = true, .expiry = SET(0)));
	}
	leave(join(t, "left"));
	join(t, "open");
	restart(t);
	for (size_t i = 0; i < count; i++) {
		struct peer *back = join(t, names[i], .kept = true);
		check_eq(t, connack(back).ack_flags & 1, 0);
	}
}

/* ---- the clock of a session ---------------------------------------------------------------- */

/* 5.0 says in a comment that the clock of a session may stand still while the server does not run. So only the
 * time counts in which it ran, and a session that is there for longer than that is late.
 */
enum {
	EXPIRY_S = 2,
	PART_MS = 1600,
	PARTS = 4, /* all of them: more than twice the interval, and two seconds */
};

/*   client                    target
 *   DISCONNECT           -->
 *                             runs for 1.6 s, stops, starts: four times
 *   CONNECT, not clean   -->
 *                        <--  CONNACK, no session
 */
CASE(restart_session_expiry_goes_on,
	.title = "A session's expiry does not begin anew with a restart",
	.refs = { "5.0:MQTT-4.1.0-2", "5.0:U50-STATE-LIFE" }, .level = MUST, .versions = V50,
	.restarts = true, .budget_ms = PARTS * PART_MS)
{
	struct peer *client = join(t, "client", .kept = true, .expiry = SET(EXPIRY_S));
	const struct packet welcome = connack(client);
	require(t, !properties_find(&welcome.properties, 0x11),
		"the target sets a Session Expiry Interval of its own");

	leave(client);
	for (int i = 0; i < PARTS; i++) {
		let_pass(t, PART_MS);
		if (i < PARTS - 1)
			restart(t);
	}
	struct peer *back = join(t, "client", .kept = true);
	check(t, !(connack(back).ack_flags & 1), "Session Present 0: the session has expired",
		"Session Present 1, after more than %d s of %d", PARTS * PART_MS / 1000, EXPIRY_S);
}

CASE(restart_keeps_long_session, .title = "A session that never expires outlives an orderly stop",
	.refs = { "5.0:U50-SESSION-EXPIRY-DEFAULT", "5.0:MQTT-3.1.2-23", "5.0:MQTT-3.1.2-5",
		"5.0:MQTT-3.2.2-3" },
	.level = MUST, .versions = V50, .restarts = true)
{
	static const char *const names[] = { "large 0", "large 1", "large 2" };
	static const uint32_t intervals[] = { 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF };

	for (size_t i = 0; i < 3; i++) {
		struct peer *client = join(t, names[i], .kept = true, .expiry = SET(intervals[i]));
		subscribe(client, .filter = "rs/t", .qos = 1);
		leave(client);
	}
	leave_all(t);
	restart(t);
	for (size_t i = 0; i < 3; i++)
		come_back(t, names[i]);
}

CHAPTER(restart, "Restarts: sessions and subscriptions", &case_restart_keeps_subscriptions,
	&case_restart_keeps_session_begun_anew, &case_restart_keeps_open_session,
	&case_restart_twice, &case_restart_keeps_no_local, &case_restart_keeps_retain_as_published,
	&case_restart_keeps_subscription_ids, &case_restart_subscription_is_not_new,
	&case_restart_keeps_share, &case_restart_unsubscribed, &case_restart_resubscribed,
	&case_restart_after_clean_start, &case_restart_ended_sessions,
	&case_restart_session_expiry_goes_on, &case_restart_keeps_long_session);
