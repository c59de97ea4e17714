/* Finds a connection by the addresses and ports of a packet: a hash table with open addressing, whose entries
 * stay where they are in memory.
 */
#ifndef PCAP_FLOW_TABLE_H
#define PCAP_FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "pcap/connection.h"
#include "pcap/ip.h"

/* Both ends, the lower one first, so that both ways have the same key. */
struct flow_key {
	uint64_t words[5];
};

/* How long a connection may be silent depends on what it is. */
enum flow_stage {
	STAGE_HALF, /* a SYN without an answer, or one FIN */
	STAGE_LIVE,
	STAGE_OVER, /* the listener has been told; what comes late is known for what it is */
	STAGES
};

struct flow_entry {
	struct connection connection;
	struct flow_key key;
	uint32_t hash;
	bool opener_is_lower;
	bool waits;            /* stands in the list of those that connection_time is called for */
	enum flow_stage stage; /* each has a queue (flow_queue.h) */
	int64_t queued_us;     /* it has been in the queue since, or was looked at there */
	struct flow_entry *older, *newer;
	struct flow_entry *waits_before, *waits_after;
};

struct flow_slot {
	struct flow_entry *entry; /* NULL: free */
	uint32_t hash;
};

struct flow_table {
	struct flow_slot *slots;
	uint32_t capacity; /* a power of two, or 0 */
	uint32_t count;
};

/* *from_is_lower: the sender is the end that comes first. */
void flow_key_make(const struct ip_packet *ip, const struct tcp_header *tcp, struct flow_key *key,
	bool *from_is_lower);

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1] &&
		a->words[2] == b->words[2] && a->words[3] == b->words[3] &&
		a->words[4] == b->words[4];
}

uint32_t flow_key_hash(const struct flow_key *key);

void flow_table_fini(struct flow_table *t);

struct flow_entry *flow_table_find(
	const struct flow_table *t, const struct flow_key *key, uint32_t hash);

/* The entry has key and hash, and its key is not in the table. False without memory. */
bool flow_table_add(struct flow_table *t, struct flow_entry *e);

/* The entry is in the table; it is the caller's again. */
void flow_table_remove(struct flow_table *t, struct flow_entry *e);

#endif
