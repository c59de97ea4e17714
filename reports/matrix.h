/* Several records side by side: a column for each, a row for each statement that any of them judged.
 * Rows in which the columns differ come first, then everything by chapter of the standard.
 */
#ifndef REPORTS_MATRIX_H
#define REPORTS_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "reports/runs.h"

/* What the case runs of one record found of one statement. */
struct matrix_cell {
	size_t counts[VERDICT_COUNT];
	enum verdict verdict; /* the worst of those that tell something, else of all */
	bool judged;
};

/* The one of the two that says more of the target, and worse: that one case run could not look at something
 * hides nothing that another one saw.
 */
enum verdict matrix_worse(enum verdict a, enum verdict b);

/* One more case run has found this. */
void matrix_judge(struct matrix_cell *cell, enum verdict verdict);

struct spec_statement;

struct matrix_row {
	const char *name;                       /* "5.0:MQTT-4.3.3-10" */
	const struct spec_statement *statement; /* NULL: not in this catalogue */
	struct matrix_cell *cells;              /* one for each column */
	bool differs; /* two columns that judged it disagree, and not just by pass and info */
};

struct matrix_column {
	const struct runs *runs;
	const char *title; /* "Eclipse Mosquitto 2.0.11"; with its file where that is not enough */
	size_t judged, kept; /* statements: of all, and those that none of the case runs broke */
	size_t broken;       /* by a fail or a crash */
};

struct matrix {
	struct matrix_column *columns;
	size_t column_count;
	struct matrix_row *rows; /* in the order of the catalogue, foreign ones last */
	size_t row_count;
	size_t different; /* rows */
};

/* `runs` has `count` elements and must live as long. */
void matrix_make(struct arena *a, const struct runs *runs, size_t count, struct matrix *out);

/* Where the evidence of a column is, on the way from the folder of the matrix. */
struct matrix_way {
	const char *page;   /* its HTML report; NULL: there is none */
	const char *record; /* the file of records */
};

/* `ways` has an element for each column. */
void report_matrix_markdown(FILE *to, const struct matrix *matrix, const struct matrix_way *ways);

struct buf;

/* Appends the link from a cell to its evidence: the statement in the column's page, or its record. */
void matrix_evidence(struct buf *b, const struct matrix_way *way, const struct matrix_row *row);

/* "MQTT 5.0, 3 MQTT Control Packets": the chapter that a row belongs to. Returns `out`. */
enum { MATRIX_CHAPTER_SIZE = 80 };
const char *matrix_chapter(const struct matrix_row *row, char out[static MATRIX_CHAPTER_SIZE]);

#endif
