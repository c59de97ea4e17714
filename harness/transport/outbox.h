/* The way out of a pipe that lies on another one and turns what is written into records or frames.
 *
 *   outbox_write ── encode ──▶ coded ── outbox_flush ──▶ the pipe below
 *
 * The writer is told that its bytes are gone when the last byte of what they have become is. Until then it
 * tries again with the same bytes, as it would on a socket that is full; if it comes with others instead,
 * it has given up on those. Within harness/transport only.
 */
#ifndef HARNESS_OUTBOX_H
#define HARNESS_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

struct pipe;

struct outbox {
	struct buf coded; /* for the pipe below */
	struct buf
		plain; /* what it stands for, while its writer has not been told that it is gone */
};

/* Adds what these bytes become to coded. False: it cannot, for good. */
typedef bool (*outbox_encode)(void *user, const void *data, size_t size);

void outbox_init(struct outbox *o);
void outbox_fini(struct outbox *o);

/* Writes what is coded, as far as the pipe takes it: 1: all of it; or PIPE_AGAIN, PIPE_RESET. */
ssize_t outbox_flush(struct outbox *o, struct pipe *below);

/* The `write` of such a pipe; at most `most` bytes become one record. */
ssize_t outbox_write(struct outbox *o, struct pipe *below, const void *data, size_t size,
	size_t most, outbox_encode encode, void *user);

#endif
