/* The one structure for everything that happens at a certain time: a heap, the earliest on top.
 *
 * A timer that is often put off (keep alive) is not moved for each packet: it stays where it is, and
 * when it fires, its owner looks at how long it really still has to go.
 *
 * Each has a place in the heap from its beginning, with what it belongs to: so setting it cannot fail.
 */
#ifndef BROKER_CORE_TIMER_H
#define BROKER_CORE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct memory;

enum timer_kind { TIMER_NONE, TIMER_LINK, TIMER_SESSION, TIMER_RETAINED, TIMER_SYS };

struct timer {         /* embedded in what it belongs to */
	uint32_t slot; /* place in the heap, from 1; 0: not set */
	uint8_t kind;  /* enum timer_kind; TIMER_NONE: it has no place in the heap */
};

struct timer_entry {
	int64_t due_ms;
	struct timer *timer;
};

struct timers {
	struct memory *memory;
	struct timer_entry *heap;
	uint32_t count;
	uint32_t places; /* for those that are made, whether they are set or not */
	uint32_t capacity;
};

void timers_init(struct timers *t, struct memory *memory);
void timers_fini(struct timers *t);

/* False without memory. */
bool timer_make(struct timers *t, struct timer *timer, enum timer_kind kind);
void timer_drop(struct timers *t, struct timer *timer); /* one that was not made is none */

/* Sets it, or sets it anew. */
void timer_set(struct timers *t, struct timer *timer, int64_t due_ms);
void timer_hasten(
	struct timers *t, struct timer *timer, int64_t due_ms); /* unless it is due earlier */
void timer_clear(struct timers *t, struct timer *timer);

/* What it is set to; INT64_MAX: it is not set. */
int64_t timer_due_ms(const struct timers *t, const struct timer *timer);

/* Takes one that is due; NULL when there is none. */
struct timer *timers_take_due(struct timers *t, int64_t now_ms);

/* When the earliest is due; INT64_MAX: never. */
int64_t timers_next_ms(const struct timers *t);

#endif
