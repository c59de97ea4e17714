/* A byte buffer that grows up to a limit fixed at its birth.
 *
 * Adding beyond the limit, or without memory, leaves the contents as they were, returns false and
 * makes every later addition fail too: a builder may add many pieces and look at `failed` once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;      /* NULL while nothing was added */
	size_t len;         /* bytes in use */
	size_t cap;         /* bytes allocated */
	size_t limit_bytes; /* `len` never passes this */
	bool failed;        /* an addition was refused since the last reset */
};

void buf_init(struct buf *b, size_t limit_bytes);
void buf_fini(struct buf *b);

/* Empties the buffer and clears `failed`; the memory is kept for reuse. */
void buf_reset(struct buf *b);

bool buf_add(struct buf *b, const void *data, size_t len);
bool buf_add_text(struct buf *b, const char *text); /* without the NUL */

/* Room for that many bytes, which count as added; NULL if that fails. */
uint8_t *buf_extend_more(struct buf *b, size_t len); /* the path when there is no room */

static inline uint8_t *buf_extend(struct buf *b, size_t len)
{
	if (b->failed || len >= b->cap - b->len || len > b->limit_bytes - b->len)
		return buf_extend_more(b, len);
	b->len += len;
	return b->data + b->len - len;
}

static inline bool buf_add_u8(struct buf *b, uint8_t value)
{
	uint8_t *to = buf_extend(b, 1);

	if (to)
		*to = value;
	return to;
}

/* Big endian, as all of MQTT. */
static inline bool buf_add_u16(struct buf *b, uint16_t value)
{
	uint8_t *to = buf_extend(b, 2);

	if (!to)
		return false;
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return true;
}

static inline bool buf_add_u32(struct buf *b, uint32_t value)
{
	uint8_t *to = buf_extend(b, 4);

	if (!to)
		return false;
	to[0] = (uint8_t)(value >> 24);
	to[1] = (uint8_t)(value >> 16);
	to[2] = (uint8_t)(value >> 8);
	to[3] = (uint8_t)value;
	return true;
}

bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first `len` bytes; the rest moves to the front. */
void buf_consume(struct buf *b, size_t len);

/* The contents as a C string, owned by the buffer and valid until its next change. */
const char *buf_text(struct buf *b);

#endif
