/* CONNACK, 3.2: what it says of the session, and that it comes first. The form of every CONNACK is
 * the monitor's business.
 */
#include "harness/case.h"

/* The survey plays it before everything else: what each CONNACK breaks is found here, and nowhere else. */
CASE(every_connection,
	.title = "A plain connection is accepted, and all that comes on it keeps the rules",
	.refs = { "3.1.1:MQTT-3.1.4-4", "3.1.1:MQTT-3.2.0-1", "5.0:MQTT-3.1.4-5",
		"5.0:MQTT-3.2.0-1" },
	.level = MUST, .versions = BOTH, .surveyed = true)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 0);
	expect_accepted(client);
	fence(client);
}

CASE(session_present_without_session, .title = "Session Present is 0 where no session is stored",
	.refs = { "3.1.1:MQTT-3.2.2-3", "5.0:MQTT-3.2.2-3", "5.0:MQTT-3.1.2-6" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = dial(t, "client");
	send_connect(client, .kept = true);
	check_eq(t, expect_accepted(client).ack_flags & 1, 0);
	fence(client);
}

/* Something by which an unannounced session shows; at QoS 1, since some keep nothing else. */
static void give_subscription(struct test *t, struct peer *client)
{
	subscribe(client, .filter = "kept/t", .qos = offers(t)->maximum_qos > 0);
}

/* No subscription, no message: a session all the same. */
CASE(session_present_with_session,
	.title = "Session Present is 1 where a session is stored, even an empty one",
	.refs = { "3.1.1:MQTT-3.2.2-2", "3.1.1:MQTT-3.1.2-4", "5.0:MQTT-3.2.2-3",
		"5.0:MQTT-3.1.2-5" },
	.level = MUST, .versions = BOTH)
{
	leave(join(t, "client", .kept = true));
	for (unsigned visits = 0; visits < 3; visits++) {
		struct peer *client = dial(t, "client");
		send_connect(client, .kept = true);
		expect_resumed(client);
		leave(client);
	}
}

CASE(session_present_after_break, .title = "Session Present is 1 after a connection that broke",
	.refs = { "3.1.1:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-3", "5.0:MQTT-3.1.2-23" }, .level = MUST,
	.versions = BOTH)
{
	struct peer *client = join(t, "client", .kept = true);
	give_subscription(t, client);
	abort_connection(client);
	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
	drop(client);
	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
}

CASE(session_present_on_take_over,
	.title = "Session Present is 1 for a client that takes over its own kept session",
	.refs = { "3.1.1:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-3" }, .level = MUST, .versions = BOTH)
{
	give_subscription(t, join(t, "client", .kept = true));
	struct peer *client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
	fence(client);
}

/*   client                    target
 *   CONNECT, kept        -->
 *                        <--  CONNACK
 *   DISCONNECT           -->
 *   CONNECT, clean       -->
 *                        <--  CONNACK, Session Present 0
 *   DISCONNECT           -->
 *   CONNECT, kept        -->
 *                        <--  CONNACK, Session Present 0: the clean one left nothing
 */
CASE(session_present_clean,
	.title = "A clean CONNECT gets Session Present 0 and leaves no session behind",
	.refs = { "3.1.1:MQTT-3.2.2-1", "3.1.1:MQTT-3.1.2-6", "3.1.1:MQTT-3.2.2-3",
		"5.0:MQTT-3.2.2-2", "5.0:MQTT-3.1.2-4", "5.0:MQTT-3.2.2-3" },
	.level = MUST, .versions = BOTH)
{
	leave(join(t, "client", .kept = true));

	judging(t, "3.1.1:MQTT-3.2.2-1");
	judging(t, "5.0:MQTT-3.2.2-2");
	struct peer *client = dial(t, "client");
	send_connect(client, .keep_alive = 0);
	check_eq(t, expect_accepted(client).ack_flags & 1, 0);
	leave(client);

	judging(t, "3.1.1:MQTT-3.1.2-6");
	judging(t, "5.0:MQTT-3.1.2-4");
	client = dial(t, "client");
	send_connect(client, .kept = true);
	check_eq(t, expect_accepted(client).ack_flags & 1, 0);
}

CASE(session_present_clean_and_kept,
	.title = "A session begun with Clean Start 1 is there the next time, if it may live on",
	.refs = { "5.0:MQTT-3.2.2-2", "5.0:MQTT-3.1.2-23", "5.0:MQTT-3.2.2-3" }, .level = MUST,
	.versions = V50)
{
	leave(join(t, "client", .kept = true));

	judging(t, "5.0:MQTT-3.2.2-2");
	struct peer *client = dial(t, "client");
	send_connect(client, .kept = true, .clean = true);
	check_eq(t, expect_accepted(client).ack_flags & 1, 0);
	give_subscription(t, client);
	leave(client);

	judging(t, "5.0:MQTT-3.1.2-23");
	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
}

CASE(session_present_expiry_0,
	.title = "A session with Session Expiry Interval 0, or none, ends with its connection",
	.refs = { "5.0:U50-SESSION-EXPIRY-DEFAULT", "5.0:MQTT-3.2.2-3" }, .level = STATED,
	.versions = V50)
{
	static const struct maybe expiries[] = { SET(0), { .set = false } };

	for (unsigned i = 0; i < 2; i++) {
		leave(join(t, "client", .expiry = expiries[i]));
		struct peer *client = dial(t, "client");
		send_connect(client, .kept = true, .expiry = SET(0));
		check_eq(t, expect_accepted(client).ack_flags & 1, 0);
		leave(client);
	}
}

CASE(session_present_longest_expiry,
	.title = "Session Expiry Interval 0xFFFFFFFF is accepted and keeps the session",
	.refs = { "5.0:U50-SESSION-EXPIRY-DEFAULT", "5.0:MQTT-3.1.2-23" }, .level = STATED,
	.versions = V50)
{
	struct peer *client = join(t, "client", .expiry = SET(0xFFFFFFFF));
	give_subscription(t, client);
	leave(client);
	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
}

/* ---- refusals ------------------------------------------------------------------------------ */

/* Protocol level 2, which nobody serves, with the ClientId of a stored session.
 *
 *   client                    target
 *   CONNECT, level 2     -->
 *                        <--  CONNACK with Session Present 0 or none, and the close
 *   CONNECT, kept        -->
 *                        <--  CONNACK, Session Present 1
 */
CASE(refused_connect_keeps_session,
	.title = "A refused CONNECT is told of no session, and leaves the stored one alone",
	.refs = { "3.1.1:MQTT-3.2.2-4", "3.1.1:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-6",
		"5.0:MQTT-3.2.2-3" },
	.level = MUST, .versions = BOTH)
{
	static const char *const connects[] = {
		"10 r s\"MQTT\" 02 02 n60 p{} c", /* clean */
		"10 r s\"MQTT\" 02 00 n60 p{} c",
		"10 r s\"MQTT\" l 03 n60 p{} c", /* malformed: the reserved flag */
	};
	struct peer *client = join(t, "client", .kept = true);
	subscribe(client, .filter = "refused/t", .qos = 1);
	leave(client);

	judging(t, "3.1.1:MQTT-3.2.2-4");
	judging(t, "5.0:MQTT-3.2.2-6");
	for (unsigned i = 0; i < 3; i++) {
		client = dial(t, "client");
		send_template(client, connects[i]);
		require_closed(client);
		if (has_packet(client, CONNACK))
			check_eq(t, expect(client, CONNACK).ack_flags & 1, 0);
	}

	judging(t, "3.1.1:MQTT-3.2.2-2");
	judging(t, "5.0:MQTT-3.2.2-3");
	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
	publish(client, .topic = "refused/t", .payload = "still subscribed", .qos = 1);
	expect_message(client, .payload = "still subscribed");
}

CASE(refused_connect_takes_nothing_over,
	.title = "A refused CONNECT does not cut off the client that has its ClientId",
	.refs = { "3.1.1:MQTT-3.1.4-2", "3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-3",
		"5.0:MQTT-3.1.4-1" },
	.level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client");
	subscribe(client, .filter = "refused/t");
	struct peer *impostor = dial(t, "client");
	send_template(impostor, "10 r s\"MQTT\" 02 02 n60 p{} c");
	require_closed(impostor);
	impostor = dial(t, "client");
	send_template(impostor, "10 r s\"MQTT\" l 03 n60 p{} c");
	require_closed(impostor);

	send_pingreq(client);
	expect_one_of(client,
		OUTCOMES({ .type = PINGRESP },
			{ .type = CLOSED,
				.verdict = VERDICT_FAIL,
				.says = "it was cut off after CONNECTs with its ClientId were "
					"refused" }));
	publish(client, .topic = "refused/t", .payload = "undisturbed");
	expect_message(client, .payload = "undisturbed");
}

/* ---- form ----------------------------------------------------------------------------------- */

static void check_connack(struct test *t, struct packet connack, bool refused)
{
	judging(t, "3.1.1:U311-CONNACK-FLAGS");
	judging(t, "5.0:MQTT-3.2.2-1");
	check_eq(t, connack.ack_flags & 0xFE, 0);
	judging(t, "3.1.1:U311-CONNACK-CODES");
	judging(t, "5.0:MQTT-3.2.2-8");
	check_in(t, connack, (connack.code != 0) == refused,
		refused ? "a code that refuses the connection" : "code 0");
	if (is_v5(t) && !refused) {
		const struct property *maximum_qos = properties_find(&connack.properties, 0x24);
		judging(t, "5.0:U50-MAXQOS-RANGE");
		check_in(t, connack, !maximum_qos || maximum_qos->number < 2,
			"Maximum QoS is 0 or 1");
	}
	if (is_v5(t))
		return;
	check_in(t, connack, connack.code <= 5, "the return code is one of those defined");
	judging(t, "3.1.1:U311-CONNACK-LEN");
	check_eq(t, connack.remaining_length, 2);
}

/* Which codes a CONNACK of 5.0 may have, the monitor knows. */
CASE(connack_form, .title = "CONNACK has the form of its version, whether it accepts or refuses",
	.refs = { "3.1.1:U311-CONNACK-FLAGS", "3.1.1:U311-CONNACK-CODES", "3.1.1:U311-CONNACK-LEN",
		"5.0:MQTT-3.2.2-1", "5.0:MQTT-3.2.2-8", "5.0:U50-CONNACK-CODES",
		"5.0:U50-MAXQOS-RANGE" },
	.level = MUST, .versions = BOTH)
{
	struct peer *accepted = dial(t, "accepted");
	send_connect(accepted, .keep_alive = 60);
	check_connack(t, expect_accepted(accepted), false);

	struct peer *refused = dial(t, "refused");
	send_template(refused, "10 r s\"MQTT\" 02 02 n60 p{} c");
	if (gets_closed(refused) && has_packet(refused, CONNACK))
		check_connack(t, expect(refused, CONNACK), true);
	if (!is_v5(t))
		return;
	/* The level above may be refused in the words of 3.1.1; an unknown Authentication Method is not. */
	struct peer *unknown = dial(t, "unknown");
	send_template(unknown, "10 r s\"MQTT\" 05 02 n60 p{15 s\"nobody knows\"} c");
	if (gets_closed(unknown) && has_packet(unknown, CONNACK))
		check_connack(t, expect(unknown, CONNACK), true);
}

CASE(no_disconnect_before_connack,
	.title = "A server that refuses a connection sends no DISCONNECT",
	.refs = { "5.0:MQTT-3.14.0-1" }, .level = MUST, .versions = V50)
{
	static const char *const firsts[] = {
		"10 r s\"MQTT\" 02 02 n0 p{} c",             /* a level that nobody serves */
		"10 r s\"MQTT\" 05 03 n0 p{} c",             /* malformed: the reserved flag */
		"10 r s\"MQTT\" 05 02 n0 p{21 n0} c",        /* a Protocol Error */
		"10 r s\"MQTT\" 05 02 n0 p{15 s\"none\"} c", /* an unknown method */
		"30 r t\"a\" p{} b\"x\"",                    /* no CONNECT at all */
	};
	unsigned refused = 0;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++) {
		struct peer *client = dial(t, "client");
		send_template(client, firsts[i]);
		refused += gets_closed(client);
		check_absent(client, DISCONNECT, "no DISCONNECT");
		drop(client);
	}
	require(t, refused, "the target refuses none of these connections");
}

/* ---- order --------------------------------------------------------------------------------- */

/* Everything that might overtake CONNACK is at hand: queued messages, and requests after CONNECT.
 * The monitor sees the order.
 *
 *   client                    target
 *   CONNECT, kept        -->
 *   SUBSCRIBE, PINGREQ   -->
 *                        <--  CONNACK, Session Present 1
 *                        <--  PUBLISH "queued", SUBACK, PINGRESP
 */
CASE(connack_comes_first,
	.title = "CONNACK precedes the queued messages of a resumed session and all other packets",
	.refs = { "3.1.1:MQTT-3.2.0-1", "5.0:MQTT-3.2.0-1" }, .level = MUST, .versions = BOTH)
{
	struct peer *client = join(t, "client", .kept = true);
	subscribe(client, .filter = "first/t", .qos = 1);
	leave(client);
	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "first/t", .payload = "queued 1", .qos = 1);
	publish(pub, .topic = "first/t", .payload = "queued 2", .qos = 1);

	client = dial(t, "client");
	send_connect(client, .kept = true);
	send_subscribe(client, .filter = "first/other", .qos = 1, .id = 9);
	send_pingreq(client);
	expect_resumed(client);
	expect_ack(client, SUBACK, 9);
	expect(client, PINGRESP);
	expect_message(client, .payload = "queued 1");
	expect_message(client, .payload = "queued 2");
}

CHAPTER(connack, "CONNACK and Session Present", &case_every_connection,
	&case_session_present_without_session, &case_session_present_with_session,
	&case_session_present_after_break, &case_session_present_on_take_over,
	&case_session_present_clean, &case_session_present_clean_and_kept,
	&case_session_present_expiry_0, &case_session_present_longest_expiry,
	&case_refused_connect_keeps_session, &case_refused_connect_takes_nothing_over,
	&case_connack_form, &case_no_disconnect_before_connack, &case_connack_comes_first);
