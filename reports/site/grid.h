/* A table with a column for each target, or for each version of one: rows of cells with verdicts, of which
 * those that are not good lead to their evidence. The first column stays in view.
 */
#ifndef REPORTS_SITE_GRID_H
#define REPORTS_SITE_GRID_H

#include "reports/site/frame.h"

struct arena;
struct buf;

struct grid_column {
	const char *title, *way; /* where its name leads to */
	const char *evidence;    /* the way of its report */
	bool client;
};

struct grid {
	const struct frame *frame;
	const struct grid_column *columns;
	size_t count;
};

/* The column of a target, in one of its versions. */
struct grid_column grid_column(
	const struct site_target *target, const struct site_version *version);

/* A column for each target, which leads to it; or for each version of one. */
struct grid grid_of_targets(struct arena *a, const struct frame *f);
struct grid grid_of_versions(
	struct arena *a, const struct frame *f, const struct site_target *target);

/* `label` says of what it is a table, for those who do not see it; `first` is above the first column. */
void grid_begin(const struct grid *g, const char *label, const char *first);
void grid_end(const struct grid *g);

/* A row is <tr> and the cell of the first column, by the caller; then a cell for each column. */

/* The cell leads to the case runs of a statement, or to the case run that made its verdict; NULL without one. */
void grid_statement(
	const struct grid *g, size_t column, const struct matrix_cell *cell, const char *name);
void grid_case(const struct grid *g, size_t column, const struct matrix_cell *cell,
	const struct record_case *record);

/* "index.html#view=cases&q=ID&open=LABEL": a case run in the report of its version. */
void grid_link_case(struct buf *b, const struct record_case *record);

/* Rows of statements with a heading for each chapter, those that `differs` says first. */
void grid_chapters(const struct grid *g, const struct matrix *m, bool differing);

#endif
