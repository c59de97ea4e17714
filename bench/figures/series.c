#include "bench/figures/series.h"

#include <stdlib.h>
#include <string.h>

void series_init(struct series *s, int64_t began_us)
{
	*s = (struct series){ .began_us = began_us, .width_us = SERIES_WIDTH_US };
	s->intervals = calloc(SERIES_INTERVALS, sizeof(*s->intervals));
	if (!s->intervals)
		abort();
}

void series_fini(struct series *s)
{
	free(s->intervals);
	s->intervals = NULL;
}

static void widen(struct series *s)
{
	for (size_t i = 0; i < SERIES_INTERVALS / 2; i++) {
		struct histogram *into = &s->intervals[i], *from = &s->intervals[2 * i];
		if (i)
			*into = *from;
		histogram_merge(into, from + 1);
	}
	memset(&s->intervals[SERIES_INTERVALS / 2], 0,
		SERIES_INTERVALS / 2 * sizeof(*s->intervals));
	s->width_us *= 2;
	s->count = (s->count + 1) / 2;
}

void series_add(struct series *s, int64_t now_us, int64_t latency_us)
{
	int64_t since = now_us > s->began_us ? now_us - s->began_us : 0;

	while (since / s->width_us >= SERIES_INTERVALS)
		widen(s);
	size_t i = (size_t)(since / s->width_us);
	if (i >= s->count)
		s->count = i + 1;
	histogram_add(&s->intervals[i], latency_us);
}

void series_close(struct series *s)
{
	for (size_t i = 0; i < s->count; i++)
		histogram_merge(&s->all, &s->intervals[i]);
}

struct series_point series_point(const struct series *s, size_t i, int64_t ended_us)
{
	const struct histogram *h = &s->intervals[i];
	int64_t from = (int64_t)i * s->width_us, left = ended_us - s->began_us - from;
	int64_t width = left > 0 && left < s->width_us ? left : s->width_us;

	return (struct series_point){
		.from_us = from,
		.rate = (double)h->count * 1e6 / (double)width,
		.p50_us = histogram_at(h, 0.5),
		.p99_us = histogram_at(h, 0.99),
		.p999_us = histogram_at(h, 0.999),
		.most_us = h->most_us,
	};
}
