/* Which messages of one publisher have come to one subscriber. The publisher numbers them, from 0:
 *
 *	0 1 2 3 . . 6 7 8        next is 9, the gap is from 4 to 5
 *
 * A number beyond `next` is new, and what it has left out is a gap; one in a gap is late; any other has
 * come before. What is still in a gap at the end is lost, if the order of the messages was promised.
 */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_gap {
	uint64_t from, to; /* both are missing */
};

enum { LEDGER_GAPS_MAX = 1 << 16 };

/* All zero: nothing has come. */
struct ledger {
	uint64_t next; /* one more than the highest that has come */
	uint64_t came; /* each counts once */
	struct ledger_gap *gaps;
	unsigned gap_count, gap_capacity;
	bool blind; /* there were too many gaps to keep: late and double can no longer be told apart */
};

enum ledger_news {
	LEDGER_NEW,
	LEDGER_LATE,    /* after one with a higher number */
	LEDGER_AGAIN,   /* it has come before */
	LEDGER_UNKNOWN, /* late or again */
};

enum ledger_news ledger_take(struct ledger *l, uint64_t number);

/* The first number from `from` on that has not come, of those below `sent`; `sent` if there is none. Of
 * a blind one only those beyond `next` are known.
 */
uint64_t ledger_missing_from(const struct ledger *l, uint64_t from, uint64_t sent);

void ledger_fini(struct ledger *l);

#endif
