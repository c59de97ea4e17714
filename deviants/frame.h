/* A frame of a WebSocket (RFC 6455, section 5.2), read and written as it is, right or wrong. */
#ifndef DEVIANTS_FRAME_H
#define DEVIANTS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

enum { FRAME_MASK_SIZE = 4, FRAME_HEAD_SIZE = 14 /* at most */ };

enum opcode {
	OPCODE_MORE = 0,
	OPCODE_TEXT = 1,
	OPCODE_BINARY = 2,
	OPCODE_CLOSE = 8,
	OPCODE_PING = 9,
	OPCODE_PONG = 10,
};

struct frame {
	uint8_t opcode;
	uint8_t reserved; /* its reserved bits, in their places: 0x70 */
	bool final;
	bool masked;
	uint8_t mask[FRAME_MASK_SIZE];
	uint8_t *payload; /* without the mask */
	size_t len;
};

/* How many bytes it has; 0: it is not whole yet. The payload is a copy in the arena. */
size_t frame_read(struct arena *a, const uint8_t *data, size_t len, struct frame *out);

void frame_write(struct buf *out, const struct frame *f);

/* How long the packet says to be that its payload begins with, if any does; 0: its length is not there. */
size_t frame_packet(const struct frame *f);

#endif
