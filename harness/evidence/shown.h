/* Addresses as captures show them: Wireshark tells by the port what a connection is about, and a target
 * listens anywhere.
 */
#ifndef HARNESS_SHOWN_H
#define HARNESS_SHOWN_H

#include <stdint.h>
#include <sys/socket.h>

/* The same at another port; 0: at its own. In place of what is no IP address there is the loopback. */
struct sockaddr_storage shown_address(const struct sockaddr_storage *at, uint16_t port);

#endif
