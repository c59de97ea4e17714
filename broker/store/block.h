/* The smallest piece of the journal: what a disk writes as a whole, or not at all.
 *
 *      checksum 4 | marks 2 | length 2 | commit 8 | data, and zeros        512 bytes, numbers with the highest byte first
 *
 * The checksum covers the rest, and the place in the file. So a block that a loss of power has kept from being written
 * is still a whole one, of an earlier commit: anything else is damage.
 */
#ifndef BROKER_STORE_BLOCK_H
#define BROKER_STORE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/view.h"

enum { BLOCK_SIZE = 512, BLOCK_HEAD = 16, BLOCK_DATA = BLOCK_SIZE - BLOCK_HEAD };

enum block_mark {
	BLOCK_FIRST = 1, /* a commit begins */
	BLOCK_LAST = 2,  /* and ends */
};

struct block {
	uint64_t commit; /* 0: none has ever been written there */
	unsigned marks;
	struct mqtt_view data;
};

/* `b->data` lies behind the head already, where the block is made. `place`: of the block, in bytes. */
void block_seal(const struct block *b, uint8_t at[static BLOCK_SIZE], uint64_t place);

/* False if it is damaged. The data stays where it is. */
bool block_open(struct block *b, const uint8_t at[static BLOCK_SIZE], uint64_t place);

#endif
