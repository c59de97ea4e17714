/* Verbs about how a client under test comes in: the certificate that it finds, the WebSocket that it asks for. */
#include "harness/peers/entrance.h"

#include "harness/launch/pki.h"
#include "harness/peers/web.h"
#include "harness/test.h"
#include "harness/transport/tls_facts.h"

/* ---- TLS ----------------------------------------------------------------------------------- */

static void show(struct place at, struct test *t, enum pki_pair pair, const char *ca, int version)
{
	const char *error;

	client_open(at, t);
	const char *pki = t->play->client->pki;
	const struct tls_files files = {
		.ca = ca,
		.cert = pki_certificate(t->arena, pki, pair),
		.key = pki_key(t->arena, pki, pair),
		.version = version,
	};
	if (!entrance_show(t, &files, &error))
		test_end(t, at, VERDICT_ERROR, error);
}

void show_certificate_at(struct place at, struct test *t, enum pki_pair pair)
{
	show(at, t, pair, NULL, 0);
}

void want_certificate_at(struct place at, struct test *t)
{
	show(at, t, PKI_SERVER, pki_ca(t->arena, t->play->client->pki), 0);
}

void speak_tls_at(struct place at, struct test *t, enum tls_version version)
{
	show(at, t, PKI_SERVER, NULL, (int)version);
}

struct handshake await_handshake_at(struct place at, struct test *t)
{
	struct handshake h = { .fault = NULL };

	client_launch(at, t);
	h.peer = entrance_whole(t, client_connection_deadline_us(t), &h.fault);
	if (h.fault)
		test_remark(t, NULL, "a connection did not come about: %s", h.fault);
	else if (!h.peer)
		client_did_not_connect(at, t, NULL);
	return h;
}

struct peer *accept_bare_at(struct place at, struct test *t)
{
	client_launch(at, t);
	struct peer *p = entrance_bare(t, client_connection_deadline_us(t));
	if (!p)
		client_did_not_connect(at, t, NULL);
	return p;
}

const struct tls_facts *tls_of(struct peer *peer)
{
	return peer->pipe->tls;
}

/* ---- WebSocket ----------------------------------------------------------------------------- */

struct upgrade_asked await_upgrade_at(struct place at, struct test *t)
{
	struct upgrade_asked u = { 0 };
	const char *fault = NULL;

	client_launch(at, t);
	u.peer = entrance_asked(t, client_connection_deadline_us(t), &u.request, &fault);
	if (!u.peer)
		client_did_not_connect(at, t, fault);
	t->setting_up++;
	if (u.request.fault)
		test_fail(t, at, "a request for a WebSocket", u.request.fault);
	t->setting_up--;
	return u;
}

struct peer *answer_upgrade_at(
	struct place at, const struct upgrade_asked *asked, struct ws_reply reply)
{
	(void)at;
	entrance_reply(asked->peer, &asked->request, &reply);
	return asked->peer;
}

const struct frame_log *frames_of(struct peer *peer)
{
	return &peer_heard(peer)->frames;
}

/* ---- what comes of it ---------------------------------------------------------------------- */

/* A client that goes on does so at once; one that does not has ended its connection, or tells its user so. */
bool sends_connect_at(struct place at, struct peer *server, unsigned command)
{
	struct test *t = server->test;
	int64_t until_us = test_answer_deadline_us(t);
	bool in_time = true;

	(void)at;
	while (in_time && !server->ended && !peer_arrival(server, SPEC_PACKET(CONNECT)) &&
		!has_answer(t, command))
		in_time = test_pump(t, until_us);
	test_read_ready(t);
	return peer_arrival(server, SPEC_PACKET(CONNECT));
}
