/* TLS with keys that both sides know already, in the place of certificates. Within broker/shell only. */
#ifndef BROKER_SHELL_TLS_PSK_H
#define BROKER_SHELL_TLS_PSK_H

#include <stdbool.h>

#include <openssl/ssl.h>

struct psk_keys;

/* Has its connections take one of the keys. The application data of each is a `const char *` that is told the
 * client's identity, as it stands among the keys. False without memory.
 */
bool tls_psk_set(SSL_CTX *context, const struct psk_keys *keys, const char *hint);

#endif
