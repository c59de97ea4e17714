/* When messages are due, in an open loop: message n at n / rate after the beginning. */
#ifndef BENCH_SCHEDULE_H
#define BENCH_SCHEDULE_H

#include <stdint.h>

struct schedule {
	int64_t began_us;
	double rate; /* a second, more than 0 */
};

/* How many are due by then. */
uint64_t schedule_due(const struct schedule *s, int64_t now_us);

/* When message `number`, from 0, is. */
int64_t schedule_at(const struct schedule *s, uint64_t number);

#endif
