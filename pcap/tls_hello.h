/* What a ClientHello and a ServerHello say that is needed to decrypt the rest. (TLS 1.2: RFC 5246 7.4.1; TLS 1.3:
 * RFC 8446 4.1.)
 */
#ifndef PCAP_TLS_HELLO_H
#define PCAP_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/tls_secrets.h"

enum { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

struct tls_hello {
	uint8_t random[TLS_RANDOM_BYTES];
	uint16_t version; /* of a ServerHello, as of the next */
	uint16_t suite;
	bool retry; /* HelloRetryRequest: another ClientHello comes, with the same Random */
};

/* `body` is the message without type and length. False if it is malformed. */
bool tls_client_hello_read(const uint8_t *body, size_t size, struct tls_hello *out);
bool tls_server_hello_read(const uint8_t *body, size_t size, struct tls_hello *out);

/* A stream that begins so is TLS: the record of a ClientHello. False as well if there are fewer than six bytes. */
bool tls_begins(const uint8_t *data, size_t size);

#endif
