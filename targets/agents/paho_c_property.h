/* Properties between docs/AGENT.md and Eclipse Paho C. */
#ifndef TARGETS_AGENTS_PAHO_C_PROPERTY_H
#define TARGETS_AGENTS_PAHO_C_PROPERTY_H

#include "targets/agents/agent_property.h"

#include <MQTTAsync.h>

/* The `properties` of a command, or of its will. The caller frees them. */
MQTTProperties properties_of(struct command *c, json_t *fields);

/* The event, with these properties. */
json_t *with(json_t *event, const MQTTProperties *props);

#endif
