#include "broker/shell/tls_psk.h"

#include <string.h>

#include <openssl/rand.h>

#include "broker/access/psk_keys.h"

enum { UNKNOWN_BYTES = 32 };

/* Who is unknown fails as one with a wrong key does. */
static unsigned on_identity(SSL *ssl, const char *identity, unsigned char *key, unsigned most)
{
	const struct psk_keys *keys = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct psk_key *found = psk_keys_find(keys, identity);
	const char **name = SSL_get_app_data(ssl);

	if (!found)
		return most >= UNKNOWN_BYTES && RAND_bytes(key, UNKNOWN_BYTES) == 1 ? UNKNOWN_BYTES
										    : 0;
	if (found->len > most)
		return 0;
	memcpy(key, found->bytes, found->len);
	*name = found->identity;
	return found->len;
}

bool tls_psk_set(SSL_CTX *context, const struct psk_keys *keys, const char *hint)
{
	/* A session that is taken up again would have no identity. */
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_psk_server_callback(context, on_identity);
	SSL_CTX_set_dh_auto(context, 1);
	return SSL_CTX_set_app_data(context, (void *)(uintptr_t)keys) &&
		SSL_CTX_use_psk_identity_hint(context, hint);
}
