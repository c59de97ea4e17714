/* What the case runs of a site found, turned around: by statement, and by case.
 *
 * Of each target the newest version counts that has anything to say of the statement or the case. So a page does not go
 * away, and no verdict on it, when a later version is judged without that case; which version it is about is in each
 * sighting. What only superseded runs name is there without one: it has a page, and accuses nobody.
 */
#ifndef REPORTS_SITE_SIGHTINGS_H
#define REPORTS_SITE_SIGHTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "record/record.h"
#include "reports/site/site.h"

/* What one case run found of one statement. */
struct sighting {
	const char *statement;              /* its name; of a sighting by case, NULL */
	size_t column;                      /* of the target in the matrix */
	const struct site_version *version; /* NULL: of a run that another one has superseded */
	const struct record_case *record;
	enum verdict verdict;
};

struct sightings {
	struct sighting *list;
	size_t count;
};

/* By the name of the statement, then by column, then by id; the worst of a column first. */
void sightings_by_statement(struct arena *a, const struct site *site, struct sightings *out);

/* Each case run once, by id, then by version, then by column. */
void sightings_by_case(struct arena *a, const struct site *site, struct sightings *out);

/* Those of one statement; none: count is 0. */
struct sightings sightings_of(const struct sightings *all, const char *statement);

/* The first of those by statement that are of one statement; of those by case, of one case or table. */
struct sightings sightings_group(struct sightings of);

/* Of those by case, the first that are of one id and version, as many as there are. */
struct sightings sightings_row(struct sightings of);

/* There is a version that a group tells of. */
bool sightings_tell(struct sightings group);

/* It is not of the newest version of its target. */
bool sighting_is_old(const struct site *site, const struct sighting *s);

/* It is not good, so somebody will want to see why. */
bool sighting_needs_evidence(enum verdict verdict);

#endif
