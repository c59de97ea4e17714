#include "fuzz/draw.h"

static uint64_t mixed(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct draw draw_begin(uint64_t seed, uint64_t number)
{
	return (struct draw){ mixed(seed) ^ mixed(~number) };
}

uint64_t draw_next(struct draw *d)
{
	d->state += UINT64_C(0x9e3779b97f4a7c15);
	return mixed(d->state);
}

uint32_t draw_below(struct draw *d, size_t count)
{
	return count ? (uint32_t)((draw_next(d) >> 32) * count >> 32) : 0;
}

uint32_t draw_between(struct draw *d, uint32_t least, uint32_t most)
{
	return least + draw_below(d, (size_t)most - least + 1);
}

bool draw_chance(struct draw *d, unsigned percent)
{
	return draw_below(d, 100) < percent;
}

void draw_bytes(struct draw *d, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)draw_next(d);
}

uint32_t draw_edge(struct draw *d)
{
	uint32_t power = UINT32_C(1) << draw_below(d, 32);

	switch (draw_below(d, 6)) {
	case 0: return draw_below(d, 4);
	case 1: return power;
	case 2: return power - 1;
	case 3: return power + 1;
	case 4: return UINT32_MAX - draw_below(d, 3);
	default: return (uint32_t)draw_next(d);
	}
}
