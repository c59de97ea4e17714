/* What a target's file foresees: case runs that are known to end otherwise than with a pass. */
#ifndef HARNESS_EXPECTATION_H
#define HARNESS_EXPECTATION_H

#include <stddef.h>

#include "record/verdict.h"
#include "spec/spec.h"

struct case_def;
struct vector;

struct expectation {
	const char *pattern; /* harness/pattern.h */
	unsigned versions;   /* V311 or V50; BOTH when it names none */
	enum verdict verdict;
	const char *reason;
	const char *link; /* or NULL */
	int line;         /* of the file */
};

struct expectations {
	const char *path; /* of the file, for errors */
	const struct expectation *list;
	size_t count;
};

/* The one that speaks of this case run, or NULL. Of several the most specific: the id of the case
 * run, then the table's id, then anything else; among those one that names its version; then the one
 * that stands last in the file.
 */
const struct expectation *expectation_find(const struct expectations *all,
	const struct case_def *def, const struct vector *row, enum mqtt_version version);

/* The first one that no case run can ever meet: a mistyped or an outdated entry. NULL: all is well. */
const struct expectation *expectation_orphan(
	const struct expectations *all, const struct case_def *const *cases, size_t case_count);

#endif
