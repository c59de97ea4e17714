/* The last retained message of each topic.
 *
 * Those that match a filter are visited in as many parts as one likes. Between two parts things may
 * change: a message that goes is not visited; one that comes, or takes the place of another, is
 * younger than the walk, and is not visited either.
 */
#ifndef BROKER_CORE_RETAINED_H
#define BROKER_CORE_RETAINED_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/core/timer.h"
#include "broker/core/tree.h"
#include "mqtt/view.h"

struct memory;
struct message;

struct retained_entry { /* value of a node */
	struct message *message;
	struct tree_node *node;
	uint64_t age;       /* higher than that of older ones */
	struct timer timer; /* set when the message expires */
};

struct retained {
	struct memory *memory;
	struct timers *timers;
	struct tree tree;
	uint64_t age; /* of the youngest */
	uint32_t count;
};

struct retained_walk {
	struct tree_node *at; /* the next to be looked at, pinned; NULL: there is none */
	uint64_t age;         /* of the youngest that is visited */
	uint32_t depth;       /* of the place: levels down from the root */
};

bool retained_init(struct retained *r, struct memory *memory, struct timers *timers, uint64_t seed);
void retained_fini(struct retained *r);

/* Replaces what was there; takes a reference of its own. False without memory, with what was there as it was; but a
 * message that was there just before can always be put back. [MQTT-3.3.1-5]
 */
bool retained_put(struct retained *r, struct message *message);

/* NULL when nothing is retained for this very topic. */
struct message *retained_get(struct retained *r, struct mqtt_view topic);

/* False if there was none. [MQTT-3.3.1-6] [MQTT-3.3.1-10] */
bool retained_remove(struct retained *r, struct mqtt_view topic);
void retained_remove_entry(struct retained *r, struct retained_entry *entry);

/* A walk that was begun must be ended, even if it has come to the end. */
void retained_walk_begin(struct retained *r, struct retained_walk *w);
void retained_walk_end(struct retained *r, struct retained_walk *w);

/* Goes on for at most `*steps` places, and subtracts those that it took. Calls `visit` for each
 * message whose topic matches the filter, the same each time; if that returns false, the walk
 * rests, and the message is visited again by the next part. `visit` must not change what is
 * retained. Returns true when there is no more to visit.
 */
bool retained_walk_on(struct retained *r, struct retained_walk *w, struct mqtt_view filter,
	uint32_t *steps, bool (*visit)(void *context, struct message *message), void *context);

/* What is retained for this very topic; NULL: nothing. */
struct retained_entry *retained_find(struct retained *r, struct mqtt_view topic);

/* Whether the walk, whose filter matches it, has yet to visit it. */
bool retained_walk_is_ahead(const struct retained_walk *w, const struct retained_entry *entry);

/* No walk will visit it from now on. */
void retained_pass(struct retained *r, struct retained_entry *entry);

#endif
