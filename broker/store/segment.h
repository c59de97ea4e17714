/* A file of the journal: commits one after another, each from the beginning of a page on.
 *
 *      | first · · · last ·  ·  ·  | first&last ·  ·  ·  | first · · ·      blocks (block.h), of ascending commits
 *        commit 7                    commit 8              commit 9           then whatever there was before
 *
 * A page is never written again for another commit, so what is durable stays so. A commit that has not been written
 * to its end is none.
 */
#ifndef BROKER_STORE_SEGMENT_H
#define BROKER_STORE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/store/batch.h"

enum { SEGMENT_PAGE = 4096 };

struct segment {
	int fd;
	uint64_t bytes; /* of the file */
	uint64_t end;   /* where the next commit begins; there is a page at least */
};

/* What stands before the changes of a commit. */
struct commit {
	uint64_t number; /* from 1 on, ascending */
	uint64_t
		previous; /* the number of the one before it: those between were tried and have failed */
	uint64_t wall_ms, pairs_ms; /* when that was; see head.h */
};

/* Makes a file without commits, in the place of any that has this name. Returns 0 or an errno. */
int segment_make(struct segment *s, int folder, const char *name, uint64_t bytes);

/* -1 in `fd` and an errno if there is none; `end` is 0. */
int segment_open(struct segment *s, int folder, const char *name, int flags);
void segment_close(struct segment *s);

/* Makes it larger. Returns 0 or an errno; then it is as it was. */
int segment_grow(struct segment *s, uint64_t bytes);

/* How many bytes the commit of this batch takes. */
uint64_t segment_need(const struct batch *b);
bool segment_fits(const struct segment *s, uint64_t need);

/* `room` is what is written, grown as need be. Returns 0 or an errno: then nothing of it counts, and it may be done again under
 * another number.
 */
struct segment_room {
	uint8_t *bytes;
	size_t size;
};

int segment_write(struct segment *s, const struct commit *c, const struct batch *b,
	struct segment_room *room, bool sync);

/* A commit that was read, and its changes, for segment_apply. False: to be stopped. */
typedef bool segment_take(void *context, const struct commit *c, struct mqtt_view changes);

struct segment_found {
	uint64_t first, last; /* commits; 0: there is none */
	uint64_t highest;     /* number that any block has */
	bool damaged;         /* it has been read up to there */
};

/* Reads the commits in the first `bytes`, and looks at the rest of these. Returns 0, or an errno if they cannot be read; found->damaged
 * where they are damaged, after all commits before that.
 */
int segment_read(const struct segment *s, uint64_t bytes, segment_take *take, void *context,
	struct segment_found *found);

/* The changes, as later words. False without memory, or if they are none. */
bool segment_apply(struct mqtt_view changes, struct batch *to);

#endif
