/* Results in a terminal: a line for each, and sentences below it where there is more to say. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdio.h>

#include "bench/tell/book.h"

/* The line above the others; with a column for the target if there are two. */
void table_head(FILE *to, const struct book *b);

/* Of one play. */
void table_row(FILE *to, const struct book *b, const struct book_entry *entry);

/* The first target beside the second, when a workload has been played against both. */
void table_comparison(
	FILE *to, const struct book *b, const struct workload *w, const struct book_comparison *c);

#endif
