/* What Topic Filters have in common with topics, and with one another. All of them are well formed; a filter that
 * begins with a wildcard matches no topic that begins with "$": [MQTT-4.7.2-1].
 */
#ifndef BROKER_ACCESS_FILTER_H
#define BROKER_ACCESS_FILTER_H

#include <stdbool.h>

#include "mqtt/view.h"

bool filter_matches(struct mqtt_view filter, struct mqtt_view topic);

/* Whether there are topics that both match. */
bool filter_meets(struct mqtt_view filter, struct mqtt_view other);

/* Whether it matches every topic that the other one does. */
bool filter_covers(struct mqtt_view filter, struct mqtt_view other);

#endif
