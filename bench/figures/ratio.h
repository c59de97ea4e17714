/* How many times as much one of two took as the other, over several rounds: what else a machine does falls on
 * both of a round, more or less, so it is ratios that can be compared.
 */
#ifndef BENCH_RATIO_H
#define BENCH_RATIO_H

enum { RATIO_ROUNDS_MAX = 100 };

struct ratio {
	unsigned count;
	double values[RATIO_ROUNDS_MAX]; /* in order */
};

/* Of a round; left out if one of both is not above 0. */
void ratio_add(struct ratio *r, double one, double other);

/* 0 when there is none. */
double ratio_median(const struct ratio *r);
double ratio_least(const struct ratio *r);
double ratio_most(const struct ratio *r);

#endif
