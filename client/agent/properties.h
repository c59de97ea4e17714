/* Properties between JSON and the client, by the names of docs/AGENT.md. */
#ifndef CLIENT_AGENT_PROPERTIES_H
#define CLIENT_AGENT_PROPERTIES_H

#include "client/agent/read.h"
#include "client/mqttspec_client.h"

/* Bytes as a string of hexadecimal digits; NULL without memory. */
json_t *hex_shown(const void *data, size_t len);

struct properties {
	struct mqttspec_property *list;
	size_t count;
};

/* The field `properties`, which may be left out. */
struct properties properties_read(struct reading *r, const json_t *object);

/* NULL if there are none. In a message there may be several Subscription Identifiers. */
json_t *properties_shown(const struct mqttspec_properties *properties, bool is_message);

#endif
