/* TAP version 14. An expected failure is a TODO, an inapplicable case a SKIP; whatever was not
 * expected, a pass included, is `not ok`, with what explains it in a YAML block. A record that is
 * not the whole story gets one more `not ok`, which says so.
 */
#ifndef REPORTS_TAP_H
#define REPORTS_TAP_H

#include <stdio.h>

#include "reports/runs.h"

void report_tap(FILE *to, const struct runs *runs);

#endif
