/* What changes ask of the table, in sums. */
#ifndef BROKER_STORE_VOLUME_H
#define BROKER_STORE_VOLUME_H

#include <stdint.h>

/* LMDB keeps pairs above half a page on pages of their own, in a row. With what is added to it (store/seal.h: at most
 * a key of 511 bytes, once more, and its length) no pair of fewer bytes than this is one of them.
 */
enum { VOLUME_LONG = 1500 };

struct volume {
	uint64_t changes, bytes;
	uint64_t long_changes, long_bytes; /* those of them that have pages of their own */
	uint64_t longest; /* bytes of the longest of those, or more: see volume_rest */
};

static inline struct volume volume_of(uint64_t key_len, uint64_t value_len)
{
	struct volume v = { .changes = 1, .bytes = key_len + value_len };

	if (v.bytes >= VOLUME_LONG)
		v.long_changes = 1, v.long_bytes = v.longest = v.bytes;
	return v;
}

static inline struct volume volume_sum(struct volume a, struct volume b)
{
	uint64_t x = a.long_changes ? a.longest : 0, y = b.long_changes ? b.longest : 0;

	return (struct volume){ .changes = a.changes + b.changes,
		.bytes = a.bytes + b.bytes,
		.long_changes = a.long_changes + b.long_changes,
		.long_bytes = a.long_bytes + b.long_bytes,
		.longest = x > y ? x : y };
}

/* Without `b`, which was a part of it. Which of what is left is the longest is not known, unless nothing long is. */
static inline struct volume volume_rest(struct volume a, struct volume b)
{
	struct volume v = { .changes = a.changes - b.changes,
		.bytes = a.bytes - b.bytes,
		.long_changes = a.long_changes - b.long_changes,
		.long_bytes = a.long_bytes - b.long_bytes };

	v.longest = v.long_changes ? a.longest : 0;
	return v;
}

#endif
