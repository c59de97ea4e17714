#include "broker/store/writer.h"

#include <errno.h>

#include "broker/store/table_bring.h"

enum {
	ROOM_SPARE = 256 << 10,
	FREED_SPARE = 128 << 10, /* not worth a commit */
};

/* ---- from the journal to the table --------------------------------------------------------- */

/* What the table is like now. With the lock. */
static void note_size(struct writer *w)
{
	w->size = w->table.written;
	w->has_saved = true;
}

/* It is in the table, and the file is free. With the lock. */
static void note_saved(struct writer *w, unsigned segment)
{
	note_size(w);
	w->saved = volume_sum(w->saved, w->in[segment]);
	w->in[segment] = (struct volume){ 0 };
	w->journal.segments[segment].end = 0;
}

/* What a segment says. */
static int save(struct writer *w, unsigned segment)
{
	struct batch all;
	struct commit latest;

	batch_init(&all);
	point_pass(&w->table.points, "checkpoint");
	int e = journal_read_segment(&w->journal.segments[segment], &all, &latest);
	if (e == JOURNAL_DAMAGED) /* it was whole when it was written */
		e = EIO;
	const struct head head = {
		.wall_ms = latest.wall_ms, .pairs_ms = latest.pairs_ms, .logged = latest.number
	};
	if (!e)
		e = table_bring(&w->table, &all, &head);
	batch_fini(&all);
	if (e)
		return e;
	w->head = head;
	point_pass(&w->table.points, "checkpoint-done");
	journal_shrink(&w->journal, segment);
	return 0;
}

/* What the commit before has freed is free then. */
static int save_nothing(struct writer *w)
{
	struct batch nothing;

	batch_init(&nothing);
	int e = table_commit(&w->table, &nothing, &w->head);
	batch_fini(&nothing);
	return e;
}

/* By the thread, without the lock but for what others look at. */
static void work(struct writer *w)
{
	unsigned other = !w->journal.current;
	bool full = w->full;

	pthread_mutex_unlock(&w->lock);
	int e = full ? save(w, other) : save_nothing(w);
	pthread_mutex_lock(&w->lock);
	if (full)
		w->error = e;
	if (full && !e) {
		note_saved(w, other);
		w->full = false;
	} else if (!e) {
		note_size(w);
	}
	w->released = !full;
	w->busy = false;
	pthread_cond_broadcast(&w->turn);
}

static void *run(void *context)
{
	struct writer *w = context;

	pthread_mutex_lock(&w->lock);
	while (!w->ends) {
		if (w->busy)
			work(w);
		else
			pthread_cond_wait(&w->turn, &w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void kick(struct writer *w)
{
	w->busy = true;
	pthread_cond_broadcast(&w->turn);
}

/* Until the file that is not the current one is free. With the lock. Returns 0, or why it is not. */
static int await(struct writer *w)
{
	if (w->full && !w->busy) /* it has failed */
		kick(w);
	while (w->busy)
		pthread_cond_wait(&w->turn, &w->lock);
	return w->full ? w->error : 0;
}

void writer_retry(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	if (w->full && !w->busy)
		kick(w);
	pthread_mutex_unlock(&w->lock);
}

/* ---- a commit ------------------------------------------------------------------------------ */

static struct segment *current(struct writer *w)
{
	return &w->journal.segments[w->journal.current];
}

/* The current file is too small, and the other one is busy. */
static int grow(struct writer *w)
{
	uint64_t bytes = current(w)->bytes * 2;

	point_pass(&w->table.points, "journal-grow");
	return segment_grow(
		current(w), bytes < w->journal.most_bytes ? bytes : w->journal.most_bytes);
}

/* The other file becomes the current one. */
static void turn_over(struct writer *w)
{
	w->journal.current = !w->journal.current;
	w->full = true;
	kick(w);
}

static int room_find(struct writer *w, uint64_t need)
{
	int e = 0;

	while (!e && current(w)->end && !segment_fits(current(w), need)) {
		pthread_mutex_lock(&w->lock);
		bool larger = w->busy && current(w)->bytes < w->journal.most_bytes;
		pthread_mutex_unlock(&w->lock);
		if (larger && !grow(w))
			continue;
		pthread_mutex_lock(&w->lock);
		e = await(w);
		if (!e)
			turn_over(w);
		pthread_mutex_unlock(&w->lock);
	}
	return e;
}

static int commit_to_journal(
	struct writer *w, const struct batch *b, uint64_t wall_ms, uint64_t pairs_ms)
{
	point_pass(&w->table.points, "journal-write");
	int e = journal_write(&w->journal, b, wall_ms, pairs_ms, w->sync);
	if (!e)
		w->in[w->journal.current] = volume_sum(w->in[w->journal.current], w->under_way);
	return e;
}

static int commit_to_table(struct writer *w, struct batch *b, uint64_t wall_ms, uint64_t pairs_ms)
{
	const struct head head = {
		.wall_ms = wall_ms, .pairs_ms = pairs_ms, .logged = ++w->journal.number
	};
	int e = table_commit(&w->table, b, &head);

	if (e)
		return e;
	w->head = head;
	w->journal.previous = head.logged;
	pthread_mutex_lock(&w->lock);
	w->saved = volume_sum(w->saved, w->under_way);
	w->released = false;
	note_size(w);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

/* Both files are free, and one of them may be large enough. Returns 0, or why they are not. */
static int larger_find(struct writer *w, uint64_t need)
{
	pthread_mutex_lock(&w->lock);
	int e = await(w);
	if (!e && !segment_fits(current(w), need))
		w->journal.current = !w->journal.current;
	pthread_mutex_unlock(&w->lock);
	return e;
}

/* It has no room in an empty file. If there is none for it in the table either, as where a store that is nearly full loses much
 * at once, then the file becomes as large as it has to.
 */
static int commit_at_once(
	struct writer *w, struct batch *b, uint64_t wall_ms, uint64_t pairs_ms, uint64_t need)
{
	int e = table_takes_whole(&w->table, b) ? commit_to_table(w, b, wall_ms, pairs_ms) : ENOSPC;

	if (!table_lacks_room(e))
		return e;
	point_pass(&w->table.points, "journal-grow");
	e = journal_stretch(&w->journal, need, wall_ms, pairs_ms, w->sync);
	return e ? e : commit_to_journal(w, b, wall_ms, pairs_ms);
}

static int commit(struct writer *w, struct batch *b, uint64_t wall_ms, uint64_t pairs_ms)
{
	uint64_t need = segment_need(b);
	int e = room_find(w, need);

	if (!e && !segment_fits(current(w), need))
		e = larger_find(w, need);
	if (e)
		return e;
	return segment_fits(current(w), need) ? commit_to_journal(w, b, wall_ms, pairs_ms)
					      : commit_at_once(w, b, wall_ms, pairs_ms, need);
}

int writer_commit(struct writer *w, struct batch *b, uint64_t wall_ms, uint64_t pairs_ms)
{
	int e = commit(w, b, wall_ms, pairs_ms);

	pthread_mutex_lock(&w->lock);
	w->committing = false;
	pthread_cond_broadcast(&w->turn);
	pthread_mutex_unlock(&w->lock);
	return e;
}

/* ---- room ---------------------------------------------------------------------------------- */

static void announce(struct writer *w)
{
	table_announce(&w->table, volume_sum(w->logged, w->under_way));
}

void writer_announce(struct writer *w, const struct batch *b)
{
	w->under_way = b->volume;
	pthread_mutex_lock(&w->lock);
	w->committing = true;
	pthread_mutex_unlock(&w->lock);
	announce(w);
}

/* What has reached the table since this was asked last. */
static bool settle_saved(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	const bool has_saved = w->has_saved;
	const struct volume saved = w->saved;
	const struct table_size size = w->size;
	w->saved = (struct volume){ 0 };
	w->has_saved = false;
	pthread_mutex_unlock(&w->lock);
	if (!has_saved)
		return false;
	w->logged = volume_rest(w->logged,
		saved); /* less than nothing, where what is under way was saved at once */
	table_settle(&w->table, &size);
	announce(w);
	return true;
}

/* What is in the current file goes on its way to the table. With the lock. */
static void hasten(struct writer *w)
{
	if (w->committing || w->busy || w->full)
		return;
	if (current(w)->end)
		turn_over(w);
	else if (w->size.freed_bytes > FREED_SPARE && !w->released)
		kick(w);
}

bool writer_hasten(struct writer *w, bool wait)
{
	pthread_mutex_lock(&w->lock);
	while (wait && w->committing)
		pthread_cond_wait(&w->turn, &w->lock);
	if (!wait || !await(w))
		hasten(w);
	if (wait)
		await(w);
	pthread_mutex_unlock(&w->lock);
	return settle_saved(w);
}

/* What is in the journal takes a good deal less room once it is in the table. So where there is hardly any left, it goes there before
 * the file is full.
 */
void writer_settle(struct writer *w, int e)
{
	if (!e)
		w->logged = volume_sum(w->logged, w->under_way);
	w->under_way = (struct volume){ 0 };
	announce(w);
	settle_saved(w);
	struct volume again = w->logged;
	again.bytes += ROOM_SPARE;
	if (again.changes && table_room(&w->table, again))
		writer_hasten(w, false);
}

int writer_room(struct writer *w, struct volume volume)
{
	return table_room(&w->table, volume);
}

/* ---- the beginning and the end ------------------------------------------------------------- */

static int thread_begin(struct writer *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->turn, NULL);
	int e = pthread_create(&w->thread, NULL, run, w);
	w->runs = !e;
	return e;
}

/* A store without a journal gets one: it counts from the moment on at which the head says so. */
static int journal_begin(struct writer *w, const struct writer_settings *settings,
	const struct head *head, uint64_t highest)
{
	uint64_t base = head->logged ? head->logged : head->number ? head->number : 1;
	int e = head->logged ? 0 : journal_make(settings->folder->fd, settings->most_bytes);

	return e ? e
		 : journal_open(&w->journal, settings->folder->fd, highest > base ? highest : base,
			   base, settings->most_bytes);
}

static int table_begin(struct writer *w, struct batch *latest, const struct head *head)
{
	const struct head now = {
		.wall_ms = head->wall_ms, .pairs_ms = head->pairs_ms, .logged = w->journal.previous
	};

	table_announce(&w->table, latest->volume);
	/* Even without: it has been taken by a broker that had room for it, and room is reckoned amply. */
	(void)table_room(&w->table, (struct volume){ 0 });
	int e = table_bring(&w->table, latest, &now);
	if (!e)
		table_settle(&w->table, &w->table.written);
	w->head = now;
	w->size = w->table.written;
	for (unsigned i = 0; !e && i < JOURNAL_SEGMENTS; i++)
		journal_shrink(&w->journal, i);
	table_announce(&w->table, (struct volume){ 0 });
	return e;
}

int writer_open(struct writer *w, const struct writer_settings *settings, struct batch *latest,
	const struct head *head, uint64_t highest)
{
	uint64_t most = settings->most_bytes;

	*w = (struct writer){ .table.points = w->table.points,
		.journal.segments = { { .fd = -1 }, { .fd = -1 } },
		.sync = settings->sync };
	if (most != UINT64_MAX)
		most -= most < journal_most_bytes(most) ? most : journal_most_bytes(most);
	int e = table_open(&w->table, settings->folder->path, 0, most);
	if (e)
		return e;
	e = journal_begin(w, settings, head, highest);
	if (!e)
		e = table_begin(w, latest, head);
	if (!e)
		e = thread_begin(w);
	if (e) {
		journal_close(&w->journal);
		table_close(&w->table);
	}
	return e;
}

void writer_close(struct writer *w)
{
	if (!w->runs)
		return;
	pthread_mutex_lock(&w->lock);
	bool free = !await(w);
	w->ends = true;
	pthread_cond_broadcast(&w->turn);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	if (free && current(w)->end)
		save(w, w->journal.current);
	pthread_cond_destroy(&w->turn);
	pthread_mutex_destroy(&w->lock);
	journal_close(&w->journal);
	table_close(&w->table);
	w->runs = false;
}
