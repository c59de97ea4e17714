/* A copy of a capture in which packets have comments, which Wireshark shows in their place.
 *
 *   pcapng   every block as it stands, and the comments among the options of their packets
 *   pcap     the same packets as pcapng
 */
#ifndef PCAP_ANNOTATION_H
#define PCAP_ANNOTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct annotation {
	uint64_t packet;  /* struct captured's number */
	const char *text; /* UTF-8; what is longer than 65,535 bytes is cut */
};

/* Reads the file `from` and writes `to`; the annotations are in the order of their packets, of which one may have
 * several. Where `from` is cut or damaged the copy ends. False on failure, with a sentence in `error`.
 */
bool annotation_copy(const char *from, const char *to, const struct annotation *annotations,
	size_t count, char *error, size_t error_size);

#endif
