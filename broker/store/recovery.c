#include "broker/store/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "broker/store/batch.h"
#include "broker/store/folder.h"
#include "broker/store/journal.h"
#include "broker/store/reading.h"
#include "broker/store/table.h"

enum { BATCH_BYTES = 4 << 20, BATCH_CHANGES = 20000, NAMES_MOST = 1000, FILES = 3 };

struct recovering {
	struct recovery *result;
	struct table table;
	struct batch batch;
	struct head head; /* of the damaged one, or what is known of it */
	int error;        /* 0, or what keeps it from being written */
};

static bool flush(struct recovering *g)
{
	if (!g->error)
		g->error = table_room(&g->table, g->batch.volume);
	if (!g->error)
		g->error = table_commit(&g->table, &g->batch, &g->head);
	if (!g->error)
		table_settle(&g->table, &g->table.written);
	batch_clear(&g->batch);
	return !g->error;
}

static bool take(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct recovering *g = context;

	if (g->error)
		return false;
	if (!batch_put(&g->batch, key, value)) {
		g->error = ENOMEM;
		return false;
	}
	g->result->saved++;
	return (g->batch.len < BATCH_BYTES && g->batch.count < BATCH_CHANGES) || flush(g);
}

static bool name_is_free(const struct folder *f, const char *name)
{
	return faccessat(f->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
}

/* The files get names that are free: all of them the same number. Returns 0 or an errno. */
static int keep_as(const struct folder *f, const char *const files[static FILES], unsigned number)
{
	char names[FILES][32];

	for (unsigned i = 0; i < FILES; i++) {
		snprintf(names[i], sizeof(names[i]), "%s.damaged-%u", files[i], number);
		if (!name_is_free(f, names[i]))
			return EEXIST;
	}
	for (unsigned i = 0; i < FILES; i++)
		if (linkat(f->fd, files[i], f->fd, names[i], 0) && (!i || errno != ENOENT))
			return errno;
	return 0;
}

static int keep(const struct folder *f, struct recovery *r)
{
	const char *const files[FILES] = { "data.mdb", journal_name(0), journal_name(1) };
	int e = EEXIST;

	for (unsigned i = 1; e == EEXIST && i < NAMES_MOST; i++) {
		e = keep_as(f, files, i);
		if (!e)
			snprintf(r->kept, sizeof(r->kept), "%s/data.mdb.damaged-%u", f->path, i);
	}
	return e;
}

/* Once it has its name, the journal that is there is of no account. */
static int adopt(const struct folder *f)
{
	int e = folder_adopt(f);

	if (!e)
		journal_drop(f->fd);
	return e;
}

static struct head head_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t ms = (uint64_t)now.tv_sec * 1000;
	return (struct head){ .wall_ms = ms, .pairs_ms = ms };
}

static bool recover(struct recovering *g, const struct folder *f, char *error, unsigned error_size)
{
	struct reading *r = calloc(1, sizeof(*r));
	bool ok = r && reading_salvage(r, f->path, take, g);

	/* Without one, times count from now. */
	if (r)
		g->result->head = r->head;
	g->head = r && r->head.wall_ms ? r->head : head_now();
	g->head.logged = 0; /* all is in the table, and the next broker makes a journal */

	if (r && !ok)
		snprintf(error, error_size, "%s", r->error);
	if (r)
		g->result->lost = r->lost;
	free(r);
	return ok;
}

bool recovery_run(struct recovery *r, const char *folder, char *error, unsigned error_size)
{
	struct recovering g = { .result = r };
	struct folder f;
	char path[RECOVERY_PATH];

	*r = (struct recovery){ 0 };
	if (!folder_lock(&f, folder, error, error_size))
		return false;
	folder_tidy(&f);
	batch_init(&g.batch);
	snprintf(path, sizeof(path), "%s/" FOLDER_NEW, folder);
	snprintf(error, error_size, "%s: no memory", folder);
	g.error = table_open(&g.table, path, TABLE_FILE, UINT64_MAX);
	bool ok = !g.error && recover(&g, &f, error, error_size);
	ok = ok && flush(&g);
	table_close(&g.table);
	batch_fini(&g.batch);
	if (ok) {
		g.error = keep(&f, r);
		if (!g.error)
			g.error = adopt(&f);
		ok = !g.error;
	}
	if (g.error)
		snprintf(error, error_size, "%s: it cannot be written: %s", path,
			table_error(g.error));
	if (!ok)
		folder_tidy(&f);
	folder_unlock(&f);
	return ok;
}
