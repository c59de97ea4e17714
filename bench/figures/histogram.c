#include "bench/figures/histogram.h"

#include <math.h>

enum { FINE = 1 << HISTOGRAM_FINE };

static unsigned bucket_of(uint64_t us)
{
	if (us < FINE)
		return (unsigned)us;
	unsigned shift = 63u - (unsigned)__builtin_clzll(us) - HISTOGRAM_FINE;
	return (shift << HISTOGRAM_FINE) + (unsigned)(us >> shift);
}

/* The largest value that belongs there. */
static int64_t most_of(unsigned bucket)
{
	if (bucket < FINE)
		return bucket;
	unsigned shift = (bucket >> HISTOGRAM_FINE) - 1;
	uint64_t head = bucket - (shift << HISTOGRAM_FINE);
	return (int64_t)(((head + 1) << shift) - 1);
}

void histogram_add(struct histogram *h, int64_t us)
{
	const int64_t longest = (INT64_C(1) << HISTOGRAM_BITS) - 1;
	int64_t value = us < 0 ? 0 : us > longest ? longest : us;

	h->count++;
	h->buckets[bucket_of((uint64_t)value)]++;
	if (value > h->most_us)
		h->most_us = value;
}

void histogram_merge(struct histogram *h, const struct histogram *more)
{
	h->count += more->count;
	if (more->most_us > h->most_us)
		h->most_us = more->most_us;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->buckets[i] += more->buckets[i];
}

int64_t histogram_at(const struct histogram *h, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)h->count), seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen && seen >= wanted)
			return most_of(i) < h->most_us ? most_of(i) : h->most_us;
	}
	return h->most_us;
}
