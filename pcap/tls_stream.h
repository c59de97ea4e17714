/* The two streams of a TLS connection, decrypted with secrets that somebody else has kept. Full and resumed
 * sessions of TLS 1.2 with AEAD suites, and TLS 1.3; no early data, no renegotiation.
 *
 *   bytes of a flow ──▶ records ──▶ handshake (who speaks which suite, when the keys change)
 *                          └──────▶ application data ──▶ listener
 *
 * Once something does not fit, the rest of the connection is lost: a record that is missing takes the count of
 * records with it.
 */
#ifndef PCAP_TLS_STREAM_H
#define PCAP_TLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/listener.h"
#include "pcap/tls_secrets.h"

struct tls_stream;

struct tls_listener {
	/* `moment` is that of the packet that ended the record. */
	void (*plain)(void *to, enum flow_from from, const uint8_t *data, size_t size,
		const struct moment *moment);
	/* The side has said that it sends no more (close_notify). */
	void (*closed)(void *to, enum flow_from from, const struct moment *moment);
};

/* `secrets` outlives it, and may get more lines until they are needed. `listener` is copied. NULL without memory. */
struct tls_stream *tls_stream_new(
	const struct tls_secrets *secrets, const struct tls_listener *listener, void *to);

/* Bytes of one side, in any portions. False once the connection is lost: tls_stream_problem says why. */
bool tls_stream_bytes(struct tls_stream *t, enum flow_from from, const uint8_t *data, size_t size,
	const struct moment *moment);

/* Bytes of one side are not in the capture: what comes after them cannot be decrypted. */
void tls_stream_gap(struct tls_stream *t, enum flow_from from);

/* Why nothing more can be decrypted, in words; NULL while it can. */
const char *tls_stream_problem(const struct tls_stream *t);

/* "TLS 1.3"; NULL before the ServerHello. */
const char *tls_stream_version(const struct tls_stream *t);

/* NULL is accepted. */
void tls_stream_free(struct tls_stream *t);

#endif
