#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 16 * 1024, SHORT_TEXT = 256 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of `data` */
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){ .block_size = BLOCK_SIZE };
}

void arena_init_small(struct arena *a, size_t block_size)
{
	*a = (struct arena){ .block_size = block_size };
}

void arena_fini(struct arena *a)
{
	while (a->newest) {
		struct arena_block *older = a->newest->older;
		free(a->newest);
		a->newest = older;
	}
	a->taken = 0;
}

void arena_reset(struct arena *a)
{
	struct arena_block *kept = a->newest;

	if (!kept)
		return;
	a->newest = kept->older;
	arena_fini(a);
	memset(kept->data, 0, kept->used);
	kept->used = 0;
	kept->older = NULL;
	a->newest = kept;
	a->taken = sizeof(*kept) + kept->size;
}

static struct arena_block *block_new(struct arena *a, size_t size)
{
	struct arena_block *block = calloc(1, sizeof(*block) + size);
	if (!block)
		abort();
	block->size = size;
	a->taken += sizeof(*block) + size;
	if (a->newest && size > a->block_size) { /* a large piece must not hide the room after it */
		block->older = a->newest->older;
		a->newest->older = block;
	} else {
		block->older = a->newest;
		a->newest = block;
	}
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		abort();
	size = (size + align - 1) & ~(align - 1);
	struct arena_block *block = a->newest;
	if (!block || size > block->size - block->used)
		block = block_new(a, size > a->block_size ? size : a->block_size);
	void *piece = block->data + block->used;
	block->used += size;
	return piece;
}

void *arena_copy(struct arena *a, const void *data, size_t size)
{
	void *copy = arena_alloc(a, size);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_text(struct arena *a, const char *text)
{
	return arena_copy(a, text, strlen(text) + 1);
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	char start[SHORT_TEXT]; /* most texts are no longer: once is enough */
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(start, sizeof(start), format, again);
	va_end(again);
	if (len < 0)
		abort();
	char *text = arena_alloc(a, (size_t)len + 1);
	if ((size_t)len < sizeof(start))
		memcpy(text, start, (size_t)len + 1);
	else
		vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = arena_vprintf(a, format, args);
	va_end(args);
	return text;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t *capacity, size_t element_size)
{
	if (count < *capacity)
		return array;
	size_t larger = *capacity ? *capacity * 2 : 8;
	void *moved = arena_alloc(a, larger * element_size);
	if (count)
		memcpy(moved, array, count * element_size);
	*capacity = larger;
	return moved;
}
