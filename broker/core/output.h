/* What a link has to write: pieces of memory, one after the other.
 *
 *      head ──▶ | small packets, one after the other | ──▶ | payload of a message | ──▶ | ... |
 *                own bytes; more is appended here           shared, not copied
 *
 * Small packets are copied, as that costs less than to point at them; a large payload is held and
 * pointed at. A piece never moves, so that the host may write it whenever it likes. A link that has
 * nothing to write has no piece.
 */
#ifndef BROKER_CORE_OUTPUT_H
#define BROKER_CORE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker_piece;
struct memory;
struct message;

enum { OUTPUT_SHARE_BYTES = 4096 }; /* payloads from this size on are pointed at */

struct output_piece {
	struct output_piece *next;
	const uint8_t *data;
	struct message *message; /* whose payload it is; NULL: own bytes */
	uint32_t len;
	uint32_t size; /* of the block of memory */
	uint8_t bytes[];
};

struct output {
	struct output_piece *first, *last;
	uint32_t written; /* of the first piece */
	uint32_t bytes;   /* that are to be written; UINT32_MAX at most */
};

void output_fini(struct output *o, struct memory *memory);

/* Room for `len` bytes, which count as output from now on. NULL without memory. */
uint8_t *output_take(struct output *o, struct memory *memory, uint32_t len);

/* Forgets the later packets, so that not much more than `keep` bytes are left: all of the first piece,
 * which may be on its way already, and whole packets.
 */
void output_cut(struct output *o, struct memory *memory, uint32_t keep);

/* The payload of a message; takes a reference. */
bool output_share(struct output *o, struct memory *memory, struct message *message);

size_t output_pieces(const struct output *o, struct broker_piece *pieces, size_t max);
void output_written(struct output *o, struct memory *memory, size_t bytes);

#endif
