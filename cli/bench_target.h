/* A target of `mqttspec bench`: found, launched if need be, and kept running until the end. */
#ifndef CLI_BENCH_TARGET_H
#define CLI_BENCH_TARGET_H

#include <stdbool.h>

#include "base/arena.h"
#include "bench/tell/book.h"
#include "harness/runner/target.h"

struct bench_options;

struct bench_target {
	struct arena *arena;
	const struct bench_options *options;
	struct target_file file;
	bool has_file;
	struct login login;
	struct target target;
	struct endpoint endpoint; /* once it is up */
	bool ready;               /* there is a target to stop */
};

/* Finds it by its word. False: end with *code; a complaint was printed. */
bool bench_target_find(struct bench_target *t, struct arena *a, const struct bench_options *o,
	const char *word, int *code);

/* Launches it, or takes its URL. `stop_fd` as that of a target. The same. */
bool bench_target_start(struct bench_target *t, int stop_fd, int *code);

/* What a book says of it. */
struct book_target bench_target_entry(const struct bench_target *t, const char *word);

/* A sentence if it has ended, in the arena; else NULL. */
const char *bench_target_death(struct bench_target *t);

void bench_target_stop(struct bench_target *t);

#endif
