/* What `mqttspec bench` was asked for. */
#ifndef CLI_BENCH_OPTIONS_H
#define CLI_BENCH_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "base/arena.h"
#include "bench/load/plan.h"
#include "bench/tell/book.h"
#include "harness/transport/tls_context.h"

struct transport;

struct bench_options {
	const char *targets[BOOK_TARGETS]; /* as they were typed */
	unsigned target_count;
	unsigned rounds;
	struct load_plan *plans; /* of the workloads, in their order */
	unsigned plan_count;
	bool list;

	const struct transport *transport; /* of launched targets; NULL: the usual one */
	const char *user, *password_file, *ws_path;
	struct tls_files tls;
	int pid;             /* of a target that is not launched; 0: not known */
	unsigned memory_mib; /* of a target */
	bool anyway;

	const char *json, *html; /* NULL: not wanted */
	bool quiet;
};

/* True: go on with *out. False: end with the exit code *code; help or a complaint was printed. */
bool bench_options_read(
	struct arena *a, int argc, char **argv, struct bench_options *out, int *code);

extern const char bench_help[];
extern const struct option bench_options_table[]; /* of getopt_long */

#endif
