/* An interface that libpcap listens on. */
#ifndef PCAP_INTERFACE_H
#define PCAP_INTERFACE_H

#include <stddef.h>

struct pcap; /* libpcap's pcap_t */

/* The kernel packs packets into blocks, which it hands over when full or after this time. */
enum { INTERFACE_BLOCK_MS = 20 };

/* Opens it without blocking. `filter` is an expression of pcap-filter(7), or NULL. NULL on failure, with a
 * sentence in `problem` that begins with the interface and says what to do.
 */
struct pcap *interface_open(
	const char *interface, const char *filter, char *problem, size_t problem_size);

#endif
