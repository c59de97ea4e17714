#include "pcap/flow_queue.h"

void flow_queue_add(struct flow_queue *q, struct flow_entry *e)
{
	e->queued_us = e->connection.flow.last.at_us;
	e->newer = NULL;
	e->older = q->newest;
	*(q->newest ? &q->newest->newer : &q->oldest) = e;
	q->newest = e;
	q->count++;
}

void flow_queue_remove(struct flow_queue *q, struct flow_entry *e)
{
	*(e->older ? &e->older->newer : &q->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &q->newest) = e->older;
	q->count--;
}

struct flow_entry *flow_queue_silent(struct flow_queue *q, int64_t now_us, int64_t silence_us)
{
	struct flow_entry *e;

	while ((e = q->oldest) != NULL && now_us - e->queued_us >= silence_us) {
		if (e->connection.flow.last.at_us <= e->queued_us)
			return e;
		flow_queue_remove(q, e);
		flow_queue_add(q, e);
	}
	return NULL;
}
