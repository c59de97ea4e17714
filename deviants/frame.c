#include "deviants/frame.h"

#include "base/arena.h"
#include "base/buf.h"

enum {
	FINAL = 0x80,
	MASKED = 0x80,
	RESERVED = 0x70,
	OPCODE = 0x0F,
	HEAD_SIZE = 2,
	SHORT_MAX = 125,
	LENGTH_16 = 126,
	BITS = 8,
};

static size_t length_bytes(size_t len)
{
	return len <= SHORT_MAX ? 0 : len <= UINT16_MAX ? 2 : 8;
}

size_t frame_read(struct arena *a, const uint8_t *data, size_t len, struct frame *out)
{
	size_t at = HEAD_SIZE, more;
	uint64_t payload = 0;

	if (len < HEAD_SIZE)
		return 0;
	*out = (struct frame){ .opcode = data[0] & OPCODE,
		.reserved = data[0] & RESERVED,
		.final = data[0] & FINAL,
		.masked = data[1] & MASKED };
	payload = data[1] & ~(unsigned)MASKED;
	more = payload < LENGTH_16 ? 0 : payload == LENGTH_16 ? 2 : 8;
	if (len < at + more + (out->masked ? FRAME_MASK_SIZE : 0))
		return 0;
	if (more)
		payload = 0;
	for (size_t i = 0; i < more; i++)
		payload = payload << BITS | data[at++];
	for (size_t i = 0; out->masked && i < FRAME_MASK_SIZE; i++)
		out->mask[i] = data[at++];
	if (payload > len - at)
		return 0;
	out->payload = arena_copy(a, data + at, (size_t)payload);
	out->len = (size_t)payload;
	for (size_t i = 0; out->masked && i < out->len; i++)
		out->payload[i] ^= out->mask[i % FRAME_MASK_SIZE];
	return at + out->len;
}

void frame_write(struct buf *out, const struct frame *f)
{
	size_t more = length_bytes(f->len);
	unsigned masked = f->masked ? MASKED : 0;

	buf_add_u8(out, (uint8_t)((f->final ? FINAL : 0) | f->reserved | f->opcode));
	buf_add_u8(
		out, (uint8_t)(masked | (more ? (more == 2 ? LENGTH_16 : LENGTH_16 + 1) : f->len)));
	for (size_t i = more; i--;)
		buf_add_u8(out, (uint8_t)((uint64_t)f->len >> BITS * i));
	if (!f->masked) {
		buf_add(out, f->payload, f->len);
		return;
	}
	buf_add(out, f->mask, FRAME_MASK_SIZE);
	for (size_t i = 0; i < f->len; i++)
		buf_add_u8(out, f->payload[i] ^ f->mask[i % FRAME_MASK_SIZE]);
}

size_t frame_packet(const struct frame *f)
{
	enum { MORE = 0x80, LENGTH_BITS = 7, LENGTH_MAX = 4 };
	size_t len = 0;

	for (size_t i = 0; i < LENGTH_MAX && i + 1 < f->len; i++) {
		len |= (size_t)(f->payload[i + 1] & ~(unsigned)MORE) << LENGTH_BITS * i;
		if (!(f->payload[i + 1] & MORE))
			return len + i + 2;
	}
	return 0;
}
