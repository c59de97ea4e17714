/* What a shell may complete the command lines of pub and sub with. */
#ifndef CLIENT_TOOL_COMPLETION_H
#define CLIENT_TOOL_COMPLETION_H

#include "client/tool/option.h"

/* `words` are those after "pub" or "sub"; the last one is being typed. */
void completion_print(enum command_kind kind, char **words, int count);

#endif
