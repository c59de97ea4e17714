/* What the script of a report page reads. All but the head is deflated (reports/pack.h).
 *
 *   head      JSON: the run, and where things are
 *   index     JSON: the catalogue, the words of properties and Reason Codes, the causes, and a row for
 *             each case run: what lists, filters and the search need
 *   details   transcript, failure and the like: a line of JSON for each case run, those that failed
 *             first; blocks of so many lines, each block deflated, and opened when one of them is
 */
#ifndef REPORTS_HTML_DATA_H
#define REPORTS_HTML_DATA_H

#include <stdio.h>

#include "reports/runs.h"

/* `site` is the way to the root of the site that the page is part of; NULL: of none. */
void html_head_data(
	FILE *to, const struct runs *runs, const char *const *folders, const char *site);
void html_index_data(FILE *to, const struct runs *runs);
void html_details_data(FILE *to, const struct runs *runs);

#endif
