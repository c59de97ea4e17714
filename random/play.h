/* Plays a scenario as a case run: whatever differs from the model is its failure. */
#ifndef RANDOM_PLAY_H
#define RANDOM_PLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/capabilities.h"
#include "harness/case.h"
#include "harness/versions.h"
#include "random/step.h"

/* What a row of the case is about: vector.extra. */
struct random_row {
	const struct scenario *scenario;
	const struct capabilities *offers[VERSION_COUNT]; /* by version_place */
	int64_t hush_us; /* how long what is due may take; 0: as long as an answer may */
	bool careful;    /* a settlement after each step, and the store of what is retained is waited for */
	bool told;       /* the steps are told in the transcript */
};

void random_play(struct test *t);

/* The version that such a case run is about: 5.0, if anybody speaks it. */
enum mqtt_version random_version(const struct scenario *s);

#endif
