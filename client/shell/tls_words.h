/* What OpenSSL complains of, in words. */
#ifndef CLIENT_SHELL_TLS_WORDS_H
#define CLIENT_SHELL_TLS_WORDS_H

#include <openssl/x509_vfy.h>
#include <stddef.h>
#include <time.h>

/* What is wrong with the server's certificate: its name, its time, or trust in it. `name` is what was looked
 * for.
 */
void tls_words_distrust(char *out, size_t size, X509_STORE_CTX *examined, const char *name);

/* Why a handshake or a connection failed; takes OpenSSL's errors of this thread. */
void tls_words_failure(char *out, size_t size);

/* "2025-01-31 12:00:00 UTC" */
void tls_words_date(char *out, size_t size, const ASN1_TIME *time);

#endif
