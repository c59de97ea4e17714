#include "bench/load/schedule.h"

#include <math.h>

uint64_t schedule_due(const struct schedule *s, int64_t now_us)
{
	if (now_us < s->began_us)
		return 0;
	/* the first guess may be off by a rounding; what is due is what schedule_at says */
	uint64_t due = (uint64_t)((double)(now_us - s->began_us) * s->rate / 1e6) + 1;
	while (due && schedule_at(s, due - 1) > now_us)
		due--;
	while (schedule_at(s, due) <= now_us)
		due++;
	return due;
}

int64_t schedule_at(const struct schedule *s, uint64_t number)
{
	return s->began_us + (int64_t)ceil((double)number * 1e6 / s->rate);
}
