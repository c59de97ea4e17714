/* Places where a test lets the broker be killed, as by a loss of power: in builds with MQTTSPEC_POINTS, and
 * nothing at all in others.
 *
 *      MQTTSPEC_KILL_AT=commit-applied:3     SIGKILL when that point is passed for the third time
 *
 * In the order in which a turn passes them:
 *
 *      put              a pair is about to be put among the changes of the turn
 *      removal          a key is about to be removed
 *      commit-begin     the turn has changes, and none of them is in a file
 *      journal-write    they are about to be written to the journal
 *      journal-grow     a file of the journal is about to be made larger
 *      commit-done      they are durable, and nobody has been told
 *      checkpoint       what the journal has is about to go into the table
 *      commit-change    each change, before it goes into the transaction
 *      commit-applied   all are in the transaction, which is not committed
 *      checkpoint-done  it is in the table, and its file of the journal is about to be used again
 *      grow             the file of the table is about to be made larger
 *      load-pair        at the start, each pair that was read
 *      load-done        all is loaded, and nothing listens
 *      made             a new store is whole, and does not have its name yet
 *      close            at the end, before the file is closed
 */
#ifndef BROKER_STORE_POINT_H
#define BROKER_STORE_POINT_H

#include <stdbool.h>

struct points {
	const char *name;   /* NULL: none, and a colon after it */
	unsigned long left; /* until it has been passed often enough */
};

#ifdef MQTTSPEC_POINTS
void points_init(struct points *p);
void point_pass(struct points *p, const char *name);
#else
static inline void points_init(struct points *p)
{
	*p = (struct points){ 0 };
}
static inline void point_pass(struct points *p, const char *name)
{
	(void)p, (void)name;
}
#endif

#endif
