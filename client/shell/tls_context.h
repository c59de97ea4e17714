/* What TLS connections of a client have in common: whom it trusts, who it is, what it offers. */
#ifndef CLIENT_SHELL_TLS_CONTEXT_H
#define CLIENT_SHELL_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stddef.h>

#include "client/mqttspec_client.h"

struct tls_context;

/* Reads all files. NULL, with a sentence in `error` that names the file. */
struct tls_context *tls_context_new(
	const struct mqttspec_tls *options, char *error, size_t error_size);
void tls_context_free(struct tls_context *t);

/* A session that is to begin a handshake with this server, whose certificate is checked for the name: that of
 * the options, else `host`. NULL without memory.
 */
SSL *tls_context_session(const struct tls_context *t, const char *host);

/* The name that is checked; NULL: none is. */
const char *tls_context_name(const struct tls_context *t, const char *host);

#endif
