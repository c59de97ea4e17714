/* What lies between MQTT and a socket: TLS, WebSocket, or WebSocket over TLS. It touches no socket itself:
 *
 *   stream_write: MQTT ──▶ frames ──▶ records ──▶ s->wire, which the caller sends
 *   stream_read:  what was received ──▶ records ──▶ frames ──▶ MQTT
 *
 * The load generator looks at nothing that costs it time and the broker none: any certificate will do, and any answer to
 * the opening that says 101. Where a peer errs, the program ends with a sentence. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/packets.h"

enum {
	STREAM_READ_MAX = 64 * 1024,
	STREAM_MORE =
		17 * 1024, /* what stream_read may yield beyond what it is given: a record of TLS */
	STREAM_HEAD_MAX = 2048, /* of the answer to the opening */
};

struct stream {
	SSL *tls;    /* NULL without TLS */
	bool framed; /* WebSocket */
	bool opened; /* the WebSocket: 101 has come */
	struct out wire;
	/* What comes before the payload of a frame: the answer to the opening, then the heads of frames. */
	uint8_t head[STREAM_HEAD_MAX];
	size_t head_len;
	uint64_t left; /* of the payload of the frame */
};

/* NULL without TLS; lives as long as the streams that are made with it. */
SSL_CTX *stream_tls_new(void);

/* Begins with the handshakes: there is something in s->wire then. */
void stream_init(struct stream *s, SSL_CTX *tls, bool framed);

/* Takes all of `plain`, as one frame, unless the handshakes are still under way: then it stays where it is. */
void stream_write(struct stream *s, struct out *plain);

/* `len` bytes, at most STREAM_READ_MAX, have been received. Returns how many bytes of MQTT are in `plain`, which has room
 * for len + STREAM_MORE. May leave something in s->wire. */
size_t stream_read(struct stream *s, const uint8_t *data, size_t len, uint8_t *plain);

#endif
