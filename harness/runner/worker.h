/* One forked process that does one piece of work and reports through a pipe.
 *
 *   worker_start ──▶ worker_read (whenever fd is readable) ──▶ ended
 *         └────────▶ worker_kill (at any time)
 *
 * Before its report it may say, by a byte each, that it only waits, and that it has work again.
 */
#ifndef HARNESS_WORKER_H
#define HARNESS_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"

struct worker {
	pid_t pid;      /* 0: it has ended and is reaped */
	int fd;         /* to poll for reading; -1 when it has ended */
	struct buf out; /* what it has written */
	bool waits;     /* by its own word: it does nothing but wait */
	bool flooded;   /* it wrote more than we take, and was killed */
	int status;     /* as from waitpid, once it has ended */
};

enum { WORKER_OUTPUT_BYTES = 64 * 1024 * 1024 };

/* Forks. In the child `work` writes to `out`, which is closed afterwards; then the child ends
 * without running exit handlers. It dies with this process. False with errno. The worker is valid
 * either way.
 */
bool worker_start(struct worker *w, void (*work)(void *user, FILE *out), void *user);

/* For the child, before the first byte of its report. */
void worker_tell(FILE *out, bool waits);

/* Takes what is there, without waiting. True when the worker has ended. */
bool worker_read(struct worker *w);

/* SIGKILL, and waits for its end. Harmless when it has ended. */
void worker_kill(struct worker *w);

/* Kills it and frees what it wrote. */
void worker_fini(struct worker *w);

#endif
