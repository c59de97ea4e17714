/* Errors, 4.8 of 3.1.1 and 4.13 of 5.0: they cost the client at fault its connection, and nobody else
 * anything.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/case.h"

#define CLOSES .refs = { "3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1" }

/*   client at fault           target            subscriber
 *   PUBLISH retained     -->
 *   SUBSCRIBE            -->
 *   (malformed packet)   -->
 *                        <--  close
 *                                        -->  its messages, live and retained, as before
 *   CONNECT, resumes     -->
 *                        <--  its messages, as before; perhaps the last one again
 */
CASE(error_leaves_state,
	.title = "A malformed packet ends one connection and leaves sessions and retained messages "
		 "alone",
	.refs = { "3.1.1:MQTT-4.8.0-1", "3.1.1:U311-RETAIN-KEEP", "5.0:MQTT-4.13.1-1",
		"5.0:MQTT-3.1.2-23" },
	.level = MUST, .versions = BOTH)
{
	require_offer(t, OFFER_RETAIN);
	witness(t);
	struct peer *sub = join(t, "subscriber");
	subscribe(sub, .filter = "x/+", .qos = 1);
	struct peer *client = join(t, "client", .kept = true, .clean = true);
	subscribe(client, .filter = "x/+", .qos = 1);
	publish_retained(client, .topic = "x/kept", .payload = "kept", .qos = 1);
	expect_message(client, .payload = "kept");
	expect_message(sub, .payload = "kept");
	fence(client);

	send_template(client, "36 r t\"x/bad\" m9 p{} b\"bad\"");
	expect_violation_closed(client, .codes = { 0x81, 0x82 });
	require(t, !is_open(client), "the target puts up with the packet");

	struct peer *pub = join(t, "publisher");
	publish(pub, .topic = "x/after", .payload = "after", .qos = 1);
	expect_message(sub, .topic = "x/after", .payload = "after");
	client = join(t, "client", .kept = true, .resumed = true);
	struct packet m = expect_message(client);
	if (bytes_equal(m.payload, BYTES("kept")))
		m = expect_message(client);
	check_text(t, m.payload, "after");
	struct peer *later = join(t, "later");
	subscribe(later, .filter = "x/kept", .qos = 1);
	expect_message(later, .topic = "x/kept", .payload = "kept", .retain = SET(1));
}

enum { CROWD = 40, SILENT = 30, PATIENCE_MS = 2000 };

CASE(many_malformed_connects,
	.title = "Many malformed connections in a row are closed, and the next client is served",
	CLOSES, .level = MUST, .versions = BOTH)
{
	static const char *const packets[] = { "10 r s\"MQTT\" 04 02 n0", "10 FF FF FF FF FF",
		"20 02 00 00", "10 r s\"MQTT\" 04 03 n0 c", "00 00", "10 r s\"MQXX\" 04 02 n0 c" };
	struct peer *clients[CROWD]; /* waited for together: some targets take their time */
	witness(t);
	for (unsigned i = 0; i < CROWD; i++) {
		clients[i] = dial(t, "client");
		send_template(clients[i], packets[i % 6]);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		if (!is_v5(t)) {
			expect_closed(clients[i]);
		} else if (!gets_closed(clients[i])) {
			nonstrict(t, "the target puts up with a malformed connection");
			break;
		}
	}
	fence(join(t, "next"));
}

CASE(many_malformed_packets,
	.title = "Clients that break the rules one after the other disturb nobody", CLOSES,
	.level = MUST, .versions = BOTH)
{
	static const char *const packets[] = { "82 r m1 p{}", "36 r t\"a\" m1 p{} b\"x\"",
		"80 r m1 p{} t\"a\" 00", "30 r s\"\" p{} b\"x\"" };
	witness(t);
	for (unsigned i = 0; i < CROWD; i++) {
		struct peer *client = join(t, "client");
		send_template(client, packets[i % 4]);
		expect_violation_closed(client, .quiet = true);
		if (is_open(client))
			break;
	}
}

/* Connections that say nothing, and some that stop in the middle of their first packet. */
CASE(half_open_connections,
	.title = "Connections that never finish their first packet keep nobody from being served",
	.refs = { "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-3.1.4-5" }, .level = MUST, .versions = BOTH)
{
	static const char *const beginnings[] = { "10", "10 FF", "10 20 0004 4D51", "10 80 80" };
	witness(t);
	for (unsigned i = 0; i < SILENT; i++) {
		struct peer *silent = dial(t, "silent");
		if (i % 5)
			send_template(silent, beginnings[i % 5 - 1]);
	}
	struct peer *client = dial(t, "client");
	send_connect(client);
	expect_accepted(client);
	subscribe(client, .filter = "x/t", .qos = 1);
	publish(client, .topic = "x/t", .payload = "m", .qos = 1);
	expect_message(client, .payload = "m");
}

#define NOT_MQTT .refs = { "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1" }, .incomplete = true

/* Long enough that each holds a whole packet by the Remaining Length that its second byte is. */
static const struct vector not_mqtt[] = {
	{ "http",
		"b\"GET / HTTP/1.1\\x0D\\x0AHost: localhost\\x0D\\x0AUser-Agent: some browser or "
		"other, "
		"with a name as long as they have it\\x0D\\x0A\\x0D\\x0A\"",
		NOT_MQTT },
	{ "tls",
		"16 03 01 00C8 01 0000C4 0303 5A*32 20 A5*32 003E 1302 1303 1301 C02C C030 009F*20 "
		"00*80",
		NOT_MQTT },
	{ "ssh", "b\"SSH-2.0-OpenSSH_9.2\\x0D\\x0A\" 00*120", NOT_MQTT },
	{ "zeros", "00*64", NOT_MQTT },
	{ "ones", "FF*64", NOT_MQTT },
	{ "text", "b\"hello, is there anybody on this port?\\x0A\" 41*128", NOT_MQTT },
};

CASE(not_mqtt, .title = "A connection whose first bytes are another protocol's is closed",
	.refs = { "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.1.0-1" }, .level = MUST, .versions = BOTH,
	ROWS(not_mqtt))
{
	witness(t);
	struct peer *stranger = dial(t, "stranger");
	send_row(stranger);
	expect_violation_closed(stranger);
}

/* How long is reasonable the standard leaves open. */
CASE(no_connect, .title = "A connection on which no CONNECT comes is closed in reasonable time",
	.refs = { "3.1.1:U311-CONNECT-WAIT", "5.0:U50-CONNECT-WAIT" }, .level = SHOULD,
	.versions = BOTH, .budget_ms = PATIENCE_MS)
{
	struct peer *silent = dial(t, "silent");
	hang(silent);
	double closed_ms = wait_closed_ms(silent, PATIENCE_MS);
	if (isnan(closed_ms))
		observe(t, "still open after %d s", PATIENCE_MS / 1000);
	else
		observe(t, "closed after %.0f ms", closed_ms);
}

CHAPTER(errors, "Errors and those around them", &case_error_leaves_state,
	&case_many_malformed_connects, &case_many_malformed_packets, &case_half_open_connections,
	&case_not_mqtt, &case_no_connect);
