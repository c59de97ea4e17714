#include "broker/core/commit.h"

/* Those that are held wait for the commit that begins. */
static void links_wait(struct broker *b)
{
	struct link *next;

	for (struct link *l = b->held; l; l = next) {
		next = l->commit_next;
		l->commit_next = b->waiting;
		b->waiting = l;
	}
	b->held = NULL;
	/* Some may have waited for the last one, which has failed. */
	for (struct link *l = b->waiting; l; l = l->commit_next) {
		l->held = false;
		l->under_way = true;
		l->next_bytes = l->output.bytes;
	}
}

static void links_mark(struct broker *b)
{
	for (struct link *l = b->waiting; l; l = l->commit_next)
		link_mark(l);
	for (struct link *l = b->held; l; l = l->commit_next)
		link_mark(l);
}

static void link_free_to_go(struct broker *b, struct link *l)
{
	l->under_way = false;
	l->clear_bytes = l->next_bytes;
	l->held = l->held && !l->gone;
	if (l->held) {
		l->commit_next = b->held;
		b->held = l;
	}
	link_mark(l);
}

static void links_release(struct broker *b)
{
	struct link *l = b->waiting, *next;

	b->waiting = NULL;
	for (; l; l = next) {
		next = l->commit_next;
		link_free_to_go(b, l);
	}
}

static void done(struct broker *b, bool durable)
{
	if (durable) {
		bool clogged = commit_is_clogged(b);
		b->commit_ms = INT64_MAX;
		links_release(b);
		if (clogged)
			links_mark(b); /* those that came meanwhile may be read from, too */
		return;
	}
	b->figures.store_failures++;
	b->uncommitted = true;
	b->commit_ms = b->now_ms + COMMIT_RETRY_MS;
	links_mark(b); /* they are not to be read from */
}

void commit_begin(struct broker *b)
{
	const struct broker_store *store = &b->config.store;

	if (b->committing || (b->commit_ms != INT64_MAX && b->now_ms < b->commit_ms))
		return;
	links_wait(b);
	b->uncommitted = false;
	b->commit_bytes = 0;
	if (!store->begin)
		done(b, !store->commit || store->commit(store->context));
	else if (store->begin(store->context))
		b->committing = true;
	else
		done(b, false);
}

void broker_committed(struct broker *b, bool durable)
{
	b->committing = false;
	done(b, durable);
}

void commit_abandon(struct broker *b)
{
	links_wait(b);
	links_release(b);
	b->config.store.begin = NULL;
}

void commit_last(struct broker *b)
{
	const struct broker_store *store = &b->config.store;

	if (b->uncommitted && store->commit)
		store->commit(store->context);
}

size_t commit_pieces(const struct link *l, struct broker_piece *pieces, size_t max)
{
	size_t clear = l->clear_bytes, n = 0, count = output_pieces(&l->output, pieces, max);

	for (; n < count && clear; clear -= pieces[n++].len)
		if (pieces[n].len > clear)
			pieces[n].len = clear;
	return n;
}

void commit_written(struct link *l, uint32_t bytes)
{
	l->clear_bytes -= bytes;
	l->next_bytes -= bytes;
}

void link_hold(struct link *l)
{
	struct broker *b = l->broker;

	if (!link_awaits_commit(l)) {
		l->clear_bytes = 0;
		l->commit_next = b->held;
		b->held = l;
	}
	l->held = true;
	b->uncommitted = true; /* even if nothing has come of it: it waits for a commit */
	link_mark(l);
}
