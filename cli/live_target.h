/* A target that a command keeps at work for as long as it likes: found by its word, launched if need be, and up
 * until the end.
 */
#ifndef CLI_LIVE_TARGET_H
#define CLI_LIVE_TARGET_H

#include <stdbool.h>

#include "base/arena.h"
#include "harness/runner/target.h"

struct command;

struct live_options {
	const struct command *command; /* whose complaints they are */
	const char *purpose; /* "a load test of": what whoever runs the broker has to mean */
	const struct transport *transport; /* of launched targets; NULL: the usual one */
	const char *user, *password_file, *ws_path;
	struct tls_files tls;
	int pid;     /* of a target that is not launched; 0: not known */
	bool anyway; /* it may be elsewhere */
};

struct live_target {
	struct arena *arena;
	const struct live_options *options;
	struct target_file file;
	bool has_file;
	bool is_client; /* the file is of one: nothing of what follows is filled in */
	struct login login;
	struct target target;
	const char *url; /* as it was given; NULL: it is launched */
	bool ready;      /* there is a target to stop */
};

/* Finds it by its word. Both of these are borrowed, as is the arena. False: end with *code; a complaint was printed. */
bool live_target_find(struct live_target *t, struct arena *a, const struct live_options *o,
	const char *word, int *code);

/* Launches it, or takes its URL. `stop_fd` as that of a target. The same. */
bool live_target_start(struct live_target *t, int stop_fd, int *code);

/* Where it is reached, until it is launched again. */
const struct endpoint *live_target_endpoint(const struct live_target *t);

/* A sentence if it has ended, in the arena; else NULL. */
const char *live_target_death(struct live_target *t);

void live_target_stop(struct live_target *t);

#endif
