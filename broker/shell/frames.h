/* WebSocket frames from a client, by wslay: what is in them, and whether the client keeps the rules. Bytes in, calls
 * out. Between two frames it has no memory but its own.
 */
#ifndef BROKER_SHELL_FRAMES_H
#define BROKER_SHELL_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wslay/wslay.h>

struct buf;

enum {
	FRAMES_GOING_AWAY = 1001, /* why it ends: RFC 6455, 7.4.1 */
	FRAMES_NORMAL = 1000,
	FRAMES_BAD_PROTOCOL = 1002,
	FRAMES_BAD_TYPE = 1003,
	FRAMES_TROUBLE = 1011,
	FRAMES_CONTROL_MAX = 125, /* bytes of a ping, or of a close */
};

struct frames {
	wslay_frame_context_ptr context; /* NULL: between two frames */
	const uint8_t *in;               /* during frames_read: what has not been read */
	size_t in_len;
	uint64_t left;   /* payload of the frame that is to come */
	uint64_t size;   /* of the whole frame */
	uint64_t ahead;  /* bytes that wslay has, and that are not of a frame that is over */
	uint8_t opcode;  /* of this frame */
	bool begun;      /* its header is known */
	bool fin;        /* it is the last of its message */
	bool in_message; /* further frames of a message are to come */
	uint8_t control_len;
	uint8_t control[FRAMES_CONTROL_MAX];
};

/* What the client says; the bytes are valid during the call. False ends the reading: something is wrong beyond
 * frames.
 */
struct frames_hearer {
	void *context;
	bool (*data)(void *context, uint8_t *data, size_t len);
	void (*ping)(void *context, const uint8_t *data, size_t len);
};

enum frames_result {
	FRAMES_FINE,
	FRAMES_CLOSED, /* the client has closed; `*status` is what it says, 0 without a status */
	FRAMES_WRONG,  /* `*status` is what to close with */
	FRAMES_STOPPED /* the hearer has said so */
};

enum frames_result frames_read(struct frames *f, const void *data, size_t len,
	const struct frames_hearer *hearer, uint16_t *status);

void frames_fini(struct frames *f); /* all zero is fine */

/* Append a whole frame, as a server sends it. */
bool frames_add(struct buf *out, enum wslay_opcode opcode, const void *data, size_t len);
bool frames_add_header(struct buf *out, enum wslay_opcode opcode, size_t len);
bool frames_add_close(struct buf *out, uint16_t status);

#endif
