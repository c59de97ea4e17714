/* What `mqttspec bench` was asked for. */
#ifndef CLI_BENCH_OPTIONS_H
#define CLI_BENCH_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "base/arena.h"
#include "bench/load/plan.h"
#include "bench/tell/book.h"
#include "cli/live_target.h"

struct bench_options {
	const char *targets[BOOK_TARGETS]; /* as they were typed */
	unsigned target_count;
	unsigned rounds;
	struct load_plan *plans; /* of the workloads, in their order */
	unsigned plan_count;
	bool list;

	struct live_options live;
	unsigned memory_mib; /* of a target */

	const char *json, *html; /* NULL: not wanted */
	bool quiet;
};

/* True: go on with *out. False: end with the exit code *code; help or a complaint was printed. */
bool bench_options_read(
	struct arena *a, int argc, char **argv, struct bench_options *out, int *code);

extern const char bench_help[];
extern const struct option bench_options_table[]; /* of getopt_long */

#endif
