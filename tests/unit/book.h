/* Records on disk, as reports want them, written and read back by a test.
 *
 *	book_open ──▶ record_write_run, book_add, ... ──▶ book_read ──▶ b.runs ──▶ book_close
 */
#ifndef TESTS_UNIT_BOOK_H
#define TESTS_UNIT_BOOK_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "reports/runs.h"

struct book {
	char path[32]; /* of the file; afterwards it is gone */
	FILE *to;
	struct arena arena;
	struct runs runs;      /* from book_read on */
	struct record_end end; /* counts what was added */
};

extern const struct record_run book_run; /* of one case run */

/* The case run with another name, and what makes it part of book_run. */
struct record_case book_case(struct record_case c, const char *id);

void book_open(struct book *b);
void book_add(struct book *b, const struct record_case *c);
bool book_read(struct book *b, const char **error);
void book_close(struct book *b);

/* Opens and reads a record with each verdict by default, as foreseen, and where another was foreseen:
 * "1_fail/by_default", "1_fail/foreseen", "1_fail/other_foreseen"; one with hostile texts, "z_hostile/...";
 * and "z_sibling" twice, which is all that a case run can be.
 */
void book_read_everything(struct book *b);
enum verdict book_other_than(enum verdict v);

#endif
