/* One option at a time, with its value, from the command line or from a file. */
#ifndef CLIENT_TOOL_COMMAND_TAKE_H
#define CLIENT_TOOL_COMMAND_TAKE_H

#include "client/tool/command.h"

/* One option, spelt `name`; `value` is NULL if there is none. False after a complaint. */
bool command_take(struct command *c, const struct option *o, const char *name, const char *value);

/* What an option of the command line takes the place of, of that which a file said: command_take does it
 * for all but -D.
 */
void command_override(struct command *c, enum option_id id);

#endif
