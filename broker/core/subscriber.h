/* Who subscribes: a session, as its subscriptions and the matches know it. */
#ifndef BROKER_CORE_SUBSCRIBER_H
#define BROKER_CORE_SUBSCRIBER_H

#include <stdint.h>

struct patterns;
struct subscription;

struct subscriber {
	struct subscription *chain; /* its subscriptions */
	struct patterns *patterns;  /* of its filters; NULL: it has too few to count */
	uint64_t stamp;             /* the match that reached it last ... */
	uint32_t target;            /* ... and its place among the targets there */
	uint32_t count;             /* of its subscriptions */
};

#endif
