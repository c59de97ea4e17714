#include "fuzz/allowance.h"

enum { SECOND_US = 1000000 };

bool allowance_is_there(const struct allowance *a, int64_t now_us)
{
	return now_us >= a->next_us;
}

void allowance_spend(struct allowance *a, uint64_t packets, int64_t now_us)
{
	if (!a->rate)
		return;
	int64_t from_us = a->next_us > now_us ? a->next_us : now_us;
	a->next_us = from_us + (int64_t)(packets * SECOND_US / a->rate);
}
