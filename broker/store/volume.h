/* What changes ask of the table, in sums. */
#ifndef BROKER_STORE_VOLUME_H
#define BROKER_STORE_VOLUME_H

#include <stdint.h>

/* LMDB keeps pairs above half a page on pages of their own, in a row: of those, with what is added to them, none is
 * shorter than this.
 */
enum { VOLUME_LONG = 1536 };

struct volume {
	uint64_t changes, bytes;
	uint64_t long_changes, long_bytes; /* those of them that have pages of their own */
	uint64_t longest;                  /* bytes of the longest of those; 0: there is none */
};

static inline struct volume volume_of(uint64_t key_len, uint64_t value_len)
{
	struct volume l = { .changes = 1, .bytes = key_len + value_len };

	if (l.bytes >= VOLUME_LONG)
		l.long_changes = 1, l.long_bytes = l.longest = l.bytes;
	return l;
}

static inline struct volume volume_sum(struct volume a, struct volume b)
{
	return (struct volume){ .changes = a.changes + b.changes,
		.bytes = a.bytes + b.bytes,
		.long_changes = a.long_changes + b.long_changes,
		.long_bytes = a.long_bytes + b.long_bytes,
		.longest = a.longest > b.longest ? a.longest : b.longest };
}

/* Without what `b` was a part of `a`. Which of what is left is the longest is not known, unless nothing is. */
static inline struct volume volume_rest(struct volume a, struct volume b)
{
	struct volume l = { .changes = a.changes - b.changes,
		.bytes = a.bytes - b.bytes,
		.long_changes = a.long_changes - b.long_changes,
		.long_bytes = a.long_bytes - b.long_bytes };

	l.longest = l.long_changes ? a.longest : 0;
	return l;
}

#endif
