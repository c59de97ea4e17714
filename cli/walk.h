/* All cases in the order of their list, tables row by row.
 *
 *	struct walk w = { 0 };
 *	while (walk_next(&w))
 *		use(w.def, w.row);
 */
#ifndef CLI_WALK_H
#define CLI_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/case.h"

struct walk {
	const struct chapter *chapter;
	const struct case_def *def;
	const struct vector *row; /* NULL for a plain case */
	size_t next_chapter, next_case, next_row;
};

bool walk_next(struct walk *w);

enum { CASE_ID_SIZE = 160 };

/* "table/row", or the case's id. Returns `out`. */
const char *walk_id(const struct walk *w, char out[static CASE_ID_SIZE]);
const char *walk_title(const struct walk *w);

/* Whether the pattern selects the case or row, in any version. */
bool walk_matches(const struct walk *w, const char *pattern);

/* Whether the case or row refers to a statement ("5.0:MQTT-4.3.3-10"). */
bool walk_refers(const struct walk *w, const char *statement);

#endif
