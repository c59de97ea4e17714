/* What the host's rights allow: broker_access. */
#ifndef BROKER_CORE_PERMIT_H
#define BROKER_CORE_PERMIT_H

#include <stdbool.h>

#include "mqtt/view.h"

struct broker;
struct message;
struct session;

/* Whether a session may get a message of this topic. */
bool may_get(struct broker *b, const struct session *s, struct mqtt_view topic);

/* Whether its Will may still be published. */
bool may_leave(struct broker *b, const struct session *s, const struct message *will);

#endif
