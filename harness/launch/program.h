/* A launched program: a process group of its own, whose output is read through a pipe (or, when it is
 * talked to, through one for each of its standard streams), and which leaves nothing behind when it is
 * stopped or when this process dies.
 */
#ifndef HARNESS_PROGRAM_H
#define HARNESS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "harness/launch/keeper.h"
#include "harness/launch/streams.h"

struct arena;

struct program {
	pid_t pid;            /* and of its group; 0: none */
	bool forked;          /* by another program of ours (forked.h), which tells of its end */
	int pid_fd;           /* readable when it has ended; -1 */
	int input_fd;         /* what it reads from stdin, if it is talked to; -1. Does not block */
	int output_fd;        /* what it writes to stdout and stderr; -1. Does not block */
	int error_fd;         /* what it writes to stderr, if it is talked to; -1. Does not block */
	const char *mark;     /* in the environment of all that it starts */
	struct keeper keeper; /* ends it after us; none, unless it was asked for */
};

/* No program. */
#define PROGRAM_NONE                                                           \
	{                                                                      \
		.pid_fd = -1, .input_fd = -1, .output_fd = -1, .error_fd = -1, \
		.keeper = KEEPER_NONE                                          \
	}

struct program_spec {
	const char *const *words;       /* command and arguments, NULL after the last one */
	const char *const *environment; /* "NAME=value" beyond this process's own, or NULL */
	const char *folder;             /* where it runs; NULL: where this process does */
	enum streams_kind streams;      /* how it is listened to and talked to */
	bool kept; /* it ends with us even if it changes its user or starts others (keeper.h) */
};

/* The program's path: `name` if it has a slash, else looked for in PATH and in the folders for servers,
 * which are not in everybody's PATH. NULL: there is none.
 */
const char *program_find(struct arena *a, const char *name);

/* False, with a sentence, when it cannot be started. `out` is valid either way. */
bool program_start(
	struct arena *a, const struct program_spec *spec, struct program *out, const char **error);

/* Whether it has ended, and so have all that it left in its group: a script may end before the program that
 * it started. Nothing is reaped.
 */
bool program_is_over(const struct program *p);

/* True when it has ended; `status` as from waitpid. It is reaped, its group and output are left. */
bool program_ended(struct program *p, int *status);

/* Ends what is left of it, group and strays, at once, and closes everything. Harmless when none runs. */
void program_kill(struct program *p);

#endif
