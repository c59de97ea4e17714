#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void buf_init(struct buf *b, size_t limit_bytes)
{
	*b = (struct buf){ .limit_bytes = limit_bytes };
}

void buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* Makes room for `extra` bytes and one more, which buf_text uses for its NUL. */
static bool buf_reserve(struct buf *b, size_t extra)
{
	if (b->failed || extra > b->limit_bytes - b->len) {
		b->failed = true;
		return false;
	}
	size_t need = b->len + extra + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap ? b->cap : FIRST_CAPACITY;
	while (cap < need)
		cap *= 2;
	uint8_t *data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

bool buf_add(struct buf *b, const void *data, size_t len)
{
	if (!buf_reserve(b, len))
		return false;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	return true;
}

bool buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

uint8_t *buf_extend_more(struct buf *b, size_t len)
{
	if (!buf_reserve(b, len))
		return NULL;
	b->len += len;
	return b->data + b->len - len;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	/* Most of it fits into the room that there is: then once is enough. */
	size_t room = b->cap - b->len;
	int len = vsnprintf(room ? (char *)b->data + b->len : NULL, room, format, args);
	va_end(args);
	bool ok = len >= 0 && buf_reserve(b, (size_t)len);
	if (ok && (size_t)len >= room)
		vsnprintf((char *)b->data + b->len, (size_t)len + 1, format, again);
	if (ok)
		b->len += (size_t)len;
	va_end(again);
	return ok;
}

void buf_consume(struct buf *b, size_t len)
{
	b->len -= len;
	if (len && b->len)
		memmove(b->data, b->data + len, b->len);
}

const char *buf_text(struct buf *b)
{
	if (!b->data)
		return "";
	b->data[b->len] = '\0';
	return (const char *)b->data;
}
