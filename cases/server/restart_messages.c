/* Restarts: what was queued for a session, and what was under way. restart.c says what such a case
 * rests upon.
 */
#include "cases/common/restarts.h"

static const char *const letters[] = { "a", "b", "c", "d", "e", "f" };
enum { LETTERS = sizeof(letters) / sizeof(*letters) };

static void need_queue(struct test *t)
{
	require(t, offers(t)->queue >= LETTERS, "the target keeps fewer messages for a client");
}

/* ---- the queue ----------------------------------------------------------------------------- */

/*   subscriber                target                  publisher
 *        away                              <--  PUBLISH "a" to "c"
 *                             stops, starts
 *                                          <--  PUBLISH "d" to "f", of another connection
 *   CONNECT              -->
 *                        <--  PUBLISH "a" to "f"
 */
static void check_queue(struct test *t, unsigned qos)
{
	need_queue(t);
	leave(begin_kept(t, "subscriber", "rs/t", qos));
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < LETTERS; i++)
		publish(pub, .topic = "rs/t", .payload = letters[i], .qos = qos);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	for (size_t i = 0; i < LETTERS; i++)
		expect_message(back, .topic = "rs/t", .payload = letters[i], .qos = SET(qos),
			.dup = SET(0), .retain = SET(0));
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "marker", .qos = qos);
	expect_message(back, .topic = "rs/t", .payload = "marker", .qos = SET(qos));
}

CASE(restart_keeps_queue_qos1,
	.title = "Queued QoS 1 messages outlive an orderly stop, in their order",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6",
		"3.1.1:MQTT-3.1.2-4", "5.0:U50-STATE-CONTENT", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-4.6.0-5", "5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	check_queue(t, 1);
}

CASE(restart_keeps_queue_qos2,
	.title = "Queued QoS 2 messages outlive an orderly stop, in their order, each once",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.5.0-1", "3.1.1:MQTT-4.6.0-6",
		"3.1.1:UALL-QOS2-EXACTLY-ONCE", "3.1.1:MQTT-3.1.2-4", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-4.5.0-1", "5.0:MQTT-4.6.0-5", "5.0:UALL-QOS2-EXACTLY-ONCE",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	check_queue(t, 2);
}

CASE(restart_queues_on,
	.title = "After an orderly stop messages are queued for a session whose client is not back "
		 "yet",
	.refs = { "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-4.5.0-1",
		"5.0:U50-STATE-CONTENT", "5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	begin_kept(t, "subscriber", "rs/t", 1);
	leave_all(t);
	restart(t);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "rs/t", .payload = "a", .qos = 1);
	publish(pub, .topic = "rs/t", .payload = "b", .qos = 1);
	struct peer *back = come_back(t, "subscriber");
	expect_message(back, .topic = "rs/t", .payload = "a", .qos = SET(1));
	expect_message(back, .topic = "rs/t", .payload = "b", .qos = SET(1));
}

CASE(restart_keeps_message_whole,
	.title = "The payload and the properties of a queued message outlive an orderly stop",
	.refs = { "5.0:MQTT-3.3.2-17", "5.0:MQTT-3.3.2-18", "5.0:MQTT-3.3.2-4", "5.0:MQTT-3.3.2-15",
		"5.0:MQTT-3.3.2-16", "5.0:MQTT-3.3.2-20", "5.0:UALL-PAYLOAD-INTACT",
		"3.1.1:UALL-PAYLOAD-INTACT", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-4.5.0-1",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	const struct properties *props = PROPS(P_PAYLOAD_FORMAT(0), P_CONTENT_TYPE("text/x"),
		P_RESPONSE_TOPIC("rs/back"), P_CORRELATION_DATA("\x01\xFF\x7F"), P_USER("b", "1"),
		P_USER("a", "2"), P_USER("b", "3"), P_USER("", ""));
	const struct bytes payload = filler(t, 3000);
	struct peer *sub = begin_kept(t, "subscriber", "rs/first", 2);
	subscribe(sub, .filter = "rs/t/\xC3\xA9", .qos = 2);
	leave(sub);
	publish(join(t, "publisher"), .topic = "rs/t/\xC3\xA9", .bytes = payload, .qos = 2,
		.props = props);
	leave_all(t);
	restart(t);
	struct peer *back = come_back(t, "subscriber");
	struct packet m =
		expect_message(back, .topic = "rs/t/\xC3\xA9", .bytes = payload, .qos = SET(2));
	if (is_v5(t))
		check_forwarded(t, m, props);
}

/* ---- expiry -------------------------------------------------------------------------------- */

enum { LONG_S = 60, WAIT_MS = 3000, MESSAGE_EXPIRY = 0x02 };

/* The interval that a message is sent with: what is left after the time in which the server ran, since what its
 * clock does meanwhile the standard leaves open; or less, down to what is left after all of it.
 */
static void check_interval(struct test *t, const struct packet *m, int64_t since_us)
{
	const struct property *p = properties_find(&m->properties, MESSAGE_EXPIRY);
	uint32_t spent_s = (uint32_t)((now_us(t) - since_us) / 1000000) + 2;

	check_in(t, *m, p, "a Message Expiry Interval");
	check_in(t, *m, p->number <= LONG_S - WAIT_MS / 1000 + 1,
		"a Message Expiry Interval that is less by the time that the message has waited");
	check_in(t, *m, p->number + spent_s >= LONG_S,
		"a Message Expiry Interval that is less by no more than that time");
}

CASE(restart_keeps_remaining_expiry,
	.title = "A queued message that is delivered after an orderly stop has what is left of its "
		 "interval",
	.refs = { "5.0:MQTT-3.3.2-6", "5.0:MQTT-4.5.0-1", "5.0:MQTT-3.1.2-5" }, .level = MUST,
	.versions = V50, .restarts = true, .budget_ms = WAIT_MS)
{
	leave(begin_kept(t, "subscriber", "rs/t", 1));
	int64_t since_us = now_us(t);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "m", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(LONG_S)));
	let_pass(t, WAIT_MS);
	restart(t);
	struct packet m = expect_message(come_back(t, "subscriber"), .payload = "m");
	check_interval(t, &m, since_us);
}

/* "early" has expired before the stop; "late" expires while the server does not run, and whether it knows that
 * is worth a remark and no more.
 */
CASE(restart_expired_in_queue,
	.title = "A queued message that has expired does not come back after an orderly stop",
	.refs = { "5.0:MQTT-3.3.2-5" }, .level = MUST, .versions = V50, .restarts = true,
	.budget_ms = 2 * WAIT_MS)
{
	leave(begin_kept(t, "subscriber", "rs/t", 1));
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "rs/t", .payload = "early", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	let_pass(t, WAIT_MS + 500);
	publish(pub, .topic = "rs/t", .payload = "late", .qos = 1,
		.props = PROPS(P_MESSAGE_EXPIRY(1)));
	publish(pub, .topic = "rs/t", .payload = "lives", .qos = 1);
	leave_all(t);
	halt(t);
	let_pass(t, WAIT_MS - 500);
	resume(t);

	struct peer *back = come_back(t, "subscriber");
	struct packet m = expect_message(back, .topic = "rs/t");
	check_in(t, m, !bytes_equal(m.payload, BYTES("early")),
		"a message that has expired while the server ran stays away");
	if (bytes_equal(m.payload, BYTES("late"))) {
		nonstrict(
			t, "a message is delivered that has expired while the server did not run");
		m = expect_message(back, .topic = "rs/t");
	}
	check_text(t, m.payload, "lives");
}

/* ---- the target as sender ------------------------------------------------------------------ */

static void check_resent(struct test *t, struct packet again, struct packet first)
{
	judging(t, "3.1.1:MQTT-3.3.1-1");
	judging(t, "5.0:MQTT-3.3.1-1");
	check_eq(t, again.dup, 1);
	judging(t, "3.1.1:MQTT-4.4.0-1");
	judging(t, "5.0:MQTT-4.4.0-1");
	check_eq(t, again.id, first.id);
}

/*   subscriber                target
 *                        <--  PUBLISH id N
 *                             stops, starts
 *   CONNECT              -->
 *                        <--  PUBLISH id N dup
 */
static void check_unacknowledged(struct test *t, unsigned qos)
{
	struct peer *sub = begin_kept(t, "subscriber", "rs/t", qos);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "again", .qos = qos);
	struct packet first = expect(sub, PUBLISH);
	check_text(t, first.payload, "again");
	drop(sub);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	struct packet again = expect_message(back, .payload = "again", .qos = SET(qos));
	check_resent(t, again, first);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "marker", .qos = qos);
	expect_message(back, .payload = "marker", .dup = SET(0));
}

CASE(restart_sends_qos1_again,
	.title = "A QoS 1 message without PUBACK is sent again after an orderly stop, with its "
		 "identifier",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1", "3.1.1:MQTT-4.3.2-1",
		"3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:MQTT-4.3.2-3",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	check_unacknowledged(t, 1);
}

CASE(restart_sends_qos2_again,
	.title = "A QoS 2 message without PUBREC is sent again after an orderly stop, with its "
		 "identifier",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.3.1-1", "3.1.1:MQTT-4.3.3-1",
		"3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "5.0:MQTT-4.3.3-3",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	check_unacknowledged(t, 2);
}

/*   subscriber                target
 *                        <--  PUBLISH q2 id N
 *   PUBREC N             -->
 *                        <--  PUBREL N
 *                             stops, starts
 *   CONNECT              -->
 *                        <--  PUBREL N, and no PUBLISH
 */
CASE(restart_sends_pubrel_again,
	.title = "A PUBREL without PUBCOMP is sent again after an orderly stop, the PUBLISH before "
		 "it not",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-4.3.3-1", "3.1.1:MQTT-3.1.2-4",
		"5.0:MQTT-4.4.0-1", "5.0:MQTT-4.3.3-5", "5.0:MQTT-4.3.3-6", "5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *sub = begin_kept(t, "subscriber", "rs/t", 2);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "once", .qos = 2);
	struct packet message = expect(sub, PUBLISH);
	send_ack(sub, PUBREC, message.id);
	expect_ack(sub, PUBREL, message.id);
	drop(sub);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	expect_ack(back, PUBREL, message.id);
	send_ack(back, PUBCOMP, message.id);
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "marker", .qos = 2);
	expect_message(back, .payload = "marker", .dup = SET(0));
}

/* Three messages at QoS 1, and three at QoS 2: the first of each is settled, the second under way, the third
 * held back by a Receive Maximum of 1; in 3.1.1, where there is none, both are under way.
 */
static void check_in_delivery(struct test *t, unsigned qos)
{
	need_queue(t);
	struct peer *sub =
		join(t, "subscriber", .kept = true, .props = PROPS(P_RECEIVE_MAXIMUM(1)));
	subscribe(sub, .filter = "rs/t", .qos = qos);
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 3; i++)
		publish(pub, .topic = "rs/t", .payload = letters[i], .qos = qos);
	expect_message(sub, .payload = "a");
	expect(sub, PUBLISH); /* "b", as it should */
	leave_all(t);         /* so that the target has dealt with the acknowledgements */
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	expect_message(back, .payload = "b", .qos = SET(qos), .dup = SET(1));
	expect_message(back, .payload = "c", .qos = SET(qos));
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "marker", .qos = qos);
	expect_message(back, .payload = "marker", .dup = SET(0));
}

CASE(restart_in_delivery_qos1,
	.title = "An orderly stop while QoS 1 messages are delivered loses none, and none that is "
		 "settled comes again",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.6.0-6",
		"3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.4.0-1", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-4.6.0-5", "5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	check_in_delivery(t, 1);
}

CASE(restart_in_delivery_qos2,
	.title = "An orderly stop while QoS 2 messages are delivered loses none, and none that is "
		 "settled comes again",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.6.0-6",
		"3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.4.0-1", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-4.6.0-5", "5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	check_in_delivery(t, 2);
}

/* "a" to "c" have been delivered and acknowledged; the DISCONNECT shows that the target has dealt with that. */
static struct peer *begin_settled(struct test *t, unsigned qos)
{
	struct peer *sub = begin_kept(t, "subscriber", "rs/t", qos);
	struct peer *pub = join(t, "publisher");
	for (size_t i = 0; i < 3; i++)
		publish(pub, .topic = "rs/t", .payload = letters[i], .qos = qos);
	for (size_t i = 0; i < 3; i++)
		expect_message(sub, .payload = letters[i]);
	fence(sub);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "subscriber");
	publish(join(t, "publisher"), .topic = "rs/t", .payload = "marker", .qos = qos);
	return back;
}

/* 3.1.1 forbids no repetition of what has been acknowledged at QoS 1: at least once is enough for it. */

CASE(restart_settled_qos1,
	.title = "A QoS 1 message that was acknowledged does not come again after an orderly stop",
	.refs = { "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.4.0-1",
		"5.0:U50-STATE-CONTENT", "5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *back = begin_settled(t, 1);
	struct packet m = expect(back, PUBLISH);
	bool again = !bytes_equal(m.payload, BYTES("marker"));

	if (again && !is_v5(t))
		nonstrict(t,
			"a QoS 1 message that was acknowledged comes again after an orderly stop");
	else
		check_in(t, m, !again, "none of the messages that were acknowledged before");
}

CASE(restart_settled_qos2,
	.title = "A QoS 2 message that was delivered does not come again after an orderly stop",
	.refs = { "3.1.1:UALL-QOS2-EXACTLY-ONCE", "3.1.1:MQTT-4.4.0-1", "3.1.1:MQTT-3.1.2-4",
		"5.0:UALL-QOS2-EXACTLY-ONCE", "5.0:MQTT-4.4.0-1", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *back = begin_settled(t, 2);
	expect_message(back, .payload = "marker", .dup = SET(0));
	expect_no(back, PUBREL);
}

/* ---- the target as receiver ---------------------------------------------------------------- */

enum { ID = 7 };

static struct peer *begin_publisher(struct test *t)
{
	leave(begin_kept(t, "watcher", "rs/t", 2));
	return begin_kept(t, "publisher", "rs/own", 1);
}

/* A target may send its PUBREC again by itself, too. False: there was none but one that refuses the repetition, and
 * nothing is to be released.
 */
static bool has_pubrec(struct test *t, struct peer *pub)
{
	bool good = false, refused = false;

	do {
		struct packet pubrec = expect_ack(pub, PUBREC, ID);
		bool bad = is_v5(t) && pubrec.code >= 0x80;
		good |= !bad;
		refused |= bad;
		fence(pub);
	} while (has_packet(pub, PUBREC));
	if (refused)
		nonstrict(t, "the repetition of a QoS 2 PUBLISH after a restart is refused");
	return good;
}

/*   publisher                 target                  watcher
 *   PUBLISH q2 id 7      -->
 *                        <--  PUBREC 7
 *                             stops, starts
 *   CONNECT, PUBLISH q2 id 7 dup -->
 *                        <--  PUBREC 7
 *   PUBREL 7             -->
 *                        <--  PUBCOMP 7
 *                                          -->  PUBLISH "once", once
 */
CASE(restart_keeps_received_identifier,
	.title = "A QoS 2 PUBLISH that is repeated after an orderly stop is delivered once",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:UALL-QOS2-EXACTLY-ONCE", "3.1.1:MQTT-3.1.2-4",
		"5.0:MQTT-4.3.3-10", "5.0:UALL-QOS2-EXACTLY-ONCE", "5.0:U50-STATE-CONTENT",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *pub = begin_publisher(t);
	send_publish(pub, .topic = "rs/t", .payload = "once", .qos = 2, .id = ID);
	expect_ack(pub, PUBREC, ID);
	drop(pub);
	restart(t);

	struct peer *back = come_back(t, "publisher");
	send_publish(back, .topic = "rs/t", .payload = "once", .qos = 2, .id = ID, .dup = true);
	if (has_pubrec(t, back)) {
		send_ack(back, PUBREL, ID);
		expect_ack(back, PUBCOMP, ID);
	}
	publish(back, .topic = "rs/t", .payload = "marker", .qos = 2, .id = ID + 1);
	struct peer *watcher = come_back(t, "watcher");
	expect_message(watcher, .payload = "once", .dup = SET(0));
	struct packet next = expect_message(watcher);
	check(t, !bytes_equal(next.payload, BYTES("once")), "the message is delivered once",
		"it came once more");
	check_text(t, next.payload, "marker");
}

/* The publisher goes on where it was. */
CASE(restart_goes_on_with_pubrel,
	.title = "A QoS 2 message whose PUBREL comes after an orderly stop is delivered once",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:UALL-QOS2-EXACTLY-ONCE", "3.1.1:MQTT-3.1.2-4",
		"5.0:MQTT-4.3.3-11", "5.0:UALL-QOS2-EXACTLY-ONCE", "5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *pub = begin_publisher(t);
	send_publish(pub, .topic = "rs/t", .payload = "once", .qos = 2, .id = ID);
	expect_ack(pub, PUBREC, ID);
	drop(pub);
	restart(t);

	struct peer *back = come_back(t, "publisher");
	send_ack(back, PUBREL, ID);
	struct packet answer = expect_one_of(back,
		OUTCOMES({ .type = PUBCOMP },
			{ PUBREC, .verdict = VERDICT_NONSTRICT,
				.says = "PUBREC is sent again, though nobody has asked for it" }));
	if (answer.type == PUBREC)
		answer = expect_ack(back, PUBCOMP, ID);
	check_eq(t, answer.code, 0);
	publish(back, .topic = "rs/t", .payload = "marker", .qos = 2, .id = ID + 1);
	struct peer *watcher = come_back(t, "watcher");
	expect_message(watcher, .payload = "once", .dup = SET(0));
	expect_message(watcher, .payload = "marker");
}

/* PUBCOMP ends it: what has the identifier after that is another message. */
CASE(restart_frees_identifier,
	.title = "An identifier that PUBCOMP has freed is free after an orderly stop",
	.refs = { "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-4.3.3-12",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH, .restarts = true)
{
	struct peer *pub = begin_publisher(t);
	publish(pub, .topic = "rs/t", .payload = "one", .qos = 2, .id = ID);
	leave_all(t);
	restart(t);

	struct peer *back = come_back(t, "publisher");
	judging(t, "3.1.1:MQTT-4.3.3-2");
	judging(t, "5.0:MQTT-4.3.3-12");
	publish(back, .topic = "rs/t", .payload = "two", .qos = 2, .id = ID);
	publish(back, .topic = "rs/t", .payload = "marker", .qos = 2, .id = ID + 1);
	struct peer *watcher = come_back(t, "watcher");
	expect_message(watcher, .payload = "one");
	struct packet m = expect_message(watcher);
	check_in(t, m, bytes_equal(m.payload, BYTES("two")),
		"the message that has the identifier now");
	expect_message(watcher, .payload = "marker");
}

CHAPTER(restart_messages, "Restarts: messages queued and under way", &case_restart_keeps_queue_qos1,
	&case_restart_keeps_queue_qos2, &case_restart_queues_on, &case_restart_keeps_message_whole,
	&case_restart_keeps_remaining_expiry, &case_restart_expired_in_queue,
	&case_restart_sends_qos1_again, &case_restart_sends_qos2_again,
	&case_restart_sends_pubrel_again, &case_restart_in_delivery_qos1,
	&case_restart_in_delivery_qos2, &case_restart_settled_qos1, &case_restart_settled_qos2,
	&case_restart_keeps_received_identifier, &case_restart_goes_on_with_pubrel,
	&case_restart_frees_identifier);
