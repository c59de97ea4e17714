#include "broker/store/gaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The table that LMDB keeps of them: a transaction, and how many and which pages it has freed. */
enum { FREE_PAGES = 0 };

static void list_lengths(uint64_t lengths[static GAPS_LENGTHS])
{
	for (unsigned i = 0; i < GAPS_LENGTHS; i++)
		lengths[i] = i < 3 ? i + 1 : 2 * lengths[i - 2];
}

uint64_t gaps_free(const struct gaps *g, uint64_t in_a_row)
{
	uint64_t lengths[GAPS_LENGTHS];

	list_lengths(lengths);
	for (unsigned i = 0; i < GAPS_LENGTHS; i++)
		if (lengths[i] >= in_a_row)
			return g->fits[i] * in_a_row;
	return 0;
}

static void add_run(struct gaps *g, const uint64_t lengths[static GAPS_LENGTHS], uint64_t run)
{
	for (unsigned i = 0; i < GAPS_LENGTHS && lengths[i] <= run; i++)
		g->fits[i] += run / lengths[i];
}

static void add_runs(struct gaps *g, const uint8_t *is_free)
{
	uint64_t lengths[GAPS_LENGTHS], run = 0;

	list_lengths(lengths);
	for (uint64_t page = 0; page < g->end; page++) {
		if (is_free[page]) {
			run++;
			continue;
		}
		add_run(g, lengths, run);
		run = 0;
	}
	add_run(g, lengths, run);
}

static void mark(uint8_t *is_free, uint64_t end, MDB_val list)
{
	size_t count, page;

	if (list.mv_size < sizeof(count))
		return;
	memcpy(&count, list.mv_data, sizeof(count));
	for (size_t i = 1; i <= count && (i + 1) * sizeof(page) <= list.mv_size; i++) {
		memcpy(&page, (uint8_t *)list.mv_data + i * sizeof(page), sizeof(page));
		if (page < end)
			is_free[page] = 1;
	}
}

static int mark_all(MDB_txn *txn, uint8_t *is_free, uint64_t end)
{
	MDB_cursor *cursor;
	MDB_val key, list;
	int e = mdb_cursor_open(txn, FREE_PAGES, &cursor);

	if (e)
		return e;
	while (!(e = mdb_cursor_get(cursor, &key, &list, MDB_NEXT))) {
		size_t freed_by;
		memcpy(&freed_by, key.mv_data, sizeof(freed_by));
		if (freed_by < mdb_txn_id(txn))
			mark(is_free, end, list);
	}
	mdb_cursor_close(cursor);
	return e == MDB_NOTFOUND ? 0 : e;
}

int gaps_measure(MDB_env *env, struct gaps *out)
{
	MDB_envinfo info;
	MDB_txn *txn;
	int e = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);

	*out = (struct gaps){ 0 };
	if (e)
		return e;
	e = mdb_env_info(env, &info);
	uint8_t *is_free = e ? NULL : calloc(info.me_last_pgno + 1, 1);
	if (!e)
		e = is_free ? mark_all(txn, is_free, info.me_last_pgno + 1) : ENOMEM;
	mdb_txn_abort(txn);
	if (!e) {
		out->end = info.me_last_pgno + 1;
		add_runs(out, is_free);
	}
	free(is_free);
	return e;
}
