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
bool buf_add_u8(struct buf *b, uint8_t value);
bool buf_add_u16(struct buf *b, uint16_t value); /* big endian, as all of MQTT */
bool buf_add_u32(struct buf *b, uint32_t value); /* big endian */
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first `len` bytes; the rest moves to the front. */
void buf_consume(struct buf *b, size_t len);

/* The contents as a C string, owned by the buffer and valid until its next change. */
const char *buf_text(struct buf *b);

#endif
