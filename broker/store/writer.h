/* What a commit is: a few bytes at the end of the journal, and one sync. The table gets to know it later.
 *
 *      batch ──commit──▶ journal-0 ──full──▶ a thread reads it back, and commits it to the table; meanwhile
 *                        journal-1 ◀── further commits
 *
 * When that one is full, too, before the table is done, it becomes larger; in the end the commit waits. A batch for which even an
 * empty file is too small goes into the table at once, when that has all that came before it.
 */
#ifndef BROKER_STORE_WRITER_H
#define BROKER_STORE_WRITER_H

#include <pthread.h>

#include "broker/store/folder.h"
#include "broker/store/journal.h"
#include "broker/store/table.h"

struct writer {
	struct table table;
	struct journal journal;
	bool sync;

	/* Of whoever asks for room. */
	struct volume logged; /* in the journal, and not in the table */
	struct volume under_way;

	/* Of whoever commits. */
	struct volume in[JOURNAL_SEGMENTS]; /* the files */
	struct head head;                   /* of the table */

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turn; /* something of what follows has changed */
	bool runs;
	bool ends;
	bool committing; /* since writer_announce */
	bool busy; /* the thread is at work: it saves what is in the file that is not the current one, */
	bool full; /* if there is something in it; or else nothing (writer_hasten) */
	bool released; /* the latest commit to the table was of nothing: another one would free no more */
	int error;      /* why, when the thread is not at work */
	bool has_saved; /* and since the latest writer_settle: */
	struct volume saved;
	struct table_size size;
};

struct writer_settings {
	const struct folder *folder;
	bool sync;
	uint64_t most_bytes; /* UINT64_MAX: any */
};

/* Opens a store that is whole, and writes `latest` to the table, which is what the journal has after its head. `head` is that, `highest` the
 * number that no block of the journal exceeds. Returns 0, an errno, or an error of LMDB; then nothing is to be closed.
 */
int writer_open(struct writer *w, const struct writer_settings *settings, struct batch *latest,
	const struct head *head, uint64_t highest);

/* All that is in the journal goes into the table, if it can. */
void writer_close(struct writer *w);

/* A commit in three steps, as table_room is asked meanwhile: the one in the middle may be another thread's. */
void writer_announce(struct writer *w, const struct batch *b);
int writer_commit(struct writer *w, struct batch *b, uint64_t wall_ms, uint64_t pairs_ms);
void writer_settle(struct writer *w, int e);

/* Room for what is in the batch, and so much more: as table_room. */
int writer_room(struct writer *w, struct volume volume);

/* There is no room: but what is in the journal takes less as soon as it is in the table, and what the latest commit to the
 * table has freed is free after another one. Sees to that, and waits for it if it is to. True if something has come of that by
 * now, and there may be room.
 */
bool writer_hasten(struct writer *w, bool wait);

/* Tries again what the thread has failed to do. */
void writer_retry(struct writer *w);

#endif
