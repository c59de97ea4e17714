/* -D PACKET PROPERTY VALUE. */
#ifndef CLIENT_TOOL_COMMAND_PROPERTIES_H
#define CLIENT_TOOL_COMMAND_PROPERTIES_H

#include "client/tool/command.h"

/* Reads the arguments after -D, of which there are `left`. Returns how many were read, 0 after a
 * complaint.
 */
int command_property_read(struct command *c, char **arguments, int left);

void command_property_add(
	struct command *c, enum property_place place, struct mqttspec_property property);
bool command_property_has(
	const struct command *c, enum property_place place, enum mqttspec_property_id id);

/* "content-type" for 0x03; the buffer holds any of them. */
const char *command_property_name(unsigned id, char name[static 48]);

#endif
