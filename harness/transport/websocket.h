/* WebSocket (RFC 6455) over any pipe, for the subprotocol mqtt. A write is a message of one binary frame (of
 * several, if it is long). What is read is the payload of the messages that come, however many frames they
 * have; pings are answered meanwhile. A message of another kind ends the connection. [MQTT-6.0.0-1] Within
 * harness/transport only.
 */
#ifndef HARNESS_WEBSOCKET_H
#define HARNESS_WEBSOCKET_H

#include <stdint.h>

struct arena;
struct pipe;

/* Shake hands within the deadline (monotonic) and take over the pipe below, which is closed if that fails:
 * then they return NULL, with the end of a sentence that begins with who the other side is. Who dials masks
 * its frames, who listens does not.
 */
struct pipe *websocket_connect(struct arena *a, struct pipe *below, const char *host,
	const char *path, int64_t deadline_us, const char **error);
struct pipe *websocket_accept(
	struct arena *a, struct pipe *below, int64_t deadline_us, const char **error);

#endif
