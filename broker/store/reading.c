#include "broker/store/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	if (!first.ours || first.head.format != HEAD_FORMAT)
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
	if (first.head.format != HEAD_FORMAT)
		return of_another(r, &first.head);
	if (first.head.number != r->pages.number || !older_fits(r))
		return damaged(r, "its first two pages do not name the latest commit");
	*r->pages.damage = '\0';
	r->head = first.head;
	return READING_OK;
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
	case PAGES_OK: state = head_look(r); break;
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
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* ---- its pairs ----------------------------------------------------------------------------- */

struct taking {
	struct reading *reading;
	reading_take *take;
	void *context;
	bool refused;
	bool salvages;
	uint64_t count;
};

static bool take_pair(void *context, struct mqtt_view key, struct mqtt_view value)
{
	struct taking *t = context;
	struct head head;

	if (!seal_open(&key, &value)) {
		t->reading->lost++;
		if (!t->salvages)
			damaged(t->reading, "the checksum of a pair is wrong");
		return false;
	}
	if (head_read(&head, key, value)) {
		t->reading->head = head;
		return true;
	}
	t->count++;
	t->refused = !t->take(t->context, key, value);
	return !t->refused;
}

bool reading_all(struct reading *r, reading_take *take, void *context)
{
	struct taking t = { .reading = r, .take = take, .context = context };

	*r->error = '\0';
	if (walk_all(&r->pages, take_pair, &t))
		return true;
	if (!t.refused && !*r->error)
		damaged(r, r->pages.damage);
	return false;
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
		r->lost += walk_salvage(&r->pages, take_pair, &t);
	if (state == PAGES_OK && !r->head.number)
		clock_salvage(r);
	reading_close(r);
	if (!t.count && state != PAGES_ERROR)
		bad(r, "there is nothing in it that can be read");
	if (r->head.number && r->head.format != HEAD_FORMAT) {
		of_another(r, &r->head);
		return false;
	}
	return t.count;
}
