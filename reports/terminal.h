/* A run as it happens, for a person at a terminal or for the log of a CI job.
 *
 *   terminal_begin ──▶ (terminal_case | terminal_death | terminal_remark | terminal_progress) * ──▶ terminal_end
 *
 * What was not expected is a failure block as soon as it is known. From the eleventh failure on, only
 * the first of each cause is a block, and the others are a line each, unless `verbose`; what they have
 * in common is said once, at the end, "by cause". What was foreseen is said at the end, too, in a line
 * for each reason; both are in the order of the standard's sections. What went well is not shown. With
 * `each`, whatever was expected is a line of its own instead. Below it all, on a terminal (`live`), is
 * one status line, which is redrawn. The last line is
 * "N passed, N failed", where a failure is a verdict that was not expected, or a cause that was
 * foreseen and not seen. ", N not applicable" is added for those from which nothing was learned
 * because the target does not offer what they are about, and ", N skipped" for those whose turn
 * never came.
 */
#ifndef REPORTS_TERMINAL_H
#define REPORTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/record.h"
#include "reports/cause.h"
#include "reports/foreseen.h"

/* The caller sets the first part, and zeroes the rest. */
struct terminal {
	FILE *to;
	bool color;
	bool live;
	bool verbose;       /* every failure is a block */
	bool each;          /* every case run is a line, or a block */
	bool stages;        /* a line at each tenth of what is planned: for a log */
	size_t width;       /* of the screen, to break lines at; 0: never */
	const char *folder; /* of the record, put before the paths of captures; or NULL */

	const struct record_run *run;   /* from terminal_begin on; the caller's */
	size_t counts[VERDICT_COUNT];   /* of the case runs so far */
	size_t unexpected;              /* of them */
	size_t unexpected_inapplicable; /* of those */
	size_t expected_failures;       /* of them */
	bool drawn;                     /* the cursor stands in a status line */
	struct causes causes;           /* of what was unexpected; empty again after terminal_end */
	size_t blocks;                  /* of failures, shown so far */
	struct foreseen foreseen;       /* what was not shown by itself; empty again, too */
	size_t stage;                   /* how many tenths are done */
};

/* A case run that is under way. */
struct terminal_running {
	const char *id;
	int64_t age_us;
};

/* `run` must live until terminal_end. */
void terminal_begin(struct terminal *t, const struct record_run *run);
void terminal_case(struct terminal *t, const struct record_case *record);
void terminal_death(struct terminal *t, const struct record_death *death);

/* A sentence about the run itself, which stays. */
void terminal_remark(struct terminal *t, const char *sentence);

/* Draws the status line; the oldest of `running` should come first. `phase` says what is being done
 * now, unless it is the usual; or NULL. Nothing in a pipe.
 */
void terminal_progress(struct terminal *t, size_t done, size_t planned,
	const struct terminal_running *running, size_t running_count, double per_second,
	const char *phase);

/* With `trouble`, which says why the run tells too little about its target, that is the last line
 * instead.
 */
void terminal_end(struct terminal *t, const struct record_end *end, const char *trouble);

#endif
