#include "bench/figures/ledger.h"

#include <stdlib.h>
#include <string.h>

/* The place of the first gap that ends at `number` or after it. */
static unsigned gap_at(const struct ledger *l, uint64_t number)
{
	unsigned low = 0, high = l->gap_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (l->gaps[middle].to < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for a gap at this place; false when there are too many. */
static bool make_room(struct ledger *l, unsigned at)
{
	if (l->gap_count == LEDGER_GAPS_MAX)
		return false;
	if (l->gap_count == l->gap_capacity) {
		l->gap_capacity = l->gap_capacity ? 2 * l->gap_capacity : 4;
		l->gaps = realloc(l->gaps, l->gap_capacity * sizeof(*l->gaps));
		if (!l->gaps)
			abort();
	}
	memmove(&l->gaps[at + 1], &l->gaps[at], (l->gap_count - at) * sizeof(*l->gaps));
	l->gap_count++;
	return true;
}

static void drop_gap(struct ledger *l, unsigned at)
{
	l->gap_count--;
	memmove(&l->gaps[at], &l->gaps[at + 1], (l->gap_count - at) * sizeof(*l->gaps));
}

static void fill(struct ledger *l, unsigned at, uint64_t number)
{
	struct ledger_gap *gap = &l->gaps[at];
	uint64_t to = gap->to;

	if (gap->from == gap->to) {
		drop_gap(l, at);
	} else if (number == gap->from) {
		gap->from++;
	} else if (number == gap->to) {
		gap->to--;
	} else if (make_room(l, at + 1)) {
		l->gaps[at].to = number - 1;
		l->gaps[at + 1] = (struct ledger_gap){ number + 1, to };
	} else {
		l->blind = true;
	}
}

enum ledger_news ledger_take(struct ledger *l, uint64_t number)
{
	if (number >= l->next) {
		if (number > l->next && make_room(l, l->gap_count))
			l->gaps[l->gap_count - 1] = (struct ledger_gap){ l->next, number - 1 };
		else if (number > l->next)
			l->blind = true;
		l->next = number + 1;
		l->came++;
		return LEDGER_NEW;
	}
	if (l->blind)
		return LEDGER_UNKNOWN;
	unsigned at = gap_at(l, number);
	if (at == l->gap_count || l->gaps[at].from > number)
		return LEDGER_AGAIN;
	fill(l, at, number);
	l->came++;
	return LEDGER_LATE;
}

uint64_t ledger_missing_from(const struct ledger *l, uint64_t from, uint64_t sent)
{
	unsigned at = gap_at(l, from);
	uint64_t found = from > l->next ? from : l->next;

	if (!l->blind && at < l->gap_count)
		found = l->gaps[at].from > from ? l->gaps[at].from : from;
	return found < sent ? found : sent;
}

void ledger_fini(struct ledger *l)
{
	free(l->gaps);
	*l = (struct ledger){ 0 };
}
