/* Topic Aliases: each side has a table of its own, and both end with the connection.
 * [MQTT-3.3.2-7]
 */
#ifndef CLIENT_ENGINE_ALIAS_H
#define CLIENT_ENGINE_ALIAS_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

struct alias_topic {
	uint8_t *data; /* NULL: the alias stands for nothing */
	uint32_t len;
};

/* Of the server */
struct alias_in {
	struct alias_topic *topics; /* [alias - 1]; NULL until the first one comes */
	uint16_t maximum;           /* Topic Alias Maximum of CONNECT */
};

void alias_in_reset(struct alias_in *a, uint16_t maximum);
bool alias_in_set(
	struct alias_in *a, uint16_t alias, struct mqtt_view topic);     /* false: no memory */
struct mqtt_view alias_in_get(const struct alias_in *a, uint16_t alias); /* empty: none */

/* Our own. Automatic aliases take the first places and are given to the topics that come first, then
 * to new ones in turn.
 */
struct alias_out {
	struct alias_topic *topics; /* [alias - 1] */
	uint16_t maximum;           /* what the server allows */
	uint16_t automatic;         /* of them, for alias_out_choose */
	uint16_t next;              /* place to be taken next */
};

void alias_out_reset(struct alias_out *a, uint16_t maximum, uint16_t automatic);

/* The alias for a topic, 0: none; *known when the server knows it already. */
uint16_t alias_out_choose(struct alias_out *a, struct mqtt_view topic, bool *known);
bool alias_out_set(struct alias_out *a, uint16_t alias, struct mqtt_view topic);
struct mqtt_view alias_out_get(const struct alias_out *a, uint16_t alias);

#endif
