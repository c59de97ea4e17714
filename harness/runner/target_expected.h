/* [expected] of a target's file: what is known to go wrong. With `include` it takes the entries of another file, which
 * several targets share, and which has [expected] alone.
 */
#ifndef HARNESS_TARGET_EXPECTED_H
#define HARNESS_TARGET_EXPECTED_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/runner/expectation.h"

struct arena;
struct ini_setting;

/* While the file is read; all zero but for the path in the beginning. */
struct target_expected {
	const char *path;         /* of the file that is read now */
	struct expectation *list; /* in the arena */
	size_t count;
	size_t capacity;
	bool is_open;     /* the last one: its verdict and its reason may yet come */
	bool has_verdict; /* its `verdict` has been read */
	bool is_included; /* the file that is read now */
};

/* One line of it. On failure *error is a sentence with file and line. */
bool target_expected_read(struct arena *a, struct target_expected *x, const struct ini_setting *s,
	const char **error);

/* After the last line; the same of the error. */
bool target_expected_finish(struct arena *a, struct target_expected *x, const char **error);

#endif
