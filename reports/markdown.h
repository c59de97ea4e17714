/* Markdown for the summary of a CI job: what happened in the first line, the unexpected before the
 * known, evidence folded away. GitHub cuts a summary at one mebibyte, so evidence has a limit.
 */
#ifndef REPORTS_MARKDOWN_H
#define REPORTS_MARKDOWN_H

#include <stdio.h>

#include "reports/runs.h"

void report_markdown(FILE *to, const struct runs *runs);

/* The name of a statement, with a link to its section in the standard. */
void markdown_statement(FILE *to, const char *name);

/* Text that means nothing to Markdown or HTML, on one line; also inside a table. */
void markdown_text(FILE *to, const char *text);

#endif
