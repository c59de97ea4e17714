/* The files with default options that mosquitto's clients read. */
#ifndef CLIENT_TOOL_DEFAULTS_H
#define CLIENT_TOOL_DEFAULTS_H

#include <stdio.h>

#include "client/tool/command.h"

/* $XDG_CONFIG_HOME/mosquitto_pub (_sub), or ~/.config/mosquitto_pub. NULL: neither variable is set. */
const char *defaults_path(const struct command *c);

/* Reads the file, if there is one: an option a line, and after a blank all of its value. Lines that
 * begin with # are comments. False after a complaint, which names file and line, and never what a
 * line holds, which may be a secret.
 */
bool defaults_read(struct command *c, const char *path);

#endif
