/* `mqttspec targets`: the target files that are known by name, and what there is of them on this machine. */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/runner/target_file.h"

struct arena;

struct known_target {
	const char *name; /* of the file, without ".ini": what people type */
	struct target_file file;
	bool is_client;
	bool is_there; /* it can be launched, as far as can be told without doing it; or has a URL */
	const char *version; /* NULL: it does not say */
	const char *how;     /* to get it: a command to type; "" when nobody has said */
};

/* Reads the file of one; false, with a sentence. The rest stays empty. */
bool known_target_read(
	struct arena *a, const char *name, struct known_target *out, const char **error);

/* Finds out whether it is there. That may launch its agent, to have it say hello, or have a broker
 * print its version; for seconds at most.
 */
void known_target_look(struct arena *a, struct known_target *t);

/* For people, or as one JSON array. */
void targets_print(const struct known_target *targets, size_t count);
void targets_print_json(const struct known_target *targets, size_t count);

#endif
