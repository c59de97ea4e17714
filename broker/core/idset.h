/* A set of Packet Identifiers: of the QoS 2 messages that were received and not yet released, for example.
 *
 *      NULL, or  ──▶ pages | 0 | 1 | ... | 31 |
 *                              │
 *                              ▼
 *                            one bit for each of 2,048 identifiers
 *
 * Every step costs the same, however many there are and whichever they are. What is empty is given
 * back: a page, and the whole set.
 */
#ifndef BROKER_CORE_IDSET_H
#define BROKER_CORE_IDSET_H

#include <stdbool.h>
#include <stdint.h>

struct memory;

enum { IDSET_PAGES = 32, IDSET_PAGE_WORDS = 32 };

struct idset_page {
	uint32_t count;
	uint64_t bits[IDSET_PAGE_WORDS];
};

struct idset {
	uint32_t count;
	struct idset_page *pages[IDSET_PAGES]; /* NULL: empty */
};

enum idset_result { IDSET_ADDED, IDSET_THERE, IDSET_NO_MEMORY };

/* An empty set is NULL, and becomes NULL again. */
void idset_clear(struct idset **set, struct memory *memory);
enum idset_result idset_add(struct idset **set, struct memory *memory, uint16_t id);
bool idset_remove(
	struct idset **set, struct memory *memory, uint16_t id); /* false: it was not there */
bool idset_has(const struct idset *set, uint16_t id);

/* Blocks of identifiers, as they are stored: block n has those from n * IDSET_BLOCK on, the lowest bit of the first
 * byte being the first of them. False: none of it is in the set.
 */
enum {
	IDSET_BLOCK = 256,
	IDSET_BLOCKS = (UINT16_MAX + 1) / IDSET_BLOCK,
	IDSET_BLOCK_BYTES = IDSET_BLOCK / 8
};

bool idset_block(const struct idset *set, unsigned block, uint8_t bytes[static IDSET_BLOCK_BYTES]);

/* The lowest from `least` on; 0: there is none, as no identifier is 0. */
uint16_t idset_next(const struct idset *set, uint32_t least);

#endif
