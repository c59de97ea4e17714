/* A CONNECT that was let in: whose session it is, and what CONNACK says. */
#ifndef BROKER_CORE_LINK_ACCEPT_H
#define BROKER_CORE_LINK_ACCEPT_H

#include "mqtt/connect.h"
#include "mqtt/view.h"

struct link;

/* `data`: Authentication Data for CONNACK. */
void link_accept(struct link *l, const struct mqtt_connect *connect, struct mqtt_view data);

#endif
