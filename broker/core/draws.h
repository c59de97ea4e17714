/* The draws of a broker, and which of them may go on; see draw.h. */
#ifndef BROKER_CORE_DRAWS_H
#define BROKER_CORE_DRAWS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/retained.h"

struct session;
struct subscription;

struct draw {
	struct draw *next, *previous; /* of the session; the first one's previous is the last */
	struct draw *ready_next, *ready_previous;
	struct session *session;
	struct subscription *subscription;
	struct retained_walk walk;
	bool ready : 1; /* in the broker's list */
	uint16_t filter_len;
	uint8_t filter[];
};

struct draws {
	struct draw *ready_first, *ready_last; /* those that may go on, the next in turn first */
	uint32_t count;                        /* of all */
	uint64_t age;                          /* of the youngest message that any visits */
	uint32_t steps;                        /* left in this turn */
};

/* A session's first draw may have room for more: it goes on in the next turn. NULL is fine. */
void draws_wake(struct draws *list, struct draw *d);

/* It has to wait. */
void draws_pause(struct draws *list, struct draw *d);

/* Whether there is one that may go on. */
static inline bool draws_are_due(const struct draws *list)
{
	return list->ready_first;
}

#endif
