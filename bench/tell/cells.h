/* The figures of a result as the texts of a row, wherever it is shown. */
#ifndef BENCH_CELLS_H
#define BENCH_CELLS_H

#include "bench/tell/phrase.h"

enum { CELLS = 9 };

/* "rate", "p50"; docs/BENCH.md says what they mean. */
extern const char *const cells_titles[CELLS];

/* What does not apply is "-". */
void cells_of(const struct result *r, char out[static CELLS][PHRASE_SIZE]);

#endif
