#include "broker/store/block.h"

#include <endian.h>
#include <string.h>

#include <libdeflate.h>

struct head {
	uint32_t checksum;
	uint16_t marks, length;
	uint64_t commit;
};

_Static_assert(sizeof(struct head) == BLOCK_HEAD, "the head has no gap");

static uint32_t checksum_of(const uint8_t *at, uint64_t place)
{
	const uint64_t bytes = htobe64(place);
	uint32_t sum = libdeflate_crc32(0, &bytes, sizeof(bytes));

	return libdeflate_crc32(sum, at + sizeof(uint32_t), BLOCK_SIZE - sizeof(uint32_t));
}

void block_seal(const struct block *b, uint8_t at[static BLOCK_SIZE], uint64_t place)
{
	struct head head = { .marks = htobe16((uint16_t)b->marks),
		.length = htobe16((uint16_t)b->data.len),
		.commit = htobe64(b->commit) };

	memcpy(at, &head, sizeof(head));
	memset(at + BLOCK_HEAD + b->data.len, 0, BLOCK_DATA - b->data.len);
	head.checksum = htobe32(checksum_of(at, place));
	memcpy(at, &head.checksum, sizeof(head.checksum));
}

bool block_open(struct block *b, const uint8_t at[static BLOCK_SIZE], uint64_t place)
{
	struct head head;

	memcpy(&head, at, sizeof(head));
	if (be32toh(head.checksum) != checksum_of(at, place) || be16toh(head.length) > BLOCK_DATA)
		return false;
	*b = (struct block){ .commit = be64toh(head.commit),
		.marks = be16toh(head.marks),
		.data = { at + BLOCK_HEAD, be16toh(head.length) } };
	return true;
}
