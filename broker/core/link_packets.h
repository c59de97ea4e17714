/* One whole packet, by type and state. */
#ifndef BROKER_CORE_LINK_PACKETS_H
#define BROKER_CORE_LINK_PACKETS_H

#include "mqtt/frame.h"
#include "mqtt/view.h"

struct link;

void link_packet(struct link *l, const struct mqtt_frame *frame, struct mqtt_view body);

#endif
