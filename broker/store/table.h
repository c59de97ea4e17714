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
#include "broker/store/head.h"
#include "broker/store/point.h"

enum { TABLE_CEILING = -1 }; /* in the place of an error: the file is as large as it may be */

enum {
	TABLE_FILE = 1, /* the path is that of a file, not of its folder */
};

struct table_size {
	uint64_t page_bytes;
	uint64_t used_bytes;  /* in use, not free to be used again */
	uint64_t freed_bytes; /* by the latest commit: they are free for the one after the next */
	unsigned depth;       /* of the tree */
};

struct table {
	struct points points;
	char *path;          /* of the folder, or the file */
	unsigned how;        /* TABLE_... */
	uint64_t most_bytes; /* that the file may have; UINT64_MAX: any */
	int fd;              /* of the file, for its size */

	/* Of whoever commits. */
	MDB_env *env; /* NULL: it has to be opened again */
	MDB_dbi dbi;
	struct table_size written;

	/* Of whoever asks for room. */
	struct table_size size;  /* the same, as table_settle had it */
	struct volume under_way; /* to the table */
	uint64_t file_bytes;     /* that the file has on the disk */
};

/* Opens the table in a folder, or makes it. `most_bytes` UINT64_MAX: no ceiling. Returns 0, an errno, or an error of LMDB; then
 * nothing is to be closed.
 */
int table_open(struct table *t, const char *path, unsigned how, uint64_t most_bytes);
void table_close(struct table *t);

/* Whether its file has no name any more. */
bool table_is_removed(const struct table *t);

/* Applies and commits what is in the batch, and the head: its times, and `logged`. It is on the disk then. Returns 0, an errno, or an
 * error of LMDB: then the file is as it was. Another thread may meanwhile ask for room.
 */
int table_commit(struct table *t, struct batch *b, const struct head *head);

/* Some changes of a batch. */
struct part {
	const struct batch *batch;
	const struct batch_place *places; /* in the order of the keys */
	uint32_t count;
};

/* The same with a part of one. `head` NULL: it stays as it is, but for the number of the commit. */
int table_write_part(struct table *t, const struct part *part, const struct head *head);

/* What the thread that asks for room has to know: what is on its way, of which nothing has been settled; and the size that
 * table_commit has left.
 */
void table_announce(struct table *t, struct volume volume);
void table_settle(struct table *t, const struct table_size *size);

/* Room on the disk for so much more, the file being made larger if need be. Returns 0, or the
 * errno that says why there is none, or TABLE_CEILING.
 */
int table_room(struct table *t, struct volume volume);

/* What so many changes take in one commit, at the most, and what that takes besides. */
uint64_t table_need_bytes(const struct table_size *s, struct volume v);

/* The file's, on the disk. */
uint64_t table_file_bytes(const struct table *t);

/* What such an error says. */
const char *table_error(int e);

#endif
