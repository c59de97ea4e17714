/* What lies between MQTT and a socket: TLS, WebSocket, or WebSocket over TLS. It touches no socket itself:
 *
 *   stream_write: MQTT ──▶ frames ──▶ records ──▶ s->wire, which the caller sends
 *   stream_read:  what was received ──▶ records ──▶ frames ──▶ MQTT
 *
 * harness/transport judges what it carries; this looks at nothing that costs the load generator time and the
 * broker none: any answer to the opening that says 101 will do. Where a peer errs, s->fault says so.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct endpoint;
struct ssl_st;

enum {
	STREAM_READ_MAX = 64 * 1024,
	STREAM_MORE =
		17 * 1024, /* what stream_read may yield beyond what it is given: a record of TLS */
	STREAM_HEAD_MAX = 2048, /* of the answer to the opening */
};

struct stream {
	const struct endpoint *to;
	struct ssl_st *tls; /* NULL without TLS */
	bool framed;        /* WebSocket */
	bool opened;        /* the WebSocket: 101 has come */
	const char *fault;  /* what went wrong, as a sentence; NULL: nothing. It stays */
	struct buf wire;
	/* What comes before the payload of a frame: the answer to the opening, then the heads of frames. */
	uint8_t head[STREAM_HEAD_MAX];
	size_t head_len;
	uint64_t left; /* of the payload of the frame */
};

/* Whether there is anything between, on the way to this endpoint. */
bool stream_is_needed(const struct endpoint *to);

/* Begins with the handshakes: there is something in s->wire then. `to` is borrowed. */
void stream_init(struct stream *s, const struct endpoint *to);
void stream_fini(struct stream *s);

/* Takes all of `plain`, as one frame, unless the handshakes are still under way: then it stays where it is. */
void stream_write(struct stream *s, struct buf *plain);

/* `len` bytes, at most STREAM_READ_MAX, have been received. Returns how many bytes of MQTT are in `plain`, which has room
 * for len + STREAM_MORE. May leave something in s->wire. */
size_t stream_read(struct stream *s, const uint8_t *data, size_t len, uint8_t *plain);

#endif
