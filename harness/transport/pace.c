#include "harness/transport/pace.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"

enum { SECOND_US = 1000000 };

struct pace_shared {
	_Atomic int64_t next_us;
	_Atomic int64_t charged_us[PACE_ACCOUNTS];
};

bool pace_init(struct pace *p, unsigned per_second)
{
	struct pace_shared *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*p = (struct pace){ .interval_us = (SECOND_US + per_second - 1) / per_second };
	if (shared == MAP_FAILED)
		return false;
	p->shared = shared;
	return true;
}

void pace_fini(struct pace *p)
{
	if (p->shared)
		munmap(p->shared, sizeof(*p->shared));
	p->shared = NULL;
}

void pace_open(struct pace *p, unsigned account)
{
	if (p)
		p->shared->charged_us[account % PACE_ACCOUNTS] = 0;
}

void pace_charge(struct pace *p, unsigned account)
{
	if (!p)
		return;
	p->account = account % PACE_ACCOUNTS;
	p->charges = true;
}

int64_t pace_charged_us(const struct pace *p, unsigned account)
{
	return p ? p->shared->charged_us[account % PACE_ACCOUNTS] : 0;
}

int64_t pace_take(struct pace *p)
{
	int64_t now_us = clock_now_us(), next_us, turn_us;

	if (!p)
		return now_us;
	next_us = atomic_load(&p->shared->next_us);
	do
		turn_us = next_us > now_us ? next_us : now_us;
	while (!atomic_compare_exchange_weak(
		&p->shared->next_us, &next_us, turn_us + p->interval_us));
	p->waited_us += turn_us - now_us;
	if (p->charges)
		p->shared->charged_us[p->account] += turn_us - now_us;
	return turn_us;
}

int64_t pace_wait(struct pace *p)
{
	int64_t before_us = clock_now_us(), until_us = pace_take(p), left_us;

	while ((left_us = until_us - clock_now_us()) > 0) {
		struct timespec t = { .tv_sec = left_us / SECOND_US,
			.tv_nsec = left_us % SECOND_US * 1000 };
		nanosleep(&t, NULL);
	}
	return until_us - before_us;
}

int64_t pace_next_us(const struct pace *p)
{
	return p ? atomic_load(&p->shared->next_us) : 0;
}
