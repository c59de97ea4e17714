/* Every byte that the core allocates is counted here, against one ceiling. Small blocks and the two
 * sizes of output pieces are kept for reuse, so that passing a message on costs no malloc.
 */
#ifndef BROKER_CORE_MEMORY_H
#define BROKER_CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MEMORY_STEP = 16,
	MEMORY_HEAD = 8, /* that malloc puts before each block; the two together fill its steps */
	MEMORY_SMALL_MAX = 1024 - MEMORY_HEAD,
	MEMORY_PIECE = 16384 - MEMORY_HEAD, /* a large output piece */
	MEMORY_CLASSES = 1024 / MEMORY_STEP + 1,
	MEMORY_RESERVE = 16, /* that part of the ceiling */
};

struct memory_block;

struct memory {
	uint64_t limit_bytes;
	uint64_t scarce_bytes; /* the same for what waits: see memory_has_room */
	uint64_t used_bytes;   /* handed out */
	uint64_t peak_bytes;
	uint64_t high_bytes; /* the most that memory_look has seen since the last memory_trim */
	uint64_t kept_bytes; /* in the lists below */
	struct memory_block *kept[MEMORY_CLASSES];
};

void memory_init(struct memory *m, uint64_t limit_bytes);
void memory_limit(struct memory *m, uint64_t limit_bytes);
void memory_fini(struct memory *m);

/* NULL when the ceiling is reached or there is no memory. Not zeroed. */
void *memory_take(struct memory *m, size_t size);
void *memory_take_zeroed(struct memory *m, size_t size);

/* `size` is what was asked for; NULL is fine. */
void memory_give(struct memory *m, void *p, size_t size);

/* The first `used` bytes in a new block of `size`; the old one is given back. NULL, with the old one
 * as it was, when there is none.
 */
void *memory_move(struct memory *m, void *p, size_t used, size_t old_size, size_t size);

/* For what waits to be taken away. The rest of the room is for those who come for it. */
static inline bool memory_has_room(const struct memory *m, size_t size)
{
	return m->used_bytes + size <= m->scarce_bytes;
}

/* Looks now and then at how much is in use, so that taking and giving need not. */
static inline void memory_look(struct memory *m)
{
	if (m->used_bytes > m->high_bytes)
		m->high_bytes = m->used_bytes;
}

/* Much less is in use than before: worth a memory_trim, and a trim of the process. */
bool memory_has_fallen(const struct memory *m);

/* Gives up what is kept for reuse. */
void memory_trim(struct memory *m);

#endif
