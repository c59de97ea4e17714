#include "broker/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker/store/batch.h"
#include "broker/store/folder.h"
#include "broker/store/point.h"
#include "broker/store/reading.h"
#include "broker/store/writer.h"

/* Without a refusal, before there is room again. At a ceiling it comes and goes, and is told of less and less often. */
enum { CALM_MS = 1000, CALM_MOST_MS = 60000 };

struct store {
	struct store_settings settings;
	struct folder folder;
	struct reading reading; /* until all is loaded */
	enum reading_state state;
	struct writer writer;
	struct batch batch;     /* what changes */
	struct batch committed; /* what is being written; or was not written when that failed */
	int error;              /* how that went */
	bool under_way;
	void (*hand)(void *context); /* to a thread; see store_hand */
	void *hand_context;
	struct log *log;
	uint64_t beat_ms;        /* of the latest commit, by the system's clock that nobody sets */
	int64_t pairs_offset_ms; /* the clock of the pairs minus that one */
	int64_t ended_ms;
	bool open;    /* all was loaded, and it can be written to */
	bool failing; /* the latest commit failed, and is to be tried again */
	bool gone;    /* somebody has removed its files: whatever goes there is lost */
	bool full;    /* a pair had no room: of this size */
	struct volume refused;
	uint64_t refused_ms; /* when that was last */
	bool told_full;      /* the log says that there is no room, */
	uint64_t calm_ms;    /* and after so long that there is again: */
	uint64_t told_ms;    /* when it said that last */
	bool lost;           /* a removal could not be noted for want of memory */
};

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t store_now_ms(const struct store *s)
{
	return (int64_t)clock_ms(CLOCK_MONOTONIC) + s->pairs_offset_ms;
}

bool store_fits(const struct store *s, const struct store_settings *settings)
{
	const struct store_settings *have = &s->settings;

	return settings->folder && !strcmp(have->folder, settings->folder) &&
		have->sync == settings->sync && have->most_bytes == settings->most_bytes;
}

int64_t store_ended_ms(const struct store *s)
{
	return s->ended_ms;
}

/* ---- a commit, step by step ---------------------------------------------------------------- */

/* What has failed is tried again together with what has come since. */
static int write_begin(struct store *s)
{
	struct batch cleared = s->committed;

	if (s->gone)
		return ENOENT;
	if (s->lost)
		return ENOMEM;
	if (cleared.count) {
		if (!batch_merge(&s->committed, &s->batch))
			return ENOMEM;
		batch_clear(&s->batch);
	} else {
		s->committed = s->batch;
		s->batch = cleared;
	}
	s->beat_ms = clock_ms(CLOCK_MONOTONIC);
	s->under_way = true;
	writer_announce(&s->writer, &s->committed);
	return 0;
}

void store_write(struct store *s)
{
	s->error = writer_commit(
		&s->writer, &s->committed, clock_ms(CLOCK_REALTIME), (uint64_t)store_now_ms(s));
}

static int write_end(struct store *s)
{
	s->under_way = false;
	writer_settle(&s->writer, s->error);
	if (!s->error)
		batch_clear(&s->committed);
	return s->error;
}

static int write_all(struct store *s)
{
	int e = write_begin(s);

	if (e)
		return e;
	store_write(s);
	return write_end(s);
}

/* ---- from turn to turn --------------------------------------------------------------------- */

/* Twice as long as the last time, if that was not long ago. */
static uint64_t calm_next(const struct store *s)
{
	bool soon = s->told_ms && s->refused_ms - s->told_ms < CALM_MOST_MS;
	uint64_t next_ms = soon ? s->calm_ms * 2 : CALM_MS;

	return next_ms < CALM_MOST_MS ? next_ms : CALM_MOST_MS;
}

static void tell_full(struct store *s, struct volume refused, int e)
{
	s->full = true;
	s->refused = refused;
	s->refused_ms = clock_ms(CLOCK_MONOTONIC);
	if (s->told_full)
		return;
	s->told_full = true;
	s->calm_ms = calm_next(s);
	log_line(s->log, LOG_ERROR,
		"%s: no room for more: %s; what cannot be stored is refused, or waits",
		s->folder.path, table_error(e));
}

static void look_for_room(struct store *s)
{
	if (!s->told_full)
		return;
	uint64_t now_ms = clock_ms(CLOCK_MONOTONIC), calm_ms = now_ms - s->refused_ms;
	if (s->full && calm_ms >= CALM_MS)
		s->full = writer_room(&s->writer, s->refused);
	if (s->full || calm_ms < s->calm_ms)
		return;
	s->told_full = false;
	s->told_ms = now_ms;
	log_line(s->log, LOG_NOTICE, "%s: there is room again", s->folder.path);
}

bool store_put(void *store, struct mqtt_view key, struct mqtt_view value)
{
	struct store *s = store;

	point_pass(&s->writer.table.points, "put");
	if (s->failing || !s->open)
		return false;
	struct volume one = volume_of(key.len, value.len);
	struct volume all = volume_sum(s->batch.volume, one);
	int e = writer_room(&s->writer, all);
	while (e && writer_hasten(&s->writer, !s->full))
		e = writer_room(&s->writer, all);
	if (e) {
		tell_full(s, one, e);
		return false;
	}
	return batch_put(&s->batch, key, value);
}

/* It takes what a removal takes, for which there is always room. */
void store_amend(void *store, struct mqtt_view key, struct mqtt_view value)
{
	struct store *s = store;

	point_pass(&s->writer.table.points, "put");
	if (!batch_put(&s->batch, key, value))
		s->lost = true;
}

void store_remove(void *store, struct mqtt_view key)
{
	struct store *s = store;

	point_pass(&s->writer.table.points, "removal");
	if (!batch_remove(&s->batch, key))
		s->lost = true;
}

static bool tell(struct store *s, int e)
{
	if (e && !s->failing)
		log_line(s->log, LOG_ERROR,
			"%s: it cannot be written: %s; nobody is told that anything is stored",
			s->folder.path, table_error(e));
	if (!e && s->failing)
		log_line(s->log, LOG_NOTICE, "%s: it can be written again", s->folder.path);
	s->failing = e;
	if (e)
		return false;
	look_for_room(s);
	return true;
}

static bool has_news(const struct store *s)
{
	return s->open && (s->batch.count || s->failing);
}

bool store_commit(void *store)
{
	struct store *s = store;

	if (!has_news(s))
		return true; /* before it is open, it is read again from the beginning */
	point_pass(&s->writer.table.points, "commit-begin");
	bool done = tell(s, write_all(s));
	if (done)
		point_pass(&s->writer.table.points, "commit-done");
	return done;
}

void store_hand(struct store *s, void (*hand)(void *context), void *context)
{
	s->hand = hand;
	s->hand_context = context;
}

bool store_begin(void *store)
{
	struct store *s = store;

	point_pass(&s->writer.table.points, "commit-begin");
	int e = write_begin(s);
	if (e)
		return tell(s, e);
	s->hand(s->hand_context);
	return true;
}

bool store_end(struct store *s)
{
	bool done = tell(s, write_end(s));

	if (done)
		point_pass(&s->writer.table.points, "commit-done");
	return done;
}

/* Also when nothing has changed: that the broker lives is news, too. */
void store_beat(struct store *s)
{
	s->gone = s->gone || (s->open && table_is_removed(&s->writer.table));
	bool due = s->failing || s->gone ||
		clock_ms(CLOCK_MONOTONIC) - s->beat_ms >= STORE_BEAT_MS / 2;

	if (!s->open)
		return;
	writer_retry(&s->writer);
	if (!s->under_way && due)
		tell(s, write_all(s));
}

/* ---- the beginning and the end ------------------------------------------------------------- */

static void release(struct store *s)
{
	reading_close(&s->reading);
	folder_unlock(&s->folder);
	batch_fini(&s->batch);
	batch_fini(&s->committed);
	free(s);
}

/* The clock of the pairs goes on where the last broker left it, as much later as the wall clock says. */
static void clock_begin(struct store *s)
{
	const struct head *h = &s->reading.head;
	int64_t now_ms = (int64_t)clock_ms(CLOCK_REALTIME);

	if (s->state == READING_OK) {
		now_ms -= head_shift_ms(h);
		if (now_ms < (int64_t)h->pairs_ms) /* that has been put back, or is not set yet */
			now_ms = (int64_t)h->pairs_ms;
		s->ended_ms = (int64_t)h->pairs_ms + STORE_BEAT_MS;
	}
	s->pairs_offset_ms = now_ms - (int64_t)clock_ms(CLOCK_MONOTONIC);
}

struct store *store_open(
	const struct store_settings *settings, struct log *log, char *error, unsigned error_size)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(error, error_size, "%s: no memory", settings->folder);
		return NULL;
	}
	s->settings = *settings;
	s->log = log;
	batch_init(&s->batch);
	batch_init(&s->committed);
	points_init(&s->writer.table.points);
	if (!folder_lock(&s->folder, settings->folder, error, error_size)) {
		free(s);
		return NULL;
	}
	s->state = reading_open(&s->reading, settings->folder);
	if (s->state == READING_BAD) {
		snprintf(error, error_size, "%s", s->reading.error);
		release(s);
		return NULL;
	}
	clock_begin(s);
	return s;
}

static uint64_t most_bytes(const struct store *s)
{
	return s->settings.most_bytes ? s->settings.most_bytes : UINT64_MAX;
}

struct load {
	struct store *store;
	store_take *take;
	void *context;
};

static bool take_pair(void *context, struct mqtt_view key, struct mqtt_view value)
{
	const struct load *l = context;

	point_pass(&l->store->writer.table.points, "load-pair");
	return l->take(l->context, key, value);
}

static bool load(struct store *s, struct load *l, char *error, unsigned error_size)
{
	struct reading *r = &s->reading;

	if (s->state == READING_NEW || reading_all(r, take_pair, l))
		return true;
	if (*r->error)
		snprintf(error, error_size, "%s", r->error);
	else
		snprintf(error, error_size, "%s: %s", r->path,
			"what is in it is not what this broker stores, or there is no memory for "
			"it");
	return false;
}

/* A new one is whole before it has its name. */
static int make(struct store *s, const struct head *now)
{
	struct table table = { .points = s->writer.table.points };
	struct batch nothing;
	char path[READING_PATH];

	folder_tidy(&s->folder);
	snprintf(path, sizeof(path), "%s/" FOLDER_NEW, s->settings.folder);
	batch_init(&nothing);
	int e = table_open(&table, path, TABLE_FILE, most_bytes(s));
	if (!e) {
		e = table_room(&table, (struct volume){ 0 });
		if (!e)
			e = table_commit(&table, &nothing, now);
		if (!e)
			point_pass(&table.points, "made");
		s->writer.table.points = table.points;
		table_close(&table);
	}
	batch_fini(&nothing);
	if (!e)
		return folder_adopt(&s->folder);
	folder_tidy(&s->folder);
	return e;
}

/* From now on it is written to. A first commit shows whether it can be. */
static int begin(struct store *s, struct batch *latest)
{
	const struct writer_settings settings = { &s->folder, s->settings.sync, most_bytes(s) };
	struct head now = s->reading.head;
	bool is_new = s->state == READING_NEW;

	now.wall_ms = clock_ms(CLOCK_REALTIME);
	now.pairs_ms = (uint64_t)store_now_ms(s);
	int e = is_new ? make(s, &now) : 0;
	if (!e)
		e = writer_open(&s->writer, &settings, latest, &now, s->reading.highest);
	if (e && is_new)
		folder_leave(&s->folder);
	s->beat_ms = clock_ms(CLOCK_MONOTONIC);
	s->open = !e;
	return e;
}

bool store_load(struct store *s, store_take *take, void *context, char *error, unsigned error_size)
{
	struct load l = { s, take, context };

	if (!load(s, &l, error, error_size))
		return false;
	struct batch latest = s->reading.latest;
	batch_init(&s->reading.latest);
	reading_close(&s->reading);
	point_pass(&s->writer.table.points, "load-done");
	int e = begin(s, &latest);
	batch_fini(&latest);
	if (e)
		snprintf(error, error_size, "%s: it cannot be written: %s", s->folder.path,
			table_error(e));
	return !e;
}

/* The last commit says when it ended, by both clocks: one may have been put forward since the one before. */
void store_close(struct store *s)
{
	if (!s)
		return;
	point_pass(&s->writer.table.points, "close");
	if (s->open && (s->batch.count || s->committed.count))
		log_line(s->log, LOG_ERROR,
			"%s: the latest changes are lost; nobody was told that they are stored",
			s->folder.path);
	else if (s->open && !s->under_way)
		(void)write_all(s);
	writer_close(&s->writer);
	release(s);
}
