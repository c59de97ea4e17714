/* Latencies over time: a histogram of all, and one for each interval.
 *
 *	began_us |  0  |  1  |  2  | ...     each of width_us
 *
 * When the intervals run out, each takes up its neighbour and is twice as wide from then on, so there are
 * enough of them for a plot however long it takes, in memory of a fixed size.
 */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/figures/histogram.h"

enum { SERIES_INTERVALS = 128, SERIES_WIDTH_US = 100000 };

struct series {
	int64_t began_us;
	int64_t width_us;
	size_t count;         /* intervals up to the last in which something came */
	struct histogram all; /* once it is closed */
	struct histogram *intervals;
};

/* What an interval comes down to. */
struct series_point {
	int64_t from_us; /* since the beginning */
	double rate;     /* a second */
	int64_t p50_us, p99_us, p999_us, most_us;
};

void series_init(struct series *s, int64_t began_us);
void series_fini(struct series *s);

/* Something came at this time. */
void series_add(struct series *s, int64_t now_us, int64_t latency_us);

/* Nothing more will come: the intervals make up all. */
void series_close(struct series *s);

/* Of interval `i`, when all ended at `ended_us`, which may be within it. */
struct series_point series_point(const struct series *s, size_t i, int64_t ended_us);

#endif
