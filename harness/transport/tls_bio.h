/* A pipe as OpenSSL's source and sink. It takes everything that is written, into an outbox; it reads what
 * there is and never waits. Within harness/transport only.
 */
#ifndef HARNESS_TLS_BIO_H
#define HARNESS_TLS_BIO_H

#include <sys/types.h>

struct bio_method_st;
struct bio_st;
struct outbox;
struct pipe;

struct tls_bio {
	struct pipe *below;
	struct outbox *out;
	ssize_t ended; /* PIPE_END or PIPE_RESET, once a read has met it; PIPE_AGAIN before */
};

struct bio_method_st *tls_bio_method(void); /* NULL without memory */

/* `state` is borrowed for as long as OpenSSL has the BIO. NULL without memory. */
struct bio_st *tls_bio_new(const struct bio_method_st *method, struct tls_bio *state);

#endif
