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

/* ---- certificates of clients --------------------------------------------------------------- */

static struct peer *expect_let_in(struct test *t)
{
	struct peer *good = dial_showing(t, "good", CERTIFICATE_GOOD);

	check(t, is_open(good), "a TLS handshake", "none with a good certificate");
	send_connect(good);
	expect_accepted(good);
	return good;
}

CASE(certificate_let_in, .title = "A client with a good certificate is let in and served",
	.refs = { "3.1.1:UALL-CERTIFICATES", "5.0:UALL-CERTIFICATES" }, .level = STATED,
	.versions = BOTH, .over = OVER_TLS, .of_certificates = true)
{
	fence(expect_let_in(t));
}

#define SHOWS(kind)                        \
	.extra = &(const enum certificate) \
	{                                  \
		kind                       \
	}

static const struct vector bad_certificates[] = {
	{ "missing", SHOWS(CERTIFICATE_MISSING) },
	{ "expired", SHOWS(CERTIFICATE_EXPIRED) },
	{ "not_valid_yet", SHOWS(CERTIFICATE_EARLY) },
	{ "of_another_ca", SHOWS(CERTIFICATE_FOREIGN) },
	{ "revoked", SHOWS(CERTIFICATE_REVOKED) },
};

/* In the handshake, after it, or by CONNACK: all are a refusal. The good one shows that it is for the certificate. */
CASE(bad_certificates, .title = "A client without a good certificate is not let in",
	.refs = { "3.1.1:UALL-CERTIFICATES", "5.0:UALL-CERTIFICATES" }, .level = STATED,
	.versions = BOTH, .over = OVER_TLS, .of_certificates = true, ROWS(bad_certificates))
{
	enum certificate shown = *(const enum certificate *)row(t)->extra;
	struct peer *bad = dial_showing(t, "bad", shown);

	fence(expect_let_in(t));
	if (!is_open(bad))
		return;
	send_connect(bad);
	if (is_v5(t))
		expect_one_of(bad,
			OUTCOMES({ CLOSED, .verdict = VERDICT_PASS },
				{ CONNACK, .code = SET(0x87) }, { CONNACK, .code = SET(0x86) },
				{ CONNACK, .code = SET(0x80) }, { CONNACK, .code = SET(0x8A) },
				{ CONNACK, .code = SET(0x83) }));
	else
		expect_one_of(bad,
			OUTCOMES({ CLOSED, .verdict = VERDICT_PASS }, { CONNACK, .code = SET(5) },
				{ CONNACK, .code = SET(4) }));
}

/* ---- what a target does with TLS ----------------------------------------------------------- */

/* 1.0 and 1.1 are out of use (RFC 8996). */
CASE(lowest_tls_version, .title = "The lowest version of TLS is 1.2 or 1.3",
	.refs = { "3.1.1:U311-TRANSIENT-OTHERS", "5.0:U50-TLS-OTHERS" }, .level = SHOULD,
	.versions = BOTH, .over = OVER_TLS)
{
	static const char *const names[] = { "1.0, which is out of use", "1.1, which is out of use",
		"1.2", "1.3" };

	witness(t);
	for (unsigned i = 0; i < 4; i++) {
		struct peer *client = dial_version(t, "client", TLS_1_0 + i);
		if (!is_open(client))
			continue;
		observe(t, "the lowest version of TLS is %s", names[i]);
		return;
	}
	observe(t, "no version of TLS by itself leads to a connection");
}

CASE(close_notify, .title = "TLS is ended, too (close_notify), before the connection is closed",
	.refs = { "3.1.1:U311-DISC-CLOSE", "5.0:U50-DISC-CLOSE" }, .level = SHOULD,
	.versions = BOTH, .over = OVER_TLS)
{
	struct peer *client = join(t, "client");

	send_disconnect(client);
	require(t, !isnan(wait_closed_ms(client, 1000)), "the connection does not end in a second");
	int notified = has_close_notify(client);
	require(t, notified >= 0, "TLS is below a WebSocket, or was reset");
	if (!notified)
		observe(t, "the target closes without close_notify");
}

CHAPTER(tls, "MQTT over TLS", &case_no_tls, &case_cut_handshake, &case_slow_handshake,
	&case_will_without_close_notify, &case_will_on_broken_tls, &case_certificate_let_in,
	&case_bad_certificates, &case_lowest_tls_version, &case_close_notify);
