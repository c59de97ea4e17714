#include "random/dice.h"

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t rotated(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

void dice_init(struct dice *d, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		d->state[i] = splitmix(&seed);
}

uint64_t dice_next(struct dice *d)
{
	uint64_t *s = d->state;
	uint64_t result = rotated(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotated(s[3], 45);
	return result;
}

unsigned dice_below(struct dice *d, unsigned n)
{
	return (unsigned)((dice_next(d) >> 32) * n >> 32);
}

bool dice_percent(struct dice *d, unsigned percent)
{
	return dice_below(d, 100) < percent;
}

size_t dice_weighed(struct dice *d, const unsigned *weights, size_t count)
{
	unsigned sum = 0;
	size_t i = 0;

	for (size_t k = 0; k < count; k++)
		sum += weights[k];
	unsigned left = dice_below(d, sum);
	while (left >= weights[i])
		left -= weights[i++];
	return i;
}

uint64_t dice_seed(uint64_t seed, uint64_t n)
{
	uint64_t state = seed ^ n * UINT64_C(0xd1342543de82ef95);

	return splitmix(&state);
}
