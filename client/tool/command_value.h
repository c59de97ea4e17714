/* Values that several options share. All complain themselves. */
#ifndef CLIENT_TOOL_COMMAND_VALUE_H
#define CLIENT_TOOL_COMMAND_VALUE_H

#include "client/tool/command.h"

bool command_number(const struct command *c, const char *option, const char *text, long least,
	long most, long *value);
void command_text_add(struct command *c, struct texts *t, const char *text);

/* A Topic Name, of which the last one counts, or one more Topic Filter. */
bool command_topic_add(struct command *c, const char *text);

#endif
