#include "broker/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FIRST_BYTES = 1 << 20, /* of a segment */
	MOST_BYTES = 16 << 20,
	LEAST_BYTES = 4 * SEGMENT_PAGE,
	SHARE = 256, /* of a store that has a ceiling, at most, for a segment */
};

static const char new_name[] = "journal-new";

const char *journal_name(unsigned segment)
{
	return segment ? "journal-1" : "journal-0";
}

static uint64_t segment_most(uint64_t most_bytes)
{
	uint64_t share = most_bytes / SHARE / SEGMENT_PAGE * SEGMENT_PAGE;

	return share < LEAST_BYTES ? LEAST_BYTES : share < MOST_BYTES ? share : MOST_BYTES;
}

static uint64_t first_bytes(uint64_t most)
{
	return most < FIRST_BYTES ? most : FIRST_BYTES;
}

uint64_t journal_most_bytes(uint64_t most_bytes)
{
	return JOURNAL_SEGMENTS * segment_most(most_bytes);
}

void journal_drop(int folder)
{
	for (unsigned i = 0; i < JOURNAL_SEGMENTS; i++)
		unlinkat(folder, journal_name(i), 0);
}

int journal_make(int folder, uint64_t most_bytes)
{
	uint64_t most = segment_most(most_bytes);
	int e = 0;

	unlinkat(folder, new_name, 0);
	for (unsigned i = 0; !e && i < JOURNAL_SEGMENTS; i++) {
		struct segment s;
		e = segment_make(&s, folder, journal_name(i), first_bytes(most));
		if (!e)
			segment_close(&s);
	}
	return e ? e : fsync(folder) ? errno : 0;
}

int journal_open(
	struct journal *j, int folder, uint64_t number, uint64_t previous, uint64_t most_bytes)
{
	int e = 0;

	*j = (struct journal){ .folder = folder,
		.segments = { { .fd = -1 }, { .fd = -1 } },
		.number = number,
		.previous = previous,
		.most_bytes = segment_most(most_bytes) };
	for (unsigned i = 0; !e && i < JOURNAL_SEGMENTS; i++)
		e = segment_open(&j->segments[i], folder, journal_name(i), O_RDWR);
	if (e)
		journal_close(j);
	return e;
}

void journal_close(struct journal *j)
{
	for (unsigned i = 0; i < JOURNAL_SEGMENTS; i++)
		segment_close(&j->segments[i]);
	free(j->room.bytes);
	j->room = (struct segment_room){ 0 };
}

/* What is written to a file counts only once that is found by its name. Returns 0 or an errno. */
static int name_sync(struct journal *j, unsigned segment)
{
	if (j->unnamed[segment] && fsync(j->folder))
		return errno;
	j->unnamed[segment] = false;
	return 0;
}

int journal_write(
	struct journal *j, const struct batch *b, uint64_t wall_ms, uint64_t pairs_ms, bool sync)
{
	const struct commit c = { .number = ++j->number,
		.previous = j->previous,
		.wall_ms = wall_ms,
		.pairs_ms = pairs_ms };
	int e = name_sync(j, j->current);

	if (!e)
		e = segment_write(&j->segments[j->current], &c, b, &j->room, sync);
	if (!e)
		j->previous = c.number;
	return e;
}

/* That it is larger must be known by a commit in it, should it become so in part only. */
int journal_stretch(
	struct journal *j, uint64_t need, uint64_t wall_ms, uint64_t pairs_ms, bool sync)
{
	struct segment *s = &j->segments[j->current];
	struct batch nothing;

	batch_init(&nothing);
	int e = journal_write(j, &nothing, wall_ms, pairs_ms, sync);
	batch_fini(&nothing);
	return e ? e : segment_grow(s, s->end + need + SEGMENT_PAGE);
}

void journal_shrink(struct journal *j, unsigned segment)
{
	struct segment *s = &j->segments[segment], fresh;

	if (s->bytes <= j->most_bytes ||
		segment_make(&fresh, j->folder, new_name, first_bytes(j->most_bytes)))
		return;
	if (renameat(j->folder, new_name, j->folder, journal_name(segment))) {
		segment_close(&fresh);
		unlinkat(j->folder, new_name, 0);
		return;
	}
	segment_close(s);
	*s = fresh;
	j->unnamed[segment] = true;
	name_sync(j, segment);
}

/* ---- reading ------------------------------------------------------------------------------- */

struct joining {
	struct batch *to;
	uint64_t after; /* the latest commit that counts so far; 0: any may be the next one */
	bool anew; /* it is not known which is the first that counts: one after a gap, if there is any */
	struct commit latest;
	bool gap, no_memory;
};

static bool join(void *context, const struct commit *c, struct mqtt_view changes)
{
	struct joining *g = context;

	if (c->number <= g->after)
		return true;
	if (g->after && c->previous > g->after) {
		g->gap = !g->anew;
		if (g->gap)
			return false;
		batch_clear(g->to);
	}
	g->no_memory = !segment_apply(changes, g->to);
	g->after = c->number;
	g->latest = *c;
	return !g->no_memory;
}

static bool take_none(void *context, const struct commit *c, struct mqtt_view changes)
{
	(void)context, (void)c, (void)changes;
	return true;
}

static int segment_join(const struct segment *s, uint64_t bytes, struct joining *g)
{
	struct segment_found found;
	int e = segment_read(s, bytes, join, g, &found);

	if (e || g->no_memory)
		return e ? e : ENOMEM;
	return g->gap || found.damaged ? JOURNAL_DAMAGED : 0;
}

/* What both are like, from which it follows which one is older. Returns 0, an errno, or JOURNAL_DAMAGED. */
static int look(const struct segment segments[static JOURNAL_SEGMENTS],
	struct segment_found there[static JOURNAL_SEGMENTS], struct journal_found *found)
{
	int result = 0;

	for (unsigned i = 0; i < JOURNAL_SEGMENTS; i++) {
		int e = segment_read(&segments[i], segments[i].bytes, take_none, NULL, &there[i]);
		if (there[i].highest > found->highest)
			found->highest = there[i].highest;
		if (!result && (e || there[i].damaged)) {
			found->segment = i;
			result = e ? e : JOURNAL_DAMAGED;
		}
	}
	return result;
}

int journal_read(int folder, uint64_t after, struct batch *to, struct journal_found *found)
{
	struct segment segments[JOURNAL_SEGMENTS] = { { .fd = -1 }, { .fd = -1 } };
	struct joining g = { .to = to, .after = after, .anew = !after };
	int e = 0;

	*found = (struct journal_found){ 0 };
	for (unsigned i = 0; !e && i < JOURNAL_SEGMENTS; i++) {
		e = segment_open(&segments[i], folder, journal_name(i), O_RDONLY);
		if (e)
			found->segment = i;
	}
	struct segment_found there[JOURNAL_SEGMENTS] = { 0 };
	if (!e)
		e = look(segments, there, found);
	/* Where one is damaged, what the other one has may still be what comes next. */
	for (unsigned i = 0; i < JOURNAL_SEGMENTS; i++) {
		unsigned at = (there[1].first < there[0].first) ^ i;
		const struct segment *s = &segments[at];
		int wrong = 0;
		if (s->fd >= 0 && (!there[at].last || there[at].last > after))
			wrong = segment_join(s, s->bytes, &g);
		if (wrong && !e) {
			found->segment = at;
			e = wrong;
		}
	}
	for (unsigned i = 0; i < JOURNAL_SEGMENTS; i++)
		segment_close(&segments[i]);
	found->latest = g.latest;
	return e;
}

int journal_read_segment(const struct segment *s, struct batch *to, struct commit *latest)
{
	struct joining g = { .to = to };
	int e = segment_join(s, s->end, &g);

	*latest = g.latest;
	return e;
}
