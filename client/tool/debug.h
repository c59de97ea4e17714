/* -d: a line for each packet, as mosquitto's clients print it. */
#ifndef CLIENT_TOOL_DEBUG_H
#define CLIENT_TOOL_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debug {
	uint8_t version;
	const char *id;     /* "" while the server has not chosen one */
	unsigned published; /* QoS 0 messages: the line has a number for them too */
};

void debug_packet(struct debug *d, bool sent, const void *packet, size_t len);

#endif
