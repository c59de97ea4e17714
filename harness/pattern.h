/* What a person types to select case runs.
 *
 *   qos2_duplicate_publish      a case; a table: all of its rows
 *   bad_flags/pingreq_*         rows of a table
 *   will                        a chapter: the case's file without folder and suffix
 *   MQTT-4.3.3-10  5.0:MQTT-4*  a statement, in both versions or in one
 *   U50-PROP-ORDER              the same, without a number in the standard
 *   MQTT-3.1.2  3.1.2  5.0:3.1  the statements of a section and of those below it
 *
 * Each may hold the wildcards of the shell; the case of letters does not matter.
 */
#ifndef HARNESS_PATTERN_H
#define HARNESS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/spec.h"

struct case_def;
struct vector;

/* `row` is NULL for a plain case. Only the statements of `version` count; whether the case is
 * played in that version is for case_versions to say.
 */
bool pattern_matches(const char *pattern, const struct case_def *def, const struct vector *row,
	enum mqtt_version version);

/* The first of several that matches; NULL: none does. */
const char *pattern_find(const char *const *patterns, size_t count, const struct case_def *def,
	const struct vector *row, enum mqtt_version version);

/* The same for a statement alone, by its name ("5.0:MQTT-4.3.3-10"). */
bool pattern_matches_statement(const char *pattern, const char *name);

/* The versions in which it is played: mask of V311 and V50. */
unsigned case_versions(const struct case_def *def, const struct vector *row);
bool case_has_version(
	const struct case_def *def, const struct vector *row, enum mqtt_version version);

/* The statements that it refers to, in both versions: those of the row, if it has any of its own. */
const char *const *case_refs(const struct case_def *def, const struct vector *row, size_t *count);

/* Whether a statement's name ("5.0:MQTT-4.3.3-10") belongs to this version; to which one it does. */
bool ref_has_version(const char *ref, enum mqtt_version version);
enum mqtt_version ref_version(const char *ref);

enum { CHAPTER_SIZE = 64 };

/* "cases/server/qos2.c" is chapter "qos2", "cases/client/qos2.c" is "client_qos2". Returns `out`; longer names are cut. */
const char *case_chapter(const struct case_def *def, char out[static CHAPTER_SIZE]);

#endif
