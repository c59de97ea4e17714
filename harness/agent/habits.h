/* What a plain command line was seen not to do, for the case runs after it: each would otherwise wait as
 * long as any answer may take, to see the same.
 *
 * A program that is launched anew each time does the same when it meets the same, so a habit is a key for
 * all that was sent and came until then, and for the packet that did not come after it. Seen once it may be
 * an accident of a busy machine; several times it is a habit.
 *
 * Case runs are processes: the table is memory that they share.
 */
#ifndef HARNESS_HABITS_H
#define HARNESS_HABITS_H

#include <stdbool.h>
#include <stdint.h>

struct habits;

enum {
	HABIT_TIMES = 3,  /* so often it must have been seen */
	HABITS_MAX = 256, /* of a run; what comes after that is forgotten */
};

struct habits *habits_new(void);
void habits_free(struct habits *h);

void habits_note(struct habits *h, uint64_t key);
bool habits_has(const struct habits *h, uint64_t key);

#endif
