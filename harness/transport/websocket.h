/* WebSocket (RFC 6455) over any pipe, for the subprotocol mqtt. A write is a message of one binary frame (of
 * several, if it is long). What is read is the payload of the messages that come, however many frames they
 * have; pings are answered meanwhile. A message of another kind ends the connection. [MQTT-6.0.0-1]
 */
#ifndef HARNESS_WEBSOCKET_H
#define HARNESS_WEBSOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/transport/frame_log.h"
#include "harness/transport/framing.h"

struct arena;
struct buf;
struct pipe;

/* Shake hands within the deadline (monotonic) and take over the pipe below, which is closed if that fails:
 * then they return NULL, with the end of a sentence that begins with who the other side is. Who dials masks
 * its frames, who listens does not.
 */
struct pipe *websocket_connect(struct arena *a, struct pipe *below, const char *host,
	const char *path, int64_t deadline_us, const char **error);
struct pipe *websocket_accept(
	struct arena *a, struct pipe *below, int64_t deadline_us, const char **error);

/* Where the handshake is over, ours being this side of it: `raw` are the bytes that have come after it. */
struct pipe *websocket_begin(
	struct arena *a, struct pipe *below, enum frame_sender ours, const struct buf *raw);

/* ---- for those who look at the frames; the pipe is one of the above --------------------------------- */

/* What is written from here on is framed like this. */
void websocket_frame_as(struct pipe *p, const struct framing *framing);

/* A Ping, with at most 125 bytes; a Close frame, after which nothing else is written. False: the connection
 * does not take it.
 */
bool websocket_ping(struct pipe *p, const char *text);
bool websocket_end(struct pipe *p, unsigned code);

struct websocket_heard {
	unsigned pongs;
	uint8_t pong[125]; /* payload of the last one */
	uint8_t pong_size;
	bool close;    /* a Close frame has come ... */
	unsigned code; /* ... with this code; 0: none */
	struct frame_log frames;
};

const struct websocket_heard *websocket_heard(const struct pipe *p);

#endif
