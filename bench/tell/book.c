#include "bench/tell/book.h"

double book_cpu(const struct result *r)
{
	return r->done ? r->target_cpu_s * 1e6 / (double)r->done : 0;
}

static const struct result *find(
	const struct book *b, size_t from, size_t to, unsigned target, unsigned round)
{
	for (size_t i = from; i < to; i++)
		if (b->entries[i].target == target && b->entries[i].round == round)
			return b->entries[i].result;
	return NULL;
}

static void add(struct book_comparison *c, const struct result *a, const struct result *b)
{
	ratio_add(&c->rate, result_rate(a), result_rate(b));
	ratio_add(&c->p50, (double)histogram_at(&a->latency.all, 0.5),
		(double)histogram_at(&b->latency.all, 0.5));
	ratio_add(&c->p99, (double)histogram_at(&a->latency.all, 0.99),
		(double)histogram_at(&b->latency.all, 0.99));
	ratio_add(&c->cpu, book_cpu(a), book_cpu(b));
}

size_t book_compare(const struct book *b, size_t first, struct book_comparison *out)
{
	const struct workload *workload = b->entries[first].result->plan.workload;
	size_t end = first;

	*out = (struct book_comparison){ 0 };
	while (end < b->count && b->entries[end].result->plan.workload == workload)
		end++;
	for (unsigned round = 0; round < RATIO_ROUNDS_MAX; round++) {
		const struct result *one = find(b, first, end, 0, round);
		const struct result *other = find(b, first, end, 1, round);
		if (!one || !other)
			break;
		if (!*one->error && !*other->error)
			add(out, one, other);
	}
	return end;
}
