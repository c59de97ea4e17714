/* A set of Packet Identifiers, one bit each. */
#ifndef CLIENT_ENGINE_IDSET_H
#define CLIENT_ENGINE_IDSET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct idset {
	uint64_t bits[1024];
};

static inline bool idset_has(const struct idset *s, uint16_t id)
{
	return s->bits[id / 64] >> id % 64 & 1;
}

static inline void idset_add(struct idset *s, uint16_t id)
{
	s->bits[id / 64] |= UINT64_C(1) << id % 64;
}

static inline void idset_remove(struct idset *s, uint16_t id)
{
	s->bits[id / 64] &= ~(UINT64_C(1) << id % 64);
}

static inline void idset_clear(struct idset *s)
{
	memset(s, 0, sizeof(*s));
}

#endif
