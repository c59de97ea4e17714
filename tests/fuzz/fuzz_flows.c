/* Segments of a few connections, in any order: eight bytes each say whose it is, its flags, how far its number and
 * its acknowledgement are from where that side is, how long it is, what is cut off, and how much time has passed.
 */
#include <string.h>

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"

enum { STEP = 8, CONNECTIONS = 4, DATA_LIMIT = 255, FRAME_LIMIT = 20 + 20 + DATA_LIMIT };

struct side {
	uint32_t next;
};

struct talk {
	struct side sides[CONNECTIONS][2];
	struct heard heard;
	struct flows *flows;
	struct buf frame;
	int64_t now_us;
};

static void head_add(struct buf *b, unsigned connection, unsigned from, size_t size)
{
	uint16_t client = (uint16_t)(40000 + connection);

	buf_reset(b);
	buf_add_u16(b, 0x4500);
	buf_add_u16(b, (uint16_t)(40 + size));
	buf_add(b, "\0\0\0\0\x40\6\0\0\x0a\0\0", 11);
	buf_add_u8(b, from ? 1 : 2);
	buf_add(b, "\x0a\0\0", 3);
	buf_add_u8(b, from ? 2 : 1);
	buf_add_u16(b, from ? 1883 : client);
	buf_add_u16(b, from ? client : 1883);
}

/* A small step either way, or a large one. */
static uint32_t offset_of(uint8_t byte)
{
	return byte == 128 ? 1u << 30 : byte - (byte > 128 ? 256u : 0);
}

static void segment(struct talk *t, const uint8_t *step)
{
	unsigned connection = step[0] & 3, from = step[0] >> 2 & 1;
	struct side *sides = t->sides[connection];
	uint32_t seq = sides[from].next + offset_of(step[2]);
	uint8_t flags = step[1] & 0x17, size = step[4];
	uint8_t data[DATA_LIMIT];

	memset(data, step[7], sizeof(data));
	head_add(&t->frame, connection, from, size);
	buf_add_u32(&t->frame, seq);
	buf_add_u32(&t->frame, sides[!from].next + offset_of(step[3]));
	buf_add_u8(&t->frame, 0x50);
	buf_add_u8(&t->frame, flags);
	buf_add_u16(&t->frame, step[1] & 0x80 ? 0 : 1000);
	buf_add_u32(&t->frame, 0);
	buf_add(&t->frame, data, size);
	if (step[0] & 0x80) /* it was sent for good */
		sides[from].next = seq + size + !!(flags & 2) + (flags & 1);
	t->now_us += step[6] & 0x80 ? (step[6] & 0x7f) * 1000 * 1000 : step[6];

	uint32_t captured = (uint32_t)t->frame.len - (step[5] < t->frame.len ? step[5] : 0);
	uint8_t *copy = malloc(captured);
	memcpy(copy, t->frame.data, captured);
	struct captured p = { .number = ++t->heard.packets,
		.at_ns = t->now_us * 1000,
		.data = copy,
		.size = captured,
		.wire_size = (uint32_t)t->frame.len,
		.link_type = 101 };
	DEMAND(flows_packet(t->flows, &p));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct flows_limits limits = { 3, 600, 1000, 2000, 500, 10 };
	struct talk t = { .now_us = 1700000000000000 };

	buf_init(&t.frame, FRAME_LIMIT);
	t.flows = flows_new(&limits, &heard_listener, &t.heard);
	DEMAND(t.flows);
	for (; size >= STEP; data += STEP, size -= STEP)
		segment(&t, data);
	flows_time(t.flows, t.now_us);
	DEMAND(flows_counted(t.flows)->flows_most <= 3);
	flows_end(t.flows);
	heard_end(&t.heard, t.flows);
	flows_free(t.flows);
	buf_fini(&t.frame);
	return 0;
}
