/* Keeps the pages of a store as they are while it is read beside a broker that goes on writing: as a reader that LMDB
 * knows of. The broker's file grows meanwhile, so not for long.
 */
#ifndef BROKER_STORE_PIN_H
#define BROKER_STORE_PIN_H

struct MDB_env;
struct MDB_txn;

struct pin {
	struct MDB_env *env; /* NULL: none is needed, as nobody can write there */
	struct MDB_txn *txn;
};

/* The folder has a store that reading_open has looked at. What is opened after this stays. Returns 0, an errno, or an error of
 * LMDB (table_error); then nothing is to be undone.
 */
int pin_set(struct pin *p, const char *folder);
void pin_drop(struct pin *p);

#endif
