/* Frames of a WebSocket (RFC 6455, section 5.2) as either side may send them, and as it must not. Nothing here
 * reads or writes a connection.
 */
#ifndef HARNESS_FRAMING_H
#define HARNESS_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum frame_kind { FRAME_MORE = 0, FRAME_TEXT = 1, FRAME_BINARY = 2, FRAME_PING = 9 };

enum { FRAME_RSV1 = 0x40, FRAME_RSV2 = 0x20, FRAME_RSV3 = 0x10 };

/* What becomes of bytes that are written at once. All zero: one binary frame. */
struct framing {
	enum frame_kind kind;  /* of the first frame of a message; 0: FRAME_BINARY */
	uint8_t reserved;      /* bits that are set in every frame */
	bool unmasked;         /* those of a client */
	bool masked;           /* those of a server */
	size_t message_bytes;  /* so many in a message; 0: all of them */
	size_t fragment_bytes; /* so many in a frame of a message; 0: all of it */
	bool pings;            /* one between any two frames of a message */
};

enum frame_sender { FRAMES_OF_CLIENT, FRAMES_OF_SERVER };

/* False: no memory, or the buffer is at its limit. */
bool framing_encode(struct buf *out, const struct framing *framing, enum frame_sender sender,
	const void *data, size_t size);

#endif
