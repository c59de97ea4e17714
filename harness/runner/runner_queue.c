#include <string.h>

#include "harness/runner/runner_job.h"

void queue_add(struct runner *r, struct runner_queue *queue, struct runner_ticket ticket)
{
	queue->list = arena_grow(
		&r->arena, queue->list, queue->count, &queue->capacity, sizeof(*queue->list));
	queue->list[queue->count++] = ticket;
}

void queue_add_first(struct runner *r, struct runner_queue *queue, struct runner_ticket ticket)
{
	queue_add(r, queue, ticket);
	struct runner_ticket *first = &queue->list[queue->head];
	memmove(first + 1, first, (queue->count - queue->head - 1) * sizeof(*first));
	*first = ticket;
}

struct runner_ticket queue_take(struct runner_queue *queue)
{
	struct runner_ticket ticket = queue->list[queue->head++];

	if (queue->head == queue->count)
		queue->head = queue->count = 0;
	return ticket;
}
