/* How sub prints a message: the payload, -v, or -F. */
#ifndef CLIENT_TOOL_FORMAT_H
#define CLIENT_TOOL_FORMAT_H

#include <stdbool.h>

#include "client/tool/command.h"

/* Whether the format of -F can be followed; if not, it has complained. */
bool format_check(const struct command *c);

/* To stdout, flushed. False if it could not be written. */
bool format_print(const struct command *c, const struct mqttspec_message *message);

#endif
