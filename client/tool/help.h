/* What --help and --version say. */
#ifndef CLIENT_TOOL_HELP_H
#define CLIENT_TOOL_HELP_H

#include "client/tool/option.h"

const char *help_text(enum command_kind kind);
const char *help_version(void);

#endif
