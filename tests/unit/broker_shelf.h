/* A store for a broker in the rig: it can be full, stuck or cut off, and another broker can be made
 * from it.
 *
 *      put, remove ──▶ now ──commit──▶ committed ──shelf_kill──▶ now ──shelf_restore──▶ another broker
 */
#ifndef TESTS_UNIT_BROKER_SHELF_H
#define TESTS_UNIT_BROKER_SHELF_H

#include "tests/unit/broker_rig.h"

enum { PAIRS_MAX = 4096 };

struct pair {
	struct buf key, value;
};

struct pairs {
	struct pair list[PAIRS_MAX];
	size_t count;
};

struct shelf {
	struct pairs now, committed;
	struct pairs going; /* what is being committed, where that takes a while */
	bool under_way;
	unsigned fails_at; /* the put that fails, counted from 1; 0: none */
	bool full;         /* all puts fail */
	bool stuck;        /* commits fail */
	bool dead;         /* the broker has been killed: nothing more comes in */
};

/* Tests of cmocka get a rig whose broker has not been started, with a store. */
int shelf_set_up(void **state);
int shelf_tear_down(void **state);

struct shelf *shelf_of(const struct rig *r);

/* From the next broker on, a commit takes until it is ended. */
void shelf_slow_down(struct rig *r, bool slow);

/* It is durable, or has failed, and the broker is told. Does nothing if none is under way. */
void shelf_end(struct rig *r);

/* The broker is gone without a word, and with it what was not committed. */
void shelf_kill(struct rig *r);

/* Another one starts with what is there. */
void shelf_restore(struct rig *r);

struct mqtt_view view_of(const struct buf *buf);
void pairs_clear(struct pairs *pairs);
void pairs_copy(struct pairs *to, const struct pairs *from);
bool pairs_equal(const struct pairs *a, const struct pairs *b);

/* Where it is, or belongs. */
size_t pair_find(const struct pairs *pairs, struct mqtt_view key, bool *found);
void pair_remove(struct pairs *pairs, size_t at);

#endif
