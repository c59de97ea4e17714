/* Topic Aliases of one connection, in both directions. The client's and the server's are independent
 * of each other, and all end with the connection. [MQTT-3.3.2-7]
 */
#ifndef BROKER_CORE_ALIAS_H
#define BROKER_CORE_ALIAS_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

struct memory;

struct alias {
	uint8_t *topic; /* NULL: not mapped */
	uint32_t len;
	uint32_t hash;
};

struct aliases {
	struct alias *entries; /* alias n is entry n - 1; allocated with the first alias */
	uint16_t max;          /* the highest alias */
	uint16_t used;         /* those given out, of the server's own */
};

void aliases_fini(struct aliases *a, struct memory *memory);

/* Maps, or maps anew, an alias from 1 to max. False without memory. */
bool alias_set(struct aliases *a, struct memory *memory, uint16_t alias, struct mqtt_view topic);

/* The topic of an alias from 1 to max; no bytes if it is not mapped. */
struct mqtt_view alias_get(const struct aliases *a, uint16_t alias);

/* The alias of a topic; 0: none. */
uint16_t alias_find(const struct aliases *a, struct mqtt_view topic);

#endif
