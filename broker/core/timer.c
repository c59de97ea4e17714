#include "broker/core/timer.h"

#include <stddef.h>

#include "broker/core/memory.h"

enum { FIRST_CAPACITY = 64 };

void timers_init(struct timers *t, struct memory *memory)
{
	*t = (struct timers){ .memory = memory };
}

void timers_fini(struct timers *t)
{
	memory_give(t->memory, t->heap, t->capacity * sizeof(*t->heap));
}

static void entry_put(struct timers *t, uint32_t slot, struct timer_entry entry)
{
	t->heap[slot - 1] = entry;
	entry.timer->slot = slot;
}

static void entry_raise(struct timers *t, uint32_t slot, struct timer_entry entry)
{
	while (slot > 1 && t->heap[slot / 2 - 1].due_ms > entry.due_ms) {
		entry_put(t, slot, t->heap[slot / 2 - 1]);
		slot /= 2;
	}
	entry_put(t, slot, entry);
}

static void entry_lower(struct timers *t, uint32_t slot, struct timer_entry entry)
{
	for (;;) {
		uint32_t child = slot * 2;
		if (child > t->count)
			break;
		if (child < t->count && t->heap[child].due_ms < t->heap[child - 1].due_ms)
			child++;
		if (t->heap[child - 1].due_ms >= entry.due_ms)
			break;
		entry_put(t, slot, t->heap[child - 1]);
		slot = child;
	}
	entry_put(t, slot, entry);
}

static bool room_make(struct timers *t)
{
	if (t->places < t->capacity)
		return true;
	uint32_t capacity = t->capacity ? t->capacity * 2 : FIRST_CAPACITY;
	struct timer_entry *heap = memory_move(t->memory, t->heap, t->count * sizeof(*heap),
		t->capacity * sizeof(*heap), capacity * sizeof(*heap));
	if (!heap)
		return false;
	t->heap = heap;
	t->capacity = capacity;
	return true;
}

bool timer_make(struct timers *t, struct timer *timer, enum timer_kind kind)
{
	if (!room_make(t))
		return false;
	t->places++;
	*timer = (struct timer){ .kind = (uint8_t)kind };
	return true;
}

void timer_drop(struct timers *t, struct timer *timer)
{
	if (timer->kind == TIMER_NONE)
		return;
	timer_clear(t, timer);
	timer->kind = TIMER_NONE;
	t->places--;
}

void timer_set(struct timers *t, struct timer *timer, int64_t due_ms)
{
	struct timer_entry entry = { due_ms, timer };

	if (!timer->slot)
		entry_raise(t, ++t->count, entry);
	else if (due_ms < t->heap[timer->slot - 1].due_ms)
		entry_raise(t, timer->slot, entry);
	else
		entry_lower(t, timer->slot, entry);
}

void timer_hasten(struct timers *t, struct timer *timer, int64_t due_ms)
{
	if (due_ms < timer_due_ms(t, timer))
		timer_set(t, timer, due_ms);
}

void timer_clear(struct timers *t, struct timer *timer)
{
	uint32_t slot = timer->slot;

	if (!slot)
		return;
	timer->slot = 0;
	struct timer_entry last = t->heap[--t->count];
	if (last.timer == timer)
		return;
	if (slot > 1 && t->heap[slot / 2 - 1].due_ms > last.due_ms)
		entry_raise(t, slot, last);
	else
		entry_lower(t, slot, last);
}

int64_t timer_due_ms(const struct timers *t, const struct timer *timer)
{
	return timer->slot ? t->heap[timer->slot - 1].due_ms : INT64_MAX;
}

struct timer *timers_take_due(struct timers *t, int64_t now_ms)
{
	if (!t->count || t->heap[0].due_ms > now_ms)
		return NULL;
	struct timer *timer = t->heap[0].timer;
	timer_clear(t, timer);
	return timer;
}

int64_t timers_next_ms(const struct timers *t)
{
	return t->count ? t->heap[0].due_ms : INT64_MAX;
}
