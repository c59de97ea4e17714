#include "broker/store/table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store/older.h"
#include "broker/store/seal.h"

enum {
	FILE_MODE = 0600,
	MAP_FIRST = 4 << 20,
	ROOM_LEAST = 1 << 20, /* a step in which the file grows */
	ROOM_MOST = 64 << 20, /* likewise */
	RESERVE_PAGES = 64,   /* for removing things when there is no room for anything else */
	CHANGE_BYTES = 64,    /* of a pair, besides key and value */
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

static uint64_t pages_of(const MDB_stat *stat)
{
	return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

/* How much of the file is in use, as this transaction sees it. */
static int measure(struct table *t, MDB_txn *txn)
{
	MDB_stat free_pages, stat;
	int e = mdb_stat(txn, 0, &free_pages);

	if (!e)
		e = mdb_stat(txn, t->dbi, &stat);
	if (e)
		return e;
	t->written.depth = stat.ms_depth + 1;
	t->written.page_bytes = stat.ms_psize;
	t->written.used_bytes = (2 + pages_of(&free_pages) + pages_of(&stat)) * stat.ms_psize;
	return 0;
}

static uint64_t file_bytes(const struct table *t)
{
	struct stat there;

	return fstat(t->fd, &there) ? 0 : (uint64_t)there.st_size;
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
	table_settle(t, &t->written, (struct volume){ 0 });
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

/* ---- writing ------------------------------------------------------------------------------- */

/* One cursor for all, in the order of their keys: it is most often on the right page already. */
static int put(MDB_cursor *cursor, struct mqtt_view key, struct mqtt_view value)
{
	struct seal seal;

	seal_make(&seal, key, value);
	MDB_val k = { seal.key.len, (void *)(uintptr_t)seal.key.data };
	MDB_val v = { seal.value_size, NULL };
	int e = mdb_cursor_put(cursor, &k, &v, MDB_RESERVE);
	if (!e)
		seal_write(&seal, v.mv_data);
	return e;
}

static int take_out(MDB_cursor *cursor, struct mqtt_view key)
{
	struct seal seal;

	seal_key(&seal, key);
	MDB_val k = { seal.key.len, (void *)(uintptr_t)seal.key.data };
	int e = mdb_cursor_get(cursor, &k, NULL, MDB_SET);
	if (e == MDB_NOTFOUND) /* it came and went since the last commit */
		return 0;
	return e ? e : mdb_cursor_del(cursor, 0);
}

static int apply(struct table *t, MDB_cursor *cursor, struct batch *b)
{
	uint32_t count = 0;
	const struct batch_place *order = batch_sort(b, &count);
	int e = order ? 0 : ENOMEM;

	for (uint32_t i = 0; !e && i < count; i++) {
		const struct change *c = &b->list[order[i].number];
		point_pass(&t->points, "commit-change");
		e = c->removed ? take_out(cursor, batch_key(b, c))
			       : put(cursor, batch_key(b, c), batch_value(b, c));
	}
	return e;
}

static int head_put(MDB_txn *txn, MDB_cursor *cursor, const struct head *latest)
{
	struct head head = *latest;
	uint8_t bytes[HEAD_SIZE];

	head.number = mdb_txn_id(txn);
	head.format = HEAD_FORMAT;
	head_write(&head, bytes);
	return put(cursor, head_key(), (struct mqtt_view){ bytes, HEAD_SIZE });
}

static int txn_commit(struct table *t, MDB_txn *txn)
{
	int fd, e = mdb_txn_commit(txn);

	if (e && !mdb_env_get_fd(t->env, &fd))
		older_forget(fd);
	return e;
}

static int write_once(struct table *t, struct batch *b, const struct head *head)
{
	struct table_size before = t->written;
	MDB_cursor *cursor = NULL;
	MDB_txn *txn;
	int e = mdb_txn_begin(t->env, NULL, 0, &txn);

	if (e)
		return e;
	e = mdb_cursor_open(txn, t->dbi, &cursor);
	if (!e)
		e = head_put(txn, cursor, head);
	if (!e)
		e = apply(t, cursor, b);
	if (cursor)
		mdb_cursor_close(cursor);
	if (!e)
		e = measure(t, txn);
	if (e) {
		t->written = before;
		mdb_txn_abort(txn);
		return e;
	}
	point_pass(&t->points, "commit-applied");
	e = txn_commit(t, txn);
	if (e) {
		t->written = before;
		return e;
	}
	(void)gaps_measure(t->env, &t->written.gaps); /* or it is not known */
	return 0;
}

int table_commit(struct table *t, struct batch *b, const struct head *head)
{
	int e = t->env ? 0 : table_begin(t);

	if (!e)
		e = write_once(t, b, head);
	while (e == MDB_MAP_FULL) {
		e = map_grow(t);
		if (!e)
			e = write_once(t, b, head);
	}
	if (e == MDB_PANIC) /* what was to say which pages count could not be written */
		env_close(t);
	return e;
}

const char *table_error(int e)
{
	return e == TABLE_CEILING ? "persistence_max_bytes is reached" : mdb_strerror(e);
}

/* ---- room ---------------------------------------------------------------------------------- */

/* Each change rewrites a path of pages, and what they share but once. */
static uint64_t rewritten_pages(const struct table *t, uint64_t changes)
{
	const struct table_size *s = &t->size;
	uint64_t pages = changes * s->depth, used = s->used_bytes / s->page_bytes;

	return (pages < used ? pages : used) + changes / 16 + s->depth;
}

static uint64_t need_bytes(const struct table *t, struct volume v)
{
	return (rewritten_pages(t, v.changes) + RESERVE_PAGES) * t->size.page_bytes +
		2 * (v.bytes + v.changes * CHANGE_BYTES);
}

/* What is long goes where enough pages are free in a row, as far as those that are rewritten leave such rows, or to the
 * end of the file.
 */
static uint64_t need_of_long(const struct table *t, struct volume v)
{
	const struct gaps *gaps = &t->size.gaps;
	uint64_t page = t->size.page_bytes, rewritten = rewritten_pages(t, v.changes);
	uint64_t free = gaps_free(gaps, (v.longest + CHANGE_BYTES) / page + 1);

	if (!v.long_changes || !gaps->end)
		return 0;
	free -= free < rewritten ? free : rewritten;
	return (gaps->end - free + RESERVE_PAGES) * page + v.long_bytes +
		v.long_changes * (CHANGE_BYTES + page);
}

void table_announce(struct table *t, struct volume volume)
{
	t->under_way = volume;
}

void table_settle(struct table *t, const struct table_size *size, struct volume volume)
{
	uint64_t there = file_bytes(t);

	t->size = *size;
	t->latest_bytes = volume.changes ? need_bytes(t, volume) : 0;
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
	/* What is under way may add to what is in use, and what it replaces is not free for the next. */
	uint64_t under_way = t->under_way.changes ? need_bytes(t, t->under_way) : 0;
	uint64_t before = t->latest_bytes > under_way ? t->latest_bytes : under_way;
	uint64_t need = t->size.used_bytes + under_way + before + need_bytes(t, volume);
	uint64_t of_long = need_of_long(t, volume_sum(t->under_way, volume));

	need = need > of_long ? need : of_long;
	return need <= t->file_bytes ? 0 : file_grow(t, need);
}
