/* What changes ask of the table, in sums. */
#ifndef BROKER_STORE_VOLUME_H
#define BROKER_STORE_VOLUME_H

#include <stdint.h>

/* LMDB gives a pair of half a page or more a page of its own. With what is added to it (seal.h: at most a key of 507
 * bytes, once more, and its length) no pair of fewer bytes than this is one of them.
 */
enum { VOLUME_PAGED = 1500, VOLUME_PAGE = 4096, VOLUME_NAME = 512 };

struct volume {
	uint64_t changes;
	uint64_t bytes; /* of pairs that lie on pages together */
	/* Of the pages that others have, one or several (pieces.h), and of their names. */
	uint64_t paged_bytes;
};

static inline struct volume volume_of(uint64_t key_len, uint64_t value_len)
{
	uint64_t bytes = key_len + value_len;

	if (bytes < VOLUME_PAGED)
		return (struct volume){ .changes = 1, .bytes = bytes };
	uint64_t names =
		(bytes / VOLUME_PAGE + 2) * 2 * (key_len < VOLUME_NAME ? key_len : VOLUME_NAME);
	return (struct volume){ .changes = 1,
		.paged_bytes = bytes + bytes / 32 + VOLUME_PAGE + names };
}

static inline struct volume volume_sum(struct volume a, struct volume b)
{
	return (struct volume){ a.changes + b.changes, a.bytes + b.bytes,
		a.paged_bytes + b.paged_bytes };
}

/* Without `b`, which was a part of it. */
static inline struct volume volume_rest(struct volume a, struct volume b)
{
	return (struct volume){ a.changes - b.changes, a.bytes - b.bytes,
		a.paged_bytes - b.paged_bytes };
}

#endif
