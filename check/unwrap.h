/* WebSocket (RFC 6455) around MQTT, taken off one direction of a connection: first the head of the request or of the
 * answer, then frames.
 */
#ifndef CHECK_UNWRAP_H
#define CHECK_UNWRAP_H

#include "harness/monitor/monitor.h"

struct unwrap;

enum unwrap_got {
	UNWRAP_NOTHING, /* all has been taken in */
	UNWRAP_BYTES,   /* of MQTT, good until the next call */
	UNWRAP_FAULT,   /* `what` breaks `statement` (without its version); more may follow */
	UNWRAP_LOST,    /* what comes cannot be read: `what` */
	UNWRAP_NO,      /* it is HTTP, and no WebSocket for MQTT: `what` */
};

struct unwrap_out {
	struct bytes bytes;
	const char *statement;
	const char *what;
};

struct unwrap *unwrap_new(enum side from);
void unwrap_free(struct unwrap *u);

/* The next one of `in`, which is shortened by what was taken. */
enum unwrap_got unwrap_next(struct unwrap *u, struct bytes *in, struct unwrap_out *out);

#endif
