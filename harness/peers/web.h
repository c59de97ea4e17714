/* A peer's WebSocket, for cases that look at its handshake or its frames. The transport of the run has one. */
#ifndef HARNESS_WEB_H
#define HARNESS_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/transport/websocket.h"
#include "harness/transport/ws.h"

struct peer;

/* Instead of peer_dial: the peer has a connection where the answer is 101. False, with a sentence: there is
 * nothing to ask.
 */
bool peer_upgrade(struct peer *p, const struct ws_request *request, struct ws_answer *answer,
	const char **error);

/* What follows is framed like this; a Ping, or a Close frame, goes out. */
void peer_frame_as(struct peer *p, const struct framing *framing);
void peer_ping(struct peer *p, const char *text);
void peer_end(struct peer *p, unsigned code);

/* What has come besides data. */
const struct websocket_heard *peer_heard(const struct peer *p);

#endif
