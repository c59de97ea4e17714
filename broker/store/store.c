#include "broker/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "broker/store/batch.h"
#include "broker/store/folder.h"
#include "broker/store/head.h"
#include "broker/store/seal.h"
#include "broker/store/table.h"

enum { ROOM_AGAIN_BYTES = 1 << 20 }; /* from which on it is no longer full */

struct store {
	struct folder folder;
	struct table table;
	struct batch batch;
	struct log *log;
	uint64_t wall_ms; /* of the latest commit */
	bool failing;     /* the latest commit failed, and is to be tried again */
	bool full;        /* a pair had no room */
	bool lost;        /* a removal could not be noted for want of memory */
};

static uint64_t wall_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- from turn to turn --------------------------------------------------------------------- */

static void tell_full(struct store *s, int e)
{
	if (!s->full)
		log_line(s->log, LOG_ERROR,
			"%s: no room for more: %s; what cannot be stored is refused",
			s->folder.path,
			e == TABLE_CEILING ? "persistence_max_bytes is reached" : mdb_strerror(e));
	s->full = true;
}

static void look_for_room(struct store *s)
{
	if (!s->full || table_room(&s->table, 0, ROOM_AGAIN_BYTES))
		return;
	s->full = false;
	log_line(s->log, LOG_NOTICE, "%s: there is room again", s->folder.path);
}

bool store_put(void *store, struct mqtt_view key, struct mqtt_view value)
{
	struct store *s = store;

	point_pass(&s->table.points, "put");
	if (s->failing)
		return false;
	int e = table_room(&s->table, (uint64_t)s->batch.count + 1,
		s->batch.len + key.len + (uint64_t)value.len);
	if (e) {
		tell_full(s, e);
		return false;
	}
	return batch_put(&s->batch, key, value);
}

void store_remove(void *store, struct mqtt_view key)
{
	struct store *s = store;

	point_pass(&s->table.points, "removal");
	if (!batch_remove(&s->batch, key))
		s->lost = true;
}

/* Also when nothing has changed: that the broker lives is news, too. */
static bool commit(struct store *s)
{
	uint64_t wall_ms = wall_now_ms();
	int e = s->lost ? ENOMEM : table_write(&s->table, &s->batch, wall_ms);

	if (e && !s->failing)
		log_line(s->log, LOG_ERROR,
			"%s: it cannot be written: %s; nobody is told that anything is stored",
			s->folder.path, mdb_strerror(e));
	if (!e && s->failing)
		log_line(s->log, LOG_NOTICE, "%s: it can be written again", s->folder.path);
	s->failing = e;
	if (e)
		return false;
	s->wall_ms = wall_ms;
	batch_clear(&s->batch);
	look_for_room(s);
	return true;
}

bool store_commit(void *store)
{
	struct store *s = store;

	point_pass(&s->table.points, "commit-begin");
	bool done = commit(s);
	if (done)
		point_pass(&s->table.points, "commit-done");
	return done;
}

void store_beat(struct store *s)
{
	if (!s->failing && wall_now_ms() - s->wall_ms >= STORE_BEAT_MS / 2)
		commit(s);
}

uint64_t store_wall_ms(const struct store *s)
{
	return s->wall_ms;
}

/* ---- the beginning and the end ------------------------------------------------------------- */

struct store *store_open(
	const struct store_settings *settings, struct log *log, char *error, unsigned error_size)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(error, error_size, "%s: no memory", settings->folder);
		return NULL;
	}
	s->log = log;
	batch_init(&s->batch);
	if (!folder_lock(&s->folder, settings->folder, error, error_size)) {
		free(s);
		return NULL;
	}
	int e = table_open(&s->table, settings->folder, settings->sync, settings->most_bytes);
	if (e) {
		snprintf(error, error_size, "%s: %s", settings->folder, mdb_strerror(e));
		folder_unlock(&s->folder);
		free(s);
		return NULL;
	}
	return s;
}

bool store_load(struct store *s,
	bool (*take)(void *context, struct mqtt_view key, struct mqtt_view value), void *context,
	char *error, unsigned error_size)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_val k, v;
	bool ok = true;

	if (mdb_txn_begin(s->table.env, NULL, MDB_RDONLY, &txn))
		return false;
	if (mdb_cursor_open(txn, s->table.dbi, &cursor))
		return false;
	while (ok && !mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
		struct mqtt_view key = { k.mv_data, (uint32_t)k.mv_size };
		struct mqtt_view value = { v.mv_data, (uint32_t)v.mv_size };
		struct head head;
		ok = seal_open(&key, &value);
		if (ok && head_read(&head, key, value))
			s->wall_ms = head.wall_ms;
		else if (ok)
			ok = take(context, key, value);
		point_pass(&s->table.points, "load-pair");
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	if (!ok)
		snprintf(error, error_size, "%s: damaged", s->folder.path);
	point_pass(&s->table.points, "load-done");
	return ok;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	point_pass(&s->table.points, "close");
	table_close(&s->table);
	folder_unlock(&s->folder);
	batch_fini(&s->batch);
	free(s);
}
