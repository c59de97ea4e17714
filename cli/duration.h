/* How long something is to take, as people write it: 90, 90s, 15m, 8h. */
#ifndef CLI_DURATION_H
#define CLI_DURATION_H

#include <stdbool.h>

struct command;

/* The argument of this option ("--time"), in seconds, up to a week. False: it is none, and that has been said. */
bool duration_take(
	const struct command *command, const char *option, const char *text, unsigned *out);

#endif
