#include "harness/transport/frame_log.h"

#include <stdbool.h>
#include <string.h>

enum {
	OPCODE = 0x0F,
	CONTROL = 0x08, /* a bit of the opcode */
	GOES_ON = 0,
	BINARY = 2,
	MASKED = 0x80,
	LENGTH = 0x7F,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	MASK_SIZE = 4,
};

/* Bytes of the length that follow the first two of the head. */
static size_t length_bytes(const struct frame_log *log)
{
	switch (log->head[1] & LENGTH) {
	case LENGTH_16: return 2;
	case LENGTH_64: return 8;
	default: return 0;
	}
}

static bool is_masked(const struct frame_log *log)
{
	return log->head[1] & MASKED;
}

static bool is_whole(const struct frame_log *log)
{
	return log->head_size >= 2 &&
		log->head_size == 2 + length_bytes(log) + (is_masked(log) ? MASK_SIZE : 0);
}

static uint64_t payload_size(const struct frame_log *log)
{
	size_t bytes = length_bytes(log);
	uint64_t size = bytes ? 0 : log->head[1] & LENGTH;

	for (size_t i = 0; i < bytes; i++)
		size = size << 8 | log->head[2 + i];
	return size;
}

static void note_mask(struct frame_log *log)
{
	const uint8_t *mask = log->head + 2 + length_bytes(log);

	if (!is_masked(log)) {
		log->unmasked++;
		return;
	}
	log->same_masks += log->frames > 0 && !memcmp(mask, log->last_mask, MASK_SIZE);
	memcpy(log->last_mask, mask, MASK_SIZE);
}

static void end_head(struct frame_log *log)
{
	unsigned opcode = log->head[0] & OPCODE;
	bool begins_data = opcode != GOES_ON && !(opcode & CONTROL);

	note_mask(log);
	log->data += begins_data;
	log->not_binary += begins_data && opcode != BINARY;
	log->payload_left = payload_size(log);
	log->head_size = 0;
	log->frames++;
}

void frame_log_take(struct frame_log *log, const uint8_t *data, size_t size)
{
	while (size) {
		if (log->payload_left) {
			size_t n = log->payload_left < size ? (size_t)log->payload_left : size;
			log->payload_left -= n;
			data += n;
			size -= n;
			continue;
		}
		log->head[log->head_size++] = *data++;
		size--;
		if (is_whole(log))
			end_head(log);
	}
}
