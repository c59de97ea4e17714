#include "pcap/flow_table.h"

#include <stdlib.h>
#include <string.h>

#include "pcap/network_order.h"

enum { CAPACITY_LEAST = 256 };

static void key_of_ipv4(const struct ip_packet *ip, const struct tcp_header *tcp,
	struct flow_key *key, bool *from_is_lower)
{
	uint64_t from = (uint64_t)network_u32(ip->from) << 16 | tcp->from_port;
	uint64_t to = (uint64_t)network_u32(ip->to) << 16 | tcp->to_port;

	*from_is_lower = from <= to;
	*key = (struct flow_key){ { *from_is_lower ? from : to, *from_is_lower ? to : from } };
}

static void key_of_ipv6(const struct ip_packet *ip, const struct tcp_header *tcp,
	struct flow_key *key, bool *from_is_lower)
{
	int order = memcmp(ip->from, ip->to, 16);
	bool lower = order < 0 || (order == 0 && tcp->from_port <= tcp->to_port);
	uint16_t first = lower ? tcp->from_port : tcp->to_port;
	uint16_t second = lower ? tcp->to_port : tcp->from_port;

	*from_is_lower = lower;
	memcpy(&key->words[0], lower ? ip->from : ip->to, 16);
	memcpy(&key->words[2], lower ? ip->to : ip->from, 16);
	key->words[4] = (uint64_t)1 << 32 | (uint32_t)first << 16 | second;
}

void flow_key_make(const struct ip_packet *ip, const struct tcp_header *tcp, struct flow_key *key,
	bool *from_is_lower)
{
	if (ip->ipv6)
		key_of_ipv6(ip, tcp, key, from_is_lower);
	else
		key_of_ipv4(ip, tcp, key, from_is_lower);
}

uint32_t flow_key_hash(const struct flow_key *key)
{
	uint64_t hash = 0;

	for (int i = 0; i < 5; i++) {
		hash = (hash ^ key->words[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

void flow_table_fini(struct flow_table *t)
{
	free(t->slots);
	*t = (struct flow_table){ 0 };
}

struct flow_entry *flow_table_find(
	const struct flow_table *t, const struct flow_key *key, uint32_t hash)
{
	if (!t->capacity)
		return NULL;
	for (uint32_t i = hash & (t->capacity - 1); t->slots[i].entry;
		i = (i + 1) & (t->capacity - 1)) {
		if (t->slots[i].hash == hash && flow_key_equal(&t->slots[i].entry->key, key))
			return t->slots[i].entry;
	}
	return NULL;
}

static void slot_fill(struct flow_table *t, struct flow_slot slot)
{
	uint32_t i = slot.hash & (t->capacity - 1);

	while (t->slots[i].entry)
		i = (i + 1) & (t->capacity - 1);
	t->slots[i] = slot;
}

static bool table_grow(struct flow_table *t)
{
	struct flow_table larger = {
		.capacity = t->capacity ? t->capacity * 2 : CAPACITY_LEAST,
		.count = t->count,
	};

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (uint32_t i = 0; i < t->capacity; i++) {
		if (t->slots[i].entry)
			slot_fill(&larger, t->slots[i]);
	}
	free(t->slots);
	*t = larger;
	return true;
}

bool flow_table_add(struct flow_table *t, struct flow_entry *e)
{
	/* A third stays free, so that a search ends soon. */
	if (t->count + 1 > t->capacity / 3 * 2 && !table_grow(t))
		return false;
	slot_fill(t, (struct flow_slot){ .entry = e, .hash = e->hash });
	t->count++;
	return true;
}

/* What stands after a slot that becomes free moves up, if it is not where its hash would have it. */
void flow_table_remove(struct flow_table *t, struct flow_entry *e)
{
	uint32_t mask = t->capacity - 1, hole = e->hash & mask;

	while (t->slots[hole].entry != e)
		hole = (hole + 1) & mask;
	for (uint32_t i = (hole + 1) & mask; t->slots[i].entry; i = (i + 1) & mask) {
		uint32_t home = t->slots[i].hash & mask;
		if (((i - home) & mask) < ((i - hole) & mask))
			continue; /* its home lies after the hole */
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = (struct flow_slot){ 0 };
	t->count--;
}
