/* Connections in the order of their silence, more or less: an entry stays where it is when packets come for it,
 * and gets its new place when its turn is here. So a packet costs nothing, and an entry is found silent between
 * one and two times the silence that was asked for.
 */
#ifndef PCAP_FLOW_QUEUE_H
#define PCAP_FLOW_QUEUE_H

#include <stdint.h>

#include "pcap/flow_table.h"

struct flow_queue {
	struct flow_entry *oldest;
	struct flow_entry *newest;
	uint32_t count;
};

void flow_queue_add(struct flow_queue *q, struct flow_entry *e);
void flow_queue_remove(struct flow_queue *q, struct flow_entry *e);

/* The entry that has been silent for longest; NULL if the queue is empty, or if none has been for `silence_us`. */
struct flow_entry *flow_queue_silent(struct flow_queue *q, int64_t now_us, int64_t silence_us);

#endif
