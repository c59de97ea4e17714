/* All that was played, against one target or two. */
#ifndef BENCH_BOOK_H
#define BENCH_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/figures/ratio.h"
#include "bench/load/result.h"

enum { BOOK_TARGETS = 2 };

struct book_target {
	const char *word;    /* as it was typed: "mosquitto" */
	const char *name;    /* for people */
	const char *version; /* NULL: it cannot be told */
	const char *url;
	bool launched; /* so its processor time and memory are known */
};

struct book_entry {
	unsigned target;
	unsigned round; /* from 0 */
	struct result *result;
};

struct book {
	const char *tool_version;
	const char *command; /* the command line */
	int64_t started_us;  /* since the epoch */
	struct book_target targets[BOOK_TARGETS];
	unsigned target_count;
	struct book_entry
		*entries; /* in the order in which they were played, each workload in one piece */
	size_t count;
};

/* The first against the second, over the rounds of a workload. */
struct book_comparison {
	struct ratio rate, p50, p99, cpu; /* cpu: for each message */
};

/* Of the workload of entry `first`, which is its first one; returns the first entry of the next. */
size_t book_compare(const struct book *b, size_t first, struct book_comparison *out);

/* Processor seconds of the target for a million of what the rate counts; 0: not known. */
double book_cpu(const struct result *r);

#endif
