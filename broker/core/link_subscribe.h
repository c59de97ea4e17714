/* SUBSCRIBE and UNSUBSCRIBE. */
#ifndef BROKER_CORE_LINK_SUBSCRIBE_H
#define BROKER_CORE_LINK_SUBSCRIBE_H

#include "mqtt/view.h"

struct link;

void link_subscribe(struct link *l, struct mqtt_view body);
void link_unsubscribe(struct link *l, struct mqtt_view body);

#endif
