/* Results as one page that needs nothing else: tables, and plots of throughput and latency over time. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stdio.h>

#include "bench/tell/book.h"

void bench_page(FILE *to, const struct book *b);

#endif
