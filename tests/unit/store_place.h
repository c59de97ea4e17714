/* A folder with a store in it, for the tests of broker/store. */
#ifndef TESTS_UNIT_STORE_PLACE_H
#define TESTS_UNIT_STORE_PLACE_H

#include <lmdb.h>

#include "base/buf.h"
#include "broker/store/reading.h"
#include "broker/store/store.h"

enum { PLACE_TEXT = 512, SMALL_JOURNAL = 4 << 20 /* as a ceiling */ };

struct place {
	char folder[64];
	char file[80];
	struct log log;
	struct store_settings settings;
	char error[PLACE_TEXT];
	struct store *store;
	struct buf
		all; /* pairs, one after the other: of each the length of its key, the key, and the same of its value */
	unsigned count;
};

/* Tests of cmocka get a place without a store. */
int place_set_up(void **state);
int place_tear_down(void **state);

/* Makes the store, or reads what is in it: `all` and `count`. False with an `error`. */
bool try_open(struct place *p);
void open_store(struct place *p); /* which does not fail */
void close_store(struct place *p);

/* The same of what is there, as another process finds it. */
bool read_all(struct place *p, struct reading *r);

/* One of many pairs: some have keys that are longer than LMDB takes, some values that are longer than a page. */
struct mqtt_view key_of(struct buf *b, unsigned i);
struct mqtt_view value_of(struct buf *b, unsigned i);
void put(struct place *p, unsigned i);
void drop(struct place *p, unsigned i);

/* Several commits, so that there are pages that are free, and older ones of what is there. Every third pair is gone. */
void fill(struct place *p, unsigned count);

/* Its table, by LMDB itself: each pair as it lies there, whole or a piece. */
typedef void lmdb_visit(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value);
unsigned lmdb_pairs(const struct place *p, lmdb_visit *visit); /* how many there are */

/* Adds the pair to `all`. */
bool note(void *place, struct mqtt_view key, struct mqtt_view value);
bool same(const struct buf *a, const struct buf *b);
uint64_t size_of(const struct place *p); /* of the table */

#endif
