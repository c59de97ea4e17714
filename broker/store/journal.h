/* What has been committed since the table was last brought up to date: two files that take turns.
 *
 *      journal-0   | 41 | 42 | 43 |          written to until it is full
 *      journal-1   | 36 | 37 | 38 | 39 | 40 |      being taken over by the table (writer.h), and then free again
 *
 * The table's head names the latest commit that is in it: all after that count, each naming the one before it.
 */
#ifndef BROKER_STORE_JOURNAL_H
#define BROKER_STORE_JOURNAL_H

#include "broker/store/segment.h"

enum { JOURNAL_SEGMENTS = 2 };

struct journal {
	struct segment segments[JOURNAL_SEGMENTS];
	unsigned current;
	uint64_t number;     /* of the latest commit, which may have failed */
	uint64_t previous;   /* of the latest one that did not */
	uint64_t most_bytes; /* of a segment, unless one commit needs more */
	int folder;          /* borrowed */
	bool unnamed
		[JOURNAL_SEGMENTS]; /* the folder may not have the name on the disk; whoever has the file looks at it */
	struct segment_room room;
};

/* Makes both files, in the place of any that are there. Returns 0 or an errno. `most_bytes`: of the whole store, UINT64_MAX:
 * any.
 */
int journal_make(int folder, uint64_t most_bytes);

/* Neither is there any more. */
void journal_drop(int folder);

/* Opens both, which are free. `number`: that no block in them exceeds; `previous`: of the latest commit. Returns 0 or an errno. */
int journal_open(
	struct journal *j, int folder, uint64_t number, uint64_t previous, uint64_t most_bytes);
void journal_close(struct journal *j);

/* How many bytes both may have at most, of a store of this size, but for what journal_stretch has done. */
uint64_t journal_most_bytes(uint64_t most_bytes);

/* The current file, which is free, becomes large enough for a commit of so many bytes (segment_need), whatever it may have.
 * Returns 0 or an errno.
 */
int journal_stretch(
	struct journal *j, uint64_t need, uint64_t wall_ms, uint64_t pairs_ms, bool sync);

/* One that is free is made anew if it has more than it may. That may fail: then it stays so. */
void journal_shrink(struct journal *j, unsigned segment);

/* Writes the commit of this batch where there is room for it. Returns 0 or an errno: then it may be done again. */
int journal_write(
	struct journal *j, const struct batch *b, uint64_t wall_ms, uint64_t pairs_ms, bool sync);

enum { JOURNAL_DAMAGED = -1 }; /* in the place of an errno */

struct journal_found {
	struct commit latest; /* number 0: there is none after the one asked for */
	uint64_t highest;     /* number in any block */
	unsigned segment;     /* in which one something is wrong */
};

/* All changes of the commits after `after` in both files; 0: of the latest that follow each other without a gap. Returns 0, an errno, or
 * JOURNAL_DAMAGED: then `to` has what was committed before that.
 */
int journal_read(int folder, uint64_t after, struct batch *to, struct journal_found *found);

/* The same of one segment, up to `s->end`: while others are written. */
int journal_read_segment(const struct segment *s, struct batch *to, struct commit *latest);

const char *journal_name(unsigned segment);

#endif
