/* PUBLISH from a client. */
#ifndef BROKER_CORE_LINK_PUBLISH_H
#define BROKER_CORE_LINK_PUBLISH_H

#include "mqtt/frame.h"
#include "mqtt/view.h"

struct link;

void link_publish(struct link *l, const struct mqtt_frame *frame, struct mqtt_view body);

/* Those that wait for room in the store (backlog.h) are tried again, until one has to go on waiting. */
void link_publish_waiting(struct link *l);

#endif
