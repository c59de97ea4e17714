/* Plays a scenario as a case run: whatever differs from the model is its failure. */
#ifndef RANDOM_PLAY_H
#define RANDOM_PLAY_H

#include "harness/case.h"
#include "random/step.h"

void random_play(struct test *t);

/* The version that such a case run is about: 5.0, if anybody speaks it. */
enum mqtt_version random_version(const struct scenario *s);

#endif
