/* How packets may lie in WebSocket frames: a table for the cases of either side. */
#ifndef CASES_COMMON_FRAMES_H
#define CASES_COMMON_FRAMES_H

#include "harness/case.h"

struct shape {
	struct framing framing;
	bool together; /* all packets in one write */
};

static const struct vector shapes[] = {
	{ .id = "byte_in_a_frame",
		.title = "Packets are understood with a frame for each byte",
		.extra = &(const struct shape){ { .message_bytes = 1 }, false } },
	{ .id = "packets_in_a_frame",
		.title = "Several packets in one frame are all understood",
		.extra = &(const struct shape){ { 0 }, true } },
	{ .id = "across_frames",
		.title = "Packets are understood whose ends are not those of frames",
		.extra = &(const struct shape){ { .message_bytes = 11 }, true } },
	{ .id = "fragments",
		.title = "Packets are understood in messages of several frames",
		.extra = &(const struct shape){ { .fragment_bytes = 3 }, false } },
	{ .id = "packets_in_fragments",
		.title = "Several packets in the fragments of one message are all understood",
		.extra = &(const struct shape){ { .fragment_bytes = 7 }, true } },
};

#endif
