/* What comes in over a link. What the host calls is in broker.h. */
#ifndef BROKER_CORE_INPUT_H
#define BROKER_CORE_INPUT_H

struct link;

/* Messages that have waited for room in the store (backlog.h) are tried again, and what has come after them is
 * taken once they leave room for it.
 */
void link_try_again(struct link *l);

#endif
