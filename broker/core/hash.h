/* A seeded hash for client identifiers, topics and their levels: whoever does not know the seed
 * cannot choose keys that collide.
 */
#ifndef BROKER_CORE_HASH_H
#define BROKER_CORE_HASH_H

#include <stdint.h>
#include <string.h>

#include "mqtt/view.h"

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_view(uint64_t seed, struct mqtt_view v)
{
	uint64_t h = seed ^ v.len * UINT64_C(0x9E3779B97F4A7C15);
	uint32_t at = 0;

	for (; at + 8 < v.len; at += 8)
		h = hash_mix(h ^ mqtt_load64(v.data + at), UINT64_C(0xD6E8FEB86659FD93));
	if (v.len >= 8)
		h ^= mqtt_load64(v.data + v.len - 8);
	else if (v.len)
		h ^= mqtt_load_few(v.data, v.len, 0);
	h = hash_mix(h, UINT64_C(0xA5A3564E27A4B9C7));
	return hash_mix(h ^ seed, UINT64_C(0x9E3779B97F4A7C15));
}

#endif
