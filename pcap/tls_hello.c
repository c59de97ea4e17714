#include "pcap/tls_hello.h"

#include <string.h>

#include "pcap/network_order.h"

enum {
	RECORD_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	SUPPORTED_VERSIONS = 43,
	VERSION_AND_RANDOM = 2 + TLS_RANDOM_BYTES,
};

/* SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3). */
static const uint8_t retry_random[TLS_RANDOM_BYTES] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61,
	0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

bool tls_begins(const uint8_t *data, size_t size)
{
	return size >= 6 && data[0] == RECORD_HANDSHAKE && data[1] == 3 && data[2] <= 4 &&
		data[5] == CLIENT_HELLO;
}

bool tls_client_hello_read(const uint8_t *body, size_t size, struct tls_hello *out)
{
	*out = (struct tls_hello){ 0 };
	if (size < VERSION_AND_RANDOM)
		return false;
	memcpy(out->random, body + 2, TLS_RANDOM_BYTES);
	return true;
}

bool tls_server_hello_read(const uint8_t *body, size_t size, struct tls_hello *out)
{
	const uint8_t *end = body + size;

	if (!tls_client_hello_read(body, size, out) || size < VERSION_AND_RANDOM + 1)
		return false;
	out->version = network_u16(body);
	out->retry = !memcmp(out->random, retry_random, TLS_RANDOM_BYTES);
	const uint8_t *at =
		body + VERSION_AND_RANDOM + 1 + body[VERSION_AND_RANDOM]; /* session id */
	if (at > end || end - at < 3)
		return false;
	out->suite = network_u16(at);
	at += 3; /* and the compression method */
	if (end - at < 2)
		return true;
	at += 2; /* extensions: type, length, value */
	while (end - at >= 4) {
		uint16_t type = network_u16(at), len = network_u16(at + 2);
		at += 4;
		if (end - at < len)
			return false;
		if (type == SUPPORTED_VERSIONS && len == 2)
			out->version = network_u16(at);
		at += len;
	}
	return true;
}
