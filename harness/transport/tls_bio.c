#include "harness/transport/tls_bio.h"

#include <openssl/bio.h>

#include "harness/transport/outbox.h"
#include "harness/transport/transport.h"

static int bio_write(BIO *b, const char *data, int len)
{
	struct tls_bio *state = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	return buf_add(&state->out->coded, data, (size_t)len) ? len : -1;
}

static int bio_read(BIO *b, char *data, int len)
{
	struct tls_bio *state = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (state->ended != PIPE_AGAIN)
		return state->ended == PIPE_END ? 0 : -1;
	ssize_t n = pipe_read(state->below, data, (size_t)len);
	if (n > 0)
		return (int)n;
	if (n == PIPE_AGAIN)
		BIO_set_retry_read(b);
	else
		state->ended = n;
	return n == PIPE_END ? 0 : -1;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
	const struct tls_bio *state = BIO_get_data(b);

	(void)number, (void)pointer;
	switch (command) {
	case BIO_CTRL_FLUSH: return 1;
	case BIO_CTRL_EOF: return state->ended == PIPE_END;
	default: return 0;
	}
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pipe");

	if (!m)
		return NULL;
	BIO_meth_set_write(m, bio_write);
	BIO_meth_set_read(m, bio_read);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

BIO *tls_bio_new(const BIO_METHOD *method, struct tls_bio *state)
{
	BIO *b = BIO_new(method);

	if (!b)
		return NULL;
	state->ended = PIPE_AGAIN;
	BIO_set_data(b, state);
	BIO_set_init(b, 1);
	return b;
}
