/* LMDB's side of the store: one table, written by one transaction for each batch.
 *
 * The file is as large as what LMDB may need for the next batch, and a good deal larger than that: so a disk
 * that is full is noticed when there is still something to be done about it, and not by the commit.
 */
#ifndef BROKER_STORE_TABLE_H
#define BROKER_STORE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <lmdb.h>

#include "broker/store/batch.h"
#include "broker/store/point.h"

enum { TABLE_CEILING = -1 }; /* in the place of an error: the file is as large as it may be */

enum {
	TABLE_SYNC = 1, /* a commit is on the disk, and not just on its way */
	TABLE_FILE = 2, /* the path is that of a file, not of its folder */
};

struct table_size {
	uint64_t page_bytes;
	uint64_t used_bytes; /* in use, not free to be used again */
	unsigned depth;      /* of the tree */
};

struct table {
	MDB_env *env; /* NULL: it has to be opened again */
	MDB_dbi dbi;
	struct points points;
	char *path;   /* of the folder, or the file */
	unsigned how; /* TABLE_... */
	struct table_size size,
		written; /* as table_settle has it from the latest batch, and as table_commit leaves it */
	uint64_t latest_bytes; /* that the latest batch took up: what it replaced is not free yet */
	uint64_t under_way_bytes; /* that the one may take up that is being written */
	uint64_t file_bytes;      /* that the file has on the disk */
	uint64_t most_bytes;      /* that it may have; UINT64_MAX: any */
	int fd;                   /* of the file; -1: it has to be opened again */
};

/* Opens the table in a folder, or makes it. `most_bytes` 0: no ceiling. Returns 0, an errno, or an error of LMDB; then
 * nothing is to be closed.
 */
int table_open(struct table *t, const char *path, unsigned how, uint64_t most_bytes);
void table_close(struct table *t);

/* Applies and commits what is in the batch, and the head with both times (head.h). Returns 0, an errno, or an error of LMDB: then
 * the file is as it was.
 */
int table_write(struct table *t, struct batch *b, uint64_t wall_ms, uint64_t pairs_ms);

/* The same in three steps. The one in the middle waits for the disk and may be another thread's: meanwhile this one may
 * ask for room for the next batch. The last one is told how it went.
 */
void table_announce(struct table *t, const struct batch *b);
int table_commit(struct table *t, struct batch *b, uint64_t wall_ms, uint64_t pairs_ms);
void table_settle(struct table *t, int e);

/* Room on the disk for a batch of so many changes and bytes, the file being made larger if need be. Returns 0, or the
 * errno that says why there is none, or TABLE_CEILING.
 */
int table_room(struct table *t, uint64_t changes, uint64_t bytes);

/* What such an error says. */
const char *table_error(int e);

#endif
