/* Figures as people read them. */
#ifndef BENCH_PHRASE_H
#define BENCH_PHRASE_H

#include <stddef.h>
#include <stdint.h>

struct result;

enum { PHRASE_SIZE = 32, PHRASE_REMARK_SIZE = 400 };

/* "812 µs", "20.4 ms", "1.02 s"; returns `out`, as the others do. */
const char *phrase_time(int64_t us, char out[static PHRASE_SIZE]);

/* "412 k/s" */
const char *phrase_rate(double rate, char out[static PHRASE_SIZE]);

/* "1.3 %", of all; "0" */
const char *phrase_share(uint64_t part, uint64_t all, char out[static PHRASE_SIZE]);

/* Columns on the screen that a text takes up: a character may have several bytes. */
size_t phrase_width(const char *text);

/* What has to be said of a result besides its figures, one sentence after another: NULL after the last. */
const char *phrase_remark(
	const struct result *r, unsigned number, char out[static PHRASE_REMARK_SIZE]);

#endif
