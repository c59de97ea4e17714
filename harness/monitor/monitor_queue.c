/* In what order answers have to come. */
#include "harness/monitor/monitor_state.h"

#include <string.h>

static struct order_entry *order_find(struct order_queue *q, uint16_t id)
{
	for (size_t i = q->first; i < q->count; i++)
		if (q->entries[i].id == id && !q->entries[i].passed)
			return &q->entries[i];
	return NULL;
}

static void order_advance(struct order_queue *q)
{
	while (q->first < q->count && q->entries[q->first].passed)
		q->first++;
	if (q->first == q->count)
		q->first = q->count = 0;
}

void order_expect(struct arena *a, struct order_queue *q, uint16_t id)
{
	struct order_entry *twice = order_find(q, id);

	/* Sent again before it was answered: one answer or two may come, and nobody knows when. */
	if (twice) {
		twice->passed = true;
		order_advance(q);
		return;
	}
	if (q->count == q->capacity && q->first > q->count / 2) {
		q->count -= q->first;
		memmove(q->entries, q->entries + q->first, q->count * sizeof(*q->entries));
		q->first = 0;
	}
	q->entries = arena_grow(a, q->entries, q->count, &q->capacity, sizeof(*q->entries));
	q->entries[q->count++] = (struct order_entry){ .id = id };
}

void order_copy(struct arena *a, struct order_queue *to, const struct order_queue *from)
{
	size_t count = from->count - from->first;

	*to = (struct order_queue){ .count = count, .capacity = count };
	if (count)
		to->entries =
			arena_copy(a, from->entries + from->first, count * sizeof(*to->entries));
}

bool order_take(struct order_queue *q, uint16_t id)
{
	struct order_entry *entry = order_find(q, id);

	if (!entry)
		return true;
	bool in_turn = entry == &q->entries[q->first];
	entry->passed = true;
	order_advance(q);
	return in_turn;
}
