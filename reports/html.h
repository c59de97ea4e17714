/* One page that needs nothing else: no network, no files beside it, no server. */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include <stdio.h>

#include "reports/runs.h"

/* Where a page stands that is part of a site (reports/site/site.h). */
struct html_home {
	const char *back;       /* "../../../", to the root of the site */
	const char *target;     /* the target's name ... */
	const char *target_way; /* ... and the way of its folder from the root */
};

/* `home` is NULL for a page that stands alone. `folders` has, for each source of the runs, the way from the page to the folder of the record. */
void report_html(FILE *to, const struct runs *runs, const char *const *folders,
	const struct html_home *home);

#endif
