/* The frame of every page of a site: its head, the way to where it stands, and what it was made from. */
#ifndef REPORTS_SITE_FRAME_H
#define REPORTS_SITE_FRAME_H

#include <stdbool.h>
#include <stdio.h>

#include "reports/site/site.h"

/* A page that is being written. */
struct frame {
	FILE *to;
	const struct site *site;
	const char *back; /* to the root of the site: "../" */
};

/* The page that this one is below, besides the matrix. */
struct frame_parent {
	const char *way, *title; /* NULL: there is none */
};

/* Up to and including <main>. `title` is that of the page; `script` is whether it has any. */
void frame_begin(const struct frame *f, const char *title, struct frame_parent parent, bool script);
void frame_end(const struct frame *f);

/* What stands beside every number: what it does not mean. */
void frame_caution(const struct frame *f);

/* "<dt>name</dt><dd>value</dd>", for a <dl class="facts">; nothing without a value. */
void frame_fact(const struct frame *f, const char *name, const char *value);

/* A verdict as a word on its colour. */
void frame_badge(const struct frame *f, enum verdict verdict);

/* A table of all verdicts, and what each means. */
void frame_verdicts(const struct frame *f);

/* "4 pass, 1 fail" */
void frame_counts(const struct frame *f, const struct matrix_cell *cell);

/* The link to a statement's own page, with its level and what it demands. */
void frame_statement(const struct frame *f, const char *name);

#endif
