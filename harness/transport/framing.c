#include "harness/transport/framing.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/buf.h"

enum {
	FINAL = 0x80,
	MASKED = 0x80,
	SHORT_MAX = 125,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	MASK_SIZE = 4
};

static void add_byte(struct buf *out, unsigned byte)
{
	const uint8_t one = (uint8_t)byte;

	buf_add(out, &one, 1);
}

static void add_length(struct buf *out, size_t size, unsigned mask_bit)
{
	unsigned bytes = size <= SHORT_MAX ? 0 : size <= UINT16_MAX ? 2 : 8;

	if (!bytes)
		add_byte(out, mask_bit | (unsigned)size);
	else
		add_byte(out, mask_bit | (bytes == 2 ? LENGTH_16 : LENGTH_64));
	while (bytes--)
		add_byte(out, (unsigned)((uint64_t)size >> 8 * bytes & 0xFF));
}

struct writer {
	struct buf *out;
	const struct framing *framing;
	bool masks;
};

static void add_frame(const struct writer *w, unsigned first, const uint8_t *data, size_t size)
{
	struct buf *out = w->out;
	uint8_t mask[MASK_SIZE];

	add_byte(out, first | w->framing->reserved);
	add_length(out, size, w->masks ? MASKED : 0);
	if (!w->masks) {
		buf_add(out, data, size);
		return;
	}
	if (getrandom(mask, sizeof(mask), 0) != sizeof(mask))
		abort();
	buf_add(out, mask, sizeof(mask));
	for (size_t i = 0; i < size; i++)
		add_byte(out, data[i] ^ mask[i % MASK_SIZE]);
}

static void add_message(const struct writer *w, const uint8_t *data, size_t size)
{
	const struct framing *f = w->framing;
	size_t most = f->fragment_bytes ? f->fragment_bytes : size;
	unsigned kind = f->kind ? f->kind : FRAME_BINARY;

	while (size > most) {
		add_frame(w, kind, data, most);
		if (f->pings)
			add_frame(w, FRAME_PING | FINAL, NULL, 0);
		kind = FRAME_MORE;
		data += most;
		size -= most;
	}
	add_frame(w, kind | FINAL, data, size);
}

bool framing_encode(struct buf *out, const struct framing *f, enum frame_sender sender,
	const void *data, size_t size)
{
	const struct writer w = { out, f, sender == FRAMES_OF_CLIENT ? !f->unmasked : f->masked };
	size_t most = f->message_bytes ? f->message_bytes : size;
	const uint8_t *bytes = size ? data : (const uint8_t *)"";
	size_t at = 0;

	do {
		size_t n = size - at < most ? size - at : most;
		add_message(&w, bytes + at, n);
		at += n;
	} while (at < size);
	return !out->failed;
}
