/* The command line of the load generator. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/workload.h"

enum {
	OPTIONS_STAMP = 8, /* bytes of the payload that tell when it was sent */
	OPTIONS_PAYLOAD_MAX = 65536,
};

struct options {
	const struct workload *workload;
	bool tls, websocket;
	uint16_t port;
	int broker; /* its process, or 0 */
	unsigned qos, publishers, subscribers, filters, payload, window;
	unsigned rate; /* messages a second; 0: as the window allows */
	uint64_t messages;
};

/* Ends the program, with a sentence, where they make no sense. */
struct options options_read(int argc, char **argv);

#endif
