/* DISCONNECT from the client, 3.14: the end of the connection, and what becomes of Will and session. */
#include <math.h>
#include <string.h>

#include "harness/case.h"

enum { PATIENCE_MS = 3000 };

CASE(disconnect_closes, .title = "The server closes the connection after DISCONNECT",
	.refs = { "3.1.1:U311-DISC-CLOSE", "5.0:U50-DISC-CLOSE" }, .level = SHOULD,
	.versions = BOTH)
{
	witness(t);
	struct peer *client = join(t, "client");
	send_disconnect(client);
	expect_closed(client);
	check_absent(client, DISCONNECT, "no DISCONNECT in reply");
}

/*   client                    target                  subscribers, early and late
 *   DISCONNECT,
 *   PUBLISH retained     -->
 *                        <--  close
 *                                          -->  PUBLISH "marker" of another client, nothing before
 */
CASE(publish_behind_disconnect, .title = "A PUBLISH after DISCONNECT has no effect",
	.refs = { "3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-1" }, .level = SHOULD, .versions = BOTH)
{
	struct peer *early = join(t, "early");
	subscribe(early, .filter = "behind/t", .qos = 1);
	struct peer *client = join(t, "client");
	send_template(client, "E000 31 r t\"behind/t\" p{} b\"too late\"");
	expect_closed(client);

	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "behind/t", .payload = "marker", .qos = 1);
	struct packet m = expect_message(early);
	check_in(t, m, bytes_equal(m.payload, BYTES("marker")),
		"nothing of the PUBLISH reaches anybody");
	expect_none_retained(pub, "behind/t");
}

static const struct vector requests_behind_disconnect[] = {
	{ "pingreq", "E000 C000", .codes = { 0 } },
	{ "publish_qos_1", "E000 32 r t\"a\" m1 p{} b\"x\"", .codes = { 0 } },
	{ "publish_qos_2", "E000 34 r t\"a\" m1 p{} b\"x\"", .codes = { 0 } },
	{ "subscribe", "E000 82 r m1 p{} t\"a\" 00", .codes = { 0 } },
	{ "unsubscribe", "E000 A2 r m1 p{} t\"a\"", .codes = { 0 } },
	{ "connect", "E000 10 r s\"MQTT\" l 02 n0 p{} c", .codes = { 0 } },
	{ "disconnect", "E000 E000", .codes = { 0 } },
	{ "malformed", "E000 00 00", .codes = { 0 } },
};

CASE(requests_behind_disconnect, .title = "Nothing after DISCONNECT is answered",
	.refs = { "3.1.1:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-1" }, .level = SHOULD, .versions = BOTH,
	ROWS(requests_behind_disconnect))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_closed(client);
	for (enum packet_type type = CONNACK; type <= AUTH; type++)
		check_absent(client, type, "no answer");
}

/* ---- the Will ------------------------------------------------------------------------------ */

static struct peer *join_with_will(struct test *t)
{
	return join(t, "client", .will = { .topic = "left/w", .payload = "Will", .qos = 1 });
}

static struct peer *join_watcher(struct test *t)
{
	struct peer *watcher = join(t, "watcher");

	subscribe(watcher, .filter = "left/w", .qos = 1);
	return watcher;
}

/* The next Will is that of a client whose connection breaks now: none was published before it. */
static void expect_no_earlier_will(struct test *t, struct peer *watcher)
{
	struct peer *control = join(
		t, "control", .will = { .topic = "left/w", .payload = "the control's", .qos = 1 });

	drop(control);
	expect_message(watcher, .topic = "left/w", .payload = "the control's");
}

#define SHORT .refs = { "3.1.1:MQTT-3.14.4-3", "5.0:MQTT-3.14.4-3", "5.0:U50-DISC-SHORT" }

static const struct vector normal_disconnect[] = {
	{ "short", "E0 00", SHORT },
	{ "with_code", "E0 01 00", SHORT, .versions = V50 },
	{ "with_empty_properties", "E0 02 0000", SHORT, .versions = V50 },
	{ "with_reason_string", "E0 r 00 p{1F s\"bye\"}", .versions = V50, .codes = { 0 } },
	{ "with_user_properties", "E0 r 00 p{26 s\"n\" s\"v\" 26 s\"n\" s\"v\"}", .versions = V50,
		.codes = { 0 } },
	{ "with_session_expiry_0", "E0 r 00 p{11 w0}", .versions = V50, .codes = { 0 } },
};

/*   client                    target                  watcher
 *   CONNECT, with a Will -->
 *   DISCONNECT           -->
 *   CONNECT, the same    -->            the old connection is over by now
 *                        another client's Will
 *                                          -->  PUBLISH of that Will, and none before it
 */
CASE(normal_disconnect, .title = "A normal DISCONNECT deletes the Will",
	.refs = { "3.1.1:MQTT-3.14.4-3", "3.1.1:MQTT-3.1.2-10", "5.0:MQTT-3.14.4-3",
		"5.0:MQTT-3.1.2-10" },
	.level = MUST, .versions = BOTH, ROWS(normal_disconnect))
{
	struct peer *watcher = join_watcher(t);
	struct peer *client = join_with_will(t);
	send_row(client);
	wait_closed_ms(client, 1000);
	drop(client);

	join(t, "client");
	expect_no_earlier_will(t, watcher);
}

CASE(disconnect_then_reset,
	.title = "A DISCONNECT deletes the Will even if the connection breaks at once",
	.refs = { "3.1.1:MQTT-3.14.4-3", "3.1.1:MQTT-3.1.2-10", "5.0:MQTT-3.14.4-3",
		"5.0:MQTT-3.1.2-10" },
	.level = MUST, .versions = BOTH)
{
	struct peer *watcher = join_watcher(t);
	struct peer *client = join_with_will(t);
	send_disconnect(client);
	wait_closed_ms(client, PATIENCE_MS); /* or the reset would throw away what was not read */
	abort_connection(client);

	join(t, "client");
	expect_no_earlier_will(t, watcher);
}

static const struct vector disconnect_with_will[] = {
	{ "0x04", "E0 01 04", .codes = { 0 } },
	{ "0x04_with_properties", "E0 r 04 p{1F s\"see my Will\"}", .codes = { 0 } },
	{ "0x80", "E0 01 80", .codes = { 0 } },
	{ "0x81", "E0 01 81", .codes = { 0 } },
	{ "0x82", "E0 01 82", .codes = { 0 } },
	{ "0x83", "E0 01 83", .codes = { 0 } },
	{ "0x90", "E0 01 90", .codes = { 0 } },
	{ "0x93", "E0 01 93", .codes = { 0 } },
	{ "0x94", "E0 01 94", .codes = { 0 } },
	{ "0x95", "E0 01 95", .codes = { 0 } },
	{ "0x96", "E0 01 96", .codes = { 0 } },
	{ "0x97", "E0 01 97", .codes = { 0 } },
	{ "0x98", "E0 01 98", .codes = { 0 } },
	{ "0x99", "E0 01 99", .codes = { 0 } },
};

CASE(disconnect_with_will,
	.title = "A DISCONNECT with another code than 0 leaves the Will to be published",
	.refs = { "5.0:U50-DISC-WILL", "5.0:MQTT-3.1.2-8" }, .level = STATED, .versions = V50,
	ROWS(disconnect_with_will))
{
	struct peer *watcher = join_watcher(t);
	struct peer *client = join_with_will(t);
	send_row(client);
	wait_closed_ms(client, 1000);
	check_absent(client, DISCONNECT, "no DISCONNECT in reply");
	drop(client);
	expect_message(watcher, .topic = "left/w", .payload = "Will");
}

/* ---- what is no DISCONNECT ----------------------------------------------------------------- */

#define FLAGS                                                                         \
	.refs = { "3.1.1:MQTT-3.14.1-1", "3.1.1:MQTT-2.2.2-2", "5.0:MQTT-3.14.1-1" }, \
	.codes = { 0x81 }
#define LENGTH_311 .refs = { "3.1.1:U311-PING-LEN", "3.1.1:MQTT-4.8.0-1" }, .versions = V311
#define LENGTH_50 \
	.refs = { "5.0:U50-PROP-LENGTH", "5.0:MQTT-4.13.1-1" }, .versions = V50, .codes = { 0x81 }
#define FOREIGN                                                                        \
	.refs = { "5.0:U50-PROP-WRONG-PACKET", "5.0:MQTT-4.13.1-1" }, .versions = V50, \
	.codes = { 0x81, 0x82 }
#define TWICE                                                                  \
	.refs = { "5.0:U50-PROP-ONCE", "5.0:MQTT-4.13.1-1" }, .versions = V50, \
	.codes = { 0x82, 0x81 }
#define STRING \
	.refs = { "5.0:MQTT-1.5.4-1", "5.0:MQTT-4.13.1-1" }, .versions = V50, .codes = { 0x81 }

static const struct vector bad_disconnect[] = {
	{ "flags_1", "E1 00", FLAGS },
	{ "flags_2", "E2 00", FLAGS },
	{ "flags_4", "E4 00", FLAGS },
	{ "flags_8", "E8 00", FLAGS },
	{ "one_byte", "E0 01 00", LENGTH_311 },
	{ "two_bytes", "E0 02 0000", LENGTH_311 },
	{ "properties_beyond_end", "E0 r 00 p100{}", LENGTH_50 },
	{ "property_cut", "E0 r 00 p-1{11 w0}", LENGTH_50 },
	{ "stray_byte", "E0 r 00 p{} 00", LENGTH_50 },
	{ "unknown_property_127", "E0 r 00 p{7F 00}", FOREIGN },
	{ "server_reference", "E0 r 00 p{1C s\"other\"}", FOREIGN },
	{ "receive_maximum", "E0 r 00 p{21 n5}", FOREIGN },
	{ "will_delay", "E0 r 00 p{18 w0}", FOREIGN },
	{ "message_expiry", "E0 r 00 p{02 w60}", FOREIGN },
	{ "session_expiry_twice", "E0 r 00 p{11 w0 11 w0}", TWICE },
	{ "reason_string_twice", "E0 r 00 p{1F s\"a\" 1F s\"a\"}", TWICE },
	{ "ill_formed_reason_string", "E0 r 00 p{1F s\"\\xED\\xA0\\x80\"}", STRING },
	{ "ill_formed_user_property", "E0 r 00 p{26 s\"n\" s\"\\xC0\\x80\"}", STRING },
};

static bool has_bad_flags(const struct test *t)
{
	return !strncmp(row(t)->id, "flags_", 6);
}

/* That it closes is just as true of a good DISCONNECT. That it says why is asked only for wrong
 * flags: what comes after them need not be looked at by a target that is about to close anyway.
 */
CASE(bad_disconnect,
	.title = "A DISCONNECT with an error in it ends the connection as other bad packets do",
	.refs = { "3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1" }, .level = MUST, .versions = BOTH,
	ROWS(bad_disconnect))
{
	witness(t);
	struct peer *client = join(t, "client");
	send_row(client);
	expect_violation_closed(client, .quiet = !has_bad_flags(t));
}

/* A target of 5.0 need not notice the error. Then it was a good DISCONNECT, which deletes the Will. */
static void prefer_will(struct test *t, struct peer *watcher)
{
	judging(t, "5.0:U50-WILL-CAUSES");
	if (isnan(wait_packet_ms(watcher, PUBLISH, PATIENCE_MS)))
		nonstrict(t, "taken for a good DISCONNECT, which deletes the Will");
	else
		expect_message(watcher, .topic = "left/w", .payload = "Will");
}

/* The flags a server has to check [MQTT-3.14.1-1], and in 3.1.1 the rest as well. */
CASE(bad_disconnect_will, .title = "A DISCONNECT with an error in it does not delete the Will",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES", "5.0:MQTT-3.1.2-8" }, .level = MUST,
	.versions = BOTH, ROWS(bad_disconnect))
{
	struct peer *watcher = join_watcher(t);
	struct peer *client = join_with_will(t);
	send_row(client);
	wait_closed_ms(client, 1000);
	drop(client);
	judging(t, "3.1.1:MQTT-3.1.2-8");
	judging(t, "5.0:MQTT-3.1.2-8");
	if (is_v5(t) && !has_bad_flags(t))
		prefer_will(t, watcher);
	else
		expect_message(watcher, .topic = "left/w", .payload = "Will");
}

static const struct vector reserved_codes[] = {
	{ "0x01", "E0 01 01", .codes = { 0x82, 0x81 } },
	{ "0x05", "E0 01 05", .codes = { 0x82, 0x81 } },
	{ "0x18", "E0 01 18", .codes = { 0x82, 0x81 } },
	{ "0x7f", "E0 01 7F", .codes = { 0x82, 0x81 } },
	{ "0x84", "E0 01 84", .codes = { 0x82, 0x81 } },
	{ "0xa3", "E0 01 A3", .codes = { 0x82, 0x81 } },
	{ "0xff", "E0 01 FF", .codes = { 0x82, 0x81 } },
	{ "of_server_0x87", "E0 01 87", .codes = { 0x82, 0x81 } },
	{ "of_server_0x8b", "E0 01 8B", .codes = { 0x82, 0x81 } },
	{ "of_server_0x8d", "E0 01 8D", .codes = { 0x82, 0x81 } },
	{ "of_server_0x8e", "E0 01 8E", .codes = { 0x82, 0x81 } },
	{ "of_server_0x9c", "E0 01 9C", .codes = { 0x82, 0x81 } },
	{ "of_server_0xa0", "E0 01 A0", .codes = { 0x82, 0x81 } },
};

/* Only code 0 deletes the Will, whatever a target makes of the others. */
CASE(reserved_codes,
	.title = "A DISCONNECT with a code that no client may send does not delete the Will",
	.refs = { "5.0:U50-DISC-WILL", "5.0:MQTT-3.1.2-8", "5.0:MQTT-3.14.2-1" }, .level = STATED,
	.versions = V50, ROWS(reserved_codes))
{
	struct peer *watcher = join_watcher(t);
	struct peer *client = join_with_will(t);
	judging(t, "5.0:MQTT-3.14.2-1");
	send_row(client);
	expect_violation_closed(client);
	judging(t, "5.0:U50-DISC-WILL");
	expect_message(watcher, .topic = "left/w", .payload = "Will");
}

/* ---- DISCONNECT from the server ------------------------------------------------------------ */

/*   client                    target
 *   SUBSCRIBE, no filter -->
 *                        <--  DISCONNECT with a code of an error, if it says one
 *                        <--  close, and nothing between
 */
CASE(disconnect_of_the_server, .title = "A server that sends DISCONNECT closes and sends no more",
	.refs = { "5.0:MQTT-3.14.4-2", "5.0:MQTT-3.14.4-1", "5.0:MQTT-3.14.2-2",
		"5.0:MQTT-4.13.2-1" },
	.level = MUST, .versions = V50)
{
	struct peer *client = join(t, "client");
	send_template(client, "82 r m1 p{}");
	send_pingreq(client);
	wait_packet_ms(client, PINGRESP, PATIENCE_MS);
	require(t, has_packet(client, DISCONNECT), "the target sends no DISCONNECT");
	struct packet goodbye = expect(client, DISCONNECT);
	judging(t, "5.0:MQTT-3.14.2-2");
	check_in(t, goodbye, !properties_find(&goodbye.properties, 0x11),
		"no Session Expiry Interval");
	judging(t, "5.0:MQTT-4.13.2-1");
	check_in(t, goodbye, goodbye.code >= 0x80, "the code is that of an error");
	judging(t, "5.0:MQTT-3.14.4-2");
	expect_closed(client);
	judging(t, "5.0:MQTT-3.14.4-1");
	check_absent(client, PINGRESP, "nothing after DISCONNECT");
}

/* ---- the Session Expiry Interval ----------------------------------------------------------- */

static const struct maybe no_session[] = { { .set = false }, SET(0) };

enum { LATE_MS = 8000 /* after which a session has ended that ends late */ };

static bool finds_session(struct test *t, const char *name)
{
	struct peer *client = dial(t, name);

	send_connect(client, .kept = true, .expiry = SET(0));
	bool found = expect_accepted(client).ack_flags & 1;
	leave(client);
	return found;
}

/* A target that does not notice deletes the Will as by any DISCONNECT, which is its own affair; but it
 * must not keep the session for it.
 *
 *   client                    target                  watcher
 *   CONNECT, expiry 0    -->
 *   DISCONNECT, 60       -->
 *                        <--  DISCONNECT 0x82, close
 *                                          -->  PUBLISH, the Will: that was no DISCONNECT
 *   CONNECT              -->
 *                        <--  CONNACK, Session Present 0
 */
CASE(session_expiry_raised,
	.title = "A DISCONNECT that raises the Session Expiry Interval from 0 is none",
	.refs = { "5.0:U50-DISC-EXPIRY-RAISE", "5.0:U50-WILL-CAUSES" }, .level = STATED,
	.versions = V50)
{
	for (unsigned i = 0; i < 2; i++) {
		struct peer *last = join(t, "last", .expiry = no_session[i]);
		misbehave(last);
		send_disconnect(last, .props = PROPS(P_SESSION_EXPIRY(60)));
		struct peer *watcher = join_watcher(t);
		struct peer *client = join(t, "client", .expiry = no_session[i],
			.will = { .topic = "left/w", .payload = "Will", .qos = 1 });

		judging(t, "5.0:U50-DISC-EXPIRY-RAISE");
		misbehave(client);
		send_disconnect(client, .props = PROPS(P_SESSION_EXPIRY(60)));
		expect_violation_closed(client, .codes = { 0x82 });
		drop(client);
		drop(last);
		prefer_will(t, watcher);

		judging(t, "5.0:U50-DISC-EXPIRY-RAISE");
		if (!finds_session(t, "client"))
			continue;
		let_pass(t, LATE_MS);
		check(t, !finds_session(t, "last"), "the session ends, though not at once",
			"CONNACK says Session Present 1 %d ms later", LATE_MS);
		nonstrict(t, "the session does not end with its connection, but some time later");
	}
}

CASE(session_expiry_replaced,
	.title = "A DISCONNECT may replace one Session Expiry Interval by another, or keep it",
	.refs = { "5.0:U50-DISC-EXPIRY", "5.0:MQTT-3.1.2-23" }, .level = STATED, .versions = V50)
{
	struct peer *client = join(t, "client", .expiry = SET(60));
	subscribe(client, .filter = "left/t", .qos = offers(t)->maximum_qos > 0);
	leave(client, .props = PROPS(P_SESSION_EXPIRY(300)));
	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
	leave(client, .code = SET(0));

	client = dial(t, "client");
	send_connect(client, .kept = true);
	expect_resumed(client);
}

CHAPTER(disconnect, "DISCONNECT", &case_disconnect_closes, &case_publish_behind_disconnect,
	&case_requests_behind_disconnect, &case_normal_disconnect, &case_disconnect_then_reset,
	&case_disconnect_with_will, &case_bad_disconnect, &case_bad_disconnect_will,
	&case_reserved_codes, &case_disconnect_of_the_server, &case_session_expiry_raised,
	&case_session_expiry_replaced);
