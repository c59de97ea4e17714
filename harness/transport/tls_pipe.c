#include "harness/transport/tls_pipe.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>

#include "base/arena.h"
#include "harness/transport/outbox.h"
#include "harness/transport/tap.h"
#include "harness/transport/tls_bio.h"
#include "harness/transport/tls_context.h"
#include "harness/transport/tls_facts.h"
#include "harness/transport/tls_words.h"
#include "harness/transport/transport.h"

struct tls_pipe {
	struct pipe pipe; /* first */
	struct pipe *below;
	struct arena *arena;
	SSL *ssl;
	struct outbox out;
	struct tls_bio bio;
	struct tls_facts facts;
	const char *host;     /* whom the other side's certificate has to be for; NULL: anybody */
	const char *distrust; /* why that is not so */
	bool notified;        /* it has said that it ends */
	bool failed;          /* for good: OpenSSL has nothing more to say */
};

static struct tls_pipe *of(const struct pipe *p)
{
	return (struct tls_pipe *)p;
}

/* ---- bytes --------------------------------------------------------------------------------- */

/* Why it has ended: by the last error, unless the pipe below simply has. */
static const char *why(struct tls_pipe *t)
{
	unsigned long error = ERR_peek_error();

	if (t->distrust)
		return t->distrust;
	if (t->bio.ended == PIPE_RESET)
		return "it reset the connection";
	if (t->bio.ended == PIPE_END)
		return "it closed the connection";
	return tls_failure(t->arena, error);
}

/* An end without close_notify is one all the same: who cuts a connection does not say so. */
static ssize_t give_up(struct tls_pipe *t)
{
	t->failed = true;
	if (t->bio.ended == PIPE_AGAIN)
		t->pipe.ended_by = arena_printf(t->arena, "TLS: %s", why(t));
	ERR_clear_error();
	return t->bio.ended == PIPE_END ? PIPE_END : PIPE_RESET;
}

static ssize_t tls_read(struct pipe *p, void *data, size_t size)
{
	struct tls_pipe *t = of(p);

	if (t->failed)
		return PIPE_RESET;
	ERR_clear_error();
	int n = SSL_read(t->ssl, data, size < INT_MAX ? (int)size : INT_MAX);
	int what = SSL_get_error(t->ssl, n);
	outbox_flush(&t->out, t->below); /* what TLS itself had to answer */
	switch (what) {
	case SSL_ERROR_NONE: return n;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return PIPE_AGAIN;
	case SSL_ERROR_ZERO_RETURN: t->notified = true; return PIPE_END;
	default: return give_up(t);
	}
}

/* The sink takes everything, so that nothing but a broken connection keeps this from being done. */
static bool encrypt(void *user, const void *data, size_t size)
{
	struct tls_pipe *t = user;

	ERR_clear_error();
	if (SSL_write(t->ssl, data, (int)size) == (int)size)
		return true;
	give_up(t);
	return false;
}

static ssize_t tls_write(struct pipe *p, const void *data, size_t size)
{
	struct tls_pipe *t = of(p);

	if (t->failed)
		return PIPE_RESET;
	return outbox_write(&t->out, t->below, data, size, SSL3_RT_MAX_PLAIN_LENGTH, encrypt, t);
}

static bool tls_pending(const struct pipe *p)
{
	const struct tls_pipe *t = of(p);

	return !t->failed && (SSL_pending(t->ssl) > 0 || pipe_pending(t->below));
}

/* ---- the end ------------------------------------------------------------------------------- */

static void let_go(struct tls_pipe *t)
{
	SSL_free(t->ssl);
	outbox_fini(&t->out);
	t->pipe.fd = -1;
}

static void tls_close(struct pipe *p)
{
	struct tls_pipe *t = of(p);

	if (!t->failed)
		SSL_shutdown(t->ssl);
	outbox_flush(&t->out, t->below);
	ERR_clear_error();
	pipe_close(t->below);
	let_go(t);
}

static void tls_reset(struct pipe *p)
{
	pipe_reset(of(p)->below);
	let_go(of(p));
}

static void tls_narrow(struct pipe *p)
{
	pipe_narrow(of(p)->below);
}

static bool tls_notified(const struct pipe *p)
{
	return of(p)->notified;
}

static const struct pipe_ops tls_ops = {
	.read = tls_read,
	.write = tls_write,
	.pending = tls_pending,
	.close = tls_close,
	.reset = tls_reset,
	.narrow = tls_narrow,
	.notified = tls_notified,
};

/* ---- handshakes ---------------------------------------------------------------------------- */

/* Keeps in words what is wrong with the certificate first. */
static int look_at_certificate(int good, X509_STORE_CTX *examined)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(examined, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_pipe *t = SSL_get_app_data(ssl);

	if (!good && !t->distrust)
		t->distrust = tls_distrust(t->arena, examined, t->host ? t->host : "us");
	return good;
}

static void keep_secret(const SSL *ssl, const char *line)
{
	const struct tls_pipe *t = SSL_get_app_data(ssl);

	tap_secret(t->pipe.tapped, line);
}

static struct tls_pipe *new_pipe(struct arena *a, struct pipe *below, const struct tls *tls)
{
	struct tls_pipe *t = arena_new(a, struct tls_pipe);

	t->pipe = *below;
	t->pipe.ops = &tls_ops;
	t->below = below;
	t->arena = a;
	outbox_init(&t->out);
	t->bio = (struct tls_bio){ .below = below, .out = &t->out };
	if (below->tapped) /* else the secrets are not even written down */
		SSL_CTX_set_keylog_callback(tls->context, keep_secret);
	t->ssl = SSL_new(tls->context);
	BIO *bio = tls_bio_new(tls->below, &t->bio);
	if (!t->ssl || !bio)
		abort();
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_app_data(t->ssl, t);
	if (SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE)
		SSL_set_verify(t->ssl, SSL_get_verify_mode(t->ssl), look_at_certificate);
	return t;
}

static bool is_address(const char *host)
{
	struct in6_addr unused;

	return inet_pton(AF_INET, host, &unused) == 1 || inet_pton(AF_INET6, host, &unused) == 1;
}

/* Whom to ask for, and whom to believe. An address is no name to ask for (RFC 6066, section 3). */
static void expect_host(struct tls_pipe *t, const struct tls *tls, const char *host)
{
	t->host = tls->files.sni ? tls->files.sni : host;
	if (!t->host)
		return;
	if (is_address(t->host)) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), t->host);
		return;
	}
	SSL_set_tlsext_host_name(t->ssl, t->host);
	SSL_set1_host(t->ssl, t->host);
}

/* All that is to be sent, within the deadline. False: the connection or the time is over. */
static bool send_all(struct tls_pipe *t, int64_t deadline_us)
{
	ssize_t n;

	while ((n = outbox_flush(&t->out, t->below)) == PIPE_AGAIN)
		if (!pipe_await(t->below, POLLOUT, deadline_us))
			return false;
	return n > 0;
}

/* NULL: hands are shaken. */
static const char *shake_hands(struct tls_pipe *t, int64_t deadline_us)
{
	static const char late[] = "the TLS handshake did not end in time";

	for (;;) {
		ERR_clear_error();
		int n = SSL_do_handshake(t->ssl);
		int what = SSL_get_error(t->ssl, n);
		const char *fault = n == 1 || what == SSL_ERROR_WANT_READ ? NULL : why(t);
		bool sent = send_all(t, deadline_us);
		if (fault)
			return t->bio.ended == PIPE_AGAIN || t->distrust
				? fault
				: arena_printf(t->arena, "%s during the TLS handshake", fault);
		if (n == 1)
			return sent ? NULL : "the connection broke during the TLS handshake";
		if (!pipe_await(t->below, POLLIN, deadline_us))
			return late;
	}
}

static void note_facts(struct tls_pipe *t)
{
	const char *name = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);

	t->facts = (struct tls_facts){
		.version = SSL_get_version(t->ssl),
		.server_name = name ? arena_text(t->arena, name) : NULL,
		.has_certificate = SSL_get0_peer_certificate(t->ssl) != NULL,
	};
	t->pipe.tls = &t->facts;
}

static struct pipe *finish(struct tls_pipe *t, int64_t deadline_us, const char **error)
{
	const char *fault = shake_hands(t, deadline_us);

	ERR_clear_error();
	if (!fault) {
		note_facts(t);
		return &t->pipe;
	}
	*error = fault;
	t->failed = true;
	tls_close(&t->pipe);
	return NULL;
}

struct pipe *tls_connect(struct arena *a, struct pipe *below, const struct tls *tls,
	const char *host, int64_t deadline_us, const char **error)
{
	struct tls_pipe *t = new_pipe(a, below, tls);

	SSL_set_connect_state(t->ssl);
	expect_host(t, tls, host);
	return finish(t, deadline_us, error);
}

struct pipe *tls_accept(struct arena *a, struct pipe *below, const struct tls *tls,
	int64_t deadline_us, const char **error)
{
	struct tls_pipe *t = new_pipe(a, below, tls);

	SSL_set_accept_state(t->ssl);
	return finish(t, deadline_us, error);
}
