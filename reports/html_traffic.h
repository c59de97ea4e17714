/* What went on in a capture, drawn: topics by rate, how long answers and messages took, silences against Keep Alive.
 * It is there without scripts, each picture has its numbers in a table, and
 * all of it is folded up where failures matter more.
 */
#ifndef REPORTS_HTML_TRAFFIC_H
#define REPORTS_HTML_TRAFFIC_H

#include <stdio.h>

#include "reports/runs.h"

/* Nothing, where the records say nothing of it. */
void html_traffic(FILE *to, const struct runs *runs);

#endif
