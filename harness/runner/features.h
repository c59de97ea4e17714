/* What a target's file says about its features where a CONNACK cannot (3.1.1), or is not true. */
#ifndef HARNESS_FEATURES_H
#define HARNESS_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

struct capabilities;

enum { FEATURE_COUNT = 10 };

struct features {
	bool set[FEATURE_COUNT];
	uint32_t value[FEATURE_COUNT];
};

/* "maximum_qos" = "1", "retain" = "no"; the names are those of struct capabilities. On failure *error
 * is a sentence without a place.
 */
bool features_set(struct features *f, const char *name, const char *value, const char **error);

/* Lets what was set override what a probe found. */
void features_apply(const struct features *f, struct capabilities *c);

#endif
