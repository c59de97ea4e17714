/* Findings as comments at the packets of a copy of the capture, where Wireshark shows them. They are kept until the end,
 * since a capture is copied in the order of its packets.
 */
#ifndef CHECK_REMARKS_H
#define CHECK_REMARKS_H

#include "base/arena.h"
#include "check/finding.h"
#include "pcap/annotation.h"

/* All 0 but for the arena, which is initialised: none. */
struct remarks {
	struct arena arena;
	struct annotation *list;
	size_t count, capacity;
};

/* Those of a connection that is over. */
void remarks_add(struct remarks *r, const struct check_finding *findings, size_t count);

/* Copies the capture with them. False, with a sentence in `error`. */
bool remarks_write(
	struct remarks *r, const char *from, const char *to, char *error, size_t error_size);

#endif
