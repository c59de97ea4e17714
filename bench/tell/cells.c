#include "bench/tell/cells.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/load/workload.h"
#include "bench/tell/book.h"

enum cell {
	CELL_RATE,
	CELL_P50,
	CELL_P99,
	CELL_P999,
	CELL_MAX,
	CELL_LOST,
	CELL_DOUBLES,
	CELL_ORDER,
	CELL_CPU,
};

const char *const cells_titles[CELLS] = {
	[CELL_RATE] = "rate",
	[CELL_P50] = "p50",
	[CELL_P99] = "p99",
	[CELL_P999] = "p99.9",
	[CELL_MAX] = "max",
	[CELL_LOST] = "lost",
	[CELL_DOUBLES] = "doubles",
	[CELL_ORDER] = "order",
	[CELL_CPU] = "cpu",
};

static void put_count(char out[static PHRASE_SIZE], bool applies, uint64_t count)
{
	if (applies)
		snprintf(out, PHRASE_SIZE, "%" PRIu64, count);
	else
		snprintf(out, PHRASE_SIZE, "-");
}

void cells_of(const struct result *r, char out[static CELLS][PHRASE_SIZE])
{
	const struct histogram *h = &r->latency.all;
	const struct result_account *a = &r->account;
	bool delivers = workload_delivers(r->plan.workload);

	phrase_rate(result_rate(r), out[CELL_RATE]);
	phrase_time(histogram_at(h, 0.5), out[CELL_P50]);
	phrase_time(histogram_at(h, 0.99), out[CELL_P99]);
	phrase_time(histogram_at(h, 0.999), out[CELL_P999]);
	phrase_time(h->most_us, out[CELL_MAX]);
	if (delivers)
		phrase_share(a->lost, a->expected, out[CELL_LOST]);
	else
		snprintf(out[CELL_LOST], PHRASE_SIZE, "-");
	put_count(out[CELL_DOUBLES], delivers, a->doubles);
	put_count(out[CELL_ORDER], a->ordered, a->late);
	if (r->target_cpu_s > 0)
		snprintf(out[CELL_CPU], PHRASE_SIZE, "%.2f s/M", book_cpu(r));
	else
		snprintf(out[CELL_CPU], PHRASE_SIZE, "-");
}
