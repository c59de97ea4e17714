/* The capture of a tap: encrypted records, requests for WebSockets and frames as the sockets had them, each
 * connection with the secrets of its TLS session before it, so that Wireshark shows what is in them, too.
 */
#ifndef HARNESS_TAP_PCAP_H
#define HARNESS_TAP_PCAP_H

#include <stdbool.h>
#include <stdint.h>

struct tap;

struct tap_pcap {
	const char *path;
	const char *title; /* of the file ... */
	const char *last;  /* ... and its last remark */
	uint16_t port;     /* where the target, or the listener for it, is shown: where Wireshark
			      expects the transport; 0: where it is */
	int64_t wall_us;   /* what makes a time since 1970 of a monotonic one: added to it */
};

/* False, with errno. */
bool tap_write_pcap(const struct tap *tap, const struct tap_pcap *how);

#endif
