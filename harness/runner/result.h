/* The record of a case run: as its process reported it, or as the runner has to make it up. */
#ifndef HARNESS_RESULT_H
#define HARNESS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct arena;
struct expectations;
struct plan_item;
struct worker;

/* A record of something that was not played: all its statements get the verdict, too. */
void result_blank(struct arena *a, const struct plan_item *item, enum verdict verdict,
	const char *note, struct record_case *out);

/* Reads the report of a case run: the line that it wrote. A text that is not such a line makes an
 * `error`. What a reader may count on is ensured here: whatever is not good has a failure, and each
 * failure has expected, actual and place.
 */
void result_read(struct arena *a, const struct plan_item *item, const char *text, size_t len,
	struct record_case *out);

/* The same of a process that has ended; one that did not end well makes an `error`, too. */
void result_take(struct arena *a, const struct plan_item *item, const struct worker *worker,
	struct record_case *out);

/* Whether the line of a process that has ended well need not be read, since the case run passed and there is
 * nothing else to say of it: then `out` has what the line begins with, and it can be passed on.
 */
bool result_skim(struct arena *a, const struct plan_item *item, const struct worker *worker,
	struct record_case *out);

/* The target did not survive it, or served nobody afterwards: whatever was found about its
 * statements, this is worse. `death` is NULL when nothing is known beyond what `note` says.
 */
void result_crash(struct arena *a, const struct record_death *death, const char *note,
	struct record_case *out);

/* Whatever was found, it proves nothing, for this reason: `inconclusive`. */
void result_unlearned(
	struct arena *a, const struct plan_item *item, const char *why, struct record_case *out);

/* What the survey found broken on a plain connection, as this case run's record. */
void result_survey(struct arena *a, const struct plan_item *item, const struct record_case *broken,
	struct record_case *out);

/* Compares the verdict with what the target's file foresees, which `inapplicable` never contradicts. */
void result_judge(
	const struct expectations *expected, const struct plan_item *item, struct record_case *out);

#endif
