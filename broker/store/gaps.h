/* Free pages of an LMDB file, by how many of them lie in a row. A pair that has pages of its own needs them so: what is free, but too
 * scattered for it, is no room, and LMDB makes the file longer instead.
 */
#ifndef BROKER_STORE_GAPS_H
#define BROKER_STORE_GAPS_H

#include <stdint.h>

#include <lmdb.h>

/* Lengths that are told apart: 1, 2, 3, 4, 6, 8, 12, 16 and so on, up to a message of any size. */
enum { GAPS_LENGTHS = 40 };

struct gaps {
	uint64_t end; /* the number of the last page, and one; 0: it was not measured */
	uint64_t fits[GAPS_LENGTHS]; /* how often each length is free in a row */
};

/* As the latest commit left it: what that one has freed is not free for the next yet. Returns 0, ENOMEM, or an error of LMDB. */
int gaps_measure(MDB_env *env, struct gaps *out);

/* How many pages are free for pairs that need so many in a row, at the least. */
uint64_t gaps_free(const struct gaps *g, uint64_t in_a_row);

#endif
