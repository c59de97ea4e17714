/* The last packets of a connection, kept as bytes: a line is made only of those that are told.
 */
#ifndef CHECK_RECENT_H
#define CHECK_RECENT_H

#include "check/finding.h"

struct arena;

enum {
	RECENT_BYTES = 160, /* kept of a packet */
	RECENT_COUNT = 3,
};

struct recent_packet {
	struct moment moment;
	size_t size;
	uint8_t from; /* enum side */
	uint8_t kept;
	uint8_t bytes[RECENT_BYTES];
};

/* All 0: none yet. */
struct recent {
	uint64_t count;
	struct recent_packet
		packets[RECENT_COUNT]; /* the latest is at (count - 1) % RECENT_COUNT */
};

void recent_add(struct recent *r, enum side from, struct bytes raw, const struct moment *moment);

/* Of the latest one. */
enum packet_type recent_type(const struct recent *r);

/* The last `wanted` ones or fewer, oldest first; returns how many. Texts are in the arena. */
size_t recent_lines(const struct recent *r, struct arena *a, enum mqtt_version version,
	size_t wanted, struct finding_line *lines);

#endif
