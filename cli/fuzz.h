/* `mqttspec fuzz` from the command line to its exit code: fuzz_options.c says what was asked for, fuzz_view.c tells
 * people what happens, fuzz.c does it.
 */
#ifndef CLI_FUZZ_H
#define CLI_FUZZ_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "cli/live_target.h"
#include "fuzz/barrage.h"

struct fuzz_options {
	const char *target;       /* as it was typed; NULL with a command line */
	const char *client;       /* command line of its agent; or NULL */
	struct live_options live; /* how the target is reached */
	const char *play;         /* the text of an exchange; NULL: a barrage */
	unsigned versions;        /* mask of V311 and V50 */
	bool has_seed;
	uint64_t seed;
	unsigned time_s; /* 0: until it is stopped */
	unsigned rate, jobs, finds, answer_s, look_s, memory_mib;
	const char *corpus, *out;
	const char **ignored; /* statements, NULL after the last */
	size_t ignored_count, ignored_capacity;
	bool quiet;
};

/* True: go on with *out. False: end with the exit code *code; help or a complaint was printed. */
bool fuzz_options_read(struct arena *a, int argc, char **argv, struct fuzz_options *out, int *code);

extern const char fuzz_help[];
extern const struct option fuzz_options_table[];

/* What happens, for people. */
struct fuzz_view {
	FILE *to;
	bool live;  /* a line is redrawn */
	bool quiet; /* finds alone */
	bool drawn; /* the line stands there */
	struct arena *arena;
	const char *out;    /* where finds are kept */
	const char *replay; /* the command up to the path of an exchange */
	bool failed;        /* a find could not be kept: a complaint was printed */
};

void fuzz_view_find(void *view, const struct find *find);
void fuzz_view_remark(void *view, const char *sentence);
void fuzz_view_progress(void *view, const struct barrage_progress *progress);

/* "12,345" -> "12345 exchanges, 67890 packets (1234/s)", for the end. */
void fuzz_view_end(struct fuzz_view *v, const struct barrage *c, const struct corpus *corpus,
	int64_t passed_us);

#endif
