/* A pair in LMDB's table: sealed (seal.h), and in pieces where it is long (pieces.h). */
#ifndef BROKER_STORE_ENTRY_H
#define BROKER_STORE_ENTRY_H

#include <lmdb.h>

#include "mqtt/view.h"

/* In the place of what was there. Returns 0 or an error of LMDB. */
int entry_put(MDB_cursor *cursor, struct mqtt_view key, struct mqtt_view value);

/* There need not be any. */
int entry_take_out(MDB_cursor *cursor, struct mqtt_view key);

/* Its first piece, as it lies there, until the next change. MDB_NOTFOUND: there is none. */
int entry_look_up(MDB_cursor *cursor, struct mqtt_view key, struct mqtt_view *value);

#endif
