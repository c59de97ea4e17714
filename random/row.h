/* What the case run of a scenario is about. */
#ifndef RANDOM_ROW_H
#define RANDOM_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capabilities.h"
#include "harness/transport/endpoint.h"
#include "harness/versions.h"
#include "random/names.h"
#include "random/step.h"

/* The row of the case: vector.extra. */
struct random_row {
	const struct scenario *scenario;
	const struct capabilities *offers[VERSION_COUNT]; /* by version_place */
	const struct endpoint *ways[WAY_COUNT];           /* NULL: the usual one */
	int64_t hush_us; /* how long what is due may take; 0: as long as an answer may */
	bool careful; /* a settlement after each step, and the store of what is retained is waited for */
	bool told; /* the steps are told in the transcript */
};

#endif
