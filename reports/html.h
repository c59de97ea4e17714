/* One page that needs nothing else: no network, no files beside it, no server. */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include <stdio.h>

#include "reports/runs.h"

/* `folders` has, for each source of the runs, the way from the page to the folder of the record. */
void report_html(FILE *to, const struct runs *runs, const char *const *folders);

#endif
