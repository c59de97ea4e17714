#include "client/shell/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>

#include "client/shell/tls_context.h"
#include "client/shell/tls_words.h"

enum { RECORD_MAX = 16384, WRITE_MAX = 4 * RECORD_MAX, WHY_SIZE = 512, PENDING_MAX = 1 << 20 };

struct tls {
	SSL *ssl;
	BIO *in, *out; /* encrypted: what came, and what is to go; the session owns them */
	bool opened;   /* the handshake is done */
	char why[WHY_SIZE];
};

static const char no_memory[] = "no memory for TLS";

static void tls_flush(struct layer *l)
{
	struct tls *t = l->state;
	uint8_t drained[RECORD_MAX];
	char *data;
	long len = BIO_get_mem_data(t->out, &data);
	size_t taken =
		len > 0 ? layer_put(l, (struct mqtt_view){ (uint8_t *)data, (uint32_t)len }) : 0;

	while (taken) {
		int n = BIO_read(t->out, drained,
			taken < sizeof(drained) ? (int)taken : (int)sizeof(drained));
		if (n <= 0)
			return;
		taken -= (size_t)n;
	}
}

/* The last word on a certificate: it names the place while it is known. */
static int on_verified(int ok, X509_STORE_CTX *examined)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(examined, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct layer *l = SSL_get_app_data(ssl);
	struct tls *t = l->state;

	if (ok)
		return ok;
	l->untrusted = true;
	tls_words_distrust(t->why, sizeof(t->why), examined,
		tls_context_name(l->server->tls, l->server->host));
	return ok;
}

/* After an operation that returned no more than 0: NULL if it only waits for bytes. */
static const char *failure(struct tls *t, int result)
{
	int error = SSL_get_error(t->ssl, result);

	if (error == SSL_ERROR_WANT_READ)
		return NULL;
	if (error == SSL_ERROR_ZERO_RETURN)
		return "connection closed by the server";
	if (*t->why)
		ERR_clear_error();
	else
		tls_words_failure(t->why, sizeof(t->why));
	return t->why;
}

static const char *handshake(struct layer *l)
{
	struct tls *t = l->state;

	ERR_clear_error();
	int result = SSL_do_handshake(t->ssl);
	const char *why = result == 1 ? NULL : failure(t, result);
	tls_flush(l); /* an alert, too */
	t->opened = result == 1;
	if (t->opened)
		layer_opened(l);
	return why;
}

static const char *tls_open(struct layer *l)
{
	struct tls *t = l->state;

	t->ssl = tls_context_session(l->server->tls, l->server->host);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		return no_memory;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_app_data(t->ssl, l);
	SSL_set_verify(t->ssl, SSL_VERIFY_PEER, on_verified);
	return handshake(l);
}

static const char *tls_input(struct layer *l, void *data, size_t len)
{
	struct tls *t = l->state;
	uint8_t plain[RECORD_MAX];
	const char *why = NULL;
	int n;

	if (BIO_write(t->in, data, (int)len) != (int)len)
		return no_memory;
	if (!t->opened)
		why = handshake(l);
	if (why || !t->opened)
		return why;
	ERR_clear_error();
	while ((n = SSL_read(t->ssl, plain, sizeof(plain))) > 0)
		layer_deliver(l, plain, (size_t)n);
	why = failure(t, n);
	tls_flush(l);
	if (!why && BIO_ctrl_pending(t->out) > PENDING_MAX)
		return "the server keeps asking TLS for answers and takes none";
	return why;
}

static size_t tls_write(struct layer *l, struct mqtt_view bytes)
{
	struct tls *t = l->state;
	size_t n = bytes.len < WRITE_MAX ? bytes.len : WRITE_MAX, taken = 0;

	if (BIO_ctrl_pending(t->out) || !n)
		return 0;
	ERR_clear_error();
	if (!SSL_write_ex(t->ssl, bytes.data, n, &taken))
		return 0;
	tls_flush(l);
	return taken;
}

static bool tls_pending(const struct layer *l)
{
	const struct tls *t = l->state;

	return BIO_ctrl_pending(t->out) > 0;
}

static void tls_finish(struct layer *l)
{
	struct tls *t = l->state;

	ERR_clear_error();
	SSL_shutdown(t->ssl);
	tls_flush(l);
}

static void tls_close(struct layer *l)
{
	struct tls *t = l->state;

	SSL_free(t->ssl);
}

const struct channel channel_tls = {
	.name = "TLS",
	.state_bytes = sizeof(struct tls),
	.open = tls_open,
	.input = tls_input,
	.write = tls_write,
	.written = tls_flush,
	.pending = tls_pending,
	.finish = tls_finish,
	.close = tls_close,
};
