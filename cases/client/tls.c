/* MQTT over TLS: whom a client trusts, and what becomes of a connection whose TLS does not come about, or breaks. The
 * standard leaves TLS to its own specifications, and chapter 5, on security, is not normative: what MQTT itself demands
 * can be a `fail`, everything else is `nonstrict` at most.
 */
#include "harness/client_case.h"

#include <math.h>

#define TLS_RULES "3.1.1:UALL-TLS-RULES", "5.0:UALL-TLS-RULES"

/* The attempt is over, and the client has told its user so. */
static void expect_given_up(struct test *t, unsigned command)
{
	struct told told = expect_answer(t, command);

	check(t, told.kind != TOLD_CONNECTED, "an error for the user",
		"the user is told of a connection");
}

/* ---- whom it trusts ------------------------------------------------------------------------ */

struct untrusted {
	enum pki_pair pair;
	const char *what;
};

static const struct vector untrusted_rows[] = {
	{ .id = "expired",
		.title = "No MQTT goes to a server whose certificate has expired",
		.extra =
			&(const struct untrusted){ PKI_SERVER_EXPIRED, "an expired certificate" } },
	{ .id = "early",
		.title = "No MQTT goes to a server whose certificate is not valid yet",
		.extra = &(const struct untrusted){ PKI_SERVER_EARLY,
			"a certificate that is not valid yet" } },
	{ .id = "foreign",
		.title = "No MQTT goes to a server with a certificate of a CA that is not trusted",
		.extra = &(const struct untrusted){ PKI_SERVER_FOREIGN,
			"a certificate of another CA" } },
	{ .id = "elsewhere",
		.title = "No MQTT goes to a server whose certificate is for another name",
		.extra = &(const struct untrusted){ PKI_SERVER_ELSEWHERE,
			"a certificate for another name" } },
	{ .id = "alone",
		.title = "No MQTT goes to a server whose certificate is signed by itself",
		.extra = &(const struct untrusted){ PKI_SERVER_ALONE,
			"a certificate that is signed by itself" } },
};

/*   client                    we
 *   ClientHello          -->
 *                        <--  ServerHello, a certificate that is no good
 *   alert, or the end    -->
 */
CLIENT_CASE(client_distrusts,
	.title = "A client sends no MQTT to a server that does not prove who it is",
	.refs = { TLS_RULES }, .level = SHOULD, .versions = BOTH, .over = OVER_TLS,
	ROWS(untrusted_rows))
{
	const struct untrusted *u = row(t)->extra;

	show_certificate(t, u->pair);
	unsigned command = do_connect(t);
	struct handshake h = await_handshake(t);
	if (h.peer) {
		check(t, !sends_connect(h.peer, command), "no CONNECT",
			"CONNECT to a server with %s", u->what);
		drop(h.peer);
	}
	expect_given_up(t, command);
}

/* The control of those above: it is the certificate that was no good. */
CLIENT_CASE(client_trusts_again,
	.title = "A client that has met a server it does not trust connects to one that it does",
	.refs = { TLS_RULES }, .level = SHOULD, .versions = BOTH, .over = OVER_TLS)
{
	show_certificate(t, PKI_SERVER_FOREIGN);
	unsigned command = do_connect(t);
	struct handshake h = await_handshake(t);
	require(t, !h.peer, "the client trusts a certificate of another CA");
	expect_given_up(t, command);
	show_certificate(t, PKI_SERVER);
	command = do_connect(t);
	h = await_handshake(t);
	check(t, h.peer, "a connection", "none: %s", h.fault);
	need(h.peer, CONNECT);
	send_connack(h.peer);
	fence(h.peer);
}

CLIENT_CASE(client_server_name,
	.title = "A client looks for the name in the certificate that its user has given",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH, .over = OVER_TLS)
{
	show_certificate(t, PKI_SERVER_ELSEWHERE);
	unsigned command = do_connect(t, .server_name = "elsewhere.test");
	struct handshake h = await_handshake(t);
	judging_as_asked(t);
	check(t, h.peer && sends_connect(h.peer, command), "CONNECT to elsewhere.test", "none: %s",
		h.fault ? h.fault : "the client does not go on");
	if (!tls_of(h.peer)->server_name)
		observe(t, "the client does not say which server it looks for (SNI)");
}

CLIENT_CASE(client_shows_certificate,
	.title =
		"A client shows the certificate that its user has given, where it is asked for one",
	.refs = { AS_ASKED }, .level = STATED, .versions = BOTH, .over = OVER_TLS)
{
	want_certificate(t);
	unsigned command = do_connect(t, .shows_certificate = true);
	struct handshake h = await_handshake(t);
	judging_as_asked(t);
	check(t, h.peer && sends_connect(h.peer, command), "a certificate, and CONNECT",
		"neither: %s", h.fault ? h.fault : "the client does not go on");
	check(t, tls_of(h.peer)->has_certificate, "a certificate", "none");
}

/* ---- which TLS ----------------------------------------------------------------------------- */

static const char *const names[] = { "1.0", "1.1", "1.2", "1.3" };

/* RFC 8996 has retired what is older than 1.2. */
CLIENT_CASE(client_tls_versions, .title = "Which versions of TLS the client speaks",
	.refs = { TLS_RULES }, .level = SHOULD, .versions = BOTH, .over = OVER_TLS)
{
	const char *lowest = NULL, *highest = NULL;

	for (int version = TLS_1_3; version >= TLS_1_0; version--) {
		speak_tls(t, (enum tls_version)version);
		unsigned command = do_connect(t);
		struct handshake h = await_handshake(t);
		if (h.peer) {
			lowest = names[version - TLS_1_0];
			highest = highest ? highest : lowest;
			if (sends_connect(h.peer, command)) {
				need(h.peer, CONNECT);
				send_connack(h.peer);
				expect_answer(t, command);
			}
			client_loses(h.peer);
		} else {
			expect_given_up(t, command);
		}
	}
	require(t, lowest, "the client shakes hands in no version of TLS");
	observe(t, "the client speaks TLS %s to %s", lowest, highest);
}

/* ---- no TLS -------------------------------------------------------------------------------- */

static const struct bytes in_the_clear = BYTES("\x20\x09\0\0\x06\x22\0\x0A\x21\0\x14");
static const struct bytes http = BYTES("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
static const struct bytes noise = BYTES("\xFF\xFE\xFD\xFC\xFB\xFA\xF9\xF8\xF7\xF6\xF5\xF4");
static const struct bytes alert = BYTES("\x15\x03\x03\x00\x02\x02\x28");

static const struct vector strangers[] = {
	{ .id = "mqtt",
		.title = "A CONNACK in the clear ends the attempt",
		.extra = &in_the_clear },
	{ .id = "http", .title = "An answer of HTTP ends the attempt", .extra = &http },
	{ .id = "noise", .title = "Bytes without a meaning end the attempt", .extra = &noise },
	{ .id = "alert", .title = "A fatal alert ends the attempt", .extra = &alert },
};

/* An answer that is no TLS, to which a client has nothing more to say. */
CLIENT_CASE(client_no_tls, .title = "A client gives up where the server answers with no TLS",
	.refs = { TLS_RULES }, .level = SHOULD, .versions = BOTH, .over = OVER_TLS, ROWS(strangers))
{
	unsigned command = do_connect(t);
	struct peer *server = accept_bare(t);

	send_bytes(server, *(const struct bytes *)row(t)->extra);
	expect_closed(server);
	expect_given_up(t, command);
}

static const struct vector cuts[] = {
	{ .id = "closed", .title = "An end of the connection in the handshake ends the attempt" },
	{ .id = "reset",
		.title = "A reset of the connection in the handshake ends the attempt",
		.extra = "reset" },
};

CLIENT_CASE(client_cut_handshake, .title = "A client gives up where the TLS handshake breaks off",
	.refs = { TLS_RULES }, .level = SHOULD, .versions = BOTH, .over = OVER_TLS, ROWS(cuts))
{
	unsigned command = do_connect(t);
	struct peer *server = accept_bare(t);

	if (row(t)->extra)
		abort_connection(server);
	else
		drop(server);
	expect_given_up(t, command);
}

/* ---- the end of TLS ------------------------------------------------------------------------ */

/*   client                                we
 *   CONNECT, PUBLISH at QoS 1        -->
 *                                    <--  bytes that are no TLS
 *   the end; CONNECT, Clean Start 0  -->
 *                                    <--  CONNACK, Session Present 1
 *   PUBLISH, DUP 1                   -->
 */
static void resumes_after(struct test *t, void (*spoil)(struct peer *server))
{
	struct peer *server = admit(t, .kept = true);

	do_publish(t, .topic = "tls/t", .payload = "broken", .qos = 1);
	struct packet first = need(server, PUBLISH);
	spoil(server);
	client_loses(server); /* whether it closes first is no matter of what is sent again */
	server = admit(t, .kept = true, .resumed = true);
	struct packet again = expect(server, PUBLISH);
	check_eq(t, again.id, first.id);
	send_ack(server, PUBACK, again.id);
	fence(server);
}

static void disturbed(struct peer *server)
{
	disturb(server);
}

static void cut_off(struct peer *server)
{
	cut(server);
}

CLIENT_CASE(client_resumes_after_broken_tls,
	.title = "After bytes that are no TLS, what was under way is sent again",
	.refs = { "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_TLS)
{
	resumes_after(t, disturbed);
}

CLIENT_CASE(client_resumes_without_close_notify,
	.title = "After an end without close_notify, what was under way is sent again",
	.refs = { "3.1.1:MQTT-4.4.0-1", "5.0:MQTT-4.4.0-1" }, .level = MUST, .versions = BOTH,
	.over = OVER_TLS)
{
	resumes_after(t, cut_off);
}

/* RFC 8446, 6.1. Many leave it out, and MQTT has its DISCONNECT. After a Close frame it is for the server to end the
 * connection (RFC 6455, 7.1.1), and TLS with it.
 */
CLIENT_CASE(client_close_notify, .title = "The client ends TLS with close_notify",
	.refs = { TLS_RULES }, .level = SHOULD, .versions = BOTH, .over = OVER_TLS)
{
	struct peer *server = admit(t);

	do_disconnect(t);
	need(server, DISCONNECT);
	expect_closed(server);
	if (!has_close_notify(server) && !has_close_frame(server))
		observe(t, "after DISCONNECT the connection ends without close_notify");
}

CHAPTER(client_tls, "MQTT over TLS, of clients", &case_client_distrusts, &case_client_trusts_again,
	&case_client_server_name, &case_client_shows_certificate, &case_client_tls_versions,
	&case_client_no_tls, &case_client_cut_handshake, &case_client_resumes_after_broken_tls,
	&case_client_resumes_without_close_notify, &case_client_close_notify);
