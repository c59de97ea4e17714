/* Only for the files of this folder. */
#ifndef CLIENT_SHELL_OPTIONS_H
#define CLIENT_SHELL_OPTIONS_H

#include "client/shell/shell.h"

/* Takes over all of the options; makes the engine. False, with a sentence in `error`. */
bool options_read(
	struct mqttspec_client *c, const struct mqttspec_options *o, char *error, size_t size);

void route_fini(struct route *r);

#endif
