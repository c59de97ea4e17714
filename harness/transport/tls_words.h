/* What went wrong with TLS, in words: OpenSSL's are for those who know it. Each is the end of a sentence that
 * begins with who the other side is, and says which of trust, name, time and protocol is to blame. In the
 * arena. Within harness/transport only.
 */
#ifndef HARNESS_TLS_WORDS_H
#define HARNESS_TLS_WORDS_H

struct arena;
struct x509_store_ctx_st;

/* Why the certificate under examination is not good enough; `host` is whom it should be for. */
const char *tls_distrust(struct arena *a, struct x509_store_ctx_st *examined, const char *host);

/* What this error of OpenSSL's queue is about, in a handshake or after it. */
const char *tls_failure(struct arena *a, unsigned long error);

#endif
