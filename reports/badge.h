/* A badge for a README: one line of SVG, without fonts or anything else from elsewhere. */
#ifndef REPORTS_BADGE_H
#define REPORTS_BADGE_H

#include <stdio.h>

#include "reports/runs.h"

void report_badge(FILE *to, const struct runs *runs);

#endif
