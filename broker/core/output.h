/* What a link has to write: pieces of memory, one after the other.
 *
 *      head ──▶ | small packets, one after the other | ──▶ | payload of a message | ──▶ | ... |
 *                own bytes; more is appended here           shared, not copied
 *
 * Small packets are copied, as that costs less than pointing at them; a large payload is held and
 * pointed at, and so are the packets of a fan-out, in a sheet, where they are all that waits. A
 * piece never moves, so that the host may write it whenever it likes. A link that has nothing to
 * write has no piece.
 *
 * What is shared counts as output of each link as if it were its own. What a link that is not being
 * written to holds beyond that is bounded: see output_refer.
 */
#ifndef BROKER_CORE_OUTPUT_H
#define BROKER_CORE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker_piece;
struct memory;
struct message;
struct sheet;

enum { OUTPUT_SHARE_BYTES = 4096 }; /* payloads from this size on are pointed at */

struct output_piece {
	struct output_piece *next;
	const uint8_t *data;
	struct message *message; /* whose payload it is, or NULL */
	struct sheet *sheet;     /* where the packets are, or NULL */
	uint32_t len;
	uint32_t size;   /* of the block of memory */
	uint8_t bytes[]; /* own ones, where it has neither of these */
};

struct output {
	struct output_piece *first, *last;
	uint32_t written; /* of the first piece */
	uint32_t bytes;   /* that are to be written; UINT32_MAX at most */
};

void output_fini(struct output *o, struct memory *memory);

static inline bool output_piece_is_own(const struct output_piece *p)
{
	return p->data == p->bytes;
}

/* The path of output_take when the last piece is full. */
uint8_t *output_take_more(struct output *o, struct memory *memory, uint32_t len);

/* Room for `len` bytes, which count as output from now on. NULL without memory. */
static inline uint8_t *output_take(struct output *o, struct memory *memory, uint32_t len)
{
	struct output_piece *p = o->last;

	if (!p || len > UINT32_MAX - o->bytes || !output_piece_is_own(p) ||
		p->size - sizeof(*p) - p->len < len)
		return output_take_more(o, memory, len);
	uint8_t *room = p->bytes + p->len;
	p->len += len;
	o->bytes += len;
	return room;
}

/* Forgets the later packets, so that not much more than `keep` bytes are left: all of the first piece,
 * which may be on its way already, and whole packets.
 */
void output_cut(struct output *o, struct memory *memory, uint32_t keep);

/* The payload of a message; takes a reference. */
bool output_share(struct output *o, struct memory *memory, struct message *message);

/* Whole packets of a sheet that follow those at its end: it grows by them. False if they do not. No other
 * piece ends where they begin, as the head of the sheet stands before its first packet.
 */
static inline bool output_grow(struct output *o, const uint8_t *packets, uint32_t len)
{
	struct output_piece *p = o->last;

	if (!p || p->data + p->len != packets || len > UINT32_MAX - o->bytes)
		return false;
	p->len += len;
	o->bytes += len;
	return true;
}

/* Whole packets of a sheet that do not: takes a reference. False if they are better copied: an output
 * refers to a further sheet only once half of the last one is its own, so that it never holds much more
 * than twice what it has to write. False without memory, too.
 */
bool output_refer(struct output *o, struct memory *memory, struct sheet *sheet,
	const uint8_t *packets, uint32_t len);

size_t output_pieces(const struct output *o, struct broker_piece *pieces, size_t max);
void output_written(struct output *o, struct memory *memory, size_t bytes);

#endif
