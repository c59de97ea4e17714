#include "broker/store/table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store/entry.h"
#include "broker/store/older.h"
#include "broker/store/seal.h"

enum {
	FILE_MODE = 0600,
	MAP_FIRST = 4 << 20,
	ROOM_LEAST = 1 << 20,   /* a step in which the file grows */
	ROOM_MOST = 64 << 20,   /* likewise */
	RESERVE_PAGES = 64,     /* for removing things when there is no room for anything else */
	RESERVE_SHARE = 64,     /* of what is in use, likewise: to list the pages of a long pair */
	SLICES_LEAST = 1 << 20, /* kept for what changes rewrite: see table_bring.h */
	SLICES_SHARE = 8,       /* of what is in use, likewise */
	CHANGE_BYTES = 64,      /* of a pair, besides key and value */
	FREE_PAGES = 0,         /* LMDB's own table */
};

/* ---- the environment ----------------------------------------------------------------------- */

static void env_close(struct table *t)
{
	if (t->env)
		mdb_env_close(t->env);
	t->env = NULL;
}

static int env_open(struct table *t)
{
	MDB_envinfo info;
	MDB_env *env;
	int e = mdb_env_create(&env);

	if (e)
		return e;
	e = mdb_env_set_mapsize(env, MAP_FIRST);
	if (!e)
		e = mdb_env_open(env, t->path, MDB_NOTLS | (t->how & TABLE_FILE ? MDB_NOSUBDIR : 0),
			FILE_MODE);
	if (!e)
		e = mdb_env_info(env, &info);
	/* A file that is larger has a map of its own size. */
	while (!e && (info.me_last_pgno + 1) * t->written.page_bytes > info.me_mapsize / 2) {
		e = mdb_env_set_mapsize(env, info.me_mapsize * 2);
		if (!e)
			e = mdb_env_info(env, &info);
	}
	if (e) {
		mdb_env_close(env);
		return e;
	}
	t->env = env;
	return 0;
}

static int map_grow(struct table *t)
{
	MDB_envinfo info;
	int e = mdb_env_info(t->env, &info);

	return e ? e : mdb_env_set_mapsize(t->env, info.me_mapsize * 2);
}

uint64_t table_file_bytes(const struct table *t)
{
	struct stat there;

	return fstat(t->fd, &there) ? 0 : (uint64_t)there.st_size;
}

static uint64_t pages_of(const MDB_stat *stat)
{
	return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

/* LMDB lists them in a table of its own: after the number of the transaction that has freed them, how many they are. */
static int count_freed(MDB_txn *txn, uint64_t *count)
{
	MDB_cursor *cursor;
	MDB_val key, list;
	size_t number, pages;
	int e = mdb_cursor_open(txn, FREE_PAGES, &cursor);

	*count = 0;
	if (e)
		return e;
	e = mdb_cursor_get(cursor, &key, &list, MDB_LAST);
	if (!e && key.mv_size == sizeof(number) && list.mv_size >= sizeof(pages)) {
		memcpy(&number, key.mv_data, sizeof(number));
		memcpy(&pages, list.mv_data, sizeof(pages));
		if (number == mdb_txn_id(txn))
			*count = pages;
	}
	mdb_cursor_close(cursor);
	return e == MDB_NOTFOUND ? 0 : e;
}

/* How much of the file is in use, as this transaction sees it. */
static int measure(struct table *t, MDB_txn *txn)
{
	MDB_stat free_pages, stat;
	uint64_t freed;
	int e = mdb_stat(txn, FREE_PAGES, &free_pages);

	if (!e)
		e = mdb_stat(txn, t->dbi, &stat);
	if (!e)
		e = count_freed(txn, &freed);
	if (e)
		return e;
	t->written.depth = stat.ms_depth + 1;
	t->written.page_bytes = stat.ms_psize;
	t->written.used_bytes = (2 + pages_of(&free_pages) + pages_of(&stat)) * stat.ms_psize;
	t->written.freed_bytes = freed * stat.ms_psize;
	return 0;
}

/* What the latest commit has left. Where that cannot be read, all of the file counts as in use. */
static void measure_latest(struct table *t)
{
	MDB_txn *txn;
	int e = mdb_txn_begin(t->env, NULL, MDB_RDONLY, &txn);

	if (!e) {
		e = measure(t, txn);
		mdb_txn_abort(txn);
	}
	if (e)
		t->written.used_bytes = table_file_bytes(t);
}

static int table_begin(struct table *t)
{
	MDB_txn *txn;
	int e = env_open(t);

	if (e)
		return e;
	e = mdb_txn_begin(t->env, NULL, MDB_RDONLY, &txn);
	if (!e) {
		e = mdb_dbi_open(txn, NULL, 0, &t->dbi);
		if (!e)
			e = measure(t, txn);
		if (e)
			mdb_txn_abort(txn);
		else
			e = mdb_txn_commit(txn);
	}
	if (e)
		env_close(t);
	return e;
}

/* A descriptor of our own: LMDB's ends with an environment that has failed. */
static int file_open(struct table *t)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", t->path, t->how & TABLE_FILE ? "" : "/data.mdb");
	t->fd = open(path, O_RDWR | O_CLOEXEC);
	return t->fd < 0 ? errno : 0;
}

int table_open(struct table *t, const char *path, unsigned how, uint64_t most_bytes)
{
	*t = (struct table){ .path = strdup(path),
		.points = t->points,
		.how = how,
		.fd = -1,
		.written.page_bytes = 4096,
		.most_bytes = most_bytes };
	if (!t->path)
		return ENOMEM;
	int e = table_begin(t);
	if (!e)
		e = file_open(t);
	if (e) {
		table_close(t);
		return e;
	}
	table_settle(t, &t->written);
	return 0;
}

void table_close(struct table *t)
{
	env_close(t);
	if (t->path && t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	free(t->path);
	t->path = NULL;
}

bool table_is_removed(const struct table *t)
{
	struct stat there;

	return !fstat(t->fd, &there) && !there.st_nlink;
}

/* ---- what a change takes ------------------------------------------------------------------- */

/* Each change rewrites a path of pages, and what they share but once. */
static uint64_t rewritten_pages(const struct table_size *s, uint64_t changes)
{
	uint64_t pages = changes * s->depth, used = s->used_bytes / s->page_bytes;

	return (pages < used ? pages : used) + changes / 16 + s->depth;
}

/* What they have in common, however they are brought: what is new, and the reserve. */
static uint64_t least_bytes(const struct table_size *s, struct volume v)
{
	return RESERVE_PAGES * s->page_bytes + s->used_bytes / RESERVE_SHARE +
		2 * (v.bytes + v.changes * CHANGE_BYTES) + v.paged_bytes;
}

uint64_t table_need_bytes(const struct table_size *s, struct volume v)
{
	return rewritten_pages(s, v.changes) * s->page_bytes + least_bytes(s, v);
}

/* The same in slices. */
static uint64_t slices_bytes(const struct table_size *s, struct volume v)
{
	uint64_t rewritten = rewritten_pages(s, v.changes) * s->page_bytes;
	uint64_t most = SLICES_LEAST + s->used_bytes / SLICES_SHARE;

	return (rewritten < most ? rewritten : most) + least_bytes(s, v);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* One cursor for all, in the order of their keys: it is most often on the right page already. */
static int apply(struct table *t, MDB_cursor *cursor, const struct part *part)
{
	const struct batch *b = part->batch;
	int e = 0;

	for (uint32_t i = 0; !e && i < part->count; i++) {
		const struct change *c = &b->list[part->places[i].number];
		point_pass(&t->points, "commit-change");
		e = c->removed ? entry_take_out(cursor, batch_key(b, c))
			       : entry_put(cursor, batch_key(b, c), batch_value(b, c));
	}
	return e;
}

/* The head that is there. */
static int head_get(MDB_cursor *cursor, struct head *head)
{
	struct mqtt_view key = head_key(), value;
	int e = entry_look_up(cursor, key, &value);

	if (e)
		return e;
	return seal_open(&key, &value) && head_read(head, key, value) ? 0 : MDB_CORRUPTED;
}

/* NULL: the same as before, but for the number. */
static int head_put(MDB_txn *txn, MDB_cursor *cursor, const struct head *latest)
{
	struct head head;
	uint8_t bytes[HEAD_SIZE];
	int e = 0;

	if (latest)
		head = *latest;
	else
		e = head_get(cursor, &head);
	if (e)
		return e;
	head.number = mdb_txn_id(txn);
	head.format = HEAD_FORMAT;
	head_write(&head, bytes);
	return entry_put(cursor, head_key(), (struct mqtt_view){ bytes, HEAD_SIZE });
}

static int txn_commit(struct table *t, MDB_txn *txn)
{
	int fd, e = mdb_txn_commit(txn);

	if (e && !mdb_env_get_fd(t->env, &fd))
		older_forget(fd);
	return e;
}

static int write_once(struct table *t, const struct part *part, const struct head *head)
{
	MDB_cursor *cursor = NULL;
	MDB_txn *txn;

	mdb_reader_check(t->env, NULL); /* a reader that was killed would keep its pages for ever */
	int e = mdb_txn_begin(t->env, NULL, 0, &txn);

	if (e)
		return e;
	e = mdb_cursor_open(txn, t->dbi, &cursor);
	if (!e)
		e = head_put(txn, cursor, head);
	if (!e)
		e = apply(t, cursor, part);
	if (cursor)
		mdb_cursor_close(cursor);
	if (e) {
		mdb_txn_abort(txn);
		return e;
	}
	point_pass(&t->points, "commit-applied");
	e = txn_commit(t, txn);
	if (!e)
		measure_latest(t);
	return e;
}

static int write_grown(struct table *t, const struct part *part, const struct head *head)
{
	int e = t->env ? 0 : table_begin(t);

	if (!e)
		e = write_once(t, part, head);
	while (e == MDB_MAP_FULL) {
		e = map_grow(t);
		if (!e)
			e = write_once(t, part, head);
	}
	return e;
}

int table_write_part(struct table *t, const struct part *part, const struct head *head)
{
	int e = write_grown(t, part, head);

	if (e != MDB_PANIC)
		return e;
	/* Once it could not write which pages count, LMDB says nothing but that until it is opened again. */
	env_close(t);
	e = write_grown(t, part, head);
	if (e == MDB_PANIC)
		env_close(t);
	return e;
}

int table_commit(struct table *t, struct batch *b, const struct head *head)
{
	struct part all = { .batch = b };

	all.places = batch_sort(b, &all.count);
	return all.places ? table_write_part(t, &all, head) : ENOMEM;
}

const char *table_error(int e)
{
	return e == TABLE_CEILING ? "persistence_max_bytes is reached" : mdb_strerror(e);
}

/* ---- room ---------------------------------------------------------------------------------- */

void table_announce(struct table *t, struct volume volume)
{
	t->under_way = volume;
}

void table_settle(struct table *t, const struct table_size *size)
{
	uint64_t there = table_file_bytes(t);

	t->size = *size;
	if (there > t->file_bytes)
		t->file_bytes = there;
}

/* A file system that cannot do this lets the commit fail when it is full. */
static int set_aside(const struct table *t, uint64_t size)
{
	int e = posix_fallocate(t->fd, (off_t)t->file_bytes, (off_t)(size - t->file_bytes));

	return e == EOPNOTSUPP || e == EINVAL ? 0 : e;
}

static int file_grow(struct table *t, uint64_t need)
{
	uint64_t step = t->file_bytes / 8;

	point_pass(&t->points, "grow");
	step = step < ROOM_LEAST ? ROOM_LEAST : step > ROOM_MOST ? ROOM_MOST : step;
	if (need > t->most_bytes)
		return TABLE_CEILING;
	uint64_t size = need + step > t->most_bytes ? t->most_bytes : need + step;
	int e = set_aside(t, size);
	if (e && size > need) { /* not as much as would be good to have */
		size = need;
		e = set_aside(t, size);
	}
	if (!e)
		t->file_bytes = size;
	return e;
}

int table_room(struct table *t, struct volume volume)
{
	const struct table_size *s = &t->size;
	/* What it replaces stays in use until after the next commit. */
	uint64_t need =
		s->used_bytes + s->freed_bytes + slices_bytes(s, volume_sum(t->under_way, volume));

	return need <= t->file_bytes ? 0 : file_grow(t, need);
}
