/* What the script of a report page reads: three blocks of JSON.
 *
 *   head      the run, the catalogue, the words of properties and Reason Codes
 *   index     one row for each case run: what lists, filters and the search need
 *   details   one line for each case run, parsed when it is opened: transcript, failure
 */
#ifndef REPORTS_HTML_DATA_H
#define REPORTS_HTML_DATA_H

#include <stdio.h>

#include "reports/runs.h"

void html_head_data(FILE *to, const struct runs *runs, const char *const *folders);
void html_index_data(FILE *to, const struct runs *runs);
void html_details_data(FILE *to, const struct runs *runs);

#endif
