/* The Will Message: what brings it about, what takes it away, and what it looks like, 3.1.2.5. */
#include "harness/case.h"

enum { READ_MS = 5000 /* by when a target has surely read a packet to which it says nothing */ };

static struct peer *watch(struct test *t, const char *filter)
{
	struct peer *watcher = join(t, "watcher");

	subscribe(watcher, .filter = filter, .qos = 1);
	return watcher;
}

/* The next Will is that of a client whose connection breaks now: none was published before it. */
static void expect_no_earlier_will(struct test *t, struct peer *watcher)
{
	struct peer *control = join(
		t, "control", .will = { .topic = "will/t", .payload = "the control's", .qos = 1 });

	drop(control);
	expect_message(watcher, .topic = "will/t", .payload = "the control's");
}

/* ---- what brings it about ------------------------------------------------------------------ */

/*   client                    target                  watcher
 *   CONNECT, a Will      -->
 *   FIN                  -->
 *                                          -->  PUBLISH, the Will
 */
CASE(will_on_close,
	.title = "A connection that the client closes without DISCONNECT leads to its Will",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-7",
		"5.0:U50-WILL-CAUSES", "5.0:U50-WILLDELAY-DEFAULT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *client =
		join(t, "client", .will = { .topic = "will/t", .payload = "gone", .qos = 1 });

	drop(client);
	expect_message(watcher, .topic = "will/t", .payload = "gone", .qos = SET(1),
		.retain = SET(0), .dup = SET(0));
}

CASE(will_on_reset, .title = "A connection that is reset leads to its Will",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *client =
		join(t, "client", .will = { .topic = "will/t", .payload = "gone", .qos = 1 });

	abort_connection(client);
	expect_message(watcher, .topic = "will/t", .payload = "gone");
}

CASE(will_prompt, .title = "A Will comes within two seconds of the end of the connection",
	.refs = { "3.1.1:U311-WILL-PROMPT", "5.0:U50-WILL-PROMPT" }, .level = SHOULD,
	.versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");

	for (unsigned i = 0; i < 3; i++) {
		struct peer *client = join(
			t, "client", .will = { .topic = "will/t", .payload = "gone", .qos = 1 });
		double dropped_ms = (double)now_us(t) / 1000;
		drop(client);
		double came_ms = wait_packet_ms(watcher, PUBLISH, 5000);
		expect_message(watcher, .payload = "gone");
		measure(t, "Will after the close", "ms", came_ms - dropped_ms, 0, 2000);
	}
}

/* The Will is due although the session lives on: in 5.0 it has no Will Delay Interval. */
CASE(will_of_kept_session,
	.title = "The Will comes when the connection ends, though the session is kept",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8", "5.0:U50-WILLDELAY-DEFAULT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/t", .payload = "gone", .qos = 1 });

	drop(client);
	expect_message(watcher, .topic = "will/t", .payload = "gone");
}

/* How late the target closes is another chapter's business. */
CASE(will_on_keep_alive_expiry,
	.title = "A client that falls silent is given up, and its Will comes",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-8",
		"5.0:U50-WILL-CAUSES", "5.0:MQTT-3.1.2-22" },
	.level = MUST, .versions = BOTH, .budget_ms = 10000)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *silent = join(t, "silent", .keep_alive = 1,
		.will = { .topic = "will/t", .payload = "silent", .qos = 1 });
	const struct packet welcome = connack(silent);
	const struct property *own = properties_find(&welcome.properties, 0x13);
	require(t, !own || (own->number && own->number <= 4),
		"the target sets a Server Keep Alive that is too long for this case");

	hang(silent);
	judging(t, "3.1.1:MQTT-3.1.2-24");
	judging(t, "5.0:MQTT-3.1.2-22");
	expect_closed_between(silent, 0, 10000);
	judging(t, "3.1.1:MQTT-3.1.2-8");
	judging(t, "5.0:MQTT-3.1.2-8");
	expect_message(watcher, .topic = "will/t", .payload = "silent");
}

static const struct vector will_violations[] = {
	{ .id = "publish_qos_3", .template = "36 r t\"a\" m1 p{} b\"x\"" },
	{ .id = "type_15", .template = "F0 r" }, /* 5.0: AUTH without its method */
	{ .id = "remaining_length_of_five_bytes",
		.template = "C0 80808080 01",
		.incomplete = true },
};

/*   client                    target                  watcher
 *   CONNECT, a Will      -->
 *   (a bad packet)       -->
 *                        <--  closed
 *                                          -->  PUBLISH, the Will
 */
CASE(will_on_violation,
	.title = "A connection that the target closes for a violation leads to its Will",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:MQTT-4.8.0-1", "5.0:MQTT-3.1.2-8",
		"5.0:U50-WILL-CAUSES", "5.0:MQTT-4.13.1-1" },
	.level = MUST, .versions = BOTH, ROWS(will_violations))
{
	witness(t);
	struct peer *watcher = watch(t, "will/t");
	struct peer *client =
		join(t, "client", .will = { .topic = "will/t", .payload = "thrown out", .qos = 1 });

	judging(t, "3.1.1:MQTT-4.8.0-1");
	judging(t, "5.0:MQTT-4.13.1-1");
	send_row(client);
	expect_violation_closed(client, .quiet = true);
	require(t, !is_open(client), "the target goes on, so no close brings the Will");
	judging(t, "3.1.1:MQTT-3.1.2-8");
	judging(t, "5.0:MQTT-3.1.2-8");
	expect_message(watcher, .topic = "will/t", .payload = "thrown out");
}

/*   client                    target                  watcher
 *   CONNECT, Will "first"   -->
 *   CONNECT, Will "second"  -->
 *                        <--  closed
 *                                          -->  PUBLISH "first", and no "second"
 */
CASE(will_on_second_connect,
	.title = "A second CONNECT ends the connection, with the Will of the first one alone",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.0-2", "5.0:MQTT-3.1.2-8",
		"5.0:MQTT-3.1.0-2", "5.0:U50-WILL-CAUSES" },
	.level = MUST, .versions = BOTH)
{
	witness(t);
	struct peer *watcher = watch(t, "will/t");
	struct peer *client =
		join(t, "client", .will = { .topic = "will/t", .payload = "first", .qos = 1 });

	judging(t, "3.1.1:MQTT-3.1.0-2");
	judging(t, "5.0:MQTT-3.1.0-2");
	misbehave(client);
	send_connect(client, .will = { .topic = "will/t", .payload = "second", .qos = 1 });
	expect_violation_closed(client, .quiet = true);
	require(t, !is_open(client), "the target goes on, so no close brings the Will");
	judging(t, "3.1.1:MQTT-3.1.2-8");
	judging(t, "5.0:MQTT-3.1.2-8");
	expect_message(watcher, .topic = "will/t", .payload = "first");
	expect_no_earlier_will(t, watcher);
}

/* ---- what takes it away -------------------------------------------------------------------- */

/* Three ways in which the connection ends after a DISCONNECT. */
CASE(no_will_on_disconnect,
	.title = "A DISCONNECT takes the Will away, however the connection ends after it",
	.refs = { "3.1.1:MQTT-3.14.4-3", "3.1.1:MQTT-3.1.2-10", "3.1.1:MQTT-3.1.2-8",
		"5.0:MQTT-3.14.4-3", "5.0:MQTT-3.1.2-10", "5.0:MQTT-3.1.2-8" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");

	struct peer *polite = join(t, "polite",
		.will = { .topic = "will/t", .payload = "left to the target", .qos = 1 });
	leave(polite);

	struct peer *hasty = join(
		t, "hasty", .will = { .topic = "will/t", .payload = "closed at once", .qos = 1 });
	send_disconnect(hasty);
	drop(hasty);

	struct peer *rude =
		join(t, "rude", .will = { .topic = "will/t", .payload = "reset later", .qos = 1 });
	send_disconnect(rude);
	wait_closed_ms(rude, READ_MS); /* or the reset would throw away what was not read */
	abort_connection(rude);

	expect_no_earlier_will(t, watcher);
}

/*   client                    target                  watcher
 *   CONNECT, a Will      -->
 *   FIN                  -->
 *                                          -->  PUBLISH, the Will
 *   CONNECT without Will -->
 *   FIN                  -->
 *                                          -->  PUBLISH of the control only
 */
CASE(will_only_once,
	.title = "A Will is published once, and not again when the next connection breaks",
	.refs = { "3.1.1:MQTT-3.1.2-10", "3.1.1:MQTT-3.1.2-12", "5.0:MQTT-3.1.2-10" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/t", .payload = "once", .qos = 1 });

	drop(client);
	expect_message(watcher, .topic = "will/t", .payload = "once");
	struct peer *next = join(t, "client", .kept = true);
	drop(next);
	expect_no_earlier_will(t, watcher);
}

CASE(will_of_earlier_connection,
	.title = "A Will that a DISCONNECT took away does not come back with the next connection",
	.refs = { "3.1.1:MQTT-3.1.2-12", "3.1.1:MQTT-3.1.2-10", "5.0:MQTT-3.1.2-10" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/t", .payload = "earlier", .qos = 1 });

	leave(client);
	struct peer *next = join(t, "client", .kept = true);
	drop(next);
	expect_no_earlier_will(t, watcher);
}

CASE(will_replaced_by_next_connect, .title = "Each connection has the Will of its own CONNECT",
	.refs = { "3.1.1:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-10", "5.0:MQTT-3.1.2-8",
		"5.0:MQTT-3.1.2-7", "5.0:MQTT-3.1.2-10" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/#");
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/old", .payload = "old", .qos = 1 });

	leave(client);
	struct peer *next = join(t, "client", .kept = true,
		.will = { .topic = "will/t", .payload = "new", .qos = 1 });
	drop(next);
	expect_message(watcher, .topic = "will/t", .payload = "new");
	expect_no_earlier_will(t, watcher);
}

/* Protocol level 2 is one that no target serves. */
CASE(no_will_of_refused_connect, .title = "A CONNECT that is refused leaves no Will behind",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8" }, .level = MUST, .versions = BOTH)
{
	witness(t);
	struct peer *watcher = watch(t, "will/t");
	struct peer *refused = dial(t, "refused");
	struct packet connect = wire_packet(CONNECT);

	connect.protocol_name = BYTES("MQTT");
	connect.level = 2;
	connect.connect_flags = CONNECT_CLEAN | CONNECT_WILL;
	connect.client_id = bytes_of(client_id(refused));
	connect.will_topic = bytes_of(prefixed(t, "will/t"));
	connect.will_payload = BYTES("refused");
	send_packet(refused, connect);
	require_closed(refused);
	expect_no_earlier_will(t, watcher);
}

/* ---- what it looks like -------------------------------------------------------------------- */

static const char *const will_topics[] = { "will/0", "will/1", "will/2" };

CASE(will_qos, .title = "A Will is published at its Will QoS",
	.refs = { "3.1.1:MQTT-3.1.2-9", "3.1.1:MQTT-3.8.4-6", "5.0:MQTT-3.1.2-12",
		"5.0:MQTT-3.8.4-8" },
	.level = MUST, .versions = BOTH)
{
	unsigned highest = offers(t)->maximum_qos;
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "will/#", .qos = highest);

	for (unsigned qos = 0; qos <= highest; qos++) {
		struct peer *client = join(t, "client",
			.will = { .topic = will_topics[qos], .payload = "gone", .qos = qos });
		drop(client);
		expect_message(watcher, .topic = will_topics[qos], .payload = "gone",
			.qos = SET(qos), .retain = SET(0));
	}
}

/*   client                    target                  watcher         late
 *   CONNECT, retained Will  -->
 *   FIN                     -->
 *                                  -->  PUBLISH retain 0
 *                                                     <--  SUBSCRIBE
 *                                                     -->  PUBLISH retain 1
 */
CASE(will_retained, .title = "A Will with Will Retain 1 becomes the retained message of its topic",
	.refs = { "3.1.1:MQTT-3.1.2-17", "3.1.1:MQTT-3.3.1-9", "3.1.1:MQTT-3.3.1-8",
		"5.0:MQTT-3.1.2-15", "5.0:MQTT-3.3.1-12", "5.0:U50-RETAIN-FLAG" },
	.level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_RETAIN);
	unsigned highest = offers(t)->maximum_qos;
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "will/#", .qos = highest);

	for (unsigned qos = 1; qos <= highest; qos++) {
		struct peer *client = join(t, "client",
			.will = { .topic = will_topics[qos],
				.payload = "gone",
				.qos = qos,
				.retain = true });
		drop(client);
		expect_message(watcher, .topic = will_topics[qos], .payload = "gone",
			.qos = SET(qos), .retain = SET(0));
		retained_settled(t, .topic = will_topics[qos], .payload = "gone");
		struct peer *late = join(t, "late");
		subscribe(late, .filter = will_topics[qos], .qos = highest);
		expect_message(late, .topic = will_topics[qos], .payload = "gone", .qos = SET(qos),
			.retain = SET(1));
		leave(late);
	}
}

/* The older message stays, since the Will itself is not retained. Another Will, which is, goes the way of the
 * first one to the store.
 */
CASE(will_not_retained, .title = "A Will with Will Retain 0 leaves the retained message alone",
	.refs = { "3.1.1:MQTT-3.1.2-16", "5.0:MQTT-3.1.2-14" }, .level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *watcher = watch(t, "will/#");
	struct peer *client =
		join(t, "client", .will = { .topic = "will/t", .payload = "gone", .qos = 1 });
	struct peer *control = join(t, "control",
		.will = { .topic = "will/kept", .payload = "kept", .qos = 1, .retain = true });
	publish_retained(client, .topic = "will/t", .payload = "older", .qos = 1);
	expect_message(watcher, .payload = "older");

	drop(client);
	expect_message(watcher, .payload = "gone");
	drop(control);
	expect_message(watcher, .payload = "kept");
	retained_settled(t, .topic = "will/kept", .payload = "kept");
	struct peer *late = join(t, "late");
	subscribe(late, .filter = "will/t", .qos = 1);
	expect_message(late, .payload = "older", .retain = SET(1));
	publish(late, .topic = "will/t", .payload = "marker", .qos = 1);
	expect_message(late, .payload = "marker", .retain = SET(0));
}

CASE(will_clears_retained,
	.title = "An empty Will with Will Retain 1 deletes the retained message of its topic",
	.refs = { "3.1.1:MQTT-3.1.2-17", "3.1.1:MQTT-3.3.1-10", "5.0:MQTT-3.1.2-15",
		"5.0:MQTT-3.3.1-6" },
	.level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_RETAIN);
	struct peer *watcher = watch(t, "will/#");
	struct peer *client = join(t, "client",
		.will = { .topic = "will/t", .payload = "", .qos = 1, .retain = true });
	publish_retained(client, .topic = "will/t", .payload = "online", .qos = 1);
	expect_message(watcher, .payload = "online");

	drop(client);
	expect_message(watcher, .topic = "will/t", .payload = "");
	judging(t, "3.1.1:MQTT-3.3.1-10");
	judging(t, "5.0:MQTT-3.3.1-6");
	expect_none_retained(join(t, "publisher"), "will/t");
}

CASE(will_empty_payload, .title = "A Will may have no payload at all",
	.refs = { "3.1.1:U311-WILLMSG-LEN", "3.1.1:MQTT-3.1.2-9", "5.0:MQTT-3.1.2-9",
		"5.0:MQTT-3.1.2-8" },
	.level = STATED, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *client =
		join(t, "client", .will = { .topic = "will/t", .payload = "", .qos = 1 });

	drop(client);
	expect_message(watcher, .topic = "will/t", .payload = "", .retain = SET(0));
}

/* Every byte there is, U+0000 and what is no UTF-8 included. */
CASE(will_binary_payload, .title = "The payload of a Will is published byte for byte",
	.refs = { "3.1.1:U311-WILLMSG-LEN", "3.1.1:MQTT-3.1.3-1", "5.0:MQTT-3.1.3-1",
		"5.0:MQTT-3.1.2-8" },
	.level = STATED, .versions = BOTH)
{
	uint8_t all[512];
	struct bytes payload = { all, sizeof(all) };

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(i < 256 ? i : 255 - i);
	struct peer *watcher = watch(t, "will/t");
	struct peer *client =
		join(t, "client", .will = { .topic = "will/t", .bytes = payload, .qos = 1 });

	drop(client);
	expect_message(watcher, .topic = "will/t", .bytes = payload);
}

CASE(will_to_wildcard_filter, .title = "A Will reaches the subscriptions that match its topic",
	.refs = { "3.1.1:UALL-DELIVER-MATCH", "3.1.1:MQTT-4.5.0-1", "5.0:UALL-DELIVER-MATCH",
		"5.0:MQTT-4.5.0-1" },
	.level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_WILDCARDS);
	struct peer *plus = join(t, "plus");
	struct peer *hash = join(t, "hash");
	struct peer *other = join(t, "other");
	subscribe(plus, .filter = "will/+/state", .qos = 1);
	subscribe(hash, .filter = "will/lamp/#", .qos = 1);
	subscribe(other, .filter = "will/lamp/+/state", .qos = 1);
	struct peer *client = join(
		t, "client", .will = { .topic = "will/lamp/state", .payload = "gone", .qos = 1 });

	drop(client);
	expect_message(plus, .topic = "will/lamp/state", .payload = "gone");
	expect_message(hash, .topic = "will/lamp/state", .payload = "gone");
	publish(plus, .topic = "will/lamp/on/state", .payload = "marker", .qos = 1);
	expect_message(other, .payload = "marker");
}

/*   client                    target                  watcher
 *   CONNECT, a Will      -->
 *   SUBSCRIBE to it      -->
 *   FIN                  -->
 *                                          -->  PUBLISH, the Will
 *   CONNECT, same session -->
 *                        <--  PUBLISH, the Will of the connection before
 */
CASE(will_queued_for_offline_sessions,
	.title = "A Will waits in the sessions of absent subscribers, its own client's included",
	.refs = { "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-4.5.0-1",
		"5.0:U50-STATE-CONTENT" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = watch(t, "will/t");
	struct peer *absent = join(t, "absent", .kept = true);
	subscribe(absent, .filter = "will/t", .qos = 1);
	leave(absent);
	struct peer *client = join(t, "client", .kept = true,
		.will = { .topic = "will/t", .payload = "gone", .qos = 1 });
	subscribe(client, .filter = "will/t", .qos = 1);

	drop(client);
	expect_message(watcher, .payload = "gone");
	struct peer *back = join(t, "absent", .kept = true, .resumed = true);
	expect_message(back, .topic = "will/t", .payload = "gone", .qos = SET(1), .dup = SET(0));
	struct peer *again = join(t, "client", .kept = true, .resumed = true);
	expect_message(again, .topic = "will/t", .payload = "gone", .qos = SET(1));
}

/*   client                    target                  watcher         late
 *   CONNECT, Will with properties -->
 *   FIN                  -->
 *                                  -->  PUBLISH with the same properties
 *                                                     -->  the retained one, too
 */
CASE(will_properties, .title = "The properties of a Will are those of the message it becomes",
	.refs = { "5.0:U50-WILL-PROPS-FORWARD", "5.0:MQTT-3.1.3-10", "5.0:U50-WILL-EXPIRY",
		"5.0:MQTT-3.3.2-15", "5.0:MQTT-3.3.2-16", "5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-18",
		"5.0:MQTT-3.3.2-20", "5.0:MQTT-3.3.2-4" },
	.level = STATED, .versions = V50)
{
	require_offer(t, OFFER_RETAIN);
	const struct properties *props = PROPS(P_PAYLOAD_FORMAT(1), P_MESSAGE_EXPIRY(600),
		P_CONTENT_TYPE("text/plain"), P_RESPONSE_TOPIC("will/answers"),
		P_CORRELATION_DATA("\x00\x01\xFE\xFF"), P_USER("b", "1"), P_USER("a", "2"),
		P_USER("b", "1"), P_USER("", ""), P_USER("a", "\xC3\xA4"));
	struct peer *watcher = watch(t, "will/t");
	struct peer *client = join(t, "client",
		.will = { .topic = "will/t",
			.payload = "gone",
			.qos = 1,
			.retain = true,
			.props = props });

	drop(client);
	struct packet live = expect_message(watcher, .topic = "will/t", .payload = "gone");
	check_forwarded(t, live, props);
	retained_settled(t, .topic = "will/t", .payload = "gone");
	struct peer *late = join(t, "late");
	subscribe(late, .filter = "will/t", .qos = 1);
	struct packet kept = expect_message(late, .payload = "gone", .retain = SET(1));
	check_forwarded(t, kept, props);

	judging(t, "5.0:U50-WILL-EXPIRY");
	const struct property *expiry = properties_find(&live.properties, 0x02);
	check_in(t, live, expiry && expiry->number <= 600 && expiry->number >= 598,
		"the Will's Message Expiry Interval of 600 s, less the seconds gone by");
}

/* A server may have kept something of the one before. */
CASE(will_of_each_connection, .title = "The Will of each connection of a client is published",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES" }, .level = MUST,
	.versions = BOTH)
{
	static const char *const payloads[] = { "first", "second", "third", "fourth" };
	struct peer *watcher = join(t, "watcher");
	subscribe(watcher, .filter = "w/each", .qos = 1);

	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
		abort_connection(join(t, "client",
			.will = { .topic = "w/each", .payload = payloads[i], .qos = 1 }));
		expect_message(watcher, .topic = "w/each", .payload = payloads[i]);
	}
}

CHAPTER(will, "The Will Message", &case_will_on_close, &case_will_on_reset, &case_will_prompt,
	&case_will_of_kept_session, &case_will_on_keep_alive_expiry, &case_will_on_violation,
	&case_will_on_second_connect, &case_no_will_on_disconnect, &case_will_only_once,
	&case_will_of_earlier_connection, &case_will_replaced_by_next_connect,
	&case_no_will_of_refused_connect, &case_will_qos, &case_will_retained,
	&case_will_not_retained, &case_will_clears_retained, &case_will_empty_payload,
	&case_will_binary_payload, &case_will_to_wildcard_filter,
	&case_will_queued_for_offline_sessions, &case_will_properties,
	&case_will_of_each_connection);
