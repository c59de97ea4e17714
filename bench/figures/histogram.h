/* How often each latency was seen, in memory of a fixed size.
 *
 *	0 1 2 ... 127 | 128 ... 255 | 256 258 ... 510 | 512 516 ... | ...     buckets, in microseconds
 *
 * Below 128 µs each value has a bucket of its own; above, each power of two has 128 of them. So what is
 * read from it is never below the value that was put in, and at most 1/128 (0.8 %) above.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_FINE = 7,  /* bits of a value that count */
	HISTOGRAM_BITS = 36, /* of the longest one: 19 hours; what is longer counts as that */
	HISTOGRAM_BUCKETS = (HISTOGRAM_BITS - HISTOGRAM_FINE + 1) << HISTOGRAM_FINE,
};

/* All zero: nothing was seen. */
struct histogram {
	uint64_t count;
	int64_t most_us;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* A negative value counts as 0. */
void histogram_add(struct histogram *h, int64_t us);

/* Everything that `more` has seen as well. */
void histogram_merge(struct histogram *h, const struct histogram *more);

/* The value that this share of all (0 to 1) does not exceed; 0 when nothing was seen. */
int64_t histogram_at(const struct histogram *h, double share);

#endif
