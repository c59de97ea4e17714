/* The records of one target, gathered from one file or from several (shards, repeated runs): what
 * every report of a run is made from.
 *
 *   record_load ──▶ files ──▶ runs_gather ──▶ sorted case runs, counts, and what is missing
 */
#ifndef REPORTS_RUNS_H
#define REPORTS_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/record.h"

struct arena;

struct run_source {
	const char *path;   /* of the record, as it was named */
	const char *folder; /* of that file: captures are relative to it */
	struct record_file file;
};

struct run_case {
	const struct record_case *record;
	const struct run_source *source;
};

struct runs {
	const struct record_run *run; /* the first: target, tool, command */
	const struct run_source *sources;
	size_t source_count;
	struct run_case *cases; /* by chapter, id, version, transport, segmentation, repeat */
	size_t case_count;
	size_t counts[VERDICT_COUNT];     /* of all case runs */
	size_t unexpected[VERDICT_COUNT]; /* of those with an unexpected verdict */
	size_t unexpected_count;
	size_t expected_failures; /* foreseen by the target's file, and not good */
	size_t planned, not_run;
	size_t death_count;
	size_t scenarios, steps; /* of `mqttspec random`; 0: case runs were played */
	int64_t started_us;      /* of the first run, since 1970 */
	int64_t duration_us;     /* from there to the end of the last */

	/* Causes that the target's file foresees, and that came up in none of the runs. */
	const struct record_unseen *unseen;
	size_t unseen_count;

	/* What keeps the records from being the whole story, each a sentence. */
	const char *const *gaps;
	size_t gap_count;
};

/* Paths are of files of records, or of folders with a run.jsonl.
 * False, with a sentence in *error ("out/run.jsonl:7: ..."), when a file cannot be read, or when the
 * files are about different targets. `count` > 0.
 */
bool runs_gather(struct arena *a, const char *const *paths, size_t count, struct runs *out,
	const char **error);

/* Something was not expected; or a target died in scenarios, none of which shows it by itself. */
bool runs_are_red(const struct runs *runs);

/* The order in which reports show case runs. Two that are equal are the same one, played twice. */
int case_compare(const struct record_case *a, const struct record_case *b);

/* What tells a case run from its siblings: "qos2_duplicate_publish 5.0 ws split:3 run 2". */
void case_label(FILE *to, const struct record_case *record);

/* The note, or what came instead of what was expected; NULL when there is nothing to say. */
const char *case_remark(const struct record_case *record);

/* "Eclipse Mosquitto 2.0.11" */
void runs_target(FILE *to, const struct record_run *run);

enum { RUNS_TIME_SIZE = 24 };

/* "2026-01-01 00:00:00" with `between` = ' '. UTC. Returns `out`. */
const char *runs_time(int64_t us, char between, char out[static RUNS_TIME_SIZE]);

#endif
