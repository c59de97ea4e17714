/* The properties of 5.0 as they stand in commands and events. */
#ifndef TARGETS_AGENTS_AGENT_PROPERTY_H
#define TARGETS_AGENTS_AGENT_PROPERTY_H

#include "targets/agents/agent_events.h"
#include "targets/agents/agent_fields.h"

enum property_kind { BYTE, TWO_BYTES, FOUR_BYTES, VARIABLE, BINARY, TEXT, PAIR };

struct property {
	int id; /* the standard's */
	enum property_kind kind;
	uint32_t number;
	struct octets data, value; /* BINARY, TEXT; of PAIR name and value */
};

enum property_kind property_kind(int id);

/* Hands each of the `properties` in `of` to `add`, which returns 0, or not when the client refuses
 * it; to none once the command is known to be at fault.
 */
void get_properties(
	struct command *c, json_t *of, int (*add)(void *to, const struct property *p), void *to);

void event_add_property(json_t *event, const struct property *p);

#endif
