/* What the pages of a site say, as JSON for programs: docs/RESULTS.md describes each file. */
#ifndef REPORTS_SITE_DATA_H
#define REPORTS_SITE_DATA_H

#include <stdio.h>

#include "reports/site/sightings.h"
#include "reports/site/site.h"

enum { SITE_FORMAT = 1 }; /* grows when a reader must change */

void data_index(FILE *to, const struct site *site);
void data_statements(FILE *to, const struct site *site);
void data_cases(FILE *to, const struct site *site, const struct sightings *by_case);

/* All case runs of a version, without their transcripts. */
void data_result(FILE *to, const struct site_target *target, const struct site_version *version);

#endif
