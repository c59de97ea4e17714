#include "tests/unit/store_place.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct mqtt_view view_of(const struct buf *b)
{
	return (struct mqtt_view){ b->data, (uint32_t)b->len };
}

bool note(void *place, struct mqtt_view key, struct mqtt_view value)
{
	struct place *p = place;

	p->count++;
	buf_add_u32(&p->all, key.len);
	buf_add(&p->all, key.data, key.len);
	buf_add_u32(&p->all, value.len);
	return buf_add(&p->all, value.data, value.len);
}

bool try_open(struct place *p)
{
	buf_reset(&p->all);
	p->count = 0;
	p->store = store_open(&p->settings, &p->log, p->error, PLACE_TEXT);
	if (p->store && store_load(p->store, note, p, p->error, PLACE_TEXT))
		return true;
	store_close(p->store);
	p->store = NULL;
	return false;
}

void open_store(struct place *p)
{
	if (!try_open(p))
		fail_msg("%s", p->error);
}

void close_store(struct place *p)
{
	store_close(p->store);
	p->store = NULL;
}

bool read_all(struct place *p, struct reading *r)
{
	buf_reset(&p->all);
	p->count = 0;
	if (reading_open(r, p->folder) != READING_OK)
		return false;
	bool ok = reading_all(r, note, p);
	reading_close(r);
	return ok;
}

struct mqtt_view key_of(struct buf *b, unsigned i)
{
	buf_reset(b);
	buf_printf(b, "f%07u/", i * 7919 % 100003);
	for (unsigned n = 0; i % 16 == 5 && n < 100 + i; n++)
		buf_add_text(b, "level/");
	return view_of(b);
}

struct mqtt_view value_of(struct buf *b, unsigned i)
{
	buf_reset(b);
	for (unsigned n = 0; n < (i % 32 == 9 ? 9000 : i % 100); n++)
		buf_add_u8(b, (uint8_t)(i * 31 + n * n));
	return view_of(b);
}

void put(struct place *p, unsigned i)
{
	struct buf key, value;

	buf_init(&key, 1 << 20);
	buf_init(&value, 1 << 20);
	assert_true(store_put(p->store, key_of(&key, i), value_of(&value, i)));
	buf_fini(&key);
	buf_fini(&value);
}

void drop(struct place *p, unsigned i)
{
	struct buf key;

	buf_init(&key, 1 << 20);
	store_remove(p->store, key_of(&key, i));
	buf_fini(&key);
}

void fill(struct place *p, unsigned count)
{
	open_store(p);
	for (unsigned i = 0; i < count; i++) {
		put(p, i);
		if (i % 50 == 49)
			assert_true(store_commit(p->store));
	}
	for (unsigned i = 0; i < count; i += 3) {
		drop(p, i);
		if (i % 10 == 0)
			assert_true(store_commit(p->store));
	}
	assert_true(store_commit(p->store));
	close_store(p);
}

int place_set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->folder, "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->file, sizeof(p->file), "%s/data.mdb", p->folder);
	p->settings = (struct store_settings){ .folder = p->folder };
	buf_init(&p->all, 64 << 20);
	*state = p;
	return 0;
}

int place_tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	store_close(p->store);
	buf_fini(&p->all);
	snprintf(command, sizeof(command), "rm -r '%s'", p->folder);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

uint64_t size_of(const struct place *p)
{
	struct stat there;

	assert_int_equal(stat(p->file, &there), 0);
	return (uint64_t)there.st_size;
}

unsigned lmdb_pairs(const struct place *p, lmdb_visit *visit)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_cursor *cursor;
	MDB_val key, value;
	unsigned count = 0;

	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_mapsize(env, 1 << 30), 0);
	assert_int_equal(mdb_env_open(env, p->file, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR, 0), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
	for (; !mdb_cursor_get(cursor, &key, &value, MDB_NEXT); count++)
		visit(txn, dbi, &key, &value);
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return count;
}
