/* The first pair of the file: what it is, and which commit was its latest. LMDB's own first pages have no
 * checksum, and this one has.
 */
#ifndef BROKER_STORE_HEAD_H
#define BROKER_STORE_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

enum { HEAD_FORMAT = 4, HEAD_SIZE = 48 };

struct head {
	uint64_t number;  /* of the commit: LMDB's number for the transaction */
	uint64_t wall_ms; /* when that was, since 1970 */
	/* The same by the clock that the times in the pairs are of: the wall clock as it was when the first broker
	 * began, which nobody has set since.
	 */
	uint64_t pairs_ms;
	/* The latest commit of the journal that is in the file, too; 0: there is no journal. */
	uint64_t logged;
	uint16_t format; /* HEAD_FORMAT, or that of another broker */
};

/* This broker reads it. */
static inline bool head_is_ours(const struct head *h)
{
	return h->format == HEAD_FORMAT;
}

/* What a person may know the state by. */
static inline uint64_t head_commit(const struct head *h)
{
	return h->logged ? h->logged : h->number;
}

/* What to add to a time of a pair to have it by the wall clock. */
static inline int64_t head_shift_ms(const struct head *h)
{
	return (int64_t)(h->wall_ms - h->pairs_ms);
}

/* Sorts before all others. */
struct mqtt_view head_key(void);

void head_write(const struct head *h, uint8_t to[static HEAD_SIZE]);

/* False if this is no head of ours; one of another format begins like this one, too. */
bool head_read(struct head *h, struct mqtt_view key, struct mqtt_view value);

#endif
