/* MQTT over TLS: what becomes of those who do not keep to TLS, and of everybody else meanwhile. The standard
 * leaves TLS to its own specifications, so that only what MQTT itself demands can be a `fail`.
 */
#include "harness/case.h"

#include <math.h>

static const struct vector strangers[] = {
	{ .id = "mqtt",
		.title = "A CONNECT in the clear harms nobody else",
		.extra = "\x10\x0C\0\x04MQTT\x04\x02\0\0\0\0" },
	{ .id = "http",
		.title = "A request of HTTP harms nobody else",
		.extra = "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
	{ .id = "noise",
		.title = "Bytes without a meaning harm nobody else",
		.extra = "\xFF\xFE\xFD\xFC\xFB\xFA\xF9\xF8\xF7\xF6\xF5\xF4\xF3\xF2" },
};

enum { STRANGE_BYTES = 14 };

CASE(no_tls, .title = "Bytes that are no TLS harm nobody else",
	.refs = { "3.1.1:U311-TRANSIENT-OTHERS", "5.0:U50-TLS-OTHERS" }, .level = SHOULD,
	.versions = BOTH, .over = OVER_TLS, ROWS(strangers))
{
	witness(t);
	struct peer *stranger = dial_bare(t, "stranger");
	send_bytes(stranger, ((struct bytes){ row(t)->extra, STRANGE_BYTES }));
	if (isnan(wait_closed_ms(stranger, 1000)))
		observe(t, "the connection without TLS is still there after a second");
}

/* The head of a record of 512 bytes, and the beginning of a ClientHello. */
static const struct bytes half_hello =
	BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03half a hello");

CASE(cut_handshake, .title = "A TLS handshake that breaks off harms nobody else",
	.refs = { "3.1.1:U311-TRANSIENT-OTHERS", "5.0:U50-TLS-OTHERS" }, .level = SHOULD,
	.versions = BOTH, .over = OVER_TLS)
{
	witness(t);
	for (unsigned i = 0; i < 4; i++) {
		struct peer *half = dial_bare(t, "half");
		send_bytes(half, half_hello);
		if (i & 1)
			abort_connection(half);
		else
			drop(half);
	}
	struct peer *other = expect_connection(t, "other");
	send_connect(other);
	expect_accepted(other);
}

/*   slow                      target                  other
 *   half a ClientHello   -->
 *                                          <--  a whole handshake, CONNECT, PINGREQ
 *                                          -->  CONNACK, PINGRESP
 */
CASE(slow_handshake, .title = "Others are served while a TLS handshake is under way",
	.refs = { "3.1.1:U311-TRANSIENT-OTHERS", "5.0:U50-TLS-OTHERS" }, .level = SHOULD,
	.versions = BOTH, .over = OVER_TLS)
{
	struct peer *slow = dial_bare(t, "slow");
	send_bytes(slow, half_hello);
	struct peer *other = expect_connection(t, "other");
	send_connect(other);
	expect_accepted(other);
	fence(other);
}

static struct peer *watch(struct test *t)
{
	struct peer *watcher = join(t, "watcher");

	subscribe(watcher, .filter = "tls/will", .qos = 1);
	return watcher;
}

CASE(will_without_close_notify,
	.title = "An end of the connection without close_notify leads to the Will",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES" }, .level = MUST,
	.versions = BOTH, .over = OVER_TLS)
{
	struct peer *watcher = watch(t);
	struct peer *client =
		join(t, "client", .will = { .topic = "tls/will", .payload = "cut", .qos = 1 });

	cut(client);
	wait_closed_ms(client, 1000); /* it is for the target to close; after that it is for us */
	abort_connection(client);
	expect_message(watcher, .topic = "tls/will", .payload = "cut");
}

/* TLS ends with a fatal alert (RFC 8446, 6.2), and MQTT without a DISCONNECT. */
CASE(will_on_broken_tls,
	.title = "Bytes that are no TLS in the middle of a connection lead to the Will",
	.refs = { "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-8", "5.0:U50-WILL-CAUSES" }, .level = MUST,
	.versions = BOTH, .over = OVER_TLS)
{
	struct peer *watcher = watch(t);
	struct peer *client =
		join(t, "client", .will = { .topic = "tls/will", .payload = "broken", .qos = 1 });

	fence(client);
	disturb(client);
	wait_closed_ms(client, 1000);
	abort_connection(client);
	expect_message(watcher, .topic = "tls/will", .payload = "broken");
}

CHAPTER(tls, "MQTT over TLS", &case_no_tls, &case_cut_handshake, &case_slow_handshake,
	&case_will_without_close_notify, &case_will_on_broken_tls);
