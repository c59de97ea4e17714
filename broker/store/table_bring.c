#include "broker/store/table_bring.h"

#include <errno.h>

enum {
	SLICE_LEAST = 8, /* changes: there is always room to remove so few */
	SLICE_MOST = 4096,
};

/* What is neither in use nor was until the latest commit. */
static uint64_t bytes_left(const struct table *t)
{
	uint64_t there = table_file_bytes(t),
		 taken = t->written.used_bytes + t->written.freed_bytes;

	return there > taken ? there - taken : 0;
}

/* The next of one kind, from the place `at` on: as many as there is room for, and a few in any case. */
static struct part slice_next(const struct table *t, const struct part *all, bool removed,
	uint32_t *at, struct batch_place places[static SLICE_MOST])
{
	struct part slice = { all->batch, places, 0 };
	uint64_t left = bytes_left(t), bytes = 0;
	uint64_t most = left / t->written.page_bytes / t->written.depth / 2;

	for (; *at < all->count && slice.count < SLICE_MOST; (*at)++) {
		const struct change *c = &all->batch->list[all->places[*at].number];
		if (c->removed != removed)
			continue;
		if (slice.count >= SLICE_LEAST && (slice.count >= most || bytes > left / 4))
			break;
		places[slice.count++] = all->places[*at];
		bytes += c->key_len + c->value_len;
	}
	return slice;
}

/* What is removed comes first: its pages are free for the rest. */
static int write_slices(struct table *t, struct batch *b)
{
	struct batch_place places[SLICE_MOST];
	struct part all = { .batch = b };
	int e = 0;

	all.places = batch_sort(b, &all.count);
	if (!all.places)
		return ENOMEM;
	for (unsigned removed = 2; !e && removed--;)
		for (uint32_t at = 0; !e && at < all.count;) {
			struct part slice = slice_next(t, &all, removed, &at, places);
			e = slice.count ? table_write_part(t, &slice, NULL) : 0;
		}
	return e;
}

bool table_takes_whole(const struct table *t, const struct batch *b)
{
	const struct table_size *s = &t->written;
	uint64_t need = s->used_bytes + s->freed_bytes + table_need_bytes(s, b->volume);

	return need <= t->most_bytes || need <= table_file_bytes(t);
}

bool table_lacks_room(int e)
{
	return e == ENOSPC || e == EDQUOT || e == EFBIG || e == EIO;
}

int table_bring(struct table *t, struct batch *b, const struct head *head)
{
	struct part nothing = { .batch = b };
	bool whole = !b->count || table_takes_whole(t, b);
	int first = whole ? table_commit(t, b, head) : ENOSPC;

	if (!b->count || !table_lacks_room(first))
		return first;
	int e = write_slices(t, b);
	if (!e)
		e = table_write_part(t, &nothing, head);
	return e;
}
