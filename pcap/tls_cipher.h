/* The keys of one way of a TLS session, and its records decrypted: the AEAD cipher suites of TLS 1.2 (RFC 5246,
 * 5288, 6655, 7905) and those of TLS 1.3 (RFC 8446), by OpenSSL's primitives.
 */
#ifndef PCAP_TLS_CIPHER_H
#define PCAP_TLS_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/tls_hello.h"
#include "pcap/tls_secrets.h"

enum { TLS_RECORD_HEAD = 5, TLS_RECORD_LIMIT = TLS_RECORD_HEAD + 16384 + 2048 };

struct tls_suite;

struct tls_cipher {
	const struct tls_suite *suite; /* NULL: nothing is encrypted */
	uint16_t version;
	uint64_t records;         /* so far with these keys */
	struct tls_secret secret; /* of TLS 1.3: what the next one is made of */
	uint8_t key[32];
	uint8_t iv[12];
	void *context; /* OpenSSL's */
};

/* NULL if it cannot be decrypted here. */
const struct tls_suite *tls_suite_find(uint16_t version, uint16_t id);

void tls_cipher_fini(struct tls_cipher *c);

/* TLS 1.3: keys out of a traffic secret. False without memory, or if the secret is not one of the suite. */
bool tls_cipher_traffic(
	struct tls_cipher *c, const struct tls_suite *suite, const struct tls_secret *secret);

/* TLS 1.3, after a KeyUpdate: the next keys. */
bool tls_cipher_update(struct tls_cipher *c);

/* TLS 1.2: keys out of the master secret, of the client or of the server. */
bool tls_cipher_master(struct tls_cipher *c, const struct tls_suite *suite,
	const struct tls_secret *master, const uint8_t *client_random, const uint8_t *server_random,
	bool of_server);

/* Decrypts a record with its head of TLS_RECORD_HEAD bytes into `plain`, which has room for TLS_RECORD_LIMIT;
 * *size: how much there is. *type: what it is, of TLS 1.3 the type that was hidden. False if it does not fit.
 */
bool tls_cipher_open(struct tls_cipher *c, const uint8_t *record, size_t record_size,
	uint8_t *plain, size_t *size, uint8_t *type);

#endif
