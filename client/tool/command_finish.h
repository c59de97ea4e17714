/* What is left to be done once all options are read. */
#ifndef CLIENT_TOOL_COMMAND_FINISH_H
#define CLIENT_TOOL_COMMAND_FINISH_H

#include "client/tool/command.h"

/* Finds contradictions, and fills in what follows from the options. False after a complaint. */
bool command_finish(struct command *c);

/* What the library is told. `will` is filled in if there is one. */
void command_options(
	const struct command *c, struct mqttspec_options *o, struct mqttspec_message *will);

uint16_t command_port(const struct command *c); /* as given, or the usual one */

#endif
