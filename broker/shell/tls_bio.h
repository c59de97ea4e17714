/* The bytes between a stream and SSL: one BIO for both directions, whose data is a struct tls_bio. Within
 * broker/shell only.
 */
#ifndef BROKER_SHELL_TLS_BIO_H
#define BROKER_SHELL_TLS_BIO_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>

#include "base/buf.h"

struct tls_bio {
	const uint8_t
		*in; /* what SSL has not read yet; borrowed for as long as it is asked to read */
	size_t in_len;
	struct buf out; /* what SSL has written; without memory while there is nothing */
	size_t sent;    /* of it */
};

/* NULL without memory. */
BIO_METHOD *tls_bio_method(void);

void tls_bio_init(struct tls_bio *b);
void tls_bio_fini(struct tls_bio *b);

static inline size_t tls_bio_pending(const struct tls_bio *b)
{
	return b->out.len - b->sent;
}

/* So much of `out` has gone out. */
void tls_bio_written(struct tls_bio *b, size_t bytes);

#endif
