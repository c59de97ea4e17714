/* Properties between docs/AGENT.md and libmosquitto. */
#ifndef TARGETS_AGENTS_LIBMOSQUITTO_PROPERTY_H
#define TARGETS_AGENTS_LIBMOSQUITTO_PROPERTY_H

#include "targets/agents/agent_property.h"

#include <mosquitto.h>

/* The `properties` of a command, or of its will. The caller frees them. */
mosquitto_property *properties_of(struct command *c, json_t *fields);

/* The event, with these properties. */
json_t *with(json_t *event, const mosquitto_property *next);

#endif
