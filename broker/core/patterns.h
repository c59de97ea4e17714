/* The patterns that the filters of one subscriber have: where its wildcards are, how many levels there are, and
 * the name of the share.
 *
 *      filter            pattern
 *      a/+/c  x/+/       3 levels, "+" at the second
 *      a/#               2 levels, "#" at the second
 *      $share/g/a        1 level, share "g"
 *      a/b/c             none: it matches one topic
 *
 * A topic matches at most one filter of each pattern, and the way to it has no more steps than it has levels.
 * So a limit on a subscriber's patterns is a limit on what it costs everyone who publishes. Whoever
 * has few subscriptions has few patterns, and needs no table of them.
 */
#ifndef BROKER_CORE_PATTERNS_H
#define BROKER_CORE_PATTERNS_H

#include <stdbool.h>
#include <stdint.h>

struct memory;

struct pattern {
	uint64_t key;
	uint32_t count; /* of filters that have it */
};

struct patterns {
	struct pattern *items; /* in the order of their keys */
	uint32_t count;
	uint32_t capacity;
};

void patterns_fini(struct patterns *p, struct memory *memory);

bool patterns_have(const struct patterns *p, uint64_t key);

/* One filter more; false without memory. */
bool patterns_add(struct patterns *p, struct memory *memory, uint64_t key);

/* One filter fewer; it must have been added. */
void patterns_remove(struct patterns *p, uint64_t key);

#endif
