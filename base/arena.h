/* Memory that is given back all at once.
 *
 *   arena ──▶ newest block ──▶ older block ──▶ ...     each: header | used | free
 *
 * What lives as long as one case run, one file or one parse is taken from an arena, so none of it
 * has an owner of its own. Running out of memory ends the process (abort): the callers are tools
 * that could do no better. Not for the broker, which lives on after a refused allocation.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *newest;
	size_t block_size; /* of the next block, unless a piece is larger */
	size_t taken;      /* bytes of all blocks */
};

void arena_init(struct arena *a);
void arena_init_small(struct arena *a, size_t block_size); /* where there are very many arenas */
void arena_fini(struct arena *a);                          /* frees everything taken from it */
void arena_reset(struct arena *a); /* the same, but keeps a block for what is taken next */

/* Zeroed memory, aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
void *arena_copy(struct arena *a, const void *data, size_t size) __attribute__((returns_nonnull));
char *arena_text(struct arena *a, const char *text) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
	__attribute__((format(printf, 2, 0), returns_nonnull));

/* Room for one more element in a growing array of `count` elements, `*capacity` of them allocated;
 * returns the array, moved if need be. The old copy stays until the arena goes.
 */
void *arena_grow(struct arena *a, void *array, size_t count, size_t *capacity, size_t element_size)
	__attribute__((returns_nonnull));

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
