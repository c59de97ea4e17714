/* One way of a TCP connection: the number of the next byte, and the pieces that came before their turn.
 *
 *     given out | next         first held            last held
 *     ──────────┼─────────────┬──────────┬──────────┬──────────┐
 *               │    hole     │  piece   │   hole   │  piece   │        by number; no two overlap
 *     ──────────┴─────────────┴──────────┴──────────┴──────────┘
 *
 * Numbers wrap: they are compared by their distance (RFC 9293 3.4), and only those are believed that are less
 * than REASSEMBLY_REACH from what is expected. What two pieces have in the same place counts as the first had it.
 */
#ifndef PCAP_REASSEMBLY_H
#define PCAP_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcap/listener.h"

enum {
	REASSEMBLY_REACH = 64 * 1024 * 1024,
	REASSEMBLY_GIVEN = 4,     /* pieces that a copy can be compared with after they are gone */
	REASSEMBLY_PIECES = 4096, /* held at a time: many small ones count, whatever their bytes */
};

/* What one packet brings. */
struct piece {
	uint32_t seq;       /* of its first byte */
	uint32_t ack;       /* what its sender had of the other side, if `acks` */
	uint32_t size;      /* as captured */
	uint32_t wire_size; /* as it was: the rest is missing */
	bool acks;
	bool fin; /* the stream ends after it */
	const uint8_t *data;
	struct moment moment;
};

/* A piece that waits; `piece.data` follows the struct. */
struct held {
	struct held *after;
	struct piece piece;
	uint8_t data[];
};

/* Bytes that have been given out: a copy that differs is told by their sum. */
struct given {
	uint32_t seq;
	uint32_t size; /* 0: none */
	uint32_t sum;
};

struct reassembly {
	struct held *first;
	struct held *last;
	uint64_t *held_bytes_all; /* of all flows */
	uint32_t held_bytes;
	uint32_t held_pieces;
	uint32_t next; /* of the byte that is to be given out next, if `known` */
	uint32_t
		acked; /* the highest that the other side has acknowledged, if it is ahead of `next` */
	bool known;
	bool ahead;       /* `acked` is ahead of `next`: what lies between them had arrived */
	bool ended;       /* FIN was taken */
	int64_t ahead_us; /* when it was first seen to be */
	struct given given[REASSEMBLY_GIVEN]; /* the latest ones, in a ring */
	uint8_t given_next;
};

enum reassembly_held {
	REASSEMBLY_NEW,       /* it is held, or the part of it that is new */
	REASSEMBLY_OLD,       /* all of it had come before */
	REASSEMBLY_DIFFERENT, /* the same, and other bytes stand where some were */
	REASSEMBLY_NO_MEMORY,
};

void reassembly_init(struct reassembly *r, uint64_t *held_bytes_all);

/* Gives back what is held. */
void reassembly_fini(struct reassembly *r);

/* How far `seq` is from the next byte, and whether that is to be believed. */
static inline int32_t reassembly_distance(const struct reassembly *r, uint32_t seq)
{
	return (int32_t)(seq - r->next);
}

static inline bool reassembly_believes(const struct reassembly *r, uint32_t seq)
{
	int32_t distance = reassembly_distance(r, seq);

	return distance > -REASSEMBLY_REACH && distance < REASSEMBLY_REACH;
}

/* Something has been given out, up to `seq`. */
static inline void reassembly_advance(struct reassembly *r, uint32_t seq)
{
	r->next = seq;
	if (r->ahead && (int32_t)(r->acked - seq) <= 0)
		r->ahead = false;
}

/* These bytes are given out, from `next` on; remembers their sum. */
void reassembly_remember(struct reassembly *r, const uint8_t *data, uint32_t size);

/* Copies the part of `p` that is new (`next` is known); *reordered: it was followed by something held. */
enum reassembly_held reassembly_hold(struct reassembly *r, const struct piece *p, bool *reordered);

/* The other side has acknowledged everything before `ack`. */
void reassembly_acknowledged(struct reassembly *r, uint32_t ack, int64_t now_us);

/* The piece whose turn it is; NULL if there is none. */
static inline const struct held *reassembly_due(const struct reassembly *r)
{
	return r->first && r->first->piece.seq == r->next ? r->first : NULL;
}

/* Drops the first piece. */
void reassembly_drop(struct reassembly *r);

/* The number up to which there is a hole at `next`, because of an acknowledgement or of the first piece that
 * is held; false if there is none.
 */
bool reassembly_hole(const struct reassembly *r, uint32_t *end);

#endif
