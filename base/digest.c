#include "base/digest.h"

#include <string.h>

/* As FNV-1a does it, but with eight bytes at a time; their upper bits have to come down. */
static uint64_t mix(uint64_t digest, uint64_t word)
{
	digest = (digest ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return digest ^ digest >> 32;
}

uint64_t digest_add(uint64_t digest, const void *data, size_t len)
{
	const uint8_t *at = data;
	uint64_t word;
	size_t left = len;

	for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		digest = mix(digest, word);
	}
	word = 0;
	if (left)
		memcpy(&word, at, left);
	return mix(mix(digest, word), len);
}
