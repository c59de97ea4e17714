#include "bench/figures/ratio.h"

void ratio_add(struct ratio *r, double one, double other)
{
	unsigned at = r->count;

	if (!(one > 0 && other > 0) || r->count == RATIO_ROUNDS_MAX)
		return;
	for (; at && r->values[at - 1] > one / other; at--)
		r->values[at] = r->values[at - 1];
	r->values[at] = one / other;
	r->count++;
}

double ratio_median(const struct ratio *r)
{
	unsigned half = r->count / 2;

	if (!r->count)
		return 0;
	return r->count % 2 ? r->values[half] : (r->values[half - 1] + r->values[half]) / 2;
}

double ratio_least(const struct ratio *r)
{
	return r->count ? r->values[0] : 0;
}

double ratio_most(const struct ratio *r)
{
	return r->count ? r->values[r->count - 1] : 0;
}
