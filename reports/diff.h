/* Two runs compared, case run by case run: what broke, what was mended, what is new or gone.
 *
 *   broke     it was good and is not; or it was bad and got worse (fail to crash), or breaks one
 *             more statement
 *   mended    it was not good and is
 *   changed   another verdict, neither of the two: pass to nonstrict, inconclusive to error
 *
 * Expected or not makes no difference here: a failure that a target's file foresees has still
 * appeared.
 */
#ifndef REPORTS_DIFF_H
#define REPORTS_DIFF_H

#include <stddef.h>
#include <stdio.h>

#include "reports/runs.h"

enum diff_kind { DIFF_BROKE, DIFF_MENDED, DIFF_CHANGED, DIFF_NEW, DIFF_GONE, DIFF_SAME };

enum { DIFF_KINDS = DIFF_SAME + 1 };

struct diff_entry {
	enum diff_kind kind;
	const struct record_case *before; /* NULL: new */
	const struct record_case *after;  /* NULL: gone */
};

struct diff {
	const struct runs *before, *after;
	const struct diff_entry *entries; /* by id, version, transport, segmentation, repeat */
	size_t count;
	size_t counts[DIFF_KINDS];
};

void diff_make(
	struct arena *a, const struct runs *before, const struct runs *after, struct diff *out);

void report_diff(FILE *to, const struct diff *diff);
void report_diff_markdown(FILE *to, const struct diff *diff);

#endif
