#include "harness/agent/habits.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Slots are taken in order, and never given back. */
struct habits {
	struct {
		_Atomic uint64_t key; /* 0: free */
		atomic_uint times;
	} slots[HABITS_MAX];
};

struct habits *habits_new(void)
{
	void *h = mmap(NULL, sizeof(struct habits), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (h == MAP_FAILED)
		abort();
	return h;
}

void habits_free(struct habits *h)
{
	if (h)
		munmap(h, sizeof(*h));
}

void habits_note(struct habits *h, uint64_t key)
{
	key += !key;
	for (size_t i = 0; i < HABITS_MAX; i++) {
		uint64_t found = 0;
		if (atomic_compare_exchange_strong(&h->slots[i].key, &found, key) || found == key) {
			atomic_fetch_add(&h->slots[i].times, 1);
			return;
		}
	}
}

bool habits_has(const struct habits *h, uint64_t key)
{
	uint64_t found;

	key += !key;
	for (size_t i = 0; i < HABITS_MAX && (found = atomic_load(&h->slots[i].key)); i++)
		if (found == key)
			return atomic_load(&h->slots[i].times) >= HABIT_TIMES;
	return false;
}
