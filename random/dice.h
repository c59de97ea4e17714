/* Random numbers that a seed brings back: xoshiro256**, its state filled by splitmix64. */
#ifndef RANDOM_DICE_H
#define RANDOM_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state[4];
};

void dice_init(struct dice *d, uint64_t seed);
uint64_t dice_next(struct dice *d);
unsigned dice_below(struct dice *d, unsigned n);     /* 0 to n - 1; n is not 0 */
bool dice_percent(struct dice *d, unsigned percent); /* true so often of a hundred times */
size_t dice_weighed(struct dice *d, const unsigned *weights, size_t count); /* not all are 0 */

/* The n-th seed that follows from another one. */
uint64_t dice_seed(uint64_t seed, uint64_t n);

#endif
