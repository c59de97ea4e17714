/* -L: scheme, user, server and topic in one. */
#ifndef CLIENT_TOOL_COMMAND_URL_H
#define CLIENT_TOOL_COMMAND_URL_H

#include "client/tool/command.h"

/* False after a complaint, which shows nothing of a password. */
bool command_url_read(struct command *c, const char *url);

#endif
