#include "harness/runner/expectation.h"

#include <stdbool.h>
#include <stdio.h>
#include <strings.h>

#include "harness/case.h"
#include "harness/pattern.h"

static bool speaks_of(const struct expectation *e, const struct case_def *def,
	const struct vector *row, enum mqtt_version version)
{
	return (e->versions & (version == MQTT_50 ? V50 : V311)) &&
		pattern_matches(e->pattern, def, row, version);
}

static int specificity(
	const struct expectation *e, const struct case_def *def, const struct vector *row)
{
	char whole[256];
	int named = e->versions != BOTH;

	snprintf(whole, sizeof(whole), row ? "%s/%s" : "%s", def->id, row ? row->id : "");
	if (!strcasecmp(e->pattern, whole))
		return 4 + named;
	if (!strcasecmp(e->pattern, def->id))
		return 2 + named;
	return named;
}

const struct expectation *expectation_find(const struct expectations *all,
	const struct case_def *def, const struct vector *row, enum mqtt_version version)
{
	const struct expectation *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct expectation *e = &all->list[i];
		if (!speaks_of(e, def, row, version))
			continue;
		int rank = specificity(e, def, row);
		if (!best || rank >= best_rank) {
			best = e;
			best_rank = rank;
		}
	}
	return best;
}

static bool meets_row(
	const struct expectation *e, const struct case_def *def, const struct vector *row)
{
	return (case_has_version(def, row, MQTT_311) && speaks_of(e, def, row, MQTT_311)) ||
		(case_has_version(def, row, MQTT_50) && speaks_of(e, def, row, MQTT_50));
}

static bool meets_case(const struct expectation *e, const struct case_def *def)
{
	if (!def->row_count)
		return meets_row(e, def, NULL);
	for (size_t i = 0; i < def->row_count; i++)
		if (meets_row(e, def, &def->rows[i]))
			return true;
	return false;
}

const struct expectation *expectation_orphan(
	const struct expectations *all, const struct case_def *const *cases, size_t case_count)
{
	for (size_t i = 0; i < all->count; i++) {
		bool met = false;
		for (size_t c = 0; c < case_count && !met; c++)
			met = meets_case(&all->list[i], cases[c]);
		if (!met)
			return &all->list[i];
	}
	return NULL;
}
