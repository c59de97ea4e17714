/* What lies between MQTT and TCP. A deviant that stands before a target with WebSocket or TLS hands on the bytes of
 * TCP, so that a deviation may have the heads of the handshake (EVENT_HEAD) and the frames (EVENT_FRAME) of a
 * WebSocket, and of TLS, which nobody but its two ends can read, the moments at which bytes come (EVENT_BYTES).
 * The packets in them pass unseen.
 */
#ifndef DEVIANTS_LAYER_H
#define DEVIANTS_LAYER_H

#include "deviants/exchange.h"

struct deviation;
struct transport;

/* That of connections over this transport, where its layers are the other sides' business. */
enum layer layer_of(const struct transport *transport);

/* Hands on what has come in a lane of such an exchange. */
void layer_pass(struct exchange *x, enum way way, const struct deviation *d);

#endif
