#include "broker/store/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/store/journal.h"
#include "broker/store/pieces.h"
#include "broker/store/seal.h"
#include "broker/store/walk.h"

static enum reading_state bad(struct reading *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static enum reading_state bad(struct reading *r, const char *format, ...)
{
	char what[READING_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(r->error, sizeof(r->error), "%s: %s", r->path, what);
	return READING_BAD;
}

static enum reading_state damaged(struct reading *r, const char *what)
{
	return bad(r, "it is damaged (%s); mqttspec-broker --recover saves what can be read", what);
}

static enum reading_state foreign(struct reading *r)
{
	return bad(r, "this is no store of mqttspec-broker");
}

static enum reading_state of_another(struct reading *r, const struct head *head)
{
	return bad(r, "it is of %s broker: its format is %u, and this one reads %u",
		head->format > HEAD_FORMAT ? "a newer" : "an older", head->format, HEAD_FORMAT);
}

/* ---- the head ------------------------------------------------------------------------------ */

struct first {
	struct head head;
	bool read; /* there is a pair */
	bool ours;
};

static bool take_first(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct first *f = context;

	f->read = true;
	f->ours = seal_open(&key, &value) && head_read(&f->head, key, value);
	return false;
}

/* What counts as the commit before may be the latest one, by a bit of its number in the first pages: then its head
 * has another one.
 */
static bool older_fits(struct reading *r)
{
	struct first first = { 0 };

	walk_older(&r->pages, take_first, &first);
	return !first.read || !first.ours || first.head.number == r->pages.older_number;
}

/* The head is lost; the clock of the pairs has hardly changed since the one before. */
static void clock_salvage(struct reading *r)
{
	struct first first = { 0 };

	walk_older(&r->pages, take_first, &first);
	if (!first.ours || !head_is_ours(&first.head))
		return;
	r->head = first.head;
	r->head.number = 0;
}

static enum reading_state head_look(struct reading *r)
{
	struct first first = { 0 };

	walk_all(&r->pages, take_first, &first);
	if (!first.read && *r->pages.damage)
		return damaged(r, r->pages.damage);
	if (!first.ours)
		return foreign(r);
	if (!head_is_ours(&first.head))
		return of_another(r, &first.head);
	if (first.head.number != r->pages.number || !older_fits(r))
		return damaged(r, "its first two pages do not name the latest commit");
	*r->pages.damage = '\0';
	r->head = first.head;
	return READING_OK;
}

/* ---- the journal --------------------------------------------------------------------------- */

/* All after `after`. Returns 0, an errno, or JOURNAL_DAMAGED; then `r->latest` has what came before that. */
static int journal_take(
	struct reading *r, const char *folder, uint64_t after, struct journal_found *found)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int e = fd < 0 ? errno : journal_read(fd, after, &r->latest, found);

	if (fd >= 0)
		close(fd);
	if (found->latest.number) {
		r->head.wall_ms = found->latest.wall_ms;
		r->head.pairs_ms = found->latest.pairs_ms;
		r->head.logged = found->latest.number;
	}
	r->highest = found->highest > r->head.logged ? found->highest : r->head.logged;
	return e;
}

static enum reading_state journal_look(struct reading *r, const char *folder)
{
	struct journal_found found = { 0 };

	if (!r->head.logged)
		return READING_OK;
	int e = journal_take(r, folder, r->head.logged, &found);
	if (!e)
		return READING_OK;
	snprintf(r->path, sizeof(r->path), "%s/%s", folder, journal_name(found.segment));
	if (e == ENOENT)
		return damaged(r, "it is missing");
	return e == JOURNAL_DAMAGED ? damaged(r, "a checksum is wrong, or commits are missing")
				    : bad(r, "%s", strerror(e));
}

bool reading_is_latest(const struct reading *r)
{
	return pages_is_latest(&r->pages);
}

/* ---- the file ------------------------------------------------------------------------------ */

static bool file_open(struct reading *r, const char *folder)
{
	*r = (struct reading){ .fd = -1 };
	snprintf(r->path, sizeof(r->path), "%s/data.mdb", folder);
	r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	return r->fd >= 0;
}

enum reading_state reading_open(struct reading *r, const char *folder)
{
	enum reading_state state = READING_OK;

	if (!file_open(r, folder))
		return errno == ENOENT ? READING_NEW : bad(r, "%s", strerror(errno));
	switch (pages_open(&r->pages, r->fd)) {
	case PAGES_OK:
		state = head_look(r);
		if (state == READING_OK)
			state = journal_look(r, folder);
		break;
	case PAGES_ERROR: state = bad(r, "%s", strerror(errno)); break;
	case PAGES_FOREIGN: state = foreign(r); break;
	case PAGES_DAMAGED: state = damaged(r, r->pages.damage); break;
	}
	if (state != READING_OK)
		reading_close(r);
	return state;
}

void reading_close(struct reading *r)
{
	pages_close(&r->pages);
	batch_fini(&r->latest);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* ---- its pairs ----------------------------------------------------------------------------- */

/* Pairs of the file, and between them those that the journal has put since. */
struct taking {
	struct reading *reading;
	reading_take *take;
	void *context;
	struct assembly assembly;
	const struct batch_place *order; /* of what the journal says, in the order of the keys */
	uint32_t next, order_count;
	bool refused;
	bool salvages;
	uint64_t count;
	uint8_t latest_lost[PIECE_KEY_MAX]; /* key */
	uint32_t latest_lost_len;
};

static bool hand_out(struct taking *t, struct mqtt_view key, struct mqtt_view value)
{
	t->count++;
	t->refused |= !t->take(t->context, key, value);
	return !t->refused;
}

static bool is_before(struct mqtt_view a, struct mqtt_view b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order < 0 || (!order && a.len < b.len);
}

/* Those of the journal before this key; NULL: all that are left. */
static bool take_latest(struct taking *t, const struct mqtt_view *key)
{
	const struct batch *b = &t->reading->latest;

	for (; t->next < t->order_count; t->next++) {
		const struct change *c = &b->list[t->order[t->next].number];
		if (key && !is_before(batch_key(b, c), *key))
			return true;
		if (!c->removed && !hand_out(t, batch_key(b, c), batch_value(b, c)))
			return false;
	}
	return true;
}

/* Of the pieces of a pair, only the first is counted. */
static void lose(struct taking *t, struct mqtt_view key)
{
	const struct mqtt_view latest = { t->latest_lost, t->latest_lost_len };

	t->reading->lost += !piece_may_follow(key, latest);
	t->latest_lost_len = key.len < sizeof(t->latest_lost) ? key.len : sizeof(t->latest_lost);
	memcpy(t->latest_lost, key.data, t->latest_lost_len);
}

static bool take_pair(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct taking *t = context;
	struct head head;

	const struct mqtt_view as_it_lies = key;
	if (!seal_open(&key, &value)) {
		lose(t, as_it_lies);
		if (!t->salvages)
			damaged(t->reading, "the checksum of a pair is wrong");
		return false;
	}
	if (head_read(&head, key, value))
		return true;
	if (!t->salvages && !take_latest(t, &key))
		return false;
	return batch_has(&t->reading->latest, key) || hand_out(t, key, value);
}

static bool take_piece(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct taking *t = context;

	return assembly_add(&t->assembly, key, value, take_pair, t);
}

static bool order_latest(struct taking *t)
{
	t->order = batch_sort(&t->reading->latest, &t->order_count);
	return t->order || bad(t->reading, "no memory") != READING_BAD;
}

static bool take_all(struct taking *t)
{
	struct reading *r = t->reading;

	if (!order_latest(t))
		return false;
	if (walk_all(&r->pages, take_piece, t) && assembly_end(&t->assembly, take_pair, t))
		return take_latest(t, NULL);
	if (t->assembly.no_memory)
		bad(r, "no memory");
	else if (!t->refused && !*r->error)
		damaged(r, r->pages.damage);
	return false;
}

bool reading_all(struct reading *r, reading_take *take, void *context)
{
	struct taking t = { .reading = r, .take = take, .context = context };

	*r->error = '\0';
	assembly_init(&t.assembly, false);
	bool all = take_all(&t);
	assembly_fini(&t.assembly);
	return all;
}

/* ---- of a damaged one ---------------------------------------------------------------------- */

static bool take_head(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct reading *r = context;
	struct head head;

	if (seal_open(&key, &value) && head_read(&head, key, value))
		r->head = head;
	return true;
}

static void pages_salvage(struct reading *r, const char *folder, struct taking *t)
{
	struct journal_found found = { 0 };

	walk_salvage(&r->pages, take_head, r);
	if (!r->head.number)
		clock_salvage(r);
	uint64_t after = r->head.number ? r->head.logged : 0;
	int e = r->head.number && !after ? 0 : journal_take(r, folder, after, &found);
	if (e && e != ENOENT)
		r->lost++;
	assembly_init(&t->assembly, true);
	r->lost += walk_salvage(&r->pages, take_piece, t);
	assembly_end(&t->assembly, take_pair, t);
	if (t->assembly.no_memory)
		bad(r, "no memory");
	assembly_fini(&t->assembly);
	if (order_latest(t))
		take_latest(t, NULL);
}

bool reading_salvage(struct reading *r, const char *folder, reading_take *take, void *context)
{
	struct taking t = { .reading = r, .take = take, .context = context, .salvages = true };

	if (!file_open(r, folder)) {
		bad(r, "%s", strerror(errno));
		return false;
	}
	enum pages_state state = pages_open(&r->pages, r->fd);
	if (state == PAGES_ERROR)
		bad(r, "%s", strerror(errno));
	if (state == PAGES_OK || state == PAGES_DAMAGED)
		pages_salvage(r, folder, &t);
	reading_close(r);
	if (!t.count && state != PAGES_ERROR)
		bad(r, "there is nothing in it that can be read");
	if (r->head.format && !head_is_ours(&r->head)) {
		of_another(r, &r->head);
		return false;
	}
	return !*r->error;
}
