#include "broker/store/pin.h"

#include <errno.h>
#include <stddef.h>

#include <lmdb.h>

enum { MAP_BYTES = 1 << 20 };

int pin_set(struct pin *p, const char *folder)
{
	*p = (struct pin){ 0 };
	int e = mdb_env_create(&p->env);
	if (!e) /* or it would be what the file says, which nothing has checked; it grows as need be */
		e = mdb_env_set_mapsize(p->env, MAP_BYTES);
	if (!e)
		e = mdb_env_open(p->env, folder, MDB_RDONLY, 0600);
	if (!e)
		e = mdb_txn_begin(p->env, NULL, MDB_RDONLY, &p->txn);
	if (e)
		pin_drop(p);
	return e == EROFS ? 0 : e;
}

void pin_drop(struct pin *p)
{
	if (p->txn)
		mdb_txn_abort(p->txn);
	if (p->env)
		mdb_env_close(p->env);
	*p = (struct pin){ 0 };
}
