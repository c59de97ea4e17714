/* Passwords: out of the command line, where every process can read them, and out of files. */
#ifndef CLIENT_TOOL_SECRET_H
#define CLIENT_TOOL_SECRET_H

#include "client/tool/command.h"

/* What argv says of secrets, in -P, in the URL of -L and in --ws-header, is copied, and wiped where it stood. */
void secrets_take(const struct command *c, int argc, char **argv);

/* The password is the first line of the file, without its end. False after a complaint. */
bool secret_read_file(struct command *c, const char *path);

#endif
