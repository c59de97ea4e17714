/* The last part of what a program says: a ring of fixed size.
 *
 *   ... older | older | newest | (overwritten next) ...
 */
#ifndef HARNESS_TAIL_H
#define HARNESS_TAIL_H

#include <stddef.h>

struct arena;

enum { TAIL_BYTES = 8192 };

struct tail {
	char ring[TAIL_BYTES];
	size_t total; /* bytes ever added */
};

void tail_add(struct tail *t, const char *data, size_t len);

/* What is kept, from the beginning of a line if anything was lost; without newlines at its end. */
const char *tail_text(const struct tail *t, struct arena *a);

/* The last line that tells why a program ended: not an empty one, nor one of a stack, nor a hint at its
 * usage. If all are like that, the last one that is not empty; "" when there is none.
 */
const char *tail_cause(const struct tail *t, struct arena *a);

#endif
