/* Records real traffic with libpcap, beside a run, where the user may. */
#ifndef PCAP_CAPTURE_H
#define PCAP_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct capture;

/* Starts a background process that writes what passes `interface` to and from TCP `port` into
 * `path`; returns when it listens. NULL on failure, with a sentence in `error` (of `error_size`
 * bytes) that says what to do ("eth9: no such interface; `any` takes all").
 */
struct capture *capture_start(
	const char *interface, uint16_t port, const char *path, char *error, size_t error_size);

/* Ends it and frees it; returns the packets written, and those that the kernel dropped in *dropped.
 * Both are 0 when the process was lost, and for NULL.
 */
unsigned long capture_stop(struct capture *c, unsigned long *dropped);

#endif
