/* What this server does not take, though the standard allows it: in Topic Names, and in their depth. */
#ifndef BROKER_CORE_TOPIC_H
#define BROKER_CORE_TOPIC_H

#include <stdbool.h>

#include "mqtt/view.h"

struct broker_limits;

/* Whether it has no more levels than are allowed: a Topic Name, or a Topic Filter without what makes it a share. */
bool topic_is_shallow(const struct broker_limits *limits, struct mqtt_view text);

/* Whether clients may publish to it, by a PUBLISH or a Will: UALL-DOLLAR-PREVENT, U50-WILL-TOPIC-REFUSED. */
bool topic_is_taken(const struct broker_limits *limits, struct mqtt_view topic);

#endif
