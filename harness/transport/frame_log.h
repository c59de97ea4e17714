/* What the frames of the other side of a WebSocket are like (RFC 6455, section 5.2), by their heads alone, whatever
 * becomes of them: the library that reads them ends at the first that breaks a rule, and says no more. Nothing here
 * reads a connection.
 */
#ifndef HARNESS_FRAME_LOG_H
#define HARNESS_FRAME_LOG_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEAD_MAX = 14 };

/* All zero: nothing has come. */
struct frame_log {
	unsigned frames;
	unsigned data;       /* binary and text ones, without those that go on with a message ... */
	unsigned not_binary; /* ... and those of them that are text, or of a reserved kind */
	unsigned unmasked;
	unsigned same_masks; /* masked with the key of the one before */

	uint8_t head[FRAME_HEAD_MAX]; /* of the frame that is under way */
	size_t head_size;
	uint64_t payload_left;
	uint8_t last_mask[4];
};

/* The next bytes, cut anywhere. */
void frame_log_take(struct frame_log *log, const uint8_t *data, size_t size);

#endif
