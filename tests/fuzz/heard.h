/* A listener that demands of a table of connections what it promises (pcap/listener.h). */
#ifndef TESTS_FUZZ_HEARD_H
#define TESTS_FUZZ_HEARD_H

#include <stdint.h>

#include "pcap/flows.h"

struct heard {
	uint64_t packets; /* given to the table so far */
	uint32_t begun;
	uint32_t over;
};

extern const struct flow_listener heard_listener;

/* After flows_end. */
void heard_end(const struct heard *h, const struct flows *f);

#endif
