/* TLS between the stream and another channel: OpenSSL does no I/O.
 *
 *      input ──▶ in ──▶ [ SSL ] ──▶ inner->input          the bytes between stream and SSL are a
 *      output ◀── out ◀── [     ] ◀── inner->output       matter of tls_bio
 *
 * Nothing is encrypted before what was has been written, so that little waits here: backpressure is a matter
 * of the link.
 */
#include "broker/shell/tls_channel.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "broker/shell/channel.h"
#include "broker/shell/connection.h"
#include "broker/shell/tls.h"
#include "broker/shell/tls_bio.h"

enum {
	RECORD_BYTES = 16 * 1024,
	BATCH_BYTES = 64 * 1024, /* encrypted at a time */
	PIECES = 64,
};

struct tls_state {
	SSL *ssl;
	struct tls *tls;
	struct tls_bio bytes;
	const char *identity; /* of the key that the client has; NULL: none */
};

static struct tls_state *state_of(const struct connection *c)
{
	return connection_state((struct connection *)(uintptr_t)c);
}

static const struct channel *inner_of(const struct connection *c)
{
	return c->entrance->inner;
}

/* ---- input --------------------------------------------------------------------------------- */

static bool tls_open(struct connection *c)
{
	struct tls_state *s = state_of(c);

	s->tls = tls_hold(c->entrance->tls);
	tls_bio_init(&s->bytes);
	s->ssl = SSL_new(s->tls->context);
	BIO *bio = s->ssl ? BIO_new(s->tls->method) : NULL;
	if (!bio)
		return false;
	BIO_set_data(bio, &s->bytes);
	SSL_set_bio(s->ssl, bio, bio);
	if (s->tls->psk && !SSL_set_app_data(s->ssl, &s->identity))
		return false;
	SSL_set_accept_state(s->ssl);
	return !inner_of(c)->open || inner_of(c)->open(c);
}

/* Why it has failed, in OpenSSL's words or X.509's. */
static const char *failure(const struct tls_state *s)
{
	long verified = SSL_get_verify_result(s->ssl);
	unsigned long error = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(error);

	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	return reason ? reason : "the peer breaks off";
}

static bool fail(struct connection *c)
{
	struct connections *all = c->entrance->all;

	log_line(all->log, LOG_NOTICE, "connection %u: TLS: %s", c->number, failure(state_of(c)));
	ERR_clear_error();
	return false;
}

/* Whether it is only that there is no more input. */
static bool wants_more(const struct tls_state *s, int result)
{
	return SSL_get_error(s->ssl, result) == SSL_ERROR_WANT_READ;
}

/* All that SSL makes of the input. `*most`: bytes of `plain` that were used. */
static bool read_plain(struct connection *c, uint8_t plain[static RECORD_BYTES], size_t *most)
{
	struct tls_state *s = state_of(c);

	for (;;) {
		ERR_clear_error();
		int n = SSL_read(s->ssl, plain, RECORD_BYTES);
		if (n > 0) {
			*most = (size_t)n > *most ? (size_t)n : *most;
			if (!inner_of(c)->input(c, plain, (size_t)n))
				return false;
			continue;
		}
		if (wants_more(s, n))
			return true;
		if (SSL_get_error(s->ssl, n) != SSL_ERROR_ZERO_RETURN)
			return fail(c);
		/* It has said goodbye: the link ends with that, unless it does so already. */
		s->bytes.in_len = 0;
		return link_ends(c->link);
	}
}

/* There may be a password in it, or a part of one. */
static bool take_plain(struct connection *c)
{
	uint8_t plain[RECORD_BYTES];
	size_t most = 0;
	bool ok = read_plain(c, plain, &most);

	explicit_bzero(plain, most);
	return ok;
}

static bool tls_input(struct connection *c, void *data, size_t len)
{
	struct tls_state *s = state_of(c);
	bool ok = true;

	s->bytes.in = data;
	s->bytes.in_len = len;
	if (!SSL_is_init_finished(s->ssl)) {
		ERR_clear_error();
		int result = SSL_do_handshake(s->ssl);
		ok = result == 1 || wants_more(s, result) || fail(c);
	}
	if (ok && SSL_is_init_finished(s->ssl))
		ok = take_plain(c);
	s->bytes.in = NULL;
	s->bytes.in_len = 0;
	if (tls_bio_pending(&s->bytes))
		link_mark(c->link);
	return ok;
}

/* ---- output -------------------------------------------------------------------------------- */

static bool encrypt(struct connection *c, const void *data, size_t len)
{
	ERR_clear_error();
	c->broken |= SSL_write(state_of(c)->ssl, data, (int)len) != (int)len;
	return !c->broken;
}

/* One record of small pieces, or as much of a large one as a record has; returns its size. */
static size_t record_take(struct connection *c)
{
	struct broker_piece pieces[PIECES];
	uint8_t plain[RECORD_BYTES];
	size_t n = inner_of(c)->output(c, pieces, PIECES), len = 0;

	if (n && pieces[0].len >= RECORD_BYTES)
		return encrypt(c, pieces[0].data, RECORD_BYTES) ? RECORD_BYTES : 0;
	for (size_t i = 0; i < n && len < RECORD_BYTES; i++) {
		size_t room = RECORD_BYTES - len;
		size_t part = pieces[i].len < room ? pieces[i].len : room;
		memcpy(plain + len, pieces[i].data, part);
		len += part;
	}
	return len && encrypt(c, plain, len) ? len : 0;
}

static void batch_take(struct connection *c)
{
	struct tls_state *s = state_of(c);
	size_t n;

	if (!SSL_is_init_finished(s->ssl))
		return;
	for (size_t taken = 0; taken < BATCH_BYTES && (n = record_take(c)); taken += n)
		inner_of(c)->written(c, n);
}

static size_t tls_output(struct connection *c, struct broker_piece *pieces, size_t most)
{
	struct tls_state *s = state_of(c);

	(void)most;
	if (!tls_bio_pending(&s->bytes))
		batch_take(c);
	if (!tls_bio_pending(&s->bytes))
		return 0;
	*pieces = (struct broker_piece){ s->bytes.out.data + s->bytes.sent,
		tls_bio_pending(&s->bytes) };
	return 1;
}

static void tls_written(struct connection *c, size_t bytes)
{
	tls_bio_written(&state_of(c)->bytes, bytes);
	if (!bytes) /* what is inside has to wait for that */
		inner_of(c)->written(c, 0);
}

static bool tls_pending(const struct connection *c)
{
	const struct tls_state *s = state_of(c);

	return tls_bio_pending(&s->bytes) ||
		(SSL_is_init_finished(s->ssl) && inner_of(c)->pending(c));
}

static void tls_finish(struct connection *c)
{
	struct tls_state *s = state_of(c);

	if (!SSL_is_init_finished(s->ssl))
		return;
	if (inner_of(c)->finish)
		inner_of(c)->finish(c);
	batch_take(c);
	ERR_clear_error();
	SSL_shutdown(s->ssl);
}

static void tls_close(struct connection *c)
{
	struct tls_state *s = state_of(c);

	if (inner_of(c)->close)
		inner_of(c)->close(c);
	SSL_free(s->ssl);
	tls_bio_fini(&s->bytes);
	tls_drop(s->tls);
}

const struct channel channel_tls = {
	.name = "tls",
	.state_bytes = sizeof(struct tls_state),
	.open = tls_open,
	.input = tls_input,
	.output = tls_output,
	.written = tls_written,
	.pending = tls_pending,
	.finish = tls_finish,
	.close = tls_close,
};

/* ---- names --------------------------------------------------------------------------------- */

static bool add_common_name(X509_NAME *subject, struct buf *name)
{
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;

	if (at < 0)
		return false;
	const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, at);
	int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
	bool ok = len > 0 && !memchr(text, 0, (size_t)len) && buf_add(name, text, (size_t)len);
	OPENSSL_free(text);
	return ok;
}

static bool add_subject(X509_NAME *subject, struct buf *name)
{
	BIO *text = BIO_new(BIO_s_mem());
	char *data;
	bool ok = text && X509_NAME_print_ex(text, subject, 0, XN_FLAG_RFC2253) > 0;
	long len = ok ? BIO_get_mem_data(text, &data) : 0;

	ok = len > 0 && buf_add(name, data, (size_t)len);
	BIO_free(text);
	return ok;
}

bool tls_channel_user(struct connection *c, struct buf *name)
{
	const struct tls_state *s = state_of(c);

	if (s->tls->psk)
		return s->identity && buf_add(name, s->identity, strlen(s->identity));
	X509 *certificate = SSL_get0_peer_certificate(s->ssl);
	X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;

	if (!subject)
		return false;
	return s->tls->subject_as_user ? add_subject(subject, name)
				       : add_common_name(subject, name);
}
