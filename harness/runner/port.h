/* Ports of the loopback interface, and whether somebody listens on one. */
#ifndef HARNESS_PORT_H
#define HARNESS_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct endpoint;

/* A port on 127.0.0.1 that nobody has at this moment; 0, with errno, when there is none. */
uint16_t port_free(void);

/* The same, but for a program that is to find it free again after a restart: of those ports that the system gives
 * to nobody who does not ask for them by number, as far as there are any, and claimed: no other call, in any
 * process of this machine, returns it before *claim_fd is closed.
 */
uint16_t port_claim(int *claim_fd);

/* Whether nobody can be given this port of 127.0.0.1 now. */
bool port_is_taken(uint16_t port);

/* Whether a connection is accepted within the limit, with all its handshakes. It is dropped at once, without a
 * byte of MQTT.
 */
bool endpoint_accepts(const struct endpoint *e, int64_t limit_us);
bool endpoint_accepts_below(const struct endpoint *e, int64_t limit_us); /* TLS and WebSocket */

/* Why not: a sentence with its URL, in the arena. NULL: it is. */
const char *endpoint_silence(struct arena *a, const struct endpoint *e, int64_t limit_us);

#endif
