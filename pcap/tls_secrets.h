/* The secrets of TLS sessions, found by the Random of their ClientHello: what a key log or the Decryption Secrets
 * Blocks of a capture have (draft-ietf-tls-keylogfile). They are wiped after use.
 */
#ifndef PCAP_TLS_SECRETS_H
#define PCAP_TLS_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_RANDOM_BYTES = 32, TLS_SECRET_LIMIT = 64 };

enum tls_label {
	TLS_MASTER, /* CLIENT_RANDOM, of TLS 1.2 */
	TLS_CLIENT_HANDSHAKE,
	TLS_SERVER_HANDSHAKE,
	TLS_CLIENT_TRAFFIC,
	TLS_SERVER_TRAFFIC,
	TLS_LABELS
};

struct tls_secret {
	uint8_t size; /* 0: there is none */
	uint8_t bytes[TLS_SECRET_LIMIT];
};

struct tls_session {
	struct tls_session *next; /* in its bucket */
	uint8_t random[TLS_RANDOM_BYTES];
	struct tls_secret secrets[TLS_LABELS];
};

struct tls_secrets;

struct tls_secrets *tls_secrets_new(void);
void tls_secrets_free(struct tls_secrets *s);

/* Adds whole lines; those that say nothing of interest are passed over. Returns how many did; -1 without memory. */
int tls_secrets_add(struct tls_secrets *s, const char *lines, size_t size);

/* NULL if there is no such session. */
const struct tls_session *tls_secrets_find(
	const struct tls_secrets *s, const uint8_t random[static TLS_RANDOM_BYTES]);

#endif
