/* Matches remembered: most topics are published to again and again, while subscriptions seldom
 * change. A topic that comes for the second time keeps its match until a subscription changes.
 */
#ifndef BROKER_CORE_ROUTES_H
#define BROKER_CORE_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/match.h"
#include "mqtt/view.h"

enum { ROUTE_SLOTS = 4096 };

struct route;

struct routes {
	struct memory *memory;
	struct subscriptions *subscriptions;
	struct match match; /* the latest that was not remembered */
	uint64_t seed;
	struct route *slots[ROUTE_SLOTS];
	uint32_t seen[ROUTE_SLOTS]; /* hash of the topic that missed last */
	const struct route *latest; /* of `slots`; NULL: none */
};

void routes_init(struct routes *r, struct memory *memory, struct subscriptions *s, uint64_t seed);
void routes_fini(struct routes *r);

/* Whether the topic is that of the latest match, and so a valid one. If that match is still good,
 * the view is made to point to the topic there: routes_match then finds it at once, and the view
 * lasts until the next match.
 */
bool routes_know(const struct routes *r, struct mqtt_view *topic);

/* As match_topic; the result holds until the next match, or until the subscriptions change. */
const struct match *routes_match(
	struct routes *r, struct mqtt_view topic, const struct subscriber *publisher);

#endif
