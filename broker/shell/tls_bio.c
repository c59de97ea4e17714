#include "broker/shell/tls_bio.h"

#include <string.h>

enum { OUT_MAX = 1 << 20 /* never reached: a batch, and what the handshake has to say */ };

static int on_read(BIO *bio, char *data, int len)
{
	struct tls_bio *b = BIO_get_data(bio);
	size_t n = b->in_len < (size_t)len ? b->in_len : (size_t)len;

	BIO_clear_retry_flags(bio);
	if (!n) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(data, b->in, n);
	b->in += n;
	b->in_len -= n;
	return (int)n;
}

static int on_write(BIO *bio, const char *data, int len)
{
	struct tls_bio *b = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	return buf_add(&b->out, data, (size_t)len) ? len : -1;
}

static long on_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static int on_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "channel");

	if (!method)
		return NULL;
	BIO_meth_set_read(method, on_read);
	BIO_meth_set_write(method, on_write);
	BIO_meth_set_ctrl(method, on_control);
	BIO_meth_set_create(method, on_create);
	return method;
}

void tls_bio_init(struct tls_bio *b)
{
	*b = (struct tls_bio){ 0 };
	buf_init(&b->out, OUT_MAX);
}

void tls_bio_fini(struct tls_bio *b)
{
	buf_fini(&b->out);
}

void tls_bio_written(struct tls_bio *b, size_t bytes)
{
	b->sent += bytes;
	if (tls_bio_pending(b))
		return;
	tls_bio_fini(b);
	tls_bio_init(b);
}
