/* What a target's file foresees: case runs that are known to end other than with a pass, by their
 * names, or by the cause of their failures, whatever their names.
 */
#ifndef HARNESS_EXPECTATION_H
#define HARNESS_EXPECTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/runner/plan.h"
#include "record/verdict.h"
#include "spec/spec.h"

struct arena;
struct case_def;
struct record_case;
struct transport;
struct vector;

struct expectation {
	const char *pattern;    /* harness/pattern.h; NULL: it is of a cause */
	const char *cause;      /* as the file has it: "5.0:MQTT-3.3.1-1 dup"; NULL: of cases */
	const char *statement;  /* of the cause: with its version, or for both; "*": any */
	const char *difference; /* of the cause, a word of record/difference.h; NULL: any */
	unsigned versions;      /* V311 or V50; BOTH when it names none */
	struct routes routes;   /* of a pattern: over these alone; none: over any */
	enum verdict verdict;
	bool sometimes; /* comes and goes: it says nothing of any other verdict */
	const char *reason;
	const char *link; /* or NULL */
	const char *path; /* of its file */
	int line;
};

struct expectations {
	const struct expectation *list;
	size_t count;
};

/* The one that speaks of this case run, or NULL. Of several, the most specific: the id of the case
 * run, then the table's id, then anything else; among equals, one that names its version or transport, or both;
 * then the last one, those of an included file being where it is included.
 */
const struct expectation *expectation_find(const struct expectations *all,
	const struct case_def *def, const struct vector *row, enum mqtt_version version,
	const struct transport *transport);

/* Whether its cause is a difference alone: of whatever statement, and not of what is broken besides. */
bool expectation_is_of_any(const struct expectation *e);

/* Reads "5.0:MQTT-3.3.1-1 dup", or without version or word, or "* closed", into cause, statement, difference and
 * versions (those in which there is such a statement). False, with a sentence in *why.
 */
bool expectation_parse_cause(
	struct arena *a, const char *text, struct expectation *out, const char **why);

/* The one that foresees this verdict by its cause, where none speaks of the case; NULL: none does,
 * or not all of what was broken is foreseen. Of several, the one that names the difference, then
 * the one that names the version, then the last.
 */
const struct expectation *expectation_find_cause(
	const struct expectations *all, const struct record_case *record);

/* Whether the case run shows that the cause is still there, foreseen for it or not. */
bool expectation_is_seen(const struct expectation *e, const struct record_case *record);

/* The first one that no case run can ever match: a mistyped or an outdated entry. NULL: all is
 * well.
 */
const struct expectation *expectation_orphan(
	const struct expectations *all, const struct case_def *const *cases, size_t case_count);

#endif
