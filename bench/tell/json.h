/* Results for programs; docs/BENCH.md describes the form. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stdio.h>

#include "bench/tell/book.h"

/* False, with errno, when it could not be written. */
bool bench_json(FILE *to, const struct book *b);

#endif
