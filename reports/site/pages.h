/* The pages of a site, each written whole. docs/RESULTS.md says what is on them. */
#ifndef REPORTS_SITE_PAGES_H
#define REPORTS_SITE_PAGES_H

#include <stdio.h>

#include "reports/site/frame.h"
#include "reports/site/sightings.h"

/* index.html; with a transport, the matrix of what was found over that one. */
void page_matrix(const struct frame *f, const struct matrix *matrix, const char *transport);

void page_target(const struct frame *f, const struct site_target *target);

/* The report of a version, with the way into the site. */
void page_version(const struct frame *f, const struct site_target *target,
	const struct site_version *version);

/* `statement` is a name; it may be one that this catalogue does not know. */
void page_statement(
	const struct frame *f, const char *statement, const struct sightings *by_statement);
void page_statements(const struct frame *f, const struct sightings *by_statement);

/* `of` are the case runs of one case, or of all rows of a table. */
void page_case(const struct frame *f, struct sightings of);
void page_cases(const struct frame *f, const struct sightings *by_case);

void page_about(const struct frame *f);

#endif
