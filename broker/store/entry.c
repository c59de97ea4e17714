#include "broker/store/entry.h"

#include "broker/store/pieces.h"
#include "broker/store/seal.h"

static MDB_val val_of(struct mqtt_view v)
{
	return (MDB_val){ v.len, (void *)(uintptr_t)v.data };
}

static int rest_take_out(MDB_cursor *cursor, struct mqtt_view first)
{
	uint8_t room[PIECE_KEY_MAX];
	int e = 0;

	for (uint32_t number = 1; !e; number++) {
		MDB_val k = val_of(piece_key(room, first, number));
		e = mdb_cursor_get(cursor, &k, NULL, MDB_SET);
		if (!e)
			e = mdb_cursor_del(cursor, 0);
	}
	return e == MDB_NOTFOUND ? 0 : e;
}

/* Room for it, in the place of what was there. */
static int first_put(MDB_cursor *cursor, struct mqtt_view key, uint32_t size, uint8_t **at)
{
	MDB_val k = val_of(key), v = { size, NULL };
	int e = mdb_cursor_put(cursor, &k, &v, MDB_RESERVE | MDB_NOOVERWRITE);

	if (e == MDB_KEYEXIST) {
		e = v.mv_size == PIECE_BYTES ? rest_take_out(cursor, key) : 0;
		v = (MDB_val){ size, NULL };
		if (!e)
			e = mdb_cursor_put(cursor, &k, &v, MDB_RESERVE);
	}
	*at = v.mv_data;
	return e;
}

static int rest_put(MDB_cursor *cursor, const struct seal *seal)
{
	uint8_t room[PIECE_KEY_MAX];
	uint32_t size;
	int e = 0;

	for (uint32_t at = PIECE_BYTES; !e && at < seal->value_size; at += size) {
		size = seal->value_size - at < PIECE_BYTES ? seal->value_size - at : PIECE_BYTES;
		MDB_val k = val_of(piece_key(room, seal->key, at / PIECE_BYTES));
		MDB_val v = { size, NULL };
		e = mdb_cursor_put(cursor, &k, &v, MDB_RESERVE);
		if (!e)
			seal_write(seal, at, v.mv_data, size);
	}
	return e;
}

int entry_put(MDB_cursor *cursor, struct mqtt_view key, struct mqtt_view value)
{
	struct seal seal;
	uint8_t *at;

	seal_make(&seal, key, value);
	uint32_t size = seal.value_size < PIECE_BYTES ? seal.value_size : PIECE_BYTES;
	int e = first_put(cursor, seal.key, size, &at);
	if (e)
		return e;
	seal_write(&seal, 0, at, size);
	return rest_put(cursor, &seal);
}

int entry_take_out(MDB_cursor *cursor, struct mqtt_view key)
{
	struct seal seal;
	MDB_val v;

	seal_key(&seal, key);
	MDB_val k = val_of(seal.key);
	int e = mdb_cursor_get(cursor, &k, &v, MDB_SET);
	if (e == MDB_NOTFOUND) /* it came and went since the last commit */
		return 0;
	bool full = !e && v.mv_size == PIECE_BYTES;
	if (!e)
		e = mdb_cursor_del(cursor, 0);
	return !e && full ? rest_take_out(cursor, seal.key) : e;
}

int entry_look_up(MDB_cursor *cursor, struct mqtt_view key, struct mqtt_view *value)
{
	struct seal seal;
	MDB_val v;

	seal_key(&seal, key);
	MDB_val k = val_of(seal.key);
	int e = mdb_cursor_get(cursor, &k, &v, MDB_SET);
	if (!e)
		*value = (struct mqtt_view){ v.mv_data, (uint32_t)v.mv_size };
	return e;
}
