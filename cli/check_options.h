/* The command line of `mqttspec check`. */
#ifndef CLI_CHECK_OPTIONS_H
#define CLI_CHECK_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "check/check.h"

enum { CHECK_PORTS_MAX = 64, CHECK_TOPICS_MAX = 64 };

/* Texts are those of the command line. */
struct check_wishes {
	const char *path;
	const char *interface; /* NULL: a file is read */
	bool follow;
	bool quiet;
	bool json;
	bool summary;
	const char *out;
	const char *key_log;
	const char *annotate;
	struct check_options options; /* points into what follows */
	uint16_t ports[CHECK_PORTS_MAX];
	const char *topics[CHECK_TOPICS_MAX];
};

extern const char check_help[];
extern const struct option check_options[];

/* False: there is nothing left to do but to exit with *code. */
bool check_options_read(struct check_wishes *w, int argc, char **argv, int *code);

#endif
