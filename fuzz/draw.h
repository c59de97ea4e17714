/* Numbers by chance that a seed repeats: whoever draws holds the state, so that nothing else in the process
 * can change what is drawn. (SplitMix64.)
 */
#ifndef FUZZ_DRAW_H
#define FUZZ_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draw {
	uint64_t state;
};

/* Draws that are the same for the same seed and number, and unlike those of any other number. */
struct draw draw_begin(uint64_t seed, uint64_t number);

uint64_t draw_next(struct draw *d);
uint32_t draw_below(struct draw *d, size_t count); /* 0 to count - 1; 0 if the count is 0 */
uint32_t draw_between(struct draw *d, uint32_t least, uint32_t most);
bool draw_chance(struct draw *d, unsigned percent);
void draw_bytes(struct draw *d, uint8_t *out, size_t len);

/* A number that implementations stumble over: small ones, powers of two and their neighbours, any. */
uint32_t draw_edge(struct draw *d);

#endif
