/* A command line from its words: defaults of a file, options, and what follows from them. */
#ifndef CLIENT_TOOL_COMMAND_READ_H
#define CLIENT_TOOL_COMMAND_READ_H

#include "client/tool/command.h"

/* 0 to go on; else the exit code plus one, and everything has been said. */
int command_read(struct command *c, struct arena *a, enum command_kind kind, int argc, char **argv);

#endif
