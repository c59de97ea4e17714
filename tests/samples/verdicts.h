/* Case runs for tests: one of each verdict, expected or not, foreseen or not. */
#ifndef TESTS_SAMPLES_VERDICTS_H
#define TESTS_SAMPLES_VERDICTS_H

#include "record/record.h"

/* A case run that ended so, with the evidence that such a one has. */
struct record_case sample_ended(enum verdict verdict, bool expected);

/* The same with an entry in the target's file, which foresees `as`. */
struct record_case sample_foreseen(struct record_case c, enum verdict as);

#endif
