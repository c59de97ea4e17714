/* The last retained message of each topic. */
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
	struct timer timer; /* set when the message expires */
};

struct retained {
	struct memory *memory;
	struct timers *timers;
	struct tree tree;
	uint32_t count;
};

bool retained_init(struct retained *r, struct memory *memory, struct timers *timers, uint64_t seed,
	uint32_t level_max);
void retained_fini(struct retained *r);

/* Replaces what was there; takes a reference of its own. False without memory, or when the topic is
 * too deep; what was there is gone even so. [MQTT-3.3.1-5]
 */
bool retained_put(struct retained *r, struct message *message);

/* NULL when nothing is retained for this very topic. */
struct message *retained_get(struct retained *r, struct mqtt_view topic);

/* False if there was none. [MQTT-3.3.1-6] [MQTT-3.3.1-10] */
bool retained_remove(struct retained *r, struct mqtt_view topic);
void retained_remove_entry(struct retained *r, struct retained_entry *entry);

/* Calls `visit` for each message whose topic matches the filter, until it returns false. `visit` must
 * not change what is retained.
 */
void retained_match(struct retained *r, struct mqtt_view filter,
	bool (*visit)(void *context, struct message *message), void *context);

#endif
