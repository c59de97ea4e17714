#include "broker/core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Under a sanitizer nothing is kept, so that it sees each use after the end. */
#if defined(__SANITIZE_ADDRESS__)
enum { KEEP_BYTES = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { KEEP_BYTES = 0 };
#else
enum { KEEP_BYTES = 8 << 20 };
#endif
#else
enum { KEEP_BYTES = 8 << 20 };
#endif

enum { NO_CLASS = MEMORY_CLASSES, FALL_BYTES = 16 << 20 };

struct memory_block {
	struct memory_block *next;
};

static size_t size_round(size_t size)
{
	return ((size + MEMORY_HEAD + MEMORY_STEP - 1) & ~(size_t)(MEMORY_STEP - 1)) - MEMORY_HEAD;
}

static unsigned class_of(size_t rounded)
{
	if (rounded <= MEMORY_SMALL_MAX)
		return (unsigned)(rounded / MEMORY_STEP);
	return rounded == MEMORY_PIECE ? MEMORY_CLASSES - 1 : NO_CLASS;
}

void memory_limit(struct memory *m, uint64_t limit_bytes)
{
	m->limit_bytes = limit_bytes;
	m->scarce_bytes = limit_bytes - limit_bytes / MEMORY_RESERVE;
}

void memory_init(struct memory *m, uint64_t limit_bytes)
{
	*m = (struct memory){ 0 };
	memory_limit(m, limit_bytes);
}

static void kept_free(struct memory *m)
{
	for (unsigned i = 0; i < MEMORY_CLASSES; i++) {
		while (m->kept[i]) {
			struct memory_block *next = m->kept[i]->next;
			free(m->kept[i]);
			m->kept[i] = next;
		}
	}
	m->kept_bytes = 0;
}

void memory_fini(struct memory *m)
{
	kept_free(m);
}

bool memory_has_fallen(const struct memory *m)
{
	uint64_t fall = m->high_bytes > m->used_bytes ? m->high_bytes - m->used_bytes : 0;

	return fall >= FALL_BYTES && fall >= m->used_bytes / 2;
}

void memory_trim(struct memory *m)
{
	kept_free(m);
	m->high_bytes = m->used_bytes;
}

void *memory_take(struct memory *m, size_t size)
{
	size_t rounded = size_round(size);
	unsigned class = class_of(rounded);

	if (rounded < size || m->used_bytes + rounded > m->limit_bytes)
		return NULL;
	void *p;
	if (class != NO_CLASS && m->kept[class]) {
		p = m->kept[class];
		m->kept[class] = m->kept[class]->next;
		m->kept_bytes -= rounded;
	} else {
		p = malloc(rounded);
	}
	if (!p)
		return NULL;
	m->used_bytes += rounded;
	if (m->used_bytes > m->peak_bytes)
		m->peak_bytes = m->used_bytes;
	return p;
}

void *memory_take_zeroed(struct memory *m, size_t size)
{
	void *p = memory_take(m, size);

	return p ? memset(p, 0, size) : NULL;
}

void memory_give(struct memory *m, void *p, size_t size)
{
	if (!p)
		return;
	size_t rounded = size_round(size);
	unsigned class = class_of(rounded);
	m->used_bytes -= rounded;
	if (class == NO_CLASS || m->kept_bytes + rounded > KEEP_BYTES) {
		free(p);
		return;
	}
	struct memory_block *block = p;
	block->next = m->kept[class];
	m->kept[class] = block;
	m->kept_bytes += rounded;
}

void *memory_move(struct memory *m, void *p, size_t used, size_t old_size, size_t size)
{
	void *moved = memory_take(m, size);

	if (!moved)
		return NULL;
	if (used)
		memcpy(moved, p, used);
	memory_give(m, p, old_size);
	return moved;
}
