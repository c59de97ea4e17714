/* What the journal has comes into the table: with one commit, or with several where the file has hardly any room left. Then even
 * what is removed would need more of it at once than there is: each commit frees pages, and the next but one has them.
 */
#ifndef BROKER_STORE_TABLE_BRING_H
#define BROKER_STORE_TABLE_BRING_H

#include "broker/store/table.h"

/* Whether there is room for all of it at once, as far as is known before that is tried. What is removed takes room, too, for a
 * while: that of the pages that name it.
 */
bool table_takes_whole(const struct table *t, const struct batch *b);

/* Of a commit that has failed: there may be room for less. LMDB tells of a write that was cut short as of any other error. */
bool table_lacks_room(int e);

/* As table_commit, where another place has it all: if there is no room for it at once, it is brought here by several commits, and
 * those before the last keep the head that there is.
 */
int table_bring(struct table *t, struct batch *b, const struct head *head);

#endif
